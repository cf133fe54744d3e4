"""Matrices and systems of one and two species: what follows from given numbers, without data."""
