"""What was estimated over a grid of times: frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from statmodels_x.core.fits.results import Fitted
from statmodels_x.surrogate.fitting.proportions import Inference
from statmodels_x.surrogate.sample import TrialFacts
from statmodels_x.surrogate.specification import Question


@dataclass(frozen=True, eq=False, kw_only=True)
class GridFitted(Fitted):
    """Estimates of the PTE and related quantities at pairs of times, from common perturbed samples.

    Attributes
    ----------
    question : Question
        What was asked in the fit that the grid extends.
    facts : TrialFacts
        Counts of rows, arms and events of that fit.
    pairs : tuple of (float, float)
        Time t and landmark of each pair that was estimated.
    inferences : tuple of Inference
        Estimates of each pair. Internal.
    refusals : DataFrame
        The table behind :attr:`LandmarkGrid.refused`. Internal.
    """

    question: Question
    facts: TrialFacts = field(repr=False)
    pairs: tuple[tuple[float, float], ...] = field(repr=False)
    inferences: tuple[Inference, ...] = field(repr=False)
    refusals: pd.DataFrame = field(repr=False)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # version 0.1 had the table under the name of what hands it out now
        state = {("refusals" if name == "refused" else name): value for name, value in state.items()}
        self.__dict__.update({"findings": (), "sample": None, "keep_data": False, **state})
