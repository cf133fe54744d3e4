"""What cannot be fitted is refused by an error that names the thing and the remedy."""

import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import (
    DataError,
    DataWarning,
    FormulaError,
    IdentificationError,
    StatmodelsXError,
)

FORMULA = "aurelia_mixed + caudatum_mixed ~ day"


@pytest.fixture
def data():
    return smx.datasets.load_paramecium()


@pytest.fixture(scope="module")
def fit():
    return smx.LeslieInteraction(FORMULA, smx.datasets.load_paramecium(), density="leslie-gower").fit(
        n_starts=5
    )


def refusal(call, *parts, kind=StatmodelsXError):
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"


def model(data, formula=FORMULA, **options):
    return lambda: smx.LeslieInteraction(formula, data, **options)


def with_value(data, column, value, row=7):
    changed = data.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[row, column] = value
    return changed


# ---- counts and times


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (-3.0, ["'aurelia_mixed' is negative", "position 7", "0 or more"]),
        (np.inf, ["'aurelia_mixed' is infinite", "position 7"]),
        ("many", ["'aurelia_mixed' holds text", "many"]),
        (2**2000, ["'aurelia_mixed'"]),
        (3 + 2j, ["'aurelia_mixed'", "complex"]),
    ],
)
@pytest.mark.parametrize("door", [smx.LeslieInteraction, smx.LotkaVolterra])
def test_counts(data, door, value, parts):
    refusal(lambda: door(FORMULA, with_value(data, "aurelia_mixed", value)), *parts, kind=DataError)


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (np.nan, ["'day' is missing", "position 7", "drop these rows"]),
        (np.inf, ["'day' is infinite", "position 7"]),
        (3.0, ["'day' must increase", "row position 7", "sort the rows"]),
        (7.0, ["'day' must increase", "row position 7"]),
        (1e12, ["'day'"]),
        ("Monday", ["'day' holds text"]),
    ],
)
def test_times(data, value, parts):
    refusal(model(with_value(data, "day", value)), *parts, kind=DataError)


def test_unequal_lengths():
    columns = {"a": [1, 2, 3], "b": [1, 2], "day": [0, 1, 2]}
    refusal(model(columns, "a + b ~ day"), "columns", kind=DataError)


def test_one_observation(data):
    refusal(model(data.iloc[:1]), "only one time", "two or more", kind=DataError)


def test_no_rows(data):
    refusal(model(data.iloc[:0]), "no rows", kind=DataError)


@pytest.mark.parametrize(("value", "what"), [(0, "is 0 in every row"), (np.nan, "is missing in every row")])
def test_a_species_that_is_never_seen(data, value, what):
    refusal(model(data.assign(caudatum_mixed=value)), "'caudatum_mixed'", what, kind=DataError)


def test_zero_rows(data):
    changed = data.copy()
    changed.loc[0, ["aurelia_mixed", "caudatum_mixed"]] = 0
    refusal(
        model(changed), "all counts are 0 at the first time", "day 0", "first positive count", kind=DataError
    )
    changed = data.copy()
    changed.loc[9, ["aurelia_mixed", "caudatum_mixed"]] = 0
    with pytest.warns(DataWarning, match=r"all counts are 0 at day 10 \(row position 9\)"):
        model(changed)()


def test_runs_of_missing_counts_are_no_observations(data):
    changed = data.astype(float)
    changed.loc[5:15, "aurelia_mixed"] = np.nan
    fit = smx.LeslieInteraction(FORMULA, changed, density="leslie-gower").fit(n_starts=10)
    assert (fit.nobs, fit.sample.n_blank) == (39, 11)
    assert "39 (11 blank)" in str(fit.summary())
    assert fit.predict().notna().all(axis=None)


def test_no_grid(data):
    changed = data.assign(day=np.sort(np.random.default_rng(0).uniform(0, 25, 25)))
    refusal(model(changed), "no common step", "LotkaVolterra", kind=DataError)
    smx.LotkaVolterra(FORMULA, changed)


@pytest.mark.parametrize("step", [2, 0.3, -1, 0, "one", np.nan])
def test_step(data, step):
    refusal(model(data, step=step), "`step`", kind=DataError)


def test_fractional_grid(data):
    fit = smx.LeslieInteraction(FORMULA, data.assign(day=data["day"] / 4), density="leslie-gower")
    assert fit.sample.step == pytest.approx(0.25)


