"""The product-limit curve against lifelines, and by hand."""

import numpy as np
import pytest

from statmodels_x.core.product_limit import at_times, product_limit


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_curve_of_lifelines(late, weighted):
    lifelines = pytest.importorskip("lifelines")
    rng = np.random.default_rng(4)
    time, event = np.ceil(8.0 * rng.exponential(size=90)), rng.uniform(size=90) < 0.6
    entry = np.minimum(np.floor(3.0 * rng.uniform(size=90)), time - 1.0) if late else None
    weight = rng.integers(1, 4, 90).astype(float) if weighted else None
    curve = lifelines.KaplanMeierFitter().fit(time, event, weights=weight, entry=entry)
    grid = np.linspace(0.0, 30.0, 61)
    expected = curve.survival_function_at_times(grid).to_numpy()
    np.testing.assert_allclose(
        at_times(product_limit(time, event, weight, entry), grid), expected, rtol=1e-12
    )


def test_by_hand():
    times, survival = product_limit(np.array([1.0, 2.0, 2.0, 3.0]), np.array([True, True, False, True]))
    assert times.tolist() == [0.0, 1.0, 2.0, 3.0]
    np.testing.assert_allclose(survival, [1.0, 3 / 4, 3 / 4 * 2 / 3, 0.0])
    fractional = product_limit(np.array([1.0, 2.0]), np.array([True, False]), np.array([0.5, 1.5]))[1]
    np.testing.assert_allclose(fractional, [1.0, 0.75, 0.75])
