"""What cannot be used is refused by an error that names the thing and the remedy."""

import numpy as np
import pandas as pd
import pytest

from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataError, DataWarning, FormulaError, StatmodelsXError
from statmodels_x.datasets import load_melanoma

INF = np.inf


@pytest.fixture
def data():
    return load_melanoma()


def refusal(call, *parts, kind=StatmodelsXError):
    """The message of the refusal, which must hold every one of ``parts``."""
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"
    return text


def model(data, formula="Surv(time, status) ~ treatment", **options):
    return lambda: FlexibleSurvival(formula, data, **options)


def fit_with(data, **how):
    return lambda: FlexibleSurvival("Surv(time, status) ~ treatment", data).fit(**how)


def with_value(data, column, value, row=7):
    changed = data.copy()
    changed[column] = changed[column].astype(object if isinstance(value, str) else float)
    changed.loc[row, column] = value
    return changed


# ---- the response


@pytest.mark.parametrize(
    ("value", "what", "remedy"),
    [
        (-1.0, "'time' is negative", "correct or drop the rows"),
        (0.0, "'time' is 0", "drop these rows, or replace 0 by half of the finest step"),
        (np.nan, "'time' is missing", "drop these rows or find their times"),
        (INF, "'time' is infinite", "the last time at which the subject was seen"),
        ("a while", "'time' holds text (for example 'a while')", "pandas.to_numeric"),
    ],
)
def test_times(data, value, what, remedy):
    parts = [what, remedy]
    if not isinstance(value, str):
        parts.append("1 row (position 7)")
    refusal(model(with_value(data, "time", value)), *parts, kind=DataError)


@pytest.mark.parametrize("value", [2, -1, 0.5, 9])
def test_status(data, value):
    changed = with_value(data, "status", value)
    refusal(model(changed), "'status' holds the values", f"{value:g}", "0 (censored) or 1 (event)",
            "Give a comparison", kind=DataError)  # fmt: skip


def test_status_coded_one_and_two(data):
    changed = data.assign(status=data["status"] + 1)
    refusal(model(changed), "'status' holds the values 1, 2", "status == 2")
    fixed = FlexibleSurvival(
        "Surv(time, status == 2) ~ treatment", changed, scale="aft", other_scale=1.0
    ).fit()
    assert fixed.llf == pytest.approx(-367.9974, abs=1e-4)


def test_status_as_text(data):
    changed = data.assign(status=np.where(data["status"] == 1, "dead", "alive"))
    refusal(model(changed), "'status' holds text", "give a comparison such as status == 'dead'")
    fixed = FlexibleSurvival(
        "Surv(time, status == 'dead') ~ treatment", changed, scale="aft", other_scale=1.0
    ).fit()
    assert fixed.llf == pytest.approx(-367.9974, abs=1e-4)


def test_missing_status(data):
    refusal(model(with_value(data, "status", np.nan)), "'status' is missing", "position 7", "drop these rows")


def test_boolean_status_is_a_status(data):
    found = FlexibleSurvival(
        "Surv(time, status) ~ treatment",
        data.assign(status=data["status"] == 1),
        scale="aft",
        other_scale=1.0,
    ).fit()
    assert found.llf == pytest.approx(-367.9974, abs=1e-4)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_entry_not_before_exit(data, shift):
    changed = data.assign(entry=0.0)
    changed.loc[3, "entry"] = changed.loc[3, "time"] + shift
    refusal(model(changed, "Surv(entry, time, status) ~ treatment"), "entry 'entry' is not before exit 'time'",
            "position 3", "drop the rows", kind=DataError)  # fmt: skip


def test_negative_entry(data):
    changed = data.assign(entry=-1.0)
    refusal(model(changed, "Surv(entry, time, status) ~ 1"), "'entry' is negative", "measured from 0")


def test_interval_ends_in_the_wrong_order(data):
    changed = data.assign(left=data["time"] + 1.0)
    formula = 'Surv(left, time, type="interval2") ~ treatment'
    refusal(model(changed, formula), "'left' is after 'time'", "swap or correct the two ends")


def test_no_event(data):
    changed = data.assign(status=0)
    refusal(model(changed), "no event in 284 rows", "Check the coding of the status", kind=DataError)


