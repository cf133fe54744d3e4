"""The state of a fit -> matplotlib axes."""
