"""The data of a fit, and what summaries say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.design import Design, DesignSpec
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.surv import EXACT, Surv
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array, rows_text
from statmodels_x.survival.likelihood import (
    CURE_KINDS,
    PARAMETERS,
    SurvivalArrays,
    row_scores,
    sample_arrays,
)
from statmodels_x.survival.specification import Specification

ZERO_WEIGHT = "weight of 0"
"""The reason under which rows without weight are counted as dropped."""

NO_WEIGHT = "`weights` is 0 in every row; give a positive weight to the rows to be used."

_SPREAD = 100_000


@dataclass(frozen=True)
class Sample:
    """The data of a fit: what pickling leaves out unless it is asked to keep it."""

    frame: ModelFrame = field(repr=False)
    response: Surv = field(repr=False)
    arrays: SurvivalArrays = field(repr=False)
    time_unit: str | None

    @property
    def has_frequency_weights(self) -> bool:
        """Whether the weights are whole numbers, and so count observations."""
        return bool(np.all(self.arrays.weight == np.round(self.arrays.weight)))

    @property
    def design_specs(self) -> dict[str, DesignSpec]:
        """How to build each parameter's columns."""
        return {parameter: design.spec for parameter, design in self.frame.designs.items()}

    def scores(self, theta: Array, by_cluster: bool) -> tuple[Array, Any]:
        """Score of each row, and the clusters that they are summed in."""
        return row_scores(theta, self.arrays), self.frame.columns["cluster"] if by_cluster else None

    def plateau_alpha(self) -> float | None:
        """Maller and Zhou's alpha; None for intervals, for which it is not defined."""
        return plateau_alpha(self.response, self.arrays.weight) if self.response.is_right_censored else None

    def facts(self) -> SampleFacts:
        """Count and summarise the data."""
        return sample_facts(self)


@dataclass(frozen=True)
class SampleFacts:
    """What summaries say of the data, kept with every result.

    Attributes
    ----------
    rows, used : int
        Rows given and rows used.
    dropped : dict of str to int
        Missing values by column.
    counts : dict of str to int
        Rows by kind of observation.
    weight : float
        Sum of the weights.
    events : int
        Events; with frequency weights the sum of their weights.
    last_time, last_event : float
        The longest follow-up, and the last time at which an event was seen.
    time_name, time_unit : str or None
    typical : dict
        Mean of each numeric covariate and the most frequent level of each other one.
    levels : dict
        Sorted values of each covariate with few values.
    partitions : int
        Of the Dask frame that the rows were read from; 0 for rows in memory.
    """

    rows: int
    used: int
    dropped: Mapping[str, int]
    counts: Mapping[str, int]
    weight: float
    events: int
    last_time: float
    last_event: float
    time_name: str
    time_unit: str | None
    typical: Mapping[str, Any]
    levels: Mapping[str, tuple[Any, ...]]
    partitions: int = 0


def survival_response(frame: ModelFrame) -> Surv:
    """Return the response of a frame, which must be one Surv."""
    if len(frame.response) != 1 or not isinstance(frame.response[0], Surv):
        raise DataError("formula: the response must be one Surv(...), for example Surv(time, status) ~ x.")
    return frame.response[0]


def checked_weights(frame: ModelFrame) -> Array | None:
    """Return the weights of a frame, if it has any, as numbers that are neither negative nor infinite."""
    if "weights" not in frame.columns:
        return None
    values = numeric_array(frame.columns["weights"], "weights", "FlexibleSurvival()")
    for bad, what in ((values < 0.0, "negative"), (~np.isfinite(values), "infinite")):
        if bad.any():
            raise DataError(
                f"`weights` is {what} in {rows_text(bad)}; case weights count observations: 0 or more."
            )
    return values


def model_arrays(
    specification: Specification, designs: Mapping[str, Design], response: Surv, weights: Array | None
) -> SurvivalArrays:
    """Put rows and model together as arrays for the likelihood, without limits of search."""
    fixed = specification.fixed
    offsets = tuple(
        _offset(designs[name].offset) if name in designs else fixed.get(name, 0.0) for name in PARAMETERS
    )
    matrices = tuple(designs[name].matrix if name in designs else None for name in PARAMETERS)
    wide = np.full(5, np.inf)
    cure = CURE_KINDS.index(specification.cure_kind)
    family = specification.own_family
    return sample_arrays(response, weights, matrices, offsets, -wide, wide, cure, family)


def _offset(offset: Array) -> float | Array:
    return offset if np.any(offset) else 0.0


def plateau_alpha(response: Surv, weight: Array) -> float:
    """Compute Maller and Zhou's alpha: few events in the last stretch before the last event speak against a plateau.

    Parameters
    ----------
    response : Surv
        Exact and right-censored times.
    weight : ndarray of shape (n,) or (0,)

    Returns
    -------
    float
        (1 - share of events after 2 t_event - t_last)^n; a plateau is supported where it is small.
    """
    counts = weight if len(weight) else np.ones(len(response))
    event, time = response.code == EXACT, response.time
    if not event.any():
        return 1.0
    recent = event & (time > 2.0 * float(time[event].max()) - float(time.max()))
    n = float(counts.sum())
    return float((1.0 - float(counts[recent].sum()) / n) ** n)


def sample_facts(sample: Sample) -> SampleFacts:
    """Count and summarise the data of a fit."""
    weights = sample.arrays.weight
    counted = sample.has_frequency_weights and len(weights) > 0
    frame, response = sample.frame, sample.response
    events = response.code != 0
    covariates = sorted({name for design in frame.designs.values() for name in design.spec.part.variables})
    return SampleFacts(
        rows=frame.n_rows,
        used=len(response),
        dropped=dict(frame.dropped),
        counts=response.counts(),
        weight=float(weights.sum()) if len(weights) else float(len(response)),
        events=round(weights[events].sum()) if counted else int(np.count_nonzero(events)),
        last_time=float(response.time.max()),
        last_event=float(response.time[events].max()),
        time_name=response.time_name,
        time_unit=sample.time_unit,
        typical={name: _typical(frame.data[name]) for name in covariates},
        levels={name: _few_values(frame.data[name]) for name in covariates},
    )


def without_data(facts: SampleFacts, remedy: str) -> str:
    """Say why a result has no data, and the remedy for one that had them."""
    if facts.partitions:
        return (
            "this model was fitted to a Dask frame, and its rows are not in memory: give new data where a method "
            "takes them, or fit it to a sample of the rows, frame.sample(frac=...).compute()."
        )
    return f"this result was loaded without its data; {remedy}"


def is_number(series: pd.Series) -> bool:
    """Whether a covariate is a number, and not a truth value."""
    return pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype)


def _typical(series: pd.Series) -> Any:
    return float(series.mean()) if is_number(series) else series.mode().iloc[0]


def _few_values(series: pd.Series, most: int = 7) -> tuple[Any, ...]:
    """All values if they are few; quartiles of a continuous column."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories.tolist())
    # a thousand rows tell a continuous column, whose distinct values would be slow to sort
    if not is_number(series) or series.iloc[:1000].nunique() <= most:
        values: Sequence[Any] = sorted(series.unique().tolist())
        if len(values) <= most or not is_number(series):
            return tuple(values)
    # so do evenly spread rows for its quartiles, which only say where to draw
    spread = series.to_numpy(float)[:: -(-len(series) // _SPREAD)]
    return tuple(float(q) for q in np.quantile(spread, [0.25, 0.5, 0.75]))
