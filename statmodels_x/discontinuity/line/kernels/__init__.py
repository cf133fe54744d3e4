"""Compiled recursions along a line."""
