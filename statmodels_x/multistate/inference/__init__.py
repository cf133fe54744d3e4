"""State -> probabilities, times, tests and paths."""
