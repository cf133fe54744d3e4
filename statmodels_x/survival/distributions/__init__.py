"""Distributions of a time to an event as values: the four-parameter family, others beside it, draws from them."""
