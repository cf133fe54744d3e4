"""Fitted relation -> threshold effect, predictions, sensitivity, leaving out, heterogeneity, bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq

from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test
from statmodels_x.core.resampling import replicate
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha
from statmodels_x.surrogate.trial_level.data import Effects
from statmodels_x.surrogate.trial_level.estimation import Criterion, maximise
from statmodels_x.surrogate.trial_level.fitted import TrialLevelFitted
from statmodels_x.surrogate.trial_level.integration import Mixture, integrate
from statmodels_x.surrogate.trial_level.intervals import correlation_interval, squared

_FAR = 1.5
_WALK = 60


def signs(fit: TrialLevelFitted) -> tuple[float, float]:
    """Direction of benefit on (surrogate, outcome): -1 where lower is better."""
    surrogate, outcome = (-1.0 if word == "lower" else 1.0 for word in fit.benefit)
    return surrogate, outcome


def threshold(
    fit: TrialLevelFitted, mixture: Mixture, alpha: float, std_error: float = 0.0
) -> tuple[float, str]:
    """Surrogate effect nearest to 0 that predicts a benefit on the outcome; NaN with the reason if there is none."""
    if not fit.optimum.theta[0] > 0.0:
        return np.nan, "trials do not differ in their effect on the surrogate"
    toward, good = signs(fit)
    noise = (std_error, 0.0, 0.0)

    def certainty(s: float) -> float:
        below = mixture.below(0.0, s, noise)
        return (below if good < 0.0 else 1.0 - below) - (1.0 - alpha / 2.0)

    if certainty(0.0) >= 0.0:
        return 0.0, "a benefit on the outcome is predicted without any on the surrogate"
    far = _FAR * float(np.abs(fit.effects.s).max())
    near = 0.0
    for s in np.linspace(0.0, toward * far, _WALK)[1:]:
        if certainty(float(s)) >= 0.0:
            return float(brentq(certainty, near, float(s), xtol=1e-9)), ""
        near = float(s)
    wanted = float(mixture.weight[mixture.slope * toward * good > 0.0].sum())
    if wanted < alpha / 2.0:
        return (
            np.nan,
            "the slope has the wrong sign: more effect on the surrogate goes with less on the outcome",
        )
    if wanted < 1.0 - alpha / 2.0:
        return np.nan, "the slope cannot be told from 0"
    return (
        np.nan,
        f"no effect up to {far:.3g} in size, {_FAR:g} times the largest observed, predicts a benefit",
    )


def is_observed(fit: TrialLevelFitted, value: float) -> bool:
    """Whether an effect on the surrogate lies among those of the trials."""
    return bool(fit.effects.s.min() <= value <= fit.effects.s.max())


def predictions(
    fit: TrialLevelFitted, s: Array, se_s: Array, se_t: Array, w: Array, alpha: float
) -> pd.DataFrame:
    """Median and limits of the outcome effects at surrogate effects."""
    tail = check_alpha(alpha) / 2.0
    if not fit.optimum.theta[0] > 0.0:
        raise DataError(
            "predict: these trials do not differ in their effect on the surrogate; there is no line."
        )
    mixture = fit.mixture()
    rows = []
    for values in zip(s, se_s, se_t, w, strict=True):
        at, *noise = (float(value) for value in values)
        rows.append([mixture.quantile(share, at, tuple(noise)) for share in (0.5, tail, 1.0 - tail)])  # type: ignore[arg-type]
    table = pd.DataFrame(rows, columns=["estimate", "lower", "upper"])
    table.insert(1, "std_error", (table["upper"] - table["lower"]) / (2.0 * stats.norm.isf(tail)))
    return table


def _refit(fit: TrialLevelFitted, effects: Effects) -> tuple[Criterion, Any]:
    criterion = replace(fit.criterion, effects=effects)
    return criterion, maximise(criterion)


def sensitivity(fit: TrialLevelFitted, correlations: Sequence[float], alpha: float) -> pd.DataFrame:
    """Fit again under other within-trial correlations."""
    rows = []
    for w in correlations:
        if not -1.0 < w < 1.0:
            raise DataError(f"sensitivity: the correlation {w} is not between -1 and 1.")
        effects = fit.effects.with_correlation(float(w))
        criterion, optimum = _refit(fit, effects)
        low, high = squared(correlation_interval(criterion, optimum, alpha))
        other = replace(
            fit,
            table=replace(fit.table, effects=effects, correlation=float(w)),
            criterion=criterion,
            optimum=optimum,
        )
        value, reason = threshold(other, integrate(criterion, optimum), alpha)
        has_rho = 0.0 not in optimum.theta[:2]
        rows.append(
            {
                "correlation": float(w),
                "r_squared": float(optimum.theta[2] ** 2) if has_rho else np.nan,
                "lower": low,
                "upper": high,
                "slope": optimum.slope,
                "threshold": value,
                "reason": reason,
            }
        )
    return pd.DataFrame(rows)


def leave_one_out(fit: TrialLevelFitted, alpha: float) -> pd.DataFrame:
    """Refit without each trial (or cluster), and predict the estimate of its outcome effect from the surrogate's."""
    tail = check_alpha(alpha) / 2.0
    rows: list[dict[str, Any]] = []
    for label, out in fit.effects.left_out:
        rest, left = fit.effects.take(~out), fit.effects.take(out)
        if len(rest) < 3:
            raise DataError(f"leave_one_out: without {label} there are only {len(rest)} trials.")
        criterion, optimum = _refit(fit, rest)
        x, y, rho = optimum.theta
        slope = optimum.slope
        mixture = integrate(criterion, optimum) if x > 0.0 else None
        for k in range(len(left)):
            expected, error = np.nan, np.nan
            inside: Any = np.nan
            if mixture is not None:
                noise = (float(left.se_s[k]), float(left.se_t[k]), float(left.w[k]))
                share = mixture.below(float(left.t[k]), float(left.s[k]), noise)
                inside = bool(tail <= share <= 1.0 - tail)
                expected = mixture.quantile(0.5, float(left.s[k]), noise)
                error = float(left.t[k]) - expected
            rows.append(
                {
                    "left_out": label,
                    "trial": left.labels[k],
                    "surrogate": float(left.s[k]),
                    "outcome": float(left.t[k]),
                    "predicted": expected,
                    "error": error,
                    "z": float(stats.norm.ppf(share)) if mixture is not None else np.nan,
                    "inside": inside,
                    "r_squared": float(rho**2) if x > 0.0 and y > 0.0 else np.nan,
                    "slope": slope,
                }
            )
    return pd.DataFrame(rows)


