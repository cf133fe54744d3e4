"""Compiled arithmetic: arrays in, arrays out; no names, no options."""
