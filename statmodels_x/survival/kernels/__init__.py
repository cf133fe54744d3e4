"""Arithmetic of the likelihood and the hazard: arrays in, arrays out; no names, no options."""
