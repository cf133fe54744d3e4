"""Formulas split and built, and what their refusal says."""

import pandas as pd
import pytest

from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.data.model_frame import build_frame
from statmodels_x.core.data.surv import Surv
from statmodels_x.core.errors import FormulaError

DATA = pd.DataFrame(
    {
        "y": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        "x": [1.0, 2.5, 3.0, 5.0, 4.0, 0.5, 2.0, 7.0],
        "z": [1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0],
        "g": list("abcabcab"),
        "time": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0],
        "status": [1, 2, 1, 2, 1, 2, 1, 2],
        "ph.ecog": [0.0, 1.0, 2.0, 1.0, 0.0, 2.0, 1.0, 1.0],
        "wt loss (kg)": [1.0, 2.0, 0.0, 5.0, 4.0, 3.0, 7.0, 6.0],
    }
)


def run(text: str):
    """Split and build, as a model does."""
    response, part = split_formula(text)
    return build_frame(DATA, response, {"rate": part}, functions={"Surv": Surv})


def refusal(text) -> str:
    with pytest.raises(FormulaError) as caught:
        split_formula(text)
    return str(caught.value)
