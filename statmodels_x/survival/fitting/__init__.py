"""Arrays -> estimate: where to start, how to search, and what the data do not determine."""
