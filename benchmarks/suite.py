"""All speed claims in one run: ratios to named peers on the same work, growth with n, cold start, limits, memory.

    python benchmarks/suite.py [--quick] [--only survival curves ...] [--out FILE]

``make bench`` runs it whole, ``make bench BENCH=--quick`` in a few minutes. Work is timed in processor seconds, so that
what else the machine does counts less, in rounds of all programs in turn; the table gives the median with the least and
the largest, and each program's ratio to ours. Peers that are not installed are named as skipped: lifelines, surpyval,
splitpopsurv, ruptures, scikit-image, mumfordshah2d and cvxpy from PyPI; survival, flexsurv, mstate, mpr and popbio in
R, whose seconds are R's own. Cold starts and memory are those of processes of their own. The results are JSON,
``results/bench.json``, with the machine and the versions; the page of benchmarks reads them.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("STATMODELS_X_THREADS", "1")  # ratios are of one thread

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import survival  # noqa: E402
from import_time import seconds as process_seconds  # noqa: E402

import statmodels_x as smx  # noqa: E402

Row = dict[str, Any]
HERE = Path(__file__).parent
PACKAGES = (
    "statmodels_x", "numpy", "scipy", "pandas", "numba", "lifelines", "surpyval", "scikit-survival", "splitpopsurv",
    "ruptures", "scikit-image", "mumfordshah2d", "cvxpy",
)  # fmt: skip
R_PACKAGES = ("survival", "flexsurv", "mstate", "mpr", "popbio")
OURS = "statmodels_x"


def interleaved(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, tuple[list[float], Any]]:
    """Processor seconds of each call in rounds, after one warm call of each; an ImportError takes one out."""
    seconds: dict[str, list[float]] = {}
    values: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, call in calls.items():
            try:
                values[name], seconds[name] = call(), []
            except Exception as error:
                missing = isinstance(error, ImportError)
                values[name] = (
                    f"skipped: {error.name} is not installed" if missing else f"failed: {error!r}"[:90]
                )
        for _ in range(repeats):
            for name in seconds:
                start = time.process_time()
                calls[name]()
                seconds[name].append(time.process_time() - start)
    return {name: (seconds.get(name, []), value) for name, value in values.items()}


def rows_of(family: str, work: str, n: int, found: dict[str, tuple[list[float], Any]]) -> list[Row]:
    """Medians, spread and ratios to ours; to the first program where ours is not among them."""
    base = float(np.median(found.get(OURS, next(iter(found.values())))[0] or [np.nan]))
    rows = []
    for program, (seconds, value) in found.items():
        row: Row = {"family": family, "work": work, "n": n, "program": program}
        if seconds:
            middle = float(np.median(seconds))
            row |= {
                "median": middle, "low": min(seconds), "high": max(seconds), "repeats": len(seconds),
                "ratio": middle / base, "value": value if isinstance(value, float) else None,
            }  # fmt: skip
        else:
            row["note"] = value
        print(json.dumps(row), flush=True)
        rows.append(row)
    return rows


def in_r(package: str, data: pd.DataFrame, repeats: int) -> tuple[list[float], Any]:
    """Processor seconds of R's fits and the log-likelihood, or why there are none."""
    try:
        median_, value = survival.r_package(package, data, repeats)
        return [median_], float(value)
    except ImportError as error:
        return [], f"skipped: {error.name} is not installed"
    except subprocess.CalledProcessError as error:
        return [], f"failed: {error.stderr.strip().splitlines()[-1:]}"


