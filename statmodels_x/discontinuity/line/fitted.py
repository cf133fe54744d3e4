"""State of a fitted curve."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from statmodels_x.core.errors import ConvergenceWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.fitted import DiscontinuityFitted
from statmodels_x.discontinuity.line.fit import fit_line
from statmodels_x.discontinuity.line.record import LineFit
from statmodels_x.discontinuity.sample import Sample
from statmodels_x.discontinuity.specification import Control, Specification

_NOT_CONVERGED = Finding(
    "not_converged",
    "the search for the smoothing parameters of the curve did not converge.",
    "Intervals may be wrong; try noise=sd, or tune='sure'.",
    ("curve",),
    ConvergenceWarning,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class CurveFitted(DiscontinuityFitted):
    """Estimates of a curve with jumps.

    Attributes
    ----------
    line : LineFit
        The exact fit with its own record of the jumps. Internal.
    pieces : DataFrame
        The table behind :attr:`region_means`. Internal.
    rsquared : float
        Share of the weighted variance of the observations (means of those at one place) that the curve explains.
    """

    line: LineFit = field(repr=False)
    pieces: pd.DataFrame = field(repr=False)
    rsquared: float = field(repr=False)

    @classmethod
    def fit(
        cls,
        formula: str | None,
        spec: Specification,
        control: Control,
        sample: Sample,
        keep_data: bool = False,
    ) -> Self:
        """Fit one covariate exactly, to the observations themselves."""
        x, y, weight = sample.observed()
        line = fit_line(
            x[:, 0],
            y,
            weight,
            noise=spec.noise_sd if spec.noise == "known" else spec.noise,
            lam=spec.lam,
            nu=spec.nu,
            tune=control.tune,
            sensitivity=control.sensitivity,
            seed=control.seed,
        )
        return cls.of(formula, spec, control, sample, line, keep_data)

    @classmethod
    def of(
        cls,
        formula: str | None,
        spec: Specification,
        control: Control,
        sample: Sample,
        line: LineFit,
        keep_data: bool,
    ) -> Self:
        """Put a fit together."""
        return cls(
            formula=formula,
            specification=spec,
            control=control,
            facts=sample.facts,
            line=line,
            pieces=_pieces(line),
            rsquared=_r_squared(line),
            findings=() if line.converged else (_NOT_CONVERGED,),
            sample=sample,
            keep_data=keep_data,
        )

    @property
    def lam(self) -> float:
        """Weight of the data, for a response scaled to [0, 1] and a line of length 1."""
        return self.line.lam

    @property
    def nu(self) -> float:
        """Cost of a jump, on the same scales as ``lam``."""
        return self.line.nu

    @property
    def smallest_jump(self) -> float:
        """Size of a jump that would just be reported at a known place, in the units of the data."""
        return self.line.smallest_jump

    @property
    def converged(self) -> bool:
        """Whether the search for the smoothing parameters converged."""
        return self.line.converged

    @property
    def noise_sd(self) -> float:
        """Standard deviation of an observation of weight 1, in the units of the data."""
        return self.line.sigma

    def without_data(self) -> Self:
        """Return the same fit without a row of the user's data: what is saved unless ``keep_data=True``."""
        return self if self.sample is None else replace(self, sample=None, line=self.line.without_data())


def jump_table(fit: CurveFitted, alpha: float = 0.05) -> pd.DataFrame:
    """One row for each jump, with intervals for its size at an error rate; see ``CurveResults.jumps``."""
    found = fit.line.jumps
    lower, upper = fit.line.size_limits(alpha)
    columns = {
        fit.facts.domain.names[0]: fit.facts.dated(found.location),
        "location_lower": fit.facts.dated(found.location_lower),
        "location_upper": fit.facts.dated(found.location_upper),
        "from": found.before,
        "to": found.after,
        "size": found.size,
        "std_error": found.std_error,
        "lower": lower,
        "upper": upper,
        "evidence": found.evidence,
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(len(found.size)))


def _pieces(line: LineFit) -> pd.DataFrame:
    """One row for each piece between jumps, from left to right."""
    label = np.concatenate([[0], np.cumsum(line.shape.cuts)])
    weight, size = _counted(line), np.bincount(label)
    rows = np.bincount(line.data.row, minlength=line.data.n)
    return pd.DataFrame(
        {
            "cells": size,
            "points": np.bincount(label, rows).astype(int),
            "surface_mean": np.bincount(label, line.fitted) / size,
            "data_mean": line.data.response(
                np.bincount(label, weight * line.data.y) / np.bincount(label, weight)
            ),
        },
        index=pd.RangeIndex(1, len(size) + 1, name="region"),
    )


def _counted(line: LineFit) -> Array:
    """Weights of the points, without those set aside as outliers, unless they make up a whole piece."""
    label = np.concatenate([[0], np.cumsum(line.shape.cuts)])
    weight = line.data.weight.copy()
    weight[line.outliers] = 0.0
    return np.where(np.bincount(label, weight)[label] > 0.0, weight, line.data.weight)


def _r_squared(line: LineFit) -> float:
    y: Array = line.data.response(line.data.y)
    weight = _counted(line)
    centre = np.average(y, weights=weight)
    total = float(weight @ (y - centre) ** 2)
    return 1.0 - float(weight @ (y - line.fitted) ** 2) / total if total > 0.0 else float("nan")
