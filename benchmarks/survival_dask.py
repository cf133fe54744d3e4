"""A survival fit to more rows than a process should hold: a Dask frame on a local cluster of two workers.

    python benchmarks/survival_dask.py [--rows 20000000] [--partitions 100] [--workers 2]

The rows are generated lazily, partition by partition, from seeds: five covariates, four-parameter times, about
40 % censored. Prints one table: seconds by the clock (which other work on the machine can stretch) and by the
processors of the workers (which it cannot), peak resident memory of each worker (asked of the worker's own
operating system) and of the client, and the estimates beside the truth. Each worker has one process with one
thread, and BLAS has one thread. Peak memory is that of the process since its start; each model gets new workers.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import dask
import dask.dataframe as dd
import distributed
import numpy as np
import pandas as pd

import statmodels_x as smx

RESULTS = Path(__file__).parent / "results" / "survival_dask.csv"
SLOPES = {"a": 0.2, "b": -0.3, "c": 0.1, "d": 0.0, "e": 0.05}
LOG_PHI, LOG_GAMMA = 0.1, 0.3
KAPPA = {"weibull": 1.0, "apgw": 0.3}


def part(seed: int, rows: int, kappa: float) -> pd.DataFrame:
    """One partition; the same seed gives the same rows, however often a worker needs them."""
    rng = np.random.default_rng([2026, seed])
    x = rng.normal(size=(rows, len(SLOPES)))
    phi = np.exp(LOG_PHI + x @ np.array(list(SLOPES.values())))
    event = smx.APGW(phi=phi, gamma=np.exp(LOG_GAMMA), kappa=kappa).rvs(seed=rng)
    censored = rng.uniform(0.0, 2.3, rows)
    data = pd.DataFrame(x, columns=list(SLOPES))
    return data.assign(time=np.minimum(event, censored), status=(event <= censored).astype(np.int8))


def peak_megabytes() -> float:
    """Largest resident memory of this process since its start, as Linux counts it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024.0


def truth(distribution: str) -> dict[tuple[str, str], float]:
    known = {("aft", "Intercept"): LOG_PHI, **{("aft", name): slope for name, slope in SLOPES.items()}}
    known["power", "Intercept"] = LOG_GAMMA
    return known if distribution == "weibull" else {**known, ("shape", "Intercept"): np.log1p(KAPPA["apgw"])}


def run(distribution: str, arguments: argparse.Namespace) -> pd.DataFrame:
    rows = arguments.rows // arguments.partitions
    kappa = KAPPA[distribution]
    cluster = distributed.LocalCluster(
        n_workers=arguments.workers,
        threads_per_worker=1,
        dashboard_address=":0",
        memory_limit=None,
        silence_logs=60,
    )
    with cluster, distributed.Client(cluster) as client:
        idle = max(client.run(peak_megabytes).values())
        seeds = range(arguments.partitions)
        data = dd.from_map(part, seeds, rows=rows, kappa=kappa, meta=part(0, 10, kappa))
        formula = "Surv(time, status) ~ " + " + ".join(SLOPES)
        start = time.perf_counter()
        model = smx.FlexibleSurvival(formula, data, distribution)
        read = time.perf_counter()
        fit = model.fit()
        done = time.perf_counter()
        peaks = client.run(peak_megabytes)
        busy = client.run(time.process_time)
    known = truth(distribution)
    estimates = pd.DataFrame({"estimate": fit.params, "std_error": fit.bse})
    estimates["truth"] = [known[label] for label in fit.params.index]
    estimates["z"] = (estimates["estimate"] - estimates["truth"]) / estimates["std_error"]
    what = {
        "model": distribution,
        "rows": fit.nobs,
        "partitions": arguments.partitions,
        "workers": arguments.workers,
        "threads per worker": 1,
        "read and check, s": round(read - start, 1),
        "fit, s": round(done - read, 1),
        "processor time of the workers, s": round(sum(busy.values()), 1),
        "worker peak, MB": round(max(peaks.values())),
        "idle worker, MB": round(idle),
        "client peak, MB": round(peak_megabytes()),
        "these columns in one frame, MB": round(fit.nobs * (8 * (len(SLOPES) + 1) + 1) / 2**20),
        "censored": round(1.0 - fit.n_events / fit.nobs, 3),
        "log-likelihood": round(fit.llf, 2),
    }
    table = estimates.reset_index()
    for position, (name, value) in enumerate(what.items()):
        table.insert(position, name, value)
    print(f"\n{distribution}: " + ", ".join(f"{name} {value}" for name, value in list(what.items())[1:]))
    print(estimates.round(6).to_string(), flush=True)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--partitions", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/survival_dask.csv")
    arguments = parser.parse_args()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"  # the workers inherit it
    print(f"dask {dask.__version__}, {arguments.workers} workers of one thread, {os.cpu_count()} processors")
    tables = [run(distribution, arguments) for distribution in KAPPA]
    if arguments.save:
        pd.concat(tables).to_csv(RESULTS, index=False, float_format="%.8g")


if __name__ == "__main__":
    main()
