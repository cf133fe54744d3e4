"""What the searches say of the estimate: which ends compete with it, and what to beware of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from statmodels_x.core.errors import ConvergenceWarning
from statmodels_x.core.findings import Finding
from statmodels_x.population.course.courses import digits_spent
from statmodels_x.population.course.invariants import invariants_of
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.fitting.estimation import NEEDLE, Estimate
from statmodels_x.population.fitting.searching import search_once

_WITHIN = 10.0  # units of log-likelihood
_FAR = 15.0  # units below which a rough end is not followed
_LOOKED_AT, _EVALUATIONS, _TOL = 8, (600, 60), 1e-11
_SAME = 0.05  # ends differ if some invariant does by this share
_FEW = 3  # searches at the best, below which a better fit may have been missed
_FEEDBACK = 2.0  # units of log-likelihood by which a fit with a gain must be better


def competing_ends(
    problem: Problem, layout: Layout, found: Estimate, species: tuple[str, ...]
) -> pd.DataFrame:
    """One row per distinct end within ten units of log-likelihood below the estimate, needles among them, or above it.

    Columns ``llf`` (less that of the estimate), ``digits``, ``kinds`` (of the searches that reached it), and the
    invariants.
    """
    rows: list[dict[str, object]] = []
    if found.cost <= found.negligible:
        return pd.DataFrame(rows)
    own = {"llf": 0.0, "digits": found.digits, "kinds": ", ".join(_kinds_at(found)), "theta": found.theta}
    kept = [own | invariants_of(layout, problem, found.theta, species)]
    nearest = zip(found.ends[:_LOOKED_AT], found.end_costs[:_LOOKED_AT], found.end_kinds, strict=False)
    for rough, cost, kinds in nearest:
        if found.units(float(cost)) < -_FAR:
            continue
        theta, at, *_ = search_once(
            problem, layout, rough, _EVALUATIONS[problem.kind], _TOL
        )  # a search may have stopped on its way
        better = found.units(float(at))
        if better < -_WITHIN:
            continue
        values = invariants_of(layout, problem, theta, species)
        if all(_apart(values, other) for other in kept):
            digits = digits_spent(problem, theta)
            kept.append({"llf": better, "digits": digits, "kinds": kinds, "theta": theta} | values)
    return pd.DataFrame(kept).drop(columns="theta")


def _kinds_at(found: Estimate) -> list[str]:
    return sorted({kind for kind, here in zip(found.kinds, found.at_best, strict=True) if here})


def _apart(values: dict[str, float], other: dict[str, object]) -> bool:
    for name, value in values.items():
        there = float(other[name])  # type: ignore[arg-type]
        if np.isfinite(value) != np.isfinite(there):
            return True
        if np.isfinite(value) and abs(value - there) > _SAME * max(abs(value), abs(there), 1e-12):
            return True
    return False


def search_findings(
    problem: Problem, layout: Layout, found: Estimate, ends: pd.DataFrame, species: tuple[str, ...]
) -> list[Finding]:
    """Say how far the estimate can be believed to be the best there is, and its course to be one of this kind."""
    return [
        *_of_convergence(found),
        *_of_needles(found, ends),
        *_of_agreement(found),
        *_of_feedback(problem, layout, found, species),
    ]


def _of_convergence(found: Estimate) -> list[Finding]:
    if found.converged:
        return []
    return [
        Finding(
            "not_converged",
            f"the search stopped although the sum of squares could still fall by {100 * found.left:.2g} %.",
            "Raise n_starts, or use a smaller model.",
            category=ConvergenceWarning,
        )
    ]


def _of_needles(found: Estimate, ends: pd.DataFrame) -> list[Finding]:
    if found.is_needle:
        return [
            Finding(
                "needle",
                f"the fitted course depends on {found.digits:.1f} digits of its parameters: it stays at an unstable "
                "equilibrium and leaves it at a time that the last digits determine. Standard errors, a period and "
                "predictions cannot be given.",
                'A form that cannot become negative (density="saturating"), or fit(gain="free"), may be better.',
            )
        ]
    if not len(ends):
        return []
    needles = ends[(ends["digits"] > NEEDLE) & (ends["llf"] > 0.0)]
    if not len(needles):
        return []
    best = needles.loc[needles["llf"].idxmax()]
    return [
        Finding(
            "needles",
            f"{len(needles)} end(s) of other searches fit better (by up to {best['llf']:.1f} units of log-likelihood) "
            f"but are needles: courses at an unstable equilibrium that depend on {best['digits']:.1f} digits of their "
            "parameters. They are not chosen, and quantities in which they differ are not determined.",
            "fit(allow_unstable=True) allows them.",
        )
    ]


def _of_agreement(found: Estimate) -> list[Finding]:
    kinds = _kinds_at(found)
    if found.cost <= found.negligible:
        return []
    if found.n_best < _FEW:
        return [
            Finding(
                "few_starts",
                f"only {found.n_best} of {found.n_starts} searches came within half a unit of the best log-likelihood: "
                "a better fit may exist.",
                "Raise n_starts.",
            )
        ]
    if len(kinds) < 2 and len(set(found.kinds)) > 1:
        return [
            Finding(
                "one_kind",
                f"only searches of one kind ({kinds[0]}) reached the best fit: a better one may exist.",
                "Raise n_starts.",
            )
        ]
    return []


def _of_feedback(
    problem: Problem, layout: Layout, found: Estimate, species: tuple[str, ...]
) -> list[Finding]:
    path = found.feedback
    if path is None or found.cost <= found.negligible or path.cost <= 0.0:
        return []
    better = found.units(path.cost)
    if better <= _FEEDBACK:
        return []
    here, there = (invariants_of(layout, problem, theta, species) for theta in (found.theta, path.theta))
    name = "small_oscillation_period"
    both = [values.get(name, np.nan) for values in (there, here)]
    periods = (
        f" (period of small oscillations {both[0]:.3g} against {both[1]:.3g})"
        if np.all(np.isfinite(both))
        else ""
    )
    return [
        Finding(
            "feedback",
            f"the same equations with the state corrected by the counts (gain {path.gain:g}) have a log-likelihood "
            f"{better:.1f} units higher{periods}. The data speak against a course without process errors, whose "
            "standard errors and periods are too optimistic.",
            'fit(gain="free") estimates the gain.',
            category=None,
        )
    ]
