"""A slice of the study of random frames, formulas and options: fits, or errors of the package, and nothing else."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def fuzz():
    for name in ("chunks", "fuzz"):
        spec = spec_from_file_location(name, BENCHMARKS / f"{name}.py")
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules["fuzz"]


@pytest.mark.parametrize("part", range(5))
def test_what_comes_out_holds_or_is_an_error_of_the_package(fuzz, part):
    rows = [fuzz.one_case(np.random.default_rng([20, part, k])) for k in range(14)]
    odd = [row for row in rows if row["ended"] in ("foreign", "broken") or row["leaked"]]
    assert odd == []
    assert {row["ended"] for row in rows} == {"fit", "refused"}
