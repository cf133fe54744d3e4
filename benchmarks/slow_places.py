"""Places that were slow, before and after: processor seconds in one thread, and the numbers that came out.

    python benchmarks/slow_places.py after [--bank path/to/TCPD/datasets/bank/bank.json]
    PYTHONPATH=path/to/an/older/tree python benchmarks/slow_places.py before

Works that an older tree does in minutes are measured with fewer rows than elsewhere on the page. The columns of the
other word are kept; results/slow_places.csv has both. Series of 581 points are those of the Turing Change Point
Dataset, which is not shipped.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["STATMODELS_X_THREADS"] = "1"

import numpy as np
import pandas as pd
import survival
from suite import steps

import statmodels_x as smx

RESULTS = Path(__file__).parent / "results" / "slow_places.csv"
Work = tuple[str, int, Callable[[], float]]


def works(bank: Path | None) -> Iterator[Work]:
    """Name each work and its size; the calls return the number to compare."""
    n = 10_000
    data = survival.sample(n)
    for name, options in (("Weibull", {"distribution": "weibull"}), ("full family", {})):
        fit = smx.FlexibleSurvival(f"Surv(time, status) ~ {survival.TERMS}", data, **options).fit()
        yield (
            f"standardised restricted mean, {name}", n,
            lambda fit=fit: float(fit.standardise("rmst", at=2.0, over=data)["estimate"].iloc[0]),
        )  # fmt: skip
        yield (
            f"mean of each row, {name}",
            n,
            lambda fit=fit: float(fit.predict(data, "mean")["estimate"].mean()),
        )
    trial = smx.datasets.load_melanoma()
    gamma = smx.FlexibleSurvival("Surv(time, status) ~ treatment + age + sex", trial, distribution="gengamma")
    yield "generalised gamma, log-likelihood", len(trial), lambda: float(gamma.fit().llf)
    if bank is not None:
        series = pd.DataFrame({"y": json.loads(bank.read_text())["series"][0]["raw"]})
        series["x"] = np.arange(len(series))
        yield "curve of a bank, jumps", len(series), lambda: jumps(series)
    yield "curve with 19 steps, jumps", 5_000, lambda: jumps(steps(5_000))


def jumps(data: pd.DataFrame) -> float:
    return float(len(smx.FreeDiscontinuity("y ~ x", data).fit().jumps))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("when", choices=("before", "after"))
    parser.add_argument("--bank", type=Path)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for work, n, call in works(arguments.bank):
        call()  # compiles
        seconds = []
        for _ in range(3 if arguments.when == "after" else 1):
            start = time.process_time()
            value = call()
            seconds.append(time.process_time() - start)
        rows.append({"work": work, "n": n, "seconds": np.median(seconds), "value": value})
        print(rows[-1], flush=True)
    save(pd.DataFrame(rows), arguments.when)


def save(rows: pd.DataFrame, when: str) -> None:
    """Write the columns of one word, and keep those of the other."""
    keys = ["work", "n"]
    table = rows.rename(columns={name: f"{name} {when}" for name in ("seconds", "value")})
    if RESULTS.exists():
        kept = pd.read_csv(RESULTS)
        others = [name for name in kept.columns if name not in keys and not name.endswith(when)]
        table = kept[keys + others].merge(table, on=keys, how="outer", sort=False)
    table.to_csv(RESULTS, index=False, float_format="%.12g")


if __name__ == "__main__":
    main()
