"""Likelihood-ratio tests between stacked and separate fits: where they are valid, and refused by name elsewhere."""

import pickle

import numpy as np
import pytest
from scipy.stats import chi2

import statmodels_x as smx
from statmodels_x.errors import DataError

WEIBULL = {"distribution": "weibull", "scale": "ph"}
LAST = {"progressed -> dead": {"formula": "~ arm"}}
FIRST_TWO = ["event_free -> progressed", "event_free -> dead"]


@pytest.fixture(scope="module")
def separate(data):
    return smx.MultiState("~ arm", data, **WEIBULL).fit()


def stacked(data, formula, which=True, **options):
    return smx.MultiState(formula, data, stacked=which, **{**WEIBULL, **options}).fit()


def test_shared_effects_against_own(data, separate):
    """One effect for all transitions: the interaction of the stacked fit says the same as the separate fits."""
    shared = stacked(data, "~ transition + arm", power="~ transition")
    own = stacked(data, "~ transition * arm", power="~ transition")
    test, again = shared.lr_test(separate), shared.lr_test(own)
    assert test["df"] == again["df"] == 2
    assert test["statistic"] == pytest.approx(2 * (separate.llf - shared.llf), rel=1e-12)
    assert test["statistic"] == pytest.approx(again["statistic"], abs=1e-6)
    assert test["p.value"] == pytest.approx(chi2.sf(test["statistic"], 2))
    table = smx.compare(shared, separate, names=["shared", "own"])
    assert table.loc["own", "versus"] == "shared"


def test_some_transitions_together(data, separate):
    two = stacked(data, "~ transition + arm", FIRST_TWO, transitions=LAST)
    three = stacked(data, "~ transition + arm")
    assert two.lr_test(separate)["df"] == 2  # one effect and one power less
    assert three.lr_test(two)["df"] == 2
    with pytest.raises(DataError, match=r"ph part of 'event_free -> progressed' its 'arm'"):
        separate.lr_test(three)


def test_a_separate_exponential_within_a_stacked_power(data):
    flat = smx.MultiState("~ 1", data, distribution="exponential", scale="ph").fit()
    assert flat.lr_test(stacked(data, "~ transition"))["df"] == 1


def test_families_and_what_they_fix(data, separate):
    shared = stacked(data, "~ transition + arm")
    flat = smx.MultiState("~ arm", data, distribution="exponential", scale="ph").fit()
    with pytest.raises(DataError, match=r"(power|ph) part of .*compare by AIC"):
        shared.lr_test(flat)
    anchored = stacked(data, "~ transition + arm", distribution="lognormal", scale="aft")
    with pytest.raises(
        DataError, match=r"'event_free -> progressed' is weibull in the first.*lognormal in the second"
    ):
        separate.lr_test(anchored)
    rich = stacked(data, "~ transition + arm", power="~ transition + arm")
    with pytest.raises(DataError, match=r"in the (aft|power) part of"):
        rich.lr_test(separate)


def test_other_subjects_and_other_clocks(data, frame, separate):
    half = smx.MultiStateData.from_wide(
        frame.assign(pfs=frame["pfs"] * 1.01, os=frame["os"] * 1.01),
        {"progressed": ("pfs", "prog"), "dead": ("os", "died")},
    )
    with pytest.raises(DataError, match="different subjects"):
        stacked(half, "~ transition + arm").lr_test(separate)
    reset = smx.MultiState("~ transition + arm", data, "reset", stacked=True, **WEIBULL).fit()
    with pytest.raises(DataError, match="other clocks"):
        reset.lr_test(separate)


def test_it_needs_the_rows(data, separate):
    shared = pickle.loads(pickle.dumps(stacked(data, "~ transition + arm")))
    with pytest.raises(DataError, match="lr_test of a stacked fit needs the data"):
        shared.lr_test(separate)


def test_far_columns(frame):
    """A covariate far from 0 is the same column, and not the constant."""
    events = {"progressed": ("pfs", "prog"), "dead": ("os", "died")}
    rng = np.random.default_rng(0)
    data = smx.MultiStateData.from_wide(frame.assign(year=2000.0 + rng.integers(0, 8, len(frame))), events)
    own = smx.MultiState("~ year", data, **WEIBULL).fit()
    assert stacked(data, "~ transition + year", power="~ transition").lr_test(own)["df"] == 2
    none = smx.MultiState("~ 1", data, **WEIBULL).fit()
    with pytest.raises(DataError, match="its 'year' is no combination"):
        stacked(data, "~ transition + year", power="~ transition").lr_test(none)


def test_the_factor_of_a_stacked_fit_needs_one(data):
    with pytest.raises(DataError, match=r"'progressed -> dead' is not stacked.*'formula': '~ 1'"):
        smx.MultiState("~ transition", data, stacked=FIRST_TWO, **WEIBULL)


def test_a_fit_without_a_regular_maximum(data):
    """Two events for three parameters: the transition is named."""
    rows = data.rows.copy()
    here = ((rows["to"] == "dead") & (rows["from"] == "event_free") & (rows["status"] == 1)).to_numpy()
    kept = rows[here].groupby("arm").head(1).index
    rows.loc[here & ~rows.index.isin(kept), "status"] = 0
    few = smx.MultiStateData.from_long(rows.drop(columns="entered"))
    shared = stacked(few, "~ transition + arm")
    with pytest.warns(smx.errors.IdentificationWarning, match="2 events for 3 parameters"):
        separate = smx.MultiState("~ arm", few, **WEIBULL).fit()
    with pytest.raises(DataError, match=r"'event_free -> dead' is on a ridge, or has too few events"):
        shared.lr_test(separate)


def test_a_transition_that_nobody_made(data):
    rows = data.rows.copy()
    rows.loc[(rows["from"] == "event_free") & (rows["to"] == "dead"), "status"] = 0
    none = smx.MultiStateData.from_long(rows.drop(columns="entered"))
    for more in ({}, {"stacked": True}):
        with pytest.raises(DataError, match=r"event_free -> dead: nobody made this transition.*leave it out"):
            smx.MultiState("~ arm", none, **WEIBULL, **more).fit()
