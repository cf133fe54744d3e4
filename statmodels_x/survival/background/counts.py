"""Counts of an external cohort: how many of those alive at one time were alive at a later one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import gammaln

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_magnitude, numeric_array, rows_text

_WHERE = "ExternalCounts()"
_FAR = 10.0


class ExternalCounts:
    """Numbers of survivors in an external cohort, such as a registry.

    Each row says that of n persons alive at ``start``, r were alive at ``stop``. Pass the object as ``external=`` to
    :class:`FlexibleSurvival`. Each row then contributes a binomial term to the likelihood: the probability that r of
    n persons survive the interval, under the survival of the model and with its background.

    Parameters
    ----------
    frame : DataFrame
        One row for each count.
    start, stop : str
        Columns with the two times. They count from the same origin and in the same unit as the response of the
        model.
    alive, at_risk : str
        Columns with r, the number of survivors, and n, the number at risk. Fractions of a person are allowed,
        because counts are often read off a curve.
    at : dict, optional
        Values of covariates, and of columns of a life table, that all counts share, such as ``{"treatment":
        "control"}``. Values that differ between counts are columns of the frame.

    Attributes
    ----------
    start, stop, alive, at_risk : ndarray of shape (k,)
        The columns of these names.
    frame : DataFrame
        The remaining columns, with those of ``at``.

    Raises
    ------
    DataError
        If a column is missing or not numeric, a time is negative, ``stop`` is not after ``start``, no one is at
        risk, or more persons are alive than were at risk. The message names the rows.

    Notes
    -----
    A person who is followed over several intervals is counted in each of them. A person who takes part in the trial
    must not be counted. This cannot be checked from the numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> import statmodels_x as smx
    >>> registry = pd.DataFrame(
    ...     {"from": [5, 6], "to": [6, 7], "n": [358, 308], "r": [325, 285]})
    >>> smx.ExternalCounts(registry, start="from", stop="to", alive="r", at_risk="n",
    ...                    at={"treatment": "control"})
    ExternalCounts(2 counts, 666 persons, 56 deaths, times 5 to 7)
    """

    __slots__ = ("alive", "at_risk", "frame", "start", "stop")

    def __init__(
        self,
        frame: Any,
        start: str = "start",
        stop: str = "stop",
        alive: str = "alive",
        at_risk: str = "at_risk",
        at: Mapping[str, Any] | None = None,
    ) -> None:
        if is_dask_frame(frame):
            raise DataError(f"{_WHERE}: counts are few; give a frame in memory, frame.compute().")
        data = as_pandas(frame)
        names = {"start": start, "stop": stop, "alive": alive, "at_risk": at_risk}
        for argument, name in names.items():
            if not isinstance(name, str):
                raise DataError(f"{_WHERE}: `{argument}` is {name!r}; give the name of a column.")
        check_columns(data, names.values(), _WHERE)
        if not len(data):
            raise DataError(f"{_WHERE}: the frame has no rows.")
        values = {argument: _numbers(data[name], name) for argument, name in names.items()}
        _check(names, **values)
        self.start, self.stop, self.alive, self.at_risk = values.values()
        for array in values.values():
            array.setflags(write=False)
        rest = data[[name for name in data.columns if name not in names.values()]]
        self.frame = rest.reset_index(drop=True).assign(**_shared(at, rest))

    @property
    def persons(self) -> float:
        """Sum of the numbers at risk. A person is counted once in each interval."""
        return float(self.at_risk.sum())

    @property
    def deaths(self) -> float:
        """Number of deaths within the intervals."""
        return float((self.at_risk - self.alive).sum())

    @property
    def constant(self) -> float:
        """Sum of the logarithms of the binomial coefficients, which do not depend on the model."""
        n, r = self.at_risk, self.alive
        return float(np.sum(gammaln(n + 1.0) - gammaln(r + 1.0) - gammaln(n - r + 1.0)))

    def __repr__(self) -> str:
        k, times = len(self.start), f"times {self.start.min():g} to {self.stop.max():g}"
        people = f"{self.persons:,.10g} persons, {self.deaths:,.10g} deaths"
        return f"ExternalCounts({k} count{'' if k == 1 else 's'}, {people}, {times})"


def check_unit(counts: ExternalCounts, longest: float) -> None:
    """Warn where the times of the counts look like those of another unit than a trial's.

    Warns
    -----
    DataWarning
    """
    first, last = float(counts.start.min()), float(counts.stop.max())
    if first > _FAR * longest or last * _FAR**2 < longest:
        warn(
            f"`external`: the counts are of times {first:g} to {last:g}, and the rows are followed to {longest:g}: "
            "are they in the same unit, since the same start?",
            DataWarning,
        )


def count_rows(counts: ExternalCounts) -> tuple[Surv, Array, NDArray[np.intp]]:
    """Return the counts as rows of a likelihood.

    Returns
    -------
    response : Surv
        Survivors, censored at ``stop``, and the dead, within (start, stop]; all enter at ``start``.
    weight : ndarray of shape (m,)
        How many they are: above 0.
    count : ndarray of shape (m,)
        The count that each row is of.
    """
    count = np.tile(np.arange(len(counts.start)), 2)
    weight = np.concatenate([counts.alive, counts.at_risk - counts.alive])
    lower = np.concatenate([counts.stop, counts.start])
    upper = np.concatenate([np.full(len(counts.stop), np.inf), counts.stop])
    some = weight > 0.0
    entry = np.concatenate([counts.start, counts.start])
    response = Surv(lower[some], upper[some], type="interval2", entry=entry[some])
    return response, weight[some], count[some]


def counts_of(value: Any) -> ExternalCounts | None:
    """Return the argument ``external`` of a model; DataError unless it is None or counts."""
    if value is None or isinstance(value, ExternalCounts):
        return value
    raise DataError(
        f"`external` is a {type(value).__name__}; give smx.ExternalCounts(frame, start=, stop=, alive=, at_risk=)."
    )


def _numbers(series: pd.Series, name: str) -> Array:
    values = np.array(numeric_array(series, name, _WHERE), float)
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(f"{_WHERE}: {name!r} is missing or infinite in {rows_text(bad)}.")
    check_magnitude(values, name, _WHERE)
    return values


def _check(names: Mapping[str, str], start: Array, stop: Array, alive: Array, at_risk: Array) -> None:
    for bad, text in (
        (start < 0.0, f"{names['start']!r} is negative"),
        (stop <= start, f"{names['stop']!r} is not after {names['start']!r}"),
        (at_risk <= 0.0, f"no one is at risk: {names['at_risk']!r} is not positive"),
        (alive < 0.0, f"{names['alive']!r} is negative"),
        (alive > at_risk, f"more are alive ({names['alive']!r}) than were at risk ({names['at_risk']!r})"),
    ):
        if bad.any():
            raise DataError(f"{_WHERE}: {text} in {rows_text(bad)}.")


def _shared(at: Any, rest: pd.DataFrame) -> dict[str, Any]:
    """Check the values that all counts share."""
    if at is None:
        return {}
    if not isinstance(at, Mapping) or not all(isinstance(name, str) for name in at):
        raise DataError(f"{_WHERE}: `at` is {at!r}; give values by covariate, {{'treatment': 0}}.")
    for name, value in at.items():
        if name in rest.columns:
            raise DataError(f"{_WHERE}: {name!r} is a column of the counts and stands in `at` as well.")
        if not np.isscalar(value) and not isinstance(value, pd.Timestamp):
            raise DataError(
                f"{_WHERE}: `at` gives {name!r} the value {value!r}; give one value for all counts."
            )
    return dict(at)
