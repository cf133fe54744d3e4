"""Dask data frames: rows that stay on the workers, and what a model asks of them.

The frame is read twice. A survey of every partition finds the missing values and the levels of all categories;
from rows that show every level the design is learnt on the client. Then each partition builds its own rows of
it, of which a room keeps what it needs (:class:`Blocks`). What fails on a worker comes back as our own error.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data import formula as _formula
from statmodels_x.core.data.columns import plain_column
from statmodels_x.core.data.design import Design, DesignSpec, design_spec
from statmodels_x.core.data.formula import Part, Response
from statmodels_x.core.data.frames import check_columns, check_unique_names
from statmodels_x.core.data.model_frame import (
    ModelFrame,
    Rows,
    check_all_columns,
    counts_text,
    read_rows,
    refuse_numbers_as_text,
    refuse_single_level,
)
from statmodels_x.core.data.safety import called_names
from statmodels_x.core.data.workers import Blocks, Failure, call, failed, import_dask, raise_first
from statmodels_x.core.errors import DataError, FormulaError, StatmodelsXError

_MOST_LEVELS = 1000
_STATEFUL = frozenset("bs cc center cr cs ns poly scale standardize".split())
_formulas = threading.Lock()  # formulaic is pure Python: threads of one worker would only wait for each other


@dataclass(frozen=True)
class Computed:
    """Extra columns that each partition computes of its own rows.

    Attributes
    ----------
    variables : tuple of str
        The columns that it reads.
    function : callable
        ``function(*arguments, data)`` returns arrays of one value a row, by the name of the extra column; importable
        by the workers.
    arguments : tuple
    """

    variables: tuple[str, ...]
    function: Callable[..., Mapping[str, Any]]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Request:
    """What is read from the frame: a response, terms, and the names of extra columns by their argument."""

    response: Response
    parts: Mapping[str, Part]
    columns: Mapping[str, str]
    functions: Mapping[str, Any]
    computed: Computed | None = None

    @property
    def names(self) -> list[str]:
        """Every column that is read."""
        used = {name for part in self.parts.values() for name in part.variables}
        beside = () if self.computed is None else self.computed.variables
        return sorted({*self.response.variables, *used, *self.columns.values(), *beside})


@dataclass(frozen=True)
class Survey:
    """What one partition says before any design is known."""

    n_rows: int
    n_kept: int
    dropped: Mapping[str, int]
    examples: pd.DataFrame = field(repr=False)
    failure: Failure | None = None


@dataclass(frozen=True)
class Plan:
    """What a worker needs to build its rows of every design."""

    request: Request
    specs: Mapping[str, DesignSpec]
    levels: Mapping[str, pd.CategoricalDtype]


@dataclass(frozen=True)
class PartitionedFrame:
    """A Dask frame that a formula can be evaluated on, partition by partition.

    Attributes
    ----------
    specs : dict of str to DesignSpec
        The designs, learnt from all partitions.
    n_rows, n_kept : int
        Rows, and rows without a missing value.
    dropped : dict of str to int
        Missing values by column.
    """

    specs: Mapping[str, DesignSpec]
    n_rows: int
    n_kept: int
    dropped: Mapping[str, int]
    _plan: Plan = field(repr=False)
    _partitions: tuple[Any, ...] = field(repr=False)
    _sizes: tuple[int, ...] = field(repr=False)

    def persist(self, function: Callable[..., Any], *arguments: Any) -> Blocks:
        """Build the rows of each partition, and keep on the workers what a function makes of them.

        Parameters
        ----------
        function : callable
            ``function(*arguments, frame)`` with the ModelFrame of a partition; importable by the workers.
        *arguments : object
        """
        dask = import_dask()
        build = dask.delayed(_build, pure=False)
        plan = dask.delayed(self._plan, pure=False, traverse=False)
        blocks = [build(plan, function, arguments, partition) for partition in self._partitions]
        return Blocks(tuple(dask.persist(*blocks)), tuple(np.cumsum([0, *self._sizes[:-1]]).tolist()))


def is_dask_frame(data: Any) -> bool:
    """Whether something is a Dask data frame, found without importing Dask."""
    kind = type(data)
    return kind.__name__ == "DataFrame" and kind.__module__.partition(".")[0] in ("dask", "dask_expr")


def partitioned_frame(
    data: Any,
    response: Response,
    parts: Mapping[str, Part],
    columns: Mapping[str, Any],
    functions: Mapping[str, Any],
    computed: Computed | None = None,
) -> PartitionedFrame:
    """Survey a Dask frame and learn every design from all of it.

    Parameters
    ----------
    data : dask.dataframe.DataFrame
        Its partitions must give the same rows whenever they are computed.
    response, parts, columns, functions
        As for :func:`build_frame`; extra columns by name only.
    computed : Computed, optional
        Further extra columns, computed of those of the frame.

    Raises
    ------
    FormulaError, DataError
        As in memory, with the rows counted over all partitions; and if a transform needs all rows at once.
    """
    _refuse_stateful(response, parts)
    check_unique_names(data._meta)
    check_all_columns(data._meta, response, parts)
    named = {key: _extra_name(data._meta, key, value) for key, value in columns.items() if value is not None}
    request = Request(response, parts, named, functions, computed)
    dask = import_dask()
    partitions = data[request.names].to_delayed()
    survey = dask.delayed(_survey, pure=False)
    surveys: list[Survey] = list(dask.compute(*(survey(request, partition) for partition in partitions)))
    sizes = [survey.n_rows for survey in surveys]
    raise_first([survey.failure for survey in surveys], np.cumsum([0, *sizes[:-1]]).tolist())
    if not sum(sizes):
        raise DataError("data: the frame has no rows.")
    dropped: dict[str, int] = {}
    for survey in surveys:
        for name, count in survey.dropped.items():
            dropped[name] = dropped.get(name, 0) + count
    kept = [(survey, part) for survey, part in zip(surveys, partitions, strict=True) if survey.n_kept]
    if not kept:
        raise DataError(f"data: no row is complete; missing values: {counts_text(dropped)}.")
    examples = _stacked([survey.examples for survey, _ in kept])
    for name, series in examples.items():
        refuse_numbers_as_text(series, str(name))
        refuse_single_level(name, series)
    levels = {name: s.dtype for name, s in examples.items() if isinstance(s.dtype, pd.CategoricalDtype)}
    specs = {key: design_spec(part, examples) for key, part in parts.items()}
    return PartitionedFrame(
        specs,
        sum(sizes),
        sum(survey.n_kept for survey, _ in kept),
        {name: dropped[name] for name in [*request.names, *named] if name in dropped},
        Plan(request, specs, levels),
        tuple(part for _, part in kept),
        tuple(survey.n_kept for survey, _ in kept),
    )


def _refuse_stateful(response: Response, parts: Mapping[str, Part]) -> None:
    """Refuse transforms whose values depend on all rows: each partition would have its own."""
    expressions = list(response.expressions)
    for part in parts.values():
        expressions += [*_evaluated(part), *([part.offset] if part.offset else [])]
    for expression in expressions:
        for name in sorted(called_names(expression) & _STATEFUL):
            raise FormulaError(
                f"formula: {name}() in {expression!r} needs all rows at once, which a Dask frame never has in one "
                "place; compute its columns first and use these: (x - mean) / sd with two numbers of yours, powers "
                "as I(x**2), splines as np.maximum(x - knot, 0)**3."
            )


def _evaluated(part: Part) -> list[str]:
    """Return the factors of a part that are expressions, not names of columns."""
    factors = (factor for term in part.formula for factor in term.factors)
    return [str(factor.expr) for factor in factors if factor.eval_method.value != "lookup"]


def _extra_name(columns: pd.DataFrame, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise DataError(f"`{key}` must name a column of a Dask frame: add it with data.assign(name=...).")
    check_columns(columns, [value], f"`{key}`")
    return value


# what runs on the workers


def _survey(request: Request, data: pd.DataFrame) -> Survey:
    if not len(data):
        return Survey(0, 0, {}, data)
    with _formulas:
        found = call(_read, (request,), data)
        if not failed(found):
            found = call(_examples, (request, found), data)
    if failed(found):
        return Survey(len(data), 0, {}, data.iloc[:0], found)
    rows, examples = found
    return Survey(len(data), int(rows.keep.sum()), rows.dropped, examples)


def _read(request: Request, data: pd.DataFrame) -> Rows:
    columns = dict(request.columns)
    if request.computed is not None:
        columns |= request.computed.function(*request.computed.arguments, data)
    return read_rows(data, request.response, request.parts, columns, request.functions)


def _examples(request: Request, rows: Rows, data: pd.DataFrame) -> tuple[Rows, pd.DataFrame]:
    """Find rows that show every level of the partition: the first row, and the first with each value."""
    kept = pd.DataFrame(
        {name: series[rows.keep] for name, series in rows.used.items()}, index=data.index[rows.keep]
    )
    raw = data.loc[rows.keep, list(kept.columns)]
    shown = np.zeros(len(kept), bool)
    shown[:1] = True
    for name, series in _categories(request, kept):
        first = ~series.duplicated().to_numpy()
        if first.sum() > _MOST_LEVELS:
            refuse_numbers_as_text(series, name)
            raise DataError(
                f"formula: {name!r} has more than {_MOST_LEVELS} levels, and each would be a column of the design; "
                "merge levels, or leave it out."
            )
        shown |= first
    return rows, raw[shown].reset_index(drop=True)


def _categories(request: Request, kept: pd.DataFrame) -> Iterable[tuple[str, pd.Series]]:
    """Yield each column and each expression of the terms that enters as a category."""
    for name, series in kept.items():
        if _is_category(series):
            yield str(name), series
    for expression in sorted({text for part in request.parts.values() for text in _evaluated(part)}):
        if len(kept) and _as_category(expression, kept.iloc[:2]) is not None:
            values = _as_category(expression, kept)
            if values is not None:
                yield expression, values


def _is_category(series: pd.Series) -> bool:
    return series.dtype == object or series.dtype == bool or isinstance(series.dtype, pd.CategoricalDtype)


def _as_category(expression: str, kept: pd.DataFrame) -> pd.Series | None:
    """Evaluate a factor; None if it is a number, or cannot be evaluated, which the design will say better."""
    try:
        value = _formula.evaluate(expression, kept, {}, {})
    except StatmodelsXError:
        return None
    kind = getattr(getattr(value, "__formulaic_metadata__", None), "kind", None)
    plain = getattr(value, "__wrapped__", value)
    if np.ndim(plain) != 1 or len(plain) != len(kept):
        return None
    series = plain_column(pd.Series(plain))
    return series if getattr(kind, "value", None) == "categorical" or _is_category(series) else None


def _stacked(examples: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put the examples of all partitions together; the levels of a category are those of any of them."""
    columns = {name: plain_column(_together([part[name] for part in examples])) for name in examples[0]}
    return pd.DataFrame(columns, index=pd.RangeIndex(sum(map(len, examples))))


def _together(parts: list[pd.Series]) -> pd.Series:
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        from pandas.api.types import union_categoricals

        return pd.Series(union_categoricals(parts))
    return pd.concat(parts, ignore_index=True)


def _build(plan: Plan, function: Callable[..., Any], arguments: tuple[Any, ...], data: pd.DataFrame) -> Any:
    with _formulas:
        frame = call(_model_frame, (plan,), data)
    return call(function, arguments, frame)


def _model_frame(plan: Plan, data: pd.DataFrame) -> ModelFrame:
    rows = _read(plan.request, data)
    kept = pd.DataFrame(
        {name: plain_column(series[rows.keep]) for name, series in rows.used.items()},
        index=data.index[rows.keep],
    ).astype(dict(plan.levels))
    return ModelFrame(
        response=rows.kept_response(),
        designs={key: Design(*spec.build(kept), spec) for key, spec in plan.specs.items()},
        columns=rows.kept_columns(),
        data=kept,
        n_rows=len(data),
        dropped=rows.dropped,
    )
