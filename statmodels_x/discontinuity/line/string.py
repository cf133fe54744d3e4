"""The weak string: free discontinuity regression on a line, solved exactly by dynamic programming.

On points x_1 < ... < x_n the energy is

    E(u, J) = lam sum_i w_i (f_i - u_i)^2/sum w + sum over gaps not in J of (u_{i+1} - u_i)^2/(x_{i+1} - x_i) + nu |J|,

the Mumford-Shah energy of the string through the points (Blake and Zisserman 1987, *Visual Reconstruction*).
``lam`` and ``nu`` refer to a response scaled to [0, 1] and a line scaled to unit length. No point is moved to a grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.data import LineData

Cuts = NDArray[np.bool_]

PROPOSAL_LAM = (30.0, 100.0, 300.0, 1000.0)
PROPOSAL_GAIN = (9.0, 120.0)
_MANY_POINTS = 2000
_MOST_JUMPS = 60


def string_cuts(line: LineData, lam: float, nu: float) -> tuple[Cuts, float]:
    """Optimal jump set (one flag a gap) and energy of the points, in unit scale."""
    from statmodels_x.discontinuity.line.kernels.recursions import cut_string

    weight = lam * line.weight / line.weight.sum()
    cuts, energy = cut_string(line.y, weight, 1.0 / line.dx, nu, line.y.min(), line.y.max())
    return cuts, float(energy)


def string_fit(line: LineData, lam: float, cuts: Cuts) -> tuple[Array, Array]:
    """Return the string for a given jump set, and the diagonal of its smoother matrix."""
    from statmodels_x.discontinuity.line.kernels.recursions import fit_string

    return fit_string(line.y, lam * line.weight / line.weight.sum(), 1.0 / line.dx, cuts)


def string_predict(line: LineData, u: Array, cuts: Cuts, at: Array) -> Array:
    """Interpolate the string linearly; in a gap with a jump each half keeps the value of its side."""
    gap = np.clip(np.searchsorted(line.x, at, side="right") - 1, 0, line.n - 2)
    share = np.clip((at - line.x[gap]) / line.dx[gap], 0.0, 1.0)
    share = np.where(cuts[gap], np.where(share > 0.5, 1.0, 0.0), share)
    return (1.0 - share) * u[gap] + share * u[gap + 1]


def noise_cost(line: LineData, lam: float, variance: float, gain: float) -> float:
    """Cost of a jump in units of what white noise of this variance puts into the energy of a point."""
    return gain * lam * variance / float(line.weight.sum())


@dataclass(frozen=True, eq=False)
class Proposal:
    """A jump set found by the weak string, thinned to pieces of a least length."""

    lam: float
    nu: float
    cuts: Cuts


def propose(
    line: LineData, variance: float, min_points: int, lam: float | None = None, nu: float | None = None
) -> list[Proposal]:
    """Jump sets over a grid of (lam, nu), without repeats, after "no jump".

    Parameters
    ----------
    line : LineData
        The points.
    variance : float
        Of the noise, roughly; it scales the grid of nu.
    min_points : int
        Least number of points in a piece.
    lam, nu : float, optional
        Fixed instead of taken from the grid.
    """
    none = np.zeros(line.n - 1, bool)
    found = [Proposal(np.nan, np.nan, none)]
    seen = {none.tobytes()}
    # among many points a slope, not the noise, makes the string cut too often: let the cost reach further
    most = PROPOSAL_GAIN[1] * max(1.0, line.n / _MANY_POINTS)
    for one_lam in PROPOSAL_LAM if lam is None else (lam,):
        costs = [
            noise_cost(line, one_lam, variance, gain) for gain in np.geomspace(PROPOSAL_GAIN[0], most, 5)
        ]
        for one_nu in costs if nu is None else (nu,):
            cuts = string_cuts(line, one_lam, one_nu)[0]
            cuts = thin(cuts, np.abs(np.diff(string_fit(line, one_lam, cuts)[0])), min_points)
            if cuts.sum() <= _MOST_JUMPS and cuts.tobytes() not in seen:
                seen.add(cuts.tobytes())
                found.append(Proposal(one_lam, one_nu, cuts))
    return found


def thin(cuts: Cuts, strength: Array, min_points: int) -> Cuts:
    """Drop jumps, the weaker neighbour first, until every piece holds at least ``min_points`` points."""
    cuts = cuts.copy()
    while cuts.any():
        ends = np.concatenate([[-1], np.flatnonzero(cuts), [len(cuts)]])
        sizes = np.diff(ends)
        shortest = int(np.argmin(sizes))
        if sizes[shortest] >= min_points:
            break
        borders = [int(ends[k]) for k in (shortest, shortest + 1) if 0 < k < len(ends) - 1]
        cuts[min(borders, key=lambda gap: float(strength[gap]))] = False
    return cuts
