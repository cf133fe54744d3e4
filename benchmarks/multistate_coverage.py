"""Coverage of the delta-method intervals of shares of states and of expected times in them.

``python benchmarks/multistate_coverage.py [repeats]`` draws from two illness-death processes (Markov, and with a hazard
of death that counts from the illness) and one of competing risks, at 200 and 1,000 subjects, fits Weibull hazards, and
writes ``benchmarks/results/multistate_coverage.csv``. The true hazards of the first and third process are constant, so
that the model holds; in the second the hazard after the illness is a Weibull of power 0.7.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import statmodels_x as smx

RESULT = Path(__file__).parent / "results" / "multistate_coverage.csv"
HORIZON, CENSORING = 3.0, 0.15
AFTER = 0.7  # power of the hazard after the illness in the second process


def draw(process: str, n: int, rng: np.random.Generator) -> smx.MultiStateData:
    end = np.minimum(rng.exponential(1.0 / CENSORING, n), 8.0)
    if process == "competing risks":
        first, second = rng.exponential(1.0 / 0.4, n), rng.exponential(1.0 / 0.2, n)
        time = np.minimum(np.minimum(first, second), end)
        event = np.select([time == end, time == first], ["none", "relapse"], "dead")
        return smx.MultiStateData.competing(
            pd.DataFrame({"time": time, "event": event}), "time", "event", "none"
        )
    ill, dead = rng.exponential(1.0, n), rng.exponential(10.0, n)
    after = rng.exponential(1.0 / 0.55, n)
    if process == "illness-death, reset":
        after = after_time(rng.standard_exponential(n))
    seen = ill < dead
    death = np.where(seen, ill + after, dead)
    time = np.minimum(death, end)
    sick = seen & (ill < time)
    frame = pd.DataFrame(
        {"ill": np.where(sick, ill, time), "sick": sick * 1, "time": time, "died": (death <= end) * 1}
    )
    return smx.MultiStateData.from_wide(frame, {"ill": ("ill", "sick"), "dead": ("time", "died")})


def after_time(exponential: np.ndarray) -> np.ndarray:
    return exponential ** (1.0 / AFTER) / 0.6


def truth(process: str) -> dict[str, float]:
    """Shares at the horizon and times up to it, by quadrature on a fine grid."""
    x, w = np.polynomial.legendre.leggauss(200)
    x, w = 0.5 * (x + 1.0), 0.5 * w

    def shares(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if process == "competing risks":
            free = np.exp(-0.6 * t)
            return free, (1.0 - free) * 0.4 / 0.6
        free = np.exp(-1.1 * t)
        wait = t[:, None] * x**3  # time since the illness
        alive = np.exp(-((0.6 * wait) ** AFTER)) if "reset" in process else np.exp(-0.55 * wait)
        density = np.exp(-1.1 * (t[:, None] - wait)) * alive
        return free, (density * w * 3.0 * x**2).sum(axis=1) * t

    free, second = shares(np.array([HORIZON]))
    over = [HORIZON * float(w @ values) for values in shares(HORIZON * x)]
    return {"share 1": free[0], "share 2": second[0], "time in 1": over[0], "time in 2": over[1]}


def one(process: str, n: int, rng: np.random.Generator) -> list[tuple[float, float, float, float]]:
    clock = {"ill -> dead": "reset"} if "reset" in process else "forward"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
        model = smx.MultiState("~ 1", draw(process, n, rng), clock, "weibull", scale="ph")
        fit = model.fit()
    second = "relapse" if process == "competing risks" else "ill"
    tables = [fit.predict(kind=kind, at=HORIZON).set_index("state") for kind in ("occupancy", "stay")]
    columns = ["estimate", "std_error", "lower", "upper"]
    return [tuple(row) for table in tables for row in table.loc[["event_free", second], columns].to_numpy()]


def main(repeats: int) -> None:
    rows = []
    for process in ("illness-death, Markov", "illness-death, reset", "competing risks"):
        true = truth(process)
        for n in (200, 1000):
            streams = np.random.SeedSequence([19, n, len(process)]).spawn(repeats)
            found = np.array([one(process, n, np.random.default_rng(stream)) for stream in streams])
            for k, (name, value) in enumerate(true.items()):
                estimate, error, lower, upper = found[:, k].T
                known = np.isfinite(error)
                inside = (lower <= value) & (value <= upper)
                rows.append(
                    {
                        "process": process, "n": n, "quantity": name, "truth": value, "repeats": repeats,
                        "bias": estimate.mean() - value, "sd": estimate.std(ddof=1), "se_over_sd":
                        error[known].mean() / estimate[known].std(ddof=1), "coverage": inside[known].mean(),
                        "without_error": int((~known).sum()),
                    }
                )  # fmt: skip
            pd.DataFrame(rows).round(4).to_csv(RESULT, index=False)
            print(pd.DataFrame(rows[-4:]).round(4).to_string(), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
