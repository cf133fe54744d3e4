"""Life tables: reading, refusing, and the path of a person through the cells."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataError, DataWarning


def frame(**changes) -> pd.DataFrame:
    cells = pd.MultiIndex.from_product(
        [range(60, 64), range(1990, 1994), ["f", "m"]], names=["age", "year", "sex"]
    )
    data = cells.to_frame(index=False)
    data["rate"] = (
        0.01 + 0.001 * (data["age"] - 60) - 0.0005 * (data["year"] - 1990) + 0.005 * (data["sex"] == "m")
    )
    return data.assign(**changes)


@pytest.fixture
def table() -> smx.LifeTable:
    return smx.LifeTable(frame(), rate="rate", by="sex")


def test_cells_are_looked_up(table):
    assert_allclose(table.rate([60.0, 61.99, 63.5], [1990.0, 1991.5, 1993.9], sex=["f", "m", "f"]),
                    [0.010, 0.0155, 0.0115])  # fmt: skip


@pytest.mark.parametrize("calendar", ["plain", "birthday"])
def test_integral_is_the_sum_of_tiny_steps(calendar):
    table = smx.LifeTable(frame(), rate="rate", by="sex", calendar=calendar)
    rng = np.random.default_rng(4)
    age, year = rng.uniform(60.0, 62.0, 6), rng.uniform(1990.0, 1992.0, 6)
    code = np.zeros(6, np.int64)
    edges = np.linspace(0.25, 1.75, 30_001)
    middle = 0.5 * (edges[1:] + edges[:-1])
    for k in range(6):
        n = len(middle)
        steps = table.rates_at(np.full(n, code[k]), np.full(n, age[k]), np.full(n, year[k]), middle)
        found = table.cumulative(age[k], year[k], 0.25, 1.75, sex="f")[0]
        assert found == pytest.approx(1.5 * steps.mean(), rel=1e-5)


def test_integrals_add_up(table):
    whole = table.cumulative(60.3, 1990.7, 0.0, 2.0, sex="m")
    parts = [table.cumulative(60.3, 1990.7, a, b, sex="m") for a, b in ((0.0, 0.3), (0.3, 0.7), (0.7, 2.0))]
    assert_allclose(whole, sum(parts), rtol=1e-14)


def test_dates_whole_numbers_and_fractions_are_years(table):
    by_date = table.rate([60.5], pd.to_datetime(["1991-07-02"]), sex="f")
    assert_allclose(by_date, table.rate([60.5], [1991.5], sex="f"))
    assert_allclose(table.rate([60.5], [1991], sex="f"), by_date)


def test_probabilities_and_daily_rates_become_yearly_rates(table):
    rates = frame()["rate"]
    for column, kind in ((-np.expm1(-rates), "q"), (np.exp(-rates), "p")):
        other = smx.LifeTable(frame(value=column), by="sex", **{kind: "value"})
        assert_allclose(other.rates, table.rates, rtol=1e-12)
    daily = smx.LifeTable(frame(value=rates / 365.25), rate="value", by="sex", unit="days")
    assert_allclose(daily.rates, table.rates, rtol=1e-12)


def test_texts_of_ages(table):
    data = frame()
    texts = data.assign(age=data["age"].map({60: "60-60", 61: "61", 62: "62-62", 63: "63+"}))
    assert smx.LifeTable(texts, rate="rate", by="sex") == table


def test_outside_is_refused_or_held(table):
    with pytest.raises(DataError, match=r"age is outside the life table in 1 row .*60 to 64"):
        table.rate([60.5, 64.0], [1990.0, 1990.0], sex="f")
    with pytest.raises(DataError, match="year is outside"):
        table.cumulative(60.0, 1993.5, 0.0, 1.0, sex="f")
    held = smx.LifeTable(frame(), rate="rate", by="sex", extend="hold")
    assert_allclose(held.rate([70.0], [2000.0], sex="f"), table.rate([63.0], [1993.0], sex="f"))
    last = held.rate([63.0], [1993.0], sex="f")[0]
    assert held.cumulative(63.5, 1993.5, 0.0, 10.0, sex="f")[0] == pytest.approx(10.0 * last)


def test_expected_survival_and_repr(table):
    found = table.expected_survival(60.0, 1990.0, at=[1.0, 2.0], sex="f")
    assert found["estimate"].tolist() == pytest.approx(np.exp([-0.01, -0.01 - 0.0105]).tolist())
    assert repr(table) == "LifeTable(ages 60 to 63, years 1990 to 1993, sex: 'f', 'm')"


def test_table_without_years_or_strata():
    plain = smx.LifeTable({"age": [60, 61, 62], "mx": [0.01, 0.02, 0.03]}, year=None, rate="mx")
    assert plain.cumulative(60.5, start=0.0, stop=2.0)[0] == pytest.approx(0.5 * 0.01 + 0.02 + 0.5 * 0.03)
    with pytest.raises(DataError, match="no years"):
        plain.rate(60.5, 1990)


CASES = [
    ({"rate": "nothing"}, "no column 'nothing'"),
    ({"rate": "rate", "q": "rate"}, "exactly one"),
    ({}, "exactly one"),
    ({"rate": "rate", "by": ()}, "16 cells stand twice, the first at age 60, year 1990"),
    ({"rate": "rate", "unit": "decades"}, "unit"),
    ({"q": "rate", "unit": "days"}, "leave `unit` out"),
    ({"rate": "rate", "calendar": "lunar"}, "calendar"),
    ({"rate": "rate", "extend": True}, "extend"),
]


@pytest.mark.parametrize(("options", "says"), CASES)
def test_bad_arguments_are_named(options, says):
    with pytest.raises(DataError, match=says):
        smx.LifeTable(frame(), **{"by": "sex", **options})


def test_bad_frames_are_named():
    def fails(data, says, **options):
        with pytest.raises(DataError, match=says):
            smx.LifeTable(data, **{"rate": "rate", "by": "sex", **options})

    fails(frame().drop(index=5), "1 cells are missing, the first at sex 'm', age 60, year 1992")
    fails(frame(rate=-0.1), "negative")
    fails(frame(rate=5.0), "per 1,000")
    fails(frame(age="old"), "'old'")
    fails(frame(rate=2.0), "no probability", rate=None, q="rate")
    old = frame()
    fails(old.assign(age=old["age"] + 35, rate=old["rate"] / 365.25), 'unit="days"')
    closing = frame()
    closing["rate"] = np.where(closing["age"] == 63, 1.0, closing["rate"])
    fails(closing, "closes a table", rate=None, q="rate")
    with pytest.warns(DataWarning, match="`q`"):
        smx.LifeTable(closing, rate="rate", by="sex")


def test_text_files_of_the_human_mortality_database(tmp_path):
    path = tmp_path / "Mx_1x1.txt"
    rows = [
        f"  {year} {age} 0.01{age % 10} 0.02{age % 10} 0.015" for year in (1990, 1991) for age in (108, 109)
    ]
    rows += [f"  {year} 110+ 0.5 0.6 0.55" for year in (1990, 1991)]
    path.write_text(
        "\n".join(["Somewhere, Death rates (period 1x1)", "", "  Year Age Female Male Total", *rows])
    )
    table = smx.LifeTable.read(path)
    assert table.strata == {"sex": ("female", "male")}
    assert table.rate([110.5], [1990.5], sex="male")[0] == pytest.approx(0.6)
    assert smx.LifeTable.read(path, sex="Total").rate([110.5], [1990.5])[0] == pytest.approx(0.55)
    with pytest.raises(DataError, match="cannot be read"):
        smx.LifeTable.read(tmp_path / "nothing.txt")
    path.write_text("a\nb\nx y\n1 2\n")
    with pytest.raises(DataError, match="Human Mortality Database"):
        smx.LifeTable.read(path)


def test_rates_of_the_united_states(extra):
    """Cumulative rates of 686 women as R's survival 3.5.3 has them, under both conventions of the calendar."""
    rates = pd.read_csv(extra / "data" / "acceptance" / "us_rates_extract.csv")
    women = pd.read_csv(extra / "data" / "acceptance" / "bc.csv", parse_dates=["diag"])
    place = {
        "age": women["age"],
        "year": women["diag"],
        "start": 0.0,
        "stop": women["rectime"] / 365.25,
        "sex": women["sex"],
    }
    table = smx.LifeTable(rates, rate="rate", by="sex")
    assert_allclose(table.cumulative(**place), women["cum_rate_calendar"], rtol=2e-5)
    birthday = smx.LifeTable(rates, rate="rate", by="sex", calendar="birthday")
    assert birthday.cumulative(**place).sum() == pytest.approx(women["cum_rate_us"].sum(), rel=1e-4)
    found = table.rate(women["attained_age"], women["attained_year"], sex=women["sex"])
    assert_allclose(found, women["rate"], rtol=1e-12)


def test_rates_between_breaks():
    rates = smx.Rates([5.0, 10.0], [0.01, 0.02, 0.03])
    assert_allclose(rates.cumulative([2.0, 6.0, 12.0]), [0.02, 0.07, 0.21])
    assert_allclose(rates.invert(rates.cumulative([0.5, 5.0, 7.0, 30.0])), [0.5, 5.0, 7.0, 30.0])
    with pytest.raises(DataError, match="increasing breaks"):
        smx.Rates([2.0, 1.0], [1.0, 1.0, 1.0])
    with pytest.raises(DataError, match="finite rates"):
        smx.Rates([], [-1.0])


def test_the_oldest_of_small_populations_die_at_rates_of_nearly_4():
    old = frame()
    table = smx.LifeTable(old.assign(rate=np.where(old["age"] == 63, 3.95, 0.5)), rate="rate", by="sex")
    assert table.rate([63.0], [1990.0], sex=["f"]).tolist() == [3.95]
