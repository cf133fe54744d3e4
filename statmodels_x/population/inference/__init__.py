"""State of a fit -> intervals, tests, predictions, residuals, resampling."""
