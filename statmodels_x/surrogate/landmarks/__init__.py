"""PTE over grids of times: a small room of its own beside the fit at one pair of times."""
