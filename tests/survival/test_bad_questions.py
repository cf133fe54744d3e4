"""Bad questions to a fit: new data, references, kinds, levels and files get an error that names the argument."""

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x import FlexibleSurvival
from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.datasets import load_melanoma

INF = np.inf


@pytest.fixture
def data():
    return load_melanoma()


@pytest.fixture(scope="module")
def fit():
    return FlexibleSurvival("Surv(time, status) ~ treatment + age", load_melanoma()).fit()


@pytest.fixture(scope="module")
def factor_fit():
    data = load_melanoma().assign(arm=lambda d: np.where(d["treatment"] == 1, "ifn", "control"))
    return FlexibleSurvival("Surv(time, status) ~ arm", data).fit()


def refusal(call, *parts, kind=StatmodelsXError):
    """The message of the refusal, which must hold every one of ``parts``."""
    with pytest.raises(kind) as caught:
        call()
    text = str(caught.value)
    for part in parts:
        assert part in text, f"{part!r} is not in {text!r}"
    return text


def test_new_data_without_a_column(fit):
    refusal(lambda: fit.predict(pd.DataFrame({"treatment": [1]}), at=1.0), "newdata", "no column 'age'")


def test_new_data_with_a_missing_value(fit):
    new = pd.DataFrame({"treatment": [1, 0], "age": [0.0, np.nan]})
    refusal(lambda: fit.predict(new, at=1.0), "'age' is missing", "position 1", "drop or fill these rows")


def test_new_data_with_an_unseen_level(factor_fit):
    new = pd.DataFrame({"arm": ["control", "placebo"]})
    refusal(
        lambda: factor_fit.predict(new, at=1.0),
        "'arm'",
        "'placebo'",
        "the known levels are",
        "'control'",
        "'ifn'",
    )


def test_new_data_that_are_no_frame(fit):
    refusal(lambda: fit.predict(3, at=1.0), "is not a data frame")


def test_new_data_with_text_for_a_number(fit):
    new = pd.DataFrame({"treatment": ["yes"], "age": [0.0]})
    refusal(lambda: fit.predict(new, at=1.0), "treatment")


@pytest.mark.parametrize(
    ("kind", "at", "parts"),
    [
        ("survival", None, ["needs `at`", "times, such as at=[1, 2, 5]"]),
        ("quantile", None, ["needs `at`", "probabilities"]),
        ("survival", -1.0, ["negative or infinite"]),
        ("survival", INF, ["negative or infinite"]),
        ("hazard", 0.0, ["not positive or infinite"]),
        ("density", [1.0, 0.0], ["not positive"]),
        ("survival", np.nan, ["`at`", "missing"]),
        ("survival", [], ["`at`", "empty"]),
        ("survival", "soon", ["'at' holds text"]),
        ("survival", [[1.0, 2.0]], ["'at'", "dimension"]),
        ("quantile", 0.0, ["probability outside 0 and 1"]),
        ("quantile", 1.0, ["probability outside 0 and 1"]),
        ("quantile", [0.5, 2.0], ["probability outside 0 and 1"]),
    ],
)
def test_at(fit, kind, at, parts):
    new = pd.DataFrame({"treatment": [1], "age": [0.0]})
    refusal(lambda: fit.predict(new, kind=kind, at=at), *parts, kind=DataError)


def test_hazard_ratio_without_a_reference(fit):
    new = pd.DataFrame({"treatment": [1], "age": [0.0]})
    refusal(
        lambda: fit.predict(new, kind="hazard_ratio", at=1.0), "hazard_ratio", "needs `reference`", "frame"
    )


def test_reference_of_the_wrong_length(fit):
    new = pd.DataFrame({"treatment": [1, 0, 1], "age": 0.0})
    refusal(
        lambda: fit.predict(new, kind="hazard_ratio", at=1.0, reference=new.head(2)),
        "`reference` has 2 rows",
        "give one, or 3",
    )


@pytest.mark.parametrize("kind", ["log odds", None, 3])
def test_kind(fit, kind):
    refusal(lambda: fit.predict(kind=kind, at=1.0), "`kind`", "choose one of")
    refusal(lambda: fit.plot(kind), "`kind`", "choose one of")


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 5, True, np.nan])
def test_alpha(fit, alpha):
    for call in (fit.conf_int, fit.tidy, fit.summary, lambda a: fit.predict(at=1.0, alpha=a)):
        refusal(lambda call=call: call(alpha), "`alpha`", "between 0 and 1", kind=DataError)


@pytest.mark.parametrize("alpha", ["small", None])
def test_alpha_that_is_no_number(fit, alpha):
    refusal(lambda: fit.conf_int(alpha), "`alpha`", kind=DataError)


def test_plot_by_something_else(fit):
    refusal(lambda: fit.plot(by="sex"), "`by` is 'sex'", "the covariates are: age, treatment")
    new = pd.DataFrame({"treatment": [1], "age": [0.0]})
    refusal(lambda: fit.plot(by="age", newdata=new), "`by` or `newdata`, not both")
    refusal(
        lambda: fit.plot("hazard_ratio", newdata=new), "needs `by`, two rows of `newdata`, or a `reference`"
    )


@pytest.mark.parametrize(
    ("hypothesis", "parts"),
    [
        ("aft.tretment = 0", ["ph.treatment", "cannot be read"]),
        ("aft.treatment =", ["cannot be read"]),
        (np.ones((1, 2)), ["2 columns for 5 parameters"]),
        (np.ones((2, 5)), ["linearly independent"]),
    ],
)
def test_hypotheses(fit, hypothesis, parts):
    refusal(lambda: fit.wald_test(hypothesis), "wald_test", *parts)


def test_files(tmp_path, fit):
    refusal(lambda: smx.load(tmp_path / "none.pkl"), "no file", kind=DataError)
    (tmp_path / "text.pkl").write_text("not a pickle")
    refusal(lambda: smx.load(tmp_path / "text.pkl"), "was not written by statmodels_x.save", kind=DataError)


def test_prediction_of_training_rows_after_loading(fit, tmp_path):
    again = smx.load(smx.save(fit, tmp_path / "fit.pkl"))
    refusal(lambda: again.predict(at=1.0), "without `newdata`", "keep_data=True")


def test_an_error_leaves_the_data_alone(data):
    before = data.copy(deep=True)
    with pytest.raises(StatmodelsXError):
        FlexibleSurvival("Surv(time, status) ~ nothing", data)
    FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
    pd.testing.assert_frame_equal(data, before)


def test_arguments_that_do_not_belong_to_the_kind(data):
    fit = FlexibleSurvival("Surv(time, status) ~ age", data).fit()
    one = data.head(1)
    refusal(lambda: fit.predict(one, kind="survival", at=1.0, reference=one), "`reference`", '"survival"')
    refusal(lambda: fit.plot("hazard", reference=one), "`reference`", '"hazard"')
    refusal(lambda: fit.plot("hazard", kaplan_meier=True), "`kaplan_meier`", '"hazard"')
    refusal(lambda: fit.plot_residuals("quantile", against="age"), "`against`", '"quantile"')
