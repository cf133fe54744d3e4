"""Free discontinuity regression: curves, surfaces and volumes with jumps, found and measured."""
