"""What the intervals given the jump set leave out: bootstrap of the whole fit, stability, a test of no jump."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.resampling import percentile_limits, replicate
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import (
    check_alpha,
    check_choice,
    check_count,
    check_flag,
    check_number,
    check_seed,
)
from statmodels_x.discontinuity.inference.uncertainty import simulated_test
from statmodels_x.discontinuity.line.data import LineData
from statmodels_x.discontinuity.line.evidence import Shape, Smoothing
from statmodels_x.discontinuity.line.fit import fit_scaled
from statmodels_x.discontinuity.line.posterior import draw_curves, location_posteriors, posterior
from statmodels_x.discontinuity.line.record import LineFit, LineOptions


@dataclass(frozen=True, eq=False)
class CurveBootstrap:
    """Resamples of a fitted curve, in the units of the data.

    They are made by :meth:`CurveResults.bootstrap() <statmodels_x.discontinuity.line.results.CurveResults.bootstrap>`.

    Attributes
    ----------
    jumps : DataFrame
        Places and sizes of the fit's jumps. ``stability`` is the share of resamples with a jump of the same sign
        within ``tolerance``. ``size_std_error`` and ``location_std_error`` are the standard deviations of size and
        place over these resamples (NaN for fewer than two).
    sizes, locations : ndarray of shape (n, jumps)
        Size and place of each jump in each resample; NaN where the jump was not found.
    curves : ndarray of shape (n, points)
        The fitted curve of each resample at the distinct values of the covariate.
    n_jumps : ndarray of shape (n,)
        Number of jumps in each resample.
    tolerance : float
        Distance within which a jump counts as found, in the units of the covariate.
    """

    jumps: pd.DataFrame
    sizes: Array
    locations: Array
    curves: Array
    n_jumps: NDArray[np.int64]
    tolerance: float

    def __repr__(self) -> str:
        return f"CurveBootstrap(n={self.n}, jumps={len(self.jumps)})"

    @property
    def n(self) -> int:
        """Number of resamples."""
        return len(self.curves)

    @property
    def n_failed(self) -> int:
        """Number of resamples that could not be fitted. It is always 0, because a failure raises an error."""
        return 0

    @property
    def stability(self) -> Array:
        """Share of the resamples that find each jump again."""
        return handed_out(self.jumps["stability"].to_numpy())

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute percentile intervals of the jump sizes, over the resamples that find the jump.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            Columns ``lower`` and ``upper``, one row per jump. They are NaN if fewer than two resamples find it.
        """
        limits = [
            percentile_limits(own, alpha) if len(own) > 1 else (np.nan, np.nan)
            for own in (column[np.isfinite(column)] for column in self.sizes.T)
        ]
        return pd.DataFrame(np.array(limits, float).reshape(-1, 2), self.jumps.index, ["lower", "upper"])

    def band(self, alpha: float = 0.05) -> tuple[Array, Array]:
        """Compute percentile limits of the fitted curve, at the distinct values of the covariate.

        Parameters
        ----------
        alpha : float
            One minus the level of the limits.

        Returns
        -------
        lower, upper : ndarray of shape (points,)
        """
        return percentile_limits(self.curves, alpha)


