"""Compiled loops and banded systems: arrays in, arrays out."""
