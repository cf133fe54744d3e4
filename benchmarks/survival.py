"""Speed and size of survival fits against named peers, on the same work in one run.

    python benchmarks/survival.py [--rows 100000 1000000] [--repeats 5]

Prints one table: medians of warm repeats, the log-likelihood each program reached, and the ratio to ours. Peers
that are not installed are skipped with a word: lifelines comes with this package; surpyval, greenwood and
splitpopsurv from PyPI; R's survival (survreg) through Rscript. One thread: set OMP_NUM_THREADS=1 and
OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

import statmodels_x as smx

COVARIATES = list("abcde")
TERMS = " + ".join(COVARIATES)


def trial() -> pd.DataFrame:
    """Melanoma trial: the size of a clinical data set."""
    return smx.datasets.load_melanoma()


def sample(n: int) -> pd.DataFrame:
    """Weibull times with five covariates on both parameters and about 40 % censoring."""
    rng = np.random.default_rng(1)
    x = pd.DataFrame(rng.normal(size=(n, 5)), columns=COVARIATES)
    values = x.to_numpy()
    log_phi = 0.1 + values @ np.array([0.2, -0.3, 0.1, 0.0, 0.05])
    gamma = np.exp(0.3 + values @ np.array([0.05, 0.0, -0.05, 0.0, 0.02]))
    event = rng.exponential(size=n) ** (1 / gamma) * np.exp(-log_phi)
    censored = rng.uniform(0, 4, n)
    return x.assign(time=np.minimum(event, censored), status=(event <= censored).astype(int))


def timed(call: Callable[[], float], repeats: int) -> tuple[float, float]:
    """Median seconds of warm calls, and the log-likelihood that the last returned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call()
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            value = call()
            seconds.append(time.perf_counter() - start)
    return median(seconds), value


def ours(data: pd.DataFrame, formula: str, **options: object) -> Callable[[], float]:
    return lambda: smx.FlexibleSurvival(formula, data, **options).fit().llf


def lifelines_weibull(data: pd.DataFrame, terms: str, ancillary: str | None) -> Callable[[], float]:
    from lifelines import WeibullAFTFitter

    def call() -> float:
        fitter = WeibullAFTFitter()
        fitter.fit(data, "time", "status", formula=terms, ancillary=ancillary or False)
        return fitter.log_likelihood_

    return call


def lifelines_gamma(data: pd.DataFrame, terms: str) -> Callable[[], float]:
    from lifelines import GeneralizedGammaRegressionFitter

    def call() -> float:
        regressors = {"mu_": terms, "sigma_": "1", "lambda_": "1"}
        return (
            GeneralizedGammaRegressionFitter()
            .fit(data, "time", "status", regressors=regressors)
            .log_likelihood_
        )

    return call


def surpyval_weibull(data: pd.DataFrame) -> Callable[[], float]:
    import surpyval

    time_, status, x = data["time"].to_numpy(), 1 - data["status"].to_numpy(), data[COVARIATES].to_numpy()
    return lambda: -surpyval.WeibullPH.fit(x=time_, Z=x, c=status).neg_ll()


def greenwood_weibull(data: pd.DataFrame, terms: str) -> Callable[[], float]:
    import greenwood

    return lambda: float(greenwood.AFT(f"Surv(time, status) ~ {terms}", data, dist="weibull").fit().loglik)


def survreg(data: pd.DataFrame, repeats: int) -> tuple[float, float]:
    """R's survreg, timed inside R after one warm call."""
    script = """
    arguments <- commandArgs(TRUE); suppressMessages(library(survival))
    d <- read.csv(arguments[1]); f <- as.formula(arguments[2]); s <- c()
    for (k in 0:as.integer(arguments[3])) s <- c(s, system.time(m <- survreg(f, d, dist = "weibull"))[["elapsed"]])
    cat(median(s[-1]), m$loglik[2])
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        data.to_csv(path, index=False)
        command = ["Rscript", "-e", script, str(path), f"Surv(time, status) ~ {TERMS}", str(repeats)]
        seconds, value = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(seconds), float(value)


def add(rows: list[dict], work: str, program: str, make: Callable[[], tuple[float, float]]) -> None:
    try:
        seconds, value = make()
        rows.append({"work": work, "program": program, "seconds": seconds, "log-likelihood": round(value, 3)})
    except ImportError as error:
        rows.append({"work": work, "program": program, "note": f"skipped: {error.name} is not installed"})
    except Exception as error:
        rows.append(
            {"work": work, "program": program, "note": f"failed: {type(error).__name__}: {error}"[:70]}
        )
    print(rows[-1], flush=True)


def small(rows: list[dict], repeats: int) -> None:
    data = trial()
    formula = "Surv(time, status) ~ treatment + age + sex"
    terms = "treatment + age + sex"
    work = "E1684 (284 rows), Weibull, 3 covariates on scale and power"
    options = {"distribution": "weibull", "power": f"~ {terms}"}
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula, **options), repeats))
    add(
        rows,
        work,
        "lifelines WeibullAFTFitter",
        lambda: timed(lifelines_weibull(data, terms, terms), repeats),
    )
    work = "E1684, a flexible form with 3 covariates (other families, other likelihoods)"
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula), repeats))
    add(rows, work, "lifelines GeneralizedGamma", lambda: timed(lifelines_gamma(data, terms), repeats))
    work = "E1684, Weibull, 3 covariates"
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula, distribution="weibull"), repeats))
    add(rows, work, "greenwood AFT", lambda: timed(greenwood_weibull(data, terms), repeats))


def large(rows: list[dict], n: int, repeats: int) -> None:
    data = sample(n)
    formula = f"Surv(time, status) ~ {TERMS}"
    work = f"{n:,} rows, Weibull, 5 covariates"
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula, distribution="weibull"), repeats))
    add(rows, work, "surpyval", lambda: timed(surpyval_weibull(data), repeats))
    add(rows, work, "lifelines", lambda: timed(lifelines_weibull(data, TERMS, None), min(repeats, 2)))
    if shutil.which("Rscript"):
        add(rows, work, "R survreg", lambda: survreg(data, repeats))
    else:
        rows.append({"work": work, "program": "R survreg", "note": "skipped: R is not installed"})
    work = f"{n:,} rows, Weibull, 5 covariates on scale and power"
    options = {"distribution": "weibull", "power": f"~ {TERMS}"}
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula, **options), repeats))
    add(rows, work, "lifelines", lambda: timed(lifelines_weibull(data, TERMS, TERMS), min(repeats, 2)))
    work = f"{n:,} rows, four-parameter family on one scale, 5 covariates"
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula), repeats))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    rows: list[dict] = []
    small(rows, arguments.repeats)
    for n in arguments.rows:
        large(rows, n, arguments.repeats)
    table = pd.DataFrame(rows)
    own = table[table["program"] == "statmodels_x"].set_index("work")["seconds"]
    table["times ours"] = (table["seconds"] / table["work"].map(own)).round(2)
    table.to_csv(Path(__file__).parent / "results" / "survival_speed.csv", index=False)
    print(table.to_string(index=False))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"threads: {os.environ.get('OMP_NUM_THREADS', 'all')}; {os.cpu_count()} processors; peak {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main()
