"""Pictures of fits with a background: complete in one line, true to what they are called, and beside the right data."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataError, DataWarning
from statmodels_x.survival.plots.curves import CURVES


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def colon():
    data = smx.datasets.load_colon()
    data = data[data["rx"] != "Lev"].dropna(subset=["nodes"])
    return data.assign(
        years=data["time_death"] / 365.25, gender=np.where(data["sex"] == 1, "male", "female"), entered=1986.5
    )


@pytest.fixture(scope="module")
def matched():
    rates = smx.datasets.load_us_mortality()
    table = smx.LifeTable(rates, rate="rate", by="sex", extend="hold")
    return table.match(age="age", year="entered", sex="gender")


@pytest.fixture(scope="module")
def fit(colon, matched):
    return smx.FlexibleSurvival(
        "Surv(years, status_death) ~ rx", colon, "weibull", background=matched, time_unit="years"
    ).fit()


@pytest.fixture(scope="module")
def wide(colon, matched):
    return smx.FlexibleSurvival(
        "Surv(years, status_death) ~ rx + nodes", colon, "weibull", background=matched, time_unit="years"
    ).fit()


def texts(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def curves(ax) -> list:
    return [line for line in ax.lines if line.get_linewidth() == 1.9]


def test_the_picture_in_one_line(wide):
    ax = wide.plot()
    assert texts(ax) == [
        "model, mean over patients", "95 % band of the model", "Kaplan-Meier (data)", "its 95 % interval", "censored",
        "their population (expected)",
    ]  # fmt: skip
    assert ax.get_ylabel() == "Survival probability, all causes"
    (curve,) = curves(ax)
    times = curve.get_xdata()
    assert_allclose(curve.get_ydata(), wide.standardise("survival", at=times)["estimate"])
    population = ax.lines[-1]
    assert_allclose(population.get_ydata(), wide.standardise("expected_survival", at=times)["estimate"])


def test_curves_of_groups_are_means_over_their_own_patients(wide, colon):
    ax = wide.plot("survival", by="gender")  # a column of the background, and no covariate
    assert ax.get_legend().get_title().get_text() == "gender\n(means over its patients)"
    assert "Kaplan-Meier (data)" in texts(ax)
    for curve, level in zip(curves(ax), ("female", "male"), strict=True):
        part = colon[colon["gender"] == level]
        expected = wide.standardise("survival", at=curve.get_xdata(), over=part)
        assert_allclose(curve.get_ydata(), expected["estimate"])
    dotted = [line for line in ax.lines if line.get_linewidth() == 1.2]
    assert dotted[0].get_ydata()[-1] > dotted[1].get_ydata()[-1]  # women live longer


def test_numbers_with_many_values_are_set_for_everybody_without_data(wide):
    ax = wide.plot("survival", by="nodes")
    assert ax.get_legend().get_title().get_text() == "nodes\n(means over all patients)"
    assert "Kaplan-Meier (data)" not in texts(ax)
    first = curves(ax)[0]
    expected = wide.standardise("survival", at=first.get_xdata(), by="nodes")
    assert_allclose(first.get_ydata(), expected["estimate"].iloc[: len(first.get_xdata())])


def test_comparisons_are_over_all_patients(wide):
    ax = wide.plot("survival_difference", by="rx")
    (curve,) = curves(ax)
    expected = wide.standardise("survival", at=curve.get_xdata(), by="rx", contrast="difference")
    assert_allclose(curve.get_ydata(), expected["estimate"])
    assert texts(ax) == [str(expected["rx"].iloc[0])]


def test_net_survival_stands_beside_pohar_perme(fit, colon):
    ax = fit.plot("net_survival", by="rx")
    assert texts(ax) == [
        "Lev+5FU",
        "Obs",
        "95 % band of the model",
        "Pohar Perme (data)",
        "its 95 % interval",
    ]
    steps = [line for line in ax.lines if line.get_linewidth() == 1.0]
    for line, level in zip(steps, ("Lev+5FU", "Obs"), strict=True):
        own = fit.net_survival("rx")
        own = own[own["rx"] == level]
        assert_allclose(line.get_ydata(), own["estimate"])
    assert ax.get_ylim()[1] == pytest.approx(1.02, abs=0.05)


def test_data_are_drawn_only_where_they_estimate_the_same(fit, wide, colon):
    assert "Pohar Perme (data)" not in texts(wide.plot("net_survival", by="rx"))  # at one number of nodes
    with pytest.warns(DataWarning, match="hold nodes at one value"):
        assert "Pohar Perme (data)" in texts(wide.plot("net_survival", by="rx", pohar_perme=True))
    assert texts(fit.plot("net_survival", by="rx", model=False)) == ["Lev+5FU", "Obs", "95 % interval"]
    assert "Pohar Perme (data)" not in texts(fit.plot("net_survival", by="rx", pohar_perme=False))
    assert fit.plot("net_survival", newdata=colon.head(2)).get_legend().get_texts()[-1].get_text() != (
        "Pohar Perme (data)"
    )
    assert "Kaplan-Meier (data)" not in texts(fit.plot("survival", newdata=colon.head(2)))
    assert "their population (expected)" not in texts(fit.plot("survival", newdata=colon.head(2)))


def test_a_column_of_rates_has_net_pictures_alone(colon):
    data = colon.assign(rate=0.02)
    fit = smx.FlexibleSurvival("Surv(years, status_death) ~ rx", data, "weibull", background="rate").fit()
    assert "Pohar Perme (data)" not in texts(fit.plot("net_survival", by="rx"))
    with pytest.raises(DataError, match="net quantities"):
        fit.plot()


@pytest.mark.parametrize("kind", CURVES)
def test_every_kind_of_curve_has_a_picture_in_one_line(fit, kind):
    at = [0.2, 0.4] if kind.startswith("quantile") else [2.0, 5.0]
    ax = fit.plot(kind, by="rx", at=at)
    assert ax.get_ylabel()
    assert all(np.isfinite(curve.get_ydata()).all() for curve in curves(ax))
    assert len(curves(ax)) == (1 if kind.endswith(("_difference", "_ratio")) else 2)


def test_effects_are_called_net(wide):
    for kind in ("survival_effects", "rmst_effects"):
        assert "Difference of net " in wide.plot(kind, variables=["rx"]).get_xlabel()


def test_what_does_not_belong_is_named(fit, colon):
    with pytest.raises(DataError, match="`pohar_perme` draws what the data say of net survival"):
        fit.plot("net_survival", kaplan_meier=True)
    with pytest.raises(DataError, match='`pohar_perme` belongs to kind="net_survival"'):
        fit.plot("survival", pohar_perme=True)
    with pytest.raises(DataError, match=r"'age', which has .* values; cut it"):
        fit.plot("survival", by="age")
    with pytest.raises(DataError, match="'arm', which is no column of this model; its columns are"):
        fit.plot("survival", by="arm")
    with pytest.raises(DataError, match="'gender' is no covariate"):
        fit.plot("survival_difference", by="gender")
    with pytest.raises(DataError, match="needs `by`, or two rows of `newdata`"):
        fit.plot("hazard_ratio")
    with pytest.raises(DataError, match="needs `newdata`, too"):
        fit.plot("hazard_ratio", reference=colon.head(1))
    with pytest.raises(DataError, match="a picture of all causes without `newdata`"):
        fit.without_data().plot()
    assert fit.without_data().plot("net_survival", by="rx").get_ylabel() == "Net survival probability"
