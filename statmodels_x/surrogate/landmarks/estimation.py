"""PTE over a grid of outcome times and landmarks, with bands that hold over the whole grid."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_choice, check_count, check_number
from statmodels_x.surrogate.fitted import SurrogateFitted
from statmodels_x.surrogate.fitting.perturbation import build_plan, perturb, point_estimate, sort_for
from statmodels_x.surrogate.fitting.proportions import PARAMS, infer
from statmodels_x.surrogate.fitting.strata import settle_strata
from statmodels_x.surrogate.fitting.support import check_support
from statmodels_x.surrogate.inference import intervals
from statmodels_x.surrogate.landmarks.fitted import GridFitted
from statmodels_x.surrogate.specification import INTERVALS, check_times

_MOST_SUBJECTS = 10_000_000


Grid = TypeVar("Grid", bound=GridFitted)


def grid_frame(grid: GridFitted, quantity: str, alpha: float, method: str) -> pd.DataFrame:
    """Estimates with bands, one row per pair of times."""
    check_choice("quantity", quantity, PARAMS, "frame()")
    check_choice("method", method, ("simultaneous", *INTERVALS), "frame()")
    check_alpha(alpha)
    estimates = np.array([found.estimate(quantity)[0] for found in grid.inferences])
    errors = np.array([found.standard_error(quantity) for found in grid.inferences])
    if method == "simultaneous":
        reach = _factor(grid, quantity, alpha) * errors
        limits = np.column_stack([estimates - reach, estimates + reach])
    else:
        limits = np.array([intervals.interval(found, quantity, alpha, method) for found in grid.inferences])
    return pd.DataFrame(
        {
            "at": [at for at, _ in grid.pairs],
            "landmark": [landmark for _, landmark in grid.pairs],
            "estimate": estimates,
            "std_error": errors,
            "lower": limits[:, 0],
            "upper": limits[:, 1],
            "delta": [found.delta[0] for found in grid.inferences],
            "overlap": [found.estimate("overlap")[0] for found in grid.inferences],
            "is_defined": [found.is_defined for found in grid.inferences],
        }
    )


def earliest_landmark(grid: GridFitted, share: float, alpha: float) -> pd.DataFrame:
    """Find the earliest landmark that explains at least a share of the effect, for each time t."""
    share = check_number("share", share, low=0.0, high=1.0, closed=True)
    table = grid_frame(grid, "pte", alpha, "simultaneous")
    rows = []
    for at, part in table.groupby("at", sort=True):
        factor = _factor(grid, "pte", alpha, sides=1, at=float(at))
        shown = [abs(grid.inferences[k].statistic("delta")) > NORMAL.quantile(alpha) for k in part.index]
        bound = (part["estimate"] - factor * part["std_error"]).where(shown)
        rows.append(
            {
                "at": at,
                "by_estimate": part.loc[part["estimate"] >= share, "landmark"].min(),
                "by_confidence": part.loc[bound >= share, "landmark"].min(),
            }
        )
    return pd.DataFrame(rows)


def _factor(grid: GridFitted, quantity: str, alpha: float, sides: int = 2, at: float | None = None) -> float:
    """Half-width of the simultaneous band in standard errors, over all pairs or those of one time."""
    used = [
        found
        for found, pair in zip(grid.inferences, grid.pairs, strict=True)
        if at is None or np.isclose(pair[0], at)
    ]
    estimates = np.array([found.estimate(quantity)[0] for found in used])
    errors = np.array([found.standard_error(quantity) for found in used])
    replicates = np.column_stack([found.estimate(quantity)[1] for found in used])
    if sides == 2:
        return intervals.simultaneous_factor(estimates, replicates, errors, alpha)
    return intervals.one_sided_factor(replicates, errors, alpha)


def estimate_grid(
    build: type[Grid],
    fit: SurrogateFitted,
    ats: ArrayLike | None,
    landmarks: ArrayLike | None,
    n_perturb: int | None,
    n_jobs: int,
    progress: bool,
) -> Grid:
    """Estimate a grid as an object of class ``build``; see :meth:`SurrogateResults.landmark_grid`."""
    asked, trial = fit.question, fit.need_sample("landmark_grid()")
    times = _times(asked.at if ats is None else ats, "ats")
    last = times.max()
    early = _times(np.linspace(last / 8.0, last, 8) if landmarks is None else landmarks, "landmarks")
    wanted = [(float(at), float(t0)) for at in times for t0 in early if t0 <= at]
    if not wanted:
        raise DataError("landmark_grid: every landmark is after every time of the outcome.")
    pairs, refused = [], []
    for at, t0 in wanted:
        try:
            check_times(at, t0)
            check_support(trial, fit.facts, at, t0)
            pairs.append((at, t0))
        except IdentificationError as error:
            refused.append({"at": at, "landmark": t0, "reason": str(error)})
    if not pairs:
        raise IdentificationError(f"landmark_grid: no pair of times can be estimated. {refused[0]['reason']}")
    n = asked.n_perturb if n_perturb is None else check_count("n_perturb", n_perturb, 20)
    # strata that can be estimated at the last time can be at all: one sample for the whole grid
    latest = max(pairs)
    trial, _ = settle_strata(trial, *latest, asked.settings.thin_strata, asked.settings.n_parts)
    sample = sort_for(trial, asked.settings)
    # pairs in groups that fit into memory: the same seed gives every group the same weights
    room = max(1, _MOST_SUBJECTS // len(trial))
    found = []
    for start in range(0, len(pairs), room):
        some = pairs[start : start + room]
        plans = [build_plan(sample, asked.settings, at, t0, asked.effect == "rmst") for at, t0 in some]
        batches = perturb(plans, n, asked.seed, n_jobs, progress)
        found += [
            infer(point_estimate(plan), many, asked.settings.corrects)
            for plan, many in zip(plans, batches, strict=True)
        ]
    table = pd.DataFrame(refused, columns=["at", "landmark", "reason"])
    return build(question=asked, facts=fit.facts, pairs=tuple(pairs), inferences=tuple(found), refusals=table)


def _times(values: ArrayLike, name: str) -> Array:
    try:
        times = np.unique(np.atleast_1d(np.asarray(values, float)))
    except (TypeError, ValueError):
        raise DataError(f"`{name}` must be a number or a list of numbers, times above 0.") from None
    if not len(times) or not np.isfinite(times).all() or times.min() <= 0.0:
        raise DataError(f"`{name}` must hold finite times above 0.")
    return times
