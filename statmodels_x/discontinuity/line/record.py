"""The fitted curve of a line with its jumps: what is reported, in the data's units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline

from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.criteria import Surface
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import (
    LEVEL_VARIANCE,
    Noise,
    Shape,
    Smoothing,
    kernel_arguments,
    single_changes,
)
from statmodels_x.discontinuity.line.parameters import largest_gradient
from statmodels_x.discontinuity.line.posterior import LocationPosterior, location_posteriors, posterior
from statmodels_x.discontinuity.line.scoring import Rules, total_cost
from statmodels_x.discontinuity.line.string import string_fit, string_predict

_STEEP = 0.05
_PLACES = 401  # of the table of a piece


@dataclass(frozen=True)
class LineOptions:
    """How a line is fitted, checked and in unit scale: everything but the data."""

    noise: Noise
    lam: float | None
    nu: float | None
    tune: str | None
    cost: float
    outlier_cost: float
    slope: str
    min_points: int
    alpha: float
    seed: int

    @property
    def rules(self) -> Rules:
        """What the search may do; a bend costs as much as a jump."""
        return Rules(self.noise, self.cost, self.cost, self.outlier_cost, self.min_points)


@dataclass(frozen=True, eq=False)
class LineJumps:
    """Jumps in order of location, one entry each, in the data's units.

    Attributes
    ----------
    gap : ndarray of int
        The jump lies between distinct points ``gap`` and ``gap + 1``.
    location : ndarray
        Middle of that gap.
    location_lower, location_upper : ndarray
        Interval for the location: the smallest set of gaps with posterior probability 1 - alpha, to its outer ends.
    before, after : ndarray
        The curve on the two sides of ``location``.
    size, std_error, lower, upper : ndarray
        ``after - before``, its standard error and interval given the location.
    size_lower, size_upper : ndarray
        Interval for the size that averages over the location.
    evidence : ndarray
        Rise of -2 log likelihood if this jump alone were removed and the other parameters held; the jump is declared
        when this exceeds its cost.
    """

    gap: NDArray[np.int64]
    location: Array
    location_lower: Array
    location_upper: Array
    before: Array
    after: Array
    size: Array
    std_error: Array
    lower: Array
    upper: Array
    size_lower: Array
    size_upper: Array
    evidence: Array


@dataclass(frozen=True, eq=False)
class LineFit:
    """A curve with jumps, fitted to points on a line.

    Attributes
    ----------
    x : ndarray of shape (n,)
        Distinct sorted locations.
    fitted : ndarray of shape (n,)
        The fitted curve there: ``smooth`` when tuned by evidence, else ``string``.
    smooth, std_error, lower, upper : ndarray of shape (n,)
        Posterior mean of the integrated Wiener model given the jump set, its standard deviation and a pointwise
        interval. They do not count the uncertainty of the jump set.
    string : ndarray of shape (n,)
        Minimiser of the weak-string energy for the jump set and ``lam``; NaN without a ``lam``.
    jumps : LineJumps
        The jumps, one entry each.
    lam, nu : float
        Parameters of the weak string in unit scale: given, or tuned, or (by evidence) those of the proposal
        nearest in score; NaN when the evidence prefers a curve without a jump over every proposal.
    sigma : float
        Standard deviation of the noise of a row of weight 1 (white and correlated part together).
    correlated_sd, reach : float
        Standard deviation of the correlated part and its range, covariance proportional to exp(-distance/reach);
        0 and NaN if the noise is not correlated.
    smallest_jump : float
        Evidence: size that would just be declared at a known place, the median over the line. Otherwise: step that
        the weak string would just cut on a long flat line.
    bends : ndarray of shape (k, 2)
        Stretches where the curve was let bend more sharply than elsewhere, as an alternative to a jump.
    outliers : ndarray of int
        Points (positions in ``x``) set aside as outliers; each pays 2 log n.
    score, score_no_jump : float
        -2 log marginal likelihood plus costs, of the fit and of the best curve without jumps (bends and outliers
        allowed).
    tuning : Surface or None
        Parameters tried and their criterion.
    converged : bool
        Whether the likelihood's derivative at the smoothing parameters is 0 to within 0.05 of its own scale.
    where : tuple of LocationPosterior
        For each jump, where it may lie.
    shape, smoothing, data, options
        The pieces in unit scale, for further inference.
    course : Course or None
        The curve as a table, in a fit whose data were left out; arrays with an entry for each point are empty then.
    """

    x: Array
    fitted: Array
    smooth: Array
    std_error: Array
    lower: Array
    upper: Array
    string: Array
    jumps: LineJumps
    lam: float
    nu: float
    sigma: float
    correlated_sd: float
    reach: float
    smallest_jump: float
    bends: Array
    outliers: NDArray[np.int64]
    score: float
    score_no_jump: float
    tuning: Surface | None
    converged: bool
    where: tuple[LocationPosterior, ...]
    shape: Shape
    smoothing: Smoothing
    data: LineData
    options: LineOptions
    course: Course | None = None

    def predict(self, x: ArrayLike) -> tuple[Array, Array]:
        """Fitted curve and its standard error (of ``smooth``) at new locations; NaN outside the data.

        At the very middle of a gap with a jump the curve takes the value of the left side.
        """
        at = self.data.scaled_location(np.asarray(x, float))
        inside = (at >= 0.0) & (at <= 1.0)
        values = np.full((2, *at.shape), np.nan)
        values[:, inside] = self._exact(at[inside]) if self.course is None else self.course.at(at[inside])
        return self.data.response(values[0]), self.data.y_range * values[1]

    def _exact(self, at: Array) -> tuple[Array, Array]:
        found = posterior(self.data, self.shape, self.smoothing, at)
        if self.options.tune == "evidence":
            return found.mean, found.sd
        string = (self.string - self.data.y_start) / self.data.y_range
        return string_predict(self.data, string, self.shape.cuts, at), found.sd

    def size_limits(self, alpha: float) -> tuple[Array, Array]:
        """Intervals for the sizes that average over the location, in the data's units."""
        limits = self.data.y_range * np.array([one.size_interval(alpha) for one in self.where]).reshape(-1, 2)
        return limits[:, 0], limits[:, 1]

    def places(self) -> list[Array]:
        """Return fine, even places in each piece between the jumps, in the data's units."""
        inner = self.data.scaled_location(self.jumps.location)
        ends = np.concatenate([[0.0], inner, [1.0]])
        beyond = 1e-9 * np.diff(ends)  # a jump's own place belongs to the piece before it
        beyond[0] = 0.0
        return [
            self.data.location(np.linspace(low + step, high, _PLACES))
            for low, high, step in zip(ends[:-1], ends[1:], beyond, strict=True)
        ]

    def without_data(self) -> LineFit:
        """Return the same fit without a row of the data; the curve is kept as a fine table."""
        pieces = []
        for x in self.places():
            value, sd = self.predict(x)
            scaled = (value - self.data.y_start) / self.data.y_range
            pieces.append(np.array([self.data.scaled_location(x), scaled, sd / self.data.y_range]))
        ends = self.data.scaled_location(self.jumps.location)
        empty = np.empty(0)
        return replace(
            self,
            x=empty,
            fitted=empty,
            smooth=empty,
            std_error=empty,
            lower=empty,
            upper=empty,
            string=empty,
            shape=Shape(np.zeros(0, bool)),
            data=self.data.without_points(),
            course=Course(ends, tuple(pieces), self.options.tune == "evidence"),
        )


