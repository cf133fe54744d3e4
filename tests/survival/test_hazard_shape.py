"""The shape of the family's hazard: constant, monotone, unimodal or bathtub, and where it turns."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from statmodels_x import APGW

INF = math.inf


def scanned_shape(law):
    """Shape of the hazard on a fine grid that reaches far into both tails."""
    log_t = np.linspace(-40.0, 40.0, 40_001) / float(law.gamma) - math.log(float(law.phi))
    log_h = law.log_hazard(np.exp(log_t))
    log_h = log_h[np.isfinite(log_h) & (np.abs(log_h) < 1e6)]
    steps = np.diff(log_h)
    signs = np.sign(np.where(np.abs(steps) < 1e-12, 0.0, steps))
    signs = signs[signs != 0.0]
    if not len(signs):
        return "constant"
    runs = signs[np.concatenate([[True], signs[1:] != signs[:-1]])].tolist()
    known = {(1.0,): "increasing", (-1.0,): "decreasing", (1.0, -1.0): "up-down", (-1.0, 1.0): "down-up"}
    return known[tuple(runs)]


@given(
    gamma=st.one_of(st.floats(0.3, 4.0), st.just(1.0)),
    kappa=st.one_of(st.floats(-0.9, 5.0), st.sampled_from([0.0, 1.0, INF])),
    phi=st.floats(0.1, 10.0),
    lam=st.floats(0.1, 10.0),
)
@settings(max_examples=150, deadline=None)
def test_hazard_shape_against_a_scan(gamma, kappa, phi, lam):
    # near the borders the turning point lies beyond every grid
    assume(gamma == 1.0 or abs(gamma - 1.0) > 1e-2)
    assume(kappa == INF or kappa == 1.0 == gamma or abs(kappa * gamma - 1.0) > 1e-2)
    law = APGW(phi, lam, gamma, kappa)
    assert law.hazard_shape() == scanned_shape(law)


@pytest.mark.parametrize(
    ("gamma", "kappa", "shape"),
    [
        (1.0, 1.0, "constant"),
        (2.0, 1.0, "increasing"),
        (0.5, 1.0, "decreasing"),
        (1.0, 2.0, "increasing"),
        (1.0, 0.5, "decreasing"),
        (2.0, 0.5, "increasing"),
        (0.5, 2.0, "decreasing"),
        (2.0, 0.0, "up-down"),
        (2.0, -0.5, "up-down"),
        (0.5, 5.0, "down-up"),
        (0.5, INF, "down-up"),
        (1.0, INF, "increasing"),
        (0.9, 0.0, "decreasing"),
    ],
)
def test_hazard_shapes(gamma, kappa, shape):
    law = APGW(2.0, 0.3, gamma, kappa)
    assert law.hazard_shape() == shape
    assert np.isfinite(law.turning_point()) == ("-" in shape)
    assert np.isnan(law.turning_point()) == ("-" not in shape)


@pytest.mark.parametrize(("gamma", "kappa"), [(2.0, 0.1), (3.0, -0.4), (0.5, 4.0), (0.5, INF), (1.5, 0.0)])
def test_turning_point(gamma, kappa):
    law = APGW(0.4, 1.3, gamma, kappa)
    t = float(law.turning_point())
    sides = law.log_hazard(t * np.array([0.98, 0.999, 1.0, 1.001, 1.02]))
    sign = 1.0 if law.hazard_shape() == "up-down" else -1.0
    assert np.argmax(sign * sides) == 2
    slope = (law.log_hazard(t * 1.0001) - law.log_hazard(t * 0.9999)) / 2e-4
    assert_allclose(slope, 0.0, atol=1e-6)
