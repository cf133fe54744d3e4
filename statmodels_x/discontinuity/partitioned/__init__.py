"""Rows that stay in the partitions of a Dask frame: their averages over a fine grid."""
