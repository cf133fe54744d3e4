"""Short runs of points off the curve, proposed as pairs of jumps: one jump alone never pays for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Shape, Smoothing, kernel_arguments
from statmodels_x.discontinuity.line.scoring import Rules

_NEXT = 1.25  # from one length of runs to the next
_MOST = 20_000


def with_runs(line: LineData, shape: Shape, smoothing: Smoothing, rules: Rules, longest: int) -> Shape:
    """Add both ends of short runs, up to ``longest`` points and a few, as jumps.

    A run of points counts whose mean residual would pay for two jumps, and that is a local best of its length.
    """
    from statmodels_x.discontinuity.line.kernels.recursions import smooth

    curve = smooth(*kernel_arguments(line, shape, smoothing))[0][:, 0]
    off = np.concatenate([[0.0], np.cumsum(line.weight * (line.y - curve))])
    weight = np.concatenate([[0.0], np.cumsum(line.weight)])
    found: list[NDArray[np.float64]] = []
    length = rules.min_points
    while length <= longest + rules.min_points and length < line.n:
        gain = (off[length:] - off[:-length]) ** 2 / (weight[length:] - weight[:-length]) / smoothing.variance
        first = _peaks(gain, 2.0 * rules.cost)
        found.append(np.column_stack([gain[first], first, first + length]))
        length = max(length + 1, int(length * _NEXT))
    runs = np.concatenate(found) if found else np.empty((0, 3))
    return _placed(shape, runs[np.argsort(-runs[:, 0], kind="stable")][:_MOST], line.n, rules.min_points)


def _peaks(gain: Array, least: float) -> NDArray[np.int64]:
    padded = np.concatenate([[-1.0], gain, [-1.0]])
    return np.flatnonzero((gain > least) & (gain >= padded[:-2]) & (gain >= padded[2:]))


def _placed(shape: Shape, runs: Array, n: int, min_points: int) -> Shape:
    """Add the runs, the strongest first, where none of the jumps so far is near and there is no bend."""
    cuts = shape.cuts.copy()
    for first, end in runs[:, 1:].astype(int):
        if not cuts[max(first - min_points, 0) : min(end + min_points, n - 1)].any():
            cuts[[edge - 1 for edge in (first, end) if 0 < edge < n]] = True
    for one in shape.bends:
        cuts[one.first : one.last] = False
    return replace(shape, cuts=cuts)
