"""Figures of a trial: numbers at risk, marks, Kaplan-Meier limits, forests, effects, calibration, influence."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from statmodels_x import FlexibleSurvival, plotting
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.product_limit import product_limit_interval
from statmodels_x.datasets import load_melanoma, load_veteran


@pytest.fixture(scope="module")
def data():
    frame = load_melanoma()
    arms = frame["treatment"].map({0: "observation", 1: "interferon"})
    return frame.assign(arm=pd.Categorical(arms, ["observation", "interferon"]))


@pytest.fixture(scope="module")
def fit(data):
    return FlexibleSurvival("Surv(time, status) ~ arm", data).fit()


@pytest.fixture(scope="module")
def wide(data):
    return FlexibleSurvival("Surv(time, status) ~ arm + sex + age", data, power="~ arm").fit()


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def limits_of(ax):
    return [line for line in steps_of(ax) if line.get_linewidth() < 0.8]


def steps_of(ax):
    return [line for line in ax.lines if line.get_drawstyle().startswith("steps")]


def written(ax):
    """Annotations under the axis: label -> the numbers of its row, in the order of the ticks."""
    rows = {}
    for text in ax.texts:
        rows.setdefault(text.xyann[1], []).append(text)
    ordered = [sorted(rows[height], key=lambda text: text.xy[0]) for height in sorted(rows, reverse=True)]
    assert ordered[0][0].get_text() == "Number at risk"
    found = {}
    for row in ordered[1:]:
        label = next(text for text in row if text.get_ha() == "right")
        found[label.get_text()] = [int(text.get_text()) for text in row if text is not label]
    return found


# ---- Kaplan-Meier as data


def test_limits_of_kaplan_meier_are_those_of_lifelines(data):
    from lifelines import KaplanMeierFitter

    for alpha in (0.05, 0.2):
        theirs = KaplanMeierFitter(alpha=alpha).fit(data["time"], data["status"]).confidence_interval_
        event = (data["status"] == 1).to_numpy()
        ours = product_limit_interval(data["time"].to_numpy(), event, alpha=alpha)
        for mine, name in zip(ours, theirs.columns, strict=True):
            assert_allclose(mine, theirs[name], atol=1e-10)


def test_limits_with_counts_and_late_entry_are_those_of_repeated_rows():
    rng = np.random.default_rng(2)
    entry, count = rng.uniform(0.0, 0.5, 60), rng.integers(1, 4, 60)
    time, event = entry + rng.exponential(size=60).round(1) + 0.1, rng.random(60) < 0.7
    once = product_limit_interval(time, event, count.astype(float), entry)
    repeated = product_limit_interval(
        *(np.repeat(v, count) for v in (time, event)), None, np.repeat(entry, count)
    )
    assert_allclose(once, repeated, rtol=1e-12)


def test_nobody_is_left_at_the_end():
    lower, upper = product_limit_interval(np.array([1.0, 2.0]), np.array([True, True]))
    assert lower[0] == upper[0] == 1.0
    assert 0.0 < lower[1] < 0.5 < upper[1] < 1.0
    assert np.isnan([lower[2], upper[2]]).all()


_OF_DATA = ["Kaplan-Meier (data)", "its 95 % interval", "censored"]


def test_the_legend_says_what_is_data(fit):
    ax = fit.plot("survival", by="arm")
    assert texts(ax) == ["observation", "interferon", "95 % band of the model", *_OF_DATA]
    assert len(limits_of(ax)) == 4
    assert "its 90 % interval" in texts(fit.plot("survival", by="arm", alpha=0.1))
    ax = fit.plot("survival", by="arm", kaplan_meier=False)
    assert texts(ax) == ["observation", "interferon"]
    assert not limits_of(ax)


def _dashes(ax):
    return [str(line._unscaled_dash_pattern) for line in steps_of(ax) if line.get_linewidth() >= 0.8]


def test_kaplan_meier_curves_are_solid_beside_a_model_and_differ_without_colour_alone(fit):
    beside, alone = (
        _dashes(fit.plot("survival", by="arm")),
        _dashes(fit.plot("survival", by="arm", model=False)),
    )
    assert len(beside) == len(alone) == 2
    assert len(set(beside)) == 1  # as the legend's
    assert len(set(alone)) == 2


def test_curves_of_the_data_alone(fit):
    ax = fit.plot("survival", by="arm", model=False, at_risk=True)
    assert texts(ax) == ["observation", "interferon", "95 % interval", "censored"]
    assert ax.get_legend().get_title().get_text() == "arm\n(Kaplan-Meier)"
    assert not [line for line in ax.lines if line.get_linewidth() == 1.9]
    with pytest.raises(DataError, match="model=False leaves nothing to draw"):
        fit.plot("survival", by="arm", model=False, kaplan_meier=False)
    with pytest.raises(DataError, match="model=False leaves nothing to draw"):
        fit.plot("hazard", by="arm", model=False)


def test_steps_of_all_patients_beside_a_curve_at_one_value(data):
    adjusted = FlexibleSurvival("Surv(time, status) ~ arm + age", data).fit()
    with pytest.warns(DataWarning, match="hold age at one value, while the step curves are of all patients"):
        adjusted.plot("survival", by="arm", kaplan_meier=True)
    ax = adjusted.plot("survival", by="arm", model=False)  # crude, and says nothing else
    assert ax.get_legend().get_title().get_text() == "arm\n(Kaplan-Meier)"
    title = adjusted.plot("survival", by="arm").get_legend().get_title().get_text()
    assert title == "arm\n(at age = 0)"  # the mean of a centred covariate, without its rounding


def test_lines_are_as_thin_as_matplotlib_is_told(fit):
    with plt.rc_context({"lines.linewidth": 0.75}):
        ax = fit.plot("survival", by="arm")
    assert sorted({line.get_linewidth() for line in ax.lines if line.get_marker() == "None"}) == [
        0.25,
        0.5,
        0.95,
    ]


def test_limits_are_drawn_on_the_scale_of_the_picture(fit, data):
    inside = (data["arm"] == "observation").to_numpy()
    lower, upper = product_limit_interval(
        data["time"].to_numpy()[inside], (data["status"] == 1).to_numpy()[inside]
    )
    for kind, change in (("survival", np.asarray), ("cumulative_hazard", lambda s: -np.log(s))):
        drawn = limits_of(fit.plot(kind, by="arm"))[:2]
        for line, expected in zip(drawn, (lower, upper), strict=True):
            assert_allclose(line.get_ydata(), change(expected))


def test_marks_stand_at_censored_times_on_the_curve(fit, data):
    ax = fit.plot("survival", by="arm")
    marks = [line for line in ax.lines if line.get_marker() == "|"]
    for line, arm in zip(marks, ("observation", "interferon"), strict=True):
        part = data[data["arm"] == arm]
        assert_allclose(line.get_xdata(), np.unique(part["time"][part["status"] == 0]))
    assert not any(line.get_marker() == "|" for line in fit.plot(by="arm", censored=False).lines)
    assert "censored" not in texts(fit.plot(by="arm", censored=False))


def test_the_legend_has_marks_where_a_curve_has(data):
    last = data.assign(status=np.where(data["arm"] == "interferon", 1, data["status"]))
    assert "censored" in texts(FlexibleSurvival("Surv(time, status) ~ arm", last).fit().plot(by="arm"))
    every = FlexibleSurvival("Surv(time, status) ~ arm", data.assign(status=1)).fit()
    assert "censored" not in texts(every.plot(by="arm"))


def test_many_censored_times_are_marked_only_on_request():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"t": rng.exponential(size=1500), "s": rng.integers(0, 2, 1500)})
    fit = FlexibleSurvival("Surv(t, s) ~ 1", frame, "weibull").fit()
    assert "censored" not in texts(fit.plot())
    assert "censored" in texts(fit.plot(censored=True))


def test_weights_that_are_no_counts_have_no_greenwood_limits(data):
    for weight, expected in ((np.full(284, 2.0), 4), (np.full(284, 1.5), 0)):
        fit = FlexibleSurvival("Surv(time, status) ~ arm", data, weights=weight).fit()
        assert len(limits_of(fit.plot(by="arm"))) == expected


# ---- numbers at risk


@pytest.mark.parametrize("kind", ["survival", "hazard", "rmst"])
def test_numbers_at_risk_are_counted_at_the_ticks(fit, data, kind):
    ax = fit.plot(kind, by="arm", at_risk=True)
    found = written(ax)
    assert list(found) == ["observation", "interferon"]
    for arm, row in found.items():
        times = data["time"][data["arm"] == arm].to_numpy()
        assert row == [int((times >= tick).sum()) for tick in ax.get_xticks()]
    assert found["observation"][0] == 140
    ax.figure.canvas.draw()
    low = min(text.get_window_extent().y0 for text in ax.texts)
    assert low >= 0.0  # inside the figure, below the label of the axis
    assert ax.xaxis.label.get_window_extent().y0 > max(
        text.get_window_extent().y1 for text in ax.texts if text.get_text() != "Number at risk"
    )


def test_numbers_at_risk_count_weights_and_late_entry(data):
    frame = data.assign(entry=np.where(np.arange(284) % 2, 0.3 * data["time"], 0.0), w=np.arange(284) % 3 + 1)
    fit = FlexibleSurvival("Surv(entry, time, status) ~ 1", frame, weights="w").fit()
    ax = fit.plot("survival", at_risk=True)
    ((label, row),) = written(ax).items()
    assert label == "all"
    for tick, count in zip(ax.get_xticks(), row, strict=True):
        inside = (frame["time"] >= tick) & ((frame["entry"] < tick) | (frame["entry"] == 0))
        assert count == frame["w"][inside].sum()


def test_numbers_at_risk_need_groups_of_patients(fit):
    veteran = FlexibleSurvival("Surv(time, status) ~ karno + age", load_veteran()).fit()
    with pytest.raises(DataError, match="`at_risk` needs groups of patients, and 'age' has many values"):
        veteran.plot(by="age", at_risk=True)
    with pytest.raises(DataError, match="`kaplan_meier` needs groups of patients"):
        veteran.plot(by="age", kaplan_meier=True)
    with pytest.raises(DataError, match='`at_risk` belongs to curves over time, not to kind="quantile"'):
        fit.plot("quantile", by="arm", at_risk=True)
    with pytest.raises(DataError, match="at risk"):
        fit.without_data().plot(by="arm", at_risk=True)


# ---- forests


def test_a_forest_draws_the_named_ratios(wide):
    ax = wide.plot("forest")
    table = wide.natural_params
    named = table[[term != "Intercept" for _, term in table.index]]
    assert_allclose(ax.lines[0].get_xdata(), named["estimate"])
    segments = np.array(ax.collections[0].get_segments())
    assert_allclose(segments[:, :, 0], named[["lower", "upper"]])
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels[1] == "sex\nhazard ratio"
    assert labels[-1] == "arm: interferon vs observation\nratio of gamma"
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "Ratio (95 % interval)"
    assert len(ax.texts) == len(named)
    assert wide.plot("forest", alpha=0.1).get_xlabel() == "Ratio (90 % interval)"


def test_a_forest_of_one_kind_of_ratio_names_it_at_the_axis(fit):
    ax = fit.plot("forest")
    assert ax.get_xlabel() == "Hazard ratio (95 % interval)"
    assert [text.get_text() for text in ax.get_yticklabels()] == ["arm: interferon vs observation"]


def test_a_forest_says_which_level_a_group_is_compared_with(data):
    third = data.assign(stage=np.arange(len(data)) % 3 + 1.0)
    formula = 'Surv(time, status) ~ C(stage) + C(arm, contr.treatment(base="interferon"))'
    ax = FlexibleSurvival(formula, third).fit().plot("forest")
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels[:2] == ["stage: 2 vs 1", "stage: 3 vs 1"]
    assert labels[2].endswith(": observation vs interferon")
    without = FlexibleSurvival("Surv(time, status) ~ C(stage, contr.sum)", third).fit().plot("forest")
    assert not any(" vs " in text.get_text() for text in without.get_yticklabels())


def test_long_names_leave_room_for_the_axis(data):
    ax = FlexibleSurvival("Surv(time, status) ~ arm * sex", data, power="~ arm").fit().plot("forest")
    ax.figure.canvas.draw()
    assert ax.get_position().width > 0.4


def test_a_forest_needs_a_named_ratio(data):
    plain = FlexibleSurvival("Surv(time, status) ~ 1", data).fit()
    with pytest.raises(DataError, match="no coefficient of this model is the logarithm of a ratio"):
        plain.plot("forest")


@pytest.mark.parametrize(
    ("kind", "quantity"), [("survival_effects", "survival"), ("rmst_effects", "mean time")]
)
def test_effects_are_drawn_beside_those_of_the_wider_model(wide, kind, quantity):
    ax = wide.plot(kind, at=5, variables=["arm", "sex"])
    table = wide.effects(["arm", "sex"], at=5)
    table = table[table["quantity"].str.startswith(quantity)]
    assert [text.get_text() for text in ax.get_yticklabels()] == table["effect"].tolist()
    assert_allclose(ax.lines[0].get_xdata(), table["estimate"])
    assert_allclose(ax.lines[1].get_xdata(), table["wide_estimate"])
    assert ax.get_xlabel().startswith(f"Difference of {quantity}")
    assert "5 years" in ax.get_xlabel()
    assert texts(ax) == ["this model", "wider model"]


def test_effects_need_a_covariate(data):
    fit = FlexibleSurvival("Surv(time, status) ~ 1", data).fit()
    with pytest.raises(DataError, match="name those to compare in `variables`"):
        fit.plot("survival_effects")


# ---- calibration


def test_calibration_in_groups_by_hand(wide, data):
    from lifelines import KaplanMeierFitter

    table = wide.calibration(at=3, groups=4)
    assert table["n"].sum() == 284
    assert table["n"].between(60, 82).all()
    predicted = wide.predict(at=3)["estimate"].to_numpy()
    cut = np.quantile(predicted, [0.25, 0.5, 0.75])
    place = np.searchsorted(cut, predicted, side="right")
    for k, row in table.iterrows():
        part = data[place == k]
        km = KaplanMeierFitter().fit(part["time"], part["status"])
        assert row["kaplan_meier"] == pytest.approx(km.predict(3.0), abs=1e-12)
        assert row["predicted"] == pytest.approx(predicted[place == k].mean(), abs=1e-12)
        interval = km.confidence_interval_
        assert_allclose(row[["lower", "upper"]].astype(float), interval[interval.index <= 3.0].iloc[-1])
        assert row["events"] == ((part["time"] <= 3) & (part["status"] == 1)).sum()


def test_calibration_of_other_rows_and_by_a_column(wide, data):
    half = data.iloc[::2]
    table = wide.calibration(by="arm", at=2, newdata=half)
    assert table["arm"].tolist() == ["observation", "interferon"]
    assert table["n"].sum() == len(half)
    with pytest.raises(DataError, match="`newdata` needs `at`"):
        wide.calibration(newdata=half)
    with pytest.raises(DataError, match="`by` is 'colour'"):
        wide.calibration(by="colour", at=2)


def test_groups_that_were_not_followed_have_no_kaplan_meier(wide, data):
    cut = data.assign(status=np.where(data["time"] > 2, 0, data["status"]), time=data["time"].clip(upper=2))
    table = wide.calibration(at=3, groups=3, newdata=cut)
    assert table[["kaplan_meier", "lower", "upper"]].isna().all(axis=None)
    assert table["predicted"].notna().all()


def test_equal_predictions_stay_in_one_group(fit):
    assert len(fit.calibration(at=3, groups=5)) == 2


def test_the_picture_of_calibration_is_the_table(wide):
    ax = wide.plot("calibration", at=3, groups=4)
    table = wide.calibration(at=3, groups=4)
    assert_allclose(ax.lines[-1].get_xdata(), table["predicted"])
    assert_allclose(ax.lines[-1].get_ydata(), table["kaplan_meier"])
    assert ax.get_xlim() == ax.get_ylim()
    assert [text.get_text() for text in wide.plot("calibration", at=3, by="arm").texts] == [
        "observation", "interferon",
    ]  # fmt: skip
    with pytest.raises(DataError, match="needs `at`"):
        wide.plot("calibration")
    with pytest.raises(DataError, match="`groups` is 0"):
        wide.plot("calibration", at=3, groups=0)
    with pytest.raises(DataError, match="takes one time"):
        wide.plot("calibration", at=[1, 2])


# ---- arguments belong to kinds


@pytest.mark.parametrize(
    ("kind", "argument"),
    [
        ("survival", {"variables": ["arm"]}), ("survival", {"groups": 3}), ("forest", {"by": "arm"}),
        ("forest", {"at_risk": True}), ("survival_effects", {"by": "arm"}), ("rmst_effects", {"groups": 3}),
        ("calibration", {"simultaneous": True}), ("calibration", {"kaplan_meier": True, "at": 3}),
        ("hazard", {"censored": True}),
    ],
)  # fmt: skip
def test_an_argument_of_another_kind_is_an_error(fit, kind, argument):
    name = next(iter(argument))
    with pytest.raises(DataError, match=f"`{name}` belongs to .*{kind}"):
        fit.plot(kind, **argument)


# ---- residuals with a value for each term


@pytest.mark.parametrize("kind", ["score", "dfbeta", "dfbetas"])
def test_pictures_of_influence(wide, kind):
    table = wide.residuals(kind)
    ax = wide.plot_residuals(kind)
    drawn = np.sort(np.concatenate([line.get_ydata() for line in ax.lines[:2]]))
    assert_allclose(drawn, np.sort(table["ph", "arm[T.interferon]"]))
    ax = wide.plot_residuals(kind, against="age", term="power.arm[T.interferon]")
    assert ax.get_xlabel() == "age"
    assert ax.get_ylabel().endswith("power.arm: interferon")
    largest = table["power", "arm[T.interferon]"].abs().idxmax()
    assert ax.texts[0].get_text() == str(largest)
    assert ("2/sqrt(n)" in texts(ax)) == (kind == "dfbetas")
    with pytest.raises(DataError, match=r"`term` is 'age'.*'ph\.age'"):
        wide.plot_residuals(kind, term="age")


def test_a_term_belongs_to_influence(fit):
    with pytest.raises(DataError, match="`term` belongs to kinds with a value for each term"):
        fit.plot_residuals("quantile", term="ph.Intercept")


def test_influence_with_intervals_is_drawn_by_row(data):
    seen = data["status"] == 1
    low, high = (
        np.where(seen, np.floor(data["time"]), data["time"]),
        np.where(seen, np.ceil(data["time"]), np.inf),
    )
    frame = data.assign(low=low, high=high)
    fit = FlexibleSurvival('Surv(low, high, type="interval2") ~ treatment', frame, "weibull").fit()
    ax = fit.plot_residuals("dfbetas")
    assert ax.get_xlabel() == "Row"
    ax.figure.canvas.draw()


# ---- the ticks of ratios


@pytest.mark.parametrize(("low", "high"), [(0.5, 1.3), (0.9, 1.1), (0.2, 1.2), (0.02, 50.0)])
def test_an_axis_of_ratios_has_plain_ticks(low, high):
    _, ax = plt.subplots()
    ax.set_xscale("log")
    ax.set_xlim(low, high)
    plotting.plain_log_ticks(ax.xaxis)
    ax.figure.canvas.draw()
    inside = [tick for tick in ax.get_xticks() if low <= tick <= high]
    assert len(inside) >= 3
    shown = [label.get_text() for tick, label in zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
             if low <= tick <= high]  # fmt: skip
    assert shown == [f"{tick:g}" for tick in inside]
