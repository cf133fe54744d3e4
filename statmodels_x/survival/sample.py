"""The data of a fit, and what summaries say of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.design import ModelFrame
from statmodels_x.core.surv import Surv
from statmodels_x.survival.likelihood import SurvivalArrays


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


def _is_number(series: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype)


def _typical(series: pd.Series) -> Any:
    return float(series.mean()) if _is_number(series) else series.mode().iloc[0]


def _few_values(series: pd.Series, most: int = 7) -> tuple[Any, ...]:
    """All values if they are few; quartiles of a continuous column."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories.tolist())
    # a thousand rows tell a continuous column, whose distinct values would be slow to sort
    if not _is_number(series) or series.iloc[:1000].nunique() <= most:
        values: Sequence[Any] = sorted(series.unique().tolist())
        if len(values) <= most or not _is_number(series):
            return tuple(values)
    return tuple(float(q) for q in np.quantile(series.to_numpy(float), [0.25, 0.5, 0.75]))
