"""What residuals tell: whether a border follows its points, and what is done if not; whether neighbours are alike."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.spatial import KDTree

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border, BorderModel, carried_on, seen
from statmodels_x.discontinuity.border.points import CENTRE, LEAST_SD, PointData
from statmodels_x.discontinuity.border.sizes import nearest
from statmodels_x.discontinuity.grid.jumps import segment_of_edges
from statmodels_x.discontinuity.grid.lattice import Index, Mask

_BESIDE = 0.7  # cells
_FEWEST = 20
_REACHES = (0.1, 0.2, 0.3, 0.4, 0.5)  # cells; beyond, too little is left to tell a misfit by
_NOTICED, _GONE = 1.5, 1.0  # standard errors
_WORSE = 1.1  # times the loss without a jump: of weak steps among much noise both are nearly the same

_NEIGHBOURLY, _LARGEST = 0.5, 4.0  # cells; standard deviations, so that no single point decides

Misfit = tuple[int, float, float, float]


@dataclass(frozen=True)
class LeftOut:
    """Points beside a segment that have no part in the surface, because the border does not follow them.

    Attributes
    ----------
    segment : int
    reach : float
        Distance within which points are left out, in cells.
    n : int
        Number of points.
    """

    segment: int
    reach: float
    n: int


@dataclass(frozen=True, eq=False)
class _Beside:
    """Of each point: distance from the border in cells, and the segment that is nearest."""

    distance: Array = field(repr=False)
    segment: Index = field(repr=False)

    @classmethod
    def of(cls, data: PointData, border: Border) -> _Beside:
        found = nearest(data.lattice, border, data.place, np.ones(2))
        return cls(found.distance, segment_of_edges(data.lattice, border.cut)[found.edge])

    def within(self, segment: int, reach: float) -> Mask:
        return np.asarray((self.segment == segment) & (self.distance < reach))


@dataclass(frozen=True, eq=False)
class Followed:
    """A surface between borders that its points follow.

    Attributes
    ----------
    surface : ndarray of shape (cells,)
        At the nodes, scaled, without the points that are left out.
    t : float
        Its smoothing precision.
    left_out : tuple of LeftOut
    misfits : tuple of (segment, sd beside, sd elsewhere, z)
        What is left. Standard deviations in units of the noise, and the difference of the squares in its standard
        errors.
    alike : float
        Correlation of the residuals of points that are nearest neighbours within half a cell; NaN where it is not
        looked at. Of independent errors about the true surface it is 0 or a little less.
    """

    surface: Array = field(repr=False)
    t: float
    left_out: tuple[LeftOut, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    alike: float = float("nan")


def followed(data: PointData, border: Border, surface: Array, t: float) -> Followed:
    """Compare the residuals of the points beside each segment with those of the others, and leave out what misfits.

    Where the true border bends within a cell, points beside it are held against the surface of the other side, and
    sizes come out too small. Points are left out within the least reach at which those beyond it fit like the others;
    none are where what is left, carried on to all points, is clearly further from them than a surface without a jump:
    too few are then left between the pieces of a border. There is nothing to tell without noise.

    Parameters
    ----------
    data : PointData
    border : Border
    surface : ndarray of shape (cells,)
        At the nodes, scaled.
    t : float
        Its smoothing precision.

    Returns
    -------
    Followed
    """
    if not (data.weight > 0.0).any() or data.variance <= LEAST_SD**2:
        return Followed(surface, t)
    if not border.cut.any():
        return Followed(surface, t, alike=_alike(data, border, surface))
    beside = _Beside.of(data, border)
    told = _misfits(data, border, surface, beside)
    every = Followed(surface, t, (), told)
    wide = {one[0]: 0 for one in told if one[3] > _NOTICED}
    left_out: tuple[LeftOut, ...] = ()
    grows = bool(wide)
    while grows:
        left_out = tuple(_left_out(data, beside, segment, _REACHES[k]) for segment, k in wide.items())
        model = BorderModel(_without(data, beside, left_out), border)
        t = model.best(t)[0]
        surface = model.surface(t)
        told = _misfits(model.data, border, surface, beside)
        z = {one[0]: one[3] for one in told}
        more = [k for k in wide if z.get(k, 0.0) > _GONE and wide[k] + 1 < len(_REACHES)]
        wide.update({k: wide[k] + 1 for k in more})
        grows = bool(more)
    if not left_out or _loss(data, border, surface) > _WORSE * _loss_without_jump(data, t):
        return replace(every, alike=_alike(data, border, every.surface))
    return Followed(surface, t, left_out, told, _alike(_without(data, beside, left_out), border, surface))


def without_left_out(data: PointData, border: Border, left_out: tuple[LeftOut, ...]) -> PointData:
    """Give no weight to points that are left out."""
    return _without(data, _Beside.of(data, border), left_out) if left_out else data


def _left_out(data: PointData, beside: _Beside, segment: int, reach: float) -> LeftOut:
    used = data.weight > 0.0
    return LeftOut(segment, reach, int(np.count_nonzero(beside.within(segment, reach) & used)))


def _without(data: PointData, beside: _Beside, left_out: tuple[LeftOut, ...]) -> PointData:
    out = np.any([beside.within(one.segment, one.reach) for one in left_out], axis=0)
    return replace(data, weight=np.where(out, 0.0, data.weight))


def _residuals(data: PointData, border: Border, surface: Array) -> tuple[Index, Array]:
    """Points with weight, and their residuals in standard deviations of the noise."""
    used = np.flatnonzero(data.weight > 0.0)
    place = data.place[used]
    fitted = carried_on(data.lattice, border, surface, place, seen(data.lattice, border, place))
    return used, np.sqrt(data.weight[used]) * (data.y[used] + CENTRE - fitted)


def _loss(data: PointData, border: Border, surface: Array) -> float:
    residual = _residuals(data, border, surface)[1]
    return float(residual @ residual)


def _loss_without_jump(data: PointData, around: float) -> float:
    none = Border.none(data.lattice)
    model = BorderModel(data, none)
    return _loss(data, none, model.surface(model.best(around)[0]))


def _alike(data: PointData, border: Border, surface: Array) -> float:
    used, residual = _residuals(data, border, surface)
    if len(used) < _FEWEST:
        return float("nan")
    distance, near = KDTree(data.place[used]).query(data.place[used], 2)
    close = distance[:, 1] < _NEIGHBOURLY
    if np.count_nonzero(close) < _FEWEST:
        return float("nan")
    residual = np.clip(residual, -_LARGEST, _LARGEST)
    one, other = residual[close], residual[near[close, 1]]
    return float(one @ other / np.sqrt((one @ one) * (other @ other)))


def _misfits(data: PointData, border: Border, surface: Array, beside: _Beside) -> tuple[Misfit, ...]:
    used, residual = _residuals(data, border, surface)
    square = residual**2
    close, own = beside.distance[used] < _BESIDE, beside.segment[used]
    rest = square[~close]
    told = []
    for segment in np.unique(own[close]).tolist():
        near = square[close & (own == segment)]
        if min(len(near), len(rest)) >= _FEWEST:
            error = np.sqrt(near.var() / len(near) + rest.var() / len(rest))
            z = (near.mean() - rest.mean()) / error if error > 0.0 else 0.0
            told.append((segment, float(np.sqrt(near.mean())), float(np.sqrt(rest.mean())), float(z)))
    return tuple(told)
