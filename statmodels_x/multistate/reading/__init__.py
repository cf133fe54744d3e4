"""Frames of any shape -> stays: one row for each transition that a stay in a state could have ended with."""
