"""Table of trials -> effects, standard errors and their correlation, with errors that name the column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from statmodels_x.core.data.columns import labelled
from statmodels_x.core.data.formula import evaluate, quoted, split_formula, unquoted, written
from statmodels_x.core.data.frames import as_pandas, check_columns, label_column
from statmodels_x.core.errors import DataError, DataWarning, FormulaError
from statmodels_x.core.findings import Finding, warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_magnitude, check_number, numeric_array, rows_text
from statmodels_x.surrogate.trial_level.data import Effects

_REACH = 2.0 * float(stats.norm.ppf(0.975))
_SUSPECT = 0.15
_MOST_SHOWN = 5
LEAST_TRIALS, FEW_TRIALS = 5, 10


@dataclass(frozen=True)
class TrialTable:
    """What was read of a table of trials.

    Attributes
    ----------
    effects : Effects
        With the correlation in the middle of its range, if one was given.
    outcome, surrogate : str
        The two sides of the formula.
    is_log : (bool, bool)
        Whether surrogate and outcome are logarithms, which are shown as ratios too.
    correlation : float, (float, float) or str
        As it was given.
    dropped : dict of str to int
    findings : tuple of Finding
    """

    effects: Effects
    outcome: str
    surrogate: str
    is_log: tuple[bool, bool]
    correlation: Any
    dropped: dict[str, int] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def read_table(
    formula: str,
    data: Any,
    std_error: Sequence[str | ArrayLike] | None,
    limits: Sequence[Sequence[str]] | None,
    correlation: Any,
    trial: str | None,
    cluster: str | None,
) -> TrialTable:
    """Read and check a table with a row for each trial.

    Raises
    ------
    FormulaError, DataError
        With the column or argument that cannot be used.

    Warns
    -----
    DataWarning
        About trials with missing values, and rows whose limits do not fit their effect.
    """
    frame = as_pandas(data)
    sides = effect_sides(formula)
    values = [side_values(side, frame, "formula") for side in sides]
    is_log = [side.replace(" ", "").startswith(("log(", "np.log(")) for side in sides]
    if (std_error is None) == (limits is None):
        raise DataError(
            "give `std_error`, the names of two columns, or `limits`, two pairs of columns, in the order of the "
            "formula."
        )
    labels = _labels(frame, trial)
    suspects: list[str] = []
    if std_error is not None:
        errors = [_column(frame, item, "std_error") for item in _pair(std_error, "std_error")]
    else:
        assert limits is not None
        errors = []
        for k, (low, high) in enumerate(_pair(limits, "limits")):
            error, odd = _from_limits(frame, low, high, values[k], is_log[k])
            errors.append(error)
            suspects += [labels[i] for i in np.flatnonzero(odd)]
    w = _correlation(frame, correlation)
    columns = [*values, *errors, w]
    keep = np.all(np.isfinite(np.column_stack(columns)), axis=1)
    for error, name in zip(errors, ("outcome", "surrogate"), strict=True):
        bad = keep & (error <= 0.0)
        if bad.any():
            raise DataError(
                f"the standard errors of the {name} effects are not positive in {rows_text(bad)}."
            )
    findings = []
    dropped = {"missing values": int(np.sum(~keep))} if not keep.all() else {}
    if dropped:
        warn(f"trials with missing values are left out: {_listed(labels, ~keep)}", DataWarning)
    if suspects:
        findings.append(
            Finding(
                "suspect_limits",
                f"the limits of {', '.join(dict.fromkeys(suspects))} do not lie around the effect as a confidence "
                "interval does: is there a typing error?",
                category=DataWarning,
            )
        )
    codes = None
    if cluster is not None:
        codes = pd.factorize(label_column(frame, cluster, "`cluster`"))[0].astype(np.int64)
        findings.append(
            Finding(
                "clusters",
                "trials that share a control have correlated effects; the fit takes them as independent, and what is "
                "left out one by one are whole clusters.",
                category=None,
            )
        )
    effects = Effects(values[1], values[0], errors[1], errors[0], w, tuple(labels), codes).take(keep)
    if len(effects) < LEAST_TRIALS:
        raise DataError(
            f"there are {len(effects)} trials with {sides[0]} and {sides[1]}, and the model has five parameters: at "
            f"least {LEAST_TRIALS} are needed, and from fewer than {FEW_TRIALS} little can be learned."
        )
    return TrialTable(
        effects, sides[0], sides[1], (is_log[1], is_log[0]), correlation, dropped, tuple(findings)
    )


def effect_sides(formula: str) -> tuple[str, str]:
    """Split ``"outcome ~ surrogate"``; each side is one expression, as one types it."""
    response, part = split_formula(formula)
    terms = [written(term.factors) for term in part.formula if str(term) != "1"]
    if len(response.expressions) != 1 or len(terms) != 1 or len(part.variables) != 1:
        raise FormulaError(
            f"formula {formula!r}: give one effect on each side, such as 'log(hr_os) ~ log(hr_pfs)'."
        )
    outcome = response.expressions[0]
    name = unquoted(outcome)
    return outcome if name == outcome else quoted(name), terms[0]


def side_values(side: str, frame: pd.DataFrame, where: str) -> Array:
    """Evaluate one side of the formula; infinite where an effect has no logarithm is refused."""
    response, _ = split_formula(f"{side} ~ 1")
    check_columns(frame, response.variables, where)
    columns = frame[list(response.variables)].apply(
        lambda column: numeric_array(column, str(column.name), where)
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.asarray(evaluate(response.expressions[0], columns, {}, {}), float)
    bad = np.isinf(values) | (np.isnan(values) & ~columns.isna().any(axis=1).to_numpy())
    if bad.any():
        raise DataError(f"{where}: {side} is not a finite number in {rows_text(bad)}.")
    check_magnitude(values, side, where)
    return values


def _pair(given: Sequence[Any], name: str) -> tuple[Any, Any]:
    if isinstance(given, str) or len(given) != 2:
        raise DataError(f"`{name}` must have two entries, for the outcome and for the surrogate.")
    return given[0], given[1]


def _column(frame: pd.DataFrame, item: Any, name: str) -> Array:
    if isinstance(item, str):
        check_columns(frame, [item], f"`{name}`")
        return numeric_array(frame[item], item, f"`{name}`")
    values = np.asarray(labelled(item, frame.index, name), float)
    if values.shape != (len(frame),):
        raise DataError(f"`{name}` must name columns or be arrays of {len(frame)} values.")
    return values


def _from_limits(
    frame: pd.DataFrame, low_name: str, high_name: str, effect: Array, is_log: bool
) -> tuple[Array, NDArray[np.bool_]]:
    """Compute standard errors from 95 % limits; say which rows do not look like an effect and its limits."""
    low, high = (_column(frame, name, "limits") for name in (low_name, high_name))
    bad = (low >= high) | (is_log & (low <= 0.0))
    if bad.any():
        what = "are no limits of a ratio" if is_log else "are not lower and upper limits"
        raise DataError(f"`limits`: {low_name!r} and {high_name!r} {what} in {rows_text(bad)}.")
    rounding = 0.5 * 10.0 ** -_decimals(low, high)
    if is_log:
        slack = rounding * (0.5 / low + 0.5 / high + np.exp(-effect))
        low, high = np.log(low), np.log(high)
    else:
        slack = np.full(len(low), 2.0 * rounding)
    error = (high - low) / _REACH
    with np.errstate(invalid="ignore"):
        odd = np.abs(0.5 * (low + high) - effect) > _SUSPECT * error + slack
    return error, odd


def _decimals(*columns: Array) -> int:
    """Decimals to which the numbers were rounded, up to 6."""
    values = np.concatenate(columns)
    values = values[np.isfinite(values)]
    for k in range(6):
        if np.all(np.abs(values * 10**k - np.round(values * 10**k)) < 1e-6 * 10**k):
            return k
    return 6


def _correlation(frame: pd.DataFrame, given: Any) -> Array:
    if given is None:
        raise DataError(
            "`correlation` of the two effects within a trial must be given: a number, a range (low, high) or a column. "
            "It is never reported and decides the answer; `trial_effects` estimates it from patients' data, and "
            "IllnessDeathTrial.effect_correlation() from a process."
        )
    if isinstance(given, str):
        check_columns(frame, [given], "`correlation`")
        values = numeric_array(frame[given], given, "`correlation`")
    elif isinstance(given, int | float | np.number):
        values = np.full(len(frame), float(given))
    else:
        low, high = (
            check_number("correlation", end, low=-1.0, high=1.0) for end in _pair(given, "correlation")
        )
        if low > high:
            raise DataError(f"`correlation` is {given!r}; give the lower end first.")
        values = np.full(len(frame), 0.5 * (low + high))
    bad = np.abs(values) >= 1.0
    if bad.any():
        raise DataError(f"`correlation` is not between -1 and 1 in {rows_text(bad)}.")
    return values


def _labels(frame: pd.DataFrame, trial: str | None) -> list[str]:
    if trial is None:
        return [str(label) for label in frame.index]
    check_columns(frame, [trial], "`trial`")
    labels = [str(label) for label in frame[trial]]
    twice = pd.Series(labels).duplicated()
    if twice.any():
        raise DataError(
            f"`trial`: {labels[int(np.argmax(twice))]!r} stands in two rows; give one row per trial."
        )
    return labels


def _listed(labels: list[str], rows: NDArray[np.bool_]) -> str:
    names = [labels[i] for i in np.flatnonzero(rows)]
    return ", ".join(names[:_MOST_SHOWN]) + (", ..." if len(names) > _MOST_SHOWN else "")
