"""State: what was estimated, frozen, and what of it goes along when a result is saved without its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Self, TypeVar

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.results import Fitted
from statmodels_x.discontinuity.fitting.record import Estimate
from statmodels_x.discontinuity.grid.domain import Domain, Scale
from statmodels_x.discontinuity.sample import Facts, Sample
from statmodels_x.discontinuity.specification import Control, Specification

Value = TypeVar("Value")


@dataclass(frozen=True, eq=False, kw_only=True)
class DiscontinuityFitted(Fitted):
    """What a fitted surface and a fitted curve share.

    Attributes
    ----------
    formula : str or None
        The formula; None for an array.
    specification : Specification
        Options of the model. Internal.
    control : Control
        Options of the fit. Internal.
    facts : Facts
        Units and counts of the sample; no row of it. Internal.
    kept : dict
        What was computed from the data before they were left out (see :func:`keeps`). Internal.
    """

    formula: str | None
    specification: Specification = field(repr=False)
    control: Control = field(repr=False)
    facts: Facts = field(repr=False)
    kept: Mapping[str, Any] = field(repr=False, default_factory=dict)

    @property
    def nobs(self) -> int:
        """Number of observations (for an array, of elements with data)."""
        return self.facts.n_used


@dataclass(frozen=True, eq=False, kw_only=True)
class SurfaceFitted(DiscontinuityFitted):
    """Estimates of a surface or volume.

    Attributes
    ----------
    estimate : Estimate
        The surface in scaled units, with the evidence of convergence and of the tuning. Internal.
    """

    estimate: Estimate = field(repr=False)

    @classmethod
    def of(
        cls, formula: str | None, spec: Specification, control: Control, sample: Sample, found: Estimate,
        keep_data: bool = False,
    ) -> Self:  # fmt: skip
        """Put a fit together."""
        return cls(
            formula=formula,
            specification=spec,
            control=control,
            facts=sample.facts,
            estimate=found,
            findings=(*found.errors.findings, *found.certificate.findings(control.tol)),
            sample=sample,
            keep_data=keep_data,
        )

    @property
    def domain(self) -> Domain:
        """The grid, in the units of the covariates."""
        return self.facts.domain

    @property
    def scale(self) -> Scale:
        """Units of the response."""
        return self.facts.scale

    @property
    def lam(self) -> float:
        """Weight of the data, for responses scaled to [0, 1] and a domain whose longest side is 1."""
        return self.estimate.lam

    @property
    def nu(self) -> float:
        """Cost of a jump of unit length (area), on the same scales as ``lam``."""
        return self.estimate.nu

    @property
    def smallest_jump(self) -> float:
        """Smallest difference between neighbouring cells that is a jump at this ``nu``, in the units of the data."""
        return float(np.sqrt(self.nu * self.domain.lattice.spacing)) * self.scale.range

    @property
    def converged(self) -> bool:
        """Whether the lifted problem was solved to the tolerance."""
        return self.estimate.certificate.converged

    @property
    def gap(self) -> float:
        """Relative gap between the energy of the surface and its lower bound, (energy - lower bound) / energy.

        It is negative if the continuous surface has a lower energy than every surface of the lifted problem.
        """
        return self.estimate.certificate.gap

    @property
    def noise_sd(self) -> float:
        """Standard deviation of an observation of weight 1, in the units of the data."""
        errors = self.estimate.errors
        return float(np.sqrt(errors.variance)) if errors.is_known else float("nan")

    def need_noise(self, where: str) -> None:
        """Refuse what cannot be done without the noise."""
        if not self.estimate.errors.is_known:
            raise DataError(f"{where}: the noise is not known; give FreeDiscontinuity(..., noise=sd).")


def keeps(function: Callable[[Any], Value]) -> Callable[[Any], Value]:
    """Decorate a function of a state: its value is found once, and stays when the data are left out."""
    name = function.__name__

    @wraps(function)
    def value(fit: Any) -> Value:
        if name in fit.kept:
            return fit.kept[name]
        found = fit.__dict__.setdefault("_found", {})
        if name not in found:
            found[name] = function(fit)
        return found[name]

    return value
