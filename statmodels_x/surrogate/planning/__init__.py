"""Processes with known truth, and the precision of planned trials."""
