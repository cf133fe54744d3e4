"""Bias, standard errors and coverage of the intervals of population fits, by simulation from known systems.

    python benchmarks/population_coverage.py [--share 1] [--jobs 1]

Each scenario is a system with known parameters (those of a fit where it says so) whose counts are drawn again and
again and fitted. The table gives for every parameter and every invariant: the bias
relative to the truth, the ratio of the mean standard error to the empirical one, and the coverage of 95 % intervals
with its Monte-Carlo standard error: Wald (delta method) intervals, and in fewer repeats percentiles of a parametric
bootstrap and profile intervals. Finished chunks are kept: run the same command to go on.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from chunks import RESULTS, Study

import statmodels_x as smx
from statmodels_x.core.errors import ConvergenceError, StatmodelsXWarning
from statmodels_x.population.course.build import row_order
from statmodels_x.population.course.invariants import invariants_of
from statmodels_x.population.inference.bootstrap import draw_counts

CHUNK, COSTLY_CHUNK = 100, 20
N_BOOT = 199
MIXED = "aurelia_mixed + caudatum_mixed ~ day"
LONG = "aurelia + caudatum ~ day"


LOAD = {
    "wide": smx.datasets.load_paramecium,
    "long": lambda: smx.datasets.load_paramecium(shape="long"),
    "hare": smx.datasets.load_hare_lynx,
}


def linear_competition(w: Any) -> Any:
    return np.array([1.06 * w[0] - 0.02 * w[1], 1.05 * w[1] - 0.015 * w[0]])


def linear_predation(w: Any) -> Any:
    return np.array([1.05 * w[0] - 0.08 * w[1], 0.93 * w[1] + 0.05 * w[0]])


def complex_pair(w: Any) -> Any:
    return np.array([1.02 * w[0] - 0.05 * w[1], 1.02 * w[1] + 0.05 * w[0]])


def dense_predation(w: Any) -> Any:
    gained = 0.076 * w[0] / (1 + 0.003 * w[0])
    return np.array(
        [(1.57 * w[0] - 0.56 * w[1]) / (1 + 0.0013 * w[0]), 0.57 * w[1] / (1 + 0.0037 * w[1]) + gained]
    )


def sparing_predation(w: Any) -> Any:
    grown = 1.8 * w[0] / (1 + 0.006 * w[0])
    escape = np.exp(-0.02 * w[1] / (1 + 0.004 * w[0]))
    return np.array([grown * escape, 0.6 * w[1] / (1 + 0.002 * w[1]) + 0.4 * grown * (1 - escape)])


def linear_classes(w: Any) -> Any:
    x, y = w[:2], w[2:]
    young = 0.35 * x[0] + 1.15 * x[1], 0.30 * y[0] + 1.15 * y[1]
    rest = 0.62 * x[0], 0.65 * y[0]
    return np.array(
        [*(np.array([young[0], rest[0]]) - 0.02 * y), *(np.array([young[1], rest[1]]) - 0.015 * x)]
    )


def course(step: Any, start: tuple[float, ...], n: int) -> pd.DataFrame:
    """Exact totals of a system of two species with the same number of classes."""
    w = [np.array(start)]
    for _ in range(n - 1):
        w.append(step(w[-1]))
    totals = np.array(w).reshape(n, 2, -1).sum(axis=2)
    return pd.DataFrame(totals, columns=["x", "y"]).assign(t=range(n))


# name: (formula, data or exact course, model, options of the model, error over the mean,
#        repeats of the fit, repeats with bootstrap and profiles)
SCENARIOS: dict[str, tuple[Any, ...]] = {
    "Leslie-Gower k = 1, mixture": (MIXED, "wide", "leslie", {"density": "leslie-gower"}, None, 500, 200),
    "Leslie-Gower k = 1, alone and mixed": (
        LONG, "long", "leslie", {"density": "leslie-gower", "culture": "culture"}, None, 500, 200,
    ),
    "Leslie-Gower k = 1, mixture, negative binomial": (
        MIXED, "wide", "leslie", {"density": "leslie-gower", "family": "negativebinomial"}, None, 500, 200,
    ),
    "Leslie-Gower k = 2, mixture": (MIXED, "wide", "leslie", {"density": "leslie-gower", "ages": 2}, None, 200, 0),
    "Lotka-Volterra, mixture": (MIXED, "wide", "flow", {}, None, 200, 20),
    "Lotka-Volterra, alone and mixed": (LONG, "long", "flow", {"culture": "culture"}, None, 100, 0),
    "Lotka-Volterra, hare and lynx": (
        "hare + lynx ~ year", "hare", "flow", {"interaction": "predation"}, None, 1000, 100,
    ),
    "linear competition": ("x + y ~ t", course(linear_competition, (120, 90), 27), "leslie", {}, 0.03, 500, 20),
    "linear predation": (
        "x + y ~ t", course(linear_predation, (200, 40), 27), "leslie", {"interaction": "predation"}, 0.03, 500, 20,
    ),
    "linear competition, k = 2": (
        "x + y ~ t", course(linear_classes, (80, 40, 60, 30), 27), "leslie", {"ages": 2}, 0.03, 200, 0,
    ),
    "complex": (
        "x + y ~ t", course(complex_pair, (300, 20), 27), "leslie", {"interaction": "complex"}, 0.03, 500, 20,
    ),
    "Leslie-Gower predation": (
        "x + y ~ t", course(dense_predation, (83, 160), 31), "leslie",
        {"interaction": "predation", "density": "leslie-gower"}, 0.03, 100, 0,
    ),
    "saturating predation": (
        "x + y ~ t", course(sparing_predation, (40, 15), 31), "leslie",
        {"interaction": "predation", "density": "saturating"}, 0.03, 100, 0,
    ),
}  # fmt: skip


def build(name: str, data: pd.DataFrame) -> Any:
    formula, _, door, options, *_ = SCENARIOS[name]
    return (smx.LeslieInteraction if door == "leslie" else smx.LotkaVolterra)(formula, data, **options)


def true_fit(name: str) -> Any:
    """Fit whose parameters are the truth: of the data themselves, or of an exact course."""
    return truth_model(name).fit(n_starts=60)


def truth_model(name: str) -> Any:
    """Return the model of a scenario, whose sample is then replaced."""
    source = SCENARIOS[name][1]
    return build(name, LOAD[source]() if isinstance(source, str) else source)


def draw(name: str, truth: Any, rng: np.random.Generator) -> Any:
    """Draw counts under the distribution of the truth; Gaussian ones may be negative, as it has it."""
    error, sample = SCENARIOS[name][4], truth.sample
    if error is None:
        counts = np.empty_like(sample.counts)
        counts[row_order(sample)] = draw_counts(
            truth.machinery.problem, truth.machinery.estimate.theta, truth.scale, rng
        )
    else:
        counts = sample.counts * 1.0 + error * sample.counts.mean(axis=0) * rng.normal(
            size=sample.counts.shape
        )
    return replace(sample, counts=counts)


def one_fit(
    rng: np.random.Generator, name: str, truth: Any, starts: int, costly: bool
) -> list[dict[str, Any]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        model = truth_model(name)
        model.sample = draw(name, truth, rng)
        fit = model.fit(n_starts=starts, seed=int(rng.integers(2**31)))
    values = invariants_of(
        truth.machinery.layout, truth.machinery.problem, truth.machinery.estimate.theta, truth.species
    )
    limits, invariants = fit.conf_int(), fit.invariants()
    rows = {("parameter", " ".join(key)): (value, fit.params[key], fit.bse[key], *limits.loc[key])
            for key, value in truth.params.items()}  # fmt: skip
    rows |= {("invariant", key): (value, *invariants.loc[key, ["estimate", "std_error", "lower", "upper"]])
             for key, value in values.items()}  # fmt: skip
    table = pd.DataFrame(rows, index=["truth", "estimate", "std_error", "lower", "upper"]).T
    if costly:
        add_costly(table, fit, int(rng.integers(2**31)))
    table["converged"] = fit.converged
    return table.rename_axis(["kind", "name"]).reset_index().to_dict("records")


def add_costly(table: pd.DataFrame, fit: Any, seed: int) -> None:
    """Add percentile intervals of a bootstrap, and profile intervals where the profiles find no better fit."""
    table[["boot_lower", "boot_upper", "profile_lower", "profile_upper"]] = np.nan
    boot = fit.bootstrap(N_BOOT, seed=seed)
    for kind, found in (("parameter", boot.conf_int()), ("invariant", boot.invariants())):
        table.loc[[kind], ["boot_lower", "boot_upper"]] = found[["lower", "upper"]].to_numpy(float)
    for kind, profiles in (("parameter", fit.conf_int), ("invariant", fit.invariants)):
        try:
            limits = profiles(method="profile")[["lower", "upper"]].to_numpy(float)
        except ConvergenceError:
            continue
        table.loc[[kind], ["profile_lower", "profile_upper"]] = limits


def coverage(rows: pd.DataFrame, label: str, low: str, high: str) -> dict[str, float]:
    """Share of the given intervals that hold the truth, with its Monte-Carlo standard error."""
    given = rows[rows[low].notna()] if low in rows else rows[:0]
    inside = (given[low] <= given["truth"]) & (given["truth"] <= given[high]) if len(given) else pd.Series()
    share = float(inside.mean()) if len(given) else np.nan
    error = np.sqrt(share * (1.0 - share) / len(given)) if len(given) else np.nan
    return {
        f"{label}_n": len(given),
        f"{label}_given": len(given) / max(len(rows), 1),
        f"{label}_coverage": share,
        f"{label}_mc_se": error,
    }


def summarise(rows: pd.DataFrame, costly: pd.DataFrame, scenario: str) -> pd.DataFrame:
    tables = []
    groups = dict(list(costly.groupby(["kind", "name"]))) if len(costly) else {}
    for (kind, name), group in rows.groupby(["kind", "name"], sort=False):
        known, truth = group[group["std_error"].notna()], group["truth"].iloc[0]
        more = groups.get((kind, name), group[:0])
        spread = known["estimate"].std()
        row = {
            "kind": kind, "name": name, "truth": truth, "repeats": len(group),
            "converged": group["converged"].mean(),
            "relative_bias": (group["estimate"].median() - truth) / abs(truth),
            "empirical_se": spread,
            "se_ratio": known["std_error"].median() / spread if len(known) > 1 else np.nan,
        }  # fmt: skip
        row |= coverage(group, "wald", "lower", "upper")
        row |= coverage(more, "boot", "boot_lower", "boot_upper")
        row |= coverage(more, "profile", "profile_lower", "profile_upper")
        tables.append(row)
    table = pd.DataFrame(tables).round(5)
    table.insert(0, "scenario", scenario)
    return table


def chunks_of(scenario: str, number: int, truth: Any, n: int, costly: bool, arguments: Any) -> pd.DataFrame:
    """Rows of n repeats, in chunks that are kept."""
    task = partial(one_fit, name=scenario, truth=truth, starts=arguments.starts, costly=costly)
    name, size = f"population_{'costly' if costly else 'wald'}_{number}", COSTLY_CHUNK if costly else CHUNK
    return Study(name, task, n, 100 + number, size, arguments.jobs).rows()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--share", type=float, default=1.0, help="of the repeats")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--starts", type=int, default=20)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of the scenarios, from 0")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", StatmodelsXWarning)
    tables = []
    for number, scenario in enumerate(SCENARIOS):
        if arguments.only and number not in arguments.only:
            continue
        truth = true_fit(scenario)
        n, n_costly = (int(arguments.share * repeats) for repeats in SCENARIOS[scenario][5:])
        rows = chunks_of(scenario, number, truth, n, False, arguments)
        costly = chunks_of(scenario, number, truth, n_costly, True, arguments)
        tables.append(summarise(rows, costly, scenario))
        print(tables[-1].to_string(), flush=True)
    path, made = RESULTS / "population_coverage.csv", pd.concat(tables)
    if arguments.only:  # what was made takes the place of its rows
        kept = pd.read_csv(path)
        made = pd.concat([kept[~kept["scenario"].isin(made["scenario"])], made])
        made = made.sort_values("scenario", key=lambda s: s.map(list(SCENARIOS).index), kind="stable")
    made.to_csv(path, index=False)


if __name__ == "__main__":
    main()
