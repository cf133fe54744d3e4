"""Coverage of R2, of predictions and of the threshold effect at the trial level, under known truth.

    python benchmarks/trial_level_coverage.py --n 1000 --jobs 2

Trials have mean effects (-.25, -.12), standard deviations (.22, .16) between trials, standard errors around .12, and a
within-trial correlation of .5 that is known. For each number of trials and R2 the table
benchmarks/results/trial_level_coverage.csv holds the coverage of 95 % intervals of R2 (profile, and the weighted
regression of papers), of the true outcome effect of a new trial of which the true or an estimated surrogate effect is
given, and how often a new trial at the estimated threshold truly has a benefit (to be .975 at least).
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
import pandas as pd
from chunks import RESULTS, Row, Study, write
from scipy import stats

from statmodels_x.core.findings import Finding
from statmodels_x.surrogate.trial_level.data import Effects
from statmodels_x.surrogate.trial_level.estimation import Criterion, maximise
from statmodels_x.surrogate.trial_level.inference import threshold, weighted_regression
from statmodels_x.surrogate.trial_level.integration import integrate
from statmodels_x.surrogate.trial_level.intervals import correlation_interval, squared
from statmodels_x.surrogate.trial_level.reading import TrialTable
from statmodels_x.surrogate.trial_level.results import TrialLevelResults

MEAN, SD, WITHIN, ERROR = np.array([-0.25, -0.12]), (0.22, 0.16), 0.5, 0.12
SIZES, SQUARES = (10, 20, 40), (0.9, 0.6, 0.3)


def between(r2: float) -> np.ndarray:
    x, y = SD
    c = np.sqrt(r2) * x * y
    return np.array([[x * x, c], [c, y * y]])


def draw(rng: np.random.Generator, n: int, r2: float) -> Effects:
    """Draw the estimates of n trials."""
    true = rng.multivariate_normal(MEAN, between(r2), size=n)
    se_s = ERROR * np.exp(rng.normal(0.0, 0.35, n))
    se_t = 1.15 * se_s
    first, second = rng.normal(size=(2, n))
    s = true[:, 0] + se_s * first
    t = true[:, 1] + se_t * (WITHIN * first + np.sqrt(1.0 - WITHIN**2) * second)
    return Effects(s, t, se_s, se_t, np.full(n, WITHIN), tuple(map(str, range(n))))


def one(rng: np.random.Generator, n: int, r2: float) -> Row:
    effects = draw(rng, n, r2)
    criterion = Criterion(effects)
    optimum = maximise(criterion)
    rho = optimum.theta[2]
    low, high = squared(correlation_interval(criterion, optimum))
    found: Row = {
        "r_squared": float(rho**2),
        "edge": float(abs(rho) == 1.0),
        "profile": float(low <= r2 <= high),
        "profile_width": high - low,
    }
    table = TrialTable(effects, "t", "s", (False, False), WITHIN)
    fit = TrialLevelResults(
        table=table, method="reml", benefit=("lower", "lower"), criterion=criterion, optimum=optimum,
        findings=(Finding("simulated", "", category=None),),
    )  # fmt: skip
    z = np.arctanh(weighted_regression(fit, None)["correlation_of_estimates"])
    ends = np.tanh(z + np.array([-1.0, 1.0]) * 1.959964 / np.sqrt(n - 3))
    low, high = squared((float(ends[0]), float(ends[1])))
    found |= {"regression": float(low <= r2 <= high), "regression_r_squared": float(np.tanh(z) ** 2)}
    mixture = integrate(criterion, optimum)
    sigma, tau = rng.multivariate_normal(MEAN, between(r2))
    estimate = sigma + ERROR * rng.normal()
    for name, s, error in (("known", sigma, 0.0), ("estimated", estimate, ERROR)):
        limits = [mixture.quantile(share, float(s), (error, 0.0, 0.0)) for share in (0.025, 0.975)]
        found |= {name: float(limits[0] <= tau <= limits[1]), f"{name}_width": limits[1] - limits[0]}
    value, _ = threshold(fit, mixture, 0.05)
    slope = np.sqrt(r2) * SD[1] / SD[0]
    at = MEAN[1] + slope * (value - MEAN[0])
    benefit = stats.norm.cdf(-at / (SD[1] * np.sqrt(1.0 - r2))) if np.isfinite(value) else np.nan
    return found | {"has_threshold": float(np.isfinite(value)), "benefit_at_threshold": float(benefit)}


def summarise(rows: pd.DataFrame, n: int, r2: float) -> Row:
    m = len(rows)
    found: Row = {"trials": n, "true_r_squared": r2, "repeats": m}
    for name in ("profile", "regression", "known", "estimated", "has_threshold", "edge"):
        share = rows[name].mean()
        found |= {name: share, f"{name}_mc_se": np.sqrt(share * (1.0 - share) / m)}
    for name in ("r_squared", "regression_r_squared", "profile_width"):
        found[name] = rows[name].mean()
    for name in ("known_width", "estimated_width"):
        found[name] = rows[name].median()
    benefit = rows["benefit_at_threshold"].dropna()
    found["benefit_at_threshold"] = benefit.mean()
    found["benefit_at_threshold_mc_se"] = benefit.std() / np.sqrt(max(len(benefit), 1))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="repeats of each setting")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    tables = []
    for k, (r2, n) in enumerate((r2, n) for r2 in SQUARES for n in SIZES):
        name = f"trial_level_{round(100 * r2)}_{n}"
        study = Study(
            name, partial(one, n=n, r2=r2), arguments.n, seed=8000 + k, chunk=100, n_jobs=arguments.jobs
        )
        tables.append(summarise(study.rows(), n, r2))
    frame = pd.DataFrame(tables).round(4)
    print(frame.to_string(index=False))
    write(frame, RESULTS / "trial_level_coverage.csv")


if __name__ == "__main__":
    main()
