"""Leslie populations: one species, predator-prey and competition; their theory and their fit to totals."""
