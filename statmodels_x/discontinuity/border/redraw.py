"""A chain drawn anew: the exact cost of every small offset at every vertex, and the best course through them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import KDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import Chain, polyline
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.grid.lattice import Index, Mask

_REACH = 4.0  # cells to either side
_KNOTS = 7.0  # vertices between the knots of what changes along the border
_BESIDE = 3.0  # offsets
_SPAN = 1.6
_OFFSETS = np.arange(-_SPAN, _SPAN + 0.05, 0.1)
_STIFFNESS = 5.0
_BETWEEN = (
    1e-3  # share of the costs beside it in an offset's own: among offsets that pass no point, the middle one
)
_MOST_LOSS = 16.0
_SMOOTHING = 0.7
_FEWEST_EDGES = 4


@dataclass(frozen=True, eq=False)
class Strip:
    """Points along a chain: position along it in vertices, signed distance in cells, responses and weights."""

    line: Array = field(repr=False)
    along: Array = field(repr=False)
    distance: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)

    def knots(self, every: float) -> int:
        """Return the number of knots some vertices apart, at least two."""
        return max(2, round((len(self.line) - 1) / every) + 1)

    def deviance(self, functions: Sequence[Array], every: float) -> float:
        """Weighted sum of squares about a fit of functions of the distance; coefficients change along the chain."""
        from statmodels_x.discontinuity.kernels.strip import functions_along

        columns = np.column_stack(functions)
        last, knots = len(self.line) - 1, self.knots(every)
        return float(functions_along(self.along, columns, self.y, self.weight, last, knots))


def strip(
    data: PointData, border: Border, chain: Chain, reach: float, alone: bool, among: Mask | None = None
) -> Strip | None:
    """Points within some cells of a chain; with ``alone`` those nearer to another part of the border are left out.

    With ``among``, a mask of the points, only these.
    """
    from statmodels_x.discontinuity.kernels.strip import project

    line = polyline(data.lattice, border, chain)
    if line is None:
        return None
    cloud = data.cloud
    at = project(data.net, cloud, line, reach)
    used = np.isfinite(at[:, 0]) & (cloud.weight > 0.0)
    used = used if among is None else used & among
    others = border.without(chain.edges)
    if alone and others.cut.any():
        rows = np.flatnonzero(used)
        away = KDTree(others.crossings(data.lattice)).query(cloud.place[rows])[0]
        used[rows[away < np.abs(at[rows, 1]) + 0.7]] = False
    return Strip(line, at[used, 0], at[used, 1], cloud.y[used], cloud.weight[used])


@dataclass(frozen=True, eq=False)
class Courses:
    """Costs of a chain's offsets: -2 log likelihood of each at each vertex, up to a constant."""

    line: Array = field(repr=False)
    cost: Array = field(repr=False)
    closed: bool


def courses(data: PointData, border: Border, chain: Chain, apart: float) -> Courses | None:
    """Cost of moving each vertex of a chain across: points that change sides change their loss.

    Each side has its own level and slope across, and a curvature in common, all changing along the chain. They are
    fitted to the points at least ``apart`` cells away.
    """
    from statmodels_x.discontinuity.kernels.strip import offset_costs, sides

    found = strip(data, border, chain, _REACH, True) if len(chain.edges) >= _FEWEST_EDGES else None
    if found is None:
        return None
    last = len(found.line) - 1
    points = (found.along, found.distance, found.y, found.weight, last, found.knots(_KNOTS))
    gram, right, n = sides(*points, apart)
    if n < 2 * len(gram):
        return None
    gram[np.diag_indices(len(gram))] += 1e-8 * gram.diagonal().max()
    coefficient = np.linalg.solve(gram, right)
    cost = offset_costs(*points, coefficient, _OFFSETS, _MOST_LOSS)
    return Courses(found.line, cost, chain.closed)


def best_course(found: Courses) -> Array:
    """Offsets of least cost, neighbours held together; a closed chain goes round twice, and the middle lap counts."""
    beside = gaussian_filter1d(found.cost, _BESIDE, axis=1, mode="nearest")
    cost, m = found.cost + _BETWEEN * beside, len(found.line)
    if found.closed:
        cost = np.vstack([cost, cost[1:]])
    pair = _STIFFNESS * (_OFFSETS[:, None] - _OFFSETS) ** 2
    total, back = cost[0], []
    for row in cost[1:]:
        ways = total[:, None] + pair
        back.append(ways.argmin(0))
        total = ways.min(0) + row
    course = [int(total.argmin())]
    for way in back[::-1]:
        course.append(int(way[course[-1]]))
    return _lap(_OFFSETS[np.array(course[::-1])], m, found.closed)


def drawn_course(found: Courses, rng: np.random.Generator) -> Array:
    """Offsets drawn with probability exp(-cost / 2): forward sums, backward draws."""
    cost, m = found.cost, len(found.line)
    if found.closed:
        cost = np.vstack([cost, cost[1:]])
    pair = np.exp(-0.5 * _STIFFNESS * (_OFFSETS[:, None] - _OFFSETS) ** 2)
    forward = [_normal(np.exp(-0.5 * (cost[0] - cost[0].min())))]
    for row in cost[1:]:
        forward.append(_normal((forward[-1] @ pair) * np.exp(-0.5 * (row - row.min()))))
    course = [_pick(forward[-1], rng)]
    for share in forward[-2::-1]:
        course.append(_pick(_normal(share * pair[:, course[-1]]), rng))
    return _lap(_OFFSETS[np.array(course[::-1])], m, found.closed)


def _normal(weight: Array) -> Array:
    return weight / weight.sum()


def _pick(share: Array, rng: np.random.Generator) -> int:
    return min(int(np.searchsorted(np.cumsum(share), rng.random())), len(share) - 1)


def _lap(offsets: Array, m: int, closed: bool) -> Array:
    if not closed:
        return offsets
    half = m // 2
    lap = np.concatenate([offsets[m - 1 : m - 1 + half], offsets[half:m]])
    lap[-1] = lap[0]
    return lap


def moved(data: PointData, border: Border, chain: Chain, found: Courses, offsets: Array) -> Border:
    """Replace a chain by its line moved across."""
    line = found.line
    along = np.gradient(line, axis=0)
    if found.closed:
        along[0] = along[-1] = line[1] - line[-2]
    along /= np.maximum(np.linalg.norm(along, axis=1), 1e-12)[:, None]
    line = line + offsets[:, None] * np.column_stack([-along[:, 1], along[:, 0]])
    if found.closed:
        line = gaussian_filter1d(line[:-1], _SMOOTHING, axis=0, mode="wrap")
        line = np.vstack([line, line[:1]])
    else:
        line = gaussian_filter1d(line, _SMOOTHING, axis=0, mode="nearest")
    return replaced(data, border, chain.edges, line)


def replaced(data: PointData, border: Border, edges: Index, line: Array) -> Border:
    """Put the edges that a line crosses in the place of some of a border's."""
    from statmodels_x.discontinuity.kernels.border import draw_line

    cut, share = draw_line(data.net, line, data.lattice.n_edges)
    rest = border.without(edges)
    return Border(rest.cut | cut, np.where(cut, share, rest.share))


def redrawn(data: PointData, border: Border, chain: Chain, apart: float) -> Border | None:
    """Draw a chain through its points anew; None where it is too short or too few points lie along it."""
    found = courses(data, border, chain, apart)
    return None if found is None else moved(data, border, chain, found, best_course(found))
