"""Searches for the best fit, and what the data determine there."""
