"""One covariate: the exact fit to the observations themselves, shown as the results of a grid are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.fitting.estimation import Certificate, Estimate
from statmodels_x.discontinuity.grid.boundary import from_cells
from statmodels_x.discontinuity.grid.domain import Cells, Domain, Scale
from statmodels_x.discontinuity.line.fit import fit_line
from statmodels_x.discontinuity.line.record import LineFit
from statmodels_x.discontinuity.line.uncertainty import LineBootstrap, bootstrap_line, no_jump_test
from statmodels_x.discontinuity.results import FreeDiscontinuityResults
from statmodels_x.discontinuity.sample import Sample
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel
from statmodels_x.discontinuity.specification import Control, Specification


@dataclass(frozen=True, eq=False)
class CurveResults(FreeDiscontinuityResults):
    """A fitted curve with jumps; its cells are the distinct values of the covariate.

    Attributes
    ----------
    line : LineFit
        The exact fit with its own account of the jumps.
    """

    line: LineFit | None = field(repr=False, default=None)

    @property
    def _line(self) -> LineFit:
        assert self.line is not None
        return self.line

    @property
    def smallest_jump(self) -> float:
        """Size of a jump that would just be declared at a known place, in the data's units."""
        return self._line.smallest_jump

    @cached_property
    def surface_std_error(self) -> Array:
        """Standard deviation of the curve given the jump set, in the data's units."""
        return self._line.std_error

    @cached_property
    def jumps(self) -> pd.DataFrame:
        """The jumps, one row each.

        The middle of the gap under the covariate's name with an interval for the location (``location_lower``,
        ``location_upper``); ``from``, ``to`` and ``size`` with its ``std_error`` and an interval (``lower``,
        ``upper``) that averages over the location; ``evidence``, what -2 log likelihood would lose
        without it.
        """
        found = self._line.jumps
        columns = {
            self.domain.names[0]: found.location,
            "location_lower": found.location_lower,
            "location_upper": found.location_upper,
            "across": self.domain.names[0],
            "from": found.before,
            "to": found.after,
            "size": found.size,
            "std_error": found.std_error,
            "lower": found.size_lower,
            "upper": found.size_upper,
            "evidence": found.evidence,
            "length": 1.0,
            "segment": np.arange(1, len(found.size) + 1),
        }
        return pd.DataFrame(columns)

    def _values_at(self, points: Array) -> tuple[Array, Array]:
        return self._line.predict(points[:, 0])

    def jump_sizes(self, at: Any, alpha: float = 0.05) -> pd.DataFrame:
        """Sizes of the jumps nearest to given places: the rows of :attr:`jumps`, with ``at``."""
        if alpha != self._line.options.alpha:
            raise DataError(
                f"jump_sizes(): for one covariate the error rate is fixed at {self._line.options.alpha:g}."
            )
        places = self.points_of(at)[0][:, 0]
        if self.jumps.empty:
            return self.jumps.reindex(range(len(places))).assign(at=places)
        nearest = np.abs(self.jumps[self.domain.names[0]].to_numpy() - places[:, None]).argmin(1)
        return self.jumps.iloc[nearest].reset_index(drop=True).assign(at=places)

    def bootstrap(  # type: ignore[override]
        self, n: int = 99, at: Any = None, seed: int = 0, n_jobs: int = 1, progress: bool = False
    ) -> LineBootstrap:
        """Refit data made from the fitted curve and new noise; see ``bootstrap_line``."""
        if at is not None:
            raise DataError("bootstrap(): `at` is for surfaces; a curve's jumps are followed by themselves.")
        return bootstrap_line(self._line, n, seed=seed, n_jobs=n_jobs, progress=progress)

    def test_no_jump(self, n: int = 99, seed: int = 0, n_jobs: int = 1, progress: bool = False) -> pd.Series:
        """Test the hypothesis that the curve has no jump; see ``no_jump_test``."""
        test = no_jump_test(self._line, n, seed=seed, n_jobs=n_jobs, progress=progress)
        p = test.pvalue
        row = {"statistic": test.statistic, "p.value": p, "resamples": test.simulated}
        return pd.Series({**row, "p.mc_se": float(np.sqrt(p * (1.0 - p) / (1 + test.simulated)))})

    def second_stage(self, at: Any, alpha: float = 0.05, seed: int = 0) -> pd.DataFrame:
        """Not for curves: their intervals average over the location already."""
        raise DataError("second_stage() is for surfaces; the intervals in `jumps` average over the location.")


def fit_curve(
    formula: str | None, spec: Specification, control: Control, sample: Sample, keep_data: bool
) -> CurveResults:
    """Fit one covariate exactly."""
    x, y, weight = _observations(sample)
    line = fit_line(
        x,
        y,
        weight,
        noise=spec.noise_sd if spec.noise == "known" else spec.noise,
        lam=spec.lam,
        nu=spec.nu,
        tune=control.tune,
        sensitivity=control.sensitivity,
        seed=control.seed,
    )
    cells = _cells(sample.cells.domain.names, line, x, y, weight)
    cut = np.zeros(len(line.x) - 1, bool)
    cut[line.jumps.gap] = True
    source = {"known": "given"}.get(spec.noise, "likelihood")
    facts = Certificate(np.nan, np.nan, 0.0, 0, line.converged, np.zeros((0, 4)))
    found = Estimate(
        cells.scale.scaled(line.fitted), cut, line.lam, line.nu, ErrorModel(line.sigma**2, (0.0,)), source, facts,
        line.tuning,
    )  # fmt: skip
    return CurveResults(formula, spec, control, replace(sample, cells=cells), found, keep_data, line)


def _observations(sample: Sample) -> tuple[Array, Array, Array]:
    if sample.points is not None:
        return sample.points.x[:, 0], sample.points.y, sample.points.weight
    cells = sample.cells
    place = from_cells(cells.domain, np.flatnonzero(cells.filled)[:, None].astype(float))[:, 0]
    return place, cells.mean[cells.filled], cells.weight[cells.filled]


def _cells(names: tuple[str, ...], line: LineFit, x: Array, y: Array, weight: Array) -> Cells:
    """Make the distinct values of the covariate cells that meet half-way."""
    row, n = line.data.row, len(line.x)
    total: Array = np.asarray(np.bincount(row, weight, n), float)
    breaks = np.concatenate([line.x[:1], 0.5 * (line.x[1:] + line.x[:-1]), line.x[-1:]])
    scale = Scale(line.data.y_start, line.data.y_range)
    mean = np.bincount(row, weight * y, n) / total
    return Cells(
        Domain(names, (breaks,)), mean, total, np.bincount(row, minlength=n), np.full(n, np.nan), scale
    )
