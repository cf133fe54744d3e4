"""The average effect along a border: its points found and its effect measured on different observations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from scipy.sparse.linalg import lsqr

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.fits.tables import Block, number, p_value, summary
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_count, check_number, numeric_array, rows_text
from statmodels_x.discontinuity.border.fit import find_border
from statmodels_x.discontinuity.border.model import Border, BorderModel
from statmodels_x.discontinuity.border.points import CENTRE, PointData, point_data
from statmodels_x.discontinuity.border.search import PRICES, Price
from statmodels_x.discontinuity.border.sides import Line
from statmodels_x.discontinuity.fitted import SurfaceFitted
from statmodels_x.discontinuity.grid.domain import Points
from statmodels_x.discontinuity.inference.local_jump import JumpData, choose_bandwidth, estimate_jump

Finder = Callable[[PointData, Price], tuple[Border, float]]
_WIDEST = 0.25  # of the shorter side of the domain
_NARROWEST = 1.5  # cells beyond the donut
_PILOT = 0.4  # of that side: where curvatures are measured
_DONUT = 2.0  # standard deviations of a found border's place
_WIDEST_DONUT = 1.0  # cells


@dataclass(frozen=True, eq=False)
class BorderEffect(SummaryText):
    """The average effect along a border.

    Attributes
    ----------
    estimate, std_error : float
        Positive side minus negative side, in the response's units. The positive side is the left one of the way along
        a given line; of a found border the side on which the other folds' surface is higher.
    reference : Reference
        Distribution of the estimate over its standard error, with its degrees of freedom.
    n_sides : tuple of int
        Observations on the negative and on the positive side.
    n_clusters : int
        0 without clusters.
    bandwidth, donut : float
        Distances from the border between which observations are used, in the covariates' units.
    length : float
        Of the border; of a found one the mean over the folds.
    folds, folds_used : int
        Into how many parts the observations were divided, and for how many the others found a border; 0 for a
        given border.
    """

    estimate: float
    std_error: float
    reference: Reference = field(repr=False)
    n_sides: tuple[int, int]
    n_clusters: int
    bandwidth: float
    donut: float
    length: float
    folds: int
    folds_used: int

    def __repr__(self) -> str:
        where = "given" if not self.folds else "found"
        return (
            f"BorderEffect({self.estimate:.4g}, std_error={self.std_error:.2g}, border={where}, n={self.nobs})"
        )

    @property
    def nobs(self) -> int:
        """Observations used."""
        return sum(self.n_sides)

    @property
    def p_value(self) -> float:
        """Two-sided p-value of no effect; the observations that chose the border had no part in it."""
        return float(self.reference.two_sided(self.estimate / self.std_error))

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Interval of the effect, one row with ``lower`` and ``upper``."""
        reach = self.reference.quantile(check_alpha(alpha)) * self.std_error
        limits = {"lower": [self.estimate - reach], "upper": [self.estimate + reach]}
        return pd.DataFrame(limits, index=["effect"])

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """One row, with the column names of R's broom, then numbers of observations and clusters."""
        lower, upper = self.conf_int(alpha).iloc[0]
        row = {
            "term": "border effect",
            "estimate": self.estimate,
            "std.error": self.std_error,
            "statistic": self.estimate / self.std_error,
            "df": self.reference.df,
            "p.value": self.p_value,
            "conf.low": lower,
            "conf.high": upper,
            "n.negative": self.n_sides[0],
            "n.positive": self.n_sides[1],
            "clusters": self.n_clusters,
            "bandwidth": self.bandwidth,
        }
        return pd.DataFrame([row])

    def summary(self, alpha: float = 0.05) -> Any:
        """Summary table: the effect, its interval, and what was used."""
        lower, upper = self.conf_int(alpha).iloc[0]
        found = f"found, {self.folds_used} of {self.folds} folds" if self.folds else "given"
        facts = [
            ("Border", found),
            ("Length", number(self.length)),
            ("Points, negative side", str(self.n_sides[0])),
            ("Points, positive side", str(self.n_sides[1])),
            ("Bandwidth", number(self.bandwidth)),
            ("Left out nearer than", number(self.donut)),
            ("Clusters", str(self.n_clusters) if self.n_clusters else "none"),
            ("Degrees of freedom", f"{self.reference.df:.1f}"),
        ]
        level = f"{100 * (1 - alpha):g} % interval"
        cells = [
            number(self.estimate), number(self.std_error), number(self.estimate / self.std_error),
            p_value(self.p_value), f"{number(lower)} to {number(upper)}",
        ]  # fmt: skip
        block = Block("Effect", ["estimate", "std. error", "t", "p", level], ["border"], [cells])
        notes = ["Average over the observations beside the border; positive side minus negative side."]
        if self.folds:
            notes.append(
                "Each fold was measured at the border that the other folds found; the positive side is the one on which "
                "their surface is higher."
            )
        return summary("Average effect along a border", facts, [block], notes)


