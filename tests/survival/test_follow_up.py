"""The end of follow-up: Maller and Zhou's test by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import DataError, FollowUpWarning


def test_melanoma_by_arm():
    fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", smx.datasets.load_melanoma()).fit()
    table = fit.follow_up(by="treatment")
    assert list(table.index) == [0, 1]
    # control: one event in (2 * 8.26301 - 9.64384, 8.26301]
    assert table.loc[0, "alpha"] == pytest.approx((1 - 1 / 140) ** 140)
    assert not table.loc[0, "sufficient"]
    assert table.loc[1, "sufficient"]
    assert table.loc[1, "at_risk_after"] == 40


@pytest.mark.filterwarnings("ignore:6 events for 2 parameters")
def test_counts_by_hand():
    data = pd.DataFrame({"time": [1.0, 2, 3, 4, 5, 6, 10, 10], "status": [1, 1, 1, 1, 1, 1, 0, 0]})
    fit = smx.FlexibleSurvival("Surv(time, status) ~ 1", data, distribution="weibull").fit()
    row = fit.follow_up().iloc[0]
    # the last stretch is (2 * 6 - 10, 6] = (2, 6]: events at 3, 4, 5, 6
    assert row["alpha"] == pytest.approx((1 - 4 / 8) ** 8)
    assert (row["last_event"], row["last_time"], row["at_risk_after"]) == (6.0, 10.0, 2.0)
    assert row["kaplan_meier_end"] == pytest.approx(0.25)
    twice = smx.FlexibleSurvival(
        "Surv(time, status) ~ 1", data, distribution="weibull", weights=np.full(8, 2)
    ).fit()
    assert twice.follow_up()["alpha"].iloc[0] == pytest.approx((1 - 8 / 16) ** 16)


def test_unknown_column():
    fit = smx.FlexibleSurvival("Surv(time, status) ~ 1", smx.datasets.load_melanoma()).fit()
    with pytest.raises(DataError, match="'arm'"):
        fit.follow_up(by="arm")


def test_a_cure_model_warns_of_short_follow_up():
    data = smx.datasets.load_melanoma()
    model = smx.FlexibleSurvival("Surv(time, status) ~ 1", data, distribution="weibull", cure="~ 1")
    with pytest.warns(FollowUpWarning, match="alpha is 0.367"):
        model.fit()


def test_a_cure_model_is_silent_where_the_plateau_is_long():
    rng = np.random.default_rng(5)
    cured = rng.uniform(size=300) < 0.4
    event = np.where(cured, np.inf, rng.weibull(1.5, 300))
    data = pd.DataFrame({"time": np.minimum(event, 20.0), "status": (event < 20.0).astype(int)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit = smx.FlexibleSurvival("Surv(time, status) ~ 1", data, distribution="weibull", cure="~ 1").fit()
    assert fit.follow_up()["sufficient"].all()


def test_median_follow_up_is_that_of_reverse_kaplan_meier():
    """As R 4.2's survfit(Surv(time, status == 1) ~ 1, lung): 1 is censored there."""
    fit = smx.FlexibleSurvival("Surv(time, status) ~ sex", smx.datasets.load_lung()).fit()
    assert fit.follow_up()["median_follow_up"].iloc[0] == 588.0
    assert fit.follow_up("sex")["median_follow_up"].tolist() == [840.0, 529.0]


def test_median_follow_up_that_is_not_reached():
    lung = smx.datasets.load_lung()
    dead = smx.FlexibleSurvival("Surv(time, status) ~ sex", lung[lung["status"] == 1]).fit()
    assert np.isnan(dead.follow_up()["median_follow_up"].iloc[0])