# ---- formula and options


@pytest.mark.parametrize(
    ("formula", "parts"),
    [
        ("a + b + c + d + e + f + g ~ day", ["one to 6 species", "there are 7"]),
        ("aurelia + caudatum ~ day + aurelia_mixed", ["one column of times"]),
        ("aurelia + caudatum ~ 1", ["one column of times"]),
        ("aurelia + caudatum", ["one '~'"]),
        (3, ["formula"]),
    ],
)
def test_formula(data, formula, parts):
    refusal(model(data, formula), *parts, kind=FormulaError)


def test_unknown_column(data):
    refusal(model(data, "aurelia + caudata ~ day"), "'caudata'", "did you mean 'caudatum", kind=DataError)


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"interaction": "mutualism"}, ["`interaction`", "mutualism", "predation"]),
        ({"coupling": "tight"}, ["`coupling`"]),
        ({"density": "ricker"}, ["`density`", "leslie-gower"]),
        ({"family": "normal"}, ["`family`", "gaussian"]),
        ({"ages": 0}, ["`ages`"]),
        ({"ages": 1.5}, ["`ages`"]),
        ({"ages": "two"}, ["`ages`"]),
        ({"ages": (1, 2, 3)}, ["`ages`", "two species"]),
        ({"ages": (1, 2)}, ["equal `ages`", 'coupling="full"']),
        ({"ages": 2, "coupling": "full", "density": "leslie-gower"}, ["acts through the totals"]),
        ({"interaction": "complex", "density": "leslie-gower"}, ["complex", "density"]),
        ({"interaction": "complex", "ages": (1, 2), "coupling": "full"}, ["same number of `ages`"]),
        ({"weights": "median"}, ["`weights`", "equal"]),
        ({"weights": {"aurelia_mixed": 1}}, ["`weights`", "caudatum_mixed"]),
        ({"weights": {"aurelia_mixed": 1, "caudatum_mixed": -1}}, ["`weights`", "positive"]),
        ({"culture": "dish"}, ["`culture`", "'dish'"]),
        ({"culture": 3}, ["`culture`", "name of the column"]),
    ],
)
def test_options(data, options, parts):
    refusal(model(data, **options), *parts, kind=DataError)


@pytest.mark.parametrize(
    ("how", "parts"),
    [
        ({"initial": "given"}, ["`initial`", "observed"]),
        ({"initial": -2}, ["`initial`"]),
        ({"initial": True}, ["`initial`"]),
        ({"initial": np.nan}, ["`initial`"]),
        ({"structure": "young"}, ["`structure`"]),
        ({"structure": {"aurelia_mixed": [1.0]}}, ["`structure`", "caudatum_mixed"]),
        ({"structure": {"aurelia_mixed": [0.7], "caudatum_mixed": [1.0]}}, ["`structure`", "sum 1"]),
        ({"n_starts": 0}, ["`n_starts`"]),
        ({"seed": -1}, ["`seed`"]),
        ({"bounds": {"birth": (0, 1)}}, ["`bounds`", "'birth'", "fecundity"]),
        ({"bounds": {"fecundity": 3}}, ["`bounds`", "two numbers"]),
        ({"bounds": {"fecundity": (3, 1)}}, ["`bounds`", "in order"]),
        ({"ridge": 1.0}, ["`ridge`", "`life_table`"]),
        ({"ridge": -1.0}, ["`ridge`"]),
        ({"ridge": 1.0, "life_table": {"hare": ([1.0], [])}}, ["`life_table`", "'hare'"]),
        (
            {"ridge": 1.0, "life_table": {"aurelia_mixed": ([1.0, 2.0], [0.5])}},
            ["`life_table`", "1 age classes"],
        ),
        ({"ridge": 1.0, "life_table": {"aurelia_mixed": ([-1.0], [])}}, ["`life_table`", "negative"]),
    ],
)
def test_how(data, how, parts):
    refusal(
        lambda: smx.LeslieInteraction(FORMULA, data, density="leslie-gower").fit(**how),
        *parts,
        kind=DataError,
    )


