"""Where a background hazard comes from: a life table, curves of rates, or columns of the data.

A source says which columns of the data it reads, and turns them into paths: the background of each row as a function
of its time. Columns of rates have no path: they are known at the observed times alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.columns import level_codes, listed_levels, plain_column
from statmodels_x.core.errors import DataError
from statmodels_x.core.rates import Rates
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array, rows_text
from statmodels_x.survival.background.life_table import LifeTable, TableMatch

_WHERE = "`background`"


class Paths(Protocol):
    """The background of some rows as a function of time since their start, per the response's unit of time."""

    def rate(self, times: Array) -> Array:
        """Hazard of each row at a time of its own."""

    def cumulative(self, start: Array, stop: Array) -> Array:
        """Integral of each row's hazard between times of its own."""

    def held(self, times: Array) -> NDArray[np.bool_]:
        """Whether the last cells are held for want of later ones."""

    def end(self) -> Array:
        """Time of each row from which on its rate stays what it is."""

    def breaks(self, furthest: float) -> Array:
        """Return times at which each row's rate may jump, in any order, up to the furthest at least."""

    def repeat(self, k: int) -> Self:
        """Return each row k times in turn."""

    def take(self, which: Any) -> Self:
        """Return some of the rows."""

    def columns(self) -> Array:
        """Return numbers that tell rows of different backgrounds apart, a row each."""


@dataclass(frozen=True)
class CurvePaths:
    """Rows with a curve each of a few."""

    curves: tuple[Rates, ...]
    code: NDArray[np.int64]

    def rate(self, times: Array) -> Array:
        """Hazard of each row at a time of its own."""
        return self._each(lambda curve, own: curve.at(times[own]))

    def cumulative(self, start: Array, stop: Array) -> Array:
        """Integral of each row's hazard between times of its own."""
        return self._each(lambda curve, own: curve.cumulative(stop[own]) - curve.cumulative(start[own]))

    def held(self, times: Array) -> NDArray[np.bool_]:
        """Return False: the last piece of a curve goes on for ever."""
        return np.zeros(len(times), bool)

    def end(self) -> Array:
        """Time of each row from which on its rate stays what it is."""
        last = np.array([curve.breaks[-1] if len(curve.breaks) else 0.0 for curve in self.curves])
        return last[self.code]

    def breaks(self, furthest: float) -> Array:
        """Return times at which each row's rate may jump: those of its curve, and nothing after."""
        found = np.full((len(self.curves), max(len(curve.breaks) for curve in self.curves)), np.inf)
        for own, curve in zip(found, self.curves, strict=True):
            own[: len(curve.breaks)] = curve.breaks
        return found[self.code]

    def repeat(self, k: int) -> CurvePaths:
        """Return each row k times in turn."""
        return self.take(np.repeat(np.arange(len(self.code)), k))

    def take(self, which: Any) -> CurvePaths:
        """Return some of the rows."""
        return replace(self, code=self.code[which])

    def columns(self) -> Array:
        """Return numbers that tell rows of different backgrounds apart, a row each."""
        return np.asarray(self.code[:, None], float)

    def check_follow_up(self, entry: Array, last: Array) -> None:
        """Do nothing: a curve has no end."""

    def _each(self, of: Any) -> Array:
        found = np.empty(len(self.code))
        for k, curve in enumerate(self.curves):
            own = self.code == k
            found[own] = of(curve, own)
        return found


