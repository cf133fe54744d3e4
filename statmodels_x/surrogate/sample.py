"""Frame -> checked arrays: one call, the count of what was dropped, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.data.illness_death import IllnessDeathTimes
from statmodels_x.core.data.model_frame import counts_text
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.scaling import near_columns
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_text
from statmodels_x.surrogate.partitioned.reading import read_partitions
from statmodels_x.surrogate.reading import arms, columns, events
from statmodels_x.surrogate.reading.propensity import Propensity, fit_propensity
from statmodels_x.surrogate.reading.rows import TrialRows, read_memory
from statmodels_x.surrogate.specification import Choice

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Trial(IllnessDeathTimes):
    """One row per subject, with its two events; arm 1 is the treated, arm 0 the control.

    Attributes
    ----------
    arm : ndarray of shape (n,)
    stratum : ndarray of shape (n,)
        Codes from 0; all 0 without strata.
    weight : ndarray of shape (n,)
        Positive.
    cluster : ndarray of shape (n,) or None
        Codes from 0: subjects of one cluster share their perturbation and their fold.
    labels : tuple of str
        Names of the strata.
    propensity : Propensity or None
        The model that the weights come from, if it was estimated.
    stop_design : ndarray of shape (n, k) or None
        Covariates of the time at which looking for the surrogate event stopped.
    group : ndarray of shape (n,) or None
        Codes of subgroups to be compared.
    """

    arm: IntArray = field(repr=False)
    stratum: IntArray = field(repr=False)
    weight: Array = field(repr=False)
    cluster: IntArray | None = field(repr=False, default=None)
    labels: tuple[str, ...] = field(repr=False, default=())
    propensity: Propensity | None = field(repr=False, default=None)
    stop_design: Array | None = field(repr=False, default=None)
    group: IntArray | None = field(repr=False, default=None)

    def take(self, rows: NDArray) -> Trial:
        """Return some rows, or all in another order."""
        arrays = {name: value[rows] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        if self.propensity is not None:
            arrays["propensity"] = self.propensity.take(rows)
        return replace(self, **arrays)


@dataclass(frozen=True)
class TrialFacts:
    """What summaries say of the data, kept with every result.

    Attributes
    ----------
    rows, used : int
        Rows given and rows used.
    dropped : dict of str to int
        Rows left out, by reason.
    treated, control : str
        Labels of the arms.
    subjects, deaths, surrogate_events : dict of str to int
        By arm.
    last_time : float
        Longest follow-up.
    time_name, surrogate_name : str
    time_unit : str or None
    weighted : str or None
        Where the weights come from.
    strata : int
        Number of strata; 1 without.
    clusters : int or None
    notes : dict of str to int
        How many rows were read in a way that a user should know: ``moved`` (surrogate event dated after the end of
        follow-up, taken to be at it), ``composite`` (deaths coded as surrogate events, recoded), ``trimmed``
        (propensities held at the limit).
    groups : tuple of str
        Labels of the subgroups that are compared.
    """

    rows: int
    used: int
    dropped: Mapping[str, int]
    treated: str
    control: str
    subjects: Mapping[str, int]
    deaths: Mapping[str, int]
    surrogate_events: Mapping[str, int]
    last_time: float
    time_name: str
    surrogate_name: str
    time_unit: str | None
    weighted: str | None
    strata: int
    clusters: int | None
    notes: Mapping[str, int] = field(default_factory=dict)
    groups: tuple[str, ...] = ()

    def counted(self, trial: Trial) -> TrialFacts:
        """Return the facts with the counts of a trial that has lost subjects or strata."""
        return replace(self, used=len(trial), strata=int(trial.stratum.max()) + 1, **_counts(trial))


def read_trial(choice: Choice, data: Any) -> tuple[Trial, TrialFacts]:
    """Read and check a trial.

    Raises
    ------
    FormulaError, DataError
        With the column, argument or arm that cannot be used.

    Warns
    -----
    DataWarning
        About dropped rows, progression dated after the end of follow-up, and copies of subjects.
    """
    response, part = split_formula(choice.formula)
    arm_name = arms.arm_column(part, choice.formula)
    read = read_partitions if is_dask_frame(data) else read_memory
    given = read(choice, data, response, arm_name)
    codes, labels = arms.arm_codes(given.columns["arm"], arm_name, choice.treated, choice.control)
    trial, facts = _settled(choice, given, codes, labels, arm_name)
    _warn(trial, facts, given.surrogate.name)
    return trial, facts


def _settled(
    choice: Choice, given: TrialRows, codes: IntArray, labels: tuple[str, str], arm_name: str
) -> tuple[Trial, TrialFacts]:
    """Decide which rows are used, and as what."""
    survival, surrogate, beside = given.survival, given.surrogate, given.columns
    rows = _Rows(codes >= 0, dict(given.dropped))
    rows.drop(codes < 0, "other arms")
    rows.drop(np.isnan(survival.time), f"{survival.time_name} or {survival.status_name}")
    weight, source = columns.subject_weights(beside, codes)
    rows.drop(weight == 0.0, "weight of 0")
    read = events.settle(choice, surrogate, survival, rows.keep)
    rows.drop(read.lost, "surrogate after the end of follow-up")
    keep = rows.keep
    arms.check_both_arms(codes[keep], labels, arm_name)
    columns.check_id(beside.get("id"), keep)
    stratum, names = columns.group_codes(beside.get("strata"), keep)
    group, group_names = columns.group_codes(beside.get("by"), keep)
    propensity, trimmed = None, 0
    weight = weight[keep]
    if "propensity" in given.designs:
        propensity, weight = fit_propensity(given.designs["propensity"][keep], codes[keep], choice.trim)
        source = "propensity (estimated)"
    if source is not None and source.startswith("propensity"):
        weight, trimmed = columns.trimmed(weight, choice.trim)
    trial = Trial(
        time=survival.time[keep],
        died=survival.died[keep],
        surrogate=read.seen[keep],
        arm=codes[keep],
        stratum=stratum,
        weight=weight,
        cluster=None if "cluster" not in beside else columns.group_codes(beside["cluster"], keep)[0],
        watched=None if read.watched is None else read.watched[keep],
        labels=names,
        propensity=propensity,
        stop_design=None if "stopping" not in given.designs else _covariates(given.designs["stopping"], keep),
        group=None if "by" not in beside else group,
    )
    facts = TrialFacts(
        rows=given.n_rows,
        used=len(trial),
        dropped=rows.dropped,
        treated=labels[1],
        control=labels[0],
        **_counts(trial),
        last_time=float(trial.time.max()),
        time_name=survival.time_name,
        surrogate_name=surrogate.name,
        time_unit=check_text("time_unit", choice.time_unit, "years") or given.time_unit,
        weighted=source,
        strata=len(names),
        clusters=None if trial.cluster is None else int(trial.cluster.max()) + 1,
        notes={name: n for name, n in {**read.notes, "trimmed": trimmed}.items() if n},
        groups=group_names if "by" in beside else (),
    )
    return trial, facts


class _Rows:
    """Which rows are kept, and why the others are not."""

    def __init__(self, keep: NDArray[np.bool_], dropped: dict[str, int]) -> None:
        self.keep, self.dropped = np.ones(len(keep), bool), dropped

    def drop(self, bad: NDArray[np.bool_], reason: str) -> None:
        """Leave out rows that are still there."""
        count = int(np.count_nonzero(self.keep & bad))
        if count:
            self.dropped[reason] = self.dropped.get(reason, 0) + count
            self.keep = self.keep & ~bad


def _covariates(design: Array, keep: NDArray[np.bool_]) -> Array:
    """Columns of a design without the constant, centred and scaled."""
    matrix = near_columns(design[keep])
    spread = matrix.std(axis=0)
    if not np.any(spread > 0.0):
        raise DataError("`stopping`: no covariate differs between the rows used; leave it out.")
    matrix, spread = matrix[:, spread > 0.0], spread[spread > 0.0]
    return np.asarray((matrix - matrix.mean(axis=0)) / spread)


def _counts(trial: Trial) -> dict[str, Any]:
    groups = {"treated": trial.arm == 1, "control": trial.arm == 0}
    return {
        "subjects": {arm: int(inside.sum()) for arm, inside in groups.items()},
        "deaths": {arm: int(trial.died[inside].sum()) for arm, inside in groups.items()},
        "surrogate_events": {
            arm: int(np.isfinite(trial.surrogate[inside]).sum()) for arm, inside in groups.items()
        },
    }


_ASKED = ("other arms", "weight of 0", "surrogate after the end of follow-up")


def _warn(trial: Trial, facts: TrialFacts, surrogate: str) -> None:
    missing = {name: count for name, count in facts.dropped.items() if name not in _ASKED}
    if missing:
        warn(f"rows were dropped; missing values: {counts_text(missing)}", DataWarning)
    if "moved" in facts.notes:
        warn(
            f"surrogate: in {facts.notes['moved']} subjects '{surrogate}' was dated after the end of follow-up; it is "
            "taken to have happened at it.",
            DataWarning,
        )
    both = np.isfinite(trial.surrogate) & trial.died
    pairs = pd.DataFrame({"time": trial.time[both], "seen": trial.surrogate[both], "arm": trial.arm[both]})
    copies = int(pairs.duplicated().sum())
    if copies > max(2, 0.2 * len(pairs)) and pairs["time"].nunique() > 0.3 * len(pairs):
        warn(
            f"{copies} of {len(pairs)} subjects with both events have exactly the times of another subject of their "
            "arm: does each subject stand in the data once? Repeated rows make standard errors too small; "
            "name the column of subjects by `id` to check, or by `cluster` to allow for them.",
            DataWarning,
        )
