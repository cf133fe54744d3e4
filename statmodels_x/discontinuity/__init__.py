"""Free discontinuity regression: surfaces with jumps, found and measured."""
