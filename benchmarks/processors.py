"""The same answer on every processor: seeded fits and bootstraps under two of OpenBLAS's kernels.

Every model of tests/common, and fits to data sets of the package, are made under ``OPENBLAS_CORETYPE=Haswell`` and
under ``SkylakeX`` (which needs a processor with AVX-512), each in a process of its own. The gap of a number of
``tidy()``, ``glance()`` and of what is predicted or resampled is its difference relative to its size, or to 1/1000 of
the usual size of its table where it is smaller. The table, results/processors.csv, has the largest gap by model and
kind; the goal is 1e-6.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from chunks import RESULTS, write

import statmodels_x as smx

CASES = Path(__file__).parents[1] / "tests" / "common" / "conftest.py"
KERNELS = ("Haswell", "SkylakeX")
GOAL = 1e-6


def data_sets() -> dict[str, Callable[[], Any]]:
    """Return fits to data sets of the package: longer searches than those of the tests."""
    load = smx.datasets
    surv, colon = "Surv(time, status) ~ ", load.load_colon()
    times = ("Surv(time_death / 365.25, status_death) ~ rx", "Surv(time_recur / 365.25, status_recur)")
    arms = {"at": 5, "landmark": 2, "treated": "Lev+5FU", "control": "Obs"}
    paramecium, hare = load.load_paramecium(), load.load_hare_lynx()
    mixed = "aurelia_mixed + caudatum_mixed ~ day"
    return {
        "melanoma, apgw": lambda: smx.FlexibleSurvival(
            surv + "treatment + age", load.load_melanoma(), power="~ age"
        ).fit(),
        "melanoma, gengamma": lambda: smx.FlexibleSurvival(
            surv + "treatment", load.load_melanoma(), "gengamma"
        ).fit(),
        "veteran, cure": lambda: smx.FlexibleSurvival(
            surv + "karno", load.load_veteran(), "weibull", cure="~ 1"
        ).fit(),
        "lung, both scales": lambda: smx.FlexibleSurvival(
            surv + "age", load.load_lung(), other_scale="~ 1"
        ).fit(),
        "colon, background": lambda: against_a_life_table(colon),
        "colon, states": lambda: states_of(colon),
        "colon, pte": lambda: smx.SurrogatePTE(*times, colon, **arms).fit(n_perturb=100),
        "colon, residual": lambda: smx.ResidualEffect(*times, colon, **arms).fit(n_perturb=100),
        "paramecium, leslie": lambda: smx.LeslieInteraction(mixed, paramecium, density="leslie-gower").fit(
            n_starts=20
        ),
        "hare and lynx": lambda: smx.LotkaVolterra("hare + lynx ~ year", hare, "predation").fit(n_starts=20),
        "curve of 400": lambda: smx.FreeDiscontinuity(curve()).fit(),
        "image": lambda: smx.FreeDiscontinuity(disk()).fit(max_iter=5000),
        "image, sure": lambda: smx.FreeDiscontinuity(disk()).fit(tune="sure", max_iter=2000),
    }


def against_a_life_table(colon: pd.DataFrame) -> Any:
    """Return a fit of the excess hazard over that of the population."""
    rates = smx.datasets.load_us_mortality()
    table = smx.LifeTable(rates, age="age", year="year", rate="rate", by="sex", extend="hold")
    rows = colon.assign(
        years=colon["time_death"] / 365.25,
        gender=np.where(colon["sex"] == 1, "male", "female"),
        randomised=1986.0,
    )
    match = table.match(age="age", year="randomised", sex="gender")
    return smx.FlexibleSurvival(
        "Surv(years, status_death) ~ rx", rows, time_unit="years", background=match
    ).fit()


def states_of(colon: pd.DataFrame) -> Any:
    """Return a fit of three transitions."""
    events = {"recurrence": ("time_recur", "status_recur"), "dead": ("time_death", "status_death")}
    stays = smx.MultiStateData.from_wide(colon, events, keep=["rx"], ties="half_unit", unit=1.0)
    return smx.MultiState("~ rx", stays, "reset", scale="ph").fit()


def curve() -> np.ndarray:
    """Return a noisy curve with two jumps."""
    x = np.linspace(0.0, 1.0, 400)
    return np.sin(5.0 * x) + (x > 0.4) - 0.7 * (x > 0.7) + 0.25 * np.random.default_rng(9).normal(size=400)


def disk() -> np.ndarray:
    """Return a noisy image of a disk."""
    x = (np.arange(24) + 0.5) / 24 - 0.5
    return (x[:, None] ** 2 + x**2 < 0.09) + 0.2 * np.random.default_rng(8).normal(size=(24, 24))


def resampled(fit: Any) -> Any:
    """Return what a bootstrap or a perturbation of the fit says, where there is one."""
    if hasattr(fit, "bootstrap"):
        return fit.bootstrap(n=19, seed=1).conf_int()
    return fit.conf_int(method="quantile") if hasattr(fit, "r_s") else pd.DataFrame()


def numbers(only: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Return the numbers of models by kind; of all where ``only`` names none."""
    spec = spec_from_file_location("cases", CASES)
    cases = sys.modules["cases"] = module_from_spec(spec)
    spec.loader.exec_module(cases)
    warnings.simplefilter("ignore")
    found = {}
    for case in cases.CASES:
        if only and case.name not in only:
            continue
        fit = case.run()
        predicted = np.zeros(0) if case.predict is None else case.predict(fit)
        found[case.name] = _kinds(fit, resampled(fit)) | {"predicted": predicted.ravel().tolist()}
    makers = {name: make for name, make in data_sets().items() if not only or name in only}
    return found | {name: _kinds(make(), pd.DataFrame()) for name, make in makers.items()}


