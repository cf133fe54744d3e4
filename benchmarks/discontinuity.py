"""Speed and memory of the lifted solver and of whole fits, against named peers, in one run on one thread.

    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/discontinuity.py [--quick]

CPU times, the least of three. Iterations: milliseconds for one iteration in float32. Solve: seconds and iterations to a
fixed-point residual of 1e-4 with the lower bound and the jump set steady (lam = 50, nu = .02, isotropic). Tuned: a
whole automatic fit of 20 points a cell, on one core, with the border along cells and by the points, and a test of no
jump after the latter. Memory: numbers that the solver holds by voxel, and what a
process of its own needs at its peak beyond what it needs after compilation. Peers: mumfordshah2d (PyPI) on the energy
of 64^2, and Clarabel through cvxpy on 10^2 x 8; those not installed are left out. For context, the authors' own
PyTorch code needs 411 ms an iteration at 64^2 x 32 and 2,600 ms at 128^2 x 32 on one core. The table is kept in
results/discontinuity_speed.csv.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

import statmodels_x as smx
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.lifted.polish import edge_energy, polish_best
from statmodels_x.discontinuity.lifted.reference import solve_exactly
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, solve


def image(shape: tuple[int, ...], jump: float = 0.0751, sd: float = 0.011) -> np.ndarray:
    axes = np.meshgrid(*((np.arange(m) + 0.5) / m for m in shape), indexing="ij")
    r = np.sqrt(sum((x - 0.5) ** 2 for x in axes))
    noise = np.random.default_rng(0).normal(size=shape)
    return r + jump * (r >= 0.25) + sd * noise


RESULTS = Path(__file__).parent / "results" / "discontinuity_speed.csv"


def problem(shape: tuple[int, ...], levels: int) -> LiftedProblem:
    values = image(shape).ravel()
    scaled = (values - values.min()) / np.ptp(values)
    return LiftedProblem(Lattice(shape), scaled, np.ones(scaled.size), 50.0, 0.02, levels, True)


def cpu(work: Callable, repeats: int = 3) -> tuple[float, object]:
    times, result = [], None
    for _ in range(repeats):
        start = time.process_time()
        result = work()
        times.append(time.process_time() - start)
    return min(times), result


def voxel_floats(problem: LiftedProblem) -> int:
    """Numbers that the solver keeps for each cell."""
    return (4 + 4 * problem.lattice.n_axes) * (problem.levels + 1)


def _grown(shape: tuple[int, ...], levels: int, answer) -> None:
    solve(problem((4,) * len(shape), 4), 1e-4, 60)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    solve(problem(shape, levels), 1e-4, 60)
    answer.send((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def peak_megabytes(shape: tuple[int, ...], levels: int) -> float:
    """Growth of the peak of a process of its own by some iterations with two checks."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(False)
    process = context.Process(target=_grown, args=(shape, levels, send))
    process.start()
    grown = receive.recv()
    process.join()
    return grown


def solver_rows(shapes: list[tuple[tuple[int, ...], int]], to_accuracy: set[tuple[int, ...]]) -> list[dict]:
    rows = []
    peaks = {
        (shape, levels): peak_megabytes(shape, levels) for shape, levels in shapes
    }  # before this one grows
    for shape, levels in shapes:
        p = problem(shape, levels)
        solve(p, 1e-4, 3, fixed_iterations=True)
        n = 50
        seconds, _ = cpu(lambda p=p, n=n: solve(p, 1e-4, n, fixed_iterations=True))
        row = {
            "problem": "x".join(map(str, shape)) + f" x {levels}",
            "ms_iteration": 1e3 * seconds / n,
            "floats_voxel": voxel_floats(p),
            "megabytes": peaks[shape, levels],
        }
        if shape in to_accuracy:
            seconds, found = cpu(lambda p=p: solve(p, 1e-4, 20000), 1)
            after, polished = cpu(lambda p=p, found=found: polish_best(p, found.surface))
            row |= {
                "solve_s": seconds, "iterations": found.n_iter, "converged": found.converged, "polish_s": after,
                "bound": found.lower_bound * p.lattice.spacing**p.lattice.n_axes, "energy": polished.energy,
            }  # fmt: skip
        rows.append(row)
    return rows


def tuned_rows(sides: list[int]) -> list[dict]:
    rows = []
    for m in sides:
        n = 20 * m * m
        rng = np.random.default_rng(0)
        x = rng.random((n, 2))
        r = np.hypot(x[:, 0] - 0.5, x[:, 1] - 0.5)
        data = pd.DataFrame(
            {"a": x[:, 0], "b": x[:, 1], "y": r + 0.0751 * (r >= 0.25) + 0.05 * rng.normal(size=n)}
        )
        model = smx.FreeDiscontinuity("y ~ a + b", data, resolution=m)
        for border in ("cells", "points"):
            smx.FreeDiscontinuity("y ~ a + b", data[:600]).fit(border=border)  # what compiles is not timed
            seconds, fit = cpu(lambda model=model, border=border: model.fit(border=border), 1)
            rows.append(
                {"problem": f"tuned {m}x{m} {border}", "tuned_s": seconds, "jump_edges": len(fit.jumps)}
            )
        seconds, _ = cpu(lambda fit=fit: fit.test_no_jump(19), 1)
        rows.append({"problem": f"test_no_jump(19) {m}x{m} points", "tuned_s": seconds})
    return rows


def peer_rows() -> list[dict]:
    p = problem((10, 10), 8)
    ours, found = cpu(lambda: solve(p, 1e-6, 20000, np.float64))
    exact, reference = cpu(lambda: solve_exactly(p), 1)
    rows = [
        {"problem": "10x10 x 8, Clarabel", "solve_s": exact, "bound": reference.lower_bound},
        {
            "problem": "10x10 x 8, to 1e-6",
            "solve_s": ours,
            "iterations": found.n_iter,
            "bound": found.lower_bound,
        },
    ]
    try:
        import mumfordshah2d
    except ImportError:
        return rows
    q = problem((64, 64), 32)  # the same energy, divided by lam
    h = q.lattice.spacing
    gamma, alpha = q.nu / h / q.lam, 1.0 / (q.lam * h**2)
    seconds, surface = cpu(lambda: mumfordshah2d.min_l2_mum_2d(q.f.reshape(64, 64), gamma, alpha), 1)
    energy = edge_energy(q, np.asarray(surface).ravel())
    return [*rows, {"problem": "64x64, mumfordshah2d", "solve_s": seconds, "energy": energy}]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out what takes more than a few seconds")
    quick = parser.parse_args().quick
    shapes = [
        ((32, 32), 32),
        ((64, 64), 16),
        ((64, 64), 32),
        ((64, 64), 64),
        ((128, 128), 32),
        ((32, 32, 32), 32),
    ]
    to_accuracy = {(64, 64)} if quick else {(64, 64), (128, 128), (32, 32, 32)}
    if not quick:
        shapes += [((256, 256), 32), ((64, 64, 64), 32)]
    rows = solver_rows(shapes, to_accuracy) + tuned_rows([31] if quick else [31, 64]) + peer_rows()
    table = pd.DataFrame(rows).set_index("problem").round(4)
    print(table.to_string(na_rep=""))
    if not quick:
        table.to_csv(RESULTS)


if __name__ == "__main__":
    main()
