"""Rows of a frame -> arrays for the likelihood, checked, and what summaries say of them."""