def bootstrap_line(
    fit: LineFit,
    n: int = 199,
    *,
    kind: str = "residual",
    tolerance: float | None = None,
    seed: int = 0,
    n_jobs: int = 1,
    progress: bool = False,
) -> CurveBootstrap:
    """Refit data made from the fitted curve and new noise: tuning, jump set and smoothing, all over again.

    Parameters
    ----------
    fit : LineFit
        The fit.
    n : int
        Number of refits.
    kind : {"residual", "normal"}
        Noise drawn from the residuals (outliers left out), centred and scaled to the fitted standard deviation, or
        from the fitted normal model. Correlated noise is always drawn from the model.
    tolerance : float, optional
        Distance in units of x within which a jump counts as found again; by default the larger of two median gaps
        and one hundredth of the line.
    seed, n_jobs, progress : int, int, bool
        As in :func:`statmodels_x.core.resampling.replicate`.

    Returns
    -------
    CurveBootstrap

    Notes
    -----
    The curve is taken as fitted, so the smoother's bias is not seen, and a jump that the fit missed has no stability to
    show.
    """
    check_choice("kind", kind, ("residual", "normal"))
    n = check_count("n", n, 2)
    line = fit.data
    widest = max(2.0 * float(np.median(line.dx)), 0.01) * line.x_range
    tolerance = (
        widest
        if tolerance is None
        else check_number("tolerance", tolerance, low=0.0, high=np.inf, closed=True)
    )
    curve = (fit.fitted - line.y_start) / line.y_range
    residuals = _residuals(line, curve, fit.shape, fit.smoothing) if kind == "residual" else None
    task = partial(_refit, line, curve, fit.smoothing, residuals, fit.options)
    drawn = replicate(task, n, seed=seed, n_jobs=n_jobs, progress=progress)
    curves = np.array([one[0] for one in drawn])
    near = [_match(fit, one[1], one[2], tolerance) for one in drawn]
    sizes, places = (np.array([pair[k] for pair in near]) for k in (0, 1))
    jumps = pd.DataFrame(
        {
            "location": fit.jumps.location,
            "size": fit.jumps.size,
            "stability": np.isfinite(sizes).mean(axis=0),
            "size_std_error": _spread(sizes),
            "location_std_error": _spread(places),
        }
    )
    return CurveBootstrap(jumps, sizes, places, curves, np.array([len(one[1]) for one in drawn]), tolerance)


def no_jump_test(
    fit: LineFit, n: int = 199, *, seed: int = 0, n_jobs: int = 1, progress: bool = False
) -> HypothesisTest:
    """Test "no jump" by the evidence, its null distribution simulated.

    The null data are the continuous part of the fitted curve (its jumps taken out) plus noise from the fitted
    model; the whole search is repeated on each. A fit without jumps has p-value 1.

    Parameters
    ----------
    fit : LineFit
        Tuned by evidence.
    n : int
        Number of simulated data sets.
    seed, n_jobs, progress : int, int, bool
        As in :func:`statmodels_x.core.resampling.replicate`.

    Returns
    -------
    HypothesisTest
    """
    if fit.options.tune != "evidence":
        raise DataError('no_jump_test needs a fit with tune="evidence".')
    n = check_count("n", n, 19)
    if not len(fit.jumps.gap):
        return simulated_test(0.0, 1.0, 0)
    line = fit.data
    steps = np.zeros(line.n)
    np.add.at(steps, fit.jumps.gap + 1, fit.jumps.size / line.y_range)
    curve = (fit.fitted - line.y_start) / line.y_range - np.cumsum(steps)
    task = partial(_refit, line, curve, fit.smoothing, None, fit.options)
    drawn = replicate(task, n, seed=seed, n_jobs=n_jobs, progress=progress)
    statistic = fit.score_no_jump - fit.score
    above = sum(len(one[1]) > 0 and one[3] >= statistic for one in drawn)
    return simulated_test(statistic, (1.0 + above) / (1.0 + n), n)


def simultaneous_band(
    fit: LineFit, *, alpha: float = 0.05, n_draws: int = 400, locations: bool = True, seed: int = 0
) -> tuple[Array, Array]:
    """Band for the whole curve at once, at the points of the data.

    Given the jump set it is the posterior mean plus and minus c standard deviations, c the 1 - alpha quantile of
    the largest standardised distance of curves drawn from the posterior. With ``locations`` the band also holds the
    same bands for every jump at either end of its set of likely gaps.

    Parameters
    ----------
    fit : LineFit
        The fit.
    alpha : float
        Error rate.
    n_draws : int
        Number of curves drawn.
    locations : bool
        Allow for the locations of the jumps.
    seed : int
        Of the draws.

    Returns
    -------
    lower, upper : ndarray of shape (n,)
        In the data's units. The number of jumps is taken as known, and the smoothing parameters as fitted.
    """
    check_alpha(alpha)
    n_draws = check_count("n_draws", n_draws, 20)
    seed, locations = check_seed(seed), check_flag("locations", locations)
    line, smoothing = fit.data, fit.smoothing
    found = posterior(line, fit.shape, smoothing, line.x)
    draws = draw_curves(line, fit.shape, smoothing, line.x, n_draws, seed, locations=False)
    c = float(np.quantile(np.abs((draws - found.mean) / found.sd).max(axis=1), 1.0 - alpha))
    lower, upper = found.mean - c * found.sd, found.mean + c * found.sd
    if locations and len(fit.jumps.gap):
        where = location_posteriors(line, fit.shape, smoothing, fit.options.min_points)
        likely = [one.location_set(line, alpha) for one in where]
        for ends in ([one.min() for one in likely], [one.max() for one in likely]):
            cuts = np.zeros(line.n - 1, bool)
            cuts[ends] = True
            moved = posterior(line, replace(fit.shape, cuts=cuts), smoothing, line.x)
            lower = np.minimum(lower, moved.mean - c * moved.sd)
            upper = np.maximum(upper, moved.mean + c * moved.sd)
    return line.response(lower), line.response(upper)


