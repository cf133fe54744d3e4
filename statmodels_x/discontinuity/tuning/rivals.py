"""Is it a jump of a volume? Parts of a jump set that a fold or a ramp of a surface without a jump tells as well.

Across a fold or a ramp a smooth surface must be soft, or be cut. The rivals here are stiff, but may change their slope
across the part in question, or their level over some voxels: functions of the distance from the part are added to them
as regressors, with coefficients that change linearly over the grid.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import ndtr

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.jumps import groups
from statmodels_x.discontinuity.grid.lattice import Index, Lattice
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import JumpSetModel, Smoothed
from statmodels_x.discontinuity.tuning.proposals import Penalty, Proposal, without
from statmodels_x.discontinuity.tuning.scoring import Scorer
from statmodels_x.discontinuity.tuning.within import settled

# voxels: a fold or the middle of a ramp need not be where the part was drawn
_FOLDED_AT, _RISING_AT = np.arange(-1.5, 1.6, 0.5), (-0.5, 0.0, 0.5)
_SHARP, _WIDE = 0.5, (0.8, 1.2, 1.8)  # standard deviations of a step's width, in voxels
_CHARGE = 10.0  # four coefficients, and the choice of a shift
_TIMES = 1.5  # a fold gains .64 and more of what a jump in its place gains, and up to .66 beside true jumps of 2 sd
# of a sharp step's gain: a part that is drawn badly gains little, but a sharp step gains most there
_AS_WIDE = 0.9
_STIFFER, _STIFFEST = 3.0, 16.0
_AROUND = 2.6  # voxels over which the normals of the faces are averaged
_NEAREST = 6
_FEWEST_FACES, _MOST_PARTS = 12, 8  # borders that are looked at by themselves, the largest
_NEAR = 2.5  # voxels within which a distance is along the normals


def without_folds_and_ramps(
    scorer: Scorer, proposal: Proposal, penalty: Penalty, smooth: Smoothed
) -> Proposal:
    """Take away borders between regions of a volume that do not gain enough beside a fold or a ramp in their place.

    A border must gain one and a half times what a fold gains, and as much as a ramp. A ramp is also told by several
    sheets: the whole set must gain as much as a ramp in the place of one of them.

    Parameters
    ----------
    scorer : Scorer
    proposal : Proposal
    penalty : Penalty
    smooth : Smoothed
        The surface without jumps.
    """
    lattice = scorer.lattice
    if lattice.n_axes != 3:
        return proposal
    while proposal.cut.any():
        found, every = groups(lattice, proposal.cut), np.flatnonzero(proposal.cut)
        parts = ([part for part in found if len(part) >= _FEWEST_FACES] or found)[-_MOST_PARTS:]
        trials = [(part, part) for part in parts]
        trials += [(every, part) for part in parts if len(parts) > 1]
        ahead = [_ahead(scorer, proposal, away, part, penalty, smooth) for away, part in trials]
        worst = int(np.argmin(ahead))
        if ahead[worst] >= 0.0:
            break
        fewer = without(proposal.cut, trials[worst][0])
        scored = scorer.score(fewer, around=proposal.smoothed.log_precision) if fewer.any() else smooth
        left = replace(proposal, cut=fewer, smoothed=scored, within=None)
        proposal = settled(scorer, left, penalty) if fewer.any() else left
    return proposal


def _ahead(
    scorer: Scorer, proposal: Proposal, away: Index, part: Index, penalty: Penalty, smooth: Smoothed
) -> float:
    """By how much what some edges gain exceeds what is asked for beside a fold or a ramp along a part."""
    lattice, data = scorer.lattice, scorer.data
    rest = without(proposal.cut, away)
    if rest.any() and isinstance(data, SidedPoints):
        data = replace(data, within=proposal.within)
    model = JumpSetModel(scorer.differences, data, rest)
    plain = model.smooth(None, smooth.log_precision) if rest.any() else smooth
    gain = plain.deviance + penalty.price(lattice, rest) - proposal.cost(lattice, penalty)
    ts = {min(t, _STIFFEST) for t in (plain.log_precision + _STIFFER, proposal.smoothed.log_precision)}
    rivals = _rivals(lattice, signed_distance(lattice, part, _orientation(lattice, proposal, part)))
    kinds = np.array([kind for kind, _ in rivals])
    lowest = np.min([model.with_regressors([added for _, added in rivals], t) for t in ts], axis=0)
    through, fold, sharp, wide = (
        plain.deviance - lowest[kinds == kind].min() - _CHARGE
        for kind in ("through", "fold", "sharp", "wide")
    )
    credit = max(through, 0.0)  # around a ball the distance itself is a cone, with a tip far from the border
    # a voxel with a share of both sides, which only points tell apart, makes a ramp of every border
    is_ramp = isinstance(data, SidedPoints) and wide > _AS_WIDE * sharp
    beside_ramp = gain - (wide - credit) if is_ramp else np.inf
    beside_fold = gain - _TIMES * (fold - credit) if len(away) == len(part) else np.inf
    return min(beside_ramp, beside_fold)


def _rivals(lattice: Lattice, distance: Array) -> list[tuple[str, Array]]:
    """List kinds and regressors: the distance itself, and folds and steps of several widths at several shifts."""
    shape = np.array(lattice.shape)
    cells = np.column_stack(np.unravel_index(np.arange(lattice.n_cells), lattice.shape))
    along = np.column_stack([np.ones(lattice.n_cells), (cells - (shape - 1.0) / 2.0) / shape])
    profiles = [("through", distance)]
    profiles += [("fold", np.abs(distance - shift)) for shift in _FOLDED_AT]
    profiles += [
        ("sharp" if width == _SHARP else "wide", ndtr((distance - shift) / width))
        for width in (_SHARP, *_WIDE)
        for shift in _RISING_AT
    ]
    return [(kind, profile[:, None] * along) for kind, profile in profiles]


def _orientation(lattice: Lattice, proposal: Proposal, part: Index) -> Array:
    """1 or -1 for each face of a part: whether its head is on the upper side.

    The upper side is one region if the part is the border of a region, else where the surface is higher.
    """
    tail, head = lattice.tail[part], lattice.head[part]
    label = lattice.regions(proposal.cut)[1]
    beside, count = np.unique(np.concatenate([label[tail], label[head]]), return_counts=True)
    region = beside[count.argmax()]
    if ((label[tail] == region) != (label[head] == region)).all():
        return np.where(label[head] == region, 1.0, -1.0)
    surface = proposal.smoothed.surface
    return np.where(surface[head] > surface[tail], 1.0, -1.0)


def signed_distance(lattice: Lattice, part: Index, orientation: Array) -> Array:
    """Distance of each cell's centre from a part of a jump set, in cells, positive on the upper side.

    Parameters
    ----------
    lattice : Lattice
    part : ndarray of shape (faces,)
        Cut edges.
    orientation : ndarray of shape (faces,)
        1 where the head of the edge is on the upper side, -1 where its tail is.

    Returns
    -------
    distance : ndarray of shape (cells,)
        Near the part along the normals of its faces, averaged over some voxels so that a slanted staircase is a plane.
    """
    cells = np.column_stack(np.unravel_index(np.arange(lattice.n_cells), lattice.shape)).astype(float)
    tail, head = cells[lattice.tail[part]], cells[lattice.head[part]]
    middle, normal = 0.5 * (tail + head), (head - tail) * orientation[:, None]
    tree = cKDTree(middle)
    around = tree.query_ball_point(middle, _AROUND)
    middle = np.array([middle[near].mean(0) for near in around])
    normal = np.array([normal[near].mean(0) for near in around])
    normal /= np.maximum(np.linalg.norm(normal, axis=1), 1e-9)[:, None]
    away, nearest = tree.query(cells, range(1, min(_NEAREST, len(part)) + 1))
    weight = np.exp(-0.5 * (away - away[:, :1]) ** 2)
    offset = ((cells[:, None] - middle[nearest]) * normal[nearest]).sum(2)
    along = np.asarray((weight * offset).sum(1) / weight.sum(1))
    far = np.sign(along) * np.maximum(np.abs(along), away[:, 0])
    return np.where(away[:, 0] < _NEAR, along, far)
