"""What a background does for the estimates of an excess hazard: known, ignored, and known wrongly by a half.

``python benchmarks/survival_background.py [repeats]`` draws persons of 50 to 85 years who die of a disease (an adapted
power generalized Weibull with proportional hazards) and, as often, of other causes at rates that grow by a tenth a year
of age, and writes ``benchmarks/results/survival_background.csv``: bias, errors over the spread, and coverage of 95 %
intervals for the coefficients of the excess, at 600 and 2,000 persons. Resumable in chunks.
"""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pandas as pd
from chunks import RESULTS, Study, write

import statmodels_x as smx

TRUTH = {
    ("ph", "Intercept"): -2.6,
    ("ph", "x"): 0.7,
    ("power", "Intercept"): 0.25,
    ("shape", "Intercept"): np.log(1.5),
}
GROWTH = 0.1
CONDITIONS = {
    "known": (1.0, None),
    "ignored": (0.0, None),
    "halved": (0.5, None),
    "halved, free factor": (0.5, "~ 1"),
}
OPTIONS = {"scale": "ph", "other_scale": 1.0}


def draw(n: int, rng: np.random.Generator) -> pd.DataFrame:
    x, age = rng.integers(0, 2, n), rng.uniform(50.0, 85.0, n)
    excess = smx.APGW(1.0, np.exp(TRUTH["ph", "Intercept"] + TRUTH["ph", "x"] * x), np.exp(TRUTH["power", "Intercept"]),
                      np.expm1(TRUTH["shape", "Intercept"]))  # fmt: skip
    disease = excess.time_at(rng.standard_exponential(n))
    level = 0.06 * np.exp(GROWTH * (age - 70.0))
    other = np.log1p(GROWTH * rng.standard_exponential(n) / level) / GROWTH
    end = rng.uniform(5.0, 12.0, n)
    time = np.minimum(np.minimum(disease, other), end)
    rate = level * np.exp(GROWTH * time)
    return pd.DataFrame(
        {"x": x, "time": time, "died": (time < end) * 1, "rate": rate, "sum": (rate - level) / GROWTH}
    )


def one(n: int, rng: np.random.Generator) -> list[dict[str, object]]:
    data, rows = draw(n, rng), []
    for condition, (factor, free) in CONDITIONS.items():
        part = data.assign(rate=factor * data["rate"], sum=factor * data["sum"])
        background = {"rate": "rate", "cumulative": "sum"} if factor else None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", smx.errors.StatmodelsXWarning)
            model = smx.FlexibleSurvival(
                "Surv(time, died) ~ x", part, background=background, background_factor=free, **OPTIONS
            )
            fit = model.fit()
        limits = fit.conf_int()
        wanted = TRUTH | ({("background", "Intercept"): np.log(2.0)} if free else {})
        for label, truth in wanted.items():
            known = label in fit.params.index
            rows.append(
                {
                    "n": n, "background": condition, "coefficient": ".".join(label), "truth": truth,
                    "estimate": fit.params[label] if known else np.nan, "error": fit.bse[label] if known else np.nan,
                    "inside": _inside(limits.loc[label], truth) if known else np.nan,
                    "events": float(data["died"].mean()), "expected": float(data["sum"].sum() / data["died"].sum()),
                }
            )  # fmt: skip
    return rows


def _inside(limits: pd.Series, truth: float) -> float:
    return float(limits["lower"] <= truth <= limits["upper"])


def at_600(rng: np.random.Generator) -> list[dict[str, object]]:
    return one(600, rng)


def at_2000(rng: np.random.Generator) -> list[dict[str, object]]:
    return one(2000, rng)


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Summaries over the fits in which a coefficient is estimated with an error; the others are counted."""
    found = []
    for (n, condition, name), part in rows.groupby(["n", "background", "coefficient"], sort=False):
        good = part[part["error"].notna()]
        found.append(
            {
                "n": n, "background": condition, "coefficient": name, "truth": part["truth"].iloc[0],
                "repeats": len(part), "without_error": len(part) - len(good),
                "bias": good["estimate"].mean() - good["truth"].iloc[0], "sd": good["estimate"].std(ddof=1),
                "se_over_sd": good["error"].mean() / good["estimate"].std(ddof=1), "coverage": good["inside"].mean(),
            }
        )  # fmt: skip
    return pd.DataFrame(found)


def main(repeats: int) -> None:
    tables = []
    for name, task in (("background_600", at_600), ("background_2000", at_2000)):
        tables.append(table(Study(name, task, repeats, seed=18, chunk=50).rows()))
        write(pd.concat(tables).round(4), RESULTS / "survival_background.csv")
    print(pd.concat(tables).round(3).to_string())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
