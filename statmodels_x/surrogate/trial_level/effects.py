"""Patients of several trials -> one row per trial: two effects, their standard errors and their correlation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import build_frame
from statmodels_x.core.errors import DataError, DataWarning, FormulaError, IdentificationError
from statmodels_x.core.findings import warn
from statmodels_x.core.validation import check_choice, check_number
from statmodels_x.surrogate.fitting.influence import EFFECTS
from statmodels_x.surrogate.fitting.influence import effect as effect_of
from statmodels_x.surrogate.reading.arms import arm_codes, arm_column
from statmodels_x.surrogate.reading.follow_up import FollowUp, read_follow_up

LEAST_EVENTS = 5


def trial_effects(
    outcome: str,
    surrogate: str,
    data: Any,
    trial: str,
    effect: str = "log_hr",
    at: float | None = None,
    treated: Any = None,
    control: Any = None,
) -> pd.DataFrame:
    """Estimate the treatment effects on outcome and surrogate in each of several trials, from patients' data.

    Parameters
    ----------
    outcome : str
        Outcome and arm, such as ``"Surv(os_time, death) ~ arm"``.
    surrogate : str
        Event time of the surrogate as trials analyse it, such as ``"Surv(pfs_time, progressed_or_died)"``. In
        progression-free survival a death counts as an event, and the status column must say so.
    data : DataFrame
        One row per patient. A pandas, polars or pyarrow table, or a mapping of columns.
    trial : str
        Column of the trials. The centres of one trial are not trials.
    effect : {"log_hr", "rmst", "survival"}
        The effect to estimate: the log hazard ratio (from a proportional hazards model whose baseline hazard is
        constant between quantiles of the events), the difference in restricted mean survival time up to ``at``,
        or the difference in survival at ``at``.
    at : float, optional
        Time of the second and third effect, which need it.
    treated, control : optional
        Values of the arm column, as for :class:`~statmodels_x.SurrogatePTE`.

    Returns
    -------
    DataFrame
        One row per trial, with the columns ``trial``, ``n``, ``effect_outcome``, ``effect_surrogate``,
        ``std_error_outcome``, ``std_error_surrogate`` and ``correlation`` (of the two estimates). For log hazard
        ratios there are also ``hr_outcome`` and ``hr_surrogate``. ``attrs["left_out"]`` names the trials that are
        too small, with the reason.

    Raises
    ------
    FormulaError, DataError
        If a column or an argument cannot be used.
    IdentificationError
        If no trial is large enough.

    Warns
    -----
    DataWarning
        If rows with missing values are dropped, or if trials are left out. A trial is left out if an arm has
        fewer than 5 outcome events or fewer than 5 surrogate events (by ``at``, if it is given), or is not
        followed to ``at``.

    Notes
    -----
    Both effects are averages of influence values of the patients. Their covariance therefore needs no model of
    how the two times of a patient depend on each other.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> colon = smx.datasets.load_colon().query("extent in (2, 3)")
    >>> table = smx.trial_effects(
    ...     "Surv(time_death, status_death) ~ rx", "Surv(time_recur, status_recur)", colon, trial="extent",
    ...     treated="Lev+5FU", control="Obs")
    >>> table.columns[:4].tolist()
    ['trial', 'n', 'effect_outcome', 'effect_surrogate']
    """
    check_choice("effect", effect, EFFECTS, "trial_effects()")
    if effect == "log_hr":
        horizon = np.inf
    elif at is None:
        raise DataError(f'trial_effects: effect="{effect}" needs the time `at`.')
    else:
        horizon = check_number("at", at, low=0.0, high=np.inf)
    frame = as_pandas(data)
    response, part = split_formula(outcome)
    second, _ = split_formula(f"{surrogate} ~ 1")
    arm_name = arm_column(part, outcome)
    both = build_frame(frame, response, {}, {"arm": arm_name, "trial": trial}, {"Surv": read_follow_up})
    other = build_frame(frame, second, {}, {"arm": arm_name, "trial": trial}, {"Surv": read_follow_up})
    times = [_follow_up(found.response, text) for found, text in ((both, outcome), (other, surrogate))]
    codes, _ = arm_codes(both.columns["arm"], arm_name, treated, control)
    keep = (codes >= 0) & np.isfinite(times[0].time) & np.isfinite(times[1].time)
    n_missing = len(frame) - int(np.count_nonzero(codes < 0)) - int(keep.sum())
    if n_missing:
        warn(f"trial_effects: {n_missing} rows with missing values were dropped", DataWarning)
    rows, left_out = [], {}
    labels = both.columns["trial"]
    for label in pd.unique(pd.Series(labels)[keep]):
        inside = keep & (labels == label)
        reason = _too_small([time[inside] for time in times], codes[inside], horizon)
        if reason:
            left_out[str(label)] = reason
            continue
        rows.append(
            {"trial": label, **_one(effect, [time[inside] for time in times], codes[inside], horizon)}
        )
    if not rows:
        first = next(iter(left_out.items()))
        raise IdentificationError(f"trial_effects: no trial is large enough; {first[0]}: {first[1]}.")
    if left_out:
        listed = "; ".join(f"{label}: {reason}" for label, reason in list(left_out.items())[:6])
        warn(f"trial_effects: {len(left_out)} trials were left out ({listed})", DataWarning)
    table = pd.DataFrame(rows)
    table.attrs["left_out"] = left_out
    return table


def _follow_up(response: tuple[Any, ...], text: str) -> FollowUp:
    if len(response) != 1 or not isinstance(response[0], FollowUp):
        raise FormulaError(f"trial_effects: {text!r} must hold one Surv(time, status).")
    return response[0]


def _too_small(times: list[FollowUp], arm: NDArray[np.int64], at: float) -> str:
    """Say why a trial is too small for a normal approximation; nothing if it is not."""
    for code, name in ((1, "treated"), (0, "control")):
        rows = arm == code
        if not rows.any():
            return f"nobody in the {name} arm"
        for time, what in zip(times, ("outcome", "surrogate"), strict=True):
            events = int(np.count_nonzero(time.died[rows] & (time.time[rows] <= at)))
            if events < LEAST_EVENTS:
                return f"{events} {what} events in the {name} arm"
            last = time.time[rows].max()
            if np.isfinite(at) and last < at and not time.died[rows][np.argmax(time.time[rows])]:
                return f"{what} of the {name} arm is followed to {last:g} only"
    return ""


def _one(effect: str, times: list[FollowUp], arm: NDArray[np.int64], at: float) -> dict[str, float]:
    (t, of_t), (s, of_s) = (effect_of(effect, time.time, time.died, arm, at) for time in times)
    var_t, var_s = float(of_t @ of_t), float(of_s @ of_s)
    row = {
        "n": len(arm),
        "effect_outcome": t,
        "effect_surrogate": s,
        "std_error_outcome": np.sqrt(var_t),
        "std_error_surrogate": np.sqrt(var_s),
        "correlation": float(of_t @ of_s) / np.sqrt(var_t * var_s),
    }
    if effect == "log_hr":
        row |= {"hr_outcome": np.exp(t), "hr_surrogate": np.exp(s)}
    return row
