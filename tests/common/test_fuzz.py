"""A fast slice of the fuzzing study: whatever the frame, names, formula and options, a fit or an error of ours."""

import importlib.util
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"
spec = importlib.util.spec_from_file_location("fuzz", PATH)
fuzz = sys.modules["fuzz"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fuzz)

FIRST = 100_000  # beyond the cases of the study


@pytest.mark.parametrize("chunk", range(12))
def test_every_case_is_fitted_or_refused(chunk):
    found = [
        (number, case["room"], case["outcome"], case["why"])
        for number in range(FIRST + 10 * chunk, FIRST + 10 * chunk + 10)
        if (case := fuzz.one_case(np.random.default_rng([fuzz.SEED, number])))["outcome"]
        not in ("fitted", "refused")
    ]
    assert not found


class Spoiled:
    """A result that does what none should."""

    converged, llf, pvalues = True, 0.0, np.array([])

    def summary(self):
        return ""

    tidy = glance = summary


@pytest.mark.parametrize(
    ("spoil", "outcome"),
    [
        (lambda frame: (_ for _ in ()).throw(KeyError("x")), "foreign"),
        (
            lambda frame: warnings.warn("of another library", RuntimeWarning, stacklevel=1) or Spoiled(),
            "leaked",
        ),
        (lambda frame: frame.insert(0, "new", 1) or Spoiled(), "broken"),
    ],
)
def test_what_should_not_be_is_found(spoil, outcome, monkeypatch):
    frame = pd.DataFrame({"x": [1.0, 2.0]})
    monkeypatch.setattr(fuzz, "ROOMS", {name: lambda rng: (frame, spoil, {}) for name in fuzz.ROOMS})
    monkeypatch.setattr(fuzz, "VERBS", {name: [lambda fit, data: None] for name in fuzz.VERBS})
    assert fuzz.one_case(np.random.default_rng(0))["outcome"] == outcome
