"""What a selection says: labels, tables, summary, stability, pictures, files."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from selection_trials import AFT, FIXED, RIGHT, SURV, TRUE, trial

import statmodels_x as smx
from statmodels_x.errors import DataError, SelectionWarning


@pytest.fixture(scope="module")
def data():
    return trial()


@pytest.fixture(scope="module")
def choice(data):
    return smx.select(f"{SURV} ~ {RIGHT} + arm", data, **AFT, power=f"~ {RIGHT}")


def test_labels_and_no_p_values(data, choice):
    best = choice.best
    text = best.summary().as_text()
    assert "after selection (BIC, 11 candidates)" in text
    assert "P>|z|" not in text
    assert "not adjusted for the selection" in " ".join(text.split())
    assert "P>|z|" in best.summary(show_p=True).as_text()
    assert "p.value" not in best.tidy()
    assert "p.value" in best.tidy(show_p=True)
    glance = best.glance().iloc[0]
    assert (glance["criterion"], glance["candidates"], glance["selected"]) == ("BIC", 11, 4)
    assert best.is_regular
    larger = smx.FlexibleSurvival(f"{SURV} ~ x0 + x1 + x2", data, power="~ x0 + x4", **AFT).fit()
    for call in (
        best.wald_test_terms,
        lambda: best.lr_test(larger),
        lambda: best.wald_test("aft.x0 = 0"),
        lambda: best.score_test(smx.FlexibleSurvival(f"{SURV} ~ {RIGHT}", data, power="~ x0 + x4", **AFT)),
    ):
        with pytest.warns(SelectionWarning, match="does not account for the selection"):
            call()
    with pytest.warns(SelectionWarning):
        table = smx.compare(best, larger)
    assert any("after selection" in label for label in table.index)
    assert table["note"].str.contains("after_selection").any()


def test_table_tidy_and_path(choice):
    table = choice.table
    assert list(table.columns[:4]) == ["criterion", "delta", "logLik", "df"]
    assert len(table) == 10
    assert table["delta"].is_monotonic_increasing
    assert table["delta"].iloc[0] == 0.0
    assert_allclose(table["criterion"], -2.0 * table["logLik"] + choice.facts.lam * table["df"])
    tidy = choice.tidy()
    assert (tidy["change"] > 0.0).all()
    path = choice.path
    assert path["epsilon"].nunique() == 30
    last = path[path["epsilon"] == path["epsilon"].min()]
    assert set(map(tuple, last.loc[last["size"] > 1e-3, ["parameter", "term"]].to_numpy())) == TRUE
    table.loc[:, "delta"] = -1.0
    assert choice.table["delta"].iloc[0] == 0.0  # a copy
    assert choice.glance()["models"].iloc[0] >= 11
    assert "4 of 11 selected" in repr(choice)


def test_summary_says_what_was_done(choice):
    text = " ".join(str(choice).split())
    for part in (
        "The best sets seen",
        "not adjusted for the selection",
        "Found by: stepwise and path",
        "The chosen model:",
    ):
        assert part in text
    assert choice._repr_html_().count("<tbody") > 3
    assert choice.summary(alpha=0.5).as_text() != choice.summary().as_text()
    with pytest.raises(DataError, match="alpha"):
        choice.summary(alpha=2.0)


def test_stability(data, choice):
    found = choice.stability(n=12, seed=4)
    table = found.table
    truth = [label in TRUE for label in map(tuple, table[["parameter", "term"]].to_numpy())]
    assert table.loc[truth, "frequency"].min() > 0.7
    assert table.loc[~np.array(truth), "frequency"].mean() < 0.15
    assert (table["selected"] == truth).all()
    assert "no probability that the term is in the true model" in str(found)
    assert f"sets={found.n_sets}" in repr(found)
    again = choice.stability(n=12, seed=4)
    pd.testing.assert_frame_equal(again.table, table)
    assert 0.0 <= found.share <= 1.0


def test_stability_keeps_clusters_together(data):
    frame = pd.concat([data] * 2, ignore_index=True).assign(person=np.tile(np.arange(len(data)), 2))
    choice = smx.select(f"{SURV} ~ x0 + x2", frame, cluster="person", **FIXED)
    question, _, _ = choice.sample
    assert len(np.unique(question.clusters)) == len(data)
    assert choice.stability(n=3, fraction=0.5).n_failed == 0


def test_a_rare_level_may_be_absent_from_a_part(data):
    arm = np.where(np.arange(len(data)) < 2, "rare", data["arm"])
    choice = smx.select(f"{SURV} ~ x0 + arm", data.assign(arm=arm), **AFT)
    assert choice.stability(n=10, fraction=0.5).n_failed == 0


def test_plots(choice):
    import matplotlib.pyplot as plt

    found = choice.stability(n=3)
    one = choice.plot()
    assert one.get_xlabel().startswith("Epsilon")
    assert len([line for line in one.get_lines() if line.get_label() in {f"{p} {t}" for p, t in TRUE}]) == 4
    both = choice.plot(stability=found)
    assert len(both) == 2
    assert "3 subsamples of 80 %" in choice.plot("stability", stability=found).get_xlabel()
    for call, message in (
        (lambda: choice.plot("stability"), "stability="),
        (lambda: choice.plot("path", stability=found), "belongs to"),
        (lambda: choice.plot("lasso"), "kind"),
        (lambda: choice.plot(stability=found, ax=one), "two axes"),
    ):
        with pytest.raises(DataError, match=message):
            call()
    plt.close("all")


@pytest.mark.parametrize("way", ["pickle", "file"])
@pytest.mark.parametrize("keep_data", [False, True])
def test_files(data, way, keep_data, tmp_path):
    choice = smx.select(f"{SURV} ~ x0 + x2", data, holdout=0.5, keep_data=keep_data, **FIXED)
    if way == "pickle":
        loaded = pickle.loads(pickle.dumps(choice))
    else:
        loaded = smx.load(smx.save(choice, tmp_path / "choice.smx"))
    assert str(loaded) == str(choice)
    assert str(loaded.best.summary(effects=False)) == str(choice.best.summary(effects=False))
    pd.testing.assert_frame_equal(loaded.table, choice.table)
    pd.testing.assert_frame_equal(loaded.holdout.tidy(), choice.holdout.tidy())
    if keep_data:
        pd.testing.assert_frame_equal(loaded.stability(n=2).table, choice.stability(n=2).table)
    else:
        with pytest.raises(DataError, match="keep_data"):
            loaded.stability(n=2)
        content = pickle.dumps(choice)
        assert data["x0"].to_numpy()[:3].tobytes() not in content


def test_a_stability_can_be_saved(choice, tmp_path):
    found = choice.stability(n=2)
    loaded = smx.load(smx.save(found, tmp_path / "stability.smx"))
    pd.testing.assert_frame_equal(loaded.table, found.table)
