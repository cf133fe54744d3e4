"""What a result does: arguments checked by name, files, comparison, pictures, and the surrogate's truth."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataError, IdentificationWarning

ARMS = pd.DataFrame({"arm": [0, 1]})
WEIBULL = {"distribution": "weibull", "scale": "ph"}


def test_params_and_tables(fit):
    assert fit.params.index.names == ["transition", "parameter", "term"]
    assert list(dict.fromkeys(fit.params.index.get_level_values(0))) == list(fit.transitions)
    assert fit.tidy().columns[:3].tolist() == ["transition", "parameter", "term"]
    row = fit.glance().iloc[0]
    assert row["nobs"] == 480
    assert row["events"] == fit.facts.counts["events"].sum()
    assert fit.aic == pytest.approx(sum(part.aic for part in fit.fits.values()))
    text = fit.summary().as_text()
    assert "reached it after the start" in " ".join(text.split())
    assert "not an effect on the probability of a state" in " ".join(text.split())
    test = fit.wald_test("`progressed -> dead.ph.arm` = 0")
    assert test["df"] == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"kind": "prevalence", "at": 1}, "kind"),
        ({}, "needs `at`"),
        ({"at": -1}, "0 or more"),
        ({"at": 1, "start": "ill"}, "'ill'"),
        ({"at": 1, "start": "dead"}, "nobody leaves"),
        ({"at": 1, "given": 2}, "before `given`"),
        ({"at": 1, "given": 0.5, "entered": 0.7}, "later than `given`"),
        ({"at": 1, "reference": ARMS}, "`reference` belongs"),
        ({"at": 1, "kind": "stay_difference"}, "needs `reference`"),
        ({"at": 1, "kind": "value"}, "needs `values`"),
        ({"at": 1, "kind": "value", "values": {"ill": 1}}, "'ill'"),
        ({"at": 1, "values": {"dead": 1}}, "`values` belongs"),
        ({"at": 1, "discount": 0.1}, "`discount` belongs"),
        ({"at": 1, "discount": -0.1, "kind": "stay"}, "`discount`"),
        ({"at": 1, "kind": "next_state"}, "leave `at` out"),
        ({"at": 1, "alpha": 2}, "alpha"),
        ({"at": 1, "method": "bootstrap"}, "method"),
        ({"at": 0, "kind": "hazard"}, "above 0"),
    ],
)
def test_arguments_of_predict(fit, arguments, says):
    with pytest.raises(DataError, match=says):
        fit.predict(ARMS, **arguments)


def test_covariates_of_predict(fit):
    with pytest.raises(DataError, match="arm"):
        fit.predict(at=1)
    with pytest.raises(DataError, match="arm"):
        fit.predict(pd.DataFrame({"x": [1]}), at=1)


def test_a_reset_clock_asks_for_the_entry(fit):
    question = {"at": 3.0, "start": "progressed", "given": 2.0}
    if fit.specification.clocks["progressed -> dead"] == "reset":
        with pytest.raises(DataError, match="give `entered`"):
            fit.predict(ARMS, **question)
        early, late = (fit.predict(ARMS, entered=v, **question)["estimate"] for v in (0.1, 1.9))
        assert not np.allclose(early, late)
    else:
        assert_allclose(fit.predict(ARMS, **question)["estimate"],
                        fit.predict(ARMS, entered=1.0, **question)["estimate"])  # fmt: skip


def test_contrasts(fit):
    one, other = ARMS.iloc[[1]], ARMS.iloc[[0]]
    table = fit.predict(one, "stay_difference", at=3, reference=other)
    first, second = (fit.predict(row, "stay", at=3)["estimate"].to_numpy() for row in (one, other))
    assert_allclose(table["estimate"], first - second)
    ratio = fit.predict(one, "occupancy_ratio", at=3, reference=other)
    shares = [fit.predict(row, at=3)["estimate"].to_numpy() for row in (one, other)]
    assert_allclose(ratio["estimate"], shares[0] / shares[1])
    same = fit.predict(one, "occupancy_difference", at=3, reference=one)
    assert_allclose(same[["estimate", "std_error"]], 0.0, atol=1e-12)


def test_value_and_discount(fit):
    stays = fit.predict(ARMS, "stay", at=4).pivot(index="row", columns="state", values="estimate")
    worth = {"event_free": 0.8, "progressed": 0.5}
    value = fit.predict(ARMS, "value", at=4, values=worth)["estimate"]
    assert_allclose(value, 0.8 * stays["event_free"] + 0.5 * stays["progressed"])
    less = fit.predict(ARMS, "stay", at=4, discount=0.05)
    assert_allclose(less.groupby("row")["estimate"].sum(), (1 - np.exp(-0.2)) / 0.05, atol=1e-9)


def test_options_of_the_model(data, frame):
    for options, says in [
        ({"clock": "backward"}, "backward"),
        ({"clock": {"ill -> dead": "reset"}}, "'ill -> dead'"),
        ({"transitions": {"event_free->nowhere": {}}}, "nowhere"),
        ({"transitions": {"event_free -> dead": {"colour": 1}}}, "`colour`"),
        ({"colour": 1}, "`colour`"),
        ({"stacked": ["event_free -> dead"]}, "at least two"),
        ({"weights": "w"}, "'w'"),
    ]:
        with pytest.raises(DataError, match=says):
            smx.MultiState("~ arm", data, **options)
    with pytest.raises(DataError, match="MultiStateData"):
        smx.MultiState("~ arm", frame)


def test_own_options_of_a_transition(data):
    options = {"event_free->dead": {"formula": "~ 1", "distribution": "exponential"}}
    fit = smx.MultiState("~ arm", data, transitions=options, **WEIBULL).fit()
    assert fit.fits["event_free -> dead"].params.index.tolist() == [("ph", "Intercept")]
    assert len(fit.params) == 7
    assert fit.predict(ARMS, at=1)["std_error"].gt(0).all()


def test_too_few_events_are_named(data):
    few = data.rows.copy()
    here = (few["to"] == "dead") & (few["from"] == "event_free")
    few.loc[here, "status"] *= np.arange(here.sum()) == few.loc[here, "status"].to_numpy().argmax()
    sample = smx.MultiStateData.from_long(few.drop(columns="entered"))
    with pytest.raises(DataError, match=r"event_free -> dead: .*event.*transitions="):
        smx.MultiState("~ arm", sample, **WEIBULL).fit()


def test_an_irregular_transition_is_named(data):
    rich = {"event_free -> dead": {"distribution": "apgw", "other_scale": "~ 1"}}
    with pytest.warns(IdentificationWarning, match="event_free -> dead"):
        fit = smx.MultiState("~ arm", data, transitions=rich, **WEIBULL).fit()
    assert any(text.startswith("event_free -> dead: ") for text in fit.warnings)
    auto = smx.MultiState("~ arm", data, distribution="auto", scale="aft").fit()
    assert auto.is_regular
    assert auto.bse.notna().all()


def test_compare(data):
    small = smx.MultiState("~ 1", data, **WEIBULL).fit()
    large = smx.MultiState("~ arm", data, **WEIBULL).fit()
    other = smx.MultiState("~ arm", data, "reset", **WEIBULL).fit()
    table = smx.compare(small, large, other, names=["small", "large", "reset"])
    assert table.loc["large", "versus"] == "small"
    assert table.loc["large", "LR"] == pytest.approx(2 * (large.llf - small.llf))
    assert large.lr_test is not None
    with pytest.raises(DataError, match="clocks"):
        small.lr_test(other)


def test_without_the_data(fit, tmp_path):
    again = pickle.loads(pickle.dumps(fit))
    assert again.sample is None
    assert all(part.sample is None for part in again.fits.values())
    pd.testing.assert_frame_equal(again.predict(ARMS, at=[1, 2]), fit.predict(ARMS, at=[1, 2]))
    with pytest.raises(DataError, match="markov_test needs the data"):
        again.markov_test()
    again.plot("occupancy", ARMS.iloc[:1])


def test_kept_data(data):
    fit = smx.MultiState("~ arm", data, **WEIBULL).fit(keep_data=True)
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.markov_test(), fit.markov_test())
    assert again.fits["progressed -> dead"].residuals().notna().all()


def test_pte_of_the_model(data, fit):
    """Exponential hazards: the model's PTE is that of events over time at risk."""
    flat = smx.MultiState("~ arm", data, distribution="exponential", scale="ph").fit()
    arms = [flat.arm(ARMS.iloc[[k]]) for k in (0, 1)]
    ours = smx.IllnessDeathTrial(*arms).true_values(at=3, landmark=1)
    hazards = flat.predict(ARMS, "hazard", at=1.0).set_index(["row", "transition"])["estimate"]
    known = [smx.IllnessDeath(*(hazards[k, name] for name in flat.transitions)) for k in (0, 1)]
    theirs = smx.IllnessDeathTrial(*known).true_values(at=3, landmark=1)
    assert_allclose(list(ours.values()), list(theirs.values()), rtol=1e-8)
    table = flat.derive(lambda one: {
        "pte": smx.IllnessDeathTrial(*(one.arm(ARMS.iloc[[k]]) for k in (0, 1))).true_values(3, 1)["pte"]
    })  # fmt: skip
    assert table.loc["pte", "estimate"] == pytest.approx(ours["pte"])
    assert 0.0 < table.loc["pte", "std_error"] < 1.0
    surrogate, death = fit.arm(ARMS.iloc[[0]]).draw(4000, np.random.default_rng(0))
    alive = fit.predict(ARMS.iloc[[0]], "survival", at=2)["estimate"].iloc[0]
    assert np.mean(death > 2.0) == pytest.approx(alive, abs=0.03)
    assert (surrogate[np.isfinite(surrogate)] <= death[np.isfinite(surrogate)]).all()


