"""A Dask frame -> the averages of its rows over a grid finer than the cells, and the cells themselves.

Counts, sums and sums of squares of rows add up over partitions. Where a row is remains known to a part of a cell, an
eighth of its side or less in the plane; the spread within the cells, from which the noise is measured, is that of the
rows and not of their averages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.data.formula import Part, Response
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.partitions import partitioned_frame
from statmodels_x.core.data.workers import Blocks
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Cells, Domain, Points, bin_points, point_domain
from statmodels_x.discontinuity.reading.checks import Rows, grid_shape, no_row, read_rows, refuse_dates

_FEWEST_PARTS = {1: 20, 2: 8, 3: 4}  # of a cell along an axis, by the number of axes
_MOST_PARTS = 32
_AVERAGES = 250_000  # of all cells, where that leaves a cell more parts than the fewest
_MOST_CELLS_OF_A_CURVE = 5_000
_MOST_DISTINCT = 1_000  # more cells than that along an axis are not asked for

Read = tuple[Cells, Points, DesignSpec, int, Mapping[str, int], float]


@dataclass(frozen=True)
class BlockFacts:
    """What one partition says before there is a grid."""

    names: tuple[str, ...]
    n: int
    low: Array
    high: Array
    mean: float
    span: tuple[float, float]
    distinct: tuple[Array, ...] = field(repr=False)
    dropped: Mapping[str, int]


@dataclass(frozen=True)
class Sums:
    """Sums over the rows in each part of a fine grid that has some: counts, weights, moments of the response."""

    part: NDArray[np.intp]
    count: NDArray[Any] = field(repr=False)
    weight: Array = field(repr=False)
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    yy: Array = field(repr=False)


def read_partitions(
    data: Any, response: Response, part: Part, label: str, resolution: Any, weights: Any
) -> Read:
    """Read the rows of a Dask frame as their averages.

    Returns
    -------
    tuple
        Cells of all rows, averages as points, design, rows given, rows dropped, reach of an average in cells.

    Raises
    ------
    FormulaError, DataError
        As for rows in memory; and for dates, and for weights that are not a column.
    """
    refuse_dates(data._meta, part.variables)
    frame = partitioned_frame(data, response, {"covariates": part}, {"weights": weights}, {})
    blocks = frame.persist(read_rows_of, label)
    every = blocks.each(facts_of)
    facts = [block for block in every if block.n]
    if not facts:
        raise no_row(label)
    dropped = dict(frame.dropped)
    for block in every:
        for why, count in block.dropped.items():
            dropped[why] = dropped.get(why, 0) + count
    domain = _domain(facts, resolution)
    fine = _finer(domain)
    cells, points = _averaged(blocks.keep([block.n > 0 for block in every]), facts, domain, fine)
    reach = domain.shape[0] / fine.shape[0]
    return cells, points, frame.specs["covariates"], frame.n_rows, dropped, reach


def _domain(facts: Sequence[BlockFacts], resolution: Any) -> Domain:
    names, n = facts[0].names, sum(block.n for block in facts)
    ends = np.vstack([[block.low for block in facts], [block.high for block in facts]])
    span = min(block.span[0] for block in facts), max(block.span[1] for block in facts)
    values = zip(*(block.distinct for block in facts), strict=True)
    distinct = [min(len(np.unique(np.concatenate(axis))), _MOST_DISTINCT) for axis in values]
    if len(names) == 1 and resolution is None:
        n = min(n, 20 * _MOST_CELLS_OF_A_CURVE)
    return point_domain(ends, names, grid_shape(names, n, distinct, span, resolution))


def _averaged(
    blocks: Blocks, facts: Sequence[BlockFacts], domain: Domain, fine: Domain
) -> tuple[Cells, Points]:
    """Average the rows over the parts of cells, and keep their spread within the cells."""
    total = sum(block.n for block in facts)
    centre = sum(block.n * block.mean for block in facts) / total  # keeps the sums of squares from cancelling
    sums = blocks.reduced(sums_of, together, fine, centre)
    count, weight, x, y, yy = sums.count, sums.weight, sums.x, sums.y, sums.yy
    mean = y / weight
    places = fine.cell_centres()[sums.part] + x / weight[:, None]
    points = Points(places, mean + centre, weight)
    return _of_rows(bin_points(points, domain), points, count, np.maximum(yy - weight * mean**2, 0.0)), points


def _of_rows(cells: Cells, points: Points, count: NDArray[Any], within: Array) -> Cells:
    """Return the cells with counts and variances of rows: those of the averages, and what is within these."""
    cell, n = cells.domain.cell_of(points.x), cells.domain.lattice.n_cells
    rows = np.bincount(cell, count, n).astype(np.int64)
    between = np.nan_to_num(cells.variance) * np.maximum(cells.count - 1, 0)
    spread = between + np.bincount(cell, within, n)
    return replace(cells, count=rows, variance=np.where(rows > 1, spread / np.maximum(rows - 1, 1), np.nan))


def _finer(domain: Domain) -> Domain:
    """Return the grid whose cells are parts of the cells."""
    d = len(domain.names)
    room = int((_AVERAGES / domain.lattice.n_cells) ** (1.0 / d))
    parts = max(_FEWEST_PARTS[d], min(room, _MOST_PARTS))
    breaks = tuple(np.linspace(b[0], b[-1], parts * (len(b) - 1) + 1) for b in domain.breaks)
    return replace(domain, breaks=breaks)


# what runs on the workers


def read_rows_of(label: str, frame: ModelFrame) -> Rows:
    """Keep the rows of one partition that have a response and a weight."""
    rows = read_rows(frame, label)
    new = {why: count for why, count in rows.dropped.items() if why not in frame.dropped}
    return replace(rows, dropped=new)  # what the frame left out is counted already


def facts_of(rows: Rows) -> BlockFacts:
    """Say how many rows a partition has, and where."""
    x, y = rows.points.x, rows.points.y
    if not len(y):
        none = np.zeros(x.shape[1])
        return BlockFacts(rows.names, 0, none, none, 0.0, (0.0, 0.0), (), rows.dropped)
    distinct = tuple(np.unique(column)[:_MOST_DISTINCT] for column in x.T)
    span = float(y.min()), float(y.max())
    return BlockFacts(rows.names, len(y), x.min(0), x.max(0), float(y.mean()), span, distinct, rows.dropped)


def sums_of(fine: Domain, centre: float, rows: Rows) -> Sums:
    """Add up the rows of a partition over the parts of cells; places from the middle of a part."""
    x, y, weight = rows.points.x, rows.points.y - centre, rows.points.weight
    cell = fine.cell_of(x)
    part, inverse = np.unique(cell, return_inverse=True)
    offset = weight[:, None] * (x - fine.cell_centres()[cell])

    def total(values: Array) -> Array:
        return np.asarray(np.bincount(inverse, values, len(part)), float)

    return Sums(
        part,
        np.bincount(inverse, minlength=len(part)),
        total(weight),
        np.column_stack([total(column) for column in offset.T]),
        total(weight * y),
        total(weight * y**2),
    )


def together(parts: list[Sums]) -> Sums:
    """Add up the sums of some partitions."""
    part, inverse = np.unique(np.concatenate([sums.part for sums in parts]), return_inverse=True)

    def total(name: str) -> NDArray[Any]:
        values = np.concatenate([getattr(sums, name) for sums in parts])
        found = np.zeros((len(part), *values.shape[1:]), values.dtype)
        np.add.at(found, inverse, values)
        return found

    return Sums(part, *(total(name) for name in ("count", "weight", "x", "y", "yy")))
