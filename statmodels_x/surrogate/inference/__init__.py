"""Fitted proportions -> intervals, tests, the transformation, grids of times."""
