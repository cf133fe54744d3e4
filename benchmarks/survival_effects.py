"""What the effects of a summary say: against Kaplan-Meier on ten data sets, and their coverage under known truth.

    python benchmarks/survival_effects.py [--n 300] [--jobs 2] [--only trials]

Trials: the difference of survival between two arms, in this model's column and in that of the wider one, at six times
from the first quintile of the events to the 90 % point of follow-up, against the difference of Kaplan-Meier curves in
units of its own (Greenwood's) error. Data that the package does not hold come from R's package survival, if Rscript is
there. Simulation: seventeen designs; the difference at the middle of the censoring times, averaged over z.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from chunks import RESULTS, Study

import statmodels_x as smx
from statmodels_x.core.product_limit import at_times, product_limit

CHUNK = 50
YEAR = 365.25
IN_R = ("gbsg", "rotterdam", "myeloid", "mgus2", "pbc")
# power, kappa of the baseline; lambda is 1
BASES = {
    "Weibull": (1.3, 1.0),
    "log-logistic": (1.8, 0.0),
    "Gompertz type": (1.0, np.inf),
    "defective": (1.3, -0.4),
}
# truth, rows, share censored
CELLS = [
    ("log-logistic", 150, 0.3),
    ("log-logistic", 300, 0.5),
    ("log-logistic", 900, 0.5),
    ("Weibull", 300, 0.5),
    ("Weibull", 900, 0.5),
    ("Gompertz type", 300, 0.5),
    ("defective", 150, 0.6),
    ("defective", 300, 0.6),
    ("defective", 900, 0.6),
    ("log-logistic, proportional", 300, 0.5),
    ("log-logistic, proportional", 900, 0.5),
    ("defective, proportional", 300, 0.6),
    ("defective, proportional", 900, 0.6),
    ("cured .25 and .45", 300, 0.6),
    ("cured .25 and .45", 900, 0.6),
    ("powers 1.1 and 2", 300, 0.5),
    ("powers 1.1 and 2", 900, 0.5),
]
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(40)
WEIGHTS = WEIGHTS / WEIGHTS.sum()


def of_truth(truth: str, x: np.ndarray, z: np.ndarray) -> tuple[smx.APGW, np.ndarray]:
    """Distribution of the times of those not cured, and the cured share, of each row."""
    none = np.zeros(len(x))
    if truth.startswith("cured"):
        power, kappa = BASES["log-logistic"]
        return smx.APGW(np.exp(-0.3 * z), 1.0, power, kappa), np.where(x == 1.0, 0.45, 0.25)
    if truth.startswith("powers"):
        return smx.APGW(np.exp(-0.1 * x - 0.3 * z), 1.0, np.where(x == 1.0, 2.0, 1.1), 1.0), none
    name, _, proportional = truth.partition(", ")
    power, kappa = BASES[name]
    if proportional:
        return smx.APGW(1.0, np.exp(-0.4 * x - 0.3 * z), power, kappa), none
    return smx.APGW(np.exp(-0.5 * x - 0.3 * z), 1.0, power, kappa), none


def mean_survival(truth: str, x: float, time: float) -> float:
    """Return the survival of x, averaged over a standard normal z."""
    times, cured = of_truth(truth, np.full(len(NODES), x), NODES)
    return float(WEIGHTS @ (cured + (1.0 - cured) * times.sf(time)))


def middle(truth: str, share: float) -> float:
    """Find the time that this share of all survives."""
    low, high = 1e-6, 1e3
    for _ in range(60):
        point = float(np.sqrt(low * high))
        alive = 0.5 * (mean_survival(truth, 0.0, point) + mean_survival(truth, 1.0, point))
        low, high = (point, high) if alive > share else (low, point)
    return point


def draw(rng: np.random.Generator, truth: str, n: int, at: float) -> pd.DataFrame:
    x, z = rng.integers(0, 2, n).astype(float), rng.normal(size=n)
    times, cured = of_truth(truth, x, z)
    event = np.where(rng.uniform(size=n) < cured, np.inf, times.rvs(seed=rng))
    end = at * rng.uniform(0.6, 1.4, n)
    return pd.DataFrame({"x": x, "z": z, "time": np.minimum(event, end), "status": event <= end})


def quiet_fit(formula: str, data: pd.DataFrame) -> smx.FlexibleSurvivalResults:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
        return smx.FlexibleSurvival(formula, data).fit()


def difference(fit: smx.FlexibleSurvivalResults, name: str, at: float) -> pd.Series:
    """Return the row of effects that compares survival."""
    table = fit.effects([name], at=at)
    return table[table["quantity"].str.startswith("survival")].iloc[0]


def one_set(rng: np.random.Generator, cell: int) -> dict:
    truth, n, share = CELLS[cell]
    at = middle(truth, share)
    true = mean_survival(truth, 1.0, at) - mean_survival(truth, 0.0, at)
    row = difference(quiet_fit("Surv(time, status) ~ x + z", draw(rng, truth, n, at)), "x", at)
    found = {"moves": bool(row["moves"])}
    for column, prefix in (("this", ""), ("wide", "wide_")):
        found[column] = float(row[f"{prefix}lower"] < true < row[f"{prefix}upper"])
        found[f"{column}_bias"] = row[f"{prefix}estimate"] - true
    return found


def simulation(n: int, jobs: int) -> pd.DataFrame:
    rows = []
    for number, (truth, size, share) in enumerate(CELLS):
        task = partial(one_set, cell=number)
        sets = Study(f"survival_effects_{number}", task, n, 300 + number, CHUNK, jobs).rows()
        rmse = {f"{name}_rmse": np.sqrt((sets[f"{name}_bias"] ** 2).mean()) for name in ("this", "wide")}
        rows.append({"truth": truth, "n": size, "censored": share, **sets.mean(), **rmse, "sets": len(sets)})
    return pd.DataFrame(rows).round(4)


def from_r(names: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    """Read data of R's package survival; none without Rscript."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        script = "library(survival); p <- commandArgs(TRUE); for (n in p[-1]) " \
            'write.csv(get(n), file.path(p[1], paste0(n, ".csv")), row.names=FALSE)'  # fmt: skip
        subprocess.run(["Rscript", "-e", script, folder, *names], check=True)
        return {name: pd.read_csv(Path(folder) / f"{name}.csv") for name in names}


