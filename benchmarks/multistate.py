"""Processor time of fits, predictions and paths of an illness-death model, beside flexsurv and mstate in R.

``python benchmarks/multistate.py [n]`` draws n subjects (1,000) of two arms and writes
``benchmarks/results/multistate_speed.csv`` and ``multistate_agreement.csv``. The peers run in ``multistate.R`` on the
same data where Rscript finds both packages; without them their columns are empty, and the reason is printed.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import statmodels_x as smx

RESULTS = Path(__file__).parent / "results"
PEERS = Path(__file__).with_suffix(".R")
AT = np.linspace(0.2, 4.0, 20)
ARMS = pd.DataFrame({"arm": [0, 1]})
# the peers draw 50 coefficients for their bands where the default is 1,000
SCALED = {"shares with bands, 20 times, 2 arms": 20.0, "stays with bands, 1 horizon, 2 arms": 20.0}
NAMED = {
    "shares with bands, 20 times, 2 arms": "pmatrix.fs, ci, B = 1000",
    "shares, 20 times, 2 arms": "pmatrix.fs",
    "shares, reset clock": "pmatrix.simfs, 1e5 paths",
    "stays with bands, 1 horizon, 2 arms": "totlos.fs, ci, B = 1000",
    "stays, 1 horizon, 2 arms": "totlos.fs",
    "model and fit, 3 transitions": "three flexsurvreg",
    "container": "msprep",
    "1e6 paths": "sim.fmsm",
    "Aalen-Johansen": "msfit and probtrans",
}


def seconds(task: Callable[[], Any], repeats: int) -> float:
    """Median processor time, after one run that compiles."""
    task()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        spent.append(time.process_time() - start)
    return float(np.median(spent))


def simulated(n: int) -> pd.DataFrame:
    """Draw a trial of n subjects in two arms."""
    process = smx.IllnessDeathTrial(smx.IllnessDeath(1.0, 0.1, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45), 0.08)
    return process.simulate(n=n // 2, seed=1)


def fitted(trial: pd.DataFrame, clock: str = "forward") -> Any:
    """Fit a Weibull model to each transition, from the rows of the trial on."""
    data = smx.MultiStateData.from_trial(trial)
    return smx.MultiState("~ arm", data, clock, "weibull", scale="ph").fit()


def tasks_of(trial: pd.DataFrame) -> dict[str, tuple[Callable[[], Any], int]]:
    """Return what is timed, and how often."""
    data = smx.MultiStateData.from_trial(trial)
    forward, reset = fitted(trial), fitted(trial, "reset")
    model = smx.MultiState
    return {
        "container": (lambda: smx.MultiStateData.from_trial(trial), 7),
        "model and fit, 3 transitions": (
            lambda: model("~ arm", data, "forward", "weibull", scale="ph").fit(),
            7,
        ),
        "shares with bands, 20 times, 2 arms": (lambda: forward.predict(ARMS, at=AT), 7),
        "shares with bands, reset clock": (lambda: reset.predict(ARMS, at=AT), 7),
        "stays with bands, 1 horizon, 2 arms": (lambda: forward.predict(ARMS, "stay", at=4), 7),
        "next state, 2 arms": (lambda: forward.predict(ARMS, "next_state"), 5),
        "1e6 paths": (lambda: forward.simulate(ARMS.iloc[:1], n=1_000_000, until=8, seed=1), 3),
        "Aalen-Johansen": (data.aalen_johansen, 7),
    }


def ours(trial: pd.DataFrame) -> tuple[dict[str, float], pd.Series]:
    """Seconds of each task, and the numbers that the peers print too."""
    spent = {name: seconds(task, k) for name, (task, k) in tasks_of(trial).items()}
    spent["shares, 20 times, 2 arms"] = spent["shares with bands, 20 times, 2 arms"]
    spent["shares, reset clock"] = spent.pop("shares with bands, reset clock")
    spent["stays, 1 horizon, 2 arms"] = spent["stays with bands, 1 horizon, 2 arms"]
    return spent, _numbers(fitted(trial), smx.MultiStateData.from_trial(trial))


def _numbers(fit: Any, data: Any) -> pd.Series:
    found = {("llf", str(k + 1)): part.llf for k, part in enumerate(fit.fits.values())}
    shares = fit.predict(ARMS, at=AT)["estimate"].to_numpy().reshape(2, len(AT), 3)
    stays = fit.predict(ARMS, "stay", at=4)["estimate"].to_numpy().reshape(2, 3)
    table = data.aalen_johansen().set_index("time")
    for arm in (0, 1):
        for s in range(3):
            found["stay", f"{arm} {s + 1}"] = stays[arm, s]
            found |= {("share", f"{arm} {j + 1} {s + 1}"): shares[arm, j, s] for j in range(len(AT))}
    for j, t in enumerate(AT):
        found |= {("aalen", f"{j + 1} {s + 1}"): value for s, value in enumerate(table[:t].iloc[-1])}
    return pd.Series(found).rename_axis(["what", "key"])


def peers(trial: pd.DataFrame) -> tuple[dict[str, float], pd.Series | None, str]:
    """Seconds and numbers of the peers, and their versions or why there are none."""
    if shutil.which("Rscript") is None:
        return {}, None, "no Rscript"
    with tempfile.TemporaryDirectory() as folder:
        trial.to_csv(Path(folder) / "trial.csv", index=False)
        pd.DataFrame({"at": AT}).to_csv(Path(folder) / "grid.csv", index=False)
        done = subprocess.run(["Rscript", PEERS, folder], capture_output=True, text=True, check=False)
        if done.returncode:
            return {}, None, f"flexsurv or mstate is not installed ({done.stderr.strip().splitlines()[-1]})"
        times = pd.read_csv(Path(folder) / "peers_times.csv").set_index("task")["seconds"].to_dict()
        values = pd.read_csv(Path(folder) / "peers_values.csv", dtype={"key": str}).set_index(
            ["what", "key"]
        )["value"]
    return {task: value * SCALED.get(task, 1.0) for task, value in times.items()}, values, done.stdout


def main(n: int) -> None:
    trial = simulated(n)
    spent, numbers = ours(trial)
    theirs, values, said = peers(trial)
    rows = [
        {
            "task": task,
            "n": n,
            "seconds": value,
            "peer": NAMED.get(task, ""),
            "peer seconds": theirs.get(task, np.nan),
            "times ours": theirs.get(task, np.nan) / value,
        }
        for task, value in spent.items()
    ]
    table = pd.DataFrame(rows).round({"seconds": 4, "peer seconds": 4, "times ours": 1})
    table.to_csv(RESULTS / "multistate_speed.csv", index=False)
    print(table.to_string(), said, sep="\n")
    if values is None:
        return
    gap = (numbers - values).abs()
    agreement = pd.DataFrame(
        {"what": what, "numbers": len(part), "largest difference": part.max()}
        for what, part in gap.groupby(level=0, sort=False)
    ).assign(peers=said)
    agreement.to_csv(RESULTS / "multistate_agreement.csv", index=False)
    print(agreement.to_string())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
