"""Pictures of fits: curves, bands, Kaplan-Meier steps."""

import pickle
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from melanoma_models import MODELS, fitted, melanoma
from numpy.testing import assert_allclose

from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataWarning
from statmodels_x.datasets import load_melanoma, load_veteran


@pytest.fixture(scope="module")
def data():
    return melanoma()


@pytest.fixture(scope="module")
def fits(data):
    return fitted(MODELS, data)


@pytest.fixture(scope="module")
def fit(fits):
    return fits["aft"]


@pytest.fixture
def new():
    return pd.DataFrame({"x": [0, 1, 1], "z": [0.0, -10.0, 20.0]}, index=["a", "b", "c"])


KINDS = {
    "survival": "Survival probability",
    "cumulative_hazard": "Cumulative hazard",
    "hazard": "Hazard per year",
    "density": "Density per year",
    "hazard_ratio": "Hazard ratio",
}


def curves(ax):
    """Fitted curves, without steps and reference lines."""
    return [
        line for line in ax.lines
        if len(line.get_xdata()) >= 100 and line.get_drawstyle() == "default" and line.get_marker() == "None"
    ]  # fmt: skip


def steps(ax):
    """Kaplan-Meier curves, without their limits."""
    return [
        line for line in ax.lines if line.get_drawstyle().startswith("steps") and line.get_linewidth() >= 0.8
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["aft", "ph_power", "infinite_shape", "both"])
def test_plots(fits, name, kind):
    ax = fits[name].plot(kind, by="x")
    assert isinstance(ax, plt.Axes)
    assert ax.get_xlabel() == "Time (years)"
    assert ax.get_ylabel() == KINDS[kind]
    assert len(curves(ax)) == (1 if kind == "hazard_ratio" else 2)
    assert len(ax.collections) == len(curves(ax))  # a band for each
    assert ax.get_legend() is not None
    ax.figure.canvas.draw()


def test_curves_are_the_predictions(fits):
    ax = fits["aft"].plot(by="x", at=[1.0, 2.0, 5.0])
    z = load_melanoma()["age"].mean()
    for k, line in enumerate(
        [line for line in ax.lines if line.get_drawstyle() == "default" and line.get_marker() == "None"]
    ):
        table = fits["aft"].predict(pd.DataFrame({"x": [k], "z": z}), at=[1.0, 2.0, 5.0])
        assert_allclose(line.get_xdata(), [1.0, 2.0, 5.0])
        assert_allclose(line.get_ydata(), table["estimate"])


def test_kaplan_meier_where_the_only_covariate_is_drawn(fits):
    from lifelines import KaplanMeierFitter

    data = load_melanoma()
    ax = fits["aft_power"].plot(by="x")
    found = steps(ax)
    assert len(found) == 2
    for level, line in enumerate(found):
        arm = data[data["treatment"] == level]
        expected = KaplanMeierFitter().fit(arm["time"], arm["status"]).survival_function_
        assert_allclose(line.get_xdata(), expected.index)
        assert_allclose(line.get_ydata(), expected.iloc[:, 0])
    assert "Kaplan-Meier (data)" in [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(steps(fits["aft_power"].plot("cumulative_hazard", by="x"))) == 2
    assert not steps(fits["aft_power"].plot("hazard", by="x"))
    assert not steps(fits["aft_power"].plot(by="x", kaplan_meier=False))


def test_no_kaplan_meier_where_other_covariates_are_held(fits):
    ax = fits["aft"].plot(by="x")
    assert not steps(ax)
    title = ax.get_legend().get_title().get_text()
    assert title.startswith("x")
    assert "z =" in title
    with pytest.warns(DataWarning, match="hold z at one value"):
        assert len(steps(fits["aft"].plot(by="x", kaplan_meier=True))) == 2


def test_kaplan_meier_without_covariates(data):
    fit = FlexibleSurvival("Surv(time, status) ~ 1", data).fit()
    assert len(steps(fit.plot())) == 1


@pytest.mark.parametrize("weight", [2.0, 1.5])
def test_kaplan_meier_of_weighted_data(data, weight):
    fit = FlexibleSurvival("Surv(time, status) ~ x", data, weights=np.full(284, weight)).fit()
    assert len(steps(fit.plot(by="x"))) == 2


def test_kaplan_meier_with_late_entry(data):
    frame = data.assign(entry=np.minimum(0.02, 0.5 * data["time"]))
    fit = FlexibleSurvival("Surv(entry, time, status) ~ x", frame).fit()
    assert len(steps(fit.plot(by="x"))) == 2


def test_plots_of_new_data(fits, new):
    ax = fits["aft"].plot(newdata=new)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c"]
    ratio = fits["aft"].plot("hazard_ratio", newdata=new)
    assert [text.get_text() for text in ratio.get_legend().get_texts()] == ["b vs a", "c vs a"]
    assert ratio.get_yscale() == "log"
    against = fits["aft"].plot("hazard_ratio", newdata=new, reference=new.iloc[[0]])
    assert len(curves(against)) == 3


def test_plots_into_given_axes(fits):
    _, axes = plt.subplots(1, 2)
    assert fits["aft"].plot("hazard", by="x", ax=axes[1]) is axes[1]
    assert not axes[0].lines
    assert len(plt.get_fignums()) == 1


def test_plots_of_a_numeric_and_a_text_covariate():
    fit = FlexibleSurvival("Surv(time, status) ~ celltype + karno", load_veteran()).fit()
    ax = fit.plot(by="celltype")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["adeno", "large", "smallcell", "squamous"]
    assert ax.get_xlabel() == "Time (days)"
    ax = fit.plot("hazard", by="karno")
    quartiles = load_veteran()["karno"].quantile([0.25, 0.5, 0.75])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [f"{q:.3g}" for q in quartiles]


def test_plots_of_a_loaded_result(fits):
    again = pickle.loads(pickle.dumps(fits["aft_power"]))
    ax = again.plot(by="x")
    assert len(curves(ax)) == 2
    assert not steps(ax)


def test_plots_of_an_unidentified_fit_have_no_band(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = FlexibleSurvival("Surv(time, status) ~ x", data, shape=1.0, other_scale="~ 1").fit()
    ax = fit.plot(by="x", at=np.linspace(0.5, 5.0, 120))
    assert len(curves(ax)) == 2
    assert not ax.collections
