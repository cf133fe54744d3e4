"""How much of a treatment's effect on survival a censored surrogate event explains."""
