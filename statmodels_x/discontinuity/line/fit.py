"""Free discontinuity regression on a line: the door from points to a fitted curve with its jumps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_alpha, check_choice, check_count, check_number, check_seed
from statmodels_x.discontinuity.line.coarse import among_points, block_length, blocks_of
from statmodels_x.discontinuity.line.criteria import Surface, cross_validation, minimise, sure
from statmodels_x.discontinuity.line.data import LineData, fewest_nearly_normal, line_data, stray_points
from statmodels_x.discontinuity.line.evidence import (
    SLOPE_VARIANCE,
    Noise,
    Shape,
    Smoothing,
    difference_variance,
)
from statmodels_x.discontinuity.line.parameters import fit_smoothing
from statmodels_x.discontinuity.line.record import LineFit, LineOptions, assemble
from statmodels_x.discontinuity.line.scoring import score
from statmodels_x.discontinuity.line.search import FEW_POINTS, Found, search
from statmodels_x.discontinuity.line.string import Proposal, propose, string_cuts

# cost of a jump on the scale of -2 log likelihood, in units of log n (n distinct points)
SENSITIVITY = {"strict": 2.0, "balanced": 1.0, "sensitive": 0.5}
# noise that is itself estimated as correlated takes on the look of jumps more easily: they cost more there
_CORRELATED = 1.5
# at this cost normal noise has an outlier set aside in some 5 % of samples
_OUTLIER = 2.0
_NEVER = 1e9
_SLOPES = {"keep": (0.0,), "change": (SLOPE_VARIANCE,), "auto": (0.0, SLOPE_VARIANCE)}
_TUNES = ("evidence", "sure", "cv")


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
        Cost of a jump in units of log n, on the scale of -2 log likelihood: 2, 1, 0.5, or a number; half as much
        again under correlated noise. 2 is the uniform prior over n places for one jump.
    slope : {"auto", "keep", "change"}
        Whether the slope goes on across a jump, may change, or whichever has more evidence.
    min_points : int
        Least number of points between two jumps, or a jump and an end. It is larger where responses are recorded in
        units or mostly alike and their errors are skewed, unless the noise is known.
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
    removals and moves; each jump must also beat a sharp but smooth bend at its
    place, and points far off the curve are set aside as outliers.

    Examples
    --------
    >>> import numpy as np
    >>> from statmodels_x.discontinuity.line.fit import fit_line
    >>> rng = np.random.default_rng(0)
    >>> x = rng.uniform(0.0, 10.0, 300)
    >>> y = np.sin(x) + 2.0 * (x > 4.0) + rng.normal(0.0, 0.2, 300)
    >>> fit = fit_line(x, y)
    >>> fit.jumps.location.round(1)
    array([4.])
    >>> bool(fit.jumps.size_lower[0] < 2.0 < fit.jumps.size_upper[0])
    True
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
    if noise == "correlated":
        log_ns *= _CORRELATED
    check_choice("slope", slope, tuple(_SLOPES))
    min_points = check_count("min_points", min_points, 1)
    if isinstance(noise, str):  # a few rare events side by side are no jump
        min_points = max(min_points, fewest_nearly_normal(line))
    check_alpha(alpha)
    seed = check_seed(seed)
    if line.n < 8:
        raise DataError(f"`x` takes {line.n} distinct values; fitting a curve with jumps needs at least 8.")
    return LineOptions(
        _noise(line, noise),
        lam,
        nu,
        tune,
        log_ns * float(np.log(line.n)),
        _NEVER if line.mostly_alike else _OUTLIER * float(np.log(line.n)),
        slope,
        min_points,
        alpha,
        seed,
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
    rules = options.rules
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
    return assemble(line, options, shape, smoothing, lam, nu, tuning, no_jump.score)


def _by_evidence(line: LineData, options: LineOptions) -> tuple[Found, float, float, Surface]:
    rules, slopes = options.rules, _SLOPES[options.slope]
    length = block_length(line, rules)
    searched = line if length == 1 else blocks_of(line, length)
    proposals = _proposals(searched, options)
    found = search(searched, [one.cuts for one in proposals], slopes, rules)
    if length > 1:
        found = among_points(line, length, found, _rough_variance(line, options), slopes, rules)
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


def _proposals(line: LineData, options: LineOptions) -> list[Proposal]:
    """Jump sets of the weak string through the points as they are, and with strays drawn back to their neighbours."""
    variance, (stray, drawn_back) = _rough_variance(line, options), stray_points(line)
    lines = [line.with_response(drawn_back)] if len(stray) else []
    if not len(stray) or line.n <= FEW_POINTS:
        lines.insert(0, line)
    found = [propose(one, variance, options.min_points, options.lam, options.nu) for one in lines]
    distinct = {one.cuts.tobytes(): one for part in reversed(found) for one in part}
    return [found[0][0], *(one for one in distinct.values() if one.cuts.any())]


def _rough_variance(line: LineData, options: LineOptions) -> float:
    return options.noise.sd**2 if options.noise.kind == "known" else difference_variance(line)


def _by_energy(line: LineData, options: LineOptions, none: Smoothing) -> tuple[float, float, Surface | None]:
    if options.lam is not None and options.nu is not None:
        return options.lam, options.nu, None
    noise = replace(none, variance=_rough_variance(line, options), tau=0.0)
    if options.noise.kind == "correlated":  # its covariance comes from the fit by evidence
        noise = _by_evidence(line, options)[0].winner.smoothing
    criterion = (
        sure(line, noise, options.seed) if options.tune == "sure" else cross_validation(line, options.seed)
    )
    tuning = minimise(line, criterion, noise.variance + noise.tau, options.lam, options.nu)
    return float(tuning.lam[tuning.best]), float(tuning.nu[tuning.best]), tuning
