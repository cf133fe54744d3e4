"""Stays -> one survival fit for each transition, or one for several."""
