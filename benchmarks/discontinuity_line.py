"""Curves with jumps: error, false and missed jumps, coverage under known truth; false alarms without a jump.

    python benchmarks/discontinuity_line.py [--repeats 100] [--nulls 40] [--coverage 60]

Every block (one setting and one way of fitting) is written to results/discontinuity_line.csv when it is done and is not
made again while it stands there; delete the file to start afresh.

Design "authors": f(x) = x^2 + sin(10 x) with jumps .6, 1, 1.5, -2 at .2013934, .4023231, .590349, .7893434, scaled to
[0, 1] (sizes .127, .211, .317, -.423), x uniform, normal noise of standard deviation .05 (Gunsilius and Van
Dijcke, arXiv 2309.14630; their table is the row "published").

false_cells: share of cells (.05 n of them) not next to a true jump that hold a declared one, among cells that hold no
true jump; missed_cells: share of true jumps with no declared jump in or next to their cell. false_jumps and
missed_jumps: number of declared jumps farther than .01 from every true one, and share of true jumps with none within
.01. size_bias: mean of |size| minus the true |size| over jumps found within .01. mse: at the data's points.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from chunks import write

from statmodels_x.core.resampling import replicate
from statmodels_x.discontinuity.line.fit import fit_line
from statmodels_x.discontinuity.line.record import LineFit
from statmodels_x.discontinuity.line.uncertainty import simultaneous_band

RESULTS = Path(__file__).parent / "results" / "discontinuity_line.csv"
KEYS = ["study", "setting", "n", "method"]
PLACES = np.array([0.2013934, 0.4023231, 0.590349, 0.7893434])
JUMPS = np.array([0.6, 1.0, 1.5, -2.0])
NEAR = 0.01
PUBLISHED = {
    500: {"mse": 0.0789, "size_bias": -0.084, "false_cells": 0.193},
    1000: {"mse": 0.0461, "size_bias": -0.066, "false_cells": 0.110},
    5000: {"mse": 0.0012, "size_bias": -0.053, "false_cells": 0.018},
}
METHODS: dict[str, dict] = {
    "balanced": {},
    "strict": {"sensitivity": "strict"},
    "sensitive": {"sensitivity": "sensitive"},
    "sure": {"tune": "sure"},
    "cv": {"tune": "cv"},
}


def _raw(x: np.ndarray) -> np.ndarray:
    return x**2 + np.sin(10.0 * x) + (x[:, None] > PLACES) @ JUMPS


_FINE = _raw(np.linspace(0.0, 1.0, 200001))
LOW, RANGE = _FINE.min(), np.ptp(_FINE)
SIZES = JUMPS / RANGE


def authors(x: np.ndarray) -> np.ndarray:
    return (_raw(x) - LOW) / RANGE


NULLS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "flat": lambda x: 0.0 * x,
    "straight": lambda x: 1.0 * x,
    "x^2 + sin(10 x)": lambda x: x**2 + np.sin(10.0 * x),
    "sin(30 x)": lambda x: np.sin(30.0 * x),
    "bump, sd .035": lambda x: np.exp(-(((x - 0.4) / 0.05) ** 2)),
    "tanh, scale .03": lambda x: np.tanh((x - 0.5) / 0.03),
    "doppler": lambda x: np.sqrt(x * (1.0 - x)) * np.sin(2.4 * np.pi / (x + 0.2)),
}

RECORDED: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "events, 5 %": lambda rng, n: 1.0 * (rng.random(n) < 0.05),
    "events, 20 %": lambda rng, n: 1.0 * (rng.random(n) < 0.2),
    "events, 50 %": lambda rng, n: 1.0 * (rng.random(n) < 0.5),
    "Poisson, mean .3": lambda rng, n: 1.0 * rng.poisson(0.3, n),
    "Poisson, mean 2": lambda rng, n: 1.0 * rng.poisson(2.0, n),
    "ratings about 3 of 5": lambda rng, n: np.clip(np.round(3.0 + 0.5 * rng.standard_normal(n)), 1.0, 5.0),
    "ratings about 4.9 of 5": lambda rng, n: np.clip(np.round(4.9 + 0.4 * rng.standard_normal(n)), 1.0, 5.0),
    "amounts, 80 % are 0": lambda rng, n: np.where(rng.random(n) < 0.8, 0.0, rng.exponential(size=n)),
}


def noise(rng: np.random.Generator, x: np.ndarray, kind: str) -> np.ndarray:
    """Noise of variance 1 at sorted points: "normal", "t3", or "ou(rho)", correlation rho over the mean gap."""
    n = len(x)
    if kind == "normal":
        return rng.standard_normal(n)
    if kind.startswith("t"):
        df = float(kind[1:])
        return rng.standard_t(df, n) * np.sqrt((df - 2.0) / df)
    rho = float(kind[3:-1]) ** (n * np.diff(x))
    e = rng.standard_normal(n)
    for i in range(1, n):
        e[i] = rho[i - 1] * e[i - 1] + np.sqrt(1.0 - rho[i - 1] ** 2) * e[i]
    return e


def cell_rates(fit: LineFit, n: int) -> tuple[float, float]:
    cells = int(0.05 * n)
    true, found = np.zeros(cells, bool), np.zeros(cells, bool)
    true[(PLACES * cells).astype(int)] = True
    found[np.minimum((fit.jumps.location * cells).astype(int), cells - 1)] = True

    def wide(flags: np.ndarray) -> np.ndarray:
        return flags | np.append(flags[1:], False) | np.append(False, flags[:-1])

    return (found & ~wide(true)).sum() / (~true).sum(), (true & ~wide(found)).sum() / true.sum()


def one_design(rng: np.random.Generator, n: int, options: dict) -> dict[str, float]:
    x = np.sort(rng.random(n))
    truth = authors(x)
    y = truth + 0.05 * rng.standard_normal(n)
    start = time.process_time()
    fit = fit_line(x, y, **options)
    seconds = time.process_time() - start
    false_cells, missed_cells = cell_rates(fit, n)
    jumps = fit.jumps
    distance = np.abs(jumps.location[:, None] - PLACES)
    found = [
        (int(np.argmin(column)), k)
        for k, column in enumerate(distance.T)
        if len(column) and column.min() <= NEAR
    ]
    row = {
        "mse": float(np.mean((fit.fitted - truth) ** 2)),
        "false_cells": false_cells,
        "missed_cells": missed_cells,
        "false_jumps": float((distance.min(axis=1) > NEAR).sum()) if len(distance) else 0.0,
        "missed_jumps": 1.0 - len(found) / len(PLACES),
        "cpu_seconds": seconds,
        "sigma": fit.sigma,
        "outliers": float(len(fit.outliers)),
        "bends": float(len(fit.bends)),
        "band_coverage": float(np.mean((fit.lower <= truth) & (truth <= fit.upper))),
        "band_coverage_near_jumps": float(
            np.mean(
                ((fit.lower <= truth) & (truth <= fit.upper))[np.abs(x[:, None] - PLACES).min(axis=1) < 0.02]
            )
        ),
    }
    error = [np.sign(SIZES[k]) * (jumps.size[j] - SIZES[k]) for j, k in found]
    row["size_bias"] = float(np.mean(error)) if found else np.nan
    # the published bias is that of the step of the curve itself
    step = np.array([np.diff(fit.fitted)[gap] for gap in jumps.gap])
    bias = [np.sign(SIZES[k]) * (step[j] - SIZES[k]) for j, k in found]
    row["step_bias"] = float(np.mean(bias)) if found else np.nan
    for name, low, high, target in (
        ("size_coverage_given_location", jumps.lower, jumps.upper, SIZES),
        ("size_coverage_averaged", jumps.size_lower, jumps.size_upper, SIZES),
        ("location_coverage", jumps.location_lower, jumps.location_upper, PLACES),
    ):
        row[name] = float(np.mean([low[j] <= target[k] <= high[j] for j, k in found])) if found else np.nan
    return row


def one_null(rng: np.random.Generator, n: int, truth: str, kind: str, options: dict) -> dict[str, float]:
    x = np.sort(rng.random(n))
    fit = fit_line(x, NULLS[truth](x) + 0.1 * noise(rng, x, kind), **options)
    return {
        "any_jump": float(len(fit.jumps.gap) > 0),
        "n_jumps": float(len(fit.jumps.gap)),
        "outliers": float(len(fit.outliers)),
        "bends": float(len(fit.bends)),
    }


def one_recorded(rng: np.random.Generator, n: int, kind: str) -> dict[str, float]:
    """Responses without a change that are recorded in units, or mostly alike."""
    y = RECORDED[kind](rng, n)
    fit = fit_line(np.sort(rng.random(n)), y)
    sd = float(fit.smoothing.variance**0.5 * fit.data.y_range)
    return {
        "any_jump": float(len(fit.jumps.gap) > 0),
        "n_jumps": float(len(fit.jumps.gap)),
        "outliers": float(len(fit.outliers)),
        "sd_ratio": sd / y.std(),
    }


def one_single_jump(
    rng: np.random.Generator, n: int, size: float, kink: float, kind: str, options: dict
) -> dict:
    """One jump of ``size`` standard deviations at .43, the slope changed by ``kink`` there."""
    x = np.sort(rng.random(n))
    right = x > 0.43
    truth = np.sin(6.0 * x) + kink * right * (x - 0.43) + 0.2 * size * right
    fit = fit_line(x, truth + 0.2 * noise(rng, x, kind), **options)
    lower, upper = simultaneous_band(fit, n_draws=200)
    row = {
        "simultaneous_coverage": float(np.all((lower <= truth) & (truth <= upper))),
        "band_coverage": float(np.mean((fit.lower <= truth) & (truth <= fit.upper))),
        "mse": float(np.mean((fit.fitted - truth) ** 2)),
    }
    jumps = fit.jumps
    near = np.abs(jumps.location - 0.43) <= 0.03
    row["found"] = float(near.any())
    row["false_jumps"] = float((~near).sum())
    for name in ("size_coverage_given_location", "size_coverage_averaged", "location_coverage", "size_bias"):
        row[name] = np.nan
    if near.any():
        k = int(np.argmin(np.abs(jumps.location - 0.43)))
        row["size_coverage_given_location"] = float(jumps.lower[k] <= 0.2 * size <= jumps.upper[k])
        row["size_coverage_averaged"] = float(jumps.size_lower[k] <= 0.2 * size <= jumps.size_upper[k])
        row["location_coverage"] = float(jumps.location_lower[k] <= 0.43 <= jumps.location_upper[k])
        row["size_bias"] = float(jumps.size[k] - 0.2 * size)
    return row


def blocks(arguments: argparse.Namespace) -> list[tuple[tuple, Callable, int]]:
    listed: list[tuple[tuple, Callable, int]] = [
        (("authors", "normal", n, method), partial(one_design, n=n, options=options), arguments.repeats)
        for method, options in METHODS.items()
        for n in PUBLISHED
    ]
    for method in ("balanced", "strict", "sensitive"):
        for n in (100, 300, 1000) if method == "balanced" else (300,):
            for truth in NULLS:
                task = partial(one_null, n=n, truth=truth, kind="normal", options=METHODS[method])
                listed.append((("no jump", f"{truth}, normal", n, method), task, arguments.nulls))
                if n == 300 and method != "sensitive" and truth in ("flat", "x^2 + sin(10 x)"):
                    task = partial(one_null, n=n, truth=truth, kind="t3", options=METHODS[method])
                    listed.append((("no jump", f"{truth}, t3", n, method), task, arguments.nulls))
    for kind, options in (
        ("ou(.5)", {}),
        ("ou(.5)", {"noise": "correlated"}),
        ("normal", {"noise": "correlated"}),
    ):
        for truth in ("flat", "x^2 + sin(10 x)"):
            method = "balanced, correlated" if options else "balanced"
            task = partial(one_null, n=300, truth=truth, kind=kind, options=options)
            key = ("no jump", f"{truth}, {kind}", 300, method)
            listed.append((key, task, arguments.nulls))
    listed += [
        (("no jump", kind, 400, "balanced"), partial(one_recorded, n=400, kind=kind), arguments.nulls)
        for kind in RECORDED
    ]
    for n, size, kink, kind, options in (
        (200, 3.0, 0.0, "normal", {}),
        (200, 3.0, 8.0, "normal", {}),
        (500, 2.0, 0.0, "normal", {}),
        (500, 2.0, 8.0, "normal", {}),
        (500, 5.0, 0.0, "normal", {}),
        (500, 3.0, 0.0, "t3", {}),
        (500, 3.0, 0.0, "ou(.5)", {"noise": "correlated"}),
        (500, 3.0, 0.0, "ou(.5)", {}),
    ):
        key = (
            "one jump",
            f"{size:g} sd, kink {kink:g}, {kind}",
            n,
            "balanced, correlated" if options else "balanced",
        )
        task = partial(one_single_jump, n=n, size=size, kink=kink, kind=kind, options=options)
        listed.append((key, task, arguments.coverage))
    return listed


def run(key: tuple, task: Callable, repeats: int) -> pd.DataFrame:
    rows = pd.DataFrame(replicate(task, repeats, seed=2024))
    counts = rows.notna().sum()
    table = pd.DataFrame({"value": rows.mean(), "mc_se": rows.std() / np.sqrt(counts), "repeats": counts})
    table.index.name = "quantity"
    return table.reset_index().assign(**dict(zip(KEYS, key, strict=True)))[
        [*KEYS, "quantity", "value", "mc_se", "repeats"]
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--nulls", type=int, default=40)
    parser.add_argument("--coverage", type=int, default=60)
    parser.add_argument(
        "--only", default="", help="run only blocks whose study or setting contains this text"
    )
    arguments = parser.parse_args()
    done = pd.read_csv(RESULTS) if RESULTS.exists() else pd.DataFrame(columns=[*KEYS, "quantity"])
    made = set(done[KEYS].itertuples(index=False, name=None))
    published = [
        (("authors", "normal", n, "published"), quantity, value)
        for n, row in PUBLISHED.items()
        for quantity, value in row.items()
    ]
    for key, quantity, value in published:
        if key not in made:
            row = dict(zip([*KEYS, "quantity", "value"], [*key, quantity, value], strict=True))
            done = pd.concat([done, pd.DataFrame([row])], ignore_index=True)
    for key, task, repeats in blocks(arguments):
        if key in made or arguments.only not in " ".join(map(str, key)):
            continue
        done = pd.concat([done, run(key, task, repeats)], ignore_index=True)
        write(done, RESULTS, float_format="%.6g")
        print(key, flush=True)
    wide = done.pivot_table(index=KEYS, columns="quantity", values="value", sort=False)
    print(wide.to_string(float_format="%.4g"))


if __name__ == "__main__":
    main()