def test_pte_needs_illness_and_death(data):
    rows = data.rows[data.rows["from"] == "event_free"].drop(columns="entered")
    fit = smx.MultiState("~ arm", smx.MultiStateData.from_long(rows), **WEIBULL).fit()
    with pytest.raises(DataError, match="illness-death model"):
        fit.arm(ARMS.iloc[[0]])


def test_derived_quantities_have_the_errors_of_predict(fit):
    table = fit.predict(ARMS.iloc[[0]], "stay", at=2)
    derived = fit.derive(lambda one: one.predict(ARMS.iloc[[0]], "stay", at=2).set_index("state")["estimate"])
    assert_allclose(derived["std_error"], table["std_error"], rtol=1e-6)


@pytest.mark.parametrize(
    "kind", ["occupancy", "incidence", "survival", "event_free", "stay", "hazard", "diagram"]
)
def test_pictures(fit, kind):
    import matplotlib.pyplot as plt

    rows = None if kind == "diagram" else ARMS.iloc[:1]
    ax = fit.plot(kind, rows)
    if kind == "occupancy":
        labels = [text.get_text() for text in ax.get_legend().get_texts()]
        assert labels == ["dead", "progressed", "event_free", "Aalen-Johansen (data)"]
    elif kind == "diagram":
        shown = {text.get_text() for text in ax.texts}
        assert set(fit.states) <= shown
        assert set(fit.facts.counts["events"].astype(str)) <= shown
    else:
        assert len(ax.get_lines()) >= 1
        assert ax.get_xlabel()
    plt.close("all")


