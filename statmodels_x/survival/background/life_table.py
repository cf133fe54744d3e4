"""A life table as a value: mortality of a population by age, calendar year and strata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.data.columns import level_codes, listed_levels, plain_column
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, numeric_array, rows_text
from statmodels_x.survival.background.human_mortality import read_text
from statmodels_x.survival.background.reading import decimal_years, grid_of

_WHERE = "`background`"
_CHILD = 25.0

CALENDARS = ("plain", "birthday")
EXTENSIONS = (None, "hold")


class LifeTable:
    """Mortality rates of a population by age, calendar year and strata such as sex.

    Use :meth:`match` to pass the table as ``background=`` to :class:`FlexibleSurvival`.

    Parameters
    ----------
    frame : DataFrame
        One row for each cell of the table.
    age, year : str
        Columns with the lower ends of the cells. Texts such as "5-9" or "110+" are understood. ``year`` is None for
        a table without calendar years.
    rate, q, p : str, optional
        Exactly one of the three is given. ``rate`` is a column of mortality rates (central, or -log(1 - q)), ``q``
        of probabilities of death within a year, and ``p`` of probabilities of surviving it.
    by : str or sequence of str
        Columns of strata, such as sex.
    unit : {"years", "months", "weeks", "days"}
        Unit of time of ``rate``. Use "days" for tables from R, whose ``survexp.us`` has rates per day.
    calendar : {"plain", "birthday"}
        When the calendar year of a person changes: on 1 January, or on the birthday as in R's tables of the United
        States.
    extend : {None, "hold"}
        What happens outside the ages and years of the table. By default it is an error. With "hold" the rate of the
        last cell is used beyond the last age or year, and that of the first cell before the first age or year.

    Attributes
    ----------
    ages, years : ndarray
        Lower ends of the cells. ``years`` is empty for a table without calendar years.
    strata : dict of str to tuple
        The levels of each stratum.
    rates : ndarray of shape (strata, ages, years)
        Deaths per person and year.

    Raises
    ------
    DataError
        If a column or a cell is missing or appears twice, or a rate is negative, infinite or not of the kind that
        the argument says.

    Warns
    -----
    DataWarning
        If a column of rates looks like a column of probabilities.

    Examples
    --------
    >>> import pandas as pd
    >>> from statmodels_x import LifeTable
    >>> frame = pd.DataFrame({"age": [60, 61, 62] * 2, "sex": ["f"] * 3 + ["m"] * 3,
    ...                       "mx": [0.008, 0.009, 0.010, 0.014, 0.015, 0.017]})
    >>> table = LifeTable(frame, age="age", year=None, rate="mx", by="sex")
    >>> table
    LifeTable(ages 60 to 62, sex: 'f', 'm')
    >>> table.cumulative(age=60.5, start=0, stop=1.5, sex="f").round(4).tolist()
    [0.013]
    """

    __slots__ = ("ages", "calendar", "extend", "rates", "strata", "years")

    def __init__(
        self,
        frame: Any,
        age: str = "age",
        year: str | None = "year",
        rate: str | None = None,
        by: str | Sequence[str] = (),
        *,
        q: str | None = None,
        p: str | None = None,
        unit: str = "years",
        calendar: str = "plain",
        extend: str | None = None,
    ) -> None:
        self.calendar = check_choice("calendar", calendar, CALENDARS, "LifeTable()")
        if extend not in EXTENSIONS:
            raise DataError(f'LifeTable(): `extend` is {extend!r}; give None or "hold".')
        self.extend = extend
        names = (by,) if isinstance(by, str) else tuple(by)
        values = {"rate": rate, "q": q, "p": p}
        grid = grid_of(frame, age, year, values, names, unit)
        self.ages, self.years, self.strata, self.rates = grid.ages, grid.years, grid.strata, grid.rates
        for array in (self.ages, self.years, self.rates):
            array.setflags(write=False)

    @classmethod
    def read(cls, path: str | Path, sex: str | None = None, **options: Any) -> LifeTable:
        """Read a text file of the Human Mortality Database.

        The file has two lines of heading. The columns are either Year, Age, mx, qx, ... (a life table of one sex) or
        Year, Age, Female, Male, Total (death rates).

        Parameters
        ----------
        path : str or Path
            The file.
        sex : {"Female", "Male", "Total"}, optional
            The column of a file of death rates that is read. By default both sexes are read, as the stratum "sex"
            with the levels "female" and "male".
        **options
            ``calendar`` and ``extend``, as in the constructor.

        Returns
        -------
        LifeTable

        Raises
        ------
        DataError
            If the file does not have this form.
        """
        frame, by = read_text(path, sex)
        return cls(frame, age="Age", year="Year", rate="rate", by=by, **options)

    def rate(self, age: ArrayLike, year: ArrayLike | None = None, **strata: Any) -> Array:
        """Return the mortality rate per year at given ages and calendar years.

        Parameters
        ----------
        age, year : array_like of shape (n,)
            Attained age and calendar year as decimal numbers. Years can also be dates.
        **strata : array_like
            The level of each stratum.

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        DataError
            If an age or a year lies outside the table and ``extend`` is None, or a level is unknown.
        """
        code, ages, years = self._places(age, year, strata)
        self.check_inside(ages, years, "rate()")
        return self.rates_at(code, ages, years, np.zeros(len(ages)))

    def cumulative(
        self,
        age: ArrayLike,
        year: ArrayLike | None = None,
        start: ArrayLike = 0.0,
        stop: ArrayLike = 1.0,
        **strata: Any,
    ) -> Array:
        """Return the cumulative hazard between two times.

        Age and calendar year both increase with time. The rates are integrated exactly over the cells that a person
        passes.

        Parameters
        ----------
        age, year : array_like of shape (n,)
            Age and calendar year at time 0, as decimal numbers. Years can also be dates.
        start, stop : array_like of shape (n,)
            The two times, in years since time 0.
        **strata : array_like
            The level of each stratum.

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        DataError
            If a person leaves the table and ``extend`` is None, or a level is unknown.
        """
        places = self._places(age, year, strata)
        code, ages, years, first, last = np.broadcast_arrays(*places, start, stop)
        self.check_inside(ages + first, years + first, "cumulative()")
        self.check_inside(ages + last, years + last, "cumulative()", upper=True)
        return self.integrals(code, ages, years, first, last)

    def expected_survival(
        self, age: ArrayLike, year: ArrayLike | None = None, at: ArrayLike = (1.0, 5.0, 10.0), **strata: Any
    ) -> pd.DataFrame:
        """Return the probability that a member of the population is alive at given times.

        Parameters
        ----------
        age, year : array_like of shape (n,)
            Age and calendar year at time 0, as decimal numbers. Years can also be dates.
        at : array_like of shape (k,)
            Times, in years since time 0.
        **strata : array_like
            The level of each stratum.

        Returns
        -------
        DataFrame
            The columns ``row``, ``time`` and ``estimate``, with one row for each person and time.

        Raises
        ------
        DataError
            If a person leaves the table and ``extend`` is None, or a level is unknown.
        """
        code, ages, years = self._places(age, year, strata)
        times = np.atleast_1d(np.asarray(at, float))
        n, k = len(ages), len(times)
        wide: tuple[Any, ...] = tuple(np.repeat(values, k) for values in (code, ages, years))
        grid = np.tile(times, n)
        self.check_inside(wide[1] + grid, wide[2] + grid, "expected_survival()", upper=True)
        value = np.exp(-self.integrals(wide[0], wide[1], wide[2], np.zeros(n * k), grid))
        return pd.DataFrame({"row": np.repeat(np.arange(n), k), "time": grid, "estimate": value})

    def match(self, age: str, year: str | None = None, **strata: str) -> TableMatch:
        """Say which columns of the data hold the age, the calendar year and the strata of each row at time 0.

        Parameters
        ----------
        age, year : str
            Columns with the age in years and the calendar year, as decimal numbers. The year can also be a date.
        **strata : str
            For each stratum of the table, the column with its level.

        Returns
        -------
        TableMatch
            A value for ``FlexibleSurvival(..., background=)``.

        Raises
        ------
        DataError
            If a stratum or the calendar year is missing, or the table does not have it.
        """
        return TableMatch(self, age, year, strata)

    def codes(self, strata: Mapping[str, ArrayLike], where: str) -> NDArray[np.int64]:
        """Return the position of each row's stratum in ``rates``; DataError for a level that the table lacks."""
        self.check_names(strata, where)
        code: Any = 0
        for name, levels in self.strata.items():
            column = pd.Series(np.atleast_1d(np.asarray(strata[name])), name=name)
            place, values = pd.factorize(
                column
            )  # a million rows have few levels, and only these are looked at
            known = level_codes(plain_column(pd.Series(values, name=name)), levels)
            found = np.append(known, -1)[place]
            if (found < 0).any():
                row = int(np.argmax(found < 0))
                raise DataError(
                    f"{where}: the life table has no {name} {column.iloc[row]!r} ({rows_text(found < 0)}); "
                    f"its levels are {listed_levels(levels)}."
                )
            code = code * len(levels) + found
        return np.asarray(code, dtype=np.int64)

    def check_names(self, strata: Mapping[str, Any], where: str) -> None:
        """Raise a DataError unless the strata named are those of the table."""
        if set(strata) != set(self.strata):
            wanted = ", ".join(self.strata) or "none"
            given = ", ".join(strata) or "none"
            raise DataError(f"{where}: the strata of the life table are {wanted}; given were {given}.")

    def check_inside(self, ages: Array, years: Array, where: str, upper: bool = False) -> None:
        """Raise a DataError that names the rows whose age or year the table does not hold.

        The last cells are one year wide, or open where the table says so; ``upper`` ends may touch their end.
        """
        for name, values, edges in (("age", ages, self.ages), ("year", years, self.years)):
            if not len(edges) or self.extend == "hold":
                continue
            end = _end(edges)
            outside = (values < edges[0]) | ((values > end) if upper else (values >= end))
            if outside.any():
                raise DataError(
                    f"{where}: the {name} is outside the life table in {rows_text(outside)}, for example "
                    f"{values[outside][0]:.5g}; the table holds {edges[0]:g} to {end:g}. Use a longer table, or "
                    'LifeTable(..., extend="hold") to go on with its last cell.'
                )

    def beyond(self, ages: Array, years: Array) -> NDArray[np.bool_]:
        """Whether the first or last cells are held for want of earlier or later ones."""
        held = (ages < self.ages[0]) | (ages >= _end(self.ages))
        if len(self.years):
            held |= (years < self.years[0]) | (years > _end(self.years))
        return held

    def rates_at(self, code: NDArray[np.int64], ages: Array, years: Array, times: Array) -> Array:
        """Return the rates of the cells that persons are in at times after the given age and year."""
        old = ages + times
        now = years + times
        if self.calendar == "birthday":
            now = years + (np.floor(old) - ages)
        return self.rates[code, _cells(self.ages, old), _cells(self.years, now)]

    def integrals(
        self, code: NDArray[np.int64], ages: Array, years: Array, start: Array, stop: Array
    ) -> Array:
        """Return the integrals of the rates over (start, stop], the last cells held beyond the table."""
        from statmodels_x.survival.kernels.lexis import cumulative_rates

        out = np.empty(len(ages))
        edges = self.years if len(self.years) else np.zeros(1)
        arrays = (np.array(values, float) for values in (ages, years, start, stop))
        birthdays = self.calendar == "birthday"
        cumulative_rates(self.rates, self.ages, edges, birthdays, np.array(code, np.int64), *arrays, out)
        return out

    def _places(
        self, age: ArrayLike, year: ArrayLike | None, strata: Mapping[str, Any]
    ) -> tuple[NDArray[np.int64], Array, Array]:
        """Strata, ages and years of some persons, broadcast against each other."""
        ages = np.atleast_1d(np.asarray(age, float))
        if (year is None) != (not len(self.years)):
            raise DataError(
                "the life table has calendar years: give `year`." if year is None else "the life table has no years."
            )  # fmt: skip
        years = np.zeros(1) if year is None else decimal_years(np.atleast_1d(np.asarray(year)), "year")
        code = np.atleast_1d(self.codes(strata, "LifeTable"))
        code, ages, years = np.broadcast_arrays(code, ages, years)
        return code, ages, years

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LifeTable):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[Any, ...]:
        arrays = (array.tobytes() for array in (self.ages, self.years, self.rates))
        return (*arrays, tuple(self.strata.items()), self.calendar, self.extend)

    def __repr__(self) -> str:
        said = [f"ages {self.ages[0]:g} to {self.ages[-1]:g}"]
        if len(self.years):
            said.append(f"years {self.years[0]:g} to {self.years[-1]:g}")
        said += [f"{name}: {listed_levels(levels)}" for name, levels in self.strata.items()]
        return f"LifeTable({', '.join(said)})"