def test_no_event_among_the_rows_that_count(data):
    refusal(model(data, weights=1.0 - data["status"]), "no event", "weight")


def test_one_row(data):
    refusal(model(data.head(1)), "1 row cannot determine", "simpler model or more data", kind=DataError)


def test_fewer_rows_than_parameters(data):
    formula = "Surv(time, status) ~ treatment + age + sex"
    refusal(model(data.head(5), formula), "5 rows cannot determine 6 parameters", "simpler model")


def test_no_rows(data):
    refusal(model(data.head(0)), "no rows", kind=DataError)


def test_response_that_is_no_survival_time(data):
    refusal(model(data, "time ~ treatment"), "Surv(", kind=StatmodelsXError)


# ---- the covariates


def test_constant_covariate(data):
    refusal(model(data.assign(k=3.0), "Surv(time, status) ~ treatment + k"), "'k' is constant", "take it out")


def test_covariate_of_zeros(data):
    refusal(model(data.assign(k=0.0), "Surv(time, status) ~ k"), "'k' is 0 in every row", "take it out")


@pytest.mark.parametrize("part", ["formula", "power", "shape", "other_scale"])
def test_collinear_covariates(data, part):
    changed = data.assign(twice=1.0 + 2.0 * data["age"])
    terms = "age + twice"
    call = (
        model(changed, f"Surv(time, status) ~ {terms}")
        if part == "formula"
        else model(changed, **{part: f"~ {terms}"})
    )
    text = refusal(call, "is a linear combination of", "take one of them out", kind=DataError)
    assert "'age'" in text or "'twice'" in text
    assert text.startswith(
        {"formula": "formula", "other_scale": "the aft part"}.get(part, f"the {part} part")
    )


def test_what_no_event_speaks_against(data):
    """A number with many values has no level that could be set aside, nor has a cell of an interaction."""
    without = np.arange(284) % 3 == 0
    status = np.where(without, 0, data["status"])
    dose = data.assign(dose=np.where(without, 1.0 + np.arange(284), 0.0), status=status)
    refusal(model(dose, "Surv(time, status) ~ dose"), "'dose'", "without events", "runs to infinity",
            "Merge that level with another, or leave it out", kind=DataError)  # fmt: skip
    cell = data.assign(arm=np.where(without, "c", "a"), status=np.where(without & (data["treatment"] == 1), 0,
                                                                       data["status"]))  # fmt: skip
    refusal(model(cell, "Surv(time, status) ~ arm * treatment"), "arm[T.c]:treatment", "runs to infinity")
    alone = data.assign(arm=np.where(without, "c", "a"), status=status)
    refusal(model(alone, "Surv(time, status) ~ arm + arm:age"), "runs to infinity")
    wide = data.assign(arm=np.where(without, "c", "a"), status=np.where(without, 0, 1))
    refusal(model(wide, power="~ arm"), "'arm[T.c]'", "runs to infinity")


def test_covariate_that_only_rows_of_weight_zero_tell_apart(data):
    changed = data.assign(k=np.r_[np.zeros(283), 1.0], status=np.r_[data["status"][:283], 1])
    call = model(changed, "Surv(time, status) ~ treatment + k", weights=np.r_[np.ones(283), 0.0])
    refusal(call, "'k'")


def test_missing_column(data):
    refusal(model(data, "Surv(time, status) ~ treatmnt"), "no column 'treatmnt'", "did you mean 'treatment'?")
    refusal(model(data, "Surv(tme, status) ~ treatment"), "no column 'tme'", "did you mean 'time'?")
    refusal(model(data, power="~ qqq"), "no column 'qqq'", "the columns are treatment, time")
    refusal(model(data, weights="w"), "`weights`", "no column 'w'")
    refusal(model(data, cluster="centre"), "`cluster`", "no column 'centre'")


def test_infinite_covariate(data):
    refusal(model(with_value(data, "age", INF), "Surv(time, status) ~ age"), "'age'", "position 7", "finite")


def test_transform_outside_its_domain(data):
    refusal(model(data, "Surv(time, status) ~ np.log(age)"), "np.log(age)", "domain")


