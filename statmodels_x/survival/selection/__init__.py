"""Which covariates act on which parameter: a search over models, and what it may say of its result."""
