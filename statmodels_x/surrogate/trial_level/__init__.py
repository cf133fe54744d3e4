"""Surrogacy over many trials: effects of each trial, their relation between trials, predictions for a new trial."""
