"""Parameters of simulated systems are found again."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx

pytestmark = pytest.mark.search

WIDE = pytest.mark.filterwarnings("ignore::statmodels_x.core.errors.IdentificationWarning")


@pytest.fixture(scope="module")
def data():
    return smx.datasets.load_paramecium()


def gower_step(w):
    return np.array(
        [2.2 * w[0] / (1 + 0.003 * w[0] + 0.002 * w[1]), 1.9 * w[1] / (1 + 0.0025 * w[0] + 0.0045 * w[1])]
    )


def predation_step(w):
    eaten, gained = 0.56 * w[1], 0.076 * w[0] / (1 + 0.003 * w[0])
    return np.array([(1.57 * w[0] - eaten) / (1 + 0.0013 * w[0]), 0.57 * w[1] / (1 + 0.0037 * w[1]) + gained])


# options, step, start, truth
RECOVERY = {
    "competition, Leslie-Gower": (
        {"density": "leslie-gower"},
        gower_step,
        [3.0, 4.0],
        {
            ("fecundity", "x"): 2.2,
            ("fecundity", "y"): 1.9,
            ("crowding", "x_on_x"): 0.003,
            ("crowding", "y_on_x"): 0.002,
            ("crowding", "x_on_y"): 0.0025,
            ("crowding", "y_on_y"): 0.0045,
        },
    ),
    "competition, linear": (
        {},
        lambda w: np.array([1.06 * w[0] - 0.02 * w[1], 1.05 * w[1] - 0.015 * w[0]]),
        [120.0, 90.0],
        {
            ("fecundity", "x"): 1.06,
            ("fecundity", "y"): 1.05,
            ("coupling", "y_on_x"): 0.02,
            ("coupling", "x_on_y"): 0.015,
        },
    ),
    "predation, linear": (
        {"interaction": "predation"},
        lambda w: np.array([1.05 * w[0] - 0.08 * w[1], 0.93 * w[1] + 0.05 * w[0]]),
        [200.0, 40.0],
        {
            ("fecundity", "x"): 1.05,
            ("fecundity", "y"): 0.93,
            ("coupling", "y_on_x"): 0.08,
            ("coupling", "x_on_y"): 0.05,
        },
    ),
    "complex": (
        {"interaction": "complex"},
        lambda w: np.array([1.02 * w[0] - 0.05 * w[1], 1.02 * w[1] + 0.05 * w[0]]),
        [300.0, 20.0],
        {("fecundity", "both"): 1.02, ("coupling", "both"): 0.05},
    ),
    "predation, Leslie-Gower": (
        {"interaction": "predation", "density": "leslie-gower"},
        predation_step,
        [83.0, 160.0],
        {
            ("fecundity", "x"): 1.57,
            ("fecundity", "y"): 0.57,
            ("coupling", "y_on_x"): 0.56,
            ("coupling", "x_on_y"): 0.076,
            ("crowding", "x_on_x"): 0.0013,
            ("crowding", "y_on_y"): 0.0037,
            ("saturation", "x"): 0.003,
        },
    ),
}


@WIDE
@pytest.mark.parametrize("case", list(RECOVERY))
def test_parameters_are_recovered(case):
    """From counts without error exactly; with errors of 3 % within four standard errors."""
    options, step, start, truth = RECOVERY[case]

    def build(frame):
        return smx.LeslieInteraction("x + y ~ t", frame, **options)

    w = [np.array(start)]
    for _ in range(26):
        w.append(step(w[-1]))
    w = np.array(w)
    assert (w > 0).all()
    exact = build(pd.DataFrame({"t": range(27), "x": w[:, 0], "y": w[:, 1]})).fit(n_starts=30)
    for name, value in truth.items():
        assert exact.params[name] == pytest.approx(value, rel=2e-2, abs=1e-4), name
    rng = np.random.default_rng(11)
    noisy = w + 0.03 * w.mean(axis=0) * rng.normal(size=w.shape)
    fit = build(pd.DataFrame({"t": range(27), "x": noisy[:, 0], "y": noisy[:, 1]}).clip(lower=0)).fit(
        n_starts=30
    )
    for name, value in truth.items():
        if np.isfinite(fit.bse[name]):
            assert abs(fit.params[name] - value) < 4 * fit.bse[name] + 1e-4, name
    assert fit.bse[list(truth)].notna().sum() >= len(truth) - 1


@WIDE
def test_complex_model_with_classes_is_fitted_to_its_own_data():
    A = np.array([[0.3, 1.1], [0.65, 0.0]])
    B = 0.05 * np.eye(2)
    x, y, rows = np.array([120.0, 80.0]), np.array([20.0, 10.0]), []
    for t in range(20):
        rows.append((t, x.sum(), y.sum()))
        x, y = A @ x - B @ y, A @ y + B @ x
    data = pd.DataFrame(rows, columns=["t", "re", "im"])
    fit = smx.LeslieInteraction("re + im ~ t", data, "complex", ages=2).fit(n_starts=40)
    assert fit.rsquared.min() > 0.9999
    assert fit.params["coupling", "both"] == pytest.approx(0.05, rel=0.02)
    assert fit.invariants().loc["growth_alone", "estimate"] == pytest.approx(
        np.abs(np.linalg.eigvals(A)).max(), rel=1e-3
    )
