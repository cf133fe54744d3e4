"""One partition of a sample: its arrays, and what checks and summaries ask of it, in a form that adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.surv import EXACT, Surv
from statmodels_x.core.rank import ColumnSums
from statmodels_x.core.scaling import ColumnMap
from statmodels_x.core.typing import Array
from statmodels_x.survival.kernels.clusters import cluster_sums
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, row_scores
from statmodels_x.survival.reading.arrays import (
    checked_weights,
    model_arrays,
    rows_with_weight,
    scores_of_repeated,
    survival_response,
    with_background,
)
from statmodels_x.survival.reading.facts import FEW, are_counts, is_number
from statmodels_x.survival.specification import Specification

_GRID = np.linspace(0.0, 1.0, 513)
_POINTS = 4097


@dataclass(frozen=True)
class CovariateFacts:
    """What summaries say of one covariate.

    Attributes
    ----------
    n : int
    mean : float
        Of a number; else NaN.
    counts : Series or None
        Rows by value; None for a number with more than a few values.
    quantiles : ndarray
        Of a number: its values in order, or 513 quantiles if it has more.
    """

    n: int
    mean: float
    counts: pd.Series | None
    quantiles: Array


@dataclass(frozen=True)
class BlockFacts:
    """What checks and summaries ask of one partition.

    Attributes
    ----------
    n, n_events : int
    counts : dict of str to int
        Rows by kind of observation.
    weight, event_weight : float
        Sums of the weights, of all rows and of the events.
    whole_weights : bool
        Whether every weight is a whole number.
    last_time, last_event, last_exact : float
        Longest follow-up; last event, and last one seen exactly: -inf where there is none.
    time_name : str
    expected : float
        Events that a background is expected to bring.
    columns : ColumnSums
        Of the design matrices side by side.
    covariates : dict of str to CovariateFacts
    """

    n: int
    n_events: int
    counts: Mapping[str, int]
    weight: float
    event_weight: float
    whole_weights: bool
    last_time: float
    last_event: float
    last_exact: float
    time_name: str
    expected: float
    columns: ColumnSums
    covariates: Mapping[str, CovariateFacts]


@dataclass(frozen=True)
class Block:
    """The rows of one partition; without facts and arrays if no row has a weight."""

    arrays: SurvivalArrays | None = field(repr=False)
    cluster: NDArray[Any] | None = field(repr=False)
    facts: BlockFacts | None = field(repr=False)
    n_weightless: int


def make_block(specification: Specification, per: float, frame: ModelFrame) -> Block:
    """Keep of a partition's rows what a fit needs; ``per`` is the length of the unit of time in years."""
    survival_response(frame)  # refused before its weights are
    weights = checked_weights(frame)
    n_weightless = 0 if weights is None else int(np.count_nonzero(weights == 0.0))
    if weights is not None and n_weightless == len(weights):
        return Block(None, None, None, n_weightless)
    frame, weights = rows_with_weight(frame, weights)
    response = survival_response(frame)
    arrays = model_arrays(specification, frame.designs, response, weights)
    arrays = with_background(arrays, specification, frame.columns, response, per)
    facts = _facts(frame, response, arrays)
    return Block(arrays, frame.columns.get("cluster"), facts, n_weightless)


def _facts(frame: ModelFrame, response: Surv, arrays: SurvivalArrays) -> BlockFacts:
    weight = arrays.weight if len(arrays.weight) else np.ones(arrays.n)
    event = response.code != 0
    names = sorted({name for design in frame.designs.values() for name in design.spec.part.variables})
    return BlockFacts(
        n=arrays.n,
        n_events=response.n_events,
        counts=response.counts(),
        weight=float(weight.sum()),
        event_weight=float(weight[event].sum()),
        whole_weights=are_counts(weight),
        last_time=float(response.time.max()),
        last_event=float(response.time[event].max(initial=-np.inf)),
        last_exact=float(response.time[response.code == EXACT].max(initial=-np.inf)),
        time_name=response.time_name,
        expected=arrays.n_expected,
        columns=ColumnSums.of(arrays.matrix),
        covariates={name: _covariate(frame.data[name]) for name in names},
    )


def _covariate(series: pd.Series) -> CovariateFacts:
    n = len(series)
    if not is_number(series):
        return CovariateFacts(n, np.nan, series.value_counts(sort=False), np.zeros(0))
    values = series.to_numpy(float)
    # a thousand rows tell a continuous column, whose distinct values would be slow to count
    few = len(np.unique(values[:1000])) <= FEW
    counts = series.value_counts(sort=False) if few else None
    quantiles = np.quantile(values, _GRID) if n > len(_GRID) else np.sort(values)
    return CovariateFacts(n, float(values.mean()), counts, quantiles)


def typical(parts: Sequence[CovariateFacts], is_coded: bool) -> Any:
    """Mean of a continuous number; the most frequent value of one with few values, and of a category."""
    counts = _counts(parts) if all(part.counts is not None for part in parts) else None
    if len(parts[0].quantiles) and (counts is None or (len(counts) > FEW and not is_coded)):
        return float(np.average([part.mean for part in parts], weights=[float(part.n) for part in parts]))
    assert counts is not None  # those of a category are always kept
    return counts.index.tolist()[int(np.argmax(counts.to_numpy()))]


