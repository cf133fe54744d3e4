"""Net survival without a model, and averages over standard populations: definitions, R's relsurv, truth, refusals."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.core.product_limit import product_limit
from statmodels_x.errors import DataError, DataWarning, FormulaError

AT = np.array([1.0, 3.0, 5.0, 7.0, 8.0])
NO_RATES = smx.Rates([], [0.0])


@pytest.fixture(scope="module")
def table() -> smx.LifeTable:
    return smx.LifeTable(smx.datasets.load_us_mortality(), rate="rate", by="sex", extend="hold")


@pytest.fixture(scope="module")
def matched(table):
    return table.match(age="age", year="randomised", sex="gender")


@pytest.fixture(scope="module")
def colon() -> pd.DataFrame:
    data = smx.datasets.load_colon()
    data = data[data["rx"] != "Lev"]
    return data.assign(
        years=(data["time_death"] + 1e-3 * np.arange(1, len(data) + 1)) / 365.241,  # no two at a time
        gender=np.where(data["sex"] == 1, "male", "female"),
        randomised=1986.0 + 182.0 / 365.0,
        group=np.where(data["age"] < 60, "young", "old"),
    )


@pytest.fixture(scope="module")
def fit(colon, matched):
    model = smx.FlexibleSurvival(
        "Surv(years, status_death) ~ rx + gender", colon, "weibull", time_unit="years", background=matched
    )
    return model.fit()


def by_definition(table, part, entry=None):
    """Net survival from sums of w b over sums of w by the trapezoid rule, as a product and as an exponential."""
    time, event = part["years"].to_numpy(), part["status_death"].to_numpy() == 1
    began = np.zeros(len(time)) if entry is None else entry
    grid = np.unique(np.concatenate([np.linspace(0.0, AT[-1], 1_001), time[time <= AT[-1]], began, AT]))
    age, year = part["age"].to_numpy(float), part["randomised"].to_numpy()
    sex = part["gender"].to_numpy()
    n = len(time)
    wide = [np.repeat(values, len(grid)) for values in (age, year, sex)]
    years = wide[1] if len(table.years) else None
    hazard = table.cumulative(wide[0], years, 0.0, np.tile(grid, n), sex=wide[2]).reshape(n, -1)
    weight = np.exp(hazard)
    log_product, log_exponential, found = 0.0, 0.0, []
    for k in range(1, len(grid)):
        inside = (time >= grid[k]) & (began <= grid[k - 1])
        step = (hazard[inside, k] - hazard[inside, k - 1]) / (
            grid[k] - grid[k - 1]
        )  # the rate, but for a change of cell
        ends = [weight[inside, j] @ step / weight[inside, j].sum() for j in (k - 1, k)]
        other = 0.5 * sum(ends) * (grid[k] - grid[k - 1])
        dying = inside & event & (time == grid[k])
        share = weight[dying, k].sum() / weight[inside, k].sum()
        log_product += other + np.log1p(-share)
        log_exponential += other - share
        if grid[k] in AT:
            found.append((np.exp(log_product), np.exp(log_exponential)))
    return np.array(found).T


# by benchmarks/survival_net.R, with the rates of 1986 for all years: survival and its error (relsurv 2.2.9)
RELSURV = {
    "Lev+5FU": [[0.93523142, 0.79351858, 0.71898479, 0.69616887, 0.69875568],
                [0.016055037, 0.026641573, 0.031057067, 0.038710576, 0.043650123]],
    "Obs": [[0.94135523, 0.69664708, 0.59188673, 0.52460263, 0.50549765],
            [0.015309315, 0.028649256, 0.031908023, 0.038009481, 0.050349957]],
}  # fmt: skip


@pytest.mark.parametrize("arm", list(RELSURV))
def test_estimator_is_its_definition_and_that_of_relsurv(colon, arm):
    rates = smx.datasets.load_us_mortality()
    table = smx.LifeTable(rates[rates["year"] == 1986], year=None, rate="rate", by="sex", extend="hold")
    matched, part = table.match(age="age", sex="gender"), colon[colon["rx"] == arm]
    net = smx.net_survival("Surv(years, status_death) ~ rx", colon, matched, at=AT, time_unit="years")
    own = net[net["rx"] == arm]
    product, exponential = by_definition(table, part)
    assert_allclose(own["estimate"], product, rtol=1e-6)
    assert_allclose(exponential, RELSURV[arm][0], rtol=5e-6)
    error = own["std_error"] / own["estimate"]
    assert_allclose(error, np.divide(*RELSURV[arm][::-1]), rtol=5e-6)
    assert_allclose(own["lower"], own["estimate"] * np.exp(-1.959964 * error), rtol=1e-6)
    assert_allclose(own["upper"], own["estimate"] * np.exp(1.959964 * error), rtol=1e-6)
    assert own["at_risk"].tolist() == [(part["years"] >= t).sum() for t in AT]
    assert own["events"].tolist() == [((part["years"] <= t) & (part["status_death"] == 1)).sum() for t in AT]


def test_late_entry_is_its_definition(colon, table, matched):
    part = colon[colon["rx"] == "Obs"]
    entry = np.where(np.arange(len(part)) % 3 == 0, 0.4 * part["years"], 0.0)
    late = part.assign(entry=entry)
    net = smx.net_survival("Surv(entry, years, status_death) ~ 1", late, matched, at=AT, time_unit="years")
    assert_allclose(net["estimate"], by_definition(table, part, entry)[0], rtol=1e-7)


def test_without_a_background_it_is_kaplan_meier(colon):
    rng = np.random.default_rng(2)
    data = colon.assign(entry=0.3 * rng.random(len(colon)) * colon["years"], n=rng.integers(1, 4, len(colon)))
    net = smx.net_survival("Surv(entry, years, status_death) ~ 1", data, NO_RATES, weights="n")
    event = data["status_death"].to_numpy() == 1
    times, survival = product_limit(
        data["years"].to_numpy(), event, data["n"].to_numpy(float), data["entry"].to_numpy()
    )
    assert_allclose(net["time"], times)
    assert_allclose(net["estimate"], survival, rtol=1e-11)


def test_weights_that_count_are_repeated_rows_and_others_are_squared(colon, matched):
    count = np.arange(len(colon)) % 3 + 1
    formula = "Surv(years, status_death) ~ 1"
    repeated = smx.net_survival(formula, colon.loc[colon.index.repeat(count)], matched, at=AT)
    counted = smx.net_survival(formula, colon, matched, at=AT, weights=count)
    pd.testing.assert_frame_equal(repeated, counted, rtol=1e-10)
    shares = smx.net_survival(formula, colon, matched, at=AT, weights=count / 1.7)
    assert_allclose(shares["estimate"], counted["estimate"], rtol=1e-10)
    assert (shares["std_error"] > counted["std_error"]).all()


def test_order_labels_and_units_do_not_matter(colon, matched):
    formula = "Surv(years, status_death) ~ gender + rx"
    net = smx.net_survival(formula, colon, matched, at=AT)
    shuffled = colon.sample(frac=1.0, random_state=1)
    pd.testing.assert_frame_equal(net, smx.net_survival(formula, shuffled, matched, at=AT), rtol=1e-10)
    assert net.columns[:2].tolist() == ["gender", "rx"]
    days = colon.assign(years=colon["years"] * 365.25)
    other = smx.net_survival(formula, days, matched, at=AT * 365.25, time_unit="days")
    assert_allclose(other["estimate"], net["estimate"], rtol=1e-10)


def test_truth_is_covered(table):
    """Persons of 50 to 85 years, of whom a third die of the disease: 95 of 100 intervals cover, within chance."""
    rng = np.random.default_rng(3)
    covered, errors, estimates = [], [], []
    for _ in range(120):
        n = 300
        age = rng.uniform(50.0, 85.0, n)
        level = 0.02 * np.exp(0.1 * (age - 70.0))
        other = np.log1p(0.1 * rng.standard_exponential(n) / level) / 0.1
        disease = rng.standard_exponential(n) / 0.08
        end = rng.uniform(4.0, 12.0, n)
        time = np.minimum(np.minimum(other, disease), end)
        data = pd.DataFrame({"age": age, "time": time, "died": (time < end).astype(int)})
        cells = pd.DataFrame({"age": np.arange(50.0, 98.0, 0.25)})
        cells["rate"] = 0.02 * np.exp(0.1 * (cells["age"] + 0.125 - 70.0))
        matched = smx.LifeTable(cells, year=None, rate="rate").match(age="age")
        net = smx.net_survival("Surv(time, died) ~ 1", data, matched, at=[5.0]).iloc[0]
        covered.append(net["lower"] <= np.exp(-0.4) <= net["upper"])
        errors.append(net["std_error"])
        estimates.append(net["estimate"])
    assert np.mean(estimates) == pytest.approx(np.exp(-0.4), abs=3.0 * np.std(estimates) / np.sqrt(120))
    assert np.mean(errors) == pytest.approx(np.std(estimates), rel=0.2)
    assert 0.89 <= np.mean(covered) <= 0.99


def test_curve_of_a_fit_is_that_of_its_rows(fit, colon, matched):
    own = fit.net_survival("rx", at=AT)
    pd.testing.assert_frame_equal(
        own, smx.net_survival("Surv(years, status_death) ~ rx", colon, matched, at=AT, time_unit="years")
    )
    model = fit.standardise("net_survival", at=[5.0]).iloc[0]
    assert abs(model["estimate"] - fit.net_survival(at=[5.0])["estimate"].iloc[0]) < 2.0 * model["std_error"]


def test_factor_of_a_fit_is_in_its_curve(colon, matched):
    rng = np.random.default_rng(5)  # so that the old die more often and the factor is found
    old = colon["age"].to_numpy() > 65
    died = colon["status_death"].where(~old | (rng.random(len(colon)) < 0.4), 1)
    colon = colon.assign(status_death=died, years=np.where(old, 0.8, 1.0) * colon["years"])
    model = smx.FlexibleSurvival(
        "Surv(years, status_death) ~ rx", colon, "weibull", time_unit="years", background=matched,
        background_factor="~ 1",
    )  # fmt: skip
    fit = model.fit()
    factor = float(np.exp(fit.params["background", "Intercept"]))
    rates = smx.datasets.load_us_mortality()
    scaled = smx.LifeTable(rates.assign(rate=factor * rates["rate"]), rate="rate", by="sex", extend="hold")
    other = scaled.match(age="age", year="randomised", sex="gender")
    expected = smx.net_survival("Surv(years, status_death) ~ 1", colon, other, at=AT, time_unit="years")
    assert_allclose(fit.net_survival(at=AT)["estimate"], expected["estimate"], rtol=1e-10)


def test_after_the_last_time_nothing_is_known(colon, matched):
    net = smx.net_survival(
        "Surv(years, status_death) ~ rx", colon, matched, at=[0.0, 50.0], time_unit="years"
    )
    assert net.loc[net["time"] == 0.0, "estimate"].tolist() == [1.0, 1.0]
    late = net[net["time"] == 50.0]
    assert late["estimate"].isna().all()
    assert late["at_risk"].tolist() == [0.0, 0.0]
    assert late["events"].sum() == colon["status_death"].sum()


def test_one_row_and_everybody_dead(matched, colon):
    one = colon.head(1)
    net = smx.net_survival("Surv(years, status_death) ~ 1", one, matched)
    assert net["estimate"].tolist() == [1.0, 0.0]
    assert net["upper"].iloc[0] == 1.0


def test_rows_with_missing_values_are_dropped_aloud(colon, matched):
    holes = colon.assign(age=colon["age"].where(np.arange(len(colon)) > 4))
    with pytest.warns(DataWarning, match="5 of 619 rows were dropped; missing values: .*age"):
        net = smx.net_survival("Surv(years, status_death) ~ 1", holes, matched, at=AT, time_unit="years")
    rest = smx.net_survival(
        "Surv(years, status_death) ~ 1", colon.iloc[5:], matched, at=AT, time_unit="years"
    )
    pd.testing.assert_frame_equal(net, rest)


@pytest.mark.parametrize(
    ("formula", "options", "error", "says"),
    [
        ("Surv(years, status_death) ~ np.log(age)", {}, FormulaError, "columns of groups"),
        ("Surv(years, status_death) ~ rx:gender", {}, FormulaError, "columns of groups"),
        ("Surv(years, status_death) ~ age", {}, DataError, "'age' has 5. values"),
        ("Surv(years, status_death) ~ 1", {"at": [-1.0]}, DataError, "`at`"),
        ("Surv(years, status_death) ~ 1", {"background": "randomised"}, DataError, "known at every time"),
        ("Surv(years, status_death) ~ 1", {"background": None}, DataError, "known at every time"),
        ("Surv(years, status_death) ~ 1", {"weights": {"old": 1.0}}, DataError, "column of groups"),
        ("Surv(years, time_recurrence, type='interval2') ~ 1", {}, DataError, "exact or right-censored"),
    ],
)
def test_what_cannot_be_estimated_is_named(colon, matched, formula, options, error, says):
    data = colon.assign(time_recurrence=colon["years"] + 0.5)
    with pytest.raises(error, match=says):
        smx.net_survival(formula, data, options.pop("background", matched), time_unit="years", **options)


def test_follow_up_beyond_the_table_is_named(colon):
    short = smx.LifeTable(smx.datasets.load_us_mortality().query("year <= 1988"), rate="rate", by="sex")
    with pytest.raises(DataError, match="outside the life table"):
        smx.net_survival(
            "Surv(years, status_death) ~ 1",
            colon[colon["age"] >= 40],
            short.match(age="age", year="randomised", sex="gender"),
            time_unit="years",
        )


def test_fits_that_have_no_net_survival_say_so(fit, colon):
    plain = smx.FlexibleSurvival("Surv(years, status_death) ~ rx", colon, "weibull").fit()
    with pytest.raises(DataError, match="no background"):
        plain.net_survival()
    with pytest.raises(DataError, match="'group', which is no column of this model"):
        fit.net_survival("group")
    with pytest.raises(DataError, match="net_survival"):
        fit.without_data().net_survival()


# standard populations


def test_weights_of_a_standard_population_are_those_of_its_groups(fit, colon):
    standard = {"group": {"young": 30.0, "old": 70.0}}
    found = fit.standardise("net_survival", at=AT, over=colon, weights=standard)
    share = colon["group"].map({"young": 0.3, "old": 0.7}) / colon["group"].map(colon["group"].value_counts())
    pd.testing.assert_frame_equal(
        found, fit.standardise("net_survival", at=AT, over=colon, weights=share.to_numpy())
    )
    parts = [
        fit.standardise("survival", at=AT, over=colon[colon["group"] == name])["estimate"]
        for name in ("young", "old")
    ]
    whole = fit.standardise("survival", at=AT, over=colon, weights=standard)
    assert_allclose(whole["estimate"], 0.3 * parts[0] + 0.7 * parts[1], rtol=1e-10)
    contrast = fit.standardise(
        "survival", at=[5.0], by="rx", over=colon, weights=standard, contrast="difference"
    )
    assert len(contrast) == 1


def test_standard_weights_of_the_curve_are_those_of_its_rows(colon, matched):
    formula = "Surv(years, status_death) ~ 1"
    standard = {"group": {"young": 0.3, "old": 0.7}}
    found = smx.net_survival(formula, colon, matched, at=AT, weights=standard)
    share = colon["group"].map({"young": 0.3, "old": 0.7}) / colon["group"].map(colon["group"].value_counts())
    assert_allclose(
        found["estimate"], smx.net_survival(formula, colon, matched, at=AT, weights=share)["estimate"]
    )
    # weighing within the curve and weighing the curves of the groups estimate the same
    groups = smx.net_survival("Surv(years, status_death) ~ group", colon, matched, at=AT)
    direct = groups.assign(share=groups["group"].map({"young": 0.3, "old": 0.7}))
    direct = (direct["estimate"] * direct["share"]).groupby(direct["time"]).sum()
    assert_allclose(found["estimate"], direct, atol=0.2 * found["std_error"].min())


def test_weights_that_do_not_sum_to_a_whole_are_divided_by_their_sum_aloud(fit, colon):
    with pytest.warns(DataWarning, match="by 'group' sum to 0.9; they were divided by it"):
        found = fit.standardise("survival", at=AT, over=colon, weights={"group": {"young": 0.3, "old": 0.6}})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exact = fit.standardise(
            "survival", at=AT, over=colon, weights={"group": {"young": 100.0 / 3.0, "old": 200.0 / 3.0}}
        )
    pd.testing.assert_frame_equal(found, exact)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ({"group": {"young": 1.0}}, "no weight for 'old' of 'group'; it has one for 'young'"),
        ({"group": {"young": 0.5, "old": 0.3, "oldest": 0.2}}, "nobody is in 'oldest' of 'group'"),
        ({"group": {"young": -0.5, "old": 1.5}}, "'young' are negative"),
        ({"group": {"young": np.nan, "old": 1.0}}, "'young' are negative, missing"),
        ({"group": {"young": 0.0, "old": 0.0}}, "all are 0"),
        ({"band": {"young": 0.5, "old": 0.5}}, "'band', which is no column of `over`"),
        ({"young": 0.5, "old": 0.5}, "column of groups"),
    ],
)
def test_weights_that_do_not_fit_the_groups_are_named(fit, colon, weights, says):
    with pytest.raises(DataError, match=says):
        fit.standardise("survival", at=AT, over=colon, weights=weights)


def test_groups_that_the_fit_did_not_keep_are_asked_for(fit, colon):
    with pytest.raises(DataError, match="give over=data"):
        fit.standardise("survival", at=AT, weights={"group": {"young": 0.5, "old": 0.5}})
    found = fit.standardise("survival", at=AT, weights={"gender": {"male": 0.5, "female": 0.5}})
    assert found["estimate"].is_monotonic_decreasing
    holes = colon.assign(group=colon["group"].where(np.arange(len(colon)) > 0))
    with pytest.raises(DataError, match="'group' is missing in"):
        fit.standardise("survival", at=AT, over=holes, weights={"group": {"young": 0.5, "old": 0.5}})


def test_relative_survival_is_a_ratio_of_averages_and_not_net_survival(fit):
    ratio = fit.standardise("relative_survival", at=[0.0, 5.0, 20.0])
    survival, alone, net = (
        fit.standardise(kind, at=[0.0, 5.0, 20.0])["estimate"]
        for kind in ("survival", "expected_survival", "net_survival")
    )
    assert_allclose(ratio["estimate"], survival / alone, rtol=1e-12)
    assert abs(ratio["estimate"] - net).iloc[1:].min() > 1e-4
    assert ratio["std_error"].iloc[0] == 0.0
    contrast = fit.standardise(
        "relative_survival", at=[5.0], by="rx", levels=["Obs", "Lev+5FU"], contrast="difference"
    )
    assert contrast["estimate"].iloc[0] > 0.0
    named = fit.standardise("relative_survival_difference", at=[5.0], by="rx", levels=["Obs", "Lev+5FU"])
    pd.testing.assert_frame_equal(contrast, named)


def test_error_of_relative_survival_is_the_spread_of_draws(fit):
    exact = fit.standardise("relative_survival", at=[8.0]).iloc[0]
    drawn = fit.standardise("relative_survival", at=[8.0], method="simulation", n_draws=1500).iloc[0]
    assert exact["std_error"] == pytest.approx(drawn["std_error"], rel=0.08)


def test_relative_survival_belongs_to_averages_of_a_background(fit, colon):
    plain = smx.FlexibleSurvival("Surv(years, status_death) ~ rx", colon, "weibull").fit()
    with pytest.raises(DataError, match=r"relative_survival.* belongs to a model with a background"):
        plain.standardise("relative_survival", at=AT)
    with pytest.raises(DataError, match="kind"):
        fit.predict(colon, kind="relative_survival", at=AT)