@dataclass(frozen=True, eq=False)
class Extras:
    """What shifts the level and what shares errors, one row an observation used."""

    covariates: Array = field(repr=False)
    names: tuple[str, ...]
    groups: tuple[NDArray[np.intp], ...] = field(repr=False)
    cluster: NDArray[np.intp] | None = field(repr=False)


@dataclass(frozen=True)
class EffectOptions:
    """How the effect is measured, checked."""

    bandwidth: float | None
    donut: float | None
    degree: int
    trend: int
    folds: int
    seed: int

    @classmethod
    def of(cls, bandwidth: Any, donut: Any, degree: Any, trend: Any, folds: Any, seed: Any) -> EffectOptions:
        """Check them; a DataError names the one that cannot be used."""
        width = (
            None if bandwidth is None else check_number("bandwidth", bandwidth, low=0.0, high=np.inf)
        )
        hole = None if donut is None else check_number("donut", donut, low=0.0, high=np.inf, closed=True)
        if width is not None and hole is not None and hole >= width:
            raise DataError(f"border_effect(): `donut` {hole:g} leaves nothing of `bandwidth` {width:g}.")
        return cls(
            width, hole, check_count("degree", degree, 0, 2), check_count("trend", trend, 0, 5),
            check_count("folds", folds, 2, 100), check_count("seed", seed, 0, most=None),
        )  # fmt: skip


def border_effect(
    fit: SurfaceFitted, data: Any, border: Any, covariates: Any, absorb: Any, cluster: Any, options: EffectOptions
) -> BorderEffect:  # fmt: skip
    """Measure the average effect; see ``SurfaceResults.border_effect``."""
    sample = fit.need_sample("border_effect()")
    if sample.points is None or sample.points.x.shape[1] != 2:
        raise DataError("border_effect() needs scattered observations over two covariates.")
    extras = _extras(fit, data, covariates, absorb, cluster)
    points = sample.points
    if border is not None:
        line = Line.of_vertices(border)
        distance, lengths, folds = line.signed_distance(points.x), [line.length], 0
        place_sd = 0.0
    else:
        if fit.estimate.placed is None:
            raise DataError(
                "border_effect(): this fit does not place its border within the cells, so that it cannot be found on "
                "parts of the data; fit with tune='evidence' and independent errors, or give `border`."
            )
        distance, lengths, place_sd = cross_fitted(fit, points, extras, options)
        folds = options.folds
    known = np.isfinite(distance)
    jumps = JumpData(
        distance, points.x, points.y, points.weight, extras.covariates, extras.names, extras.groups, extras.cluster
    ).take(known)  # fmt: skip
    donut = options.donut
    if donut is None:
        donut = min(_DONUT * place_sd, _WIDEST_DONUT * float(fit.domain.widths.mean()))
    bandwidth = bandwidth_of(fit, jumps, donut, options)
    found = estimate_jump(jumps.near(bandwidth, donut), options.degree, options.trend)
    return BorderEffect(
        found.estimate, found.std_error, found.reference, found.n_sides, found.n_clusters, bandwidth, donut,
        float(np.mean(lengths)), folds, len(lengths) if folds else 0,
    )  # fmt: skip