def few_values(parts: Sequence[CovariateFacts]) -> tuple[Any, ...]:
    """All values if they are few, the quartiles of a continuous column (from quantiles of the partitions)."""
    if all(part.counts is not None for part in parts):
        values = tuple(_counts(parts).index.tolist())
        if len(values) <= FEW or not len(parts[0].quantiles):
            return values
    quarters = [0.25, 0.5, 0.75]
    points = np.concatenate([part.quantiles for part in parts])
    if len(points) == sum(part.n for part in parts):  # all values are here
        return tuple(np.quantile(points, quarters).tolist())
    # the distribution functions of the partitions, each linear between its quantiles, averaged and inverted
    points = np.unique(points)
    if len(points) > _POINTS:
        points = np.quantile(points, np.linspace(0.0, 1.0, _POINTS))
    shares = [part.n * np.interp(points, part.quantiles, _places(part.quantiles)) for part in parts]
    below = np.sum(shares, axis=0) / sum(part.n for part in parts)
    return tuple(float(q) for q in np.interp(quarters, below, points))


def _places(quantiles: Array) -> Array:
    return np.linspace(0.0, 1.0, len(quantiles))


def _counts(parts: Sequence[CovariateFacts]) -> pd.Series:
    """Rows by value over all partitions, in the order of the values."""
    first = parts[0].counts
    index = first.index if first is not None else pd.Index([])
    if isinstance(index, pd.CategoricalIndex):  # the partitions have the same levels, in their own order
        index = index.categories
        return sum(part.counts.reindex(index, fill_value=0) for part in parts if part.counts is not None)
    counts = pd.concat([part.counts for part in parts]).groupby(level=0, sort=False).sum()
    return counts.reindex(in_order(counts.index))


# what a search asks of the block on its worker


def on_arrays(function: Any, low: Array, high: Array, arguments: tuple[Any, ...], block: Block) -> Any:
    """Return ``function(*arguments, arrays)`` with the block's arrays under some limits of the search."""
    return function(*arguments, _arrays(block).with_limits(low, high))


def rearranged(sources: Sequence[int | float], cure: int, block: Block) -> Block:
    """Put the block under a model whose parameters come from those of this one."""
    return replace(block, arrays=_arrays(block).rearranged(sources, cure))


def with_columns(kept: NDArray[np.intp], block: Block) -> Block:
    """Put the block under the model that has only some of the coefficients."""
    return replace(block, arrays=_arrays(block).with_columns(kept))


def move_inside(columns: ColumnMap, block: Block) -> Block:
    """Return the block with its columns centred and scaled."""
    arrays = _arrays(block)
    moved = np.array(arrays.matrix.T)
    columns.move(moved)
    return replace(block, arrays=replace(arrays, matrix=moved.T))


def rows_of(rows: NDArray[np.intp], block: Block) -> SurvivalArrays:
    """Return some rows of the block."""
    return _arrays(block).take(rows)


def score_sums(
    theta: Array, by_cluster: bool, counted: bool, block: Block
) -> tuple[Array, NDArray[Any] | None]:
    """Scores summed by cluster and the clusters; else a triangle with the same sum of squares as all scores."""
    arrays = _arrays(block)
    scores = row_scores(theta, arrays)
    if not by_cluster:
        scores = scores_of_repeated(scores, arrays.weight) if counted else scores
        return np.asarray(np.linalg.qr(scores, mode="r")), None
    codes, labels = pd.factorize(block.cluster)
    summed = np.zeros((len(labels), scores.shape[1]))
    np.add.at(summed, codes, scores)
    return summed, np.asarray(labels)


def block_cluster_sums(theta: Array, block: Block) -> tuple[NDArray[Any], Array, Array]:
    """Return the clusters of the block, with the score and the information of each."""
    codes, labels = pd.factorize(block.cluster)
    return np.asarray(labels), *cluster_sums(theta, _arrays(block), codes)


def clusters_of(block: Block) -> set[Any]:
    """Return the clusters that have rows in the block."""
    return set(pd.unique(block.cluster).tolist()) if block.cluster is not None else set()


def exact_weight_after(log_time: float, arrays: SurvivalArrays) -> float:
    """Sum the weights of the exact events after a time."""
    late = (arrays.code == EXACT) & (arrays.log_lower > log_time)
    return float(arrays.weight[late].sum()) if len(arrays.weight) else float(np.count_nonzero(late))


def designs_and_code(function: Any, part: slice, arguments: tuple[Any, ...], arrays: SurvivalArrays) -> Any:
    """Return ``function(*arguments, design, code)`` with one parameter's columns."""
    return function(*arguments, arrays.matrix[:, part], arrays.code)


def _arrays(block: Block) -> SurvivalArrays:
    assert block.arrays is not None  # blocks without weight are left out
    return block.arrays


def joined(parts: Sequence[SurvivalArrays]) -> SurvivalArrays:
    """Put rows of several blocks into one sample."""
    sizes = [part.n for part in parts]

    def stack(name: str, absent: float) -> Array:
        values = [getattr(part, name) for part in parts]
        if not any(len(value) for value in values):
            return values[0]
        return np.concatenate(
            [value if len(value) else np.full(n, absent) for value, n in zip(values, sizes, strict=True)]
        )

    one = replace(
        parts[0],
        code=np.concatenate([part.code for part in parts]),
        log_lower=np.concatenate([part.log_lower for part in parts]),
        log_upper=stack("log_upper", np.inf),
        log_entry=stack("log_entry", -np.inf),
        weight=stack("weight", 1.0),
        log_other=stack("log_other", -np.inf),
        expected=stack("expected", 0.0),
    )
    designs = tuple(
        np.vstack(pieces) if pieces[0] is not None else None
        for pieces in zip(*(part.designs for part in parts), strict=True)
    )
    if all(part.offsets.shape[1] == 1 for part in parts):
        offsets: tuple[Any, ...] = tuple(parts[0].offsets[:, 0].tolist())
    else:
        wide = [np.broadcast_to(part.offsets, (5, part.n)) for part in parts]
        offsets = tuple(np.concatenate(pieces) for pieces in zip(*wide, strict=True))
    return one.with_model(designs, offsets)
