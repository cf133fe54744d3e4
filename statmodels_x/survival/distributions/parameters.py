"""The parameters of every model of this room, in their one order."""

from __future__ import annotations

PARAMETERS = ("aft", "ph", "power", "shape", "cure")
"""Order of the linear predictors: log phi, log lambda, log gamma, log(kappa + 1), and the cure predictor."""

FACTOR = ("background", "Intercept")
"""Label of the logarithm of a factor on the background."""

CURE_KINDS = ("none", "mixture", "promotion")
"""Position is the code of a cure model in arrays: logit of the cured fraction, or log of theta."""
