"""How kernels are compiled: one set of options for all of them.

Imported by kernel modules only, which are themselves imported where they are first needed: numba takes half a
second.
"""

from __future__ import annotations

from numba import njit

kernel = njit(cache=True, nogil=True, error_model="numpy")
"""Decorator of a kernel: compiled when first called, cached on disk, free of Python's lock, divisions as numpy's.

Never ``fastmath``: a likelihood must tell infinite and missing values from numbers.
"""

inlined = njit(inline="always", nogil=True, error_model="numpy")
"""Decorator of a function that is copied into the kernels that call it, where a call would keep a loop from vectors."""
