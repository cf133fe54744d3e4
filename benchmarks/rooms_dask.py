"""Surrogates and surfaces of more rows than a process should hold: memory of Dask frames, and of the same in memory.

    python benchmarks/rooms_dask.py [--people 4000000] [--points 4000000] [--only surface] [--save]

The rows are generated lazily from seeds, partition by partition, in columns that a model does not read as well: 30 of
a trial, 12 of points in the plane. Each line is a process of its own with a local cluster of two workers of one thread
(or none: the line "memory" puts all columns into one pandas frame, a partition after the other; of a surface it has
200,000 points). Prints and saves processor seconds, the peak resident memory of each process since its start less what
it had after its imports and a small fit, and the main estimate: for the trial it must be the same in both lines.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import dask.dataframe as dd
import distributed
import numpy as np
import pandas as pd

import statmodels_x as smx

RESULTS = Path(__file__).parent / "results" / "rooms_dask.csv"
PARTITIONS = 100
N_PERTURB = 100
NOT_READ = {"surrogate": 26, "surface": 9}


def people(seed: int, rows: int) -> pd.DataFrame:
    """One partition of a trial; the same seed gives the same rows, however often they are needed."""
    rng = np.random.default_rng([2026, seed])
    arm = rng.integers(0, 2, rows)
    progression = rng.exponential(np.where(arm == 1, 5.0, 3.0))
    death = rng.exponential(8.0, rows)
    after = progression + rng.exponential(np.where(arm == 1, 2.5, 2.0))
    died_at = np.where(progression < death, after, death)
    censored = rng.uniform(2.0, 8.0, rows)
    end = np.minimum(died_at, censored)
    seen = progression < end
    data = {
        "arm": arm,
        "time": end,
        "status": died_at <= censored,
        "pfs": np.minimum(progression, end),
        "progressed": seen,
    }
    return with_others(pd.DataFrame(data), rng, "surrogate")


def points(seed: int, rows: int) -> pd.DataFrame:
    """One partition of points in the plane, higher by 0.5 within a circle."""
    rng = np.random.default_rng([2027, seed])
    x, y = rng.uniform(size=(2, rows))
    inside = (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.08
    data = pd.DataFrame({"x": x, "y": y, "z": x + 0.5 * inside + 0.5 * rng.normal(size=rows)})
    return with_others(data, rng, "surface")


def with_others(data: pd.DataFrame, rng: np.random.Generator, room: str) -> pd.DataFrame:
    """Add the columns that are not read."""
    others = rng.normal(size=(len(data), NOT_READ[room]))
    return pd.concat([data, pd.DataFrame(others, columns=[f"v{k}" for k in range(NOT_READ[room])])], axis=1)


MAKERS = {"surrogate": people, "surface": points}


def model(room: str, data):
    if room == "surrogate":
        return smx.SurrogatePTE("Surv(time, status) ~ arm", "Surv(pfs, progressed)", data, at=4, landmark=2)
    return smx.FreeDiscontinuity("z ~ x + y", data, resolution=30)


def fitted(room: str, of) -> dict:
    """Fit, and return the main numbers."""
    if room == "surrogate":
        fit = of.fit(method="full", n_perturb=N_PERTURB)
        return {"nobs": fit.nobs, "estimate": fit.params["pte"], "std_error": fit.bse["pte"]}
    fit = of.fit()
    border = fit.boundaries.iloc[0]
    return {"nobs": fit.nobs, "estimate": border["mean_size"], "std_error": border["std_error"]}


def peak() -> float:
    """Largest resident memory of this process since its start, in megabytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024.0


def measure(room: str, rows: int, how: str) -> dict:
    """Read and fit in this process, with or without workers."""
    make, each = MAKERS[room], rows // PARTITIONS
    small = make(0, 5_000)
    fitted(room, model(room, small))  # compiles
    idle = peak()
    processor = time.process_time()
    if how == "memory":
        frame = pd.concat([make(seed, each) for seed in range(PARTITIONS)], ignore_index=True)
        found = fitted(room, model(room, frame))
        workers = {}
    else:
        cluster = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=":0", memory_limit=None, silence_logs=60
        )
        with cluster, distributed.Client(cluster) as client:
            idle_worker = max(client.run(peak).values())
            data = dd.from_map(make, range(PARTITIONS), rows=each, meta=small.iloc[:5])
            found = fitted(room, model(room, data))
            workers = {
                "worker peak beyond idle, MB": round(max(client.run(peak).values()) - idle_worker),
                "processor time of the workers, s": round(sum(client.run(time.process_time).values()), 1),
            }
    return {
        "model": room,
        "frame": how,
        "rows": found["nobs"],
        "columns": small.shape[1],
        "whole frame, MB": round(rows * int(small.memory_usage(index=False).sum()) / len(small) / 2**20),
        "client peak beyond idle, MB": round(peak() - idle),
        **workers,
        "processor time of the client, s": round(time.process_time() - processor, 1),
        "estimate": found["estimate"],
        "std_error": found["std_error"],
    }


def in_its_own_process(room: str, rows: int, how: str) -> dict:
    command = [sys.executable, __file__, "--measure", room, how, "--people", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    return json.loads(done.stdout.strip().splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=4_000_000)
    parser.add_argument("--points", type=int, default=4_000_000)
    parser.add_argument(
        "--only", choices=list(MAKERS), help="this model alone; --save keeps the lines of the other"
    )
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # the processes and workers inherit it
    if arguments.measure:
        room, how = arguments.measure
        print(json.dumps(measure(room, arguments.people, how), default=float))
        return
    few = min(arguments.points, 200_000)  # in memory a border is drawn among all points, not among averages
    lines = []
    for room, how, rows in (
        ("surrogate", "dask", arguments.people),
        ("surrogate", "memory", arguments.people),
        ("surface", "dask", arguments.points),
        ("surface", "dask", few),
        ("surface", "memory", few),
    ):
        if arguments.only not in (None, room):
            continue
        lines.append(in_its_own_process(room, rows, how))
        print(json.dumps(lines[-1]), flush=True)
    if arguments.save:
        table = pd.DataFrame(lines)
        if arguments.only and RESULTS.exists():
            before = pd.read_csv(RESULTS)
            table = pd.concat([before[before["model"] != arguments.only], table])
        table.to_csv(RESULTS, index=False, float_format="%.10g")


if __name__ == "__main__":
    main()