def bandwidth_of(fit: SurfaceFitted, data: JumpData, donut: float, options: EffectOptions) -> float:
    """Bandwidth as given, or chosen between limits that the grid sets."""
    if options.bandwidth is not None:
        if donut >= options.bandwidth:
            raise DataError(
                f"border_effect(): observations nearer than {donut:.4g} are left out, which is beyond `bandwidth` "
                f"{options.bandwidth:.4g}; give a wider one, or a smaller `donut`."
            )
        return options.bandwidth
    extent = min(float(breaks[-1] - breaks[0]) for breaks in fit.domain.breaks)
    least = donut + _NARROWEST * float(fit.domain.widths.max())
    most = max(_WIDEST * extent, least)
    return choose_bandwidth(data, options.trend, least, most, max(_PILOT * extent, most))


def _most_evident(data: PointData, price: Price) -> tuple[Border, float]:
    best = find_border(data, price).best
    return best.border, best.t


def cross_fitted(
    fit: SurfaceFitted, points: Points, extras: Extras, options: EffectOptions, find: Finder = _most_evident
) -> tuple[Array, list[float], float]:
    """Signed distance of each point from the border that the other folds find, and what is known of the borders.

    Points of one cluster are in one fold. NaN for the points of a fold for which the others find no border.

    Returns
    -------
    distance : ndarray of shape (n,)
    lengths : list of float
    place_sd : float
        Standard deviation of the border's place, across it, by the jackknife over the folds.
    """
    rng = np.random.default_rng(np.random.SeedSequence(options.seed, spawn_key=(15,)))
    fold = _folds(len(points.y), extras.cluster, options.folds, rng)
    lines = [line_of(fit, points, extras, fold != k, find) for k in range(options.folds)]
    lengths = [line.length for line in lines if line is not None]
    if not lengths:
        raise DataError(
            f"border_effect(): no jump was found in any {options.folds - 1} of {options.folds} folds of the data, so "
            "that there is no border to measure at; give `border`, or fit with sensitivity='sensitive'."
        )
    if len(lengths) < options.folds:
        warn(
            f"border_effect(): in {options.folds - len(lengths)} of {options.folds} folds the other observations show "
            "no jump, and what lies in these folds is left out; a border so weak is doubtful.",
            DataWarning,
        )
    each = np.array(
        [np.full(len(points.y), np.nan) if line is None else line.signed_distance(points.x) for line in lines]
    )
    distance = each[fold, np.arange(len(fold))]
    return distance, lengths, _place_sd(each, fit.domain.widths.mean())


def _place_sd(each: Array, cell: float) -> float:
    """Jackknife over the folds' borders, at points within two cells of all of them."""
    found = each[np.isfinite(each).any(1)]
    near = found[:, np.all(np.abs(found) < 2.0 * cell, axis=0)]
    if len(found) < 2 or not near.size:
        return float(cell)
    return float(np.sqrt(np.mean((len(found) - 1.0) * near.var(axis=0))))


def _folds(n: int, cluster: NDArray[np.intp] | None, folds: int, rng: np.random.Generator) -> NDArray[Any]:
    if cluster is None:
        return rng.permutation(n) % folds
    _, code = np.unique(cluster, return_inverse=True)
    count = int(code.max()) + 1
    if count < folds:
        raise DataError(
            f"border_effect(): `cluster` has {count} groups, and a group goes into one of {folds} `folds` as a whole; "
            f"give at most {count} folds."
        )
    return (rng.permutation(count) % folds)[code]


def line_of(
    fit: SurfaceFitted, points: Points, extras: Extras, rows: NDArray[np.bool_], find: Finder = _most_evident
) -> Line | None:
    """Return the border that some of the points show, once what shifts their level is taken off."""
    spec = fit.specification
    known = spec.noise_sd if spec.noise == "known" else None
    level = _level(fit, points, extras, rows)
    part = Points(points.x[rows], points.y[rows] - level, points.weight[rows])
    data = point_data(part, fit.domain, fit.scale, known)
    border, t = find(data, PRICES[fit.control.sensitivity])
    if not border.cut.any():
        return None
    return Line.of_border(fit.domain, border, BorderModel(data, border).surface(t) - CENTRE)


