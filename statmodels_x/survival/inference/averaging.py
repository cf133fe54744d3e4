"""Averages over families: predictions of several fits of the same rows, with weights by AIC and Buckland's errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from statmodels_x.core.data.formula import right_side
from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.core.findings import quiet
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.family import FAMILIES
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted, sample_names
from statmodels_x.survival.fitting.estimation import Estimate, estimate
from statmodels_x.survival.fitting.members import at_its_limit
from statmodels_x.survival.sample import Sample, read
from statmodels_x.survival.specification import Specification

_SHAPES = (math.log(2.0), 0.0, math.inf)  # log(kappa + 1) of the Weibull, the Burr XII and the Gompertz type

Average = tuple[tuple[float, SurvivalFitted], ...]
"""Weights that sum to 1, and their fits."""


def average_over(fit: SurvivalFitted, which: Any) -> Average:
    """Return the fits to average over, with their Akaike weights.

    Parameters
    ----------
    fit : SurvivalFitted
    which : None, bool, or sequence of SurvivalFitted
        True for the same model with its shape estimated and fixed at 1, 0 and infinity; or fits of the same rows.
    """
    if which is None or which is False:
        return ()
    if fit.specification.prior:
        raise DataError("average: a penalised fit has no weight by AIC among others; fit without `prior`.")
    fits = families(fit) if which is True else _given(fit, which)
    regular = [one for one in fits if one.is_regular]
    if not regular:
        raise DataError("average: none of the fits is a regular maximum, and a ridge has no weight.")
    criteria = np.array([one.aic for one in regular])
    weights = np.exp(-0.5 * (criteria - criteria.min()))
    return tuple(zip((weights / weights.sum()).tolist(), regular, strict=True))


def families(fit: SurvivalFitted) -> list[SurvivalFitted]:
    """Fit the same model with other shapes: estimated, and fixed where the family has a name."""
    sample = fit.need_sample("average=True")
    model = fit.specification
    if model.own_family is not None or ("shape" in model.parts and model.parts["shape"].variables):
        raise DataError(
            "average: the shape of this model is not a number of the built-in family, so that there are no families to "
            "average over; give fits, average=[one, two]."
        )
    found, present = [fit], model.fixed.get("shape", math.nan)
    others = [_with_shape(model, shape) for shape in _SHAPES if shape != present]
    if fit.limit is None and not math.isnan(present):
        others.append(_with_shape(model, None))
    found += [one for other in others if (one := refitted(sample, other, fit.cov_type)) is not None]
    return found


def _with_shape(model: Specification, shape: float | None) -> Specification:
    other = "ph" if model.scale == "aft" else "aft"
    if (
        model.is_weibull and other in model.fixed
    ):  # whose other scale may be anything: anchored for other shapes
        model = replace(model, anchored=other)
    parts = {name: part for name, part in model.parts.items() if name != "shape"}
    fixed = {name: value for name, value in model.fixed.items() if name != "shape"}
    if shape is None:
        parts["shape"] = right_side("~ 1", "shape")
    else:
        fixed["shape"] = shape
    return replace(
        model,
        family=FAMILIES["apgw"],
        parts={name: parts[name] for name in PARAMETERS if name in parts},
        fixed={name: fixed[name] for name in PARAMETERS if name in fixed},
    )


def _given(fit: SurvivalFitted, which: Any) -> Sequence[SurvivalFitted]:
    fits = list(which) if isinstance(which, list | tuple) else []
    if not fits or not all(isinstance(one, SurvivalFitted) for one in fits):
        raise DataError(f"`average` is {which!r}; give True, or a list of fits of the same rows.")
    for one in fits:
        if apart := fit.differs_from(one):
            raise DataError(
                f"average: the fits differ in {apart}; likelihoods compare only on the same rows."
            )
    return fits


def combined(weights: Array, values: Sequence[Array], errors: Sequence[Array]) -> tuple[Array, Array]:
    """Return the mean of some estimates and its error, with the spread between them (Buckland and others, 1997)."""
    mean = np.zeros(len(values[0]))
    for weight, value in zip(weights, values, strict=True):
        mean = mean + weight * value
    error = np.zeros(len(mean))
    with np.errstate(invalid="ignore"):
        for weight, value, own in zip(weights, values, errors, strict=True):
            error = error + weight * np.sqrt(own**2 + (value - mean) ** 2)
    return mean, error


def refitted(sample: Sample, model: Specification, cov_type: str = "observed") -> SurvivalFitted | None:
    """Fit another model to the same rows; None where it cannot be had."""
    weights = sample.own.weight if len(sample.own.weight) else None

    def search(rows: Any) -> Estimate:
        return estimate(rows.arrays, rows.specification.scale, names=sample_names(rows))

    try:
        with quiet():
            rows = read(
                sample.frame.data,
                model,
                weights,
                sample.frame.columns.get("cluster"),
                sample.time_unit,
                sample.external,
            )
        rows, found, limit = at_its_limit(rows, search(rows), search)
        return SurvivalFitted.of(rows, found, cov_type, limit=limit)
    except StatmodelsXError:  # a term that cannot stand there, or no estimate
        return None
