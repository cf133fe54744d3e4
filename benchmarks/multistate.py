"""Processor time of fits, predictions and paths of an illness-death model.

``python benchmarks/multistate.py [n]`` draws n subjects (1,000) of two arms and writes
``benchmarks/results/multistate_speed.csv``.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import statmodels_x as smx

RESULT = Path(__file__).parent / "results" / "multistate_speed.csv"


def seconds(task: Callable[[], Any], repeats: int) -> float:
    """Median processor time, after one run that compiles."""
    task()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        task()
        spent.append(time.process_time() - start)
    return float(np.median(spent))


def main(n: int) -> None:
    process = smx.IllnessDeathTrial(smx.IllnessDeath(1.0, 0.1, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45), 0.08)
    trial = process.simulate(n=n // 2, seed=1)
    data = smx.MultiStateData.from_trial(trial)
    arms, at = pd.DataFrame({"arm": [0, 1]}), np.linspace(0.2, 4.0, 20)

    def fit(clock: str = "forward") -> Any:
        return smx.MultiState("~ arm", data, clock, "weibull", scale="ph").fit()

    forward, reset = fit(), fit("reset")
    tasks = {
        "container": (lambda: smx.MultiStateData.from_trial(trial), 7),
        "model and fit, 3 transitions": (fit, 7),
        "shares with bands, 20 times, 2 arms": (lambda: forward.predict(arms, at=at), 7),
        "shares with bands, reset clock": (lambda: reset.predict(arms, at=at), 7),
        "stays with bands, 1 horizon, 2 arms": (lambda: forward.predict(arms, "stay", at=4), 7),
        "next state, 2 arms": (lambda: forward.predict(arms, "next_state"), 5),
        "1e6 paths": (lambda: forward.simulate(arms.iloc[:1], n=1_000_000, until=8, seed=1), 3),
    }
    rows = [{"task": name, "n": n, "seconds": seconds(task, k)} for name, (task, k) in tasks.items()]
    table = pd.DataFrame(rows).round(4)
    table.to_csv(RESULT, index=False)
    print(table.to_string())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