def _kinds(fit: Any, draws: pd.DataFrame) -> dict[str, list[float]]:
    tables = {"tidy": fit.tidy(), "glance": fit.glance(), "resampled": draws}
    return {
        name: table.select_dtypes("number").to_numpy(float).ravel().tolist() for name, table in tables.items()
    }


def run(kernel: str, only: Sequence[str] = ()) -> dict[str, dict[str, list[float]]]:
    """Return the numbers of a process under a kernel of OpenBLAS."""
    environment = {**os.environ, "OPENBLAS_CORETYPE": kernel, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, "--numbers", "--only", *only],
        env=environment, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return json.loads(done.stdout)


def gap(first: list[float], second: list[float]) -> float:
    """Return the largest difference relative to the size of a number or, where it is small, of the others."""
    if len(first) != len(second):
        return np.inf
    a, b = np.array(first), np.array(second)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if same.all():
        return 0.0
    usual = np.median(np.abs(a[np.isfinite(a)]))
    with np.errstate(invalid="ignore"):
        relative = np.abs(a - b) / np.maximum(np.maximum(np.abs(a), np.abs(b)), 1e-3 * usual)
    return float(np.where(same, 0.0, np.where(np.isnan(relative), np.inf, relative)).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--numbers", action="store_true", help="print the numbers of this process")
    parser.add_argument("--only", nargs="*", default=(), help="models whose rows of the table are made again")
    asked = parser.parse_args()
    if asked.numbers:
        print(json.dumps(numbers(asked.only)))
        return
    first, second = (run(kernel, asked.only) for kernel in KERNELS)
    rows = [
        {
            "model": model,
            "kind": kind,
            "numbers": len(first[model][kind]),
            "gap": gap(first[model][kind], values),
        }
        for model, kinds in second.items()
        for kind, values in kinds.items()
        if values
    ]
    table = pd.DataFrame(rows)
    if asked.only:
        kept = pd.read_csv(RESULTS / "processors.csv")
        table = pd.concat([kept[~kept["model"].isin(asked.only)], table], ignore_index=True)
    write(table, RESULTS / "processors.csv", float_format="%.1e")
    print(table.to_string(index=False, float_format="%.1e"))
    print(f"{(table['gap'] > GOAL).sum()} of {len(table)} above {GOAL:g}")


if __name__ == "__main__":
    main()