@dataclass(frozen=True)
class CurvesOfRates:
    """Curves in time since the start: one for all rows, or one for each level of a column."""

    curves: tuple[Rates, ...]
    column: str | None = None
    levels: tuple[Any, ...] = ()

    has_integral = True
    needs_years = False

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are read, by what they are."""
        return {} if self.column is None else {"level": self.column}

    def paths(self, values: Mapping[str, Any], per: float) -> CurvePaths:
        """Return the curve of each row; DataError for a level without one."""
        if self.column is None:
            return CurvePaths(self.curves, np.zeros(int(values["n"]), np.int64))
        series = plain_column(pd.Series(values["level"], name=self.column))
        code = level_codes(series, self.levels)
        if (code < 0).any():
            raise DataError(
                f"{_WHERE}: {self.column!r} holds {series.iloc[int(np.argmax(code < 0))]!r}, for which there is no "
                f"curve ({rows_text(code < 0)}); there is one for {listed_levels(self.levels)}."
            )
        return CurvePaths(self.curves, code.astype(np.int64))

    def __repr__(self) -> str:
        return "rates by time" if self.column is None else f"rates by time and {self.column}"


@dataclass(frozen=True)
class ColumnOfRates:
    """A column with the hazard at each row's last time, and perhaps one with its integral since entry."""

    rate: str
    cumulative: str | None = None

    needs_years = False

    @property
    def has_integral(self) -> bool:
        """Whether the integral is known, and so the constant of the log-likelihood."""
        return self.cumulative is not None

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are read, by what they are."""
        return {"rate": self.rate} | ({} if self.cumulative is None else {"cumulative": self.cumulative})

    def checked(self, values: Mapping[str, Any]) -> tuple[Array, Array]:
        """Rates and their integrals (0 where unknown); DataError unless they are finite and not negative."""
        found = {kind: numeric_array(values[kind], column, _WHERE) for kind, column in self.columns.items()}
        for kind, column in self.columns.items():
            bad = ~np.isfinite(found[kind]) | (found[kind] < 0.0)
            if bad.any():
                raise DataError(f"{_WHERE}: {column!r} is negative or infinite in {rows_text(bad)}.")
        return found["rate"], found.get("cumulative", np.zeros(len(found["rate"])))

    def __repr__(self) -> str:
        return ", ".join(self.columns.values())


Source = TableMatch | CurvesOfRates | ColumnOfRates


def source_of(value: Any) -> Source | None:
    """Return the source that the argument ``background`` describes.

    Raises
    ------
    DataError
        If it is none of: ``table.match(...)``, ``Rates``, a mapping of one column to the curves of its levels, the name
        of a column of rates, or a mapping of "rate" and "cumulative" to columns.
    """
    if value is None or isinstance(value, Source):
        return value
    if isinstance(value, Rates):
        return CurvesOfRates((value,))
    if isinstance(value, str):
        return ColumnOfRates(value)
    if isinstance(value, LifeTable):
        raise DataError(
            f"{_WHERE} is a life table; say which columns it goes by: table.match(age=..., year=...)."
        )
    if isinstance(value, Mapping) and "rate" in value and set(value) <= {"rate", "cumulative"}:
        if all(isinstance(column, str) for column in value.values()):
            return ColumnOfRates(value["rate"], value.get("cumulative"))
    elif isinstance(value, Mapping) and len(value) == 1:
        (column, curves), *_ = value.items()
        if isinstance(curves, Mapping) and curves and all(isinstance(one, Rates) for one in curves.values()):
            return CurvesOfRates(tuple(curves.values()), str(column), tuple(curves))
    raise DataError(
        f"{_WHERE} is {value!r}; give table.match(age=..., year=...) of a LifeTable, Rates, "
        '{"column": {level: Rates, ...}}, the name of a column with the rate at each row\'s time, or '
        '{"rate": column, "cumulative": column}.'
    )


def has_factor(source: Source | None, formula: Any) -> bool:
    """Whether a factor on the background is to be estimated, as the argument ``background_factor`` says.

    Raises
    ------
    DataError
        If it is neither None nor "~ 1", or the background cannot tell a factor from the excess.
    """
    if formula is None:
        return False
    if not isinstance(formula, str) or formula.replace(" ", "") != "~1":
        raise DataError(
            f'`background_factor` is {formula!r}; give None, or "~ 1" to estimate one factor for all rows.'
        )
    if source is None:
        raise DataError("`background_factor` needs a `background`.")
    if not source.has_integral:
        raise DataError(
            "`background_factor` needs the integral of the background, which a column with its rate does not have; "
            'give {"rate": column, "cumulative": column}, Rates or a life table.'
        )
    if isinstance(source, CurvesOfRates) and len(source.curves) < 2:
        raise DataError(
            "`background_factor`: one curve of rates for all rows cannot be told from the excess, which has its own; a "
            "factor is found from rows whose background differs, as by age in a life table."
        )
    return True
