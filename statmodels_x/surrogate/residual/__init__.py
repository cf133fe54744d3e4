"""Residual treatment effects after Parast, Cai and Tian: a model of its own beside PTE."""