def test_missing_covariates_are_dropped_with_a_warning(data):
    changed = with_value(data, "age", np.nan)
    with pytest.warns(DataWarning, match=r"1 of 284 rows were dropped; missing values: age \(1\)"):
        found = FlexibleSurvival("Surv(time, status) ~ age", changed)
    assert found.to_arrays().n == 283


def test_no_complete_row(data):
    refusal(model(data.assign(age=np.nan), "Surv(time, status) ~ age"), "no row is complete", "age (284)")


def test_numbers_as_text(data):
    changed = data.assign(age=data["age"].astype(str))
    refusal(model(changed, "Surv(time, status) ~ age"), "'age'", "as text", "pandas.to_numeric")


# ---- formulas


@pytest.mark.parametrize(
    "terms",
    [
        "__import__('os').system('true')",
        "treatment.__class__",
        "eval('1')",
        "open('x')",
        "(lambda: 1)()",
        "[k for k in (1, 2)]",
        "exec('1')",
        "np.load('x')",
        "np.fromfile('x')",
        "treatment.to_csv('x')",
        "f'{treatment}'",
        "I((x := treatment))",
    ],
)
@pytest.mark.parametrize("where", ["formula", "response", "power", "shape", "other_scale"])
def test_a_formula_cannot_run_code(data, tmp_path, monkeypatch, terms, where):
    monkeypatch.chdir(tmp_path)
    if where == "formula":
        call = model(data, f"Surv(time, status) ~ {terms}")
    elif where == "response":
        call = model(data, f"Surv(time, {terms}) ~ treatment")
    else:
        call = model(data, **{where: f"~ {terms}"})
    # as an expression that is not allowed, or as the name of a column that is not there
    refusal(call, "formula", kind=StatmodelsXError)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "formula",
    ["", "Surv(time, status)", "~ treatment", "Surv(time, status) ~", "a ~ b ~ c", "Surv(time, status) ~ (", 3, None],
)  # fmt: skip
def test_formulas_that_cannot_be_read(data, formula):
    refusal(model(data, formula), "formula", kind=FormulaError)


def test_formula_without_terms(data):
    refusal(model(data, "Surv(time, status) ~ 0"), "there is no term", "write '~ 1'")


@pytest.mark.parametrize("part", ["power", "shape", "other_scale"])
@pytest.mark.parametrize("text", ["treatment", "time ~ treatment", "~", "~ (", ""])
def test_one_sided_formulas(data, part, text):
    refusal(model(data, **{part: text}), part, kind=FormulaError)


# ---- weights and clusters


@pytest.mark.parametrize(("value", "what"), [(-1.0, "negative"), (INF, "infinite")])
def test_weights(data, value, what):
    weight = np.ones(284)
    weight[5] = value
    refusal(model(data, weights=weight), "`weights`", what, "position 5", "0 or more", kind=DataError)


def test_weights_all_zero(data):
    refusal(model(data, weights=np.zeros(284)), "`weights` is 0 in every row", "positive weight")


@pytest.mark.parametrize("weights", [np.ones(3), 2.0, np.ones((284, 2))])
def test_weights_of_the_wrong_shape(data, weights):
    refusal(model(data, weights=weights), "`weights`", "284 values", kind=DataError)


def test_weights_as_text(data):
    refusal(model(data.assign(w="many"), weights="w"), "'weights' holds text", "pandas.to_numeric")


def test_clusters_of_the_wrong_length(data):
    refusal(model(data, cluster=[1, 2]), "`cluster`", "284 values")


# ---- options


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("distribution", "lognorm"),
        ("distribution", None),
        ("distribution", ["weibull"]),
        ("scale", "po"),
        ("scale", None),
        ("scale", 1),
    ],
)
def test_unknown_options(data, name, value):
    refusal(model(data, **{name: value}), f"`{name}`", repr(value), "choose one of", kind=DataError)


def test_an_unknown_argument_is_a_type_error(data):
    with pytest.raises(TypeError, match="distrbution"):
        FlexibleSurvival("Surv(time, status) ~ 1", data, distrbution="weibull")


