"""Curves: a room of their own, fitted exactly to the observations themselves."""
