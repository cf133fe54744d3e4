"""Compiled functions: the recursion and the flow with their sensitivities, the objective, and the search."""
