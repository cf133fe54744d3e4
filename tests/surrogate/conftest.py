"""Fixtures that the surrogate tests share."""

import importlib.util
import json
import os
import sys
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.surrogate.planning.simulate import PROCESSES

matplotlib.use("Agg")


@pytest.fixture(scope="session")
def extra() -> Path:
    """The folder with data and reference numbers that are not part of the package."""
    folder = os.environ.get("STATMODELS_X_EXTRA")
    if not folder:
        pytest.skip("STATMODELS_X_EXTRA does not name the folder with extra data and reference numbers")
    return Path(folder)


@pytest.fixture(scope="session")
def reference(extra):
    """Numbers printed by the authors' R packages."""
    return json.loads((extra / "reference" / "surrogate_reference.json").read_text())


@pytest.fixture(scope="session")
def published():
    """The published algorithm with its quirks, which lives with the benchmarks."""
    path = Path(__file__).parents[2] / "benchmarks" / "surrogate_published.py"
    spec = importlib.util.spec_from_file_location("surrogate_published", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["surrogate_published"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def event_example(extra):
    """The example of the R package SurrogateOutcome; surrogate times beyond follow-up stand in it as they are."""
    return pd.read_csv(extra / "data" / "surrogate_outcome_example.csv")


@pytest.fixture(scope="session")
def marker_example(extra):
    """The example of the R package Rsurrogate: a marker measured at time 1."""
    return pd.read_csv(extra / "data" / "rsurrogate_example.csv")


@pytest.fixture(scope="session")
def colon():
    """The colon cancer trial with times in years."""
    data = smx.datasets.load_colon()
    return data.assign(death=data["time_death"] / 365.25, recur=data["time_recur"] / 365.25)


@pytest.fixture(scope="session")
def trial_frame():
    """One trial of 300 an arm from process A."""
    return PROCESSES["A illness-death"].process.simulate(300, seed=11)


@pytest.fixture(scope="session")
def colon_fit(colon):
    """Recurrence and survival, landmark two years, outcome five years."""
    return smx.SurrogatePTE(
        "Surv(death, status_death) ~ rx",
        "Surv(recur, status_recur)",
        colon,
        at=5,
        landmark=2,
        treated="Lev+5FU",
        control="Obs",
    ).fit()


FORMULA, SURROGATE = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"


@pytest.fixture(scope="session")
def model_of():
    """Build a model on simulated columns."""

    def build(frame, at=3.0, landmark=1.0, **how):
        return smx.SurrogatePTE(FORMULA, SURROGATE, frame, at=at, landmark=landmark, **how)

    return build


@pytest.fixture(scope="session")
def quietly():
    """Call something and return its value, its warnings ignored."""

    def call(what, *args, **how):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", smx.core.errors.StatmodelsXWarning)
            return what(*args, **how)

    return call


@pytest.fixture(scope="session")
def fitted(trial_frame, model_of):
    """The default fit to the trial of process A."""
    return model_of(trial_frame).fit(n_perturb=200)


@pytest.fixture
def rng():
    return np.random.default_rng(20)
