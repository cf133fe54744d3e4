"""A calendar year as a covariate: predictions do not depend on where its 0 is."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx

EVENTS = {"progressed": ("pfs", "prog"), "dead": ("os", "died")}
pytestmark = pytest.mark.filterwarnings("ignore::statmodels_x.errors.IdentificationWarning")


def fitted(frame, shift, cov_type):
    year = np.random.default_rng(3).integers(0, 6, len(frame)) + shift
    data = smx.MultiStateData.from_wide(frame.assign(year=year), EVENTS)
    return smx.MultiState("~ year", data, distribution="weibull", scale="ph").fit(cov_type=cov_type)


@pytest.mark.parametrize("shift", [2010.0, 1e5])
@pytest.mark.parametrize("cov_type", [None, "cluster"])
def test_predictions_and_errors_are_the_same(frame, shift, cov_type):
    near, far = fitted(frame, 0.0, cov_type), fitted(frame, shift, cov_type)
    assert far.llf == pytest.approx(near.llf, abs=1e-6)
    assert any(fit.inner is not None for fit in far.fits.values())
    new = pd.DataFrame({"year": [0.0, 3.0]})
    one = near.predict(new, kind="occupancy", at=[1.0, 2.0])
    two = far.predict(new + shift, kind="occupancy", at=[1.0, 2.0])
    np.testing.assert_allclose(two["estimate"], one["estimate"], atol=1e-6)
    np.testing.assert_allclose(two["std_error"], one["std_error"], rtol=1e-3, atol=1e-8)
    slopes = [label for label in near.params.index if label[-1] == "year"]
    np.testing.assert_allclose(far.bse[slopes], near.bse[slopes], rtol=1e-4)
