"""What a picture shows: rows of covariates, or averages over the subjects without any, and what the data say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.inference.prediction import Options, predict
from statmodels_x.multistate.inference.standardisation import standardise
from statmodels_x.multistate.reading.aalen_johansen import aalen_johansen

WITH_STATE = ("incidence", "stay", "hazard")
WITH_SHARES = ("occupancy", "incidence", "survival", "event_free")
_FEW = 12
_MOST_CURVES = 6
_MOST_SUBJECTS, _MOST_STAYS = 200, 40


@dataclass(frozen=True)
class Curve:
    """One curve of a picture.

    Attributes
    ----------
    label : str or None
    table : DataFrame
        ``time``, ``estimate``, ``lower``, ``upper``, and ``state`` where the kind has states.
    data : DataFrame or None
        Rows of the subjects whom it is to be compared with; None if there are none.
    """

    label: str | None
    table: pd.DataFrame = field(repr=False)
    data: pd.DataFrame | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Pictured:
    """The curves of a picture, and what is held or averaged.

    Attributes
    ----------
    curves : list of Curve
    title : str or None
        What the picture is about.
    legend : str or None
        What the curves' labels are values of.
    """

    curves: list[Curve]
    title: str | None = None
    legend: str | None = None


def pictured(
    fit: MultiStateFitted,
    kind: str,
    newdata: Any,
    times: Array,
    state: str | None,
    compared: bool | None,
    alpha: float,
) -> Pictured:
    """Choose and compute the curves of a picture; see :meth:`MultiStateResults.plot`."""
    wanted = kind in WITH_SHARES and (fit.sample is not None if compared is None else compared)
    if newdata is None and fit.covariates and kind != "hazard":
        return _averaged(fit, kind, times, state, wanted, alpha)
    title = None
    if newdata is None and fit.covariates:
        rows = _typical(fit)
        title = f"At {_values(rows.iloc[0])}"
    else:
        rows = pd.DataFrame(index=pd.RangeIndex(1)) if newdata is None else as_pandas(newdata)
    if kind == "occupancy" and len(rows) > 1:
        raise DataError('plot: kind="occupancy" is for one row of covariates; draw each on axes of its own.')
    data = [_like(fit, rows.iloc[[i]], compared) if wanted else None for i in range(len(rows))]
    if compared is None and any(part is None for part in data):
        data = [None] * len(rows)
    table = predict(fit, rows, kind, times, None, Options(alpha=alpha))
    if kind == "occupancy":
        return Pictured([Curve(None, table, data[0])], title)
    if len(rows) == 1:
        return Pictured(_by_state(table, state, data[0]), title)
    table = _one_state(table, state, len(rows))
    groups = [part for _, part in table.groupby("row", sort=False)]
    if len(groups) < len(rows):  # rows of one label
        groups = [table.iloc[k * len(times) : (k + 1) * len(times)] for k in range(len(rows))]
    curves = [Curve(_row_label(rows, k), part, data[k]) for k, part in enumerate(groups)]
    varying = [name for name in rows.columns if rows[name].nunique() > 1]
    return Pictured(
        curves,
        None,
        ", by ".join(part for part in (state, *varying[:1]) if part) if len(varying) == 1 else state,
    )


def _averaged(
    fit: MultiStateFitted, kind: str, times: Array, state: str | None, wanted: bool, alpha: float
) -> Pictured:
    """Average over the subjects, for each level of the first covariate with few where a row has one curve."""
    sample = fit.need_sample("plot without `newdata`, which averages over the subjects,").rows
    by = (
        _few_levels(fit, sample) if kind not in ("occupancy",) and (kind not in WITH_STATE or state) else None
    )
    others = [name for name in fit.covariates if name != by]
    over, said = _representatives(fit, sample, others, _MOST_STAYS if kind == "stay" else _MOST_SUBJECTS)
    table = standardise(fit, kind, times, by, None, over, None, Options(alpha=alpha))
    title = f"Averaged over {' and '.join(others)} of {said} subjects" if others else None
    if by is None:
        data = sample if wanted else None
        if kind == "occupancy":
            return Pictured([Curve(None, table, data)], title)
        return Pictured(_by_state(table, state, data), title)
    table = _one_state(table, state, 2)
    legend = by if state is None else f"{state}, by {by}"
    curves = []
    for level, part in table.groupby(by, sort=False, observed=True):
        # groups of subjects are comparable with averages over all only where nothing else differs between them
        data = sample[(sample[by] == level).to_numpy()] if wanted and not others else None
        curves.append(Curve(str(level), part, data))
    return Pictured(curves, title, legend)


def _representatives(
    fit: MultiStateFitted, sample: pd.DataFrame, others: list[str], most: int
) -> tuple[pd.DataFrame | None, str]:
    """Return every k-th subject in the order of their covariates where these have more values than a picture needs."""
    people = sample.drop_duplicates("id")
    n = len(people)
    if not others or people[others].drop_duplicates().shape[0] <= most:
        return None, str(n)
    ordered = people.sort_values(others, kind="stable")
    weight = np.ones(n) if fit.facts.weighted is None else ordered[fit.facts.weighted].to_numpy(float)
    edges = np.cumsum(weight) / weight.sum()
    places = np.searchsorted(edges, (np.arange(most) + 0.5) / most)
    return ordered.iloc[places], f"{most} out of {n}"


def _few_levels(fit: MultiStateFitted, sample: pd.DataFrame) -> str | None:
    return next((name for name in fit.covariates if 2 <= sample[name].nunique() <= _MOST_CURVES), None)


def _typical(fit: MultiStateFitted) -> pd.DataFrame:
    """Return one row: medians of numbers with many values, else the most frequent value."""
    data = fit.need_sample("plot of a hazard without `newdata`").rows.drop_duplicates("id")
    row = {}
    for name in fit.covariates:
        column = data[name]
        if pd.api.types.is_numeric_dtype(column) and column.nunique() > _FEW:
            row[name] = [float(column.median())]
        else:
            counts = column.value_counts()
            row[name] = [in_order(counts.index[counts == counts.max()].tolist())[0]]
    return pd.DataFrame(row)


def _values(row: pd.Series) -> str:
    return ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items()
    )


def _by_state(table: pd.DataFrame, state: str | None, data: pd.DataFrame | None) -> list[Curve]:
    column = _label_column(table)
    if column is None:
        return [Curve(None, table, data)]
    if state is not None:
        table = _one_state(table, state, 1)
    return [Curve(str(label), part, data) for label, part in table.groupby(column, sort=False, observed=True)]


def _label_column(table: pd.DataFrame) -> str | None:
    return next((name for name in ("state", "transition") if name in table), None)


def _one_state(table: pd.DataFrame, state: str | None, m: int) -> pd.DataFrame:
    column = _label_column(table)
    if column is None:
        return table
    names = list(dict.fromkeys(table[column]))
    if state is None:
        if m > 1:
            raise DataError(f"plot: several rows need `state`, the one to draw among {', '.join(names)}.")
        return table
    check_choice("state", state, names, "plot()")
    return table[table[column] == state]


def _like(fit: MultiStateFitted, row: pd.DataFrame, compared: bool | None) -> pd.DataFrame | None:
    """Rows of the subjects whose covariates equal a row's; None if there are none and they were not asked for."""
    data = fit.need_sample("an Aalen-Johansen estimate").rows
    if compared is None and any(data[name].nunique() > _FEW for name in fit.covariates):
        return None
    same = np.ones(len(data), bool)
    for name in fit.covariates:
        same &= (data[name] == row[name].iloc[0]).to_numpy()
    if not same.any():
        if compared:
            raise DataError(
                "plot: no subject has the covariates of a row of `newdata`: give aalen_johansen=False."
            )
        return None
    return data[same]


def shares(fit: MultiStateFitted, data: pd.DataFrame) -> pd.DataFrame:
    """Aalen-Johansen estimate of some subjects, with the weights of the fit."""
    weighted = fit.facts.weighted
    weight = None if weighted is None else data[weighted].to_numpy(float)
    return aalen_johansen(data, fit.specification.graph, weight)


def _row_label(rows: pd.DataFrame, k: int) -> str:
    varying = [name for name in rows.columns if rows[name].nunique() > 1]
    if not varying:
        return str(rows.index[k])
    if len(varying) == 1:
        return str(rows[varying[0]].iloc[k])
    return ", ".join(f"{name} {rows[name].iloc[k]}" for name in varying)
