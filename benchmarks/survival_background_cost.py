"""What a background costs: fits of 100,000 rows with and without one, and a life table matched to a million rows.

``python benchmarks/survival_background_cost.py`` writes ``benchmarks/results/survival_background_cost.csv``. Seconds
are of the processor (one thread: set STATMODELS_X_THREADS=1), the least of several runs that alternate, after one that
compiles. ``fit()`` with a background has a longer likelihood; its ``ratio`` is to the fit of the same model to the same
rows without one. Steps of the search may differ, since the deaths that the two explain do. Reading the rows is timed
apart: with a background that is two columns and a walk through the life table for each row.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from chunks import RESULTS, write

import statmodels_x as smx

MODELS = {
    "Weibull": {"distribution": "weibull"},
    "proportional hazards": {},
    "cured fraction": {"distribution": "weibull", "cure": "~ x"},
}
REPEATS = 7


def draw(n: int, rng: np.random.Generator, table: smx.LifeTable) -> pd.DataFrame:
    """Persons of 40 to 80 years who die of a disease, or of other causes as the population does."""
    data = pd.DataFrame(
        {
            "x": rng.integers(0, 2, n), "z": rng.normal(size=n), "age": rng.uniform(40.0, 80.0, n),
            "year": rng.uniform(1984.0, 1994.0, n), "sex": rng.choice(["female", "male"], n),
        }
    )  # fmt: skip
    rate = 0.15 * np.exp(0.5 * data["x"] + 0.2 * data["z"])
    disease = (rng.standard_exponential(n) / rate) ** (1.0 / 1.2)
    disease = np.where(rng.random(n) < 0.3, np.inf, disease)
    level = table.rate(data["age"], data["year"], sex=data["sex"])
    other = np.log1p(0.09 * rng.standard_exponential(n) / level) / 0.09
    end = np.minimum(1999.0 - data["year"], rng.uniform(1.0, 15.0, n))
    years = np.minimum(np.minimum(disease, other), end)
    return data.assign(years=years, died=(years < end).astype(int))


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def of_fits(n: int, rng: np.random.Generator, table: smx.LifeTable) -> list[dict[str, object]]:
    data, rows = draw(n, rng, table), []
    matched = table.match(age="age", year="year", sex="sex")
    for name, options in MODELS.items():
        times: dict[str, list[float]] = {
            "plain": [],
            "background": [],
            "plain, read": [],
            "background, read": [],
        }

        for repeat in range(REPEATS + 1):
            for kind, background in (("plain", None), ("background", matched)):
                start = time.process_time()
                model = smx.FlexibleSurvival(
                    "Surv(years, died) ~ x + z", data, time_unit="years", background=background, **options
                )
                read = time.process_time()
                model.fit()
                if repeat:
                    times[f"{kind}, read"].append(read - start)
                    times[kind].append(time.process_time() - read)
        least = {kind: min(values) for kind, values in times.items()}
        ratio = least["background"] / least["plain"]
        rows.append({"what": f"fit(), {name}", "n": n, **least, "ratio": ratio})
        print(rows[-1], flush=True)
    return rows


def of_table(n: int, rng: np.random.Generator, table: smx.LifeTable) -> list[dict[str, object]]:
    age, year = rng.uniform(40.0, 75.0, n), rng.uniform(1984.0, 1990.0, n)
    sex = rng.choice(["female", "male"], n)
    took = [seconds(lambda: table.cumulative(age, year, 0.0, 15.0, sex=sex)) for _ in range(REPEATS + 1)][1:]
    paths = table.match(age="age", year="year", sex="sex").paths(
        {"age": age, "year": year, "stratum sex": sex}, 1.0
    )
    walk = [seconds(lambda: paths.cumulative(np.zeros(n), np.full(n, 15.0))) for _ in range(REPEATS)]
    return [
        {"what": "life table, 15 years", "n": n, "background": min(took)},
        {"what": "life table, 15 years, strata read before", "n": n, "background": min(walk)},
    ]


def of_net_survival(n: int, rng: np.random.Generator, table: smx.LifeTable) -> list[dict[str, object]]:
    data = draw(n, rng, table)
    data["years"] = np.ceil(data["years"] * 365.25) / 365.25
    matched = table.match(age="age", year="year", sex="sex")

    def work() -> None:
        smx.net_survival("Surv(years, died) ~ 1", data, matched, time_unit="years")

    return [
        {
            "what": "net_survival(), times in days",
            "n": n,
            "background": min(seconds(work) for _ in range(REPEATS)),
        }
    ]


def main(n: int) -> None:
    warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
    table = smx.LifeTable(smx.datasets.load_us_mortality(), rate="rate", by="sex", extend="hold")
    rng = np.random.default_rng(18)
    rows = of_table(10 * n, rng, table) + of_net_survival(n // 10, rng, table)
    write(pd.DataFrame(rows), RESULTS / "survival_background_cost.csv")
    rows = of_fits(n, rng, table) + rows
    found = pd.DataFrame(rows).round(3)
    write(found, RESULTS / "survival_background_cost.csv")
    print(found.to_string())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
