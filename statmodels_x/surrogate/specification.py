"""What is asked and how it is estimated, checked once: frozen values that touch no data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from statmodels_x.core.data.formula import Part
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_count, check_number, check_seed

METHODS = ("crossfit", "full", "split")
EFFECTS = ("survival", "rmst")
_MOST_FOLDS = 50
INTERVALS = ("fieller", "normal", "quantile")
THIN = ("merge", "drop", "error")
STOPPING = ("arm", "ignore")
AFTER_END = ("error", "move", "drop")


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
    parts : dict of str to Part
        Right sides with covariates: of the ``propensity``, and of the time at which the surrogate event was no more
        looked for (``stopping``).
    stopping : {"arm", "ignore", "covariates"}
    after_end : {"error", "move", "drop"}
    trim : float
    """

    formula: str
    surrogate: str
    treated: Any
    control: Any
    columns: Mapping[str, Any]
    time_unit: str | None
    is_marker: bool = False
    parts: Mapping[str, Part] = field(default_factory=dict)
    stopping: str = "arm"
    after_end: str = "error"
    trim: float = 0.0


@dataclass(frozen=True)
class Settings:
    """How to estimate: method, folds, splits, bandwidth, the seed of the splits, Beale's correction, thin strata."""

    method: str = "crossfit"
    n_folds: int = 5
    n_splits: int = 3
    bandwidth: float | None = None
    seed: int = 0
    is_corrected: bool | None = True
    thin_strata: str = "merge"

    @property
    def corrects(self) -> bool:
        """Whether ratios are freed of their bias."""
        return bool(self.is_corrected)

    @property
    def n_parts(self) -> int:
        """Parts of the sample that are estimated on their own."""
        return 2 if self.method == "split" else 1


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


def check_settings(asked: Settings) -> Settings:
    """Return the settings checked, with the choice about the bias correction made.

    Raises
    ------
    DataError
        If one of them cannot be used.
    """
    check_choice("method", asked.method, METHODS, "fit()")
    if check_count("n_folds", asked.n_folds, 2) > _MOST_FOLDS:
        raise DataError(f"`n_folds` is {asked.n_folds}; give at most {_MOST_FOLDS}.")
    check_count("n_splits", asked.n_splits, 1)
    check_seed(asked.seed)
    check_choice("thin_strata", asked.thin_strata, THIN, "fit()")
    bandwidth, is_split = asked.bandwidth, asked.method == "split"
    if bandwidth is not None:
        bandwidth = check_number("bandwidth", bandwidth, low=0.0, high=1.0)
    if asked.is_corrected is not None and not isinstance(asked.is_corrected, bool):
        raise DataError(f"`bias_correction` is {asked.is_corrected!r}; give True, False or None.")
    if asked.is_corrected and is_split:
        raise DataError('`bias_correction` is not part of method="split"; use "crossfit", or leave it out.')
    is_corrected = not is_split if asked.is_corrected is None else asked.is_corrected
    return replace(
        asked,
        n_folds=int(asked.n_folds),
        n_splits=int(asked.n_splits),
        bandwidth=bandwidth,
        seed=int(asked.seed),
        is_corrected=is_corrected,
    )
