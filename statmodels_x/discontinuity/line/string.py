"""The weak string: free discontinuity regression on a line, solved exactly by dynamic programming.

On points x_1 < ... < x_n the energy is

    E(u, J) = lam sum_i w_i (f_i - u_i)^2/sum w + sum over gaps not in J of (u_{i+1} - u_i)^2/(x_{i+1} - x_i) + nu |J|,

the Mumford-Shah energy of the string through the points (Blake and Zisserman 1987, *Visual Reconstruction*).
``lam`` and ``nu`` refer to a response scaled to [0, 1] and a line scaled to unit length. No point is moved to a grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_number
from statmodels_x.discontinuity.line.data import Array, LineData, finite_column, line_data

Cuts = NDArray[np.bool_]

PROPOSAL_LAM = (30.0, 100.0, 300.0, 1000.0)
PROPOSAL_GAIN = (9.0, 120.0)
_MANY_POINTS = 2000
_MOST_JUMPS = 60


@dataclass(frozen=True, eq=False)
class LineSolution:
    """Exact minimiser of the weak-string energy.

    Attributes
    ----------
    x, u : ndarray of shape (n,)
        Distinct sorted locations and the minimiser there, in the data's units.
    gaps : ndarray of int
        Gap i, between ``x[i]`` and ``x[i + 1]``, holds a jump.
    location, size : ndarray
        Middle of each gap with a jump, and the step of u across it.
    energy : float
        The minimum, in unit scale.
    smallest_jump : float
        Step, in the data's units, at which the energy would begin to cut a long line that is flat but for
        this step: sqrt(2 nu/sqrt(lam)) of the range of y.
    """

    x: Array
    u: Array
    gaps: NDArray[np.int64]
    location: Array
    size: Array
    energy: float
    smallest_jump: float


def solve_line(
    x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None, *, lam: float, nu: float
) -> LineSolution:
    """Minimise the weak-string energy over the curve and its jump set, exactly.

    Parameters
    ----------
    x, y : array-like of shape (nobs,)
        Points, in any order; rows at one location are replaced by their weighted mean, which changes the
        energy by a constant that is added to ``energy``.
    weights : array-like of shape (nobs,), optional
        Positive weights of the rows.
    lam, nu : float
        Weight of the fit and cost of a jump, for y scaled to [0, 1] and x scaled to unit length.

    Returns
    -------
    LineSolution

    Raises
    ------
    DataError
        If the data or the parameters cannot be used.

    Notes
    -----
    Forward dynamic programming over the start of the last piece, at most quadratic in n; two exact rules drop
    most starts early (see the kernel).

    Examples
    --------
    >>> import numpy as np
    >>> from statmodels_x.discontinuity.line.string import solve_line
    >>> x = np.arange(10.0)
    >>> y = np.where(x < 4.5, 1.0, 3.0)
    >>> solution = solve_line(x, y, lam=10.0, nu=0.1)
    >>> solution.location, solution.size
    (array([4.5]), array([2.]))
    """
    line = line_data(x, y, weights)
    lam = check_number("lam", lam, low=0.0, high=np.inf)
    nu = check_number("nu", nu, low=0.0, high=np.inf)
    cuts, energy = string_cuts(line, lam, nu)
    u = string_fit(line, lam, cuts)[0]
    gaps = np.flatnonzero(cuts)
    return LineSolution(
        x=line.location(line.x),
        u=line.response(u),
        gaps=gaps,
        location=line.location(line.middle[gaps]),
        size=line.y_range * np.diff(u)[gaps],
        energy=energy + lam * line.within_ss / float(line.weight.sum()),
        smallest_jump=line.y_range * float(np.sqrt(2.0 * nu / np.sqrt(lam))),
    )


def solve_line_grid(
    f: ArrayLike, *, lam: float, nu: float, weights: ArrayLike | None = None, spacing: float | None = None
) -> tuple[Array, Cuts, float]:
    """Minimise the weak-string energy on a regular grid, as the lifted solvers for surfaces discretise it.

    The energy is sum lam w (f - u)^2 + sum min((du/h)^2, nu/h), with no scaling of f or of the weights: h times
    this sum approximates the energy of the continuum.

    Parameters
    ----------
    f : array-like of shape (n,)
        Values on the grid.
    lam, nu : float
        Positive parameters.
    weights : array-like of shape (n,), optional
        Not negative; 0 marks an empty cell.
    spacing : float, optional
        Of the grid; 1/n by default.

    Returns
    -------
    u : ndarray of shape (n,)
    cuts : ndarray of bool, shape (n - 1,)
    energy : float
    """
    from statmodels_x.discontinuity.line.kernels import cut_string, fit_string

    lam = check_number("lam", lam, low=0.0, high=np.inf)
    nu = check_number("nu", nu, low=0.0, high=np.inf)
    values = finite_column(f, "f")
    h = 1.0 / len(values) if spacing is None else check_number("spacing", spacing, low=0.0, high=np.inf)
    weight = np.ones(len(values)) if weights is None else finite_column(weights, "weights")
    if len(values) < 2 or len(weight) != len(values) or np.any(weight < 0.0) or not weight.any():
        raise DataError(
            "solve_line_grid needs two values or more and one weight each, none negative, not all 0."
        )
    stiffness = np.full(len(values) - 1, h**-2)
    cuts, energy = cut_string(values, lam * weight, stiffness, nu / h, values.min(), values.max())
    return fit_string(values, lam * weight, stiffness, cuts)[0], cuts, float(energy)


def string_cuts(line: LineData, lam: float, nu: float) -> tuple[Cuts, float]:
    """Optimal jump set (one flag a gap) and energy of the points, in unit scale."""
    from statmodels_x.discontinuity.line.kernels import cut_string

    weight = lam * line.weight / line.weight.sum()
    cuts, energy = cut_string(line.y, weight, 1.0 / line.dx, nu, line.y.min(), line.y.max())
    return cuts, float(energy)


def string_fit(line: LineData, lam: float, cuts: Cuts) -> tuple[Array, Array]:
    """Return the string for a given jump set, and the diagonal of its smoother matrix."""
    from statmodels_x.discontinuity.line.kernels import fit_string

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
