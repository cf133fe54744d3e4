"""What the data hold for the estimate: counts, effective numbers, the constraint, the conditions for [0, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitting.estimation import Batch
from statmodels_x.surrogate.fitting.perturbation import Plan
from statmodels_x.surrogate.fitting.proportions import column

WEAK_OVERLAP = 2.0
FEW_EARLY = 10
FEW_LOCAL = 5.0


@dataclass(frozen=True)
class Diagnostics:
    """Evidence behind a PTE: counts, the constraint on g, the conditions for a PTE between 0 and 1.

    A result holds it as ``fit.diagnostics``.

    Attributes
    ----------
    counts : DataFrame
        Counts by arm, in the columns ``treated`` and ``control``. The rows are ``subjects``, ``at risk after
        landmark``, ``at risk after t``, ``early events`` (a surrogate event by the landmark, and followed beyond
        it), ``deaths by t``, ``censored by t`` and ``effective subjects`` (Kish's effective sample size, which is
        the number of subjects if there are no weights). If the surrogate was followed for a shorter time than
        survival, there are two more rows: ``surrogate unknown`` (alive after the landmark with unknown surrogate
        status) and ``effective known`` (Kish's effective size of the subjects who stand for all).
    constraint : Series
        How well the constraint on g holds: ``estimate`` of E_0[g] on held-out data, the ``target`` mu_0 that it
        should meet, their ``difference`` and its ``std_error``. With ``method="full"`` g is evaluated on the data
        it was learned from, and the two agree exactly.
    conditions : DataFrame
        Conditions under which 0 <= PTE <= 1, with the columns ``estimate``, ``std_error``, ``z`` and ``verdict``
        ("holds", "fails" or "not clear"). Each is given in the direction of the effect (multiplied by -1 if the
        effect is negative). ``residual effect`` is Delta_S >= 0, which gives PTE <= 1. ``effect at landmark`` is
        mu_1(t0) - mu_0(t0) >= 0, and ``forecast gain`` is E[M1(Q1) | T1 > t0] - E[M1(Q0) | T0 > t0] >= 0. All
        three together give PTE >= 0.
    bandwidth : float
        Bandwidth of the kernel, in ranks of the early surrogate times (0 to 1). It is 0 where few distinct times
        are bins.
    n_points : int
        Number of points or bins over (0, landmark].
    least_local_treated : float
        Smallest effective number of treated early events within reach of the kernel, over the middle 90 % of the
        control arm's early events. Below 5 the density ratio is poorly determined there.
    largest_weight : dict of str to float
        For each arm, the share of its total weight that its heaviest patient has.
    pte_if_ignored : float or None
        The estimate that counts patients as free of the event once their surrogate was no longer followed,
        instead of weighting for it. None if the surrogate was followed as long as survival.
    """

    counts: pd.DataFrame = field(repr=False)
    constraint: pd.Series = field(repr=False)
    conditions: pd.DataFrame = field(repr=False)
    bandwidth: float
    n_points: int
    least_local_treated: float
    largest_weight: Mapping[str, float] = field(repr=False, default_factory=dict)
    pte_if_ignored: float | None = field(repr=False, default=None)


def diagnose(plan: Plan, point: Batch, replicates: Batch, pte_if_ignored: float | None = None) -> Diagnostics:
    """Collect the evidence about an estimate."""
    trial = plan.sample.trial
    shares = {
        arm: float(trial.weight[trial.arm == code].max() / trial.weight[trial.arm == code].sum())
        for arm, code in (("treated", 1), ("control", 0))
    }
    return Diagnostics(
        largest_weight=shares,
        pte_if_ignored=pte_if_ignored,
        counts=_counts(plan),
        constraint=_constraint(point.values[0], replicates.values),
        conditions=_conditions(point.values[0], replicates.values),
        bandwidth=plan.smoother.bandwidth,
        n_points=len(plan.smoother.points),
        least_local_treated=_least_local(plan),
    )


def _counts(plan: Plan) -> pd.DataFrame:
    trial = plan.sample.trial
    early = trial.early(plan.layout.landmark)
    columns = {}
    for arm, code in (("treated", 1), ("control", 0)):
        inside = trial.arm == code
        by_t = inside & ~trial.alive(plan.layout.at)
        weight = trial.weight[inside]
        columns[arm] = {
            "subjects": inside.sum(),
            "at risk after landmark": (inside & trial.alive(plan.layout.landmark)).sum(),
            "at risk after t": (inside & trial.alive(plan.layout.at)).sum(),
            "early events": (inside & early).sum(),
            "deaths by t": (by_t & trial.died).sum(),
            "censored by t": (by_t & ~trial.died).sum(),
            "effective subjects": weight.sum() ** 2 / np.sum(weight**2),
        }
        if plan.stopping is not None:
            alive = inside & trial.alive(plan.layout.landmark)
            columns[arm]["surrogate unknown"] = (alive & ~plan.stopping.known).sum()
            standing = (trial.weight * plan.stopping.factors(trial.weight))[alive]
            columns[arm]["effective known"] = standing.sum() ** 2 / np.sum(standing**2)
    return pd.DataFrame(columns).astype(float)


def _constraint(one: Array, values: Array) -> pd.Series:
    estimate, target = (float(column(one, name)) for name in ("constraint", "target_control"))
    error = float(np.std(column(values, "constraint") - column(values, "target_control"), ddof=1))
    return pd.Series(
        {"estimate": estimate, "target": target, "difference": estimate - target, "std_error": error},
        name="E_0[g]",
    )


def _conditions(one: Array, values: Array) -> pd.DataFrame:
    rows, reach = {}, NORMAL.quantile(0.05)
    sign = -1.0 if column(one, "delta") < 0.0 else 1.0
    for name, value in {
        "residual effect": lambda v: column(v, "residual"),
        "effect at landmark": lambda v: column(v, "early_treated") - column(v, "early_control"),
        "forecast gain": lambda v: (
            column(v, "target_treated") / column(v, "early_treated")
            - column(v, "mean_forecast") / column(v, "early_control")
        ),
    }.items():
        estimate = sign * float(value(one))
        error = float(np.std(value(values), ddof=1))
        z = estimate / error if error > 0.0 else np.nan
        verdict = "holds" if z > reach else "fails" if z < -reach else "not clear"
        rows[name] = {"estimate": estimate, "std_error": error, "z": z, "verdict": verdict}
    return pd.DataFrame.from_dict(rows, orient="index")


def _least_local(plan: Plan) -> float:
    """Effective number of treated events under the kernel, at its least where the control's events lie."""
    trial, smoother = plan.sample.trial, plan.smoother
    early = trial.early(plan.layout.landmark)
    counts = [_binned(plan, early & (trial.arm == code)) for code in (0, 1)]
    reached = np.cumsum(counts[0]) / counts[0].sum()
    middle = (reached >= 0.05) & (reached <= 0.95) & (counts[0] > 0.0)
    if not middle.any():
        middle = counts[0] > 0.0
    if smoother.spread is None:
        return float(counts[1][middle].min())
    ranks = np.linspace(0.0, 1.0, len(smoother.points))
    kernel = np.exp(-0.5 * ((ranks[:, None] - ranks) / smoother.bandwidth) ** 2)
    effective = (kernel @ counts[1]) ** 2 / np.maximum(kernel**2 @ counts[1], 1e-300)
    return float(effective[middle].min())


def _binned(plan: Plan, rows: NDArray[np.bool_]) -> Array:
    m = len(plan.smoother.points)
    bins, fractions = plan.layout.bins[rows], plan.layout.fractions[rows]
    counts = np.bincount(bins, 1.0 - fractions, m + 1) + np.bincount(bins + 1, fractions, m + 1)
    return np.asarray(counts[:m])
