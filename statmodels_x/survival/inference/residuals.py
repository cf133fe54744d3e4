"""Residuals and influence of the rows of a fitted model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from statmodels_x.core.data.surv import RIGHT, Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.product_limit import product_limit, product_limit_interval
from statmodels_x.core.resampling import generator
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.survival.background.rows import paths_of, years_per_unit
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.kernels.hazards import cumulative_hazard
from statmodels_x.survival.kernels.likelihood import excess_share, row_scores, with_factor
from statmodels_x.survival.sample import Sample

INFLUENCE = ("score", "dfbeta", "dfbetas")
KINDS = ("cox-snell", "martingale", "deviance", "quantile", "p_excess", *INFLUENCE)


def residuals(fit: SurvivalFitted, kind: str, seed: int) -> pd.Series | pd.DataFrame:
    """Compute residuals; see :meth:`FlexibleSurvivalResults.residuals`."""
    check_choice("kind", kind, KINDS, "residuals()")
    sample = fit.need_sample("residuals")
    index = sample.frame.data.index
    if kind in INFLUENCE:
        return pd.DataFrame(_influence(fit, sample, kind), index=index, columns=fit.coefficients.index)
    if kind == "p_excess":
        return pd.Series(_of_excess(fit, sample), index=index, name=kind)
    return pd.Series(_from_cumulative(fit, sample, kind, seed), index=index, name=kind)


def _of_excess(fit: SurvivalFitted, sample: Sample) -> Array:
    """Probability that each row's event is due to the excess, and not to the background; NaN where there is none."""
    if fit.specification.background is None:
        raise DataError(
            'residuals: kind="p_excess" belongs to a model with a background, FlexibleSurvival(..., background=...).'
        )
    arrays, theta = sample.own, fit.theta
    if arrays.has_factor:
        arrays, theta = with_factor(arrays, float(theta[-1])), theta[:-1]
    return np.where(arrays.code == RIGHT, np.nan, excess_share(theta, arrays)[0])


def cumulative_hazards(fit: SurvivalFitted, sample: Sample, times: Array) -> Array:
    """Fitted cumulative hazard of each training row at its own time, since its entry; all-cause with a background."""
    arrays, source = sample.own, fit.specification.background
    eta = np.ascontiguousarray(arrays.linear_predictors(fit.theta).T)
    found = [
        cumulative_hazard(points, eta, arrays.cure, arrays.family)[0]
        for points in (times, sample.response.entry)
    ]
    excess = found[0] - found[1]
    if source is None:
        return excess
    if not source.has_integral:
        raise DataError(
            "residuals: they need the integral of the background; give it to the model as "
            '{"rate": column, "cumulative": column}, or a life table.'
        )
    if sample.response.is_right_censored:
        return excess + arrays.expected
    per = years_per_unit(source, fit.facts.time_unit, fit.facts.last_time)
    paths = paths_of(source, sample.frame.data, per)
    return excess + paths.cumulative(np.asarray(sample.response.entry), times)


def _from_cumulative(fit: SurvivalFitted, sample: Sample, kind: str, seed: int) -> Array:
    response = sample.response
    if kind == "quantile":
        return _quantile_residuals(fit, sample, seed)
    if not response.is_right_censored:
        raise DataError(
            f'residuals: kind="{kind}" needs exact or right-censored times; use kind="quantile" for intervals.'
        )
    expected = cumulative_hazards(fit, sample, response.time)
    if kind == "cox-snell":
        return expected
    event = (response.code == 1).astype(float)
    martingale = event - expected
    if kind == "martingale":
        return martingale
    with np.errstate(invalid="ignore"):
        inside = np.where(np.isinf(expected), -np.inf, martingale + special.xlogy(event, expected))
    return np.asarray(np.sign(martingale) * np.sqrt(np.maximum(-2.0 * inside, 0.0)))


def _quantile_residuals(fit: SurvivalFitted, sample: Sample, seed: int) -> Array:
    """Take normal quantiles of 1 - S, drawn uniformly over what censoring leaves open (Dunn and Smyth 1996)."""
    response = sample.response
    low = -np.expm1(-cumulative_hazards(fit, sample, np.maximum(response.lower, response.entry)))
    finite = np.isfinite(response.upper)
    high = np.ones(len(low))
    upper = np.where(finite, response.upper, response.lower)
    high[finite] = -np.expm1(-cumulative_hazards(fit, sample, upper))[finite]
    draw = generator(seed).uniform(size=len(low))
    level = np.where(response.code == 1, high, low + draw * (high - low))
    return np.asarray(special.ndtri(np.clip(level, 1e-300, 1.0 - 1e-16)))


def _influence(fit: SurvivalFitted, sample: Sample, kind: str) -> Array:
    scores = row_scores(fit.theta, sample.own)
    if kind == "score":
        return scores if fit.inner is None else fit.inner.columns.outer_scores(scores)
    information = fit.estimate.optimum.information
    changes = np.linalg.solve(information, scores.T).T if fit.is_regular else np.full(scores.shape, np.nan)
    if fit.inner is not None:
        changes = fit.inner.columns.outer(np.asarray(changes).T).T
    return np.asarray(changes if kind == "dfbeta" else changes / fit.bse.to_numpy())


def kaplan_meier_curve(response: Surv, weight: Array | None) -> tuple[Array, Array]:
    """Return times, from 0 on, and the product-limit estimate for exact and right-censored times."""
    entry = response.entry if response.has_entry else None
    return product_limit(response.time, response.code == 1, weight, entry)


def kaplan_meier_limits(response: Surv, weight: Array | None, alpha: float) -> tuple[Array, Array]:
    """Return the limits of :func:`kaplan_meier_curve` at its times; weights count rows."""
    entry = response.entry if response.has_entry else None
    return product_limit_interval(response.time, response.code == 1, weight, entry, alpha)
