"""Frame -> checked arrays: one call, the count of what was dropped, and what is said about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import ModelFrame, build_frame
from statmodels_x.core.data.surv import Surv, unit_of_time
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.reading import arms, columns, events
from statmodels_x.surrogate.specification import Choice

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Trial:
    """One row a subject; arm 1 is the treated, arm 0 the control.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Follow-up: death or censoring, whichever came first.
    died : ndarray of bool, shape (n,)
    surrogate : ndarray of shape (n,)
        Time of the surrogate event where it was seen during follow-up, else infinite.
    arm : ndarray of shape (n,)
    stratum : ndarray of shape (n,)
        Codes from 0; all 0 without strata.
    weight : ndarray of shape (n,)
        Positive.
    cluster : ndarray of shape (n,) or None
        Codes from 0: subjects of one cluster share their perturbation and their fold.
    """

    time: Array = field(repr=False)
    died: NDArray[np.bool_] = field(repr=False)
    surrogate: Array = field(repr=False)
    arm: IntArray = field(repr=False)
    stratum: IntArray = field(repr=False)
    weight: Array = field(repr=False)
    cluster: IntArray | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: NDArray) -> Trial:
        """Return some rows, or all in another order."""
        return replace(
            self,
            **{name: value[rows] for name, value in vars(self).items() if value is not None},
        )

    def early(self, landmark: float) -> NDArray[np.bool_]:
        """Say who had the surrogate event by the landmark and was followed beyond it."""
        return (self.surrogate <= landmark) & (self.time > landmark)


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


def read_trial(choice: Choice, data: Any) -> tuple[Trial, TrialFacts]:
    """Read and check a trial.

    Raises
    ------
    FormulaError, DataError
        With the column, argument or arm that cannot be used.

    Warns
    -----
    DataWarning
        About dropped rows, surrogate follow-up that ended early, and copies of subjects.
    """
    frame = as_pandas(data)
    response, part = split_formula(choice.formula)
    arm_name = arms.arm_column(part, choice.formula)
    surrogate = events.evaluate_surrogate(choice, frame)
    beside = {**choice.columns, "arm": arm_name, "seen": surrogate.seen, "until": surrogate.until}
    built = build_frame(frame, response, {}, beside, {"Surv": Surv})
    survival = _survival(built)
    codes, labels = arms.arm_codes(built.columns["arm"], arm_name, choice.treated, choice.control)
    dropped = dict(built.dropped)
    keep = codes >= 0
    if not keep.all():
        dropped["other arms"] = int(np.count_nonzero(~keep))
    weight, source = columns.subject_weights(built.columns, codes)
    if np.any(weight[keep] == 0.0):
        dropped["weight of 0"] = int(np.count_nonzero(weight[keep] == 0.0))
    keep &= weight > 0.0
    arms.check_both_arms(codes[keep], labels, arm_name)
    columns.check_id(built.columns.get("id"), keep)
    trial = Trial(
        time=survival.time[keep],
        died=(survival.code == 1)[keep],
        surrogate=np.asarray(built.columns["seen"], float)[keep],
        arm=codes[keep],
        stratum=columns.group_codes(built.columns.get("strata"), keep),
        weight=weight[keep],
        cluster=None
        if "cluster" not in built.columns
        else columns.group_codes(built.columns["cluster"], keep),
    )
    if not choice.is_marker:
        until = np.asarray(built.columns["until"], float)[keep]
        trial = replace(trial, surrogate=events.settle(trial.surrogate, until, trial.time, surrogate))
    unit = choice.time_unit or unit_of_time(frame, survival.time_name, response.expressions[0])
    facts = _facts(trial, built, dropped, labels, survival, surrogate, unit, source)
    _warn(trial, facts)
    return trial, facts


def _survival(built: ModelFrame) -> Surv:
    if len(built.response) != 1 or not isinstance(built.response[0], Surv):
        raise DataError("formula: the response must be one Surv(...), for example Surv(time, status) ~ arm.")
    survival: Surv = built.response[0]
    if not survival.is_right_censored or survival.has_entry:
        raise DataError(
            "formula: the surrogate methods need times to death or right censoring from the start, "
            "Surv(time, status); left or interval censoring and late entry are not supported."
        )
    return survival


def _facts(
    trial: Trial,
    built: ModelFrame,
    dropped: dict[str, int],
    labels: tuple[str, str],
    survival: Surv,
    surrogate: events.SurrogateTimes,
    unit: str | None,
    source: str | None,
) -> TrialFacts:
    groups = {"treated": trial.arm == 1, "control": trial.arm == 0}
    return TrialFacts(
        rows=built.n_rows,
        used=len(trial),
        dropped=dropped,
        treated=labels[1],
        control=labels[0],
        subjects={arm: int(inside.sum()) for arm, inside in groups.items()},
        deaths={arm: int(trial.died[inside].sum()) for arm, inside in groups.items()},
        surrogate_events={
            arm: int(np.isfinite(trial.surrogate[inside]).sum()) for arm, inside in groups.items()
        },
        last_time=float(trial.time.max()),
        time_name=survival.time_name,
        surrogate_name=surrogate.name,
        time_unit=unit,
        weighted=source,
        strata=int(trial.stratum.max()) + 1,
        clusters=None if trial.cluster is None else int(trial.cluster.max()) + 1,
    )


def _warn(trial: Trial, facts: TrialFacts) -> None:
    missing = {
        name: count for name, count in facts.dropped.items() if name not in ("other arms", "weight of 0")
    }
    if missing:
        listed = ", ".join(f"{name} ({count})" for name, count in missing.items())
        warn(f"rows were dropped; missing values: {listed}", DataWarning)
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
