"""PTE in subgroups fixed beforehand, and a test that it is the same in all."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import minimize_scalar

from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test
from statmodels_x.surrogate.fitted import SurrogateFitted
from statmodels_x.surrogate.inference.intervals import interval

Fit = TypeVar("Fit", bound=SurrogateFitted)


def fit_groups(fit: Fit, n_jobs: int, progress: bool) -> dict[str, Fit]:
    """Estimate PTE in each subgroup with the fit's own settings."""
    trial = fit.need_sample("by_group()")
    if trial.group is None:
        raise DataError("by_group: the model has no subgroups; name their column by `by` in SurrogatePTE().")
    if len(fit.facts.groups) < 2:
        raise DataError(
            f"by_group: there is the one subgroup {fit.facts.groups[0]}; nothing can be compared."
        )
    found = {}
    for code, label in enumerate(fit.facts.groups):
        part = trial.take(trial.group == code)
        try:
            found[label] = type(fit).estimate(
                fit.question, part, fit.facts.counted(part), n_jobs=n_jobs, progress=progress
            )
        except IdentificationError as error:
            raise IdentificationError(f"by_group: in the subgroup {label}: {error}") from None
    return found


def group_table(fits: dict[str, Fit], alpha: float, method: str) -> pd.DataFrame:
    """One row per subgroup."""
    rows = []
    for label, fit in fits.items():
        lower, upper = interval(fit.inference, "pte", alpha, method)
        rows.append(
            {
                "group": label,
                "nobs": fit.nobs,
                "delta": fit.params["delta"],
                "delta_std_error": fit.bse["delta"],
                "pte": fit.params["pte"],
                "std_error": fit.bse["pte"],
                "lower": lower,
                "upper": upper,
                "is_defined": fit.is_defined,
            }
        )
    return pd.DataFrame(rows)


def equality_test(fits: dict[str, Fit]) -> HypothesisTest:
    """Test that PTE is the same in all subgroups: some r makes all the linear forms N_g - r Delta_g equal to 0.

    No ratio is taken, so that subgroups in which the effect is uncertain count for what they tell. The statistic is
    the least sum over subgroups of the squared forms over their variances, chi-squared with one degree of freedom
    less than there are subgroups.
    """
    known = [fit.inference for fit in fits.values()]
    parts = [(found.numerators["pte"][0], found.delta[0], found.covariance("pte")) for found in known]

    def distance(angle: float) -> float:
        # r = tan(angle): all of the line, infinity included
        contrast = np.array([np.cos(angle), -np.sin(angle)])
        return float(sum((contrast @ [n, d]) ** 2 / (contrast @ c @ contrast) for n, d, c in parts))

    grid = np.linspace(-np.pi / 2, np.pi / 2, 361)
    best = grid[int(np.argmin([distance(angle) for angle in grid]))]
    step = grid[1] - grid[0]
    least = minimize_scalar(
        distance, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-10}
    )
    df = len(parts) - 1
    return hypothesis_test(
        float(least.fun), df, float(stats.chi2.sf(least.fun, df)), "PTE is the same in all subgroups",
        **{"common.pte": float(np.tan(least.x))},
    )  # fmt: skip
