"""From cells and options to an estimated surface with its jump set."""
