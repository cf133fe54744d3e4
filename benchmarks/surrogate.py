"""Time and memory of full inference on PTE (estimate and 500 perturbations) over the sample size.

    python benchmarks/surrogate.py [--largest 1000000] [--perturb 500]

Each size runs in a process of its own: processor seconds on one core after compilation, the slope of log time on
log size, and the peak of what the fit allocates with 25 and with 100 perturbations (it must not grow with them).
The R package SurrogateOutcome runs beside it where Rscript finds it (point estimate alone: its perturbations take
minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd

SIZES = (500, 1_000, 10_000, 100_000, 500_000)
SETTING = "A illness-death"
N_PERTURB = 500
RESULTS = Path(__file__).parent / "results"
R_CODE = """
d <- read.csv(commandArgs(TRUE)[1])
if (!requireNamespace("SurrogateOutcome", quietly = TRUE)) quit(status = 3)
if (!exists("R.opt.event", asNamespace("SurrogateOutcome"))) quit(status = 3)
one <- d$arm == 1
d$s[d$seen == 0] <- NA
t <- system.time(SurrogateOutcome::R.opt.event(d$time[one], d$time[!one], d$status[one], d$status[!one],
                 d$s[one], d$s[!one], t = 3, landmark = 1))
cat(t[["elapsed"]])
"""


def measure(n: int, n_perturb: int) -> dict:
    """Fit one trial of n an arm in this process."""
    import statmodels_x as smx
    from statmodels_x.surrogate.planning.simulate import PROCESSES

    process = PROCESSES[SETTING].process
    formula, surrogate = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"

    def fit(size: int, replicates: int) -> float:
        start = time.process_time()
        models[size].fit(n_perturb=replicates)
        return time.process_time() - start

    def peak(replicates: int) -> float:
        """Peak of what the fit allocates, in megabytes."""
        tracemalloc.start()
        models[n].fit(n_perturb=replicates)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top / 2**20

    models = {
        size: smx.SurrogatePTE(formula, surrogate, process.simulate(size, seed=1), at=3, landmark=1)
        for size in (200, n)
    }
    fit(200, 20)  # compiles
    seconds = fit(n, n_perturb)
    return {"n_per_arm": n, "seconds": seconds, "megabytes_B25": peak(25), "megabytes_B100": peak(100)}


def in_its_own_process(n: int, n_perturb: int) -> dict:
    command = [sys.executable, __file__, "--measure", str(n), "--perturb", str(n_perturb)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return json.loads(done.stdout.strip().splitlines()[-1])


def r_seconds(n: int) -> str:
    """Seconds of the authors' R code for the point estimate alone, or why there are none."""
    if shutil.which("Rscript") is None:
        return "no Rscript"
    from statmodels_x.surrogate.planning.simulate import PROCESSES

    frame = PROCESSES[SETTING].process.simulate(n, seed=1)
    frame = frame.rename(columns={"surrogate_time": "s", "surrogate_status": "seen"})
    with tempfile.TemporaryDirectory() as folder:
        data, script = Path(folder) / "trial.csv", Path(folder) / "run.R"
        frame.to_csv(data, index=False)
        script.write_text(R_CODE)
        done = subprocess.run(["Rscript", script, data], capture_output=True, text=True, check=False)
    return f"{float(done.stdout):.2f}" if done.returncode == 0 else "SurrogateOutcome is not installed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="largest size of an arm")
    parser.add_argument("--perturb", type=int, default=N_PERTURB)
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.perturb)))
        return
    sizes = [n for n in SIZES if n <= arguments.largest]
    table = pd.DataFrame([in_its_own_process(n, arguments.perturb) for n in sizes])
    steps = np.diff(np.log(table["seconds"])) / np.diff(np.log(table["n_per_arm"]))
    table["slope"] = [np.nan, *steps]
    table["bytes_per_subject"] = table["megabytes_B100"] * 2**20 / (2 * table["n_per_arm"])
    table["R_point_estimate"] = [r_seconds(n) if n <= 1_000 else "" for n in sizes]
    print(table.round(3).to_string(index=False))
    if arguments.largest >= SIZES[-1] and arguments.perturb == N_PERTURB:
        table.round(3).to_csv(RESULTS / "surrogate_speed.csv", index=False)


if __name__ == "__main__":
    main()
