"""Rows in the partitions of a Dask frame: they stay on the workers, and sums come to the client."""
