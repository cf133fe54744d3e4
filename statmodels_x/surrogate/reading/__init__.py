"""Columns of a data frame -> arrays of a trial, each kind of column in a module."""
