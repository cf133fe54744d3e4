"""One population: projection matrices and what follows from them."""
