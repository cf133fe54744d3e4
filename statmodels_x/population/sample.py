"""Counts of species -> arrays: cultures, the grid of times, what is observed, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import evaluable, evaluate, split_formula, unquoted
from statmodels_x.core.data.frames import as_pandas, check_columns, label_column
from statmodels_x.core.errors import DataError, DataWarning, FormulaError
from statmodels_x.core.findings import warn
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_magnitude, check_number, numeric_array, rows_text
from statmodels_x.population.specification import MOST_SPECIES

_MOST_NODES = 100_000
_GRID_TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Facts:
    """What a fit keeps of its sample when the rows are gone.

    Attributes
    ----------
    formula, species, time_name, culture_name, time_unit, count_unit, cultures, present, step
        As in :class:`Sample`.
    origin, last : ndarray of shape (C,)
        First and last time of each culture.
    means : ndarray of shape (C, S)
    n_blank : int
    """

    formula: str
    species: tuple[str, ...]
    time_name: str
    culture_name: str | None
    time_unit: str | None
    count_unit: str | None
    cultures: tuple[Any, ...]
    present: NDArray[np.bool_]
    step: float
    origin: Array
    last: Array
    means: Array
    n_blank: int

    def by_series(self, values: Array, name: str) -> pd.Series:
        """Label one value for each series, in the order of cultures and species."""
        labels = [(self.cultures[c], self.species[s]) for c, s in np.argwhere(self.present)]
        if self.culture_name is None:
            return pd.Series(values, [species for _, species in labels], name=name)
        index = pd.MultiIndex.from_tuples(labels, names=[self.culture_name, "species"])
        return pd.Series(values, index, name=name)


@dataclass(frozen=True, eq=False)
class Sample:
    """Counts of one or more species in one or more cultures.

    Attributes
    ----------
    formula : str
    species : tuple of str
        Names of the responses; for predation the prey comes first.
    time_name, culture_name : str, str or None
        Columns.
    time_unit, count_unit : str or None
        By the frame's own account; of the counts where all species have the same.
    cultures : tuple of str
        Labels in the order of appearance; one empty label where the data are one series.
    index : pandas.Index
        Of the user's rows.
    culture, time, counts : ndarray of shape (N,), (N,), (N, S)
        Culture number, time and totals (NaN where not observed) of each row.
    present : ndarray of bool, shape (C, S)
        Whether a culture has the species.
    step : float
        The common step of the times, of which all gaps are multiples; NaN where there is none.
    """

    formula: str
    species: tuple[str, ...]
    time_name: str
    culture_name: str | None
    time_unit: str | None
    count_unit: str | None
    cultures: tuple[Any, ...]
    index: pd.Index
    culture: NDArray[np.int64]
    time: Array
    counts: Array
    present: NDArray[np.bool_]
    step: float

    @property
    def facts(self) -> Facts:
        """What is kept without the rows."""
        same = {name: getattr(self, name) for name in Facts.__dataclass_fields__ if name != "last"}
        return Facts(last=self._ends(np.max), **same)

    @property
    def n_observed(self) -> int:
        """Number of counts that a fit uses."""
        return int(np.sum(~np.isnan(self.counts) & self.present[self.culture]))

    @property
    def n_blank(self) -> int:
        """Number of counts that are missing although the culture has the species."""
        return int(np.sum(np.isnan(self.counts) & self.present[self.culture]))

    @property
    def origin(self) -> Array:
        """First time of each culture."""
        return self._ends(np.min)

    def _ends(self, pick: Callable[[Array], float]) -> Array:
        return np.array([pick(self.time[self.culture == c]) for c in range(len(self.cultures))])

    @property
    def gap(self) -> float:
        """Median time from one row to the next."""
        gaps = [np.diff(self.time[self.culture == c]) for c in range(len(self.cultures))]
        return float(np.median(np.concatenate(gaps)))

    @property
    def means(self) -> Array:
        """Mean count of each species in each culture, shape (C, S); 1 where it is absent."""
        table = np.ones(self.present.shape)
        for c, s in zip(*np.nonzero(self.present), strict=True):
            table[c, s] = np.nanmean(self.counts[self.culture == c, s])
        return table

    def take(self, rows: NDArray[np.bool_]) -> Sample:
        """Keep some rows; cultures without any row left go too."""
        used = [c for c in range(len(self.cultures)) if np.any(self.culture[rows] == c)]
        number = np.full(len(self.cultures), -1)
        number[used] = np.arange(len(used))
        return replace(
            self,
            cultures=tuple(self.cultures[c] for c in used),
            index=self.index[rows],
            culture=number[self.culture[rows]],
            time=self.time[rows],
            counts=self.counts[rows],
            present=self.present[used],
        )


def read_sample(formula: str, data: Any, culture: str | None, step: float | None) -> Sample:
    """Read ``"first + second ~ time"`` (or one species) from a frame.

    Raises
    ------
    FormulaError
        If the formula is not responses and one time.
    DataError
        If a column cannot be used; the message says which, where and what to do.
    """
    response, part = split_formula(formula)
    terms = [term.factors for term in part.formula if str(term) != "1"]
    if not 1 <= len(response.expressions) <= MOST_SPECIES:
        raise FormulaError(
            f"formula {formula!r}: give one to {MOST_SPECIES} species before '~', as in 'prey + predator ~ day'; there "
            f"are {len(response.expressions)}."
        )
    if [len(factors) for factors in terms] != [1] or part.offset is not None:
        raise FormulaError(f"formula {formula!r}: give one column of times after '~', as in '~ day'.")
    frame = as_pandas(data)
    check_columns(frame, [*response.variables, *part.variables], "formula")
    names = [unquoted(expression) for expression in response.expressions]
    counts = np.column_stack(
        [
            read_counts(evaluate(text, frame, {}, {}), name, len(frame))
            for text, name in zip(response.expressions, names, strict=True)
        ]
    )
    time_name = str(terms[0][0].expr)
    time = _times(evaluate(evaluable(terms[0][0]), frame, {}, {}), time_name)
    codes, cultures = _cultures(frame, culture)
    for c, label in enumerate(cultures):
        _check_order(time, codes == c, time_name, label)
    if len(names) == 1:  # the second column stands for a species that is nowhere
        counts = np.column_stack([counts, np.full(len(counts), np.nan)])
    present = _present(counts, codes, cultures, names)
    _check_zero_rows(counts, codes, present, time, time_name)
    given = frame.attrs.get("units")
    units = given if isinstance(given, dict) else {}
    same = len({units.get(name) for name in names}) == 1
    return Sample(
        formula=formula,
        species=tuple(names),
        time_name=time_name,
        culture_name=culture,
        time_unit=units.get(time_name),
        count_unit=units.get(names[0]) if same else None,
        cultures=tuple(cultures),
        index=frame.index,
        culture=codes,
        time=time,
        counts=counts,
        present=present,
        step=_step(time, codes, time_name, step),
    )


def read_counts(values: Any, name: str, n: int, where: str = "formula") -> Array:
    """Read a column of counts: numbers of 0 or more, NaN where nothing was observed."""
    counts = numeric_array(values, name, where)
    if len(counts) != n:
        raise DataError(f"'{name}' is no column of counts: it has {len(counts)} values for {n} rows.")
    for bad, what in ((counts < 0.0, "negative"), (np.isinf(counts), "infinite")):
        if bad.any():
            raise DataError(
                f"'{name}' is {what} in {rows_text(bad)}; counts are 0 or more, and missing where not observed."
            )
    check_magnitude(counts, name, where)
    return counts


def _times(values: Any, name: str) -> Array:
    time = numeric_array(values, name, "formula")
    bad = ~np.isfinite(time)
    if bad.any():
        what = "missing" if np.isnan(time[bad]).any() else "infinite"
        raise DataError(f"'{name}' is {what} in {rows_text(bad)}; drop these rows or find their times.")
    check_magnitude(time, name, "formula")
    return time


def _cultures(frame: pd.DataFrame, culture: str | None) -> tuple[NDArray[np.int64], list[Any]]:
    if culture is None:
        return np.zeros(len(frame), np.int64), [""]
    if not isinstance(culture, str):
        raise DataError(f"`culture` is {culture!r}; give the name of the column that marks the series.")
    labels = label_column(frame, culture, "`culture`")
    missing = labels.isna().to_numpy()
    if missing.any():
        raise DataError(f"'{culture}' is missing in {rows_text(missing)}; every row belongs to one series.")
    codes, found = pd.factorize(labels)
    return codes.astype(np.int64), list(found)


def _check_order(time: Array, rows: NDArray[np.bool_], name: str, label: Any) -> None:
    where = np.flatnonzero(rows)
    back = np.diff(time[rows]) <= 0.0
    if back.any():
        row = where[1:][back][0]
        inside = f" within culture {label!r}" if label != "" else ""
        hint = "sort the rows and keep one for each time" + (
            "" if label != "" else ", or give culture= for several series"
        )
        raise DataError(
            f"'{name}' must increase{inside}: {time[row]:.10g} in row position {row} does not lie after "
            f"{time[where[where < row][-1]]:.10g}; {hint}."
        )
    if len(where) < 2:
        inside = f"culture {label!r} has" if label != "" else "the data have"
        raise DataError(f"'{name}': {inside} only one time; a course needs two or more.")


def _present(
    counts: Array, codes: NDArray[np.int64], cultures: list[Any], names: list[str]
) -> NDArray[np.bool_]:
    present = np.zeros((len(cultures), counts.shape[1]), bool)
    for c in range(len(cultures)):
        inside = counts[codes == c]
        present[c] = np.any(inside > 0.0, axis=0)
    for s, name in enumerate(names):
        if not present[:, s].any():
            seen = np.any(counts[:, s] == 0.0)
            raise DataError(
                f"'{name}' is {'0' if seen else 'missing'} in every row; there is nothing to fit for this species."
            )
    empty = ~present.any(axis=1)
    if empty.any():
        raise DataError(f"culture {cultures[int(np.argmax(empty))]!r} holds no count above 0; take it out.")
    for first, second in combinations(range(len(names)), 2):
        if not np.any(present[:, first] & present[:, second]):
            raise DataError(
                f"no culture holds both species, {names[first]!r} and {names[second]!r}: how one acts on the other "
                "cannot be seen; add a mixed culture."
            )
    return present


def _check_zero_rows(
    counts: Array, codes: NDArray[np.int64], present: NDArray[np.bool_], time: Array, name: str
) -> None:
    """Refuse zeros at the start, from which nothing grows, and warn of a return from 0."""
    for c in range(len(present)):
        rows = np.flatnonzero(codes == c)
        inside = counts[np.ix_(rows, np.flatnonzero(present[c]))]
        zero = np.all(inside == 0.0, axis=1)
        if zero[0]:
            raise DataError(
                f"all counts are 0 at the first time ({name} {time[rows[0]]:.10g}, row position {rows[0]}), and "
                "nothing grows from nothing; start the series at its first positive count."
            )
        later = np.maximum.accumulate(np.nan_to_num(inside.max(axis=1))[::-1])[::-1]
        back = zero & (later > 0.0)
        if back.any():
            row = rows[int(np.argmax(back))]
            warn(
                f"all counts are 0 at {name} {time[row]:.10g} (row position {row}) and positive later, which no closed "
                "population does; make the count missing if nothing was counted.",
                DataWarning,
            )


def _step(time: Array, codes: NDArray[np.int64], name: str, step: float | None) -> float:
    gaps = np.concatenate([np.diff(time[codes == c]) for c in range(codes.max() + 1)])
    span = max(float(np.ptp(time[codes == c])) for c in range(codes.max() + 1))
    if step is None:
        return _common_step(gaps, span, 8.0 * np.finfo(float).eps * float(np.abs(time).max()))
    size = check_number("step", step, low=0.0, high=np.inf)
    multiples = gaps / size
    if np.any(np.abs(multiples - np.round(multiples)) > _GRID_TOLERANCE * np.maximum(1.0, multiples)):
        raise DataError(f"`step` is {size:g}, but the gaps in '{name}' are not all multiples of it.")
    if span / size > _MOST_NODES:
        raise DataError(
            f"`step` is {size:g}, which makes more than {_MOST_NODES} steps from the first to the last time."
        )
    return size


def _common_step(gaps: Array, span: float, rounding: float) -> float:
    """Greatest common divisor of the gaps, known to ``rounding``; NaN if it is too small to be meant."""
    step, least = 0.0, float(gaps.min())
    tolerance = max(_GRID_TOLERANCE * least, rounding)
    slack = max(_GRID_TOLERANCE, rounding / least)
    for gap in np.unique(gaps):
        a, b = gap, step
        while b > tolerance:
            a, b = b, a - b * np.floor(a / b + slack)
        step = a
    return step if span / step <= _MOST_NODES else np.nan
