"""The jump at distance 0 by one-sided polynomials in the distance, with what shifts the level on both sides alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.inference import corrected_sandwich
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.typing import Array

FEWEST = 10  # points on a side
_INDEPENDENT = 1e-6  # share of a column that the others must leave
_CURVED = 5  # column of the squared distance on the positive side, in a design of degree 2
_REGULAR = 3.0  # of the variance of the difference of curvatures, in the bandwidth


@dataclass(frozen=True, eq=False)
class JumpData:
    """Rows with their distance from the border.

    Attributes
    ----------
    distance : ndarray of shape (n,)
    x : ndarray of shape (n, 2)
    y, weight : ndarray of shape (n,)
    covariates : ndarray of shape (n, p)
    names : tuple of str
        Of the covariates.
    groups : tuple of ndarray of int
        Codes of each factor whose effects are partialled out.
    cluster : ndarray of int, shape (n,), optional
    """

    distance: Array = field(repr=False)
    x: Array = field(repr=False)
    y: Array = field(repr=False)
    weight: Array = field(repr=False)
    covariates: Array = field(repr=False)
    names: tuple[str, ...]
    groups: tuple[NDArray[np.intp], ...] = field(repr=False, default=())
    cluster: NDArray[np.intp] | None = field(repr=False, default=None)

    def take(self, rows: NDArray[np.bool_]) -> JumpData:
        """Return some of the rows."""
        return JumpData(
            self.distance[rows], self.x[rows], self.y[rows], self.weight[rows], self.covariates[rows], self.names,
            tuple(codes[rows] for codes in self.groups), None if self.cluster is None else self.cluster[rows],
        )  # fmt: skip

    def near(self, bandwidth: float, donut: float) -> JumpData:
        """Return the rows between two distances from the border; a DataError if a side has too few."""
        size = np.abs(self.distance)
        rows = (size <= bandwidth) & (size >= donut)
        for side, name in ((1.0, "positive"), (-1.0, "negative")):
            count = int(np.count_nonzero(rows & (np.sign(self.distance) == side)))
            if count < FEWEST:
                raise DataError(
                    f"border_effect(): {count} points lie on the {name} side of the border between {donut:.4g} and "
                    f"`bandwidth` {bandwidth:.4g} of it; at least {FEWEST} are needed. Give a wider bandwidth, or a "
                    "border with points on both sides."
                )
        return self.take(rows)


@dataclass(frozen=True, eq=False)
class Jump:
    """An estimated jump with its error, and the numbers of points on the two sides."""

    estimate: float
    std_error: float
    reference: Reference
    n_sides: tuple[int, int]
    n_clusters: int


@dataclass(frozen=True, eq=False)
class _Design:
    """Columns, that of the side first, and the response; degrees of freedom and leverage of absorbed means."""

    columns: Array
    y: Array
    kept: list[int]
    lost_df: int
    leverage: Array

    def weighted(self, weight: Array) -> tuple[Array, Array]:
        root = np.sqrt(weight)
        return self.columns * root[:, None], self.y * root


def estimate_jump(data: JumpData, degree: int, trend: int) -> Jump:
    """Least squares on the side, powers of the distance on either side, the trend, covariates and groups.

    Parameters
    ----------
    data : JumpData
        The rows to be used.
    degree : int
        Of the polynomial in the distance on either side.
    trend : int
        Degree of the polynomial in the coordinates that both sides share.

    Returns
    -------
    Jump

    Raises
    ------
    DataError
        If the jump cannot be told from what else is in the regression, or a single cluster determines it.
    """
    found = _design(data, degree, trend)
    x, z = found.weighted(data.weight)
    norm = np.linalg.norm(x, axis=0)
    x = x / norm
    bread = np.linalg.inv(x.T @ x)
    coefficient = bread @ (x.T @ z)
    left = z - x @ coefficient
    df = float(len(z) - x.shape[1] - found.lost_df)
    if df < 1.0:
        raise DataError("border_effect(): there are no more points than effects; give a wider `bandwidth`.")
    if data.cluster is None:
        hat = np.einsum("ij,jk,ik->i", x, bread, x) + found.leverage
        score = x * (left / np.sqrt(np.maximum(1.0 - hat, 1e-9)))[:, None]
        variance, reference, n_clusters = float((bread @ (score.T @ score) @ bread)[0, 0]), Reference(df), 0
    else:
        variance, reference, n_clusters = _clustered(x, left, bread, data.cluster)
    sides = (int(np.count_nonzero(data.distance < 0.0)), int(np.count_nonzero(data.distance > 0.0)))
    error = float(np.sqrt(variance) / norm[0])
    return Jump(float(coefficient[0] / norm[0]), error, reference, sides, n_clusters)


def _clustered(x: Array, left: Array, bread: Array, cluster: NDArray[Any]) -> tuple[float, Reference, int]:
    _, code = np.unique(cluster, return_inverse=True)
    count, p = int(code.max()) + 1, x.shape[1]
    scores = np.zeros((count, p))
    np.add.at(scores, code, x * left[:, None])
    order = np.argsort(code, kind="stable")
    parts = np.split(x[order], np.flatnonzero(np.diff(code[order])) + 1)
    informations = np.array([part.T @ part for part in parts])
    covariance, df, lost = corrected_sandwich(bread, scores, informations, np.eye(p)[:1])
    if count < 2 or lost[0] or not np.isfinite(df[0]):
        raise DataError(
            "border_effect(): a single group of `cluster` determines the effect, so that it has no error; give "
            "smaller clusters, or a wider `bandwidth`."
        )
    return float(covariance[0, 0]), Reference(float(df[0])), count


def _design(data: JumpData, degree: int, trend: int) -> _Design:
    side = (data.distance > 0.0).astype(float)
    scaled = data.distance / np.abs(data.distance).max()
    powers = [scaled**k * part for k in range(1, degree + 1) for part in (np.ones(len(side)), side)]
    own = [np.ones(len(side)), *powers]
    first, *further = data.groups or (None,)
    for codes in further:
        own += [(codes == level).astype(float) for level in np.unique(codes)]
    block = np.column_stack([side, *own, data.covariates, *_trend(data.x, trend), data.y])
    lost_df, shares = 0, np.zeros(len(side))
    if first is not None:
        block, lost_df, shares = _within(block, first, data.weight)
    columns, y = block[:, :-1], block[:, -1]
    end = 1 + len(own)
    named = range(end, end + data.covariates.shape[1])
    root = np.sqrt(data.weight)[:, None]
    kept = _independent(columns[:, 1:] * root, columns[:, 0] * root[:, 0], named, data.names)
    return _Design(columns[:, [0, *kept]], y, kept, lost_df, shares)


def _independent(columns: Array, side: Array, named: range, names: Sequence[str]) -> list[int]:
    """Choose columns none of which the ones before hold, and make sure that they leave something of the side.

    A column is measured against its part about what came before (Gram-Schmidt, twice).
    """
    basis: list[Array] = []
    kept: list[int] = []
    side_left, whole = side, np.linalg.norm(side)
    for k, column in enumerate(columns.T, start=1):
        size, left = np.linalg.norm(column), column
        for _ in range(2):
            for one in basis:
                left = left - one * (one @ left)
        name = names[k - named.start] if k in named else None
        if size == 0.0 or np.linalg.norm(left) < _INDEPENDENT * size:
            if name is not None:
                raise DataError(
                    f"border_effect(): the covariate '{name}' is constant near the border, or a combination of the "
                    "distance, `absorb` and the covariates before it; leave it out."
                )
            continue
        unit = left / np.linalg.norm(left)
        side_left = side_left - unit * (unit @ side_left)
        if np.linalg.norm(side_left) < _INDEPENDENT * whole:
            what = f"the covariate '{name}' tells" if name else "the groups of `absorb` tell"
            raise DataError(
                f"border_effect(): {what} the sides of the border apart, so that no effect of the border is left; "
                "leave it out."
            )
        basis.append(unit)
        kept.append(k)
    if whole == 0.0 or np.linalg.norm(side_left) < _INDEPENDENT * whole:
        raise DataError(
            "border_effect(): the groups of `absorb` tell the sides of the border apart, so that no effect of the "
            "border is left; leave it out."
        )
    return kept


def _trend(x: Array, degree: int) -> list[Array]:
    unit = (x - x.mean(0)) / np.maximum(np.ptp(x, axis=0), 1e-300) * 2.0
    return [unit[:, 0] ** a * unit[:, 1] ** (k - a) for k in range(1, degree + 1) for a in range(k + 1)]


def _within(block: Array, codes: NDArray[np.intp], weight: Array) -> tuple[Array, int, Array]:
    """Deviations from the weighted means of groups; degrees of freedom and leverage of those means."""
    _, code = np.unique(codes, return_inverse=True)
    total = np.bincount(code, weight)
    mean = np.column_stack([np.bincount(code, weight * column) / total for column in block.T])
    found = block - mean[code]
    # what is constant within groups but for rounding is nothing
    size = np.linalg.norm(block, axis=0)
    found[:, np.linalg.norm(found, axis=0) < 1e-10 * size] = 0.0
    return found, len(total), weight / total[code]


def choose_bandwidth(data: JumpData, trend: int, least: float, most: float, pilot: float) -> float:
    """Bandwidth of least mean squared error for one-sided lines, shrunk so that its bias is small beside the error.

    The difference of the curvatures on the two sides is measured by quadratics within a wide window;
    a curvature that both sides share cancels. The variance of that difference keeps the bandwidth from growing
    without end where it happens to be 0 (Imbens and Kalyanaraman 2012); the shrinkage is that of Calonico, Cattaneo
    and Farrell (2018).
    """
    wide = data.near(pilot, 0.0)
    found = _design(wide, 2, trend)
    if _CURVED not in found.kept:
        return most
    x, z = found.weighted(wide.weight)
    bread = np.linalg.pinv(x.T @ x)
    coefficient = bread @ (x.T @ z)
    left = z - x @ coefficient
    variance = float(left @ left) / max(len(z) - x.shape[1] - found.lost_df, 1)
    at, unit = 1 + found.kept.index(_CURVED), np.abs(wide.distance).max() ** 2
    bend, error = 2.0 * coefficient[at] / unit, 4.0 * variance * bread[at, at] / unit**2
    # on each side the variance is 4 s2 / (n f h) and the bias h^2 / 12 times the curvature, for even weights
    per_unit = float(wide.weight.sum()) / (2.0 * pilot)
    bias = (bend**2 + _REGULAR * error) / 144.0
    best = float((8.0 * variance / (4.0 * bias * per_unit)) ** 0.2) if bias > 0.0 else most
    return float(np.clip(best * len(z) ** -0.05, least, most))
