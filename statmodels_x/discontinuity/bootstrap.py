"""Resampling of the whole pipeline: errors drawn anew about the fitted surface, jumps found anew."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.resampling import replicate
from statmodels_x.discontinuity.correlation import ErrorModel
from statmodels_x.discontinuity.estimation import Estimate, estimate
from statmodels_x.discontinuity.evidence import EvidenceTuning
from statmodels_x.discontinuity.grid import Cells
from statmodels_x.discontinuity.lattice import Lattice, Mask
from statmodels_x.discontinuity.sizes import jump_sizes
from statmodels_x.discontinuity.specification import Control, Specification

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Resamples:
    """What came of the resamples.

    Attributes
    ----------
    surfaces : ndarray of shape (n, cells)
        Scaled.
    cuts : ndarray of bool, shape (n, edges)
    sizes : ndarray of shape (n, places)
        Jump sizes at the places that were asked for, in the data's units; NaN where no jump was found.
    size_of_fit : ndarray of shape (places,)
        The same of the surface from which the resamples were drawn: their truth.
    """

    surfaces: Array = field(repr=False)
    cuts: NDArray[np.bool_] = field(repr=False)
    sizes: Array = field(repr=False)
    size_of_fit: Array = field(repr=False)

    def stability(self, lattice: Lattice) -> Array:
        """Share of the resamples in which each edge, or one that shares a cell or a 2 x 2 block with it, is cut."""
        return np.mean([_widen(lattice, cut) for cut in self.cuts], axis=0)


def _widen(lattice: Lattice, cut: Mask) -> Mask:
    """Edges that touch a cell at the end of a cut edge."""
    cell = np.zeros(lattice.n_cells, bool)
    cell[lattice.tail[cut]] = True
    cell[lattice.head[cut]] = True
    return cell[lattice.tail] | cell[lattice.head]


def draw_cells(cells: Cells, errors: ErrorModel, surface: Array, rng: np.random.Generator) -> Cells:
    """Cell means about a scaled surface, with errors from a model."""
    standard = errors.draw(cells.domain.shape, rng) if any(errors.rho) else rng.standard_normal(surface.size)
    with np.errstate(divide="ignore"):
        sd = np.where(cells.filled, np.sqrt(errors.variance / cells.weight), 0.0)
    return cells.with_mean(np.where(cells.filled, cells.scale.natural(surface) + sd * standard, 0.0))


def sizes_at(cells: Cells, fit: Estimate, places: Array) -> Array:
    """Jump sizes in the data's units."""
    if not len(places):
        return np.zeros(0)
    found = jump_sizes(cells.lattice, fit.errors.observations(cells), fit.cut, places, fit.log_precision)
    return found.size * cells.scale.range


def resample(
    cells: Cells, found: Estimate, spec: Specification, control: Control, n: int, places: Array
) -> Resamples:
    """Draw resamples and fit each like the data.

    Parameters
    ----------
    cells : Cells
    found : Estimate
        The fit; the noise level is taken as known.
    spec : Specification
    control : Control
        ``n_jobs`` counts processes here.
    n : int
    places : ndarray of shape (places, d)
        Where to measure jump sizes, in cells.

    Returns
    -------
    Resamples
    """
    known = replace(spec, noise="known", noise_sd=float(np.sqrt(found.errors.variance)))
    if spec.noise == "correlated":
        known = spec
    alone = replace(control, n_jobs=1, progress=False)
    task = partial(
        _one, cells=cells, found=found, spec=known, control=alone, places=places, candidates=_useful(found)
    )
    results = replicate(task, n, seed=control.seed, n_jobs=control.n_jobs, progress=control.progress)
    truth = cells.with_mean(cells.scale.natural(found.surface))
    surfaces, cuts, sizes = (np.array(part) for part in zip(*results, strict=True))
    return Resamples(surfaces, cuts, sizes, sizes_at(truth, found, places))


def _useful(found: Estimate) -> list[tuple[float, float]] | None:
    """Pairs of weights that proposed jump sets worth looking at, with those next to them in nu."""
    if not isinstance(found.tuning, EvidenceTuning) or not found.cut.any():
        return None
    table = found.tuning.table
    good = (table["gain"] > 0.0).to_numpy() | (
        (table["lam"] == found.lam) & (table["nu"] == found.nu)
    ).to_numpy()
    lam = table["lam"].to_numpy()
    beside = np.zeros(len(table), bool)
    for step in (-1, 1):
        same_lam = np.roll(lam, step) == lam
        beside |= np.roll(good, step) & same_lam
    return [(float(a), float(b)) for a, b in table.loc[good | beside, ["lam", "nu"]].to_numpy()]


def _one(
    rng: np.random.Generator, cells: Cells, found: Estimate, spec: Specification, control: Control, places: Array,
    candidates: list[tuple[float, float]] | None,
) -> tuple[Array, Mask, Array]:  # fmt: skip
    drawn = draw_cells(cells, found.errors, found.surface, rng)
    fit = estimate(drawn, None, spec, control, candidates)
    return fit.surface, fit.cut, sizes_at(drawn, fit, places)


def null_gains(
    cells: Cells, found: Estimate, spec: Specification, control: Control, n: int
) -> NDArray[np.float64]:
    """Gains of the best jump set in data drawn about the surface without jumps."""
    known = replace(spec, noise="known", noise_sd=float(np.sqrt(found.errors.variance)), lam=None, nu=None)
    if spec.noise == "correlated":
        known = replace(spec, lam=None, nu=None)
    alone = replace(control, n_jobs=1, progress=False, tune="evidence")
    task = partial(_null_gain, cells=cells, found=found, spec=known, control=alone)
    return np.array(replicate(task, n, seed=control.seed, n_jobs=control.n_jobs, progress=control.progress))


def _null_gain(
    rng: np.random.Generator, cells: Cells, found: Estimate, spec: Specification, control: Control
) -> float:
    drawn = draw_cells(cells, found.tuning.errors or found.errors, found.tuning.smooth.surface, rng)
    return float(estimate(drawn, None, spec, control).tuning.gain)
