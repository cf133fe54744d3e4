"""State of a fit -> predictions, intervals, tests, residuals and scores."""
