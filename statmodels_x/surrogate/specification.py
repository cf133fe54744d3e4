"""What is asked and how it is estimated, checked once: frozen values that touch no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_number

METHODS = ("crossfit", "full", "split")
EFFECTS = ("survival", "rmst")
INTERVALS = ("fieller", "normal", "quantile")


@dataclass(frozen=True)
class Choice:
    """What the user asked to be read.

    Attributes
    ----------
    formula, surrogate : str
    treated, control : object
        Labels of the arms, or None.
    columns : dict of str to (str, array_like or None)
        ``weights``, ``propensity``, ``strata``, ``cluster`` and ``id``.
    time_unit : str or None
    is_marker : bool
        Whether the surrogate is a marker measured at the landmark instead of an event.
    """

    formula: str
    surrogate: str
    treated: Any
    control: Any
    columns: Mapping[str, Any]
    time_unit: str | None
    is_marker: bool = False


@dataclass(frozen=True)
class Settings:
    """How to estimate: method, folds, splits, bandwidth, the seed of the splits, and Beale's correction or not."""

    method: str = "crossfit"
    n_folds: int = 5
    n_splits: int = 3
    bandwidth: float | None = None
    seed: int = 0
    is_corrected: bool = True


@dataclass(frozen=True)
class Question:
    """What was asked: formula, times, outcome and estimator.

    Attributes
    ----------
    formula, surrogate : str
    at, landmark : float
    effect : {"survival", "rmst"}
    settings : Settings
    n_perturb, seed : int
    """

    formula: str
    surrogate: str
    at: float
    landmark: float
    effect: str
    settings: Settings
    n_perturb: int
    seed: int


def check_times(at: Any, landmark: Any) -> tuple[float, float]:
    """Return ``at`` and ``landmark`` as numbers; DataError unless 0 < landmark <= at."""
    at = check_number("at", at, low=0.0, high=np.inf)
    landmark = check_number("landmark", landmark, low=0.0, high=np.inf)
    if landmark > at:
        raise DataError(
            f"`landmark` is {landmark:g}, after `at` = {at:g}; the surrogate must be read before the outcome: give a "
            "landmark of at most `at`."
        )
    return at, landmark
