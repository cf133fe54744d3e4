"""Flexible parametric survival regression: the adapted power generalized Weibull family."""