def test_survival_above_one(data):
    two = smx.LeslieInteraction(FORMULA, data, ages=2, density="leslie-gower")
    refusal(lambda: two.fit(ridge=1.0, life_table={"aurelia_mixed": ([1.0, 2.0], [1.2])}), "survival 1.2",
            "between 0 and 1", kind=DataError)  # fmt: skip
    refusal(lambda: two.fit(bounds={"survival": (0, 1.5)}), "`bounds`", "between 0 and 1", kind=DataError)


def test_more_parameters_than_counts(data):
    large = smx.LeslieInteraction(FORMULA, data.iloc[:8], ages=4, coupling="full")
    refusal(large.fit, "parameters for 16 counts", "fewer `ages`", kind=IdentificationError)


@pytest.mark.filterwarnings("ignore:only .* starts:statmodels_x.core.errors.IdentificationWarning")
def test_more_classes_than_totals_can_tell_is_said(data):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = smx.LeslieInteraction(FORMULA, data, ages=2, coupling="diagonal").fit(initial=20, n_starts=10)
    assert any(
        "only 12 of the 14 parameters" in str(w.message) and "(deficit 2)" in str(w.message) for w in caught
    )
    assert fit.machinery.structural.deficit == 2
    assert fit.reasons.str.startswith("not identified").sum() >= 2


def test_lognormal_needs_positive_counts(data):
    changed = data.copy()
    changed.loc[20, "caudatum_mixed"] = 0
    refusal(
        model(changed, family="lognormal"),
        "'caudatum_mixed' is 0",
        "position 20",
        "negativebinomial",
        kind=DataError,
    )


def test_observed_start(data):
    changed = data.astype(float)
    changed.loc[0, "caudatum_mixed"] = np.nan
    refusal(lambda: smx.LotkaVolterra(FORMULA, changed).fit(initial="observed"), "missing at the first time",
            'initial="free"', kind=DataError)  # fmt: skip
    changed.loc[0, "caudatum_mixed"] = 0
    refusal(
        lambda: smx.LotkaVolterra(FORMULA, changed).fit(initial="observed"),
        "is 0 at the first time",
        kind=DataError,
    )


# ---- cultures


@pytest.fixture
def cultures():
    return smx.datasets.load_paramecium(shape="long")


def test_cultures(cultures):
    formula = "aurelia + caudatum ~ day"
    refusal(model(cultures, formula), "'day' must increase", "culture=", kind=DataError)
    missing = cultures.assign(culture=cultures["culture"].where(cultures["day"] != 7))
    refusal(model(missing, formula, culture="culture"), "'culture' is missing", "3 rows", kind=DataError)
    alone = cultures[cultures["culture"] != "mixed"]
    refusal(model(alone, formula, culture="culture"), "no culture holds both species", kind=DataError)
    empty = cultures.assign(caudatum=cultures["caudatum"].where(cultures["culture"] != "caudatum alone"))
    refusal(model(empty, formula, culture="culture"), "'caudatum alone' holds no count", kind=DataError)
    single = cultures[(cultures["culture"] != "aurelia alone") | (cultures["day"] == 0)]
    refusal(model(single, formula, culture="culture"), "'aurelia alone' has only one time", kind=DataError)


# ---- after the fit


@pytest.mark.parametrize(
    ("how", "parts"),
    [
        ({"at": [-1]}, ["before the first time"]),
        ({"at": [3.5]}, ["no whole number of steps"]),
        ({"at": [np.nan]}, ["finite"]),
        ({"at": [1e9]}, ["steps away"]),
        ({"at": ["now"]}, ["text"]),
        ({"newdata": pd.DataFrame({"hour": [1]})}, ["'day'"]),
        ({"newdata": pd.DataFrame({"day": [np.nan]})}, ["'day' is missing"]),
        ({"newdata": pd.DataFrame({"day": [1]}), "at": [2]}, ["not both"]),
        ({"interval": "tolerance"}, ["`interval`"]),
        ({"alpha": 1.5}, ["`alpha`"]),
    ],
)
def test_predict(fit, how, parts):
    refusal(lambda: fit.predict(**how), *parts, kind=DataError)


