"""Coverage of the intervals of a cluster-robust fit, from two clusters on.

    python benchmarks/survival_clusters.py [--n 300] [--jobs 2]

Times within a cluster share a normal effect of standard deviation .4 on log time; one binary covariate is the same for
a whole cluster, the other differs within it; both lengthen times by exp(0.5). The scale is aft, where the effect of a
covariate is the same with the clusters' own effects and averaged over them. *Corrected* is the default for clusters
(CR2 with Satterthwaite's degrees of freedom), *plain* the sandwich with normal quantiles.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial

import numpy as np
import pandas as pd
from chunks import RESULTS, Study

import statmodels_x as smx

CHUNK = 50
SPREAD, POWER, EFFECT = 0.4, 1.4, 0.5
# clusters, rows in each, how
CELLS = [
    (2, 50, "equal"),
    (3, 50, "equal"),
    (5, 40, "equal"),
    (8, 30, "equal"),
    (12, 25, "equal"),
    (20, 15, "equal"),
    (30, 15, "equal"),
    (50, 10, "equal"),
    (12, 25, "unequal"),
    (30, 15, "unequal"),
    (12, 25, "late entry"),
    (12, 25, "intervals"),
]
RESPONSES = {"late entry": "Surv(entry, time, status)", "intervals": 'Surv(low, high, type="interval2")'}


def draw(rng: np.random.Generator, clusters: int, size: int, how: str) -> pd.DataFrame:
    sizes = np.full(clusters, size)
    if how == "unequal":
        sizes = np.maximum(3, np.round(size * clusters * rng.dirichlet(np.ones(clusters)))).astype(int)
    group = np.repeat(np.arange(clusters), sizes)
    n = len(group)
    between, within = (group % 2).astype(float), rng.integers(0, 2, n).astype(float)
    own = SPREAD * rng.normal(size=clusters)[group]
    event = rng.weibull(POWER, n) * np.exp(EFFECT * (between + within) + own)
    end = rng.uniform(0.5, 4.0, n)
    time, status = np.minimum(event, end), event <= end
    frame = pd.DataFrame(
        {"between": between, "within": within, "group": group, "time": time, "status": status}
    )
    if how == "late entry":
        frame["entry"] = np.where(rng.random(n) < 0.3, rng.uniform(0.0, 0.6, n), 0.0)
        return frame[frame["time"] > frame["entry"]]
    low = np.floor(time / 0.3) * 0.3
    return frame.assign(low=np.where(status, low, time), high=np.where(status, low + 0.3, np.inf))


def one_set(rng: np.random.Generator, cell: int) -> list[dict]:
    clusters, size, how = CELLS[cell]
    data = draw(rng, clusters, size, how)
    formula = f"{RESPONSES.get(how, 'Surv(time, status)')} ~ between + within"
    model, rows = smx.FlexibleSurvival(formula, data, scale="aft", cluster="group"), []
    for kind, name in (("cluster", "corrected"), ("cluster_cr0", "plain")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
            fit = model.fit(kind)
        limits = fit.conf_int().loc["aft"]
        for covariate in ("between", "within"):
            lower, upper = limits.loc[covariate]
            rows.append({
                "errors": name, "covariate": covariate, "given": bool(np.isfinite(upper - lower)),
                "covered": float(lower < -EFFECT < upper), "length": upper - lower, "limit": fit.limit is not None,
            })  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    tables = []
    for number, (clusters, size, how) in enumerate(CELLS):
        task = partial(one_set, cell=number)
        rows = Study(
            f"survival_clusters_{number}", task, arguments.n, 400 + number, CHUNK, arguments.jobs
        ).rows()
        groups = rows[rows["given"]].groupby(["errors", "covariate"], sort=False)
        table = groups.agg(covered=("covered", "mean"), length=("length", "median"), sets=("covered", "size"))
        tables.append(table.reset_index().assign(clusters=clusters, size=size, how=how))
    table = pd.concat(tables, ignore_index=True)
    table["mc_se"] = np.sqrt(table["covered"] * (1.0 - table["covered"]) / table["sets"])
    table.round(4).to_csv(RESULTS / "survival_clusters.csv", index=False)
    wide = table.pivot(index=["clusters", "size", "how"], columns=["errors", "covariate"], values="covered")
    print(wide.round(3).to_string())


if __name__ == "__main__":
    main()