@pytest.fixture(scope="module")
def two(frame):
    """A model of a factor and a number, of which each subject has another value."""
    rng = np.random.default_rng(3)
    wide = frame.assign(
        drug=np.where(frame["arm"] == 1, "new", "old"), age=rng.normal(60, 8, len(frame)).round()
    )
    data = smx.MultiStateData.from_wide(
        wide, {"progressed": ("pfs", "prog"), "dead": ("os", "died")}, keep=["drug", "age"]
    )
    return smx.MultiState("~ drug + age", data, **WEIBULL).fit()


def test_pictures_without_covariates_given(fit, two):
    """A whole answer in one line, and the title says of whom."""
    import matplotlib.pyplot as plt

    ax = fit.plot("survival")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "0", "1", "95 % band of the model", "Aalen-Johansen (data)",
    ]  # fmt: skip
    assert ax.get_legend().get_title().get_text() == "arm"
    assert len(ax.get_lines()) == 4  # two curves, two estimates without a model
    middle = fit.standardise("survival", at=[2.0], by="arm")["estimate"]
    curves = [line for line in ax.get_lines() if line.get_drawstyle() == "default"]
    assert_allclose([np.interp(2.0, *curve.get_data()) for curve in curves], middle, atol=2e-3)
    assert fit.plot("occupancy").get_title() == "Averaged over arm of 480 subjects"
    ax = two.plot("incidence", state="dead", at=[0, 1, 2])
    assert ax.get_title() == "Averaged over age of 480 subjects"
    assert ax.get_legend().get_title().get_text() == "dead, by drug"
    assert len(ax.get_lines()) == 2  # groups that may differ in age are not compared
    assert (
        two.plot("stay", at=[0, 1, 2]).get_title() == "Averaged over age and drug of 40 out of 480 subjects"
    )
    title = two.plot("hazard").get_title()
    assert title.startswith("At age ")
    assert "drug new" in title or "drug old" in title
    plt.close("all")
    again = pickle.loads(pickle.dumps(two))
    with pytest.raises(DataError, match=r"plot without `newdata`.*needs the data"):
        again.plot("survival")