def influence(
    fit: TrialLevelFitted, table: pd.DataFrame, alpha: float
) -> tuple[str, float, tuple[float, float]]:
    """Name the trial whose removal lowers R2 most, with R2 and its interval without it."""
    if table["r_squared"].isna().all():
        return "", np.nan, (0.0, 1.0)
    label = str(table.loc[table["r_squared"].idxmin(), "left_out"])
    out = dict(fit.effects.left_out)[label]
    criterion, optimum = _refit(fit, fit.effects.take(~out))
    return label, float(optimum.theta[2] ** 2), squared(correlation_interval(criterion, optimum, alpha))


def heterogeneity(fit: TrialLevelFitted) -> HypothesisTest:
    """Cochran's Q of both effects at once, and the share of each axis' variance that is between trials."""
    fixed = fit.criterion.at(np.zeros(3))
    s, t, p, q, r = fit.effects.arrays
    residuals = np.column_stack([s - fixed[4], t - fixed[5]])
    within = np.stack([np.stack([p, r], -1), np.stack([r, q], -1)], -2)
    total = float(np.einsum("ni,nij,nj->", residuals, np.linalg.inv(within), residuals))
    df = 2 * fit.nobs - (2 if fit.criterion.has_mean else 0)
    shares = {}
    for name, sd, variances in (("surrogate", fit.optimum.theta[0], p), ("outcome", fit.optimum.theta[1], q)):
        weight = 1.0 / variances
        n = len(weight)
        typical = (n - 1) * weight.sum() / (weight.sum() ** 2 - np.sum(weight**2))
        shares[f"I2.{name}"] = float(sd**2 / (sd**2 + typical))
    return hypothesis_test(
        total, df, float(stats.chi2.sf(total, df)), "no differences between trials", **shares
    )


def weighted_regression(fit: TrialLevelFitted, weights: Array | None) -> pd.Series:
    """Weighted least squares of the estimates on each other."""
    s, t = fit.effects.s, fit.effects.t
    weight = 1.0 / fit.effects.se_t**2 if weights is None else weights
    mean_s, mean_t = np.average(s, weights=weight), np.average(t, weights=weight)
    sxx, sxy = weight @ (s - mean_s) ** 2, weight @ ((s - mean_s) * (t - mean_t))
    syy = weight @ (t - mean_t) ** 2
    slope = sxy / sxx
    scale = (syy - slope * sxy) / (len(s) - 2)
    return pd.Series(
        {
            "intercept": mean_t - slope * mean_s,
            "slope": slope,
            "se_intercept": np.sqrt(scale * (1.0 / weight.sum() + mean_s**2 / sxx)),
            "se_slope": np.sqrt(scale / sxx),
            "r_squared_of_estimates": sxy**2 / (sxx * syy),
            "correlation_of_estimates": sxy / np.sqrt(sxx * syy),
        },
        name="weighted regression of the estimates",
    )


def bootstrap_r2(fit: TrialLevelFitted, n: int, seed: int, n_jobs: int) -> Array:
    """R2 in data sets drawn from the fitted model; NaN where a refit failed or R2 was not defined."""
    task = partial(_drawn, effects=fit.effects, optimum=fit.optimum, criterion=fit.criterion)
    return np.array(replicate(task, n, seed=seed, n_jobs=n_jobs))


def _drawn(rng: np.random.Generator, effects: Effects, optimum: Any, criterion: Criterion) -> float:
    x, y, rho = optimum.theta
    between = np.array([[x * x, rho * x * y], [rho * x * y, y * y]])
    _, _, p, q, r = effects.arrays
    pairs = np.array([
        rng.multivariate_normal(optimum.mean, between + np.array([[p[i], r[i]], [r[i], q[i]]]), method="eigh")
        for i in range(len(effects))
    ])  # fmt: skip
    try:
        found = maximise(replace(criterion, effects=replace(effects, s=pairs[:, 0], t=pairs[:, 1])))
    except StatmodelsXError:
        return np.nan
    return float(found.theta[2] ** 2) if 0.0 not in found.theta[:2] else np.nan
