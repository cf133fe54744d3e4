"""Speed and size of survival fits against named peers, on the same work in one run.

    python benchmarks/survival.py [--rows 100000 1000000] [--repeats 5]

Prints one table: medians of warm repeats, the log-likelihood each program reached, and the ratio to ours; then
the time of one pass over the rows beside that of the exponentials and logarithms in it, and the peak memory of a
fit beside the size of its design matrices. Peers that are not installed are skipped with a word: lifelines comes
with the tests; surpyval, greenwood and splitpopsurv from PyPI; R's survival (survreg), mpr and flexsurv through
Rscript. All in one thread, which the script sets itself.
"""

from __future__ import annotations

import argparse
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402  (the numbers of threads are read when it loads)
import pandas as pd  # noqa: E402

import statmodels_x as smx  # noqa: E402

COVARIATES = list("abcde")
TERMS = " + ".join(COVARIATES)
RESULTS = Path(__file__).parent / "results"


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


def timed(
    call: Callable[[], float], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    """Median seconds of warm calls, and the log-likelihood that the last returned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call()
        seconds = []
        for _ in range(repeats):
            start = clock()
            value = call()
            seconds.append(clock() - start)
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

    formula = f"Surv(time, status) ~ {terms}"
    return lambda: float(greenwood.AFT("weibull").fit(formula, data=data).loglik_)


def splitpopsurv_cure(data: pd.DataFrame, name: str) -> Callable[[], float]:
    import splitpopsurv

    fit = getattr(splitpopsurv, f"fit_splitpop_{name}")
    return lambda: float(fit(data, "time", "status", ["treatment"], ["treatment"]).loglik)


R_CALLS = {
    "survival": 'survreg(Surv(time, status) ~ {terms}, d, dist = "weibull")',
    "mpr": 'mpr(Surv(time, status) ~ list(~ {terms}, ~ {terms}), d, family = "Weibull")',
    "flexsurv": 'flexsurvreg(Surv(time, status) ~ {terms}, anc = list(shape = ~ {terms}), d, dist = "weibull")',
}
R_LOGLIK = {"survival": "m$loglik[2]", "mpr": "m$model$loglike", "flexsurv": "m$loglik"}


def r_package(package: str, data: pd.DataFrame, repeats: int) -> tuple[float, float]:
    """Time a fit inside R after one warm call."""
    if not shutil.which("Rscript"):
        raise ImportError("R is not installed", name="R")
    call = R_CALLS[package].format(terms=TERMS)
    script = f"""
    arguments <- commandArgs(TRUE); ok <- suppressMessages(require({package}, quietly = TRUE))
    if (!ok) {{ cat("missing"); quit() }}
    d <- read.csv(arguments[1]); s <- c()
    for (k in 0:as.integer(arguments[2])) s <- c(s, sum(system.time(m <- {call})[1:2]))
    cat(median(s[-1]), {R_LOGLIK[package]})
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data.csv"
        data.to_csv(path, index=False)
        command = ["Rscript", "-e", script, str(path), str(repeats)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if printed == ["missing"]:
        raise ImportError(f"{package} is not installed", name=f"R's {package}")
    return float(printed[0]), float(printed[1])


def one_pass(n: int, repeats: int, clock: Callable[[], float] = time.perf_counter) -> list[dict]:
    """Time log-likelihood, score and Hessian over the rows beside the bare transcendental functions in them."""
    from numba import njit

    from statmodels_x.survival.kernels.likelihood import loglik

    @njit(nogil=True, error_model="numpy")
    def bare(log_t: np.ndarray, log_phi: np.ndarray, gamma: float, nu: float) -> float:
        total, kappa = 0.0, math.expm1(nu)
        for i in range(log_t.shape[0]):
            ratio = math.exp(gamma * (log_t[i] + log_phi[i]) - nu)
            total += math.expm1(kappa * math.log1p(ratio))
        return total

    data = sample(n)
    arrays = smx.FlexibleSurvival(f"Surv(time, status) ~ {TERMS}", data).to_arrays()
    theta = np.array([0.1, 0.2, -0.3, 0.1, 0.0, 0.05, 0.3, -0.5])
    log_t, log_phi = arrays.log_lower, arrays.linear_predictors(theta)[0]
    full, _ = timed(lambda: loglik(theta, arrays)[0], repeats, clock)
    needed, _ = timed(lambda: bare(log_t, log_phi, math.exp(0.3), -0.5), repeats, clock)
    work = f"{n:,} rows, one pass of the four-parameter family"
    return [
        {"work": work, "program": "statmodels_x", "seconds": full, "note": "value, score, Hessian"},
        {"work": work, "program": "its exp, log1p, expm1", "seconds": needed, "note": "a plain loop"},
    ]


FORMS: dict[str, dict[str, str]] = {
    "Weibull": {"distribution": "weibull"},
    "Weibull, scale and power": {"distribution": "weibull", "power": f"~ {TERMS}"},
    "four parameters": {},
}


def resident() -> dict[str, float]:
    """Resident memory of this process and its peak in MiB, as Linux counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    pairs = (line.split(":") for line in lines if line.startswith("Vm"))
    return {name: int(text.split()[0]) / 1024.0 for name, text in pairs}


def grown(name: str, n: int) -> tuple[float, float]:
    """Peak of resident memory of a fit, beyond what the process with its data needs, and the designs, in MiB."""
    data, formula = sample(n), f"Surv(time, status) ~ {TERMS}"
    smx.FlexibleSurvival(formula, data.iloc[:30_000], **FORMS[name]).fit()  # compiles
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = resident()["VmRSS"]
    model = smx.FlexibleSurvival(formula, data, **FORMS[name])
    model.fit()
    peak = resident()["VmHWM"] - before
    return peak, model.to_arrays().matrix.nbytes / 2**20


def memory(n: int) -> pd.DataFrame:
    """Peak memory of a fit in a process of its own, beside the size of the design matrices."""
    rows = []
    for name in FORMS:
        command = [sys.executable, "-W", "ignore", __file__, "--memory-of", name, "--rows", str(n)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        peak, design = (float(word) for word in printed.split())
        rows.append(
            {"model": name, "rows": n, "peak MiB": peak, "design MiB": design, "ratio": peak / design}
        )
    return pd.DataFrame(rows).round(2)


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
    add(rows, work, "same, gengamma", lambda: timed(ours(data, formula, distribution="gengamma"), repeats))
    add(rows, work, "lifelines GeneralizedGamma", lambda: timed(lifelines_gamma(data, terms), repeats))
    work = "E1684, Weibull, 3 covariates"
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula, distribution="weibull"), repeats))
    add(rows, work, "greenwood AFT", lambda: timed(greenwood_weibull(data, terms), repeats))
    for name in ("weibull", "loglogistic"):
        work = f"E1684, {name} mixture cure, treatment on scale and cure"
        options = {"distribution": name, "cure": "~ treatment"}
        add(
            rows,
            work,
            "statmodels_x",
            lambda options=options: timed(ours(data, "Surv(time, status) ~ treatment", **options), repeats),
        )
        add(rows, work, "splitpopsurv", lambda name=name: timed(splitpopsurv_cure(data, name), repeats))


def large(rows: list[dict], n: int, repeats: int) -> None:
    data = sample(n)
    formula = f"Surv(time, status) ~ {TERMS}"
    work = f"{n:,} rows, Weibull, 5 covariates"
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula, distribution="weibull"), repeats))
    add(rows, work, "surpyval", lambda: timed(surpyval_weibull(data), repeats))
    add(rows, work, "lifelines", lambda: timed(lifelines_weibull(data, TERMS, None), min(repeats, 2)))
    add(rows, work, "R survreg", lambda: r_package("survival", data, repeats))
    work = f"{n:,} rows, Weibull, 5 covariates on scale and power"
    options = {"distribution": "weibull", "power": f"~ {TERMS}"}
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula, **options), repeats))
    add(rows, work, "lifelines", lambda: timed(lifelines_weibull(data, TERMS, TERMS), min(repeats, 2)))
    add(rows, work, "R mpr", lambda: r_package("mpr", data, min(repeats, 2)))
    add(rows, work, "R flexsurv", lambda: r_package("flexsurv", data, min(repeats, 2)))
    work = f"{n:,} rows, four-parameter family on one scale, 5 covariates"
    add(rows, work, "statmodels_x", lambda: timed(ours(data, formula), repeats))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--memory-of", choices=list(FORMS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory_of:
        print(*grown(arguments.memory_of, arguments.rows[0]))
        return
    rows: list[dict] = []
    small(rows, arguments.repeats)
    for n in arguments.rows:
        large(rows, n, arguments.repeats)
    rows += one_pass(max(arguments.rows), arguments.repeats)
    table = pd.DataFrame(rows)
    own = table[table["program"] == "statmodels_x"].set_index("work")["seconds"]
    table["times ours"] = (table["seconds"] / table["work"].map(own)).round(2)
    table.to_csv(RESULTS / "survival_speed.csv", index=False)
    sizes = memory(max(arguments.rows))
    sizes.to_csv(RESULTS / "survival_memory.csv", index=False)
    print(table.to_string(index=False))
    print(sizes.to_string(index=False))
    print(f"threads: 1; processors: {os.cpu_count()}")


if __name__ == "__main__":
    main()
