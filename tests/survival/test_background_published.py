"""Published models of net survival, and gains beyond a trial."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from life_tables import population
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataWarning


@pytest.fixture(scope="module")
def table() -> smx.LifeTable:
    return smx.LifeTable(population(), rate="rate", by="sex")


def test_published_mixture_cure_of_breast_cancer(extra):
    """The vignette of R's flexsurv on relative survival: rates at the times of death, without the constant."""
    data = pd.read_csv(extra / "data" / "acceptance" / "bc.csv")
    data = data.assign(other=(data["group2"] != "Good").astype(int))
    found = smx.FlexibleSurvival(
        "Surv(recyrs, censrec) ~ other", data, "weibull", power="~ other", cure="~ other", background="rate"
    ).fit()
    assert found.llf == pytest.approx(-784.3236, abs=1e-3)
    assert found.aic == pytest.approx(1580.647, abs=2e-3)
    assert found.params["cure", "other"] == pytest.approx(-1.7687, abs=2e-3)
    assert found.bse["cure", "other"] == pytest.approx(0.3653, abs=2e-3)
    assert found.params["power", "other"] == pytest.approx(-0.5296, abs=2e-3)


def test_published_cure_model_with_cumulative_background(extra):
    """The example of R's curesurv, with the constant."""
    data = pd.read_csv(extra / "data" / "acceptance" / "testiscancer.csv")
    columns = {"rate": "ehazard", "cumulative": "cumehazard"}
    found = smx.FlexibleSurvival(
        "Surv(time_obs, event) ~ age_cr",
        data,
        "weibull",
        cure="~ age_cr",
        background=columns,
        time_unit="years",
    ).fit()
    assert found.llf == pytest.approx(-2561.118, abs=1e-3)
    want = [-1.28958, -0.29319, 0.52506, 1.24635, -1.20017]
    assert_allclose(found.params, want, atol=2e-4)
    assert_allclose(found.bse, [0.1079, 0.0873, 0.0769, 0.0855, 0.1012], atol=2e-4)
    free = smx.FlexibleSurvival(
        "Surv(time_obs, event) ~ age_cr",
        data,
        "weibull",
        cure="~ age_cr",
        background=columns,
        background_factor="~ 1",
    ).fit()
    assert free.llf == pytest.approx(-2496.391, abs=1e-3)
    assert free.aic == pytest.approx(5004.781, abs=2e-3)
    assert_allclose(free.params.iloc[:-1], [-1.53713, -0.35513, 0.78755, 1.87771, -0.38884], atol=3e-4)
    limits = free.conf_int().loc[("background", "Intercept")]
    assert_allclose(np.exp([free.params.iloc[-1], *limits]), [1.960, 1.788, 2.149], atol=1e-3)
    for options, llf in (({}, -2563.012), ({"power": "~ age_cr"}, -2559.020)):
        flexible = smx.FlexibleSurvival(
            "Surv(time_obs, event) ~ age_cr",
            data,
            other_scale=1.0,
            background=columns,
            time_unit="years",
            **options,
        )
        assert flexible.fit().llf == pytest.approx(llf, abs=1e-3)


def test_gains_beyond_a_trial_with_registry_counts(extra):
    """A trial, yearly counts of a registry as weighted rows, and the population's mortality; numbers of a prototype."""
    folder = extra / "data" / "acceptance"
    trial, counts = pd.read_csv(folder / "cetux.csv"), pd.read_csv(folder / "cetux_counts.csv")
    rates = pd.read_csv(folder / "cetux_background.csv")
    own = pd.DataFrame(
        {
            "entry": 0.0, "left": trial["years"], "right": trial["years"].where(trial["d"] == 1, np.inf),
            "treated": (trial["treat"] == "Cetuximab").astype(int), "weight": 1.0,
        }
    )  # fmt: skip
    alive = pd.DataFrame(
        {"entry": counts["start"], "left": counts["stop"], "right": np.inf, "weight": counts["r"]}
    )
    dead = pd.DataFrame(
        {
            "entry": counts["start"],
            "left": counts["start"],
            "right": counts["stop"],
            "weight": counts["n"] - counts["r"],
        }
    )
    data = pd.concat([own, alive.assign(treated=0), dead.assign(treated=0)], ignore_index=True)
    mortality = smx.Rates(rates["time"].to_numpy()[1:], rates["hazard"].to_numpy())
    model = smx.FlexibleSurvival(
        "Surv(left, right, type='interval2', entry=entry) ~ treated", data, other_scale=1.0, weights="weight",
        background=mortality, time_unit="years",
    )  # fmt: skip
    found = model.fit(cov_type="observed")
    # the note's value stands without the integrals of the background, which are part of ours
    integrals = mortality.cumulative(trial["years"]).sum()
    steps = mortality.cumulative(counts["stop"]) - mortality.cumulative(counts["start"])
    integrals += (counts["n"] * steps).sum()
    assert found.llf + integrals == pytest.approx(-1228.4745, abs=1e-3)
    assert_allclose(found.params, [-1.0073, -0.2821, 0.4058, 0.0661], atol=1e-4)
    assert found.bse["ph", "treated"] == pytest.approx(0.1338, abs=1e-4)
    one, two = pd.DataFrame({"treated": [1]}), pd.DataFrame({"treated": [0]})
    control = found.predict(two, kind="rmst", at=[20])["estimate"].iloc[0]
    assert control == pytest.approx(5.405, abs=1e-3)
    for options, gain in (({}, 1.530), ({"discount": 0.035}, 1.117), ({"wane": (5.525, 6)}, 1.182),
                          ({"wane": (5.525, 20)}, 1.443)):  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)  # the registry goes on after the trial
            table = found.predict(one, kind="rmst_difference", at=[20], reference=two, **options)
        assert table["estimate"].iloc[0] == pytest.approx(gain, abs=1e-3)
    limits = found.predict(one, kind="rmst_difference", at=[20], reference=two)[["lower", "upper"]]
    assert_allclose(limits.iloc[0], [0.088, 2.972], atol=2e-3)
