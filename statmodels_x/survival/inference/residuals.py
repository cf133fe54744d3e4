"""Residuals, influence and calibration of a fitted model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.product_limit import at_times, product_limit
from statmodels_x.core.resampling import generator
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, is_among
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.standardisation import standardise
from statmodels_x.survival.kernels.hazards import cumulative_hazard
from statmodels_x.survival.kernels.likelihood import row_scores
from statmodels_x.survival.sample import Sample

KINDS = ("cox-snell", "martingale", "deviance", "quantile", "score", "dfbeta", "dfbetas")


def residuals(fit: SurvivalFitted, kind: str, seed: int) -> pd.Series | pd.DataFrame:
    """Compute residuals; see :meth:`FlexibleSurvivalResults.residuals`."""
    check_choice("kind", kind, KINDS, "residuals()")
    sample = fit.need_sample("residuals")
    index = sample.frame.data.index
    if kind in ("score", "dfbeta", "dfbetas"):
        return pd.DataFrame(_influence(fit, sample, kind), index=index, columns=fit.coefficients.index)
    return pd.Series(_from_cumulative(fit, sample, kind, seed), index=index, name=kind)


def cumulative_hazards(fit: SurvivalFitted, sample: Sample, times: Array) -> Array:
    """Fitted cumulative hazard of each training row at its own time, since its entry."""
    arrays = sample.arrays
    eta = np.ascontiguousarray(arrays.linear_predictors(fit.theta).T)
    found = [
        cumulative_hazard(points, eta, arrays.cure, arrays.family)[0]
        for points in (times, sample.response.entry)
    ]
    return found[0] - found[1]


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
    inside = martingale + special.xlogy(event, expected)
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
    scores = row_scores(fit.theta, sample.arrays)
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


def calibration(fit: SurvivalFitted, by: str | None) -> pd.DataFrame:
    """Compare Kaplan-Meier with the mean fitted curve; see :meth:`FlexibleSurvivalResults.calibration`."""
    sample = fit.need_sample("calibration")
    if not sample.response.is_right_censored:
        raise DataError("calibration: a Kaplan-Meier curve needs exact or right-censored times.")
    data = sample.frame.data
    if by is not None and not is_among(by, data.columns):
        raise DataError(f"calibration: `by` is {by!r}, which is no column of this model.")
    groups = [(None, np.ones(len(data), bool))] if by is None else [
        (level, (data[by] == level).to_numpy()) for level in in_order(data[by].unique().tolist())
    ]  # fmt: skip
    frames = []
    for level, inside in groups:
        part, weight = sample.response[inside], sample.arrays.weight
        own = weight[inside] if len(weight) else None
        curve = kaplan_meier_curve(part, own)
        times = np.unique(part.time[part.code == 1])
        fitted = standardise(fit, "survival", at=times, over=data[inside], weights=own)
        frame = pd.DataFrame({"time": times, "kaplan_meier": at_times(curve, times)})
        frame["fitted"] = fitted["estimate"].to_numpy()
        frame["lower"], frame["upper"] = fitted["lower"].to_numpy(), fitted["upper"].to_numpy()
        frame["difference"] = frame["kaplan_meier"] - frame["fitted"]
        if by is not None:
            frame.insert(0, by, [level] * len(frame))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