def survival_rows(quick: bool) -> Iterator[Row]:
    """Weibull fits, plain and with covariates on both parameters, and the full family."""
    for n in (100_000,) if quick else (100_000, 1_000_000):
        data, terms, repeats = survival.sample(n), survival.TERMS, 3 if quick else 5
        formula = f"Surv(time, status) ~ {terms}"
        calls = {
            OURS: survival.ours(data, formula, distribution="weibull"),
            "lifelines": lambda data=data: survival.lifelines_weibull(data, survival.TERMS, None)(),
            "surpyval": lambda data=data: survival.surpyval_weibull(data)(),
        }
        found = interleaved(calls, repeats)
        found["R survreg"] = in_r("survival", data, repeats)
        yield from rows_of("survival", "Weibull, 5 covariates", n, found)
        # the scale on which the peers' model stands, and so the same likelihood
        both = {"distribution": "weibull", "scale": "aft", "other_scale": 1.0, "power": f"~ {terms}"}
        calls = {
            OURS: survival.ours(data, formula, **both),
            "lifelines": lambda data=data: survival.lifelines_weibull(data, survival.TERMS, survival.TERMS)(),
        }
        found = interleaved(calls, repeats)
        if not quick:
            for package in ("mpr", "flexsurv") if n == 100_000 else ():
                found[f"R {package}"] = in_r(package, data, 1)
        yield from rows_of("survival", "Weibull, 5 covariates on scale and on power", n, found)
        calls = {
            "our Weibull": survival.ours(data, formula, distribution="weibull"),
            "our full family": survival.ours(data, formula),
        }
        yield from rows_of(
            "survival", "full family beside the Weibull, 5 covariates", n, interleaved(calls, repeats)
        )


def trial_rows(quick: bool) -> Iterator[Row]:
    """Fits of the size of a trial."""
    data, terms = survival.trial(), "treatment + age + sex"
    formula, repeats = f"Surv(time, status) ~ {terms}", 5 if quick else 15
    calls = {
        OURS: survival.ours(
            data, formula, distribution="weibull", scale="aft", other_scale=1.0, power=f"~ {terms}"
        ),
        "lifelines": lambda: survival.lifelines_weibull(data, terms, terms)(),
    }
    yield from rows_of(
        "trial", "Weibull, 3 covariates on scale and on power", len(data), interleaved(calls, repeats)
    )
    calls = {
        "our default": survival.ours(data, formula),
        "our log-normal": survival.ours(data, formula, distribution="lognormal"),
        "our generalised gamma": survival.ours(data, formula, distribution="gengamma"),
        "lifelines, generalised gamma": lambda: survival.lifelines_gamma(data, terms)(),
    }
    yield from rows_of(
        "trial", "families beside the default, 3 covariates", len(data), interleaved(calls, min(repeats, 5))
    )
    calls = {
        OURS: survival.ours(
            data, "Surv(time, status) ~ treatment", distribution="weibull", cure="~ treatment"
        ),
        "splitpopsurv": lambda: survival.splitpopsurv_cure(data, "weibull")(),
    }
    yield from rows_of("trial", "Weibull mixture cure, treatment", len(data), interleaved(calls, repeats))


def prediction_rows(quick: bool) -> Iterator[Row]:
    """Integrals over time of all rows, beside the fit that they belong to."""
    n = 20_000 if quick else 100_000
    data = survival.sample(n)
    for name, options in {"Weibull": {"distribution": "weibull"}, "full family": {}}.items():
        model = smx.FlexibleSurvival(f"Surv(time, status) ~ {survival.TERMS}", data, **options)
        fit = model.fit()
        calls = {
            "fit": lambda model=model: model.fit().llf,
            "standardise(rmst)": lambda fit=fit: float(
                fit.standardise("rmst", at=2.0, over=data)["estimate"].iloc[0]
            ),
            "predict(mean)": lambda fit=fit: float(fit.predict(data, "mean")["estimate"].mean()),
            "predict(survival)": lambda fit=fit: float(fit.predict(data, at=2.0)["estimate"].mean()),
        }
        yield from rows_of("means", f"{name}, with standard errors", n, interleaved(calls, 3))


def limit_rows(quick: bool) -> Iterator[Row]:
    """One pass over the rows beside the exponentials and logarithms in it."""
    n = 200_000 if quick else 1_000_000
    rows = survival.one_pass(n, 9, time.process_time)
    found = {row["program"]: ([row["seconds"]], None) for row in rows[::-1]}
    yield from rows_of("limit", "value, score and Hessian of the full family", n, found)


