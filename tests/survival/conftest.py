"""Fixtures that the survival tests share."""

import json
import os
import sys
from pathlib import Path

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")

# the same examples in every run: a failure here is a change of the code
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def extra() -> Path:
    """The folder with data and reference numbers that are not part of the package."""
    folder = os.environ.get("STATMODELS_X_EXTRA")
    if not folder:
        pytest.skip("STATMODELS_X_EXTRA does not name the folder with extra data and reference numbers")
    return Path(folder)


@pytest.fixture(scope="session")
def reference(extra):
    """Fits of an independent prototype."""
    return json.loads((extra / "reference" / "survival_reference.json").read_text())


@pytest.fixture(scope="session")
def oracle(extra):
    """Fits of an independent implementation in R."""
    return json.loads((extra / "reference" / "survival_oracle_r.json").read_text())


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
