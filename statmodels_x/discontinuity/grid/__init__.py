"""The grid as a noun: its cells and edges, its units, the geometry of a jump set on it; knows no data."""