def trials() -> dict[str, pd.DataFrame]:
    """Ten comparisons of two arms, with columns time, status and arm (0 or 1)."""

    def table(time: pd.Series, status: pd.Series, arm: pd.Series, unit: float = YEAR) -> pd.DataFrame:
        frame = pd.DataFrame({"time": time / unit, "status": status, "arm": arm}).dropna()
        return frame.astype({"status": int, "arm": int}).reset_index(drop=True)

    melanoma, veteran, lung = (
        smx.datasets.load_melanoma(),
        smx.datasets.load_veteran(),
        smx.datasets.load_lung(),
    )
    colon = smx.datasets.load_colon()
    colon = colon[colon["rx"] != "Lev"]
    fluorouracil, r = colon["rx"] == "Lev+5FU", from_r(IN_R)
    found = {
        "E1684, interferon": table(melanoma["time"], melanoma["status"], melanoma["treatment"], 1.0),
        "colon, death, Lev+5FU": table(colon["time_death"], colon["status_death"], fluorouracil),
        "colon, recurrence, Lev+5FU": table(colon["time_recur"], colon["status_recur"], fluorouracil),
        "veteran, test treatment": table(veteran["time"], veteran["status"], veteran["treatment"] == "test"),
        "lung, women": table(lung["time"], lung["status"], lung["sex"] == lung["sex"].max()),
    }
    if r:
        g, o, y, m, p = (r[name] for name in IN_R)
        found |= {
            "gbsg, hormones": table(g["rfstime"], g["status"], g["hormon"]),
            "rotterdam, hormones": table(o["dtime"], o["death"], o["hormon"]),
            "myeloid, arm B": table(y["futime"], y["death"], y["trt"] == "B"),
            "mgus2, men": table(m["futime"], m["death"], m["sex"] == "M", 12.0),
            "pbc, oedema": table(p["time"], p["status"] == 2, p["edema"] > 0.0),
        }
    return found


def kaplan_meier(data: pd.DataFrame, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Survival at these times, and Greenwood's variance."""
    time, event = data["time"].to_numpy(), data["status"].to_numpy() == 1
    survival = at_times(product_limit(time, event, None, None), at)
    points, deaths = np.unique(time[event], return_counts=True)
    at_risk = (time[None, :] >= points[:, None]).sum(axis=1)
    terms = deaths / (at_risk * np.maximum(at_risk - deaths, 1))
    return survival, survival**2 * np.array([terms[points <= t].sum() for t in at])


def against_kaplan_meier(name: str, data: pd.DataFrame) -> dict:
    times = data["time"][data["status"] == 1]
    at = np.linspace(np.quantile(times, 0.2), np.quantile(data["time"], 0.9), 6)
    (control, first), (treated, second) = (kaplan_meier(data[data["arm"] == k], at) for k in (0, 1))
    shown, error = treated - control, np.sqrt(first + second)
    fit = quiet_fit("Surv(time, status) ~ arm", data)
    effects = pd.DataFrame([difference(fit, "arm", t) for t in at])
    row = {"data": name, "n": len(data), "events": len(times)}
    row |= {
        "late": at[-1],
        "kaplan_meier": shown[-1],
        "error": error[-1],
        "moves": bool(effects["moves"].iloc[-1]),
    }
    for column, prefix in (("this", ""), ("wide", "wide_")):
        gaps = (effects[f"{prefix}estimate"].to_numpy(float) - shown) / error
        row |= {column: effects[f"{prefix}estimate"].iloc[-1], f"{column}_gap": abs(gaps[-1]),
                f"{column}_rms": np.sqrt(np.mean(gaps**2))}  # fmt: skip
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", choices=["trials", "simulation"])
    arguments = parser.parse_args()
    if arguments.only != "simulation":
        table = pd.DataFrame([against_kaplan_meier(*item) for item in trials().items()]).round(4)
        table.to_csv(RESULTS / "survival_trials.csv", index=False)
        print(table.to_string())
    if arguments.only != "trials":
        table = simulation(arguments.n, arguments.jobs)
        table.to_csv(RESULTS / "survival_effects.csv", index=False)
        print(table.to_string())


if __name__ == "__main__":
    main()