def _level(fit: SurfaceFitted, points: Points, extras: Extras, rows: NDArray[np.bool_]) -> Array:
    """Return what covariates and groups add to the points, by least squares beside an effect of each cell."""
    if not extras.names and not extras.groups:
        return np.zeros(int(rows.sum()))
    root = np.sqrt(points.weight[rows])
    centred = extras.covariates[rows] - extras.covariates[rows].mean(0)
    shifts = hstack([csr_matrix(centred), *(_dummies(codes[rows]) for codes in extras.groups)]).tocsr()
    design = hstack([shifts, _dummies(fit.domain.cell_of(points.x[rows]))]).tocsr()
    weighted = design.multiply(root[:, None]).tocsr()
    size = np.sqrt(np.asarray(weighted.multiply(weighted).sum(0)).ravel())
    size[size == 0.0] = 1.0
    y = points.y[rows]
    scaled = weighted.multiply(1.0 / size).tocsr()
    solution = lsqr(scaled, root * (y - y.mean()), atol=1e-8, btol=1e-8)[0] / size
    level = shifts @ solution[: shifts.shape[1]]
    return np.asarray(level - level.mean())


def _dummies(codes: NDArray[Any]) -> csr_matrix:
    _, code = np.unique(codes, return_inverse=True)
    return csr_matrix((np.ones(len(code)), (np.arange(len(code)), code)))


def _extras(fit: SurfaceFitted, data: Any, covariates: Any, absorb: Any, cluster: Any) -> Extras:
    n = len(fit.need_sample("border_effect()").points.y)
    names, columns = [], []
    for name, values in _columns(fit, data, covariates, "covariates"):
        found = numeric_array(values, name, "border_effect()")
        bad = ~np.isfinite(found)
        if bad.any():
            raise DataError(
                f"border_effect(): the covariate '{name}' is missing or not finite in {rows_text(bad)} of the rows "
                "used; fit to rows that have it."
            )
        names.append(name)
        columns.append(found)
    groups = tuple(_codes(name, values) for name, values in _columns(fit, data, absorb, "absorb"))
    clusters = [_codes(name, values) for name, values in _columns(fit, data, cluster, "cluster")]
    if len(clusters) > 1:
        raise DataError("border_effect(): `cluster` is one column; errors shared in two ways are not supported.")
    matrix = np.column_stack(columns) if columns else np.zeros((n, 0))
    return Extras(matrix, tuple(names), groups, clusters[0] if clusters else None)


def _codes(name: str, values: Any) -> NDArray[np.intp]:
    codes, _ = pd.factorize(pd.Series(np.asarray(values)))
    if (codes < 0).any():
        raise DataError(
            f"border_effect(): '{name}' is missing in {rows_text(codes < 0)} of the rows used; fit to rows that have it."
        )
    return np.asarray(codes)


def _columns(fit: SurfaceFitted, data: Any, given: Any, argument: str) -> list[tuple[str, Any]]:
    """Return the columns of an argument on the rows used: names in ``data``, a frame, or an array of rows."""
    if given is None:
        return []
    if isinstance(given, str) or isinstance(given, list | tuple) and all(isinstance(k, str) for k in given):
        if data is None:
            raise DataError(f"border_effect(): `{argument}` names columns; give the frame of the fit as `data`.")
        wanted = [given] if isinstance(given, str) else list(given)
        table = as_pandas(data)
        check_columns(table, wanted, f"`{argument}`")
        table = table[wanted]
    elif hasattr(given, "columns") or isinstance(given, dict):
        table = as_pandas(given)
    else:
        array = np.asarray(given)
        array = array[:, None] if array.ndim == 1 else array
        label = getattr(given, "name", None) or argument
        table = pd.DataFrame(
            {label if array.shape[1] == 1 else f"{argument}[{k}]": array[:, k] for k in range(array.shape[1])}
        )
    sample = fit.need_sample("border_effect()")
    if len(table) == sample.n_rows and sample.rows is not None:
        table = table.iloc[sample.rows]
    elif len(table) != len(sample.points.y):
        raise DataError(
            f"border_effect(): `{argument}` has {len(table)} rows, and the fit was given {sample.n_rows}; give the same "
            "rows in the same order."
        )
    return [(str(name), table[name].to_numpy()) for name in table.columns]
