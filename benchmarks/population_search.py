"""Whether the search for oscillating predation finds the best regular end, from every seed.

    python benchmarks/population_search.py [--series 200] [--seeds 10] [--jobs 2] [--chunk 4]

Series of known truth: courses of the model itself, of Lotka-Volterra's equations, and of Lotka-Volterra with a limited
prey and errors of the step, all with errors of counting. Each is searched from several seeds; reached is a
log-likelihood within one unit of the best regular end that any of them found. Series whose best end is a needle are
counted apart: there a search should name the needle, or take a regular end for want of it. The table, by kind of
series, is kept in ``results/``.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd
from chunks import RESULTS, Study

from statmodels_x.population.course.build import check_weights
from statmodels_x.population.fitting.estimation import NEEDLE, estimate
from statmodels_x.population.sample import read_sample
from statmodels_x.population.specification import LESLIE, Form, Options

FORM = Form(LESLIE, "predation", density="leslie-gower")
KINDS = ("model", "flow", "limited")


def series(kind: str, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one oscillating series; again where a species nearly ends or nothing oscillates."""
    while True:
        n = int(rng.integers(30, 61))
        states = _leslie(n, rng) if kind == "model" else _volterra(n, kind == "limited", rng)
        if states is None:
            continue
        mean = states.mean(axis=0)
        x = states[:, 0]
        tops = np.sum((x[1:-1] > x[:-2]) & (x[1:-1] >= x[2:]))
        if tops >= 2 and states.min() > 0.0 and np.all(states.std(axis=0) > 0.25 * mean):
            noise = rng.uniform(0.1, 0.2)
            seen = np.maximum(states + noise * mean * rng.normal(size=states.shape), 0.0)
            if seen[0].min() > 0.0:  # a series that starts with nothing counted is refused
                return pd.DataFrame(seen, columns=["x", "y"]).assign(t=np.arange(n))


def _leslie(n: int, rng: np.random.Generator) -> np.ndarray | None:
    f, d = rng.uniform(1.4, 3.0), rng.uniform(0.3, 0.95)
    a, e = rng.uniform(0.0005, 0.004), rng.uniform(0.0, 0.004)
    b, c, s = rng.uniform(0.3, 1.5), rng.uniform(0.05, 0.5), rng.uniform(0.0, 0.004)
    w = np.array([rng.uniform(50, 300), rng.uniform(10, 100)])
    out = [w]
    for _ in range(n - 1):
        x, y = w
        w = np.array([(f * x - b * y) / (1 + a * x), d * y / (1 + e * y) + c * x / (1 + s * x)])
        if w.min() <= 0.0 or not np.all(np.isfinite(w)):
            return None
        out.append(w)
    return np.array(out)


def _volterra(n: int, limited: bool, rng: np.random.Generator) -> np.ndarray | None:
    r, m = rng.uniform(0.4, 1.0), rng.uniform(0.4, 1.0)
    k, sd = (rng.uniform(0.05, 0.2) * r, rng.uniform(0.1, 0.2)) if limited else (0.0, 0.0)
    u, h = np.log(rng.uniform(0.4, 2.0, 2)), 0.05
    out = [np.exp(u)]
    for _ in range(n - 1):
        for _ in range(int(1 / h)):  # midpoint rule in logarithms
            half = u + 0.5 * h * _rates(u, r, m, k)
            u = u + h * _rates(half, r, m, k)
        u = u + sd * rng.normal(size=2)
        out.append(np.exp(u))
    return np.array(out) * [100.0, 20.0]


def _rates(u: np.ndarray, r: float, m: float, k: float) -> np.ndarray:
    x, y = np.exp(u)
    return np.array([r - k * x - r * y, m * x - m])


class Task:
    """One series, searched from several seeds."""

    def __init__(self, seeds: int) -> None:
        self.seeds = seeds

    def __call__(self, rng: np.random.Generator) -> list[dict[str, object]]:
        """Return one row a seed."""
        kind = KINDS[int(rng.integers(len(KINDS)))]
        sample = read_sample("x + y ~ t", series(kind, rng), None, None)
        weights = check_weights("mean", "gaussian", sample)
        found = []
        for seed in range(self.seeds):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found.append(estimate(FORM, sample, "gaussian", weights, Options(seed=seed))[2])
        regular = [end.cost for end in found if end.digits <= NEEDLE]
        best = min(regular, default=np.nan)
        n = sample.n_observed
        rows = []
        for seed, end in enumerate(found):
            short = 0.5 * n * np.log(end.cost / best) if np.isfinite(best) else np.nan
            kinds = {k for k, here in zip(end.kinds, end.at_best, strict=True) if here}
            rows.append(
                {
                    "kind": kind, "seed": seed, "n": n, "wss": 2 * end.cost, "digits": end.digits, "short": short,
                    "reached": bool(short <= 1.0), "kinds": len(kinds), "at_best": end.n_best,
                    "random": "random" in kinds,
                }
            )  # fmt: skip
        return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--chunk", type=int, default=4)
    parser.add_argument("--finished", action="store_true", help="make the table of the chunks that stand")
    options = parser.parse_args()
    study = Study(
        "population_search", Task(options.seeds), options.series, 17, options.chunk, options.jobs, "series"
    )
    table = study.rows(options.finished)
    result = summary(table)
    result.round(3).to_csv(RESULTS / "population_search.csv")
    print(result.round(3).to_string())


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Return what the searches came to, by kind of series and over all.

    A series counts as regular where a regular end lies within one unit of log-likelihood of the best end of any seed;
    in the others that end is a needle, which no search has to reach.
    """
    table = table.assign(regular=table["digits"] <= NEEDLE)
    behind = 0.5 * table["n"] * np.log(table["wss"] / table.groupby("series")["wss"].transform("min"))
    table["at best"] = (behind <= 1.0) & table["regular"]
    good = table[table.groupby("series")["at best"].transform("any")]
    needles = table[~table["series"].isin(good["series"])]
    rows = {}
    for kind in [*KINDS, "all"]:
        own = good if kind == "all" else good[good["kind"] == kind]
        sharp = needles if kind == "all" else needles[needles["kind"] == kind]
        reached = own["reached"] & own["regular"]
        short = own[~reached]
        rows[kind] = {
            "series": own["series"].nunique(),
            "searches": len(own),
            "reached": reached.mean(),
            "random found it": own.loc[reached, "random"].mean(),
            "kinds at best": own["kinds"].mean(),
            "short": len(short),
            "short and warned of": int(
                ((short["kinds"] < 2) | (short["at_best"] < 3) | ~short["regular"]).sum()
            ),
            "needle series": sharp["series"].nunique(),
            "needle named": (~sharp["regular"]).mean(),
        }
    return pd.DataFrame(rows).T.rename_axis("kind")


if __name__ == "__main__":
    main()
