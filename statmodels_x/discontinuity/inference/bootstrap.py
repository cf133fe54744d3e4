"""Resampling of the whole pipeline: surfaces drawn from their posterior, data about them, jumps found anew.

Data drawn about the fitted surface itself would be smoother than the truth, and the smoother's bias would not be
seen (Wahba 1983). Each resample has therefore a surface of its own, drawn from the posterior given the jump set, and
its errors are measured from that.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.resampling import replicate
from statmodels_x.core.threads import one_for_blas
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.fitted import SurfaceFitted
from statmodels_x.discontinuity.fitting.estimation import estimate
from statmodels_x.discontinuity.fitting.record import Estimate
from statmodels_x.discontinuity.grid.boundary import Limits, limits
from statmodels_x.discontinuity.grid.domain import Cells, Points, bin_points
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask
from statmodels_x.discontinuity.inference import on_points, placed
from statmodels_x.discontinuity.inference.on_points import Resamples
from statmodels_x.discontinuity.inference.posterior import distribution_for_draws, draw
from statmodels_x.discontinuity.inference.sizes import jump_sizes
from statmodels_x.discontinuity.kernels.banded import Factor
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.smoothing.places import advance_of
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import Data
from statmodels_x.discontinuity.specification import Control, Specification
from statmodels_x.discontinuity.tuning.evidence import EvidenceTuning


def draw_cells(cells: Cells, errors: ErrorModel, surface: Array, rng: np.random.Generator) -> Cells:
    """Cell means about a scaled surface, with errors from a model."""
    standard = errors.draw(cells.domain.shape, rng) if any(errors.rho) else rng.standard_normal(surface.size)
    with np.errstate(divide="ignore"):
        sd = np.where(cells.filled, np.sqrt(errors.variance / cells.weight), 0.0)
    mean = np.where(cells.filled, cells.scale.natural(surface) + sd * standard, 0.0)
    return replace(cells, mean=mean)


def draw_data(
    cells: Cells, points: Points | None, found: Estimate, surface: Array, rng: np.random.Generator
) -> tuple[Cells, Points | None]:
    """Cells, and the points behind them where they were compared with the surface one by one."""
    data = found.unmixed(cells, points)
    if points is None or not isinstance(data, SidedPoints):
        return draw_cells(cells, found.errors, surface, rng), None
    error = rng.standard_normal(len(points.y)) * np.sqrt(found.errors.variance / points.weight)
    drawn = replace(points, y=cells.scale.natural(data.values(found.cut, surface)) + error)
    return bin_points(drawn, cells.domain, cells.scale), drawn


@one_for_blas()
def resample(fit: SurfaceFitted, control: Control, n: int, places: Array) -> Resamples:
    """Draw resamples and fit each like the data.

    Parameters
    ----------
    fit : SurfaceFitted
        The noise level is taken as known.
    control : Control
        ``n_jobs`` counts processes here.
    n : int
    places : ndarray of shape (places, d)
        Where to measure jump sizes, in cells.

    Returns
    -------
    Resamples
    """
    _refuse_clusters(fit, "bootstrap()")
    sample = fit.need_sample("bootstrap()")
    sample.need_rows("bootstrap()")
    if placed.is_placed(fit):
        return on_points.resample(fit, control, n, places)
    cells, points, found, spec = sample.cells, sample.points, fit.estimate, fit.specification
    advance = advance_of(found.within)
    task = partial(
        _one,
        cells=cells,
        points=points if found.sided else None,
        found=found,
        distribution=distribution_for_draws(cells, points, found),
        spec=_with_noise(spec, found),
        control=replace(control, n_jobs=1, progress=False),
        places=places,
        truths=[limits(cells.lattice, found.cut, place, advance) for place in places],
        candidates=_useful(found),
    )
    results = replicate(task, n, seed=control.seed, n_jobs=control.n_jobs, progress=control.progress)
    return Resamples(*(np.array(part) for part in zip(*results, strict=True)))


def _refuse_clusters(fit: SurfaceFitted, what: str) -> None:
    if fit.facts.n_clusters:
        raise DataError(
            f"{what} draws independent errors, and this fit has clusters, which share theirs; use border_effect(), "
            "whose border and effect come from different clusters, or fit without `cluster`."
        )


def _with_noise(spec: Specification, found: Estimate) -> Specification:
    """Take independent noise of the fit as known."""
    if spec.noise == "correlated":
        return spec
    return replace(spec, noise="known", noise_sd=float(np.sqrt(found.errors.variance)))


def _useful(found: Estimate) -> list[tuple[float, float]] | None:
    """Pairs of weights that proposed jump sets worth looking at, with those next to them in nu."""
    if not isinstance(found.tuning, EvidenceTuning) or not found.cut.any():
        return None
    table = found.tuning.table
    lam = table["lam"].to_numpy()
    good = (table["gain"] > 0.0).to_numpy() | (lam == found.lam) & (table["nu"] == found.nu).to_numpy()
    beside = np.zeros(len(table), bool)
    for step in (-1, 1):
        beside |= np.roll(good, step) & (np.roll(lam, step) == lam)
    return [(float(a), float(b)) for a, b in table.loc[good | beside, ["lam", "nu"]].to_numpy()]


def _one(
    rng: np.random.Generator, cells: Cells, points: Points | None, found: Estimate, distribution: tuple[Array, Factor],
    spec: Specification, control: Control, places: Array, truths: list[Limits | None],
    candidates: list[tuple[float, float]] | None,
) -> tuple[Array, Mask, Array]:  # fmt: skip
    truth = draw(*distribution, rng)
    drawn, rows = draw_data(cells, points, found, truth, rng)
    fit = estimate(drawn, rows, spec, control, candidates)
    data = fit.unmixed(drawn, rows)
    return (
        fit.surface - truth,
        fit.cut,
        _size_errors(data, cells.lattice, fit, places, truth, truths) * cells.scale.range,
    )


def _size_errors(
    data: Data, lattice: Lattice, fit: Estimate, places: Array, truth: Array, truths: list[Limits | None]
) -> Array:
    """Estimated minus true sizes, scaled; the true jump is where the drawn surface has it."""
    error = np.full(len(places), np.nan)
    if not len(places):
        return error
    found = jump_sizes(lattice, data, fit.cut, places, fit.log_precision)
    for k, true in enumerate(truths):
        if true is not None:
            same_way = 1.0 if found.normal[k] @ true.normal >= 0.0 else -1.0
            error[k] = same_way * found.size[k] - (true.behind - true.before) @ truth
    return error


@one_for_blas()
def null_gains(fit: SurfaceFitted, control: Control, n: int) -> tuple[float, Array]:
    """Statistic of the test of no jump, and its values in data about surfaces drawn without jumps."""
    _refuse_clusters(fit, "test_no_jump()")
    sample = fit.need_sample("test_no_jump()")
    sample.need_rows("test_no_jump()")
    if placed.is_placed(fit):
        return on_points.null_gains(fit, control, n)
    cells, points, found, spec = sample.cells, sample.points, fit.estimate, fit.specification
    smooth, errors = found.tuning.smooth, found.tuning.errors or found.errors
    jumpless = replace(
        found,
        surface=smooth.surface,
        cut=np.zeros(cells.lattice.n_edges, bool),
        errors=errors,
        log_precision=smooth.log_precision,
        mixing=None,
        within=None,
    )
    task = partial(
        _null_gain,
        cells=cells,
        points=points if found.sided else None,
        jumpless=jumpless,
        distribution=distribution_for_draws(cells, points, jumpless),
        spec=replace(_with_noise(spec, found), lam=None, nu=None),
        control=replace(control, n_jobs=1, progress=False, tune="evidence"),
    )
    null = replicate(task, n, seed=control.seed, n_jobs=control.n_jobs, progress=control.progress)
    return found.tuning.gain, np.array(null)


def _null_gain(
    rng: np.random.Generator, cells: Cells, points: Points | None, jumpless: Estimate,
    distribution: tuple[Array, Factor], spec: Specification, control: Control,
) -> float:  # fmt: skip
    drawn, rows = draw_data(cells, points, jumpless, draw(*distribution, rng), rng)
    return float(estimate(drawn, rows, spec, control).tuning.gain)
