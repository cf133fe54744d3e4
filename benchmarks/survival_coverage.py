"""Bias, standard errors and coverage of 95 % Wald intervals under known truth.

    python benchmarks/survival_coverage.py [--n 1000] [--jobs 2]

For each scenario and sample size: n repeats of a two-arm trial with a continuous covariate. The table gives for
every parameter its bias, the ratio of the mean standard error to the empirical one, and the coverage with its
Monte-Carlo standard error, over the fits that call themselves regular; their share stands beside.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial

import numpy as np
import pandas as pd
from chunks import RESULTS, Study

import statmodels_x as smx
from statmodels_x.survival.distributions.simulate import simulate

SIZES = (200, 1000)
CHUNK = 250

# name: (options of the model, true effects, censored share)
SCENARIOS = {
    "aft, kappa 0.3": (
        {"scale": "aft", "other_scale": 1.0},
        {
            "aft": {"Intercept": 0.5, "arm": -0.5, "age": 0.3},
            "power": {"Intercept": 0.4},
            "shape": {"Intercept": np.log(1.3)},
        },
        0.3,
    ),
    "aft, cured fraction": (
        {"scale": "aft", "other_scale": 1.0},
        {
            "aft": {"Intercept": 0.6, "arm": -0.5, "age": 0.3},
            "power": {"Intercept": 0.44},
            "shape": {"Intercept": np.log(0.6)},
        },
        0.35,
    ),
    "ph, kappa 0.5": (
        {"scale": "ph", "other_scale": 1.0},
        {
            "ph": {"Intercept": 0.3, "arm": -0.5, "age": 0.3},
            "power": {"Intercept": 0.3},
            "shape": {"Intercept": np.log(1.5)},
        },
        0.3,
    ),
    "aft + power, kappa 0": (
        {"scale": "aft", "other_scale": 1.0, "power": "~ arm"},
        {
            "aft": {"Intercept": 0.5, "arm": -0.5, "age": 0.3},
            "power": {"Intercept": 0.5, "arm": -0.25},
            "shape": {"Intercept": 0.0},
        },
        0.3,
    ),
    "ph + power, kappa 2": (
        {"scale": "ph", "other_scale": 1.0, "power": "~ arm"},
        {
            "ph": {"Intercept": 0.2, "arm": -0.5, "age": 0.3},
            "power": {"Intercept": 0.2, "arm": 0.25},
            "shape": {"Intercept": np.log(3.0)},
        },
        0.3,
    ),
    "both scales, kappa 0": (
        {"scale": "aft", "other_scale": "~ 1"},
        {
            "aft": {"Intercept": 1.8, "arm": -0.5, "age": 0.3},
            "ph": {"Intercept": -1.5},
            "power": {"Intercept": 0.8},
            "shape": {"Intercept": 0.0},
        },
        0.3,
    ),
}


def one_fit(rng: np.random.Generator, scenario: str, n: int) -> list[dict]:
    options, effects, share = SCENARIOS[scenario]
    covariates = pd.DataFrame({"arm": rng.permutation(np.arange(n) % 2), "age": rng.normal(size=n)})
    data = simulate(covariates, effects, share, rng)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.core.errors.IdentificationWarning)
        fit = smx.FlexibleSurvival("Surv(time, status) ~ arm + age", data, **options).fit()
    limits = fit.conf_int()
    return [
        {
            "parameter": parameter,
            "term": term,
            "regular": fit.is_regular,
            "weak": any(finding.kind == "weak" for finding in fit.findings),
            "error": fit.params[parameter, term] - effects[parameter][term],
            "std_error": fit.bse[parameter, term],
            "covered": limits.loc[(parameter, term), "lower"]
            <= effects[parameter][term]
            <= limits.loc[(parameter, term), "upper"],
        }
        for parameter, term in fit.params.index
    ]


def summarise(rows: pd.DataFrame, scenario: str, n: int) -> pd.DataFrame:
    regular = rows[rows["regular"]]
    groups = regular.groupby(["parameter", "term"], sort=False)
    repeats = groups.size()
    table = pd.DataFrame(
        {
            "repeats": repeats,
            "bias": groups["error"].mean(),
            "bias_mc_se": groups["error"].std() / np.sqrt(repeats),
            "empirical_se": groups["error"].std(),
            "se_ratio": groups["std_error"].mean() / groups["error"].std(),
            "median_se_ratio": groups["std_error"].median() / groups["error"].std(),
            "coverage": groups["covered"].mean(),
        }
    )
    table["coverage_mc_se"] = np.sqrt(table["coverage"] * (1 - table["coverage"]) / repeats)
    table.insert(0, "weak_share", regular.groupby(["parameter", "term"])["weak"].mean().iloc[0])
    table.insert(0, "regular_share", rows["regular"].mean())
    return pd.concat({(scenario, n): table.round(4)}, names=["scenario", "n"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    tables = []
    for number, scenario in enumerate(SCENARIOS):
        for n in SIZES:
            task, name = partial(one_fit, scenario=scenario, n=n), f"survival_coverage_{number}_{n}"
            rows = Study(name, task, arguments.n, 100 * number + n, CHUNK, arguments.jobs).rows()
            tables.append(summarise(rows, scenario, n))
            print(tables[-1].to_string(), flush=True)
    pd.concat(tables).to_csv(RESULTS / "survival_coverage.csv")


if __name__ == "__main__":
    main()