@pytest.mark.parametrize(
    ("call", "parts"),
    [
        (lambda fit: fit.plot("pie"), ["`kind`"]),
        (lambda fit: fit.plot(until=-3), ["`until`"]),
        (lambda fit: fit.bootstrap(1), ["`n`"]),
        (lambda fit: fit.bootstrap(5, kind="jackknife"), ["`kind`"]),
        (lambda fit: fit.bootstrap(5, kind="block", block=99), ["`block`"]),
        (lambda fit: fit.profile(("fecundity", "hare")), ["no parameter"]),
        (lambda fit: fit.profile(("fecundity", "aurelia_mixed"), values=[-2]), ["`values`", "bounds"]),
        (lambda fit: fit.conf_int(method="exact"), ["`method`"]),
        (lambda fit: fit.conf_int(alpha=0), ["`alpha`"]),
        (lambda fit: fit.simulate(0), ["`n`"]),
    ],
)
def test_methods(fit, call, parts):
    refusal(lambda: call(fit), *parts, kind=DataError)


def test_block_bootstrap_of_discrete_laws(data):
    fit = smx.LeslieInteraction(FORMULA, data, density="leslie-gower", family="poisson").fit(n_starts=5)
    refusal(lambda: fit.bootstrap(5, kind="block"), "common variance", kind=DataError)


# ---- observed classes, forecasts


def classes(n=8):
    w = [np.array([50.0, 40.0, 30.0])]
    M = np.array([[0.3, 1.0, -0.1], [0.6, 0, 0], [-0.05, 0, 1.05]])
    for _ in range(n - 1):
        w.append(M @ w[-1])
    return pd.DataFrame(w, columns=["x1", "x2", "y"]).assign(year=range(n))


@pytest.mark.parametrize(
    ("change", "options", "parts"),
    [
        ({}, {"formula": "x1 + x3 | y ~ year"}, ["'x3'"]),
        ({"x2": -1.0}, {}, ["'x2' is negative"]),
        ({"y": 0.0}, {}, ["'y' is never above 0"]),
        ({"x2": "a"}, {}, ["'x2' holds text"]),
        ({"year": 1.0}, {}, ["'year' must increase"]),
        ({"year": np.nan}, {}, ["'year' is missing"]),
        ({}, {"coupling": "scalar"}, ["equal `ages`"]),
        ({}, {"weights": "sd"}, ["`weights`"]),
    ],
)
def test_observed_classes(change, options, parts):
    arguments = {"formula": "x1 + x2 | y ~ year", "coupling": "full"} | options
    refusal(
        lambda: smx.ObservedLeslie(data=classes().assign(**change), **arguments),
        *parts,
        kind=DataError,
    )


def test_observed_classes_by_formula():
    for formula in ("x1 + x2 ~", "x1 + x2", "x1 | x2 | y ~ year", "x1 + | y ~ year", "x1 | y ~ year + x2"):
        refusal(
            lambda f=formula: smx.ObservedLeslie(f, classes()), "x1 + x2 | y1 + y2 ~ year", kind=FormulaError
        )
    assert smx.ObservedLeslie("x1 + x2 | y ~ year", classes(), coupling="full").species == ("x", "y")
    with pytest.warns(DeprecationWarning, match="formula"):
        old = smx.ObservedLeslie({"a": ["x1", "x2"], "b": ["y"]}, classes(), "year", coupling="full")
    assert old.species == ("a", "b")
    alone = smx.ObservedLeslie("x1 + x2 ~ year", classes(12)).fit()
    assert alone.matrix.shape == (2, 2)
    assert alone.params.index.get_level_values(0).tolist() == ["fecundity", "fecundity", "survival"]


def test_too_few_pairs():
    short = smx.ObservedLeslie("x1 + x2 | y ~ year", classes(3), coupling="full")
    refusal(short.fit, "2 pairs", "8 entries", kind=IdentificationError)


def test_forecast_errors(data, fit):
    volterra = smx.LotkaVolterra(FORMULA, data)
    other = smx.LotkaVolterra("aurelia + caudatum ~ day", data)
    for models, origins, parts in [
        ({}, 17, ["`models`"]),
        ({"a": fit}, 17, ["'a'"]),
        ({"a": 3}, 17, ["'a'"]),
        ({"last value": volterra}, 17, ["last value"]),
        ({"a": volterra, "b": other}, 17, ["'b'", "other counts"]),
        ({"a": volterra}, 25, ["no count lies after"]),
        ({"a": volterra}, 0, ["fewer than 3 times"]),
    ]:
        refusal(lambda m=models, o=origins: smx.forecast_errors(m, o), *parts, kind=DataError)
    refusal(lambda: smx.forecast_errors({"a": volterra}, 17, horizon=-1), "`horizon`", kind=DataError)
