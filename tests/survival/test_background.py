"""A background hazard in fits and predictions: identities, definitions, files, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from life_tables import in_pieces, population, trapezoid
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataError, DataWarning, IdentificationError
from statmodels_x.survival.inference.all_cause import QUANTITIES
from statmodels_x.survival.inference.prediction import rows_for, with_waning


@pytest.fixture(scope="module")
def table() -> smx.LifeTable:
    return smx.LifeTable(population(), rate="rate", by="sex")


@pytest.fixture(scope="module")
def patients(table) -> pd.DataFrame:
    """Persons who die of a disease that half of them survive, or of other causes as their population does."""
    rng = np.random.default_rng(8)
    n = 700
    data = pd.DataFrame(
        {
            "age": rng.uniform(50.0, 80.0, n),
            "diagnosed": rng.uniform(1990.0, 1996.0, n),
            "sex": np.where(rng.random(n) < 0.5, "f", "m"),
            "x": rng.integers(0, 2, n),
        }
    )
    disease = (rng.standard_exponential(n) / (0.15 * np.exp(-0.7 * data["x"]))) ** (1.0 / 1.3)
    grid = np.linspace(0.0, 20.0, 2_001)
    paths = table.match(age="age", year="diagnosed", sex="sex").paths(
        {"age": data["age"], "year": data["diagnosed"], "stratum sex": data["sex"]}, 1.0
    )
    wide = paths.repeat(len(grid))
    hazard = wide.cumulative(np.zeros(n * len(grid)), np.tile(grid, n)).reshape(n, -1)
    amount = rng.standard_exponential(n)
    other = np.array([np.interp(a, h, grid, right=np.inf) for a, h in zip(amount, hazard, strict=True)])
    censored = rng.uniform(4.0, 14.0, n)
    time = np.minimum(np.minimum(disease, other), censored)
    return data.assign(time=time, died=(time < censored).astype(int))


@pytest.fixture(scope="module")
def fit(patients, table):
    matched = table.match(age="age", year="diagnosed", sex="sex")
    model = smx.FlexibleSurvival(
        "Surv(time, died) ~ x", patients, "weibull", background=matched, time_unit="years"
    )
    return model.fit()


def test_no_background_is_the_plain_fit(patients):
    none = smx.Rates([], [0.0])
    plain = smx.FlexibleSurvival("Surv(time, died) ~ x", patients).fit()
    with_none = smx.FlexibleSurvival("Surv(time, died) ~ x", patients, background=none).fit()
    assert with_none.llf == pytest.approx(plain.llf, rel=1e-12)
    assert_allclose(with_none.params, plain.params, rtol=1e-8)
    assert_allclose(with_none.bse, plain.bse, rtol=1e-7)


def test_truth_is_found_with_the_background_and_missed_without(fit, patients):
    effect = fit.params["ph", "x"]
    assert abs(effect + 0.7) < 2.5 * fit.bse["ph", "x"]
    assert abs(np.exp(fit.params["power", "Intercept"]) - 1.3) < 0.15
    without = smx.FlexibleSurvival("Surv(time, died) ~ x", patients, "weibull").fit()
    assert abs(without.params["ph", "x"]) < abs(effect)


def test_same_fit_from_table_columns_and_weights(fit, patients, table):
    match = table.match(age="age", year="diagnosed", sex="sex")
    paths = match.paths(
        {"age": patients["age"], "year": patients["diagnosed"], "stratum sex": patients["sex"]}, 1.0
    )
    times = patients["time"].to_numpy()
    data = patients.assign(b=paths.rate(times), B=paths.cumulative(np.zeros(len(times)), times))
    columns = smx.FlexibleSurvival(
        "Surv(time, died) ~ x", data, "weibull", background={"rate": "b", "cumulative": "B"}
    )
    found = columns.fit()
    assert found.llf == pytest.approx(fit.llf, rel=1e-12)
    assert_allclose(found.params, fit.params, atol=1e-8)
    rate_alone = smx.FlexibleSurvival("Surv(time, died) ~ x", data, "weibull", background="b").fit()
    assert rate_alone.llf == pytest.approx(fit.llf + data["B"].sum(), rel=1e-10)
    assert_allclose(rate_alone.params, fit.params, atol=1e-8)
    twice = pd.concat([data, data])
    double = smx.FlexibleSurvival(
        "Surv(time, died) ~ x", data.assign(w=2), "weibull", weights="w", background=match
    )
    repeated = smx.FlexibleSurvival("Surv(time, died) ~ x", twice, "weibull", background=match)
    assert double.fit().llf == pytest.approx(repeated.fit().llf, rel=1e-12)


def test_units_of_time(fit, patients, table):
    match = table.match(age="age", year="diagnosed", sex="sex")
    months = patients.assign(time=patients["time"] * 12.0)
    other = smx.FlexibleSurvival(
        "Surv(time, died) ~ x", months, "weibull", background=match, time_unit="months"
    ).fit()
    assert_allclose(other.params["ph", "x"], fit.params["ph", "x"], rtol=1e-6)
    assert other.llf == pytest.approx(fit.llf - patients["died"].sum() * np.log(12.0), rel=1e-9)
    with pytest.raises(DataError, match="unit of time"):
        smx.FlexibleSurvival("Surv(time, died) ~ x", months, "weibull", background=match)


NEW = pd.DataFrame({"age": [62.3, 71.0], "diagnosed": [1992.5, 1995.25], "sex": ["f", "m"], "x": [0, 1]})


@pytest.mark.parametrize("row", [0, 1])
def test_predictions_are_their_definitions(fit, table, row):
    one, at = NEW.iloc[[row]], 9.0
    place = {"age": one["age"].iloc[0], "year": one["diagnosed"].iloc[0], "sex": one["sex"].iloc[0]}

    def found(kind, times=at):
        values = fit.predict(one, kind=kind, at=times)["estimate"].to_numpy()
        return values if np.ndim(times) else values[0]

    fine = at * np.linspace(1e-4, 1.0, 6_001) ** 3
    net, excess = found("net_survival", fine), found("net_hazard", fine)
    alone = np.exp(-table.cumulative(start=0.0, stop=fine, **place))
    both = net * alone
    assert found("survival") == pytest.approx(both[-1], rel=1e-12)
    assert found("expected_survival") == pytest.approx(alone[-1], rel=1e-12)
    rate = table.rate(place["age"] + at, place["year"] + at, sex=place["sex"])[0]
    assert found("hazard") == pytest.approx(excess[-1] + rate, rel=1e-12)
    assert found("density") == pytest.approx((excess[-1] + rate) * both[-1], rel=1e-10)
    assert found("rmst") == pytest.approx(trapezoid(both, fine), rel=1e-6)
    assert found("net_rmst") == pytest.approx(trapezoid(net, fine), rel=1e-6)
    assert found("life_years_lost") == pytest.approx(trapezoid(alone - both, fine), rel=1e-5)
    assert found("crude_disease") == pytest.approx(trapezoid(excess * both, fine), abs=1e-5)
    assert found("crude_disease") + found("crude_other") + found("survival") == pytest.approx(1.0, abs=1e-12)
    assert found("crude_disease") < 1.0 - net[-1]
    median = fit.predict(one, kind="median")["estimate"].iloc[0]
    assert found("survival", [median])[0] == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("calendar", ["plain", "birthday"])
@pytest.mark.parametrize("power", [0.3, 1.4])
def test_integrals_are_cut_where_the_background_jumps(patients, calendar, power):
    """At an age of 90 a rule that does not know of the jumps is off in the fifth digit."""
    table = smx.LifeTable(population(0.3), rate="rate", by="sex", calendar=calendar, extend="hold")
    matched = table.match(age="age", year="diagnosed", sex="sex")
    data = patients.assign(time=patients["time"] ** (1.3 / power))
    data = data.assign(
        died=np.where(data["time"] > 15.0, 0, data["died"]), time=np.minimum(data["time"], 15.0)
    )
    fit = smx.FlexibleSurvival(
        "Surv(time, died) ~ x", data, "weibull", background=matched, time_unit="years"
    ).fit()
    new = NEW.assign(age=[62.3, 90.37])
    for at in (3.0, 12.0):
        found = {
            kind: fit.predict(new, kind, at=at)["estimate"].to_numpy()
            for kind in ("crude_disease", "crude_other", "life_years_lost", "rmst")
        }
        for row, one in enumerate(new.itertuples()):
            born, begun = np.arange(40.0) - one.age % 1.0, np.arange(40.0) - one.diagnosed % 1.0
            times, weights = in_pieces(born if calendar == "birthday" else np.append(born, begun), at)
            net = fit.predict(new.iloc[[row]], "net_survival", at=times)["estimate"].to_numpy()
            alone = np.exp(-table.cumulative(one.age, one.diagnosed, 0.0, times, sex=one.sex))
            paths = matched.paths({"age": [one.age], "year": [one.diagnosed], "stratum sex": [one.sex]}, 1.0)
            rate = paths.repeat(len(times)).rate(times)
            alive, other = weights * net * alone, float(np.sum(weights * rate * net * alone))
            end = fit.predict(new.iloc[[row]], "survival", at=at)["estimate"].iloc[0]
            assert_allclose(found["crude_other"][row], other, rtol=0.0, atol=1e-11)
            assert_allclose(found["crude_disease"][row], 1.0 - end - other, rtol=0.0, atol=1e-11)
            assert_allclose(found["rmst"][row], alive.sum(), rtol=1e-11)
            assert_allclose(found["life_years_lost"][row], np.sum(weights * alone * (1.0 - net)), rtol=1e-10)


def test_mean_runs_past_the_table(fit, table):
    """The last cell is held: restricted means to times when nobody is left tend to the mean."""
    mean = fit.predict(NEW, kind="mean")["estimate"].to_numpy()
    table_of = fit.predict(NEW, kind="rmst", at=[20.0, 45.0, 70.0])
    restricted = table_of["estimate"].to_numpy().reshape(2, 3)
    assert np.all(np.diff(restricted, axis=1) > -1e-5)
    assert_allclose(mean, restricted[:, -1], rtol=1e-5)
    assert table_of["background_held"].tolist() == [False, True, True, False, True, True]


def test_both_ends_of_a_table_are_held_and_told():
    rates = pd.DataFrame(
        {"age": [40, 41, 40, 41], "year": [1990, 1990, 1991, 1991], "rate": [0.1, 0.2, 0.3, 0.4]}
    )
    held = smx.LifeTable(rates, rate="rate", extend="hold")
    ages, years = np.array([39.5, 40.5, 41.5, 42.5, 40.5, 40.5]), np.array([1990.5] * 4 + [1989.5, 1992.5])
    assert held.beyond(ages, years).tolist() == [True, False, False, True, True, True]


KINDS_OF_FIT = ("survival", "hazard", "density", "odds", "rmst", "quantile", "mean", "net_survival", "net_rmst",
                "crude_disease", "crude_other", "life_years_lost")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS_OF_FIT)
@pytest.mark.parametrize("given", [None, 2.0])
def test_gradients_are_differences(fit, kind, given):
    rows = rows_for(fit, kind, NEW, given)
    points = np.array([0.3, 0.2]) if kind == "quantile" else np.array([4.0, 6.0])
    of = QUANTITIES[kind]
    found = of(points, rows)
    step = 1e-5 * np.eye(len(fit.theta))
    slopes = [
        (of(points, rows.at(fit.theta + e)).value - of(points, rows.at(fit.theta - e)).value) / 2e-5
        for e in step
    ]
    assert_allclose(found.jacobian, np.array(slopes).T, rtol=2e-5, atol=1e-7)


def test_standardised_net_survival_and_relative_survival_are_two_things(fit, patients):
    net = fit.standardise("net_survival", at=[10.0])["estimate"].iloc[0]
    both = fit.standardise("survival", at=[10.0])["estimate"].iloc[0]
    alone = fit.standardise("expected_survival", at=[10.0])["estimate"].iloc[0]
    each = fit.predict(patients, kind="net_survival", at=[10.0])["estimate"]
    assert net == pytest.approx(each.mean(), rel=1e-12)
    own = fit.predict(patients, kind="expected_survival", at=[10.0])["estimate"].to_numpy()
    assert both / alone == pytest.approx(np.average(each, weights=own), rel=1e-12)


def test_everybody_is_alive_at_time_0(fit, patients):
    """Also where the weights of the mean round to a sum above 1."""
    for rows in range(600, 700, 7):
        start = fit.standardise("net_survival", at=[0.0, 1.0], over=patients.head(rows))
        assert start["estimate"].iloc[0] == pytest.approx(1.0, abs=1e-12)


def test_discounted_time(fit, patients):
    """3.5 % a year: the integral of S(t) 1.035^-t, whatever the unit of time."""
    fine = 9.0 * np.linspace(1e-4, 1.0, 6_001) ** 3
    for kind, curve in (("rmst", "survival"), ("net_rmst", "net_survival")):
        alive = fit.predict(NEW, kind=curve, at=fine)["estimate"].to_numpy().reshape(2, -1)
        want = [trapezoid(row * 1.035**-fine, fine) for row in alive]
        found = fit.predict(NEW, kind=kind, at=[9.0], discount=0.035)
        assert_allclose(found["estimate"], want, rtol=1e-5)
        plain = fit.predict(NEW, kind=kind, at=[9.0])
        assert np.all(found["estimate"] < plain["estimate"])
        assert np.all(found["std_error"] < plain["std_error"])
    later = fit.predict(NEW, kind="rmst", at=[9.0], discount=0.035, given=2.0)["estimate"]
    assert np.all(later > (1.0 - 1.035**-2.0) / np.log(1.035))
    mean = fit.standardise("rmst", at=[9.0], discount=0.035)["estimate"].iloc[0]
    each = fit.predict(patients, kind="rmst", at=[9.0], discount=0.035)["estimate"]
    assert mean == pytest.approx(each.mean())
    for options, says in (
        ({"kind": "survival"}, "time lived"),
        ({"kind": "rmst", "discount": 2.0}, "`discount`"),
    ):
        with pytest.raises(DataError, match=says):
            fit.predict(NEW, at=[9.0], **{"discount": 0.035, **options})
    unknown = smx.FlexibleSurvival("Surv(time, died) ~ x", patients, "weibull").fit()
    with pytest.raises(DataError, match="unit of time"):
        unknown.predict(NEW, kind="rmst", at=[9.0], discount=0.035)


def test_draws_are_common_and_as_wide_as_the_errors(fit):
    found = fit.predict(NEW, kind="net_survival", at=[3.0, 6.0], draws=800)
    assert list(found.columns) == ["draw", "row", "time", "value"]
    table = fit.predict(NEW, kind="net_survival", at=[3.0, 6.0])
    spread = found.groupby(["row", "time"])["value"].std().to_numpy()
    assert_allclose(spread, table["std_error"], rtol=0.12)
    again = fit.predict(NEW.head(1), kind="net_survival", at=[6.0], draws=800)
    own = found[(found["row"] == 0) & (found["time"] == 6.0)]["value"].to_numpy()
    assert_allclose(again["value"], own, rtol=1e-12)  # the same coefficients


def test_simulated_times_are_those_of_all_causes(fit):
    times = fit.simulate(NEW, n=4_000, seed=3)
    alive = fit.predict(NEW, kind="survival", at=[5.0])["estimate"].to_numpy()
    share = (times["time"] > 5.0).groupby(times["row"]).mean().to_numpy()
    assert_allclose(share, alive, atol=4.0 * np.sqrt(0.25 / 4_000))
    assert fit.simulate(NEW, n=500, given=2.0)["time"].min() >= 2.0


def treated_and_control():
    return NEW.assign(x=1), NEW.assign(x=0)


def test_an_effect_wanes_between_two_times(fit):
    """The hazard is the treated's, then in between on the log scale, then the control's; survival is its integral."""
    treated, control = treated_and_control()
    options = {"reference": control, "wane": (15.0, 18.0)}
    times = np.array([5.0, 15.0, 16.0, 17.5, 18.0, 25.0])
    waned = fit.predict(treated, kind="net_hazard", at=times, **options)["estimate"].to_numpy().reshape(2, -1)
    one, two = (fit.predict(who, kind="net_hazard", at=times)["estimate"].to_numpy().reshape(2, -1)
                for who in (treated, control))  # fmt: skip
    share = np.array([1.0, 1.0, 2.0 / 3.0, 0.5 / 3.0, 0.0, 0.0])
    assert_allclose(np.log(waned), share * np.log(one) + (1.0 - share) * np.log(two), rtol=1e-10)
    fine = 25.0 * np.linspace(1e-4, 1.0, 8_001) ** 3
    rate = fit.predict(
        treated.head(1), kind="net_hazard", at=fine, reference=control.head(1), wane=(15.0, 18.0)
    )
    alive = fit.predict(
        treated.head(1), kind="net_survival", at=[25.0], reference=control.head(1), wane=(15.0, 18.0)
    )
    integral = trapezoid(rate["estimate"].to_numpy(), fine)
    assert -np.log(alive["estimate"].iloc[0]) == pytest.approx(integral, rel=1e-5)
    at_once = fit.predict(treated, kind="survival", at=[15.0, 25.0], reference=control, wane=(15.0, 15.0))
    never = fit.predict(treated, kind="survival", at=[15.0, 25.0])
    assert_allclose(at_once["estimate"][::2], never["estimate"][::2], rtol=1e-12)
    assert np.all(at_once["estimate"][1::2] < never["estimate"][1::2])


@pytest.mark.parametrize(
    "kind", ["survival", "hazard", "rmst", "quantile", "crude_disease", "life_years_lost"]
)
@pytest.mark.parametrize("factor", [False, True])
def test_gradients_under_waning_are_differences(fit, with_free_factor, kind, factor):
    found = with_free_factor if factor else fit
    treated, control = treated_and_control()
    rows = rows_for(found, kind, treated)
    rows = with_waning(found, rows, rows_for(found, kind, control), kind, (14.2, 15.0, False))
    points = np.array([0.9, 0.97]) if kind == "quantile" else np.array([14.5, 16.0])
    of, step = QUANTITIES[kind], 1e-5 * np.eye(len(found.theta))
    slopes = [
        (of(points, rows.at(found.theta + e)).value - of(points, rows.at(found.theta - e)).value) / 2e-5
        for e in step
    ]
    assert_allclose(of(points, rows).jacobian, np.array(slopes).T, rtol=2e-5, atol=1e-7)


def test_standardised_gain_of_a_waning_effect(fit, patients):
    patients = patients.head(150)
    options = {"kind": "rmst", "at": [20.0], "by": "x", "contrast": "difference", "over": patients}
    lasting = fit.standardise(**options)["estimate"].iloc[0]
    waned = fit.standardise(**options, wane=(14.5, 16.0))["estimate"].iloc[0]
    treated, control = patients.assign(x=1), patients.assign(x=0)
    own = fit.predict(treated, kind="rmst", at=[20.0], reference=control, wane=(14.5, 16.0))[
        "estimate"
    ].mean()
    other = fit.predict(control, kind="rmst", at=[20.0])["estimate"].mean()
    assert waned == pytest.approx(own - other, rel=1e-9)
    assert 0.0 < waned < lasting


def test_bad_waning_is_named(fit):
    treated, control = treated_and_control()
    for options, says in (
        ({"wane": (5.0, 3.0), "reference": control}, "two times"),
        ({"wane": 3.0, "reference": control}, "two times"),
        ({"wane": (15.0, 16.0)}, "reference"),
        ({"wane": (15.0, 16.0), "reference": control, "kind": "mean"}, "wane"),
    ):
        with pytest.raises(DataError, match=says):
            fit.predict(treated, **{"kind": "rmst", "at": None if "kind" in options else [5.0], **options})
    with pytest.warns(DataWarning, match="before the last event"):
        fit.predict(treated, kind="rmst", at=[9.0], reference=control, wane=(2.0, 5.0))


def test_residuals_count_all_causes(fit):
    """The sum of martingale residuals is 0 where the level of the hazard is free: nearly, with a background."""
    assert abs(fit.residuals("martingale").mean()) < 0.02
    assert abs(fit.residuals("cox-snell").mean() * fit.nobs - fit.n_events) < 15
    assert abs(fit.residuals("quantile").std() - 1.0) < 0.1


def test_file_keeps_the_table(fit, tmp_path):
    smx.save(fit, tmp_path / "fit.smx")
    again = smx.load(tmp_path / "fit.smx")
    kinds = ("survival", "crude_other")
    for kind in kinds:
        pd.testing.assert_frame_equal(
            fit.predict(NEW, kind=kind, at=[5]), again.predict(NEW, kind=kind, at=[5])
        )


def test_partitions_give_the_fit_of_memory(fit, patients, table):
    dask = pytest.importorskip("dask.dataframe")
    match = table.match(age="age", year="diagnosed", sex="sex")
    frame = dask.from_pandas(patients, npartitions=3)
    model = smx.FlexibleSurvival(
        "Surv(time, died) ~ x", frame, "weibull", background=match, time_unit="years"
    )
    found = model.fit()
    assert found.llf == pytest.approx(fit.llf, rel=1e-12)
    assert_allclose(found.params, fit.params, atol=1e-9)
    assert found.facts.expected == pytest.approx(fit.facts.expected, rel=1e-12)


def test_fits_with_other_backgrounds_are_not_compared(fit, patients):
    other = smx.FlexibleSurvival("Surv(time, died) ~ x", patients, "weibull", time_unit="years").fit()
    with pytest.raises(DataError, match="background"):
        smx.compare(fit, other)


def test_bad_backgrounds_are_named(patients, table):
    formula = "Surv(time, died) ~ x"

    def fails(background, says, data=patients, error=DataError, **options):
        with pytest.raises(error, match=says):
            smx.FlexibleSurvival(formula, data, background=background, time_unit="years", **options)

    match = table.match(age="age", year="diagnosed", sex="sex")
    fails(table, "match")
    fails(3, "`background` is 3")
    fails("no such", "no such")
    fails(table.match(age="old", year="diagnosed", sex="sex"), "no column 'old'")
    fails(match, "no sex 'x'", patients.assign(sex="x"))
    fails(match, "centred", patients.assign(age=patients["age"] - 65.0))
    fails(
        match,
        "outside the life table in 1 row",
        patients.assign(age=patients["age"].where(patients.index != 3, 100.9)),
    )
    fails(smx.Rates([], [5.0]), "no excess hazard", error=IdentificationError)
    fails({"sex": {"f": smx.Rates([], [0.01])}}, "no curve")
    fails("b", "negative", patients.assign(b=-1.0))
    intervals = patients.assign(end=patients["time"] + 1.0, b=0.01)
    with pytest.raises(DataError, match="interval"):
        smx.FlexibleSurvival("Surv(time, end, type='interval2') ~ x", intervals, background="b")
    with pytest.raises(DataError, match="strata"):
        table.match(age="age", year="diagnosed")


def test_what_a_fit_cannot_say_is_named(fit, patients):
    plain = smx.FlexibleSurvival("Surv(time, died) ~ x", patients, "weibull").fit()
    with pytest.raises(DataError, match="background"):
        plain.predict(NEW, kind="net_survival", at=[1])
    with pytest.raises(DataError, match="diagnosed"):
        fit.predict(NEW.drop(columns="diagnosed"), kind="survival", at=[1])
    assert len(fit.predict(NEW[["x"]], kind="net_survival", at=[1])) == 2
    with pytest.raises(DataError, match="plateau"):
        fit.follow_up()
    column = smx.FlexibleSurvival(
        "Surv(time, died) ~ x", patients.assign(b=0.01), "weibull", background="b"
    ).fit()
    with pytest.raises(DataError, match="net_survival"):
        column.predict(NEW, kind="survival", at=[1])
    with pytest.raises(DataError, match="integral"):
        column.residuals("cox-snell")


@pytest.fixture(scope="module")
def with_free_factor(patients):
    half = smx.LifeTable(population(0.5), rate="rate", by="sex")
    match = half.match(age="age", year="diagnosed", sex="sex")
    model = smx.FlexibleSurvival(
        "Surv(time, died) ~ x",
        patients,
        "weibull",
        background=match,
        background_factor="~ 1",
        time_unit="years",
    )
    return model.fit()


def test_a_factor_mends_a_table_that_is_half_as_high(with_free_factor, fit):
    found, error = (
        with_free_factor.params["background", "Intercept"],
        with_free_factor.bse["background", "Intercept"],
    )
    assert abs(found - np.log(2.0)) < 2.0 * error
    assert with_free_factor.llf >= fit.llf - 1.0
    test = with_free_factor.wald_test("background.Intercept = 0")
    assert test["p.value"] == pytest.approx(with_free_factor.pvalues["background", "Intercept"])
    assert "log(factor)" in str(with_free_factor.summary())


@pytest.mark.parametrize("kind", KINDS_OF_FIT)
def test_gradients_with_a_factor_are_differences(with_free_factor, kind):
    test_gradients_are_differences(with_free_factor, kind, 1.0)


def test_factor_and_its_inverse_on_the_table_are_the_same_fit(with_free_factor, patients):
    table = smx.LifeTable(population(1.7), rate="rate", by="sex")
    match = table.match(age="age", year="diagnosed", sex="sex")
    model = smx.FlexibleSurvival(
        "Surv(time, died) ~ x",
        patients,
        "weibull",
        background=match,
        background_factor="~ 1",
        time_unit="years",
    )
    other = model.fit()
    assert other.llf == pytest.approx(with_free_factor.llf, abs=1e-7)
    gap = other.params["background", "Intercept"] - with_free_factor.params["background", "Intercept"]
    assert gap == pytest.approx(np.log(0.5 / 1.7), abs=1e-5)
    new = {"kind": "crude_disease", "at": [8.0]}
    pd.testing.assert_frame_equal(other.predict(NEW, **new), with_free_factor.predict(NEW, **new), rtol=1e-4)


def test_factors_that_cannot_be_had_are_named(patients, table):
    def fails(says, **options):
        with pytest.raises(DataError, match=says):
            smx.FlexibleSurvival("Surv(time, died) ~ x", patients, time_unit="years", **options)

    match = table.match(age="age", year="diagnosed", sex="sex")
    fails("needs a `background`", background_factor="~ 1")
    fails('"~ 1"', background=match, background_factor="~ x")
    fails("cannot be told from the excess", background=smx.Rates([], [0.01]), background_factor="~ 1")
    fails("integral", background="age", background_factor="~ 1")
