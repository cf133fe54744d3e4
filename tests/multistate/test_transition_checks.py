"""Residuals and follow-up of transitions: those of survival fits to the same rows."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataError

WEIBULL = {"distribution": "weibull", "scale": "ph"}
LAST = "progressed -> dead"


def test_residuals_are_those_of_a_fit_to_the_rows(data, fit):
    table = fit.residuals("cox-snell", LAST)
    rows = data.of("progressed", "dead")
    if fit.specification.clocks[LAST] == "reset":
        rows = rows.assign(stop=rows["stop"] - rows["entered"], start=0.0)
    response = "Surv(stop, status)" if (rows["start"] == 0).all() else "Surv(start, stop, status)"
    alone = smx.FlexibleSurvival(f"{response} ~ arm", rows, "weibull", scale="ph").fit()
    assert_allclose(table["residual"], alone.residuals("cox-snell"), rtol=1e-6)
    assert table["id"].tolist() == rows["id"].tolist()
    assert set(table["transition"]) == {LAST}


def test_all_transitions(data, fit):
    table = fit.residuals()
    assert table.groupby("transition").size().to_dict() == {
        name: len(data.of(*name.split(" -> "))) for name in fit.transitions
    }
    # quantile residuals of a model that is true are standard normal
    assert abs(table["residual"].mean()) < 4 / np.sqrt(len(table))
    martingale = fit.residuals("martingale")
    assert_allclose(
        martingale.groupby("transition")["residual"].sum(), 0.0, atol=1e-4
    )  # as the search was told


def test_scores_of_all_coefficients(fit):
    scores = fit.residuals("score")
    assert scores.shape[1] == 2 + len(fit.params)
    assert_allclose(scores.iloc[:, 2:].sum(), 0.0, atol=1e-3)
    own = scores.columns.str.startswith(LAST)
    assert (scores.loc[scores["transition"] != LAST, own] == 0.0).all().all()


def test_a_stacked_fit(data):
    separate = smx.MultiState("~ arm", data, **WEIBULL).fit()
    stacked = smx.MultiState("~ transition * arm", data, stacked=True, power="~ transition", **WEIBULL).fit()
    for name in separate.transitions:
        one, other = (each.residuals("martingale", name) for each in (separate, stacked))
        assert_allclose(one["residual"], other["residual"], atol=1e-5)
        assert one["id"].tolist() == other["id"].tolist()
    one, other = (each.follow_up().set_index("transition").sort_index() for each in (separate, stacked))
    assert_allclose(one.to_numpy(float), other[one.columns].to_numpy(float))
    with pytest.raises(DataError, match="leave `by` out"):
        stacked.follow_up(by="arm")
    shared = smx.MultiState("~ arm", data, stacked=True, **WEIBULL).fit()
    with pytest.raises(DataError, match="as one kind of event"):
        shared.follow_up()


def test_follow_up(fit):
    table = fit.follow_up()
    assert table["transition"].tolist() == list(fit.transitions)
    assert table["events"].tolist() == fit.facts.counts["events"].tolist()
    groups = fit.follow_up("event_free->dead", by="arm")
    assert groups.columns[:2].tolist() == ["transition", "arm"]
    assert groups["events"].sum() == table["events"][1]


def test_what_is_refused(fit):
    with pytest.raises(DataError, match=r"transition.*'ill -> dead'"):
        fit.residuals(transition="ill -> dead")
    with pytest.raises(DataError, match="kind"):
        fit.residuals("pearson")
    with pytest.raises(DataError, match="no column of this model"):
        fit.follow_up(by="sex")
    again = pickle.loads(pickle.dumps(fit))
    with pytest.raises(DataError, match="residuals needs the data"):
        again.residuals()
    with pytest.raises(DataError, match="follow_up needs the data"):
        again.follow_up()
