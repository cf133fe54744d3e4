"""Formula, surrogate and data frame -> arrays, with errors that name the column."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import Part, evaluate, split_formula
from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.data.model_frame import ModelFrame, build_frame
from statmodels_x.core.data.surv import Surv, unit_of_time
from statmodels_x.core.errors import DataError, DataWarning, FormulaError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import column_label, numeric_array, rows_text
from statmodels_x.surrogate.sample import Trial, TrialFacts

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Choice:
    """What the user asked to be read.

    Attributes
    ----------
    formula, surrogate : str
    treated, control : object
        Labels of the arms, or None.
    columns : dict of str to (str, array_like or None)
        ``weights``, ``propensity``, ``strata``, ``cluster`` and ``id``.
    time_unit : str or None
    is_marker : bool
        Whether the surrogate is a marker measured at the landmark instead of an event.
    """

    formula: str
    surrogate: str
    treated: Any
    control: Any
    columns: Mapping[str, Any]
    time_unit: str | None
    is_marker: bool = False


@dataclass(frozen=True)
class SurrogateTimes:
    """What is known of the surrogate event: when it was seen, or until when it was looked for."""

    seen: Array = field(repr=False)
    until: Array = field(repr=False)
    name: str
    has_status: bool

    def __len__(self) -> int:
        return len(self.seen)


def read_surrogate(time: Any, status: Any = None) -> SurrogateTimes:
    """``Surv(time, status)`` of the surrogate: unlike for survival, a missing time means "not seen".

    Raises
    ------
    DataError
        If a time is negative or text, an event has no time, or a status is neither 0 nor 1.
    """
    name = column_label(time, "surrogate")
    times = numeric_array(time, name, "surrogate")
    _refuse(times < 0.0, f"surrogate: '{name}' is negative", "times are measured from 0")
    if status is None:
        seen = np.where(np.isnan(times), np.inf, times)
        return SurrogateTimes(seen, np.full(len(seen), np.inf), name, False)
    status_name = column_label(status, "status")
    event = numeric_array(status, status_name, "surrogate", hint="give a comparison such as status == 'yes'")
    if len(event) != len(times):
        raise DataError(f"surrogate: '{status_name}' has {len(event)} values for {len(times)} times.")
    _refuse(
        np.isnan(event) & ~np.isnan(times),
        f"surrogate: '{status_name}' is missing",
        f"give 1 where '{name}' is the time of the event and 0 where it was not seen",
    )
    odd = ~np.isin(event[~np.isnan(event)], (0.0, 1.0))
    if odd.any():
        raise DataError(
            f"surrogate: '{status_name}' must be 0 (not seen) or 1 (event); give a comparison that is true where "
            "the event was seen."
        )
    happened = event == 1.0
    _refuse(
        happened & ~np.isfinite(times),
        f"surrogate: '{name}' has no finite time for an event",
        f"give the time, or set '{status_name}' to 0 if the event was not seen",
    )
    until = np.where(happened | np.isnan(times), np.inf, times)
    return SurrogateTimes(np.where(happened, times, np.inf), until, name, True)


def read_marker(values: Any) -> SurrogateTimes:
    """Read a marker measured at the landmark; missing where it was not measured."""
    name = column_label(values, "surrogate")
    numbers = numeric_array(values, name, "surrogate")
    _refuse(
        np.isinf(numbers), f"surrogate: '{name}' is infinite", "leave it missing where it was not measured"
    )
    seen = np.where(np.isnan(numbers), np.inf, numbers)
    return SurrogateTimes(seen, np.full(len(seen), np.inf), name, True)


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
    arm_name = _arm_column(part, choice.formula)
    surrogate = _evaluate_surrogate(choice, frame)
    columns = {**choice.columns, "arm": arm_name, "seen": surrogate.seen, "until": surrogate.until}
    built = build_frame(frame, response, {}, columns, {"Surv": Surv})
    survival = _survival(built)
    codes, labels = _arms(built.columns["arm"], arm_name, choice.treated, choice.control)
    dropped = dict(built.dropped)
    keep = codes >= 0
    if not keep.all():
        dropped["other arms"] = int(np.count_nonzero(~keep))
    weight, source = _weights(built.columns, codes)
    if np.any(weight[keep] == 0.0):
        dropped["weight of 0"] = int(np.count_nonzero(weight[keep] == 0.0))
    keep &= weight > 0.0
    _check_both_arms(codes[keep], labels, arm_name)
    _check_id(built.columns.get("id"), keep)
    trial = Trial(
        time=survival.time[keep],
        died=(survival.code == 1)[keep],
        surrogate=np.asarray(built.columns["seen"], float)[keep],
        arm=codes[keep],
        stratum=_codes(built.columns.get("strata"), keep),
        weight=weight[keep],
        cluster=None if "cluster" not in built.columns else _codes(built.columns["cluster"], keep),
    )
    if not choice.is_marker:
        trial = _settle_surrogate(trial, surrogate, np.asarray(built.columns["until"], float)[keep])
    unit = choice.time_unit or unit_of_time(frame, survival.time_name, response.expressions[0])
    facts = _facts(trial, built, dropped, labels, survival, surrogate, unit, source)
    _warn(trial, facts)
    return trial, facts


def _refuse(bad: NDArray[np.bool_], what: str, remedy: str) -> None:
    if bad.any():
        raise DataError(f"{what} in {rows_text(bad)}; {remedy}.")


def _arm_column(part: Part, formula: str) -> str:
    terms = [str(term) for term in part.formula if str(term) != "1"]
    if len(terms) != 1 or len(part.variables) != 1:
        raise FormulaError(
            f"formula {formula!r}: the right side must be the one column that tells the arms apart, for example "
            "'Surv(time, status) ~ arm'; strata and weights have arguments of their own."
        )
    return part.variables[0]


def _evaluate_surrogate(choice: Choice, frame: pd.DataFrame) -> SurrogateTimes:
    text = choice.surrogate
    if not isinstance(text, str) or not text.strip() or "~" in text:
        raise FormulaError(
            f"`surrogate` is {text!r}; give text such as 'Surv(pfs_time, progressed)', or the name of a column of "
            "times that is missing where the event was not seen."
        )
    response, _ = split_formula(f"{text} ~ 1")
    if len(response.expressions) != 1:
        raise FormulaError(f"`surrogate` is {text!r}; give one Surv(...) or one column.")
    check_columns(frame, response.variables, "`surrogate`")
    columns = frame[list(response.variables)]
    value = evaluate(response.expressions[0], columns, {"Surv": read_surrogate}, {})
    if not isinstance(value, SurrogateTimes):
        value = read_marker(value) if choice.is_marker else read_surrogate(value)
    elif choice.is_marker:
        raise FormulaError(f"`surrogate` is {text!r}; a marker is one column of numbers, not Surv(...).")
    if len(value) != len(frame):
        raise FormulaError(f"`surrogate` {text!r} does not give one value for each row.")
    return value


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


def _arms(
    values: NDArray[Any], name: str, treated: Any, control: Any
) -> tuple[NDArray[np.int64], tuple[str, str]]:
    """Code the arms 0 (control), 1 (treated) and -1 (others)."""
    levels = _levels(values)
    for argument, label in (("treated", treated), ("control", control)):
        if label is not None and label not in levels:
            raise DataError(
                f"`{argument}` is {label!r}, but column {name!r} has the values {_listed(levels)}."
            )
    if len(levels) < 2:
        raise DataError(
            f"formula: column {name!r} has the one value {_listed(levels)}; a treated and a control arm are needed."
        )
    if treated is None and control is None and len(levels) == 2:
        if isinstance(levels[0], str):
            raise DataError(
                f"formula: column {name!r} has the arms {_listed(levels)}; say which is the treated one by `treated`."
            )
        control, treated = levels
    elif len(levels) == 2 and (treated is None or control is None):
        given = treated if treated is not None else control
        other = next(level for level in levels if level != given)
        treated, control = (treated, other) if control is None else (other, control)
    if treated is None or control is None:
        raise DataError(
            f"formula: column {name!r} has {len(levels)} arms, {_listed(levels)}; choose two of them by `treated` and "
            "`control`."
        )
    if treated == control:
        raise DataError(f"`treated` and `control` are both {treated!r}; choose two different arms.")
    codes = np.where(values == treated, 1, np.where(values == control, 0, -1)).astype(np.int64)
    return codes, (str(control), str(treated))


def _levels(values: NDArray[Any]) -> list[Any]:
    found = pd.unique(pd.Series(values))
    try:
        return sorted(found.tolist())
    except TypeError:
        return sorted(found.tolist(), key=str)


def _listed(levels: list[Any]) -> str:
    return ", ".join(repr(level) for level in levels[:8]) + (", ..." if len(levels) > 8 else "")


def _weights(columns: Mapping[str, NDArray[Any]], codes: NDArray[np.int64]) -> tuple[Array, str | None]:
    if "weights" in columns and "propensity" in columns:
        raise DataError("give `weights` or `propensity`, not both.")
    if "propensity" in columns:
        score = numeric_array(columns["propensity"], "propensity", "SurrogatePTE()")
        bad = (codes >= 0) & ~((score > 0.0) & (score < 1.0))
        if bad.any():
            raise DataError(
                f"`propensity` is not between 0 and 1 in {rows_text(bad)}; give the probability of the treated arm."
            )
        with np.errstate(divide="ignore"):
            return np.where(codes == 1, 1.0 / score, 1.0 / (1.0 - score)), "propensity"
    if "weights" not in columns:
        return np.ones(len(codes)), None
    values = numeric_array(columns["weights"], "weights", "SurrogatePTE()")
    for bad, what in ((values < 0.0, "negative"), (~np.isfinite(values), "infinite")):
        if bad.any():
            raise DataError(f"`weights` is {what} in {rows_text(bad)}; weights are numbers of 0 or more.")
    if not np.any(values > 0.0):
        raise DataError("`weights` is 0 in every row; give a positive weight to the rows to be used.")
    return values, "weights"


def _check_both_arms(codes: NDArray[np.int64], labels: tuple[str, str], name: str) -> None:
    for code, label in enumerate(labels):
        if not np.any(codes == code):
            raise DataError(f"formula: no complete row of column {name!r} has the arm {label!r}.")


def _check_id(values: NDArray[Any] | None, keep: NDArray[np.bool_]) -> None:
    if values is None:
        return
    series = pd.Series(values)[keep]
    twice = series[series.duplicated()]
    if len(twice):
        raise DataError(
            f"`id`: {len(twice)} rows repeat a subject (for example {twice.iloc[0]!r}); give one row a subject, with "
            "both of its times."
        )


def _codes(values: NDArray[Any] | None, keep: NDArray[np.bool_]) -> NDArray[np.int64]:
    if values is None:
        return np.zeros(int(keep.sum()), np.int64)
    return pd.factorize(pd.Series(values)[keep], sort=False)[0].astype(np.int64)


def _settle_surrogate(trial: Trial, surrogate: SurrogateTimes, until: Array) -> Trial:
    """Check surrogate times against follow-up; what is coded at its end counts as not seen."""
    seen = trial.surrogate
    after = np.isfinite(seen) & (seen > trial.time * (1.0 + _TOLERANCE))
    if after.any():
        row = np.flatnonzero(after)[0]
        raise DataError(
            f"surrogate: '{surrogate.name}' is after the end of follow-up in {rows_text(after)} of the rows used "
            f"(for example {seen[row]:g} after {trial.time[row]:g}): nothing can be seen after death or "
            "censoring. Where such a time stands for 'not seen', set it to missing; otherwise check that both "
            "times are in the same unit."
        )
    early_end = np.isinf(seen) & (until < trial.time * (1.0 - _TOLERANCE))
    if early_end.any():
        warnings.warn(
            f"surrogate: in {int(early_end.sum())} subjects '{surrogate.name}' was followed for less time than "
            "survival; they count as without the event after that time.",
            DataWarning,
            stacklevel=4,
        )
    if surrogate.has_status:
        return trial
    return replace(trial, surrogate=np.where(seen >= trial.time, np.inf, seen))


def _facts(
    trial: Trial,
    built: ModelFrame,
    dropped: dict[str, int],
    labels: tuple[str, str],
    survival: Surv,
    surrogate: SurrogateTimes,
    unit: str | None,
    source: str | None,
) -> TrialFacts:
    arms = {"treated": trial.arm == 1, "control": trial.arm == 0}
    return TrialFacts(
        rows=built.n_rows,
        used=len(trial),
        dropped=dropped,
        treated=labels[1],
        control=labels[0],
        subjects={arm: int(inside.sum()) for arm, inside in arms.items()},
        deaths={arm: int(trial.died[inside].sum()) for arm, inside in arms.items()},
        surrogate_events={
            arm: int(np.isfinite(trial.surrogate[inside]).sum()) for arm, inside in arms.items()
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
        warnings.warn(f"rows were dropped; missing values: {listed}", DataWarning, stacklevel=4)
    both = np.isfinite(trial.surrogate) & trial.died
    pairs = pd.DataFrame({"time": trial.time[both], "seen": trial.surrogate[both], "arm": trial.arm[both]})
    copies = int(pairs.duplicated().sum())
    if copies > max(2, 0.2 * len(pairs)) and pairs["time"].nunique() > 0.3 * len(pairs):
        warnings.warn(
            f"{copies} of {len(pairs)} subjects with both events have exactly the times of another subject of their "
            "arm: does each subject stand in the data once? Repeated rows make standard errors too small; "
            "name the column of subjects by `id` to check, or by `cluster` to allow for them.",
            DataWarning,
            stacklevel=4,
        )
