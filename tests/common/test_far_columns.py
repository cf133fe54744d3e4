"""Numbers far from 0, and in units far from 1: the same criterion, and mapped the same results; in every room."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXWarning

pytestmark = pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")
N = 120
MOVES = [(0.0, 1e-200), (0.0, 1e200), (1e10, 1.0), (-1e10, 1e-100)]


def trial():
    rng = np.random.default_rng(12)
    arm, z = np.arange(N) % 2, rng.normal(size=N)
    death = rng.exponential(np.exp(0.5 * arm + 0.3 * z))
    early, end = rng.exponential(np.exp(0.4 * arm - 0.3 * z)), rng.uniform(2.0, 6.0, N)
    time = np.minimum(death, end)
    columns = {"t": time, "d": (death <= end).astype(int), "e": np.minimum(early, time), "arm": arm, "z": z}
    return pd.DataFrame(columns | {"s": (early < time).astype(int)})


def moved(frame, shift, factor, name="z"):
    return frame.assign(**{name: (frame[name] + shift) * factor})


# ---- multistate


def states(frame, cov_type=None, **options):
    data = smx.MultiStateData.from_wide(frame, {"ill": ("e", "s"), "dead": ("t", "d")}, keep=["z"])
    return smx.MultiState("~ z", data, "reset", "weibull", **options).fit(cov_type=cov_type)


@pytest.mark.parametrize(("shift", "factor"), MOVES)
@pytest.mark.parametrize("cov_type", [None, "cluster"])
def test_multistate(shift, factor, cov_type):
    near, far = states(trial(), cov_type), states(moved(trial(), shift, factor), cov_type)
    assert far.llf == pytest.approx(near.llf, abs=1e-4)
    slopes = [label for label in near.params.index if label[-1] == "z"]
    assert_allclose(far.params[slopes] * factor, near.params[slopes], rtol=1e-4)
    assert_allclose(far.bse[slopes] * factor, near.bse[slopes], rtol=1e-4)
    new = pd.DataFrame({"z": [-1.0, 0.5]})
    for kind in ("occupancy", "stay", "occupancy_difference"):
        more = {"at": [1.0, 3.0], "reference": None}
        one, two = (
            fit.predict(d, kind, **more | ({"reference": d[:1]} if "diff" in kind else {}))
            for fit, d in ((near, new), (far, moved(new, shift, factor)))
        )
        assert_allclose(two["estimate"], one["estimate"], atol=1e-5)
        assert_allclose(two["std_error"], one["std_error"], rtol=1e-3, atol=1e-7)
    drawn = [
        fit.predict(d, at=[1.0], method="simulation", n_draws=400, seed=1)["std_error"]
        for fit, d in ((near, new), (far, moved(new, shift, factor)))
    ]
    assert_allclose(*drawn, rtol=0.25)


def test_anything_derived_from_a_multistate_fit():
    def at(where):
        return lambda fit: fit.predict(where, at=[1.0], start="ill")["estimate"].iloc[0]

    new = pd.DataFrame({"z": [0.5]})
    near, far = states(trial()), states(moved(trial(), 1e10, 1e-100))
    one, two = near.derive(at(new)), far.derive(at(moved(new, 1e10, 1e-100)))
    assert_allclose(two, one, atol=1e-5)


# ---- tests of hypotheses: of all results with a likelihood


def both(formula, shift, factor):
    frames = trial(), moved(trial(), shift, factor)
    return [smx.FlexibleSurvival(formula, frame, "weibull").fit() for frame in frames]


@pytest.mark.parametrize(("shift", "factor"), MOVES)
def test_wald_tests(shift, factor):
    frame = trial()
    near, far = both("Surv(t, d) ~ z + arm", shift, factor)
    for text in ("ph.z = 0", "ph.z = 0, ph.arm = 0"):
        one, two = near.wald_test(text), far.wald_test(text)
        assert_allclose(two["statistic"], one["statistic"], rtol=1e-4)
        assert_allclose(two["p.value"], one["p.value"], rtol=1e-3)
    size = 0.3 / factor
    matrix = np.eye(4)[[1]]
    assert_allclose(
        far.wald_test(matrix, [size])["statistic"], near.wald_test(matrix, [0.3])["statistic"], rtol=1e-4
    )
    near, far = states(frame), states(moved(frame, shift, factor))
    text = "`event_free -> ill.ph.z` = 0, `event_free -> dead.ph.z` = 0"
    assert_allclose(far.wald_test(text)["statistic"], near.wald_test(text)["statistic"], rtol=1e-4)


@pytest.mark.parametrize(
    ("factor", "variance"), [(1e-200, np.inf), (1e200, 0.0), (1e-150, 1e300), (1e150, 1e-300)]
)
def test_a_covariance_beyond_the_range_of_numbers_is_said(factor, variance):
    near, far = both("Surv(t, d) ~ z", 0.0, factor)
    label = ("ph", "z")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", StatmodelsXWarning)
        found = far.cov_params()
    if variance in (0.0, np.inf):
        assert found.loc[label, label] == variance
        assert "cov_params: the variance of ('ph', 'z') is beyond" in str(said[0].message)
    else:
        assert not said
        assert_allclose(found.loc[label, label] / variance, near.covariance.loc[label, label], rtol=1e-4)
    pair = label, ("ph", "Intercept")
    assert_allclose(found.loc[pair] * factor, near.covariance.loc[pair], rtol=1e-3)
    assert_allclose(far.bse[label] * factor, near.bse[label], rtol=1e-4)
