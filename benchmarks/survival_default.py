"""The default fit under censoring: how often a limit is reached, and coverage, with and without the anchor.

    python benchmarks/survival_default.py [--n 300] [--jobs 2]

Truth: t = T0 exp(0.5 x + 0.3 z) with x binary and z normal, and T0 a Weibull, a log-logistic, a Gompertz type or a
defective distribution, all members of the family. For each set the default fit, the same on the aft scale, and the aft
scale with lambda = 1 in the unit of the data; besides right censoring also interval censoring, late entry, weights
(counts of equal rows, and inverse probabilities of being drawn) and a cured fraction, for which the anchor has its own
definition. The targets are the coefficient of x (on the proportional hazards scale for Weibull truths alone: the others
have none) and the log cumulative hazard of x = 1, z = 0 at half and at 1.1 times the middle of the censoring times.
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
TARGETS = ["x", "mid", "late"]
CURED, EFFECT = 0.3, -0.5
TRUTHS = {
    "Weibull": (1.3, 1.0, 1.0),
    "log-logistic": (1.8, 0.0, 1.0),
    "Gompertz type": (1.0, np.inf, 1.0),
    "defective": (1.3, -0.4, 1.0),
}
RIGHT = (
    ("Weibull", 100, 0.3),
    ("Weibull", 200, 0.7),
    ("Weibull", 500, 0.7),
    ("Weibull", 500, 0.9),
    ("Weibull", 2000, 0.9),
    ("log-logistic", 100, 0.3),
    ("log-logistic", 200, 0.7),
    ("log-logistic", 500, 0.9),
    ("Gompertz type", 200, 0.7),
    ("Gompertz type", 500, 0.7),
    ("defective", 200, 0.7),
    ("defective", 500, 0.9),
)
OTHER = (
    ("Weibull", 300, 0.7, "intervals"),
    ("log-logistic", 500, 0.7, "intervals"),
    ("Weibull", 500, 0.7, "intervals"),
    ("Weibull", 300, 0.7, "late entry"),
    ("Weibull", 500, 0.7, "late entry"),
    ("log-logistic", 500, 0.7, "late entry"),
    ("Weibull", 500, 0.7, "counts"),
    ("Weibull", 500, 0.7, "sampling weights"),
    ("log-logistic", 500, 0.7, "sampling weights"),
    ("Weibull", 500, 0.1, "cure"),
    ("Weibull", 500, 0.4, "cure"),
)
CELLS = {f"{truth} {n}, {share:.0%}": (truth, n, share, "right") for truth, n, share in RIGHT} | {
    f"{truth} {n}, {share:.0%}, {kind}": (truth, n, share, kind) for truth, n, share, kind in OTHER
}
FORMS = {
    "default": {},
    "aft, anchored": {"scale": "aft"},
    "aft, lambda = 1": {"scale": "aft", "other_scale": 1.0},
}
RESPONSES = {"intervals": 'Surv(low, high, type="interval2")', "late entry": "Surv(entry, time, status)"}
OPTIONS = {"counts": {"weights": "w"}, "sampling weights": {"weights": "w"}, "cure": {"cure": "~ 1"}}


def draw(rng: np.random.Generator, truth: str, n: int, share: float, kind: str) -> tuple[pd.DataFrame, float]:
    """Draw a set, and the middle of its censoring times."""
    gamma, kappa, lam = TRUTHS[truth]
    drawn = 2 * n if kind == "sampling weights" else n
    x, z = rng.integers(0, 2, drawn).astype(float), rng.normal(size=drawn)
    if kind == "counts":
        z = np.clip(np.round(z), -1.0, 1.0)
    event = smx.APGW(np.exp(EFFECT * x - 0.3 * z), lam, gamma, kappa).rvs(seed=rng)
    if kind == "cure":
        event = np.where(rng.uniform(size=drawn) < CURED, np.inf, event)
    middle = _censoring(truth, share)
    end = middle * rng.uniform(0.6, 1.4, drawn)
    frame = pd.DataFrame(
        {"x": x, "z": z, "time": np.minimum(event, end), "status": (event <= end).astype(int)}
    )
    return (_KINDS[kind](rng, frame, middle) if kind in _KINDS else frame), middle


def _in_visits(rng: np.random.Generator, frame: pd.DataFrame, middle: float) -> pd.DataFrame:
    """Events are seen at visits, ten until twice the middle."""
    width = 0.2 * middle
    low = np.floor(frame["time"] / width) * width
    seen = frame["status"] == 1
    return frame.assign(low=np.where(seen, low, frame["time"]), high=np.where(seen, low + width, np.inf))


def _late(rng: np.random.Generator, frame: pd.DataFrame, middle: float) -> pd.DataFrame:
    """Three in ten enter late, some of them too late to be seen."""
    n = len(frame)
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0.0, 0.3, n) * middle, 0.0)
    return frame.assign(entry=entry)[frame["time"] > entry]


def _counted(rng: np.random.Generator, frame: pd.DataFrame, middle: float) -> pd.DataFrame:
    """Round times to twenty-fifths of the middle, and count equal rows."""
    step = middle / 25.0
    rounded = (np.floor(frame["time"] / step) + 0.5) * step
    return frame.assign(time=rounded).value_counts().rename("w").reset_index()


def _drawn(rng: np.random.Generator, frame: pd.DataFrame, middle: float) -> pd.DataFrame:
    """About half of twice as many rows are drawn, those with a large z more often."""
    share = 1.0 / (1.0 + np.exp(-frame["z"]))
    return frame.assign(w=1.0 / share)[rng.random(len(frame)) < share]


_KINDS = {"intervals": _in_visits, "late entry": _late, "counts": _counted, "sampling weights": _drawn}


def _censoring(truth: str, share: float) -> float:
    """Find the middle of the censoring times that leaves a share of censored rows at the average covariates."""
    gamma, kappa, lam = TRUTHS[truth]
    average = smx.APGW(np.exp(0.5 * EFFECT), lam, gamma, kappa)
    low, high = 1e-6, 1e3
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if float(average.sf(middle)) > share else (low, middle)
    return float(middle)


def one_set(rng: np.random.Generator, cell: str) -> list[dict]:
    truth, n, share, kind = CELLS[cell]
    data, middle = draw(rng, truth, n, share, kind)
    formula = f"{RESPONSES.get(kind, 'Surv(time, status)')} ~ x + z"
    gamma, kappa, lam = TRUTHS[truth]
    at = np.array([0.5, 1.1]) * middle
    true = smx.APGW(np.exp(EFFECT), lam, gamma, kappa).cumulative_hazard(at)
    if kind == "cure":
        true = -np.log(CURED + (1.0 - CURED) * np.exp(-true))
    new = pd.DataFrame({"x": [1.0], "z": [0.0]})
    rows = []
    for form, own in FORMS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
            fit = smx.FlexibleSurvival(formula, data, **OPTIONS.get(kind, {}), **own).fit()
            table = fit.predict(new, "cumulative_hazard", at=at)
        inside = (table["lower"].to_numpy() < true) & (true < table["upper"].to_numpy())
        rows.append({
            "form": form, "limit": fit.limit is not None, "no_error": bool(fit.bse.isna().any()),
            "weak": any(finding.kind == "weak" for finding in fit.findings),
            "x": _holds(fit, gamma if truth == "Weibull" else None),
            "mid": float(inside[0]), "late": float(inside[1]), "llf": fit.llf,
        })  # fmt: skip
    return rows


def _holds(fit: smx.FlexibleSurvivalResults, power: float | None) -> float:
    """Whether the interval of x holds its coefficient; missing where the scale has none."""
    scale = fit.specification.scale
    if scale == "ph" and power is None:
        return np.nan
    lower, upper = fit.conf_int().loc[(scale, "x")]
    true = EFFECT if scale == "aft" else EFFECT * power
    return float(lower < true < upper)


def pooled(rows: pd.DataFrame) -> pd.DataFrame:
    """Coverage over all cells but those with a cured fraction, by what was found of the set."""
    rows = rows[~rows["cell"].str.contains("cure")]
    kinds = {
        "all": rows["form"] != "",
        "at a limit": rows["limit"],
        "weak": rows["weak"] & ~rows["limit"],
        "neither": ~rows["weak"] & ~rows["limit"],
    }
    found = []
    for name, inside in kinds.items():
        groups = rows[inside].groupby("form", sort=False)
        table = (
            groups[TARGETS].mean().assign(sets=groups.size(), x_sets=groups["x"].count(), sets_of="all cells")
        )
        found.append(pd.concat({name: table}, names=["among"]))
    return pd.concat(found).round(4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    every = []
    for number, cell in enumerate(CELLS):
        task, name = partial(one_set, cell=cell), f"survival_default_{number}"
        rows = Study(name, task, arguments.n, 100 + number, CHUNK, arguments.jobs).rows()
        every.append(rows.assign(cell=cell))
    rows = pd.concat(every, ignore_index=True)
    groups = rows.groupby(["cell", "form"], sort=False)
    table = groups[["limit", "no_error", "weak", *TARGETS]].mean().round(3)
    table.assign(sets=groups.size()).to_csv(RESULTS / "survival_default.csv")
    pooled(rows).to_csv(RESULTS / "survival_default_pooled.csv")
    print(table.to_string())
    print(pooled(rows).to_string())


if __name__ == "__main__":
    main()
