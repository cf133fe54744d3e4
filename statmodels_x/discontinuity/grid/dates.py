"""An axis of dates: days since the first of them inside, dates at the doors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import rows_text

_DAY = pd.Timedelta(1, "D")  # days=1 makes older versions of pandas warn under numpy 2.5
_FORMATS = ((0.9, "%Y-%m-%d"), (1.0 / 1441.0, "%Y-%m-%d %H:%M"))


@dataclass(frozen=True)
class DateAxis:
    """A covariate of dates.

    Attributes
    ----------
    name : str
        Its column.
    first : str
        The first date, in the ISO format.
    zone : str or None
        Time zone; None for dates without one.
    """

    name: str
    first: str
    zone: str | None

    @classmethod
    def of(cls, column: pd.Series) -> DateAxis:
        """Begin at the first date of a column."""
        zone = None if column.dt.tz is None else str(column.dt.tz)
        first = column.min()
        return cls(str(column.name), (first if zone is None else first.tz_convert("UTC")).isoformat(), zone)

    def days(self, values: Any, where: str) -> Array:
        """Days since the first date; NaN where a date is missing.

        Raises
        ------
        DataError
            If the values are no dates, or their time zone is another kind.
        """
        column = as_dates(pd.Series(values), self.name, where)
        if column is None:
            raise DataError(f"{where}: '{self.name}' was a column of dates in the fit; give dates here, too.")
        if (column.dt.tz is None) != (self.zone is None):
            has, had = ("no" if column.dt.tz is None else "a"), ("none" if self.zone is None else self.zone)
            raise DataError(
                f"{where}: the dates of '{self.name}' have {has} time zone, those of the fit {had}; make them alike by "
                "tz_localize()."
            )
        if self.zone is not None:
            column = column.dt.tz_convert("UTC")
        return ((column - pd.Timestamp(self.first)) / _DAY).to_numpy(float)

    def dates(self, days: Array) -> pd.DatetimeIndex:
        """Dates of days since the first."""
        micro = pd.to_timedelta(np.round(np.asarray(days, float) * 86_400e6), unit="us")
        found = pd.DatetimeIndex(pd.Timestamp(self.first) + micro)
        return found if self.zone is None else found.tz_convert(self.zone)

    def texts(self, dates: Any, step: float) -> list[str]:
        """Dates as text, as fine as a step of so many days asks for."""
        form = next((form for least, form in _FORMATS if step >= least), "%Y-%m-%d %H:%M:%S")
        return [f"{one:{form}}" for one in pd.DatetimeIndex(dates)]


def as_dates(column: pd.Series, name: str, where: str) -> pd.Series | None:
    """Return a column as dates, or None if it holds none.

    Raises
    ------
    DataError
        If some of its values are dates and others are not.
    """
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column
    if column.dtype != object:
        return None
    known = column.notna().to_numpy()
    dated = column.map(lambda one: isinstance(one, date | np.datetime64)).to_numpy(bool)
    if not (known & dated).any():
        return None
    if (known & ~dated).any():
        raise DataError(
            f"{where}: '{name}' mixes dates with other values, in {rows_text(known & ~dated)}; give dates only."
        )
    try:
        return pd.to_datetime(column)
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: the dates of '{name}' cannot be read together: {error}.") from error
