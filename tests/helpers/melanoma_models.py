"""Models of the melanoma trial under short names of its columns."""

import numpy as np

from statmodels_x import FlexibleSurvival
from statmodels_x.datasets import load_melanoma


def melanoma(plain=False):
    """The trial with its treatment as x and its age as z; a plain one says nothing of its columns."""
    frame = load_melanoma().rename(columns={"treatment": "x", "age": "z"})
    frame.attrs = {} if plain else frame.attrs
    return frame


def fitted(models, data, **options):
    """A fit of each model, given as (formula, options)."""
    return {
        name: FlexibleSurvival(f"Surv(time, status) ~ {formula}", data, **own).fit(**options)
        for name, (formula, own) in models.items()
    }


MODELS = {
    "aft": ("x + z", {"scale": "aft", "other_scale": 1.0}),
    "ph": ("x + z", {"other_scale": 1.0, "scale": "ph"}),
    "aft_power": ("x", {"scale": "aft", "other_scale": 1.0, "power": "~ x"}),
    "ph_power": ("x", {"other_scale": 1.0, "scale": "ph", "power": "~ x + z"}),
    "shape": ("x", {"scale": "aft", "other_scale": 1.0, "shape": "~ x"}),
    "both": ("x", {"scale": "aft", "other_scale": "~ 1"}),
    "both_power": ("x", {"scale": "aft", "other_scale": "~ 1", "power": "~ x"}),
    "exponential": ("x", {"scale": "aft", "distribution": "exponential"}),
    "weibull": ("x + z", {"scale": "aft", "distribution": "weibull"}),
    "loglogistic": ("x", {"distribution": "loglogistic"}),
    "burr": ("x", {"scale": "aft", "distribution": "burr12"}),
    "fixed_shape": ("x", {"scale": "aft", "other_scale": 1.0, "shape": -0.4}),
    "infinite_shape": ("x", {"scale": "aft", "other_scale": 1.0, "shape": np.inf}),
    "fixed_power": ("x", {"scale": "aft", "other_scale": 1.0, "power": 1.5}),
    "offset": ("x + offset(0.1 * z)", {"scale": "aft", "other_scale": 1.0}),
}
MODELS |= {
    "ph_anchored": ("x + z", {}),
    "aft_anchored": ("x", {"scale": "aft", "power": "~ x"}),
    "ph_weibull_power": ("x", {"distribution": "weibull", "power": "~ x"}),
}

# one of each family, with each kind of part
FAMILIES = {
    "apgw": ("x + z", {"scale": "aft", "other_scale": 1.0}),
    "weibull": ("x + z", {"scale": "aft", "distribution": "weibull"}),
    "exponential": ("x + z", {"scale": "aft", "distribution": "exponential"}),
    "ph": ("x + z", {"other_scale": 1.0, "scale": "ph"}),
    "weibull_ph": ("x + z", {"distribution": "weibull", "scale": "ph"}),
    "power": ("x", {"scale": "aft", "other_scale": 1.0, "power": "~ x"}),
    "loglogistic": ("x", {"distribution": "loglogistic"}),
    "burr": ("x", {"scale": "aft", "distribution": "burr12"}),
    "burr_ph": ("x", {"distribution": "burr12", "scale": "ph"}),
    "both": ("x", {"scale": "aft", "other_scale": "~ 1"}),
    "gompertz_shape": ("x", {"scale": "aft", "other_scale": 1.0, "shape": np.inf}),
    "mixture": ("1", {"scale": "aft", "distribution": "weibull", "cure": "~ x"}),
    "promotion": ("1", {"scale": "aft", "distribution": "weibull", "cure": "~ x", "cure_kind": "promotion"}),
}