@dataclass(frozen=True)
class TablePaths:
    """Rows on their ways through a life table; ``per`` is the length of the response's unit of time in years."""

    table: LifeTable
    code: NDArray[np.int64]
    age: Array
    year: Array
    per: float

    def rate(self, times: Array) -> Array:
        """Hazard of each row at a time of its own."""
        return self.table.rates_at(self.code, self.age, self.year, times * self.per) * self.per

    def cumulative(self, start: Array, stop: Array) -> Array:
        """Integral of each row's hazard between times of its own."""
        return self.table.integrals(self.code, self.age, self.year, start * self.per, stop * self.per)

    def held(self, times: Array) -> NDArray[np.bool_]:
        """Whether the first or last cells are held for want of earlier or later ones."""
        return self.table.beyond(self.age + times * self.per, self.year + times * self.per)

    def end(self) -> Array:
        """Time of each row from which on its rate stays what it is."""
        end = self.table.ages[-1] - self.age
        if len(self.table.years):
            # a birthday after the year's beginning, at most, where the year in force is that of the last birthday
            end = np.maximum(end, self.table.years[-1] - self.year + 1.0)
        return np.maximum(end, 0.0) / self.per

    def breaks(self, furthest: float) -> Array:
        """Return times at which each row's rate may jump: new ages, new years or birthdays."""
        found = [self.table.ages[None, 1:] - self.age[:, None]]
        if len(self.table.years) and self.table.calendar == "birthday":
            birthdays = np.arange(1, int(furthest * self.per) + 2)
            found.append(np.floor(self.age)[:, None] + birthdays - self.age[:, None])
        elif len(self.table.years):
            found.append(self.table.years[None, 1:] - self.year[:, None])
        times = np.hstack(found)
        near = ((times > 0.0) & (times < furthest * self.per)).any(axis=0)
        return times[:, near] / self.per

    def repeat(self, k: int) -> TablePaths:
        """Return each row k times in turn."""
        return self.take(np.repeat(np.arange(len(self.code)), k))

    def take(self, which: Any) -> TablePaths:
        """Return some of the rows."""
        return replace(self, code=self.code[which], age=self.age[which], year=self.year[which])

    def columns(self) -> Array:
        """Return numbers that tell rows of different backgrounds apart, a row each."""
        return np.column_stack([self.code, self.age, self.year])

    def check_follow_up(self, entry: Array, last: Array) -> None:
        """Raise a DataError that names the rows whose follow-up leaves the table."""
        for times, upper in ((entry, False), (last, True)):
            elapsed = times * self.per
            self.table.check_inside(self.age + elapsed, self.year + elapsed, _WHERE, upper)


