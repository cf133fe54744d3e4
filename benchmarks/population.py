"""Speed of population fits: searches from many starts, bootstrap refits, and what a gradient costs.

    python benchmarks/population.py [--jobs 2]

Prints one table and keeps it in ``results/``. Times are of a warm process, in seconds of wall clock and of CPU;
compilation, which happens once and is kept, stands in a row of its own. Trajectories and gradients are timed inside
compiled loops.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numba import njit
from population_adjoint import gradient

import statmodels_x as smx
from statmodels_x.core.errors import StatmodelsXWarning
from statmodels_x.population.course.courses import course
from statmodels_x.population.kernels.objective import objective
from statmodels_x.population.kernels.recursion import advance

FORMULA = "aurelia_mixed + caudatum_mixed ~ day"
LOOPS = 4000


@njit
def loop_trajectory(P, theta, states, N, n):
    """Take the steps and the totals alone, from a given start."""
    inverse, m, first = np.ones(3), states.shape[1], P.ages[0]
    entries, signs, density = P.entries, P.signs, P.density
    for _ in range(n):
        for t in range(len(N)):
            N[t] = 0.0
            for i in range(m):
                N[t, 0 if i < first else 1] += states[t, i]
            if t + 1 < len(N):
                advance(
                    entries, signs, density, P.exponential, theta, states[t], N[t], inverse, states[t + 1]
                )


@njit
def loop_gradient(P, theta, g, n):
    for _ in range(n):
        gradient(P, theta, g)


@njit
def loop_normal(P, theta, g, H, n):
    for _ in range(n):
        objective(P, theta, g, H)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def best(call: Callable[[], object], repeats: int) -> tuple[float, float]:
    runs = [timed(call) for _ in range(repeats)]
    return min(wall for wall, _ in runs), min(cpu for _, cpu in runs)


def costs(fit: object) -> tuple[float, float, float]:
    """CPU time of a gradient and of a Gauss-Newton matrix over a plain trajectory, and the latter in microseconds."""
    P, theta = fit.machinery.problem, fit.machinery.estimate.theta
    p = len(theta)
    N, g, H = np.empty((26, 2)), np.empty(p), np.empty((p, p))
    states = course(P, theta, 0)[0]
    calls = (
        lambda n: loop_trajectory(P, theta, states, N, n),
        lambda n: loop_gradient(P, theta, g, n),
        lambda n: loop_normal(P, theta, g, H, n),
    )
    for call in calls:
        call(1)
    plain, adjoint, normal = (best(lambda call=call: call(LOOPS), 7)[1] for call in calls)
    return adjoint / plain, normal / plain, plain / LOOPS * 1e6


def projected(n_environments: int) -> tuple[float, float]:
    """Time ten thousand populations of twenty classes over a thousand steps."""
    rng, k = np.random.default_rng(0), 20
    matrices = [
        smx.LeslieMatrix(rng.uniform(0.0, 0.3, k), rng.uniform(0.5, 0.95, k - 1)).matrix
        for _ in range(n_environments)
    ]
    return best(lambda: smx.simulate_populations(matrices, np.ones(k), 1000, n=10_000), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=2)
    jobs = parser.parse_args().jobs
    warnings.simplefilter("ignore", StatmodelsXWarning)
    data = smx.datasets.load_paramecium()
    rows: list[tuple[str, float, float, str]] = []

    def row(name: str, times: tuple[float, float], note: str = "") -> None:
        rows.append((name, *times, note))

    model = smx.LeslieInteraction(FORMULA, data, ages=2, density="leslie-gower")
    row("first fit of a process (loads or compiles)", timed(lambda: model.fit(n_starts=1)))
    fit = model.fit(n_starts=60, n_jobs=jobs)
    row(
        "Leslie-Gower k = 2, 60 starts",
        best(lambda: model.fit(n_starts=60, n_jobs=jobs), 3),
        f"WSS {fit.wss:.4f}",
    )
    row("the same, 1,000 bootstrap refits", timed(lambda: fit.bootstrap(1000, n_jobs=jobs)))
    linear = smx.LeslieInteraction(FORMULA, data, ages=4, coupling="diagonal")
    row("linear k = 4, diagonal, with its ladder", timed(lambda: linear.fit(initial=20, n_jobs=jobs)))
    volterra = smx.LotkaVolterra(FORMULA, data)
    volterra.fit(n_starts=1)
    row("Lotka-Volterra, 30 starts", timed(lambda: volterra.fit(n_jobs=jobs)))
    row("10,000 projections of 1,000 steps, 20 classes", projected(1))
    row("the same, each through four environments at random", projected(4))
    for k in (1, 2, 3, 4):
        for density in ("leslie-gower", None):
            one = smx.LeslieInteraction(FORMULA, data, ages=k, density=density).fit(
                n_starts=2, warm_starts=False
            )
            ratios = costs(one)
            name = f"{'Leslie-Gower' if density else 'linear'} k = {k}: gradient / trajectory"
            note = f"{ratios[0]:.2f} times; Gauss-Newton {ratios[1]:.1f}; trajectory {ratios[2]:.2f} us"
            row(name, (np.nan, np.nan), note)
    table = pd.DataFrame(rows, columns=["work", "wall_s", "cpu_s", "note"]).set_index("work")
    table.round(3).to_csv(Path(__file__).parent / "results" / "population_speed.csv")
    print(table.to_string(float_format="{:.2f}".format, na_rep=""))


if __name__ == "__main__":
    main()
