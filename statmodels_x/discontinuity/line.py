"""Free discontinuity regression on a line: the door from points to a fitted curve with its jumps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.inference import normal_quantile
from statmodels_x.core.validation import check_choice, check_count, check_number
from statmodels_x.discontinuity.line_data import Array, LineData, line_data
from statmodels_x.discontinuity.line_evidence import (
    LEVEL_VARIANCE,
    SLOPE_VARIANCE,
    Noise,
    Shape,
    Smoothing,
    difference_variance,
    fit_smoothing,
    largest_gradient,
)
from statmodels_x.discontinuity.line_posterior import location_posteriors, posterior
from statmodels_x.discontinuity.line_search import Found, Rules, score, search, total_cost
from statmodels_x.discontinuity.line_string import propose, string_cuts, string_fit, string_predict
from statmodels_x.discontinuity.line_sure import Surface, cross_validation, minimise, sure

# cost of a jump on the scale of -2 log likelihood, in units of log n (n distinct points)
SENSITIVITY = {"strict": 2.0, "balanced": 1.0, "sensitive": 0.5}
_SLOPES = {"keep": (0.0,), "change": (SLOPE_VARIANCE,), "auto": (0.0, SLOPE_VARIANCE)}
_TUNES = ("evidence", "sure", "cv")
_STEEP = 0.05


@dataclass(frozen=True)
class LineOptions:
    """How a line is fitted, checked and in unit scale: everything but the data."""

    noise: Noise
    lam: float | None
    nu: float | None
    tune: str | None
    cost: float
    slope: str
    min_points: int
    alpha: float
    seed: int


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
    score, score_no_jump : float
        -2 log marginal likelihood plus costs, of the fit and of the best curve without jumps (bends allowed).
    tuning : Surface or None
        Parameters tried and their criterion.
    converged : bool
        Whether the likelihood's derivative at the smoothing parameters is 0 to within 0.05 of its own scale.
    shape, smoothing, data, options
        The pieces in unit scale, for further inference.
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
    score: float
    score_no_jump: float
    tuning: Surface | None
    converged: bool
    shape: Shape
    smoothing: Smoothing
    data: LineData
    options: LineOptions

    def predict(self, x: ArrayLike) -> tuple[Array, Array]:
        """Fitted curve and its standard error (of ``smooth``) at new locations; NaN outside the data.

        At the very middle of a gap with a jump the curve takes the value of the left side.
        """
        at = self.data.scaled_location(np.asarray(x, float))
        value, sd = np.full(at.shape, np.nan), np.full(at.shape, np.nan)
        inside = (at >= 0.0) & (at <= 1.0)
        found = posterior(self.data, self.shape, self.smoothing, at[inside])
        mean = found.mean
        if self.options.tune != "evidence":
            string = (self.string - self.data.y_start) / self.data.y_range
            mean = string_predict(self.data, string, self.shape.cuts, at[inside])
        value[inside] = self.data.response(mean)
        sd[inside] = self.data.y_range * found.sd
        return value, sd


def fit_line(
    x: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    noise: str | float = "iid",
    lam: float | None = None,
    nu: float | None = None,
    tune: str | None = "evidence",
    sensitivity: str | float = "balanced",
    slope: str = "auto",
    min_points: int = 5,
    alpha: float = 0.05,
    seed: int = 0,
) -> LineFit:
    """Fit a curve with jumps to points on a line.

    Parameters
    ----------
    x, y : array-like of shape (nobs,)
        Points in any order; several rows may share a location.
    weights : array-like of shape (nobs,), optional
        Positive; the noise variance of a row is sigma^2 over its weight.
    noise : {"iid", "correlated"} or float
        Independent noise with unknown standard deviation; white noise plus noise with covariance
        exp(-distance/reach), of unknown size and reach (on regular points: AR(1) plus white noise); or the known
        standard deviation, in units of y.
    lam, nu : float, optional
        Weight of the fit and cost of a jump in the weak-string energy, for y scaled to [0, 1] and x to
        unit length. With both given nothing is tuned; with one given the other is.
    tune : {"evidence", "sure", "cv"} or None
        How the jump set is chosen; None needs ``lam`` and ``nu``.
    sensitivity : {"strict", "balanced", "sensitive"} or float
        Cost of a jump in units of log n, on the scale of -2 log likelihood: 2, 1, 0.5, or a number. 2 is the
        uniform prior over n places for one jump.
    slope : {"auto", "keep", "change"}
        Whether the slope goes on across a jump, may change, or whichever has more evidence.
    min_points : int
        Least number of points between two jumps, or a jump and an end.
    alpha : float
        Error rate of the intervals.
    seed : int
        Of the random directions of "sure" and the folds of "cv".

    Returns
    -------
    LineFit

    Raises
    ------
    DataError
        If the data or an argument cannot be used.

    Notes
    -----
    Evidence: jump sets are proposed by the weak string over a grid of (lam, nu), scored by the marginal likelihood of
    an integrated Wiener process whose level (and slope) changes at the jumps, and improved by single additions,
    removals and moves; each jump must also beat a smooth sharp bend at its place.

    Examples
    --------
    >>> import numpy as np
    >>> from statmodels_x.discontinuity.line import fit_line
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0.0, 10.0, 300)
    >>> y = np.sin(x) + 2.0 * (x > 4.0) + rng.normal(0.0, 0.2, 300)
    >>> fit = fit_line(x, y)
    >>> fit.jumps.location.round(1), fit.jumps.size.round(1)
    (array([4.]), array([2.]))
    """
    line = line_data(x, y, weights)
    options = _options(line, noise, lam, nu, tune, sensitivity, slope, min_points, alpha, seed)
    return fit_scaled(line, options)


def _options(
    line: LineData,
    noise: str | float,
    lam: float | None,
    nu: float | None,
    tune: str | None,
    sensitivity: str | float,
    slope: str,
    min_points: int,
    alpha: float,
    seed: int,
) -> LineOptions:
    lam = None if lam is None else check_number("lam", lam, low=0.0, high=np.inf)
    nu = None if nu is None else check_number("nu", nu, low=0.0, high=np.inf)
    if lam is not None and nu is not None:
        tune = None
    elif tune is None:
        raise DataError('`tune` is None, which needs both `lam` and `nu`; give them, or tune="evidence".')
    else:
        check_choice("tune", tune, _TUNES)
    if isinstance(sensitivity, str):
        check_choice("sensitivity", sensitivity, tuple(SENSITIVITY))
        log_ns = SENSITIVITY[sensitivity]
    else:
        log_ns = check_number("sensitivity", sensitivity, low=0.0, high=100.0, closed=True)
    check_choice("slope", slope, tuple(_SLOPES))
    min_points = check_count("min_points", min_points, 1)
    normal_quantile(alpha)
    seed = check_count("seed", seed, 0)
    if line.n < 8:
        raise DataError(f"`x` takes {line.n} distinct values; fitting a curve with jumps needs at least 8.")
    return LineOptions(
        _noise(line, noise), lam, nu, tune, log_ns * np.log(line.n), slope, min_points, alpha, seed
    )


def _noise(line: LineData, noise: str | float) -> Noise:
    if not isinstance(noise, str):
        return Noise("known", check_number("noise", noise, low=0.0, high=np.inf) / line.y_range)
    check_choice("noise", noise, ("iid", "correlated"))
    if not difference_variance(line) > 1e-18:
        raise DataError(
            "the estimate of the noise is 0: the points lie on a line without noise; give its standard deviation "
            "as `noise`."
        )
    return Noise(noise)


def fit_scaled(line: LineData, options: LineOptions) -> LineFit:
    """Fit points in unit scale."""
    rules = _rules(options)
    tuning: Surface | None
    if options.tune == "evidence":
        found, lam, nu, tuning = _by_evidence(line, options)
        shape, begin, no_jump = found.winner.shape, found.winner.smoothing, found.no_jump
    else:
        no_jump = score(line, Shape(np.zeros(line.n - 1, bool)), 0.0, rules)
        lam, nu, tuning = _by_energy(line, options, no_jump.smoothing)
        shape = Shape(string_cuts(line, lam, nu)[0])
        fits = [fit_smoothing(line, shape, options.noise, slope) for slope in _SLOPES[options.slope]]
        begin = min(fits, key=lambda one: one.deviance)
    smoothing = fit_smoothing(line, shape, options.noise, begin.slope, begin, tol=1e-8)
    return _assemble(line, options, shape, smoothing, lam, nu, tuning, no_jump.score)


def _rules(options: LineOptions) -> Rules:
    return Rules(options.noise, options.cost, options.cost, options.min_points)


def _by_evidence(line: LineData, options: LineOptions) -> tuple[Found, float, float, Surface]:
    variance = options.noise.sd**2 if options.noise.kind == "known" else difference_variance(line)
    proposals = propose(line, variance, options.min_points, options.lam, options.nu)
    found = search(line, [one.cuts for one in proposals], _SLOPES[options.slope], _rules(options))
    scores = np.array([one.score for one in found.proposals])
    surface = Surface(
        np.array([one.lam for one in proposals]),
        np.array([one.nu for one in proposals]),
        scores,
        np.array([one.cuts.sum() for one in proposals]),
        int(np.argmin(scores)),
    )
    nearest = proposals[surface.best]
    return found, nearest.lam, nearest.nu, surface


def _by_energy(line: LineData, options: LineOptions, none: Smoothing) -> tuple[float, float, Surface | None]:
    if options.lam is not None and options.nu is not None:
        return options.lam, options.nu, None
    variance = options.noise.sd**2 if options.noise.kind == "known" else difference_variance(line)
    noise = replace(none, variance=variance, tau=0.0)
    if options.noise.kind == "correlated":  # its covariance comes from the fit by evidence
        noise = _by_evidence(line, options)[0].winner.smoothing
    criterion = (
        sure(line, noise, options.seed) if options.tune == "sure" else cross_validation(line, options.seed)
    )
    tuning = minimise(line, criterion, noise.variance + noise.tau, options.lam, options.nu)
    return float(tuning.lam[tuning.best]), float(tuning.nu[tuning.best]), tuning


def _assemble(
    line: LineData,
    options: LineOptions,
    shape: Shape,
    smoothing: Smoothing,
    lam: float,
    nu: float,
    tuning: Surface | None,
    score_no_jump: float,
) -> LineFit:
    found = posterior(line, shape, smoothing, line.x)
    z = normal_quantile(options.alpha)
    smooth = line.response(found.mean)
    half = z * line.y_range * found.sd
    string = np.full(line.n, np.nan)
    if np.isfinite(lam):
        string = line.response(string_fit(line, lam, shape.cuts)[0])
    correlated = options.noise.kind == "correlated"
    by_evidence = options.tune == "evidence"
    jumps = _jumps(line, options, shape, smoothing)
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
        score=smoothing.deviance + total_cost(shape, _rules(options)),
        score_no_jump=score_no_jump,
        tuning=tuning,
        converged=largest_gradient(line, shape, options.noise, smoothing) < _STEEP,
        shape=shape,
        smoothing=smoothing,
        data=line,
        options=options,
    )


def _jumps(line: LineData, options: LineOptions, shape: Shape, smoothing: Smoothing) -> LineJumps:
    from statmodels_x.discontinuity.line_evidence import single_changes

    alpha, z = options.alpha, normal_quantile(options.alpha)
    gap = np.flatnonzero(shape.cuts)
    found = posterior(line, shape, smoothing, np.empty(0))
    where = location_posteriors(line, shape, smoothing, options.min_points)
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
        evidence=single_changes(line, shape, smoothing)[gap],
    )


def _smallest(line: LineData, shape: Shape, smoothing: Smoothing, cost: float) -> float:
    """Change of level whose own score statistic would just pay for a jump, the median over gaps without one."""
    from statmodels_x.discontinuity.line_kernels import smooth

    s = smoothing
    info = smooth(
        line.y,
        s.variance / line.weight,
        line.dx,
        shape.cuts,
        shape.rate(line, s.rate),
        s.tau,
        s.reach,
        LEVEL_VARIANCE,
        0.0,
    )[3][1:, 0][~shape.cuts]
    needed = (cost + np.log1p(LEVEL_VARIANCE * info)) * (1.0 / LEVEL_VARIANCE + info)
    return float(np.median(np.sqrt(needed) / np.maximum(info, 1e-300)))
