"""From a checked trial to estimates, their perturbed replicates, and what a reader must know of them."""
