"""What is known outside the rows of a fit -> terms of its likelihood: counts of a cohort, and priors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.design import Design, DesignSpec
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.scaling import ColumnMap
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import rows_text
from statmodels_x.survival.background.counts import ExternalCounts, count_rows
from statmodels_x.survival.background.penalty import Combination, Level, Penalty
from statmodels_x.survival.background.prior import Prior, SurvivalPrior
from statmodels_x.survival.background.rows import extra_columns, values_of
from statmodels_x.survival.background.sources import ColumnOfRates, Source
from statmodels_x.survival.kernels.likelihood import SurvivalArrays
from statmodels_x.survival.reading.arrays import model_arrays, with_background
from statmodels_x.survival.specification import Specification

Labels = Sequence[tuple[str, str]]


def count_arrays(
    counts: ExternalCounts,
    specification: Specification,
    specs: Mapping[str, DesignSpec],
    columns: ColumnMap | None,
    per: float,
) -> SurvivalArrays:
    """Return the counts as weighted rows under a model that has been read.

    Parameters
    ----------
    counts : ExternalCounts
    specification : Specification
    specs : dict of str to DesignSpec
        How the columns of each parameter are built.
    columns : ColumnMap, optional
        How the model centres and scales them.
    per : float
        Length of the unit of time in years.

    Raises
    ------
    DataError
        If the counts lack a covariate or a column of the background, or hold a level that the model does not know.
    """
    response, weight, count = count_rows(counts)
    remedy = "the counts have no {0}; add the column to their frame, or give ExternalCounts(..., at={{{0}: value}})"
    outside = _Outside("external", counts.frame, counts.start, counts.stop, remedy)
    return outside.rows(count, response, weight, specification, specs, columns, per)


def penalty_of(
    specification: Specification,
    specs: Mapping[str, DesignSpec],
    labels: Labels,
    columns: ColumnMap | None,
    per: float,
) -> Penalty | None:
    """Return the priors of a model as an addition to its log-likelihood.

    Raises
    ------
    DataError
        If a prior is of a coefficient that the model does not have, or of survival for a row that cannot be built.
    """
    names = [".".join(label) for label in labels]
    terms = [
        _combination(prior, names, columns)
        if isinstance(prior, Prior)
        else _level(prior, specification, specs, columns, per)
        for prior in specification.prior
    ]
    return Penalty(tuple(terms)) if terms else None


def untold(counts: SurvivalArrays) -> int:
    """How many coefficients the counts say nothing of: their columns are 0 in every one."""
    return int(np.count_nonzero(~np.any(counts.matrix != 0.0, axis=0)))


def _combination(prior: Prior, names: Sequence[str], columns: ColumnMap | None) -> Combination:
    weights = np.zeros(len(names))
    for name, weight in prior.weights.items():
        if name not in names:
            raise DataError(f"`prior`: the model has no coefficient {name!r}; it has {', '.join(names)}.")
        weights[names.index(name)] = weight
    inside = weights if columns is None else columns.matrix.T @ weights
    return Combination(inside, prior.mean, prior.sd)


def _level(
    prior: SurvivalPrior,
    specification: Specification,
    specs: Mapping[str, DesignSpec],
    columns: ColumnMap | None,
    per: float,
) -> Level:
    frame = pd.DataFrame([dict(prior.who)]) if prior.who else pd.DataFrame(index=[0])
    remedy = "`who` of Prior.survival() has no {0}; give it a value"
    model = specification
    if prior.kind == "net_survival":
        model = replace(specification, background=None, background_factor=False)
    outside = _Outside("prior", frame, np.zeros(1), np.array([prior.at]), remedy)
    response = Surv([prior.at], [0])
    row = outside.rows(np.zeros(1, np.intp), response, None, model, specs, columns, per)
    if specification.background_factor and not model.background_factor:
        row = replace(row, has_factor=True, log_other=np.full(1, -np.inf), expected=np.zeros(1))
    return Level(row, prior.mean, prior.sd)


@dataclass(frozen=True)
class _Outside:
    """A frame that is not the one of the fit, followed from one time to another, as an argument of the model."""

    argument: str
    frame: pd.DataFrame
    start: Array
    stop: Array
    remedy: str

    def rows(
        self,
        which: NDArray[np.intp],
        response: Surv,
        weight: Array | None,
        specification: Specification,
        specs: Mapping[str, DesignSpec],
        columns: ColumnMap | None,
        per: float,
    ) -> SurvivalArrays:
        """Return rows of a likelihood, each of a row of the frame, under the model of the fit."""
        source = specification.background
        self._check_columns(specs, source)
        try:
            designs = {name: Design(*spec.rebuild(self.frame), spec) for name, spec in specs.items()}
            extra = {name: self.frame[column] for name, column in extra_columns(source).items()}
            if source is not None and not isinstance(source, ColumnOfRates):
                paths = source.paths(values_of(extra, len(self.frame)), per)
                paths.check_follow_up(self.start, self.stop)  # by the rows of the frame
        except DataError as error:
            raise DataError(f"`{self.argument}`: {str(error).removeprefix('newdata: ')}") from None
        arrays = model_arrays(
            specification, {k: one.take(which) for k, one in designs.items()}, response, weight
        )
        extra = {name: column.iloc[which] for name, column in extra.items()}
        arrays = with_background(arrays, specification, extra, response, per)
        if columns is not None:
            columns.move(arrays.matrix.T)
        return arrays

    def _check_columns(self, specs: Mapping[str, DesignSpec], source: Source | None) -> None:
        if isinstance(source, ColumnOfRates):
            raise DataError(
                f"`{self.argument}`: the background is known at the times of the fit alone (column {source.rate!r}), "
                "and other times need it as well; give a life table or Rates."
            )
        background = [] if source is None else list(source.columns.values())
        covariates = (name for spec in specs.values() for name in spec.part.variables)
        for name in dict.fromkeys([*covariates, *background]):
            if name not in self.frame.columns:
                raise DataError(f"`{self.argument}`: {self.remedy.format(repr(name))}.")
        for name in background:
            empty = self.frame[name].isna().to_numpy()
            if empty.any():
                raise DataError(f"`{self.argument}`: {name!r} is missing in {rows_text(empty)}.")