@dataclass(frozen=True, eq=False)
class Course:
    """A curve as a table, in unit scale: what predicts once the data are left out.

    Attributes
    ----------
    ends : ndarray
        Places of the jumps.
    pieces : tuple of ndarray of shape (3, m)
        Places, values and standard deviations of each piece.
    smooth : bool
        Whether to interpolate by a cubic spline.
    """

    ends: Array
    pieces: tuple[Array, ...]
    smooth: bool

    def at(self, x: Array) -> tuple[Array, Array]:
        """Values and standard deviations at places."""
        value, sd = np.empty(x.shape), np.empty(x.shape)
        number = np.searchsorted(self.ends, x, side="left")
        for k, (place, mean, spread) in enumerate(self.pieces):
            own = number == k
            line = CubicSpline(place, mean)(x[own]) if self.smooth else np.interp(x[own], place, mean)
            value[own], sd[own] = line, np.interp(x[own], place, spread)
        return value, sd


def assemble(
    line: LineData,
    options: LineOptions,
    shape: Shape,
    smoothing: Smoothing,
    lam: float,
    nu: float,
    tuning: Surface | None,
    score_no_jump: float,
) -> LineFit:
    """Bring a fit in unit scale to the data's units, with its intervals."""
    found = posterior(line, shape, smoothing, line.x)
    z = NORMAL.quantile(options.alpha)
    smooth = line.response(found.mean)
    half = z * line.y_range * found.sd
    string = np.full(line.n, np.nan)
    if np.isfinite(lam):
        string = line.response(string_fit(line, lam, shape.cuts)[0])
    correlated = options.noise.kind == "correlated"
    by_evidence = options.tune == "evidence"
    where = tuple(location_posteriors(line, shape, smoothing, options.min_points))
    jumps = _jumps(line, options, shape, smoothing, where)
    return LineFit(
        x=line.location(line.x),
        fitted=smooth if by_evidence else string,
        smooth=smooth,
        std_error=line.y_range * found.sd,
        lower=smooth - half,
        upper=smooth + half,
        string=string,
        jumps=jumps,
        lam=lam,
        nu=nu,
        sigma=line.y_range * float(np.sqrt(smoothing.variance + smoothing.tau)),
        correlated_sd=line.y_range * float(np.sqrt(smoothing.tau)),
        reach=line.x_range * smoothing.reach if correlated else np.nan,
        smallest_jump=line.y_range
        * (
            _smallest(line, shape, smoothing, options.cost)
            if by_evidence
            else float(np.sqrt(2.0 * nu / np.sqrt(lam)))
        ),
        bends=line.location(
            np.array([[line.x[b.first], line.x[b.last]] for b in shape.bends]).reshape(-1, 2)
        ),
        outliers=np.array(sorted(shape.outliers), dtype=np.int64),
        score=smoothing.deviance + total_cost(shape, options.rules),
        score_no_jump=score_no_jump,
        tuning=tuning,
        converged=largest_gradient(line, shape, options.noise, smoothing) < _STEEP,
        where=where,
        shape=shape,
        smoothing=smoothing,
        data=line,
        options=options,
    )


