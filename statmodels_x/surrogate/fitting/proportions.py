"""Replicates of sums -> PTE and its relatives with bias correction, standard errors and spread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitting import spread
from statmodels_x.surrogate.fitting.estimation import QUANTITIES, Batch

PARAMS = ("pte", "delta", "pte_primary", "incremental_value", "r_s", "r_t", "overlap")
RATIOS = ("pte", "pte_primary", "incremental_value", "r_s", "r_t")
_INDEX = {name: k for k, name in enumerate(QUANTITIES)}
DELTA_LEVEL = 0.05


def column(values: Array, name: str) -> Array:
    """Pick a quantity from an array whose last axis is ``QUANTITIES``."""
    return np.asarray(values[..., _INDEX[name]])


def numerators(values: Array) -> dict[str, Array]:
    """Return what each ratio puts over Delta."""
    delta = column(values, "delta")
    explained, primary = column(values, "explained"), column(values, "primary")
    return {
        "pte": explained,
        "pte_primary": primary,
        "incremental_value": explained - primary,
        "r_s": delta - column(values, "residual"),
        "r_t": delta - column(values, "residual_primary"),
    }


def overlap(values: Array) -> Array:
    """Overlap c = E_0[L] mu_1(t0)/mu_0(t0)^2: 1 where the surrogate distributions of the arms' survivors agree."""
    return (
        column(values, "mean_ratio") * column(values, "early_treated") / column(values, "early_control") ** 2
    )


Draws = tuple[float, Array]
"""An estimate and its replicates."""


@dataclass(frozen=True)
class Inference:
    """Proportions of an effect, with their standard errors and intervals from perturbed replicates.

    Attributes
    ----------
    delta : (float, ndarray of shape (B,))
        The effect on the primary outcome.
    numerators : mapping of str to (float, ndarray)
        What each proportion puts over the effect.
    others : mapping of str to (float, ndarray)
        Quantities that are no proportions.
    given : mapping of str to (float, ndarray)
        Proportions that are not the ratio of their numerator and the effect, but a mean of such ratios.
    is_corrected : bool
        Whether ratios are freed of their bias of order 1/n.
    """

    delta: Draws = field(repr=False)
    numerators: Mapping[str, Draws] = field(repr=False)
    others: Mapping[str, Draws] = field(repr=False)
    given: Mapping[str, Draws] = field(repr=False)
    is_corrected: bool

    @property
    def delta_error(self) -> float:
        """Standard error of the effect."""
        return float(np.std(self.delta[1], ddof=1))

    @property
    def is_defined(self) -> bool:
        """Whether the effect differs from 0 at the level of 5 %: else there is nothing to explain."""
        return abs(self.delta[0]) > NORMAL.quantile(DELTA_LEVEL) * self.delta_error

    def covariance(self, name: str) -> Array:
        """Covariance of a proportion's numerator and the effect."""
        return spread.robust_covariance(self.numerators[name][1], self.delta[1])

    def ratio(self, name: str) -> Draws:
        """Estimate of a proportion and its replicates, whether the effect differs from 0 or not."""
        if name in self.given:
            return self.given[name]
        shape = self.covariance(name) if self.is_corrected else np.zeros((2, 2))
        point, many = self.numerators[name]
        value = spread.beale_ratio(np.array(point), np.array(self.delta[0]), shape)
        return float(value), spread.beale_ratio(many, self.delta[1], shape)

    def estimate(self, name: str) -> Draws:
        """Estimate of anything and its replicates; a proportion is NaN where it is not defined."""
        if name == "delta":
            return self.delta
        if name in self.others:
            return self.others[name]
        value, replicates = self.ratio(name)
        return (value, replicates) if self.is_defined else (np.nan, np.full(len(replicates), np.nan))

    def standard_error(self, name: str) -> float:
        """Spread of the replicates: standard deviation of the effect, scaled MAD of all else."""
        if name == "delta":
            return self.delta_error
        _, replicates = self.estimate(name)
        return spread.mad_scale(replicates) if np.isfinite(replicates).all() else np.nan

    def statistic(self, name: str) -> float:
        """Distance from 0 (overlap: from 1) in standard errors; of a proportion that of its numerator."""
        if name in self.numerators:
            error = float(np.sqrt(self.covariance(name)[0, 0]))
            return self.numerators[name][0] / error if self.is_defined and error > 0.0 else np.nan
        error = self.standard_error(name)
        return (self.estimate(name)[0] - float(name == "overlap")) / error if error > 0.0 else np.nan


def infer(point: Batch, replicates: Batch, is_corrected: bool) -> Inference:
    """Put an estimate and its replicates together."""
    one, many = point.values[0], replicates.values
    tops, top_replicates = numerators(one), numerators(many)
    given = {}
    if np.isfinite(point.split_ratio[0]):
        given["pte"] = (float(point.split_ratio[0]), replicates.split_ratio)
    return Inference(
        delta=(float(column(one, "delta")), column(many, "delta")),
        numerators={name: (float(tops[name]), top_replicates[name]) for name in RATIOS},
        others={"overlap": (float(overlap(one)), overlap(many))},
        given=given,
        is_corrected=is_corrected,
    )