@pytest.mark.parametrize("kind", ["occupancy", "survival", "stay"])
def test_averages_over_subjects(two, kind):
    """The mean of the predictions of all subjects, with the error of that mean."""
    people = (
        two.sample.rows.drop_duplicates("id")[["drug", "age"]]
        .groupby(["drug", "age"])
        .size()
        .reset_index(name="n")
    )

    def mean(one, **changed):
        table = one.predict(people.assign(**changed), kind, at=[1.0, 2.5])
        values = table["estimate"].to_numpy().reshape(len(people), -1)
        return people["n"].to_numpy() @ values / people["n"].sum()

    table = two.standardise(kind, at=[1.0, 2.5])
    assert_allclose(table["estimate"], mean(two), rtol=1e-10)
    assert_allclose(
        two.standardise(kind, [1.0, 2.5], over=people.loc[people.index.repeat(people["n"])])["std_error"],
        table["std_error"],
        rtol=1e-8,
    )
    gain = two.standardise(kind, [1.0, 2.5], by="drug", levels=["old", "new"], contrast="difference")
    assert gain["drug"].unique().tolist() == ["new - old"]
    assert_allclose(gain["estimate"], mean(two, drug="new") - mean(two, drug="old"), atol=1e-10)
    if kind == "survival":
        derived = two.derive(lambda one: dict(enumerate(mean(one, drug="new") - mean(one, drug="old"))))
        assert_allclose(gain["std_error"], derived["std_error"], rtol=1e-5)


def test_arguments_of_standardise(two):
    for arguments, says in [
        ({"kind": "hazard", "at": 1}, "kind"),
        ({"kind": "survival"}, "needs `at`"),
        ({"at": 1, "by": "sex"}, "'sex'; the covariates are"),
        ({"at": 1, "by": "age"}, "'age' has 4. values"),
        ({"at": 1, "levels": [1]}, "give both"),
        ({"at": 1, "contrast": "ratio"}, "needs `by`"),
        ({"at": 1, "over": pd.DataFrame({"age": [1.0]})}, "drug"),
        ({"at": 1, "values": {"dead": 1}}, "`values` belongs"),
    ]:
        with pytest.raises(DataError, match=says):
            two.standardise(**arguments)


def test_arguments_of_plot(fit):
    for arguments, says in [
        ({"kind": "pie"}, "kind"),
        ({"kind": "occupancy", "newdata": ARMS}, "one row"),
        ({"kind": "survival", "newdata": ARMS, "state": "dead"}, "`state` belongs"),
        ({"kind": "incidence", "newdata": ARMS}, "several rows need `state`"),
        ({"kind": "stay", "newdata": ARMS, "state": "dead", "aalen_johansen": True}, "aalen_johansen"),
        ({"kind": "diagram", "newdata": ARMS}, "do not belong"),
    ]:
        with pytest.raises(DataError, match=says):
            fit.plot(**arguments)
