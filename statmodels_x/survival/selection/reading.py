"""A frame and formulas -> the rows that are complete in every candidate, and what that costs."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.formula import Part, quoted, split_formula
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import read_rows
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.data.safety import column_names as variables_of
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.data.workers import import_dask
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.survival.background.rows import extra_columns
from statmodels_x.survival.specification import Specification

FORMULAS = ("other_scale", "power", "shape", "cure")
"""Arguments of a model that may hold formulas."""

MOST_COLUMNS = 200
FEWEST_EVENTS = 10
_DOT = re.compile(r"(?<![\w.)\]`\"'])\.(?![\w.(\[`\"'])")


@dataclass(frozen=True)
class CompleteRows:
    """The rows of a search.

    Attributes
    ----------
    frame : DataFrame
        Rows without a missing value in any candidate; pandas, or Dask.
    columns : dict
        Weights and clusters of these rows, as arguments of a model.
    dropped : DataFrame
        By column: ``missing`` values, and the rows ``regained`` without that column alone.
    n_rows, n_used : int
        Rows given, and rows that are complete.
    """

    frame: Any = field(repr=False)
    columns: Mapping[str, Any] = field(repr=False)
    dropped: pd.DataFrame = field(repr=False)
    n_rows: int
    n_used: int


def column_names(data: Any) -> tuple[Any, list[str]]:
    """Return a frame that can be read, and the names of its columns."""
    frame = data if is_dask_frame(data) else as_pandas(data)
    return frame, [str(name) for name in frame.columns]


def with_every_column(text: Any, columns: Sequence[str], formula: str, others: Sequence[Any]) -> Any:
    """Write out ``"."`` on a right side: every column that is neither in the response, a weight nor a cluster.

    Raises
    ------
    DataError
        If there are too many.
    """
    if not isinstance(text, str) or "~" not in text or not isinstance(formula, str):
        return text
    left, _, right = text.partition("~")
    if not _DOT.search(right):
        return text
    response, _ = split_formula(f"{formula.partition('~')[0]} ~ 1")
    used = {*response.variables, *(name for name in others if isinstance(name, str))}
    names = [name for name in columns if name not in used]
    if len(names) > MOST_COLUMNS:
        raise DataError(
            f"select(): '.' stands for {len(names)} columns; {MOST_COLUMNS} are allowed. Name the candidates, or "
            "leave columns out of the data."
        )
    if not names:
        raise DataError("select(): '.' stands for no column: the data hold the response alone.")
    every = " + ".join(map(quoted, names))
    return f"{left}~{_DOT.sub(lambda _: every, right)}"


def check_candidates(specification: Specification) -> None:
    """Raise a FormulaError if a variable of the response is a candidate."""
    for name, part in specification.parts.items():
        for variable in part.variables:
            if variable in specification.response.variables:
                raise FormulaError(
                    f"select(): {specification.where(name)}: {variable!r} is part of the response, and no candidate; "
                    "take it out ('.' leaves it out by itself)."
                )


def complete_rows(frame: Any, specification: Specification, weights: Any, cluster: Any) -> CompleteRows:
    """Leave out the rows that miss any candidate, once for the whole search.

    Raises
    ------
    DataError
        If a candidate has a single value, or too few rows are left.
    """
    columns = {"weights": weights, "cluster": cluster}
    outside = extra_columns(specification.background)
    variables = sorted({name for part in specification.parts.values() for name in part.variables})
    if is_dask_frame(frame):
        named = [value for value in (*columns.values(), *outside.values()) if isinstance(value, str)]
        known = [name for name in dict.fromkeys([*variables, *named]) if name in frame.columns]
        return _complete_partitions(frame, known, columns)
    rows = read_rows(frame, specification.response, specification.parts, columns | outside, {"Surv": Surv})
    for name in sorted(set().union(*map(_term_variables, specification.parts.values()))):
        _refuse_constant(frame[name], name)
    missing = {name: series.isna().to_numpy() for name, series in rows.used.items()}
    missing |= {label: series.isna().to_numpy() for label, series in rows.extra.values()}
    given = {
        key: value if value is None or isinstance(value, str) else rows.extra[key][1].to_numpy()[rows.keep]
        for key, value in columns.items()
    }
    count = np.sum(list(missing.values()), axis=0)
    costs = {name: (int(gone.sum()), int((gone & (count == 1)).sum())) for name, gone in missing.items()}
    return CompleteRows(frame[rows.keep], given, _costs(costs), len(frame), int(rows.keep.sum()))


def _complete_partitions(frame: Any, known: list[str], columns: Mapping[str, Any]) -> CompleteRows:
    """Leave out incomplete rows where they are, and count them there."""
    if not known:
        return CompleteRows(frame, columns, _costs({}), len(frame), len(frame))
    gone = frame[known].isna()
    per_row = gone.sum(axis=1)
    found = import_dask().compute(gone.sum(), gone[per_row == 1].sum(), per_row.size, (per_row == 0).sum())
    missing, alone, n_rows, n_used = found
    costs = {name: (int(missing[name]), int(alone[name])) for name in known}
    return CompleteRows(frame.dropna(subset=known), columns, _costs(costs), int(n_rows), int(n_used))


def check_complete(rows: CompleteRows) -> None:
    """Raise a DataError that names the most expensive candidate if hardly a row is complete."""
    if rows.n_used < FEWEST_EVENTS <= rows.n_rows:
        raise DataError(
            f"select(): {rows.n_used} of {rows.n_rows} rows are complete in every candidate.{_worst(rows.dropped)}"
        )


def _worst(dropped: pd.DataFrame) -> str:
    if not len(dropped):
        return ""
    worst = dropped["regained"].idxmax()
    return f" {worst!r} alone costs {dropped.loc[worst, 'regained']} rows that are otherwise complete."


def _costs(found: Mapping[str, tuple[int, int]]) -> pd.DataFrame:
    """Missing values of each column that has some, and what it alone costs."""
    rows = [(name, *counts) for name, counts in found.items() if counts[0]]
    table = pd.DataFrame(rows, columns=["column", "missing", "regained"]).set_index("column")
    return table.sort_values("missing", ascending=False, kind="stable")


def _term_variables(part: Part) -> set[str]:
    """Columns that the terms of a part use; those of an offset alone are no candidates."""
    found: set[str] = set()
    for factor in (factor for term in part.formula for factor in term.factors):
        text = str(factor.expr)
        found |= {text} if factor.eval_method.value == "lookup" else variables_of(text, text)
    return found & set(part.variables)


def _refuse_constant(series: pd.Series, name: str) -> None:
    values = series.dropna()
    if len(values) == 1:
        raise DataError(f"select(): the candidate {name!r} has one value that is not missing; take it out.")
    if not len(values):
        raise DataError(f"select(): the candidate {name!r} is missing in every row; take it out.")
    if (values == values.iloc[0]).all():
        value = values.iloc[0]
        said = repr(value) if isinstance(value, str) else str(value)
        raise DataError(f"select(): the candidate {name!r} is {said} in every row; take it out.")


def check_size(n_penalised: int, events: float, dropped: pd.DataFrame) -> None:
    """Refuse a search that has too few events, or too many candidates.

    Raises
    ------
    DataError
        With the count, and the remedy.
    """
    if n_penalised > MOST_COLUMNS:
        raise DataError(
            f"select(): {n_penalised} coefficients are candidates; {MOST_COLUMNS} are allowed. Leave out what is not "
            "plausible, or give groups of levels and splines fewer columns."
        )
    if events < FEWEST_EVENTS:
        raise DataError(
            f"select(): {events:g} events among the rows used; a choice among covariates needs at least "
            f"{FEWEST_EVENTS}. Fit one model that was thought of before.{_worst(dropped)}"
        )


def split_rows(rows: CompleteRows, share: float, seed: int) -> tuple[CompleteRows, CompleteRows]:
    """Divide the rows at random, whole clusters: those to choose on, and those held out."""
    if is_dask_frame(rows.frame):
        if rows.columns["cluster"] is not None:
            raise DataError(
                "select(): `holdout` splits rows of a Dask frame at random, which would cut clusters in two; hold "
                "clusters out yourself."
            )
        first, second = rows.frame.random_split([1.0 - share, share], random_state=seed)
        return replace(rows, frame=first), replace(rows, frame=second)
    rng = np.random.default_rng(seed)
    cluster = rows.columns["cluster"]
    if cluster is None:
        groups = np.arange(len(rows.frame))
    else:
        groups, _ = pd.factorize(rows.frame[cluster] if isinstance(cluster, str) else cluster)
    labels = rng.permutation(groups.max() + 1)
    out = np.isin(groups, labels[: round(share * len(labels))])

    def part(which: Any) -> CompleteRows:
        own = {k: v if v is None or isinstance(v, str) else v[which] for k, v in rows.columns.items()}
        return replace(rows, frame=rows.frame[which], columns=own)

    return part(~out), part(out)