@dataclass(frozen=True)
class TableMatch:
    """A life table and the columns that hold each row's age, calendar year and strata at time 0."""

    table: LifeTable
    age: str
    year: str | None
    strata: Mapping[str, str]

    def __post_init__(self) -> None:
        self.table.check_names(self.strata, "LifeTable.match()")
        if (self.year is None) == bool(len(self.table.years)):
            raise DataError(
                "LifeTable.match(): the table has calendar years; give the column `year`."
                if self.year is None
                else "LifeTable.match(): the table has no calendar years; leave `year` out."
            )

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are read, by what they are."""
        times = {"age": self.age} | ({} if self.year is None else {"year": self.year})
        return times | {f"stratum {name}": column for name, column in self.strata.items()}

    has_integral = True
    needs_years = True

    def paths(self, values: Mapping[str, Any], per: float) -> TablePaths:
        """Return the ways of rows through the table.

        Raises
        ------
        DataError
            For a level that the table lacks, and ages that are negative, or centred as it seems.
        """
        age = numeric_array(values["age"], self.age, _WHERE)
        young = age < 0.0
        if young.any() or (len(age) > 1 and 0.0 < age.max() < _CHILD and self.table.ages[0] >= _CHILD):
            raise DataError(
                f"{_WHERE}: the age {self.age!r} is {age.min():.3g} to {age.max():.3g} years; is this column centred "
                "or scaled? Give the age at time 0, in years."
            )
        year = np.zeros(len(age)) if self.year is None else decimal_years(values["year"], self.year)
        strata = {name: values[f"stratum {name}"] for name in self.strata}
        code = self.table.codes(strata, _WHERE)
        return TablePaths(self.table, np.broadcast_to(code, age.shape), age, year, per)

    def __repr__(self) -> str:
        return f"{self.table!r} by {', '.join(self.columns.values())}"


def _end(edges: Array) -> float:
    """Where the last cell ends: it is as wide as the one before."""
    return float(edges[-1] + (edges[-1] - edges[-2] if len(edges) > 1 else 1.0))


def _cells(edges: Array, values: Array) -> NDArray[np.intp]:
    if not len(edges):
        return np.zeros(len(values), np.intp)
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, None)
