"""Bias, standard errors and coverage of PTE under known truth, beside the published algorithm.

    python benchmarks/surrogate_simulation.py [--n 1000] [--sizes 500 1000] [--only A B] [--jobs 1]

For each process and size: n simulated trials, each analysed by every method with the same data. All repeats count,
whether the effect differs from 0 or not (the share that does stands beside). Finished chunks are kept under
results/chunks and not computed again, so that the study can be stopped and resumed at any time.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from chunks import CHUNKS, RESULTS, Study
from surrogate_published import published_inference

from statmodels_x.core.resampling import percentile_limits
from statmodels_x.surrogate.fitting.perturbation import build_plan, perturb, point_estimate, sort_for
from statmodels_x.surrogate.fitting.proportions import infer
from statmodels_x.surrogate.fitting.spread import mad_scale
from statmodels_x.surrogate.inference.intervals import interval
from statmodels_x.surrogate.planning.simulate import PROCESSES, Setting
from statmodels_x.surrogate.sample import Trial
from statmodels_x.surrogate.specification import Settings

SIZES = (500, 1000)
CHUNK = 50
N_PERTURB, N_PERTURB_PUBLISHED = 400, 200
Z = 1.959963984540054


def covers(limits: tuple[float, float], truth: float) -> float:
    return np.nan if np.isnan(limits).any() else float(limits[0] <= truth <= limits[1])


def own_rows(trial: Trial, setting: Setting, truth: float, seed: int) -> list[dict]:
    rows = []
    for method in ("crossfit", "full", "split"):
        settings = Settings(method, seed=seed)
        plan = build_plan(sort_for(trial, settings), settings, setting.at, setting.landmark, False)
        point, replicates = point_estimate(plan), perturb([plan], N_PERTURB, seed)[0]
        variants = {"split": (False,), "crossfit": (True, False), "full": (True,)}[method]
        for corrected in variants:
            found = infer(point, replicates, corrected)
            value, draws = found.ratio("pte")
            error = mad_scale(draws)
            rows.append(
                {
                    "method": method if corrected or method == "split" else f"{method}, plain ratio",
                    "estimate": value,
                    "std_error": error,
                    "normal": covers((value - Z * error, value + Z * error), truth),
                    "quantile": covers(tuple(map(float, percentile_limits(draws, 0.05))), truth),
                    "fieller": covers(interval(found, "pte", 0.05, "fieller"), truth),
                    "defined": found.is_defined,
                }
            )
    return rows


def published_row(trial: Trial, setting: Setting, truth: float, rng: np.random.Generator) -> dict:
    surrogate = np.where(np.isfinite(trial.surrogate), trial.surrogate, np.nan)
    value, error, limits = published_inference(
        trial.time, trial.died, surrogate, trial.arm, setting.landmark, setting.at, rng, N_PERTURB_PUBLISHED
    )
    return {
        "method": "published",
        "estimate": value,
        "std_error": error,
        "normal": covers((value - Z * error, value + Z * error), truth),
        "quantile": covers(limits, truth),
        "fieller": np.nan,
        "defined": True,
    }


def one_trial(rng: np.random.Generator, name: str, n: int) -> list[dict]:
    setting = PROCESSES[name]
    truth = setting.process.true_values(setting.at, setting.landmark)["pte"]
    trial = setting.process.draw(n, rng)
    rows = own_rows(trial, setting, truth, int(rng.integers(2**31)))
    return [*rows, published_row(trial, setting, truth, rng)]


def summarise(rows: pd.DataFrame, name: str, n: int) -> pd.DataFrame:
    setting = PROCESSES[name]
    truth = setting.process.true_values(setting.at, setting.landmark)["pte"]
    tables = []
    for method, part in rows.groupby("method", sort=False):
        error, m = part["estimate"] - truth, len(part)
        row = {
            "process": name,
            "n_per_arm": n,
            "method": method,
            "true_pte": truth,
            "repeats": m,
            "bias": error.mean(),
            "bias_mc_se": error.std() / np.sqrt(m),
            "empirical_se": error.std(),
            "mean_se": part["std_error"].mean(),
            "median_se": part["std_error"].median(),
            "se_ratio": part["std_error"].mean() / error.std(),
            "rmse": np.sqrt(np.mean(error**2)),
            # by the delta method from the spread of the squared errors
            "rmse_mc_se": (error**2).std() / np.sqrt(m) / (2.0 * np.sqrt(np.mean(error**2))),
        }
        for kind in ("normal", "quantile", "fieller"):
            share, count = part[kind].mean(), part[kind].count()
            row[f"coverage_{kind}"] = share
            row[f"coverage_{kind}_mc_se"] = np.sqrt(share * (1.0 - share) / count) if count else np.nan
        tables.append({**row, "defined": part["defined"].mean()})
    return pd.DataFrame(tables).round(4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--n", type=int, default=1000, help="repeats of each process and size, in full chunks"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--only", nargs="+", help="first letters of the processes")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--chunks", type=Path, default=CHUNKS, help="where finished chunks are kept")
    arguments = parser.parse_args()
    names = [name for name in PROCESSES if arguments.only is None or name[0] in arguments.only]
    studies = {
        (name, n): Study(
            f"surrogate_simulation_{name[0]}_{n}",
            partial(one_trial, name=name, n=n),
            -(-arguments.n // CHUNK) * CHUNK,
            seed=1000 * (ord(name[0]) - ord("A")) + n,
            chunk=CHUNK,
            n_jobs=arguments.jobs,
            folder=arguments.chunks,
        )
        for name in names
        for n in arguments.sizes
    }
    for first in range(0, arguments.n, CHUNK):  # all to the same number of repeats before more of any
        for study in studies.values():
            study.make(first)
    tables = []
    for (name, n), study in studies.items():
        tables.append(summarise(study.rows(), name, n))
        print(tables[-1].to_string(index=False), flush=True)
    if names == list(PROCESSES) and sorted(arguments.sizes) == sorted(SIZES):
        pd.concat(tables).to_csv(RESULTS / "surrogate_simulation.csv", index=False)


if __name__ == "__main__":
    main()
