<<<<<<< HEAD
"""Free discontinuity regression: surfaces with jumps, found and measured."""
=======
"""Free discontinuity regression: curves, surfaces and volumes with jumps, found and measured."""
>>>>>>> line
