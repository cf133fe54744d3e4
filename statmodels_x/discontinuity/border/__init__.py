"""Borders of scattered points, placed within the cells: evidence on the points, crossings, search."""
