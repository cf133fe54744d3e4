"""Designs built from a frame of every kind of column."""

import numpy as np
import pandas as pd

from statmodels_x.core.data.design import Design
from statmodels_x.core.data.formula import right_side, split_formula
from statmodels_x.core.data.model_frame import ModelFrame, build_frame
from statmodels_x.core.data.surv import Surv


def frame(n=30, seed=0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "time": rng.exponential(size=n) + 0.1,
            "status": rng.integers(0, 2, n),
            "age": rng.normal(60, 8, n),
            "dose": rng.uniform(1, 3, n),
            "arm": np.resize(["b", "a", "c"], n),
            "stage": np.resize([3, 1, 2, 1], n),
            "male": rng.uniform(size=n) < 0.5,
            "wt loss (kg)": rng.normal(size=n),
        }
    )


def build(side, data=None, *, columns=None, response="Surv(time, status)", **others) -> ModelFrame:
    response, part = split_formula(f"{response} ~ {side}")
    parts = {"rate": part} | {name: right_side(text, name) for name, text in others.items()}
    return build_frame(frame() if data is None else data, response, parts, columns, {"Surv": Surv})


def design(side, data=None, **kwargs) -> Design:
    return build(side, data, **kwargs).designs["rate"]
