"""Scattered points on a line, checked, sorted, averaged where they coincide, and brought to unit scale."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array, rows_text
from statmodels_x.discontinuity.grid.recorded import believed, doubted_sd, share_alike


@dataclass(frozen=True, eq=False)
class LineData:
    """Points in unit scale: x from 0 to 1, y from 0 to 1, one point for each distinct x.

    Attributes
    ----------
    x, y : ndarray of shape (n,)
        Distinct sorted locations and (weighted mean) responses, scaled to [0, 1].
    weight : ndarray of shape (n,)
        Sum of the weights of the rows at each point.
    within_df : int
        Number of rows beyond the first at their point.
    within_ss : float
        Weighted sum of squares of the rows about the mean of their point, in scaled units.
    x_start, x_range, y_start, y_range : float
        The data's units: ``x_start + x_range * x``, ``y_start + y_range * y``.
    row : ndarray of shape (nobs,)
        Point to which each row of the input belongs.
    least : float
        What the noise variance of a row of weight 1 cannot be less than, in scaled units.
    mostly_alike : bool
        Whether most responses are alike and the others too many to be outliers.
    """

    x: Array
    y: Array
    weight: Array
    within_df: int
    within_ss: float
    x_start: float
    x_range: float
    y_start: float
    y_range: float
    row: NDArray[np.int64]
    least: float = 0.0
    mostly_alike: bool = False

    @property
    def n(self) -> int:
        """Number of distinct points."""
        return len(self.x)

    @cached_property
    def dx(self) -> Array:
        """Widths of the gaps."""
        return np.diff(self.x)

    @cached_property
    def middle(self) -> Array:
        """Middles of the gaps."""
        return 0.5 * (self.x[1:] + self.x[:-1])

    def location(self, scaled: Array) -> Array:
        """Bring scaled locations to the data's units."""
        return self.x_start + self.x_range * np.asarray(scaled)

    def scaled_location(self, x: Array) -> Array:
        """Bring locations in the data's units to unit scale."""
        return (np.asarray(x, float) - self.x_start) / self.x_range

    def response(self, scaled: Array) -> Array:
        """Bring scaled responses to the data's units."""
        return self.y_start + self.y_range * np.asarray(scaled)

    def with_response(self, y: Array, within_ss: float | None = None) -> LineData:
        """Return the same points with other scaled responses, on the same scale."""
        return replace(self, y=y, within_ss=self.within_ss if within_ss is None else within_ss)

    def without_points(self) -> LineData:
        """Return the units without a point."""
        empty = np.empty(0)
        return replace(self, x=empty, y=empty, weight=empty, within_ss=0.0, row=np.zeros(0, np.int64))


_FAR = 1.0  # ranges beyond the range
_NEIGHBOURS = 9  # a median over so many passes by four strays, and keeps a run of five
_ALIKE = 1e-12  # of the range
_FEW, _MANY_ALIKE = 0.01, 0.05  # shares of the points
_NEARLY_NORMAL = 1.0 / 3.0  # skewness
_STRAY, _STRAY_ROW = (
    5.0,
    10.0,
)  # noise sd from that median: a stray point, and a row that does not set the scale


def finite_column(values: ArrayLike, name: str) -> Array:
    """Return one column of finite floats, or a DataError that names it."""
    column = numeric_array(values, name, "")
    bad = ~np.isfinite(column)
    if bad.any():
        raise DataError(f"`{name}` has missing or infinite values in {rows_text(bad)}; drop these rows.")
    return column


def line_data(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None) -> LineData:
    """Check and scale the points of a line.

    Parameters
    ----------
    x, y : array-like of shape (nobs,)
        Locations, in any order and with repeats, and responses.
    weights : array-like of shape (nobs,), optional
        Positive; the variance of a row is the noise variance over its weight.

    Returns
    -------
    LineData

    Raises
    ------
    DataError
        If a column is not finite numbers, lengths differ, weights are not positive, x takes fewer than two
        values, or y is constant.
    """
    where, response = finite_column(x, "x"), finite_column(y, "y")
    weight = np.ones(len(where)) if weights is None else finite_column(weights, "weights")
    for name, column in (("y", response), ("weights", weight)):
        if len(column) != len(where):
            raise DataError(
                f"`x` has {len(where)} rows and `{name}` has {len(column)}; give one for each point."
            )
    if np.any(weight <= 0.0):
        raise DataError(f"`weights` must be positive; they are not in {rows_text(weight <= 0.0)}.")
    points, row = np.unique(where, return_inverse=True)
    if len(points) < 2:
        raise DataError(f"`x` takes {len(points)} distinct value(s); a line needs at least two.")
    x_range = _range("x", points)
    y_start, y_range = _response_scale(where, response)
    # what lies further out is set aside in any case, and must neither cost digits nor pull
    scaled = np.clip((response - y_start) / y_range, -_FAR, 1.0 + _FAR)
    total = np.bincount(row, weight).astype(float)
    mean = np.bincount(row, weight * scaled) / total
    line = LineData(
        x=(points - points[0]) / x_range,
        y=mean,
        weight=total,
        within_df=len(where) - len(points),
        within_ss=float(weight @ (scaled - mean[row]) ** 2),
        x_start=float(points[0]),
        x_range=x_range,
        y_start=y_start,
        y_range=y_range,
        row=row.astype(np.int64),
    )
    doubted = doubted_sd(response) / y_range * float(np.median(weight)) ** 0.5
    least = _least_variance(line, doubted)
    return replace(line, least=least, mostly_alike=least > 0.0 and share_alike(response) > 0.5)


