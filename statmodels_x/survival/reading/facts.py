"""What summaries say of the data of a fit."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.columns import in_order
from statmodels_x.core.data.model_frame import ModelFrame
from statmodels_x.core.data.surv import EXACT, Surv
from statmodels_x.core.typing import Array

PLATEAU_LEVEL = 0.05
"""Maller and Zhou's alpha from which follow-up does not support a plateau."""

_SPREAD = 50_000
_ROUNDING = 1e-12
FEW = 7
"""A covariate with more values than these is continuous: it is drawn at its quartiles and held at its mean."""
_CODED = re.compile(r"\bC\(\s*`?([^\W\d]\w*)`?\s*[,)]")


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
        Mean of each continuous covariate; of one with few values, such as 0 and 1, and of a category the most
        frequent value.
    levels : dict
        Sorted values of each covariate with few values.
    partitions : int
        Of the Dask frame that the rows were read from; 0 for rows in memory.
    fingerprint : tuple of float
        Sums that tell samples apart; see :mod:`~statmodels_x.survival.reading.fingerprint`.
    clusters : int
        How many there are; 0 for none.
    aside : tuple of (str, object, int)
        Variables with a level in which no event was seen, the level, and its rows, which say no more.
    lost : int
        How many coefficients went with them.
    expected : float
        Events that the background is expected to bring; 0 where there is none, or only its rate is known.
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
    fingerprint: tuple[float, ...] = field(default_factory=tuple)
    clusters: int = 0
    aside: tuple[tuple[str, Any, int], ...] = ()
    lost: int = 0
    expected: float = 0.0

    @classmethod
    def with_later(cls, later: Callable[[], Mapping[str, Any]], **known: Any) -> SampleFacts:
        """Return facts of which those in ``LATER`` are computed when they are first asked for.

        Sorting and summing all covariates takes a fifth of a fit to many rows, and most fits are never asked. Copies,
        pickles and files have them.
        """
        facts = cls(**known, typical={}, levels={})
        for name in LATER:
            del facts.__dict__[name]
        facts.__dict__["_later"] = later
        return facts

    def __getattr__(self, name: str) -> Any:
        later = self.__dict__.get("_later")
        if later is None and name == "fingerprint":
            return ()  # in files of version 0.1, which had none
        if name not in LATER or later is None:
            raise AttributeError(f"SampleFacts has no {name}")
        self.__dict__.update(later())
        self.__dict__.pop("_later", None)
        return self.__dict__[name]

    def __getstate__(self) -> dict[str, Any]:
        return {entry.name: getattr(self, entry.name) for entry in fields(self)}


LATER = ("typical", "levels", "fingerprint")


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


def sample_facts(
    frame: ModelFrame,
    response: Surv,
    weights: Array,
    time_unit: str | None,
    waves: Callable[[], Array],
    **known: Any,
) -> SampleFacts:
    """Count and summarise the rows of a fit.

    Parameters
    ----------
    frame : ModelFrame
    response : Surv
    weights : ndarray of shape (n,) or (0,)
        Empty where there are none.
    time_unit : str or None
    waves : callable
        Returns the fingerprint.
    **known
        Further facts.
    """
    counted = len(weights) > 0 and are_counts(weights)
    events, time = response.code != 0, response.time

    def later() -> Mapping[str, Any]:
        coded = coded_columns(design.spec.part.text for design in frame.designs.values())
        covariates = sorted(
            {name for design in frame.designs.values() for name in design.spec.part.variables}
        )
        return {
            "typical": {name: _typical(frame.data[name], name in coded) for name in covariates},
            "levels": {name: _few_values(frame.data[name]) for name in covariates},
            "fingerprint": tuple(waves().tolist()),
        }

    return SampleFacts.with_later(
        later,
        rows=frame.n_rows,
        used=len(response),
        dropped=dict(frame.dropped),
        counts=response.counts(),
        weight=float(weights.sum()) if len(weights) else float(len(response)),
        events=round(weights[events].sum()) if counted else int(np.count_nonzero(events)),
        last_time=float(time.max()),
        last_event=float(np.where(events, time, 0.0).max()),
        time_name=response.time_name,
        time_unit=time_unit,
        **known,
    )


def are_counts(weights: Array) -> bool:
    """Whether every weight is a whole number, and so counts observations."""
    return bool(np.all(weights == np.round(weights)))


def is_number(series: pd.Series) -> bool:
    """Whether a covariate is a number, and not a truth value."""
    return pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype)


def coded_columns(texts: Iterable[str]) -> set[str]:
    """Names of columns that formulas read as categories, ``C(name)``: their mean is no value of theirs."""
    return {name for text in texts for name in _CODED.findall(text)}


def _typical(series: pd.Series, is_coded: bool) -> Any:
    """Choose a value at which a covariate is held: no patient has the mean of 0 and 1."""
    if not is_number(series) or is_coded:
        return series.mode().iloc[0]
    if not _is_continuous(series):
        return series.mode().tolist()[0]
    mean = float(series.mean())
    return mean if abs(mean) > _ROUNDING * float(series.abs().max()) else 0.0  # centred, up to rounding


def _is_continuous(series: pd.Series) -> bool:
    # a thousand rows tell a continuous column, whose distinct values would be slow to sort
    return bool(series.iloc[:1000].nunique() > FEW or series.nunique() > FEW)


def _few_values(series: pd.Series) -> tuple[Any, ...]:
    """All values if they are few; quartiles of a continuous column."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories.tolist())
    if not is_number(series) or not _is_continuous(series):
        return tuple(in_order(series.unique().tolist()))
    # so do evenly spread rows for its quartiles, which only say where to draw
    spread = series.to_numpy(float)[:: -(-len(series) // _SPREAD)]
    return tuple(float(q) for q in np.quantile(spread, [0.25, 0.5, 0.75]))