def steps(n: int) -> pd.DataFrame:
    """Draw a smooth trend with steps."""
    rng = np.random.default_rng(0)
    x = np.arange(n) / n
    level = np.cumsum(
        np.where(np.isin(np.arange(n), np.arange(1, 20) * n // 20), rng.choice([-1.0, 1.0], n), 0.0)
    )
    return pd.DataFrame({"x": x, "y": np.sin(4.0 * x) + level + 0.12 * rng.normal(size=n)})


def curve_rows(quick: bool) -> Iterator[Row]:
    """Curves with jumps; change-point programs find steps alone, without trend, outliers or intervals."""
    for n in (1_000,) if quick else (1_000, 5_000):
        data = steps(n)
        values = data["y"].to_numpy()

        def ruptures(model: str, values: np.ndarray = values) -> float:
            import ruptures as rpt

            return float(
                len(rpt.KernelCPD(model, min_size=5).fit(values).predict(pen=8.0 * 0.12**2 * 10)) - 1
            )

        calls = {
            OURS: lambda data=data: float(len(smx.FreeDiscontinuity("y ~ x", data).fit().jumps)),
            "ruptures KernelCPD": lambda ruptures=ruptures: ruptures("linear"),
        }
        yield from rows_of("curves", "19 steps on a trend (value: jumps found)", n, interleaved(calls, 3))


def image_rows(quick: bool) -> Iterator[Row]:
    """Images: the lifted solver beside a general one, and a whole fit beside a filter without jumps or tuning."""
    import discontinuity

    from statmodels_x.discontinuity.lifted.reference import solve_exactly
    from statmodels_x.discontinuity.lifted.relaxation import solve

    small = discontinuity.problem((10, 10), 8)
    calls = {
        OURS: lambda: float(solve(small, 1e-6, 20000, np.float64).lower_bound),
        "cvxpy, Clarabel": lambda: float(solve_exactly(small).lower_bound),
    }
    yield from rows_of("images", "lifted problem of 10 x 10 x 8 (value: bound)", 100, interleaved(calls, 1))
    side = 24 if quick else 64
    noisy = discontinuity.image((side, side), sd=0.05)
    axes = [axis.ravel() for axis in np.meshgrid(*(np.arange(side) / side,) * 2, indexing="ij")]
    data = pd.DataFrame({"a": axes[0], "b": axes[1], "y": noisy.ravel()})

    def total_variation() -> float:
        from skimage.restoration import calibrate_denoiser, denoise_tv_chambolle

        ranges = {"weight": np.geomspace(0.005, 0.5, 12)}
        return float(calibrate_denoiser(noisy, denoise_tv_chambolle, ranges)(noisy).mean())

    def mumford_shah() -> float:
        import mumfordshah2d

        return float(np.mean(mumfordshah2d.min_l2_mum_2d(noisy, 0.02, 50.0)))

    calls = {
        OURS: lambda: float(
            smx.FreeDiscontinuity("y ~ a + b", data, resolution=side).fit(border="cells").jumps.shape[0]
        ),
        "scikit-image, tuned total variation": total_variation,
        "mumfordshah2d, one tuning": mumford_shah,
    }
    yield from rows_of("images", f"tuned image of {side} x {side}", side * side, interleaved(calls, 1))


def multistate_rows(quick: bool) -> Iterator[Row]:
    """Fit an illness-death model of a trial, three Weibull transitions, and compute what follows from it."""
    import multistate

    n = 1_000
    trial = multistate.simulated(n)
    theirs, _, reason = multistate.peers(trial)
    for work, (task, repeats) in multistate.tasks_of(trial).items():
        if quick and work == "1e6 paths":
            continue
        found = interleaved({OURS: task}, repeats)
        peer = multistate.NAMED.get(work)
        if peer is not None:
            seconds = theirs.get(work)
            found[f"R {peer}"] = ([], f"skipped: {reason}") if seconds is None else ([seconds], None)
        yield from rows_of("multistate", work, n, found)


def population_rows(quick: bool) -> Iterator[Row]:
    """Ten thousand trajectories of a Leslie matrix beside the matrix products that they are."""
    rng, k, many, length = np.random.default_rng(0), 20, 2_000 if quick else 10_000, 1_000
    matrix = smx.LeslieMatrix(rng.uniform(0.0, 0.3, k), rng.uniform(0.5, 0.95, k - 1)).matrix

    def products() -> float:
        states = np.ones((k, many))
        for _ in range(length):
            states = matrix @ states
            states /= states.sum(axis=0)  # as ours, within the range of floats
        return float(states.sum())

    calls = {
        OURS: lambda: smx.simulate_populations([matrix], np.ones(k), length, n=many),
        "numpy, products with sums": products,
    }
    found = interleaved(calls, 3)
    found["R popbio, 1 of them times all"] = popbio(matrix, length, many)
    yield from rows_of("population", f"{length} steps of {k} classes, n trajectories", many, found)


def popbio(matrix: np.ndarray, length: int, many: int) -> tuple[list[float], Any]:
    """Seconds of one of R's projections, times their number."""
    code = """
    if (!suppressMessages(require(popbio, quietly = TRUE))) { cat("missing"); quit() }
    A <- as.matrix(read.csv(commandArgs(TRUE)[1], header = FALSE)); n <- rep(1, nrow(A))
    length <- as.integer(commandArgs(TRUE)[2])
    t <- system.time(for (k in 1:5) pop.projection(A, n, length)); cat((t[[1]] + t[[2]]) / 5)
    """
    if shutil.which("Rscript") is None:
        return [], "skipped: R is not installed"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.csv"
        np.savetxt(path, matrix, delimiter=",")
        done = subprocess.run(
            ["Rscript", "-e", code, str(path), str(length)], capture_output=True, text=True, check=False
        )
    if done.returncode or done.stdout == "missing":
        return [], "skipped: R's popbio is not installed"
    return [float(done.stdout) * many], None


def growth_rows(quick: bool) -> Iterator[Row]:
    """How the cost of a family grows with the number of rows: the exponent between two sizes."""
    import multistate
    import surrogate

    def multistate_seconds(n: int) -> float:
        trial = multistate.simulated(n)
        return float(np.median(interleaved({OURS: lambda: multistate.fitted(trial)}, 3)[OURS][0]))

    def survival_seconds(n: int, **options: Any) -> float:
        data = survival.sample(n)
        call = survival.ours(data, f"Surv(time, status) ~ {survival.TERMS}", **options)
        return float(np.median(interleaved({OURS: call}, 3)[OURS][0]))

    def curve_seconds(n: int) -> float:
        data = steps(n)
        return interleaved({OURS: lambda: smx.FreeDiscontinuity("y ~ x", data).fit()}, 1)[OURS][0][0]

    sizes = (1_000, 10_000, 100_000) if quick else (1_000, 10_000, 100_000, 1_000_000)
    works: dict[str, tuple[tuple[int, ...], Callable[[int], float]]] = {
        "survival, Weibull": (sizes, lambda n: survival_seconds(n, distribution="weibull")),
        "survival, full family": (sizes, survival_seconds),
        "multistate, rows to three fits": (sizes, multistate_seconds),
        "curve with 19 steps": ((1_000, 5_000) if quick else (1_000, 5_000, 20_000, 100_000), curve_seconds),
        "surrogate, 100 perturbations": (
            (1_000, 10_000) if quick else (1_000, 10_000, 100_000),
            lambda n: surrogate.in_its_own_process(n, 100)["seconds"],
        ),
    }
    for work, (ns, seconds) in works.items():
        before: tuple[int, float] | None = None
        for n in ns:
            spent = seconds(n)
            row: Row = {"family": "growth", "work": work, "n": n, "program": OURS, "median": spent}
            if before is not None:
                row["exponent"] = float(np.log(spent / before[1]) / np.log(n / before[0]))
            before = n, spent
            print(json.dumps(row), flush=True)
            yield row


FIRST_FIT = """
import time; start = time.process_time()
import statmodels_x as smx
data = smx.datasets.load_melanoma()
smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
print(time.process_time() - start)
"""


def cold_rows(quick: bool) -> Iterator[Row]:
    """Import, and the first fit of a process with an empty and a filled cache of compiled kernels."""
    repeats = 3 if quick else 9
    found = {
        name: ([process_seconds(f"import {name}") for _ in range(repeats)], None) for name in ("numpy", OURS)
    }
    yield from rows_of("cold", "import, seconds of the clock", 1, found)
    with tempfile.TemporaryDirectory() as folder:
        runs = {"filled cache": [], "empty cache": []}  # type: dict[str, list[float]]
        for k in range(repeats):
            command = [sys.executable, "-W", "ignore", "-c", FIRST_FIT]
            environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
            done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
            runs["filled cache" if k else "empty cache"].append(float(done.stdout))
    yield from rows_of(
        "cold", "import, data and first fit", 284, {name: (spent, None) for name, spent in runs.items()}
    )


def memory_rows(quick: bool) -> Iterator[Row]:
    """Largest resident memory of a fit beyond the process with its data, beside the design matrices."""
    n = 200_000 if quick else 1_000_000
    for name in survival.FORMS:
        command = [
            sys.executable,
            "-W",
            "ignore",
            str(HERE / "survival.py"),
            "--memory-of",
            name,
            "--rows",
            str(n),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        peak, design = (float(word) for word in done.stdout.split())
        row = {
            "family": "memory",
            "work": name,
            "n": n,
            "program": OURS,
            "megabytes": peak,
            "ratio": peak / design,
        }
        print(json.dumps(row), flush=True)
        yield row


FAMILIES: dict[str, Callable[[bool], Iterator[Row]]] = {
    "cold": cold_rows,
    "memory": memory_rows,
    "survival": survival_rows,
    "trial": trial_rows,
    "means": prediction_rows,
    "limit": limit_rows,
    "curves": curve_rows,
    "images": image_rows,
    "population": population_rows,
    "multistate": multistate_rows,
    "growth": growth_rows,
}


def versions() -> dict[str, str]:
    """Versions of what is installed."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    if shutil.which("Rscript"):
        version = 'tryCatch(as.character(packageVersion(p)), error = function(e) "no")'
        code = f'for (p in commandArgs(TRUE)) cat({version}, "")'
        done = subprocess.run(
            ["Rscript", "-e", code, *R_PACKAGES], capture_output=True, text=True, check=False
        )
        words = ["not installed" if word == "no" else word for word in done.stdout.split()]
        found |= {f"R {name}": word for name, word in zip(R_PACKAGES, words, strict=False)}
    return found


def machine() -> dict[str, Any]:
    """Say what the numbers were made on."""
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), name)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    return {
        "processor": name, "processors": os.cpu_count(), "system": platform.platform(), "threads": 1,
        "load": round(load, 1),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="smaller sizes, fewer repeats")
    parser.add_argument("--only", nargs="*", choices=list(FAMILIES), default=list(FAMILIES))
    parser.add_argument("--out", type=Path, default=HERE / "results" / "bench.json")
    arguments = parser.parse_args()
    found = {"machine": machine(), "mode": "quick" if arguments.quick else "full", "versions": versions()}
    rows: list[Row] = []
    for family in arguments.only:
        start = time.perf_counter()
        rows += FAMILIES[family](arguments.quick)
        print(f"# {family}: {time.perf_counter() - start:.0f} s", flush=True)
        # whole after each family: what was measured is kept if a later one is stopped
        arguments.out.write_text(json.dumps({**found, "rows": rows}, indent=1) + "\n")
    table = pd.DataFrame(rows).drop(columns=["value"], errors="ignore")
    print(table.round(4).to_string(index=False, na_rep=""))


if __name__ == "__main__":
    main()
