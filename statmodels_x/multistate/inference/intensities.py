"""Hazards of all transitions for some rows of covariates, with gradients in all coefficients of the model.

The one place that knows how a survival fit builds its linear predictors.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.multistate.fitted import MultiStateFitted, column_slices
from statmodels_x.multistate.specification import TRANSITION, Graph, arrow
from statmodels_x.survival.inference.prediction import covariate_rows
from statmodels_x.survival.inference.quantities import time_at
from statmodels_x.survival.inference.rows import Rows
from statmodels_x.survival.kernels.hazards import cumulative_hazard, log_hazard
from statmodels_x.survival.results import FlexibleSurvivalResults

Places = NDArray[np.intp]


@dataclass(frozen=True)
class Intensity:
    """The hazard of one transition.

    Attributes
    ----------
    fit : FlexibleSurvivalResults
        Of the transition, or the stacked one.
    is_reset : bool
        Whether time counts from when the state was entered.
    columns : slice
        Where the fit's coefficients stand among all.
    data : DataFrame of shape (m, any)
        Covariates.
    uses_entry : bool
        Whether the hazard depends on when the state was entered.
    known : Rows or None
        Linear predictors of the m rows; None where they depend on the entry.
    """

    fit: FlexibleSurvivalResults = field(repr=False)
    is_reset: bool
    columns: slice
    data: pd.DataFrame = field(repr=False)
    uses_entry: bool
    known: Rows | None = field(repr=False)

    def rows(self, places: Places, entered: Array, with_gradient: bool = True) -> Rows:
        """Linear predictors for some rows of covariates (repeated) and times of entry."""
        if self.known is None:
            return covariate_rows(self.fit, self.data.iloc[places].assign(entered=entered), inner=False)
        known = self.known
        if not with_gradient:  # the columns are not needed, only what they add up to
            return replace(
                known,
                index=pd.RangeIndex(len(places)),
                base=known.eta[places],
                matrices=(None,) * len(known.matrices),
                given=known.given[:1].repeat(len(places)),
            )
        return replace(
            known,
            index=pd.RangeIndex(len(places)),
            base=known.base[places],
            matrices=tuple(None if m is None else m[places] for m in known.matrices),
            given=known.given[places],
        )

    def under(self, coefficients: Array) -> Intensity:
        """Return the same hazard under other coefficients of the whole model."""
        own = coefficients[self.columns]
        fit = replace(
            self.fit, coefficients=pd.Series(own, self.fit.coefficients.index, name="estimate"), inner=None
        )
        return replace(self, fit=fit, known=None if self.known is None else self.known.at(own))


@dataclass(frozen=True)
class Stay:
    """A stay in a state: which row of covariates, when it was entered, from when it counts, and how long it lasts.

    Attributes
    ----------
    places : ndarray of int, shape (n,)
    entered, begin : ndarray of shape (n,)
        ``begin`` is the time from which the stay is looked at: the entry, or later.
    end, length : ndarray of shape (n,)
        The end, and ``end - entered`` without the cancellation of that difference.
    """

    places: Places
    entered: Array
    begin: Array
    end: Array
    length: Array


@dataclass(frozen=True)
class Intensities:
    """The hazards of all transitions for m rows of covariates.

    Attributes
    ----------
    graph : Graph
    of : dict of (str, str) to Intensity
    size : int
        Number of coefficients of the model.
    index : Index
        Labels of the rows.
    with_gradient : bool
    """

    graph: Graph
    of: dict[tuple[str, str], Intensity] = field(repr=False)
    size: int
    index: pd.Index
    with_gradient: bool = True

    def under(self, coefficients: Array) -> Intensities:
        """Return the same under other coefficients, without gradients."""
        moved = {pair: intensity.under(coefficients) for pair, intensity in self.of.items()}
        return replace(self, of=moved, with_gradient=False)

    def take(self, places: Places) -> Intensities:
        """Return some of the rows."""
        taken = {}
        for pair, intensity in self.of.items():
            known = None if intensity.known is None else intensity.rows(places, np.zeros(len(places)))
            taken[pair] = replace(intensity, data=intensity.data.iloc[places], known=known)
        return replace(self, of=taken, index=self.index[places])

    def add_survival(self, state: str, stay: Stay, value: Array, gradient: Array | None) -> None:
        """Add -(sum of the cumulative hazards out of a state over a stay) to a logarithm and its gradient."""
        for to in self.graph.out_of(state):
            intensity = self.of[state, to]
            rows = intensity.rows(stay.places, stay.entered, gradient is not None)
            end = stay.length if intensity.is_reset else stay.end
            begin = stay.begin - stay.entered if intensity.is_reset else stay.begin
            self._add_cumulative(intensity, rows, end, -1.0, value, gradient)
            if np.any(begin > 0.0):
                self._add_cumulative(intensity, rows, np.maximum(begin, 0.0), 1.0, value, gradient)

    def _add_cumulative(
        self,
        intensity: Intensity,
        rows: Rows,
        times: Array,
        sign: float,
        value: Array,
        gradient: Array | None,
    ) -> None:
        found, slope = cumulative_hazard(times, rows.eta, rows.cure, rows.family)
        value += sign * found
        if gradient is not None:
            gradient[:, intensity.columns] += sign * rows.jacobian(slope)

    def add_log_hazard(self, pair: tuple[str, str], stay: Stay, value: Array, gradient: Array | None) -> None:
        """Add the log hazard of a transition at the end of a stay."""
        intensity = self.of[pair]
        rows = intensity.rows(stay.places, stay.entered, gradient is not None)
        times = stay.length if intensity.is_reset else stay.end
        with np.errstate(divide="ignore"):
            found, slope = log_hazard(times, rows.eta, rows.cure, rows.family)
        value += found
        if gradient is not None:
            gradient[:, intensity.columns] += rows.jacobian(slope)

    def blank(self, n: int) -> tuple[Array, Array | None]:
        """Zeros for n logarithms and their gradients."""
        return np.zeros(n), np.zeros((n, self.size)) if self.with_gradient else None


def intensities(fit: MultiStateFitted, newdata: Any, with_gradient: bool = True) -> Intensities:
    """Build the hazards for new rows of covariates.

    Raises
    ------
    DataError
        If a covariate is missing or has an unseen level.
    """
    data = _covariates(fit, newdata)
    slices, graph = column_slices(fit), fit.specification.graph
    found = {}
    for pair in graph.transitions:
        name = arrow(*pair)
        model = fit.specification.model_of(name)
        part, uses = fit.fits[model.label], model.uses_entry
        own = data
        if len(model.transitions) > 1:
            own = data.assign(**{TRANSITION: pd.Categorical([name] * len(data), list(model.transitions))})
        known = None
        if not uses:
            known = covariate_rows(part, own if model.variables else own.assign(_rows=0.0), inner=False)
        reset = fit.specification.clocks[name] == "reset"
        found[pair] = Intensity(part, reset, slices[model.label], own, uses, known)
    return Intensities(graph, found, len(fit.coefficients), data.index, with_gradient)


def _covariates(fit: MultiStateFitted, newdata: Any) -> pd.DataFrame:
    names = list(fit.covariates)
    if newdata is None:
        if names:
            raise DataError(
                f"predict: give `newdata`, a frame with the covariates {', '.join(names)}: what is predicted is a "
                "course, one for each of its rows. standardise() averages over the subjects."
            )
        return pd.DataFrame(index=pd.RangeIndex(1))
    data = as_pandas(newdata)
    check_columns(data, names, "newdata")
    return data


def inverse(intensity: Intensity, rows: Rows, cumulative: Array) -> Array:
    """Time on the transition's clock at which its cumulative hazard reaches a value; infinite if it never does."""
    found: Array = time_at(cumulative, rows)
    return found