def _jumps(
    line: LineData,
    options: LineOptions,
    shape: Shape,
    smoothing: Smoothing,
    where: tuple[LocationPosterior, ...],
) -> LineJumps:
    alpha, z = options.alpha, NORMAL.quantile(options.alpha)
    gap = np.flatnonzero(shape.cuts)
    found = posterior(line, shape, smoothing, np.empty(0))
    place = np.array([one.location_interval(line, alpha) for one in where]).reshape(-1, 2)
    averaged = line.y_range * np.array([one.size_interval(alpha) for one in where]).reshape(-1, 2)
    size, error = line.y_range * (found.after - found.before), line.y_range * found.size_sd
    return LineJumps(
        gap=gap,
        location=line.location(line.middle[gap]),
        location_lower=line.location(place[:, 0]),
        location_upper=line.location(place[:, 1]),
        before=line.response(found.before),
        after=line.response(found.after),
        size=size,
        std_error=error,
        lower=size - z * error,
        upper=size + z * error,
        size_lower=averaged[:, 0],
        size_upper=averaged[:, 1],
        evidence=single_changes(line, shape, smoothing)[0][gap],
    )


def with_locations(line: LineFit) -> LineFit:
    """Return a fit read from a file of version 0.1 with what it did not keep."""
    where = location_posteriors(line.data, line.shape, line.smoothing, line.options.min_points)
    object.__setattr__(line, "where", tuple(where))
    return line


def _smallest(line: LineData, shape: Shape, smoothing: Smoothing, cost: float) -> float:
    """Change of level whose own score statistic would just pay for a jump, the median over gaps without one."""
    from statmodels_x.discontinuity.line.kernels.recursions import smooth

    info = smooth(*kernel_arguments(line, shape, replace(smoothing, slope=0.0)))[3][1:, 0][~shape.cuts]
    needed = (cost + np.log1p(LEVEL_VARIANCE * info)) * (1.0 / LEVEL_VARIANCE + info)
    return float(np.median(np.sqrt(needed) / np.maximum(info, 1e-300)))
