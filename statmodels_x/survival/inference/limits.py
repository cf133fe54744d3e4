"""Limits of predictions: by the delta method on a scale without bounds, by drawn coefficients, over families."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.resampling import generator
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import (
    check_alpha,
    check_choice,
    check_count,
    check_flag,
    check_number,
    check_seed,
)
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.averaging import Average, combined
from statmodels_x.survival.inference.quantities import Quantity


class Wane(NamedTuple):
    """When an effect begins to be lost and when it is, and whether what shrinks is the log hazard ratio of then."""

    start: float
    stop: float
    frozen: bool


@dataclass(frozen=True)
class Options:
    """How intervals are made.

    Attributes
    ----------
    alpha : float
    method : {"delta", "simulation"}
    n_draws : int
    seed : int
    simultaneous : bool
        Whether the bands of a row cover all its points at once.
    missing : {"error", "nan"}
        What a row without a covariate is: an error, or a prediction of NaN.
    average : tuple of (float, SurvivalFitted)
        Weights and fits to average over; empty for the fit alone.
    """

    alpha: float = 0.05
    method: str = "delta"
    n_draws: int = 2000
    seed: int = 0
    simultaneous: bool = False
    missing: str = "error"
    average: Average = ()
    discount: float = 0.0
    draws: int = 0
    wane: Wane | None = None

    def __post_init__(self) -> None:
        check_choice("method", self.method, ("delta", "simulation"), "predict()")
        check_choice("missing", self.missing, ("error", "nan"), "predict()")
        check_alpha(self.alpha)
        check_count("n_draws", self.n_draws, 100)
        check_seed(self.seed)
        check_number("discount", self.discount, low=0.0, high=1.0, closed=True)
        check_count("draws", self.draws, 0)
        if self.average and self.draws:
            raise DataError("predict: draws are of one fit; leave `average` out.")
        if check_flag("simultaneous", self.simultaneous) and self.method == "simulation":
            raise DataError('predict: simultaneous bands are made with method="delta".')
        if self.average and (self.simultaneous or self.method == "simulation"):
            raise DataError('predict: an average has pointwise intervals by method="delta" alone.')


def wane_of(wane: Any, wane_from: Any) -> Wane | None:
    """Return how an effect is lost; DataError unless it is None or a pair of times in their order."""
    frozen = check_choice("wane_from", wane_from, ("fitted", "frozen"), "predict()") == "frozen"
    if wane is None:
        if frozen:
            raise DataError(
                "predict: `wane_from` belongs to `wane`, the two times at which the effect is lost."
            )
        return None
    try:
        start, stop = (float(time) for time in wane)
    except (TypeError, ValueError):
        start, stop = math.nan, math.nan
    if not 0.0 < start <= stop < math.inf:
        raise DataError(
            f"predict: `wane` is {wane!r}; give two times, until when the effect lasts and when it is lost."
        )
    return Wane(start, stop, frozen)


def draw_coefficients(fit: SurvivalFitted, n: int, seed: int | np.random.Generator) -> pd.DataFrame:
    """Draw from the estimated distribution of the estimates; see :meth:`FlexibleSurvivalResults.sample_params`."""
    draws = draw_inner(fit, n, seed)
    if fit.inner is not None:
        draws = fit.inner.columns.outer(draws.T).T
    return pd.DataFrame(draws, columns=fit.coefficients.index)


def draw_inner(fit: SurvivalFitted, n: int, seed: int | np.random.Generator) -> Array:
    """Draw coefficients of the columns that the fit computes with."""
    if fit.bse.isna().any():
        raise DataError("sample_params: some parameters have no standard error; see `warnings`.")
    n, rng = check_count("n", n, 1), generator(seed)
    return rng.multivariate_normal(fit.theta, fit.theta_covariance, size=n, method="eigh")


def intervals(
    fit: SurvivalFitted,
    quantity_of: Callable[[SurvivalFitted], Callable[[Array], Quantity]],
    options: Options,
    k: int,
    kind: str,
) -> pd.DataFrame:
    """Estimate, standard error and limits; k points belong to each row."""
    if options.average:
        return _averaged_intervals(quantity_of, options, kind)
    covariance, quantity = fit.theta_covariance, quantity_of(fit)
    found = quantity(fit.theta)
    if options.method == "simulation":
        draws = draw_inner(fit, options.n_draws, options.seed)
        values = np.stack([quantity(draw).estimate for draw in draws])
        levels = [options.alpha / 2, 1 - options.alpha / 2]
        lower, upper = np.quantile(values, levels, axis=0, method="inverted_cdf")
        with np.errstate(invalid="ignore"):  # draws can be infinite, as quantiles near a plateau are
            error = values.std(axis=0, ddof=1)
        return pd.DataFrame({"estimate": found.estimate, "std_error": error, "lower": lower, "upper": upper})
    error = errors_of(found.jacobian, covariance)
    reference = fit.reference.along(found.jacobian, np.sqrt(np.abs(np.diag(covariance))))
    critical: Any = reference.quantile(options.alpha)
    if options.simultaneous:
        critical = _simultaneous(found.jacobian, error, covariance, k, options)
    frame = _natural_table(found, found.value, error, critical)
    if found.edge is not None:
        frame["lower"], frame["upper"] = _open_ended(
            found, frame["lower"].to_numpy(), frame["upper"].to_numpy(), covariance, critical
        )
    return frame


def _natural_table(found: Quantity, value: Array, error: Array, critical: Any) -> pd.DataFrame:
    """Map an estimate on the working scale of a quantity, with its interval, to the natural one."""
    with np.errstate(over="ignore", invalid="ignore"):
        estimate = found.natural(value)
        bounds = [found.natural(value - critical * error), found.natural(value + critical * error)]
        natural_error = np.where(error == 0.0, 0.0, np.abs(found.slope(value)) * error)
        natural_error = np.where(np.isnan(estimate), np.nan, natural_error)
    lower, upper = bounds[::-1] if found.falls else bounds
    return pd.DataFrame({"estimate": estimate, "std_error": natural_error, "lower": lower, "upper": upper})


def refuse_average(kind: str, options: Options) -> None:
    """Raise a DataError for a kind that families do not share."""
    if options.average and kind in ("link", "cure_fraction"):
        raise DataError(
            f'average: kind="{kind}" is not on one scale in all families; average survival instead.'
        )


def _averaged_intervals(
    quantity_of: Callable[[SurvivalFitted], Callable[[Array], Quantity]], options: Options, kind: str
) -> pd.DataFrame:
    """Average the fits on the scale where intervals are made, with the spread between them in the error."""
    refuse_average(kind, options)
    found = [quantity_of(one)(one.theta) for _, one in options.average]
    weights = np.array([weight for weight, _ in options.average])
    errors, critical = [], np.zeros(1)
    for own, (weight, one) in zip(found, options.average, strict=True):
        errors.append(errors_of(own.jacobian, one.theta_covariance))
        spread = np.sqrt(np.abs(np.diag(one.theta_covariance)))
        critical = critical + weight * one.reference.along(own.jacobian, spread).quantile(options.alpha)
    value, error = combined(weights, [own.value for own in found], errors)
    frame = _natural_table(found[0], value, error, critical)
    frame.attrs["weights"] = {one.label: float(weight) for weight, one in options.average}
    return frame


def _open_ended(
    found: Quantity, lower: Array, upper: Array, covariance: Array, critical: Any
) -> tuple[Array, Array]:
    """Put infinity where the interval of a quantity reaches values at which it is infinite."""
    assert found.edge is not None
    value, jacobian = found.edge
    with np.errstate(invalid="ignore"):
        reach = critical * errors_of(jacobian, covariance)
        reach = np.where(np.isinf(value), 0.0, reach)
        return np.where(value + reach <= 0.0, np.inf, lower), np.where(value - reach <= 0.0, np.inf, upper)


def errors_of(jacobian: Array, covariance: Array) -> Array:
    """Compute standard errors of linear forms; a parameter without a variance matters only where used."""
    unknown = np.isnan(np.diag(covariance))
    usable = np.where(np.isnan(covariance), 0.0, covariance)
    variance = np.einsum("ij,jk,ik->i", jacobian, usable, jacobian)
    touched = (jacobian[:, unknown] != 0.0).any(axis=1) if unknown.any() else np.zeros(len(jacobian), bool)
    return np.sqrt(np.where(touched, np.nan, np.maximum(variance, 0.0)))


def _simultaneous(jacobian: Array, error: Array, covariance: Array, k: int, options: Options) -> Array:
    """Critical value of each row: the quantile of the largest standardised deviation over its points."""
    rng = np.random.default_rng(options.seed)
    usable = np.where(np.isnan(covariance), 0.0, covariance)
    draws = rng.multivariate_normal(np.zeros(len(usable)), usable, size=options.n_draws, method="eigh")
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(error[:, None] > 0.0, jacobian / error[:, None], 0.0)
    critical = np.empty(len(error))
    for start in range(0, len(error), k):
        part = slice(start, start + k)
        largest = np.abs(draws @ scaled[part].T).max(axis=1)
        critical[part] = np.quantile(largest, 1.0 - options.alpha)
    return critical
