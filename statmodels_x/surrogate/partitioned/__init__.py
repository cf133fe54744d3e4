"""Rows that stay in the partitions of a Dask frame: the few numbers of each that a trial needs."""
