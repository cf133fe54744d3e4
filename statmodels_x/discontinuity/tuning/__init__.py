"""How lam, nu and the jump set are chosen: by evidence, by SURE, by cross-validation."""
