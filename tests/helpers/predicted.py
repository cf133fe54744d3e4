"""What predictions are checked by: models of every kind, places, and errors by numeric gradients."""

import numpy as np

from statmodels_x.survival.inference.prediction import PLAIN_KINDS

MODELS = {
    "power": ("x", {"power": "~ x"}),
    "burr": ("x + z", {"distribution": "burr12"}),
    "weibull_ph": ("x + z", {"distribution": "weibull", "scale": "ph"}),
    "mixture": ("x", {"distribution": "weibull", "cure": "~ x"}),
    "promotion": ("z", {"distribution": "loglogistic", "cure": "~ x", "cure_kind": "promotion"}),
}
TIMES = np.array([0.8, 3.0, 7.0])
LEVELS = np.array([0.1, 0.3, 0.45])


def at_of(kind):
    name = kind.removesuffix("_difference").removesuffix("_ratio")
    return None if name in PLAIN_KINDS else LEVELS if name == "quantile" else TIMES


def numeric_errors(quantity, params, covariance):
    """Standard errors by the delta method with a numeric gradient."""
    columns = []
    for k in range(len(params)):
        step = 1e-3 * np.sqrt(covariance.iloc[k, k])
        values = []
        for sign in (-2.0, -1.0, 1.0, 2.0):
            moved = params.copy()
            moved.iloc[k] += sign * step
            values.append(quantity(moved))
        with np.errstate(invalid="ignore"):
            columns.append((values[0] - 8.0 * values[1] + 8.0 * values[2] - values[3]) / (12.0 * step))
    gradient = np.column_stack(columns)
    return np.sqrt(np.einsum("ij,jk,ik->i", gradient, covariance.to_numpy(), gradient))


def has_answer(fit, kind):
    """Whether the quantity is finite and more than 0 in this model, so that it has an error."""
    name = kind.removesuffix("_difference").removesuffix("_ratio")
    cured = fit.specification.cure_kind != "none" or "shape" in fit.params
    return {"mean": fit.specification.distribution == "weibull" and not cured, "cure_fraction": cured}.get(
        name, True
    )
