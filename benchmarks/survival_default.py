"""The default fit under censoring: how often a limit is reached, and coverage, with and without the anchor.

    python benchmarks/survival_default.py [--n 300] [--jobs 2]

Truth: t = T0 exp(0.5 x + 0.3 z) with x binary and z normal, and T0 a Weibull, a log-logistic, a Gompertz type or a
defective distribution, all members of the family. For each set the default fit, the same on the aft scale, and the aft
scale with lambda = 1 in the unit of the data; besides right censoring also interval censoring, late entry, weights and
a cured fraction, for which the anchor has its own definition. The targets are the log cumulative hazard of x = 1 at
half and at 1.1 times the middle of the censoring times.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial

import numpy as np
import pandas as pd
from chunks import RESULTS, Study

import statmodels_x as smx

CHUNK = 50
TRUTHS = {
    "Weibull": (1.3, 1.0, 1.0),
    "log-logistic": (1.8, 0.0, 1.0),
    "Gompertz type": (1.0, np.inf, 1.0),
    "defective": (1.3, -0.4, 1.0),
}
CELLS = {
    "Weibull 100, 30 %": ("Weibull", 100, 0.3, "right"),
    "Weibull 200, 70 %": ("Weibull", 200, 0.7, "right"),
    "Weibull 500, 70 %": ("Weibull", 500, 0.7, "right"),
    "Weibull 500, 90 %": ("Weibull", 500, 0.9, "right"),
    "log-logistic 200, 70 %": ("log-logistic", 200, 0.7, "right"),
    "Gompertz type 200, 70 %": ("Gompertz type", 200, 0.7, "right"),
    "Gompertz type 500, 70 %": ("Gompertz type", 500, 0.7, "right"),
    "defective 200, 70 %": ("defective", 200, 0.7, "right"),
    "defective 500, 90 %": ("defective", 500, 0.9, "right"),
    "Weibull 300, 70 %, intervals": ("Weibull", 300, 0.7, "interval"),
    "Weibull 300, 70 %, late entry": ("Weibull", 300, 0.7, "entry"),
    "Weibull 300, 70 %, weights": ("Weibull", 300, 0.7, "weights"),
    "Weibull 300, 70 %, cure": ("Weibull", 300, 0.7, "cure"),
}
FORMS = {
    "default": {},
    "aft, anchored": {"scale": "aft"},
    "aft, lambda = 1": {"scale": "aft", "other_scale": 1.0},
}


def draw(rng: np.random.Generator, truth: str, n: int, share: float, kind: str) -> tuple[pd.DataFrame, float]:
    """Draw a set, and the middle of its censoring times."""
    gamma, kappa, lam = TRUTHS[truth]
    x, z = rng.integers(0, 2, n).astype(float), rng.normal(size=n)
    speed = np.exp(-0.5 * x - 0.3 * z)
    event = smx.APGW(speed, lam, gamma, kappa).rvs(seed=rng)
    if kind == "cure":
        event = np.where(rng.uniform(size=n) < 0.3, np.inf, event)
    middle = _censoring(truth, share)
    end = middle * rng.uniform(0.6, 1.4, n)
    time, status = np.minimum(event, end), (event <= end).astype(int)
    frame = pd.DataFrame({"x": x, "z": z, "time": time, "status": status})
    if kind == "interval":
        width = 0.2 * middle
        low = np.floor(time / width) * width
        frame["low"] = np.where(status == 1, low, time)
        frame["high"] = np.where(status == 1, low + width, np.inf)
    elif kind == "entry":
        frame["entry"] = np.where(rng.random(n) < 0.3, rng.uniform(0.0, 0.3, n) * middle, 0.0)
        frame = frame[frame["time"] > frame["entry"]]
    elif kind == "weights":
        frame["w"] = rng.integers(1, 3, len(frame))
    return frame, middle


def _censoring(truth: str, share: float) -> float:
    """Find the middle of the censoring times that leaves a share of censored rows at the average covariates."""
    gamma, kappa, lam = TRUTHS[truth]
    law = smx.APGW(np.exp(-0.25), lam, gamma, kappa)
    low, high = 1e-6, 1e3
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if float(law.sf(middle)) > share else (low, middle)
    return float(middle)


def one_set(rng: np.random.Generator, cell: str) -> list[dict]:
    truth, n, share, kind = CELLS[cell]
    data, middle = draw(rng, truth, n, share, kind)
    gamma, kappa, lam = TRUTHS[truth]
    responses = {"interval": 'Surv(low, high, type="interval2")', "entry": "Surv(entry, time, status)"}
    formula = f"{responses.get(kind, 'Surv(time, status)')} ~ x + z"
    options = {"weights": {"weights": "w"}, "cure": {"cure": "~ 1", "shape": 1.0, "power": "~ x"}}.get(
        kind, {}
    )
    at = np.array([0.5, 1.1]) * middle
    true = smx.APGW(np.exp(-0.5), lam, gamma, kappa).cumulative_hazard(at)
    if kind == "cure":
        true = -np.log(0.3 + 0.7 * np.exp(-true))
    new = pd.DataFrame({"x": [1.0], "z": [0.0]})
    rows = []
    for form, own in FORMS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
            fit = smx.FlexibleSurvival(formula, data, **options, **own).fit()
            table = fit.predict(new, "cumulative_hazard", at=at)
        inside = (table["lower"].to_numpy() < true) & (true < table["upper"].to_numpy())
        if kind == "weights":  # random counts are no repeated rows: only the limit is looked at
            inside = np.full(2, np.nan)
        rows.append({
            "form": form, "limit": fit.limit is not None, "no_error": bool(fit.bse.isna().any()),
            "weak": any(finding.kind == "weak" for finding in fit.findings),
            "mid": float(inside[0]), "late": float(inside[1]), "llf": fit.llf,
        })  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    tables = []
    for number, cell in enumerate(CELLS):
        task, name = partial(one_set, cell=cell), f"survival_default_{number}"
        rows = Study(name, task, arguments.n, 100 + number, CHUNK, arguments.jobs).rows()
        columns = ["limit", "no_error", "weak", "mid", "late"]
        table = rows.groupby("form", sort=False)[columns].mean().round(3)
        tables.append(pd.concat({cell: table.assign(sets=len(rows) // len(FORMS))}, names=["cell"]))
        print(tables[-1].to_string(), flush=True)
    pd.concat(tables).to_csv(RESULTS / "survival_default.csv")


if __name__ == "__main__":
    main()
