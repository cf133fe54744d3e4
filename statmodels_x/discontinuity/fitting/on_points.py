"""Scattered points over two covariates, or an image -> an estimated surface with its border within the cells."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from statmodels_x.discontinuity.border import rivals
from statmodels_x.discontinuity.border.fit import Found, find_border, first_scored, more_telling
from statmodels_x.discontinuity.border.large import is_large
from statmodels_x.discontinuity.border.model import PRICES, Border, BorderModel, Price
from statmodels_x.discontinuity.border.pixels import pixel_data
from statmodels_x.discontinuity.border.points import PointData, point_data
from statmodels_x.discontinuity.border.search import Search
from statmodels_x.discontinuity.border.sizes import nearest
from statmodels_x.discontinuity.border.windows import likelier_variance
from statmodels_x.discontinuity.fitting.misfit import Followed, LeftOut, followed
from statmodels_x.discontinuity.fitting.record import (
    Estimate,
    Pairs,
    certificate,
    lifted_problem,
    solve_lifted,
)
from statmodels_x.discontinuity.grid.boundary import in_cells
from statmodels_x.discontinuity.grid.domain import Cells, Points
from statmodels_x.discontinuity.grid.jumps import segment_of_edges
from statmodels_x.discontinuity.grid.lattice import Mask
from statmodels_x.discontinuity.lifted.polish import polish
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.smoothing.noise import noise_of
from statmodels_x.discontinuity.smoothing.smoother import Smoothed
from statmodels_x.discontinuity.specification import Control, Specification
from statmodels_x.discontinuity.tuning.evidence import REACHES, propose

_REACH = REACHES[1]
_SIZES = (3.0, 6.3, 12.0)  # smallest jumps of the lifted proposals, in standard deviations of a cell
_SIZES_IN_IMAGES = _SIZES[1:2]  # one: on a large image a lifted problem takes as long as the search itself


@dataclass(frozen=True, eq=False)
class Placed:
    """A border within the cells, and what its search says.

    Attributes
    ----------
    border : Border
    variance : float
        Scaled variance of a point of weight 1, at which the surface was smoothed.
    factor_range : tuple of float
        Least and largest factor of that variance over the cells; (1, 1) where it is the same everywhere.
    n_set_aside : int
        Points set aside as outliers.
    transitions : tuple of (segment, width, gain)
        For each chain: standard deviation of the step's width in cells, and how much better than a sharp step it is.
    left_out : tuple of LeftOut
        Points beside a segment that the border does not follow, which have no part in the surface.
    misfits : tuple of (segment, sd of its points, sd of the others, z)
        Residual standard deviations of scattered points within a cell of a segment and of those further away, scaled by
        their noise, and the difference of the squares in its standard errors; without the points left out.
    alike : float
        Correlation of the residuals of neighbouring points; see ``fitting.misfit.Followed``.
    pixels : str
        ``"points"`` or ``"averages"``: how the pixels of an image were read; empty for scattered points.
    shared : bool
        Whether rows at one place were taken to share an error.
    """

    border: Border = field(repr=False)
    variance: float
    factor_range: tuple[float, float]
    n_set_aside: int
    transitions: tuple[tuple[int, float, float], ...] = field(repr=False)
    pixels: str = ""
    misfits: tuple[tuple[int, float, float, float], ...] = field(default=(), repr=False)
    left_out: tuple[LeftOut, ...] = field(default=(), repr=False)
    alike: float = float("nan")
    shared: bool = False


@dataclass(frozen=True, eq=False)
class BorderTuning:
    """The record of the search.

    Attributes
    ----------
    table : DataFrame
        One row per lifted proposal: ``lam``, ``nu``, its ``edges`` and ``segments``, and the ``gain`` of its cut edges,
        crossed half-way, in deviance over the surface without jumps.
    gain : float
        Net gain of the best border, reported or not; minus infinity if nothing was proposed.
    first_gain : float
        Net gain of the filters' best proposal before the search: the statistic of the test of no jump.
    crease : float
        Net gain of the best surface with creases instead.
    smooth : Smoothed
        The surface without jumps.
    """

    table: pd.DataFrame = field(repr=False)
    gain: float
    first_gain: float
    crease: float
    smooth: Smoothed = field(repr=False)


def data_of(points: Points | None, cells: Cells, spec: Specification, pixels: str = "") -> PointData:
    """Points, or the pixels of an image read in one way, as the search sees them."""
    known = spec.noise_sd if spec.noise == "known" else None
    if points is None:
        if known is not None:
            return pixel_data(cells, known**2, pixels)
        noise = noise_of(cells)
        return pixel_data(cells, noise.variance, pixels, noise.least)
    return point_data(points, cells.domain, cells.scale, known)


def beside_the_border(points: Points, cells: Cells, border: Border, reach: float) -> Points:
    """Leave out averages whose rows may lie on both sides of a border."""
    distance = nearest(cells.lattice, border, in_cells(cells.domain, points.x), np.ones(2)).distance
    return points.take(distance > reach)


def smoothed_beside(found: Estimate, points: Points, cells: Cells, spec: Specification) -> Estimate:
    """Return the surface of other points between the same borders, at the noise of the rows."""
    border = found.placed.border
    data = data_of(points, cells, spec).with_variance(found.placed.variance)
    smooth = _smooth(data, border, found.log_precision)
    placed = replace(found.placed, misfits=smooth.misfits, left_out=smooth.left_out, alike=smooth.alike)
    return replace(found, surface=smooth.surface, log_precision=smooth.t, placed=placed)


def _smooth(data: PointData, border: Border, around: float) -> Followed:
    """Smooth between borders, without scattered points that a border does not follow."""
    model = BorderModel(data, border)
    t = model.best(around)[0]
    surface = model.surface(t)
    return Followed(surface, t) if data.pixels else followed(data, border, surface, t)


def estimate_on_points(
    cells: Cells, points: Points | None, spec: Specification, control: Control
) -> Estimate:  # fmt: skip
    """Find the border on the points, smooth between, and certify the lifted problem that was one of the proposers.

    Parameters
    ----------
    cells : Cells
        Of two axes.
    points : Points or None
        None for an image, whose pixels are read in each way that is allowed.
    spec : Specification
    control : Control

    Returns
    -------
    Estimate
    """
    readings = _readings(points, control)
    every = [data_of(points, cells, spec, reading) for reading in readings]
    weights = _weights(cells, every[0], spec, _SIZES if points is not None else _SIZES_IN_IMAGES)
    problems = [lifted_problem(cells, spec, lam, nu) for lam, nu in weights]
    cuts = [propose(problem) for problem in problems]
    half = np.full(cells.lattice.n_edges, 0.5)
    more = [Border(cut, half) for own in cuts for cut in own[:1]]
    found, data, reading = _best_reading(every, readings, PRICES[control.sensitivity], more)
    table = _table(found.search, weights, [own[0] for own in cuts])
    best = int(np.argmax(table["gain"].fillna(-np.inf)))
    lam, nu = weights[best]
    relaxed = solve_lifted(problems[best], control)
    facts = certificate(problems[best], relaxed, polish(problems[best], relaxed.surface))
    search, border = found.search, found.best.border
    source = "given" if spec.noise == "known" else "within cells" if points is not None else "differences"
    if points is None and spec.noise != "known":
        data, told = likelier_variance(data, border, found.best.t)
        source = "evidence" if told else source
    elif spec.noise != "known":
        data = data.with_variance(data.away_variance(border.cut))
    smooth = _smooth(data, border, found.best.t)
    natural = data.variance * cells.scale.range**2
    return Estimate(
        smooth.surface,
        border.cut,
        lam,
        nu,
        ErrorModel(natural, (0.0, 0.0)),
        source,
        facts,
        _record(found, table),
        smooth.t,
        placed=Placed(
            border,
            data.variance,
            (float(data.factor.min()), float(data.factor.max())),
            data.n_set_aside,
            _transitions(search, border),
            reading,
            smooth.misfits,
            smooth.left_out,
            smooth.alike,
            data.shared,
        ),
    )


def _readings(points: Points | None, control: Control) -> tuple[str, ...]:
    if points is not None:
        return ("",)
    return ("averages", "points") if control.pixels == "auto" else (control.pixels,)


def _best_reading(
    every: list[PointData], readings: tuple[str, ...], price: Price, more: list[Border]
) -> tuple[Found, PointData, str]:
    """Find the border under the reading of the pixels that gains most by it: of large images by its first proposal."""
    if len(every) > 1 and is_large(every[0]):
        k = more_telling(every, price)
        every, readings = every[k : k + 1], readings[k : k + 1]
    found = [find_border(data, price, more) for data in every]
    best = min(range(len(found)), key=lambda k: found[k].best.cost)
    return found[best], every[best], readings[best]


def _weights(cells: Cells, data: PointData, spec: Specification, sizes: tuple[float, ...]) -> Pairs:
    h = cells.lattice.spacing
    total = data.means[1].ravel()
    sd = 1.0 / float(np.sqrt(np.median(total[total > 0.0])))
    pairs = [
        (
            1.0 / (_REACH * h) ** 2 if spec.lam is None else spec.lam,
            (size * sd) ** 2 / (2.0 * _REACH * h) if spec.nu is None else spec.nu,
        )
        for size in sizes
    ]
    return list(dict.fromkeys(pairs))


def _table(search: Search, weights: Pairs, cuts: list[Mask]) -> pd.DataFrame:
    half = np.full(search.lattice.n_edges, 0.5)
    rows = []
    for (lam, nu), cut in zip(weights, cuts, strict=True):
        gain = 0.0
        if cut.any():
            border = Border(cut, half)
            gain = search.price_of(border) - first_scored(search, border).cost
        rows.append((lam, nu, int(cut.sum()), search.lattice.segments(cut)[0], gain))
    return pd.DataFrame(rows, columns=["lam", "nu", "edges", "segments", "gain"])


def _record(found: Found, table: pd.DataFrame) -> BorderTuning:
    t, deviance = found.smooth
    smooth = Smoothed(found.search.model(found.search.none).surface(t), t, deviance)
    return BorderTuning(table, found.gain, found.first_gain, found.crease, smooth)


def _transitions(search: Search, border: Border) -> tuple[tuple[int, float, float], ...]:
    label = segment_of_edges(search.lattice, border.cut)
    found = []
    for chain in search.chains(border):
        wide = rivals.transition(search, border, chain)
        found.append((int(label[chain.edges[0]]), float(wide.width), float(wide.gain)))
    return tuple(found)
