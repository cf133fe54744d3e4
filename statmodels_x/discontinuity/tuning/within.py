"""The border of a volume placed within its voxels by the points, and sheets that a border in its place does without.

The contour of smoothed labels follows the faces of voxels. A plane within a layer of voxels does not, and two sheets of
faces, one on either side of the layer, tell a strong one better than one sheet in the wrong place. Here the contour is
moved within the voxels, from place to place by what the points nearby say. Parts that then no longer pay are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from operator import itemgetter

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion, gaussian_filter

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.smoothing.places import Within, smoothed
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import LARGEST_LOG_PRECISION, JumpSetModel
from statmodels_x.discontinuity.tuning import sides
from statmodels_x.discontinuity.tuning.doubts import segments_of
from statmodels_x.discontinuity.tuning.proposals import Penalty, Proposal, without
from statmodels_x.discontinuity.tuning.scoring import Scorer
from statmodels_x.discontinuity.tuning.sides import Misfit

_LEVELS = np.linspace(-0.6, 0.6, 13)  # voxels
_REACH = 1.3  # voxels within which a point may change its side
_AROUND = 1.0  # voxels over which points are put together
_FEWEST_POINTS = 12
_ROUNDS = 4
_STIFFER, _WORTH_STIFFENING = 3.0, 2.0
_MOST_PARTS = 24
_TRIED = 3  # of the changes of a round, by evidence
# smoothing in voxels, and a difference of labels that is half a voxel then
_CARRIED = ((0.0, 0.5), (1.5, 0.22))
_DISSOLVED = (2.0, 0.7)  # voxels over which the points of dissolved regions are put together


@dataclass(frozen=True, eq=False)
class _Border:
    """A jump set with its place within the voxels, and what it costs."""

    cut: Mask = field(repr=False)
    data: SidedPoints = field(repr=False)
    cost: float


def settled(scorer: Scorer, proposal: Proposal, penalty: Penalty) -> Proposal:
    """Place a volume's border within its voxels, take away what it then does without, and draw its regions anew.

    Only for scattered points, and only as far as the cost falls. It is done when there is a jump already: the place of
    a border is free, and what that freedom gains must not make a jump.
    """
    data, lattice, t = scorer.data, scorer.lattice, proposal.smoothed.log_precision
    if not isinstance(data, SidedPoints) or not proposal.cut.any():
        return proposal
    points = data

    best = _Border(proposal.cut, points, proposal.cost(lattice, penalty))
    seen: set[bytes] = set()
    for _ in range(_ROUNDS):
        misfit = _misfit_of_solid(scorer, best, t)
        if misfit is None:
            break
        before = best
        ranked: list[tuple[float, int, Mask, SidedPoints]] = []
        for cut in _changes(scorer, best, misfit):
            key = np.packbits(cut).tobytes()
            if cut.any() and key not in seen:
                seen.add(key)
                own = replace(points, within=placed(points, cut, misfit))
                ranked.append((_told(own, cut, misfit) + penalty.price(lattice, cut), len(ranked), cut, own))
        for _, _, cut, own in sorted(ranked, key=itemgetter(0, 1))[:_TRIED]:
            cost = JumpSetModel(scorer.differences, own, cut).deviance(t) + penalty.price(lattice, cut)
            best = _Border(cut, own, cost) if cost < best.cost else best
        if best is before:
            break
        t, best = _stiffer(scorer, best, t)
    if best.data is points:
        return proposal
    smooth = JumpSetModel(scorer.differences, best.data, best.cut).smooth(None, t)
    return replace(proposal, cut=best.cut, smoothed=smooth, within=best.data.within)


def best_settled(scorer: Scorer, chosen: Proposal, scored: Sequence[Proposal], penalty: Penalty) -> Proposal:
    """Settle what was chosen, and where it is not whole also the best of the proposals that are.

    Before a border has its place within the voxels, faces on both sides of it are told better than a single sheet.
    """
    lattice = scorer.lattice
    best = settled(scorer, chosen, penalty)
    if not isinstance(scorer.data, SidedPoints) or not best.cut.any() or is_whole(lattice, best.cut):
        return best
    whole = [one for one in scored if is_whole(lattice, one.cut)]
    if not whole:
        return best
    other = settled(scorer, min(whole, key=lambda one: one.cost(lattice, penalty)), penalty)
    return other if other.cost(lattice, penalty) < best.cost(lattice, penalty) else best


def is_whole(lattice: Lattice, cut: Mask) -> bool:
    """Whether a border has no loose ends, and lies between regions that are more than one voxel thick."""
    return bool(
        cut.any()
        and not lattice.loose_ends(cut).size
        and 1 < lattice.regions(cut)[0] == len(solid(lattice, cut)) <= sides.MOST_REGIONS
    )


def _stiffer(scorer: Scorer, border: _Border, log_precision: float) -> tuple[float, _Border]:
    """Stiffen the surface as long as that lowers the cost: it need not bend to a border in the wrong place now."""
    model = JumpSetModel(scorer.differences, border.data, border.cut)
    price = border.cost - model.deviance(log_precision)
    while log_precision + _STIFFER < LARGEST_LOG_PRECISION:
        cost = model.deviance(log_precision + _STIFFER) + price
        if cost > border.cost - _WORTH_STIFFENING:
            break
        log_precision, border = log_precision + _STIFFER, replace(border, cost=cost)
    return log_precision, border


def _changes(scorer: Scorer, border: _Border, misfit: Misfit) -> Iterator[Mask]:
    """Yield the border itself, without its parts and its thin regions, and drawn anew."""
    lattice, cut = scorer.lattice, border.cut
    yield cut
    loss = misfit.by_cell(border.data)
    if len(misfit.kept) < lattice.regions(cut)[0]:
        for around in _DISSOLVED:
            yield dissolved(lattice, misfit, sides.said(loss, lattice, around))
    else:
        yield from sides.drawn_by(misfit, border.data, cut, sides.SOFTER)
    for width, carried in _CARRIED:
        yield from relabelled(lattice, cut, border.data, width, carried)
    parts = segments_of(lattice, cut)
    parts = [*(parts if len(parts) > 1 else []), *scorer.groups(cut)]
    if len(parts) > 1:
        yield from (without(cut, part) for part in parts[-_MOST_PARTS:])


def _misfit_of_solid(scorer: Scorer, border: _Border, log_precision: float) -> Misfit | None:
    """Fit surfaces to the regions that are more than one voxel thick; None unless there are a few."""
    kept = solid(scorer.lattice, border.cut)
    if not 1 < len(kept) <= sides.MOST_REGIONS:
        return None
    return sides.misfit_of(scorer.differences, border.data, border.cut, log_precision, kept)


def solid(lattice: Lattice, cut: Mask) -> Index:
    """Return the labels of the regions that hold a voxel with all its neighbours."""
    count, label = lattice.regions(cut)
    grid = label.reshape(lattice.shape)
    return np.array([k for k in range(count) if binary_erosion(grid == k, border_value=1).any()], np.intp)


def dissolved(lattice: Lattice, misfit: Misfit, said: Array) -> Mask:
    """Give the voxels of thin regions to those that are kept, nearby and by what their points say."""
    label, kept = misfit.label.copy(), misfit.kept
    thin = ~np.isin(label, kept)
    while thin.any():
        near = np.array([binary_dilation((label == k).reshape(lattice.shape)).ravel() & thin for k in kept])
        reached = near.any(0)
        label[reached] = kept[np.where(near, said, np.inf)[:, reached].argmin(0)]
        thin &= ~reached
    return label[lattice.tail] != label[lattice.head]


def relabelled(
    lattice: Lattice, cut: Mask, data: SidedPoints, width: float, carried: float
) -> Iterator[Mask]:
    """Give the voxels to other regions whose centres lie beyond the border, as it is and with each region carried on.

    Where a border runs through the centres of a layer of voxels, its noise says on which side each of them is. A
    border carried on lies beside the layer, and is moved back within it.
    """
    count, label = lattice.regions(cut)
    if not 1 < count <= sides.MOST_REGIONS:
        return
    value = []
    for k in range(count):
        inside = label == k
        one = smoothed(inside.reshape(lattice.shape)).ravel()
        one = one if data.within is None else one + np.where(inside, data.within.advance, 0.0)
        value.append(gaussian_filter(one.reshape(lattice.shape), width, mode="nearest").ravel())
    for k in range(count + 1):
        more = np.array(value)
        more[:count] += np.where(np.arange(count) == k, carried, 0.0)[:, None]
        yield sides.cut_between(lattice, cut, label, more.argmax(0))


def _told(data: SidedPoints, cut: Mask, misfit: Misfit) -> float:
    """Deviance of the points from the surfaces of the regions on whose sides they are: quick, and near the evidence."""
    count, label = data.lattice.regions(cut)
    own = _fitted_region(label, count, misfit)
    return float(misfit.loss[own[label[data.nodes(cut)[0]]], np.arange(len(data.y))].sum())


def placed(data: SidedPoints, cut: Mask, misfit: Misfit) -> Within:
    """Find how far the region of each voxel is carried beyond the contour of the smoothed labels, by the points nearby.

    For shifts of the contour by up to half a voxel and a little more, the deviance of the points whose side they change
    is put together over a voxel. The shift is the mean over its posterior distribution with an even prior,
    so that it is 0 where the points say nothing.

    Parameters
    ----------
    data : SidedPoints
    cut : ndarray of shape (edges,)
    misfit : Misfit
        Of a jump set of which this one is a change.

    Returns
    -------
    Within
    """
    lattice = data.lattice
    count, label = lattice.regions(cut)
    advance, step, weight = np.zeros((3, lattice.n_cells))
    if not 1 < count <= sides.MOST_REGIONS:
        return Within(advance, step)
    corner, share = data.places.corners
    value = np.array(
        [(share * smoothed((label == k).reshape(lattice.shape)).ravel()[corner]).sum(1) for k in range(count)]
    )
    first, second = np.sort(np.argsort(-value, axis=0)[:2], axis=0)
    own = _fitted_region(label, count, misfit)
    for a, b in combinations(range(count), 2):
        margin = value[a] - value[b]
        used = (first == a) & (second == b) & (np.abs(margin) < _REACH) & (data.weight > 0.0)
        if np.count_nonzero(used) < _FEWEST_POINTS:
            continue
        gain = (misfit.loss[own[b]] - misfit.loss[own[a]])[used]
        shift, near = _shift(lattice, data.cell[used], margin[used], gain)
        for k, way in ((a, 1.0), (b, -1.0)):
            beside = (label == k) & (near > weight)
            advance[beside], weight[beside] = way * shift[beside], near[beside]
            step[beside] = np.abs(misfit.surface[own[a]] - misfit.surface[own[b]])[beside]
    return Within(advance, step)


def _fitted_region(label: Index, count: int, misfit: Misfit) -> Index:
    """For each region, which of the fitted regions most of its voxels come from."""
    position = np.full(int(misfit.label.max()) + 1, -1)
    position[misfit.kept] = np.arange(len(misfit.kept))
    old = position[misfit.label]
    known = old >= 0
    shared = np.zeros((count, len(misfit.kept)))
    np.add.at(shared, (label[known], old[known]), 1.0)
    return shared.argmax(1)


def _shift(lattice: Lattice, cell: Index, margin: Array, gain: Array) -> tuple[Array, Array]:
    """Posterior mean of the shift near each cell, and how much is known of it."""

    def around(value: Array) -> Array:
        grid = np.bincount(cell, value, lattice.n_cells).reshape(lattice.shape)
        wide = gaussian_filter(grid, _AROUND, mode="constant") * (2.0 * np.pi * _AROUND**2) ** 1.5
        return np.asarray(wide.ravel())

    cost = -np.array([around(gain * (margin + level > 0.0)) for level in _LEVELS])
    weight = np.exp(-0.5 * (cost - cost.min(0)))
    return (_LEVELS[:, None] * weight).sum(0) / weight.sum(0), around(np.ones(len(cell)))
