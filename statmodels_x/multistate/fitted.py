"""The state of a fitted multi-state model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
import pandas as pd

from statmodels_x.core.fits.inference import sandwich
from statmodels_x.core.fits.results import Estimates
from statmodels_x.core.scaling import ColumnMap, Inner
from statmodels_x.core.typing import Array
from statmodels_x.multistate.fitting.estimation import Fits, said_by, score_rows
from statmodels_x.multistate.sample import MultiStateData
from statmodels_x.multistate.specification import TRANSITION, Specification
from statmodels_x.survival.results import FlexibleSurvivalResults


@dataclass(frozen=True)
class Facts:
    """What summaries say of the data.

    Attributes
    ----------
    subjects : int
        Subjects used.
    dropped : dict of str to int
        Subjects left out for missing covariates: by column, and all as ``"subjects"``.
    counts : DataFrame
        Subjects at risk, events and time at risk of each transition.
    last_time : float
        The longest follow-up.
    time_unit : str or None
    weighted : str or None
        Column of the weights.
    """

    subjects: int
    dropped: Mapping[str, int]
    counts: pd.DataFrame
    last_time: float
    time_unit: str | None
    weighted: str | None


@dataclass(frozen=True, eq=False, kw_only=True)
class MultiStateFitted(Estimates):
    """The state of a fitted multi-state model.

    Attributes
    ----------
    specification : Specification
        States, transitions, clocks and the model of each transition.
    cov_type : str
        Type of the covariance: ``"observed"`` (parameters of different transitions are uncorrelated) or
        ``"cluster"`` (robust, with the scores summed over all rows of a subject).
    members : tuple of FlexibleSurvivalResults
        The fits of the models of the specification, in their order. Internal.
    facts : Facts
        Counts. Internal.
    """

    specification: Specification
    cov_type: str
    members: tuple[FlexibleSurvivalResults, ...] = field(repr=False)
    facts: Facts = field(repr=False)

    @classmethod
    def of(
        cls,
        specification: Specification,
        data: MultiStateData,
        fits: Fits,
        cov_type: str,
        weights: str | None = None,
        keep_data: bool = False,
    ) -> Self:
        """Put the fits of the transitions together."""
        labels = [(name, *label) for name, fit in fits.items() for label in fit.coefficients.index]
        index = pd.MultiIndex.from_tuples(labels, names=["transition", "parameter", "term"])
        inner = _inner(fits)
        covariance = _blocks([fit.theta_covariance for fit in fits.values()])
        if cov_type == "cluster":
            covariance = sandwich(covariance, *score_rows(fits, data, specification))
        if inner is not None:
            inner = replace(inner, covariance=covariance)
            covariance = inner.columns.outer_covariance(covariance)
        return cls(
            coefficients=pd.Series(
                np.concatenate([fit.coefficients.to_numpy() for fit in fits.values()]), index, name="estimate"
            ),
            covariance=pd.DataFrame(covariance, index, index),
            inner=inner,
            llf=float(sum(fit.llf for fit in fits.values())),
            nobs=_size(data, weights),
            converged=all(fit.converged for fit in fits.values()),
            specification=specification,
            cov_type=cov_type,
            members=tuple(fits.values()),
            facts=Facts(
                data.n,
                dict(data.dropped),
                data.counts(),
                float(data.rows["stop"].max()),
                data.time_unit,
                weights,
            ),
            findings=said_by(fits),
            sample=data,
            keep_data=keep_data,
        )

    @property
    def formula(self) -> str:
        """The formula of the transitions that have none of their own."""
        return self.specification.formula

    @property
    def fits(self) -> dict[str, FlexibleSurvivalResults]:
        """The fit of each transition, a dict of FlexibleSurvivalResults by the name of the transition.

        A stacked fit has the name ``"stacked"``. The covariance of each fit is its own, whatever ``cov_type`` is.
        """
        labels = (model.label for model in self.specification.models)
        return dict(zip(labels, self.members, strict=True))

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return self.specification.graph.states

    @property
    def covariates(self) -> tuple[str, ...]:
        """Names of the covariates that any transition uses."""
        return tuple(name for name in self.specification.variables if name not in ("entered", TRANSITION))

    @property
    def transitions(self) -> tuple[str, ...]:
        """Names of the transitions, ``"from -> to"``."""
        return self.specification.graph.names

    @property
    def is_regular(self) -> bool:
        """Whether the fit of every transition is a regular maximum."""
        return all(fit.is_regular for fit in self.members)

    @property
    def n_events(self) -> int:
        """Number of observed transitions."""
        return int(self.facts.counts["events"].sum())

    def without_data(self) -> Self:
        """Return the same fit without a row of the user's data, nor in the fits of the transitions."""
        return replace(self, sample=None, members=tuple(fit.without_data() for fit in self.members))

    def with_params(self, coefficients: Array) -> Self:
        """Return the same model under other coefficients, in the order of ``params``."""
        values = np.asarray(coefficients, float)
        return self.with_theta(values if self.inner is None else self.inner.columns.inner(values))

    def with_theta(self, theta: Array) -> Self:
        """Return the same model under other coefficients of the columns that the fits compute with. Internal."""
        moved, first = [], 0
        for fit in self.members:
            size = len(fit.coefficients)
            moved.append(fit.with_theta(theta[first : first + size]))
            first += size
        values = np.concatenate([fit.coefficients.to_numpy() for fit in moved])
        whole = pd.Series(values, self.coefficients.index, name="estimate")
        inner = None if self.inner is None else replace(self.inner, theta=theta)
        return replace(self, members=tuple(moved), coefficients=whole, inner=inner)


def _inner(fits: Fits) -> Inner | None:
    """Put the columns side by side that the fits compute with; None if these are the formulas'."""
    if all(fit.inner is None for fit in fits.values()):
        return None
    maps = [
        ColumnMap.identity(len(fit.theta)) if fit.inner is None else fit.inner.columns
        for fit in fits.values()
    ]
    theta = np.concatenate([fit.theta for fit in fits.values()])
    return Inner(ColumnMap.side_by_side(maps), theta, np.full((len(theta), len(theta)), np.nan))


def _blocks(parts: list[Array]) -> Array:
    size = sum(len(part) for part in parts)
    found, first = np.zeros((size, size)), 0
    for part in parts:
        found[first : first + len(part), first : first + len(part)] = part
        first += len(part)
    lost = np.isnan(np.diag(found))
    found[lost, :] = np.nan
    found[:, lost] = np.nan
    return found


def _size(data: MultiStateData, weights: str | None) -> int:
    """Subjects; with whole-number weights their sum."""
    if weights is None:
        return data.n
    values = data.rows.drop_duplicates("id")[weights].to_numpy(float)
    return round(float(values.sum())) if np.all(values == np.round(values)) else int((values > 0.0).sum())


def column_slices(fit: MultiStateFitted) -> dict[str, slice]:
    """Where the coefficients of each fit stand."""
    found, first = {}, 0
    for name, part in fit.fits.items():
        found[name] = slice(first, first + len(part.coefficients))
        first += len(part.coefficients)
    return found