@pytest.mark.parametrize(
    ("distribution", "options", "named"),
    [
        ("weibull", {"shape": 0.0}, "shape=0.0"),
        ("weibull", {"shape": "~ treatment"}, "shape='~ treatment'"),
        ("weibull", {"other_scale": "~ 1"}, "other_scale='~ 1'"),
        ("exponential", {"power": 2.0}, "power=2.0"),
        ("exponential", {"power": "~ treatment"}, "power='~ treatment'"),
        ("loglogistic", {"scale": "ph"}, "scale='ph'"),
        ("loglogistic", {"other_scale": "~ 1"}, "other_scale='~ 1'"),
        ("burr12", {"shape": 1.0}, "shape=1.0"),
        ("gompertz", {"power": 2}, "power=2"),
        ("gompertz", {"shape": 3.0}, "shape=3.0"),
        ("weibull", {"shape": True}, "shape=True"),
    ],
)
def test_presets_that_are_contradicted(data, distribution, options, named):
    refusal(model(data, distribution=distribution, **options), named, "contradicts",
            f'distribution="{distribution}"', "leave one of the two out", kind=DataError)  # fmt: skip


@pytest.mark.parametrize("value", [-1.0, -3, -INF])
def test_shape_not_above_minus_one(data, value):
    refusal(model(data, shape=value), "`shape`", "kappa must be above -1", kind=DataError)


@pytest.mark.parametrize("value", [0.0, -1.0, INF])
def test_power_not_positive(data, value):
    refusal(model(data, power=value), "`power`", "gamma must be positive and finite", kind=DataError)


@pytest.mark.parametrize("part", ["power", "shape"])
@pytest.mark.parametrize("value", [np.nan, True, None, [1.0]])
def test_shapes_that_are_no_numbers(data, part, value):
    refusal(model(data, **{part: value}), f"`{part}`", "a formula such as", kind=StatmodelsXError)


@pytest.mark.parametrize("value", [0.0, -2.0, INF, np.nan, True, []])
def test_other_scale_that_is_no_formula(data, value):
    refusal(model(data, other_scale=value), "`other_scale`", '"anchor"', "a formula such as '~ 1'")


def test_the_old_name_of_a_scale_fixed_at_one(data):
    with pytest.warns(DeprecationWarning, match=r"now written other_scale=1\.0"):
        old = FlexibleSurvival("Surv(time, status) ~ age", data, other_scale=None)
    assert old.specification.fixed["aft"] == 0.0


@pytest.mark.parametrize("value", [3, None, "data.csv", [1, 2], np.ones((3, 2)), object()])
def test_data_that_are_no_frame(value):
    refusal(model(value), "data", "is not a data frame", kind=DataError)


def test_columns_of_unequal_length():
    refusal(model({"time": [1.0, 2.0], "status": [1]}, "Surv(time, status) ~ 1"), "data", kind=DataError)


def test_a_column_name_that_stands_twice(data):
    twice = pd.concat([data, data[["time"]]], axis=1)
    refusal(model(twice), "'time' stands more than once", "rename")


@pytest.mark.parametrize("value", [5, ["days"], True])
def test_time_unit_is_a_name(data, value):
    refusal(model(data, time_unit=value), "time_unit")


# ---- fit


@pytest.mark.parametrize(
    "start", [[0.0], np.zeros((2, 2)), [0.0, 0.0, 0.0, np.nan], [0.0, 0.0, 0.0, INF], "abcd", ["a", 0, 0, 0]]
)
def test_start(data, start):
    refusal(fit_with(data, start=start), "`start`", "4 finite numbers", kind=DataError)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cov_type", "HC1"),
        ("cov_type", 3),
        ("tol", 0.0),
        ("tol", -1.0),
        ("tol", "small"),
        ("tol", np.nan),
        ("max_iter", 0),
        ("max_iter", 2.5),
        ("max_iter", None),
        ("max_iter", "many"),
        ("n_starts", -1),
        ("n_starts", True),
        ("n_starts", "many"),
        ("n_starts", np.nan),
        ("seed", -1),
        ("seed", "x"),
        ("seed", 0.5),
    ],
)
def test_options_of_fit(data, name, value):
    refusal(fit_with(data, **{name: value}), f"`{name}`", kind=DataError)


def test_cluster_covariance_without_clusters(data):
    refusal(fit_with(data, cov_type="cluster"), 'cov_type="cluster" needs', "cluster=", kind=DataError)
