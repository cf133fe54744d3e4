"""From parameters to the course of the totals: the list of parameters, and the model on its data as arrays."""
