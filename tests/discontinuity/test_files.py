"""Results of version 0.1, saved before the modules moved, are read."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import statmodels_x as smx

GOLDEN = Path(__file__).parent / "golden"
spec = importlib.util.spec_from_file_location("make_golden", GOLDEN / "make_golden.py")
made = importlib.util.module_from_spec(spec)
spec.loader.exec_module(made)


@pytest.mark.filterwarnings("ignore:load")  # of the version that wrote it
def test_an_old_surface_is_read():
    old = smx.load(GOLDEN / "surface.smx", trust=True)
    new = smx.FreeDiscontinuity(made.image(), lam=30.0, nu=0.1, noise=0.1).fit()
    np.testing.assert_allclose(old.surface, new.surface, rtol=1e-6)
    np.testing.assert_allclose(old.jumps["size"], new.jumps["size"], rtol=1e-6)
    assert str(old.summary()) == str(new.summary())
    assert type(old) is type(new)


@pytest.mark.filterwarnings("ignore:load")
def test_an_old_curve_is_read():
    old, new = smx.load(GOLDEN / "curve.smx", trust=True), smx.FreeDiscontinuity(made.signal()).fit()
    np.testing.assert_allclose(old.curve, new.curve, atol=1e-4)
    np.testing.assert_allclose(old.jumps["lower"], new.jumps["lower"], atol=1e-3)
    np.testing.assert_allclose(old.tidy(0.5)["conf.low"], new.tidy(0.5)["conf.low"], atol=1e-3)
    assert repr(old) == repr(new)