def neighbour_distances(line: LineData) -> Array:
    """Distance of each point from the straight line through its neighbours, over its sd for errors of variance 1."""
    w, (distance, share) = line.weight, _beside_neighbours(line)
    return distance / np.sqrt(1.0 / w[1:-1] + (1.0 - share) ** 2 / w[:-2] + share**2 / w[2:])


def _beside_neighbours(line: LineData) -> tuple[Array, Array]:
    """Distance of each point from the straight line through its neighbours, and the weight of the right one."""
    x, y = line.x, line.y
    share = (x[1:-1] - x[:-2]) / (x[2:] - x[:-2])
    return y[1:-1] - (1.0 - share) * y[:-2] - share * y[2:], share


def _least_variance(line: LineData, doubted: float) -> float:
    """Variance below which no likelihood is asked: a normal one has no bound where most responses are alike.

    It is the mean square of the distances from neighbours, up to that of rounding. Where neighbours are alike though
    nothing is recorded in units, as with amounts that are mostly 0, it is that without the largest, which jumps and
    outliers make. Responses that are alike but for a few in a hundred have no noise.
    """
    square = np.sort(neighbour_distances(line) ** 2)
    if not square.size or np.mean(np.abs(_off_neighbours(line.y)) > _ALIKE) <= _FEW:
        return 0.0
    if 0.0 < doubted < np.inf:
        return believed(0.0, float(np.mean(square)), doubted)
    if np.mean(square < _ALIKE**2) < _MANY_ALIKE:
        return 0.0
    return float(np.mean(square[: int((1.0 - _FEW) * len(square))]))


def fewest_nearly_normal(line: LineData) -> int:
    """Points whose mean is nearly normal, where errors are skewed and recorded so that no outlier can be told.

    The skewness of a mean of m is that of one over the root of m; it may be a third. It comes from the third moment of
    the distances from neighbours. A piece may be a quarter of the points, however skewed they are.
    """
    if not line.least:
        return 1
    distance, share = _beside_neighbours(line)
    third = np.sum(distance**3) / np.sum(1.0 - share**3 - (1.0 - share) ** 3)
    variance = np.sum(distance**2) / np.sum(1.0 + share**2 + (1.0 - share) ** 2)
    return min(int(np.ceil((third / variance**1.5 / _NEARLY_NORMAL) ** 2)), line.n // 4)


def _response_scale(x: Array, y: Array) -> tuple[float, float]:
    """Start and range of the responses; a stray row reaches no more than the range of the others beyond it."""
    whole, lowest = _range("y", y), float(y.min())
    off = np.abs(_off_neighbours(y[np.argsort(x, kind="stable")]))
    usual = np.sort(y[np.argsort(x, kind="stable")][off <= _STRAY_ROW * _median_sd(off)])
    inner = float(usual[-1] - usual[0])
    if not inner > 1e-12 * whole:
        return lowest, whole
    low, high = max(lowest, usual[0] - inner), min(float(y.max()), usual[-1] + inner)
    return float(low), float(high - low)


def _off_neighbours(y: Array) -> Array:
    """Distance of each value from the median of those around it."""
    near: Array = ndimage.median_filter(y, size=min(_NEIGHBOURS, 2 * (len(y) // 2) - 1), mode="reflect")
    return y - near


def _median_sd(off: Array) -> float:
    return float(np.median(off)) / 0.6744897501960817


def stray_points(line: LineData) -> tuple[NDArray[np.int64], Array]:
    """Points far from the median of their neighbours, measured by most points, and the responses without them.

    Up to four of a kind side by side are strays; five are a run, for jumps to account for.
    """
    off = _off_neighbours(line.y)
    scaled = np.abs(off) * np.sqrt(line.weight)
    stray = np.flatnonzero(scaled > _STRAY * max(_median_sd(scaled), line.least**0.5))
    if len(stray) > line.n // 4:  # no longer most of them
        stray = stray[:0]
    y = line.y.copy()
    y[stray] -= off[stray]
    return stray, y


def _range(name: str, values: Array) -> float:
    spread = float(values.max() - values.min())
    if not np.isfinite(spread):
        raise DataError(f"`{name}` spans more than floating point can hold; rescale it.")
    if spread <= 1e-12 * float(np.abs(values).max()):
        raise DataError(f"`{name}` is constant (up to rounding): there is nothing to fit.")
    return spread