def drawn_curves(fit: LineFit, x: Array, n_draws: int, seed: int) -> Array:
    """Curves drawn from the posterior at locations in the data's units, those of the jumps drawn too."""
    n_draws, line = check_count("n_draws", n_draws, 1), fit.data
    at = line.scaled_location(x)
    if ((at < 0.0) | (at > 1.0)).any():
        raise DataError("draw_curves(): places outside of the range of the covariate; leave them out.")
    seed = check_seed(seed)
    return line.response(draw_curves(line, fit.shape, fit.smoothing, at, n_draws, seed, locations=True))


def _residuals(line: LineData, curve: Array, shape: Shape, smoothing: Smoothing) -> Array:
    scaled = (line.y - curve) * np.sqrt(line.weight / smoothing.variance)
    scaled = np.delete(scaled, list(shape.outliers))
    scaled = scaled - scaled.mean()
    return np.asarray(scaled / scaled.std())


def _refit(
    line: LineData,
    curve: Array,
    smoothing: Smoothing,
    residuals: Array | None,
    options: LineOptions,
    rng: np.random.Generator,
) -> tuple[Array, Array, Array, float]:
    """Curve, locations, sizes (data's units) and fall of the score of a fit to new data about a curve."""
    from statmodels_x.discontinuity.line.kernels.recursions import simulate

    white = rng.standard_normal(line.n)
    if residuals is not None and smoothing.tau == 0.0:
        white = rng.choice(residuals, line.n)
    y = curve + white * np.sqrt(smoothing.variance / line.weight)
    if smoothing.tau > 0.0:
        none = Shape(np.zeros(line.n - 1, bool))
        normal = rng.standard_normal((line.n, 5))
        rate = none.rate(line, 0.0)
        y += simulate(normal, line.dx, none.cuts, rate, smoothing.tau, smoothing.reach, 0.0, 0.0)[:, 2]
    within = smoothing.variance * rng.chisquare(line.within_df) if line.within_df else 0.0
    refit = fit_scaled(line.with_response(y, within), replace(options, seed=int(rng.integers(2**31))))
    return refit.fitted, refit.jumps.location, refit.jumps.size, refit.score_no_jump - refit.score


def _match(fit: LineFit, location: Array, size: Array, tolerance: float) -> tuple[Array, Array]:
    """Size and location of the nearest jump of the same sign within the tolerance of each jump of the fit, or NaN."""
    sizes = np.full(len(fit.jumps.gap), np.nan)
    places = sizes.copy()
    for k, (place, step) in enumerate(zip(fit.jumps.location, fit.jumps.size, strict=True)):
        distance = np.where(np.sign(size) == np.sign(step), np.abs(location - place), np.inf)
        if len(distance) and distance.min() <= tolerance:
            sizes[k], places[k] = size[np.argmin(distance)], location[np.argmin(distance)]
    return sizes, places


def _spread(values: Array) -> Array:
    columns = [column[np.isfinite(column)] for column in values.T]
    return np.array([column.std(ddof=1) if len(column) > 1 else np.nan for column in columns])
