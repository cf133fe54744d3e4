"""Which covariates act on which parameter: how often select() finds the true set, beside backward BIC and Wald tests.

    python benchmarks/survival_selection.py [--cells 0 1 2 ...] [--jobs 1]

Ten normal covariates with correlation .3^|i-j| may each act on log phi and on log gamma: 20 candidates, of which five
are true; lambda = 1, kappa = .5, censoring exponential with mean 6, three quarters events. Then cells with both scales,
a cured fraction, splines, many candidates for few events, and rows held out. For each set: the search by method="best",
its two ways alone, the smooth criterion before its polish, backward elimination by exact fits, and the terms with a
Wald test below 5 % in the full fit. Coverage is that of 95 % intervals of the coefficients that were chosen, by the
truth of each: of the fit to the rows searched, or to those held out. Times are of the processor, of one thread.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from chunks import RESULTS, Study
from scipy.stats import chi2

import statmodels_x as smx
from statmodels_x.survival.selection.path import follow
from statmodels_x.survival.selection.search import Question, search
from statmodels_x.survival.selection.space import Space, Submodel

CHUNK = 10
Truth = dict[tuple[str, str], float]
MAIN: Truth = {
    ("aft", "x0"): -0.5, ("aft", "x1"): 0.5, ("aft", "x4"): -0.4, ("power", "x0"): 0.4, ("power", "x2"): -0.4,
}  # fmt: skip
BOTH: Truth = {("aft", "x0"): -0.6, ("aft", "x1"): 0.6, ("ph", "x2"): 0.6}
CURED: Truth = {("ph", "x1"): -0.6, ("ph", "x2"): 0.5, ("cure", "x0"): 1.0}
CURVES: Truth = {("aft", "bs(x0, 4)"): np.nan, ("aft", "bs(x1, 4)"): np.nan}


@dataclass(frozen=True)
class Cell:
    """A design: how many sets of how many rows, the truth, and how it is searched."""

    sets: int
    n: int
    truth: Truth
    draw: Callable[[np.random.Generator, Any], pd.DataFrame]
    covariates: int = 10
    options: dict[str, Any] = field(default_factory=dict)
    slow: bool = False

    @property
    def right(self) -> str:
        """The covariates as a right side."""
        return " + ".join(f"x{k}" for k in range(self.covariates))

    def arguments(self) -> dict[str, Any]:
        """Arguments of select(), with the covariates written out."""
        given = {"formula": "~x~", "scale": "aft", "other_scale": 1.0, "power": "~ ~x~"} | self.options
        return {
            k: v.replace("~x~", self.right) if isinstance(v, str) else v
            for k, v in given.items()
            if v is not None
        }


def normal_covariates(rng: np.random.Generator, n: int, p: int) -> np.ndarray:
    places = np.arange(p)
    return rng.multivariate_normal(np.zeros(p), 0.3 ** np.abs(np.subtract.outer(places, places)), n)


def censored(rng: np.random.Generator, x: np.ndarray, event: np.ndarray, mean: float) -> pd.DataFrame:
    end = rng.exponential(mean, len(x))
    data = pd.DataFrame(x, columns=[f"x{k}" for k in range(x.shape[1])])
    return data.assign(time=np.minimum(event, end), status=(event <= end).astype(int))


def effect(x: np.ndarray, truth: Truth, parameter: str) -> np.ndarray:
    return sum(
        (value * x[:, int(name[1:])] for (own, name), value in truth.items() if own == parameter),
        np.zeros(len(x)),
    )


def draw_main(rng: np.random.Generator, cell: Cell) -> pd.DataFrame:
    x = normal_covariates(rng, cell.n, cell.covariates)
    phi, gamma = np.exp(-0.5 + effect(x, cell.truth, "aft")), np.exp(0.3 + effect(x, cell.truth, "power"))
    return censored(rng, x, smx.APGW(phi, 1.0, gamma, 0.5).rvs(seed=rng), 6.0)


def draw_both(rng: np.random.Generator, cell: Cell) -> pd.DataFrame:
    x = normal_covariates(rng, cell.n, cell.covariates)
    phi, lam = np.exp(-0.5 + effect(x, cell.truth, "aft")), np.exp(effect(x, cell.truth, "ph"))
    return censored(rng, x, smx.APGW(phi, lam, 2.0, -0.3).rvs(seed=rng), 8.0)


def draw_cured(rng: np.random.Generator, cell: Cell) -> pd.DataFrame:
    x = normal_covariates(rng, cell.n, cell.covariates)
    event = (rng.exponential(size=cell.n) / np.exp(effect(x, cell.truth, "ph"))) ** (1.0 / 1.4)
    cured = rng.uniform(size=cell.n) < 1.0 / (1.0 + np.exp(0.6 - effect(x, cell.truth, "cure")))
    data = censored(rng, x, np.where(cured, np.inf, event), 6.0)
    end = 6.0
    return data.assign(
        status=np.where(data["time"] > end, 0, data["status"]), time=data["time"].clip(upper=end)
    )


def draw_curves(rng: np.random.Generator, cell: Cell) -> pd.DataFrame:
    x = normal_covariates(rng, cell.n, cell.covariates)
    phi = np.exp(-0.5 + 0.7 * np.sin(2.0 * x[:, 0]) + 0.4 * x[:, 1] ** 2)
    return censored(rng, x, smx.APGW(phi, 1.0, np.exp(0.3), 0.5).rvs(seed=rng), 6.0)


def halved(truth: Truth) -> Truth:
    return {term: 0.5 * value for term, value in truth.items()}


_CURVE = " + ".join(f"bs(x{k}, 4)" for k in range(5))
CELLS = {
    "n = 300": Cell(100, 300, MAIN, draw_main),
    "n = 1,000": Cell(100, 1_000, MAIN, draw_main),
    "halved effects, n = 300": Cell(100, 300, halved(MAIN), draw_main),
    "halved effects, n = 1,000": Cell(100, 1_000, halved(MAIN), draw_main),
    "82 candidates, n = 200": Cell(10, 200, MAIN, draw_main, 41),
    "82 candidates, n = 400": Cell(10, 400, MAIN, draw_main, 41),
    "half held out, n = 600": Cell(100, 600, MAIN, draw_main, options={"holdout": 0.5}),
    "cured fraction, n = 600": Cell(
        20, 600, CURED, draw_cured, 6, {"scale": "ph", "other_scale": None, "distribution": "weibull", "power": None,
                                        "cure": "~ ~x~"}, True),
    "splines of 4 columns, n = 500": Cell(20, 500, CURVES, draw_curves, 5, {"formula": _CURVE, "power": "~ ~x~"}),
    "both scales, n = 1,000": Cell(10, 1_000, BOTH, draw_both, 5, {"other_scale": "~ ~x~", "power": None}, True),
}  # fmt: skip


def one_set(rng: np.random.Generator, name: str) -> dict[str, Any]:
    cell = CELLS[name]
    data, given = cell.draw(rng, cell), cell.arguments()
    formula = f"Surv(time, status) ~ {given.pop('formula')}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
        begun = time.process_time()
        choice = smx.select(formula, data, **given)
        row: dict[str, Any] = {"seconds": time.process_time() - begun, "events": choice.best.n_events}
        question, chosen, start = choice.sample
        row |= verdict("best", question, chosen, cell.truth) | {"best_value": choice.facts.value}
        row |= {f"{way}_value": value for way, value in choice.facts.ends.items()}
        row |= coverage(choice.best if choice.holdout is None else choice.holdout, cell.truth)
        if not cell.slow and choice.holdout is None:
            row |= others(question, start, cell.truth)
    return row


def others(question: Question, start: np.ndarray, truth: Truth) -> dict[str, Any]:
    """Search in the other ways, each from nothing."""
    space = question.space()
    begun = time.process_time()
    steps = search(replace(question, method="stepwise"), space, start).best
    row = {"stepwise_seconds": time.process_time() - begun} | verdict(
        "stepwise", question, steps.chosen, truth
    )
    space = question.space()
    null = space.fit(space.smallest, start)
    full = space.fit(space.everything, null.theta)
    begun = time.process_time()
    path = follow(space, full.theta)
    row |= {"path_seconds": time.process_time() - begun} | verdict("path", question, path.chosen, truth)
    row["path_value"] = space.fit(path.chosen, path.theta).criterion
    if len(question.candidates.free) > 30:
        return row
    row |= verdict("wald", question, by_wald_tests(space, full), truth)
    back = backward(space, full)
    return row | verdict("backward", question, back.chosen, truth) | {"backward_value": back.criterion}


def backward(space: Space, here: Submodel) -> Submodel:
    """Drop the group whose model has the lowest criterion, by exact fits, while it falls."""
    while here.chosen:
        fits = [space.fit(space.candidates.without_group(here.chosen, k), here.theta) for k in here.chosen]
        lowest = min(fits, key=lambda fit: fit.criterion)
        if lowest.criterion >= here.criterion:
            break
        here = lowest
    return here


def by_wald_tests(space: Space, full: Submodel) -> frozenset[int]:
    """Return the groups whose Wald test in the full fit is below 5 %."""
    _, _, information = space.derivatives(full.theta)
    covariance = np.linalg.pinv(information, hermitian=True)
    u = np.linalg.solve(space.transform, full.theta)
    found = set()
    for k in space.free:
        own = np.array(space.candidates.groups[k].columns)
        statistic = u[own] @ np.linalg.solve(covariance[np.ix_(own, own)], u[own])
        if statistic > chi2.isf(0.05, len(own)):
            found.add(k)
    return frozenset(found)


def verdict(way: str, question: Question, chosen: frozenset[int], truth: Truth) -> dict[str, float]:
    """Shares of true and of false terms that are in, and whether the set is the true one."""
    members = {member for k in chosen for member in question.candidates.groups[k].members}
    n_false = len(question.candidates.groups) - len(truth)
    true, false = len(members & truth.keys()), len(members - truth.keys())
    return {f"{way}_true": true / len(truth), f"{way}_false": false / n_false,
            f"{way}_exact": float(members == truth.keys())}  # fmt: skip


def coverage(fit: Any, truth: Truth) -> dict[str, float]:
    """How many intervals of chosen coefficients there are, and how many hold the truth: of true terms, and of noise."""
    table, counts = fit.tidy(), {"true_n": 0, "true_in": 0, "noise_n": 0, "noise_in": 0}
    for row in table.to_dict("records"):
        if row["term"] == "Intercept" or "(" in row["term"]:
            continue
        value = truth.get((row["parameter"], row["term"]), 0.0)
        kind = "true" if value else "noise"
        counts[f"{kind}_n"] += 1
        counts[f"{kind}_in"] += bool(row["conf.low"] < value < row["conf.high"])
    return counts


def tabulated(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    ways = [way for way in ("best", "path", "stepwise", "backward", "wald") if f"{way}_true" in rows]
    table = pd.DataFrame(
        {
            "true kept": [rows[f"{way}_true"].mean() for way in ways],
            "false kept": [rows[f"{way}_false"].mean() for way in ways],
            "exact": [rows[f"{way}_exact"].mean() for way in ways],
        },
        index=pd.MultiIndex.from_product([[name], ways], names=["cell", "way"]),
    ).round(3)
    table["sets"] = len(rows)
    best = (name, "best")
    table.loc[best, "processor seconds, median"] = rows["seconds"].median().round(2)
    table.loc[best, "processor seconds, worst"] = rows["seconds"].max().round(2)
    if "backward_value" in rows:
        table.loc[best, "most above backward"] = (rows["best_value"] - rows["backward_value"]).max().round(6)
        table.loc[best, "below backward"] = float((rows["best_value"] < rows["backward_value"] - 1e-6).mean())
    for kind in ("true", "noise"):
        count = rows[f"{kind}_n"].sum()
        table.loc[best, f"intervals, {kind}"] = count
        table.loc[best, f"coverage, {kind}"] = round(rows[f"{kind}_in"].sum() / count, 3) if count else np.nan
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, nargs="*", default=list(range(len(CELLS))))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--finished", action="store_true", help="tabulate what stands")
    arguments = parser.parse_args()
    tables = []
    for number in arguments.cells:
        name = list(CELLS)[number]
        study = Study(f"survival_selection_{number}", partial(one_set, name=name), CELLS[name].sets, 700 + number,
                      CHUNK, arguments.jobs)  # fmt: skip
        rows = study.rows(arguments.finished)
        if len(rows):
            tables.append(tabulated(name, rows))
            print(tables[-1].to_string(), flush=True)
    pd.concat(tables).to_csv(RESULTS / "survival_selection.csv")


if __name__ == "__main__":
    main()
