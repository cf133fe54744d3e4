"""Predictions, tables, tests, files and pictures of a fitted model."""

import pickle

import numpy as np
import pandas as pd
import pytest
from melanoma_models import MODELS, fitted, melanoma
from numpy.testing import assert_allclose
from predicted import numeric_errors
from scipy import stats

import statmodels_x as smx
from statmodels_x import APGW, FlexibleSurvival
from statmodels_x.core.errors import IdentificationWarning
from statmodels_x.datasets import load_lung, load_veteran

INF = np.inf
PARAMETERS = ("aft", "ph", "power", "shape")

TIMES = [0.3, 1.0, 4.0]


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


models = pytest.mark.parametrize("name", MODELS)


def linear_predictors(fit, name, params, new):
    """Log phi, log lambda, log gamma, log(kappa + 1) of each row, from the labels of the parameters."""
    eta = np.zeros((4, len(new)))
    for j, part in enumerate(PARAMETERS):
        if part in fit.specification.fixed:
            eta[j] = fit.specification.fixed[part]
    for (part, term), value in params.items():
        eta[PARAMETERS.index(part)] += value * (1.0 if term == "Intercept" else new[term].to_numpy())
    if name == "offset":
        eta[0] += 0.1 * new["z"].to_numpy()
    return eta


def law_of(fit, name, params, new):
    tau, beta, alpha, nu = linear_predictors(fit, name, params, new)[:, :, None]
    return APGW(np.exp(tau), np.exp(beta), np.exp(alpha), np.expm1(nu))


QUANTITIES = {
    "survival": lambda law: law.sf(TIMES),
    "cumulative_hazard": lambda law: law.cumulative_hazard(TIMES),
    "hazard": lambda law: law.hazard(TIMES),
    "density": lambda law: law.pdf(TIMES),
    "quantile": lambda law: law.ppf([0.1, 0.3, 0.45]),
    "median": lambda law: law.ppf([0.5]),
    "cure_fraction": lambda law: law.cure_fraction(),
}
AT = dict.fromkeys(("survival", "cumulative_hazard", "hazard", "density"), TIMES) | {
    "quantile": [0.1, 0.3, 0.45]
}


# ---- predictions


@models
@pytest.mark.parametrize("kind", QUANTITIES)
def test_predictions_and_their_errors(fits, new, name, kind):
    fit = fits[name]

    def quantity(params):
        return np.asarray(QUANTITIES[kind](law_of(fit, name, params, new))).ravel()

    table = fit.predict(new, kind=kind, at=AT.get(kind))
    expected = quantity(fit.params)
    assert len(table) == len(expected)
    assert_allclose(table["estimate"], expected, rtol=1e-10, atol=1e-300)
    finite = np.isfinite(expected)
    if kind == "cure_fraction" and not np.any(expected > 0.0):
        assert np.all(table["estimate"] == 0.0)
        return  # there is nothing to differentiate
    errors = numeric_errors(quantity, fit.params, fit.covariance)
    assert finite.any()
    assert_allclose(table["std_error"][finite], errors[finite], rtol=2e-6, atol=1e-12)
    inside = table[finite]
    strict = inside["std_error"] > 0.0
    assert np.all(inside["lower"] <= inside["estimate"])
    assert np.all(inside["estimate"] <= inside["upper"])
    assert np.all((inside["lower"] < inside["upper"]) == strict)
    assert strict.all() or (kind == "cure_fraction" and name == "fixed_shape")  # lambda and kappa are fixed
    assert np.all(inside["lower"] >= 0.0)
    if kind in ("survival", "cure_fraction"):
        assert np.all(inside["upper"] <= 1.0)


@models
def test_hazard_ratios_and_their_errors(fits, new, name):
    fit = fits[name]
    base = pd.DataFrame({"x": [0], "z": [5.0]})

    def quantity(params):
        ours, theirs = (law_of(fit, name, params, rows).hazard(TIMES) for rows in (new, base))
        return (ours / theirs).ravel()

    table = fit.predict(new, kind="hazard_ratio", at=TIMES, reference=base)
    assert_allclose(table["estimate"], quantity(fit.params), rtol=1e-9)
    errors = numeric_errors(quantity, fit.params, fit.covariance)
    assert_allclose(table["std_error"], errors, rtol=1e-5, atol=1e-10)
    paired = fit.predict(new, kind="hazard_ratio", at=TIMES, reference=pd.concat([base] * 3))
    assert_allclose(table["estimate"], paired["estimate"])


@models
def test_links_and_their_errors(fits, new, name):
    fit = fits[name]
    table = fit.predict(new, kind="link")
    eta = linear_predictors(fit, name, fit.params, new)
    parts = [part for part in PARAMETERS if part not in fit.specification.fixed]
    assert table["parameter"].unique().tolist() == parts
    for part in parts:
        rows = table[table["parameter"] == part]
        j = PARAMETERS.index(part)
        assert_allclose(rows["estimate"], eta[j], rtol=1e-10)
        errors = numeric_errors(
            lambda params, j=j: linear_predictors(fit, name, params, new)[j], fit.params, fit.covariance
        )
        assert_allclose(rows["std_error"], errors, rtol=1e-7)
        assert_allclose(rows["upper"] - rows["estimate"], stats.norm.ppf(0.975) * rows["std_error"])


def test_a_row_against_itself_has_hazard_ratio_one(fit, new):
    table = fit.predict(new, kind="hazard_ratio", at=TIMES, reference=new)
    assert_allclose(table[["estimate", "lower", "upper"]], 1.0, rtol=1e-12)
    assert_allclose(table["std_error"], 0.0, atol=1e-12)


def test_the_hazard_ratio_of_proportional_hazards_is_constant(fits, new):
    table = fits["ph"].predict(
        pd.DataFrame({"x": [1], "z": [0.0]}),
        kind="hazard_ratio",
        at=[0.1, 1.0, 9.0],
        reference=new.loc[["a"]],
    )
    value, error = fits["ph"].params["ph", "x"], fits["ph"].bse["ph", "x"]
    assert_allclose(table["estimate"], np.exp(value), rtol=1e-12)
    assert_allclose(table["lower"], np.exp(value - stats.norm.ppf(0.975) * error), rtol=1e-10)
    assert_allclose(table["upper"], np.exp(value + stats.norm.ppf(0.975) * error), rtol=1e-10)


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.5])
def test_intervals_are_made_on_the_log_cumulative_hazard_scale(fit, new, alpha):
    table = fit.predict(new, at=TIMES, alpha=alpha)
    s, error = table["estimate"], table["std_error"]
    working = error / (s * -np.log(s))  # of log(-log s)
    reach = stats.norm.ppf(1.0 - alpha / 2.0) * working
    assert_allclose(table["lower"], s ** np.exp(reach), rtol=1e-9)
    assert_allclose(table["upper"], s ** np.exp(-reach), rtol=1e-9)
    hazard = fit.predict(new, kind="hazard", at=TIMES, alpha=alpha)
    reach = stats.norm.ppf(1.0 - alpha / 2.0) * hazard["std_error"] / hazard["estimate"]
    assert_allclose(hazard["upper"], hazard["estimate"] * np.exp(reach), rtol=1e-9)


@models
def test_at_time_zero_survival_is_certain(fits, new, name):
    table = fits[name].predict(new, at=[0.0, 1.0])
    start = table[table["time"] == 0.0]
    assert np.all(start[["estimate", "lower", "upper"]] == 1.0)
    assert np.all(start["std_error"] == 0.0)
    start = fits[name].predict(new, kind="cumulative_hazard", at=0.0)
    assert np.all(start[["estimate", "lower", "upper", "std_error"]] == 0.0)


@models
@pytest.mark.parametrize("kind", ["survival", "cumulative_hazard", "hazard", "density"])
def test_far_beyond_the_data(fits, new, name, kind):
    # no warning (they are errors here), no NaN where the limit is known
    table = fits[name].predict(new, kind=kind, at=[1e-12, 100.0, 1e4, 1e8])
    assert not table["estimate"].isna().any()
    if kind == "survival":
        assert table["estimate"].between(0.0, 1.0).all()
        assert not table[["std_error", "lower", "upper"]].isna().any().any()


def test_quantiles_beyond_the_cure_fraction(fits):
    new = pd.DataFrame({"x": [0, 1], "z": 0.0})
    cured = fits["ph"].predict(new, kind="cure_fraction")
    assert np.all(cured["estimate"] > 0.05)
    table = fits["ph"].predict(new, kind="quantile", at=[0.2, 0.999])
    assert_allclose(table["probability"], [0.2, 0.999, 0.2, 0.999])
    assert np.isfinite(table["estimate"]).tolist() == [True, False, True, False]
    assert table["estimate"][1] == INF
    assert table["std_error"].isna().tolist() == [False, True, False, True]


def test_quantiles_undo_survival(fit, new):
    times = fit.predict(new, kind="quantile", at=[0.1, 0.4])
    for label, time, p in zip(times["row"], times["estimate"], times["probability"], strict=True):
        back = fit.predict(new.loc[[label]], at=time)["estimate"].iloc[0]
        assert back == pytest.approx(1.0 - p, rel=1e-10)
    median = fit.predict(new, kind="median")
    half = fit.predict(new, kind="quantile", at=0.5)
    assert_allclose(median[["estimate", "std_error"]], half[["estimate", "std_error"]])


def test_shape_of_the_table(fit, new):
    table = fit.predict(new, at=[1.0, 2.0])
    assert list(table.columns) == ["row", "time", "estimate", "std_error", "lower", "upper", "extrapolated"]
    assert table["row"].tolist() == ["a", "a", "b", "b", "c", "c"]
    assert table["time"].tolist() == [1.0, 2.0] * 3
    assert list(fit.predict(new, kind="median").columns) == [
        "row",
        "estimate",
        "std_error",
        "lower",
        "upper",
        "note",
    ]
    assert fit.predict(new, kind="cure_fraction")["row"].tolist() == ["a", "b", "c"]
    link = fit.predict(new, kind="link")
    assert list(link.columns) == ["row", "parameter", "estimate", "std_error", "lower", "upper"]


def test_training_rows_by_default(data):
    labelled = data.set_index(pd.Index(range(1000, 1284)))
    fit = FlexibleSurvival("Surv(time, status) ~ x", labelled).fit()
    table = fit.predict(at=1.0)
    assert table["row"].tolist() == list(labelled.index)
    again = fit.predict(labelled, at=1.0)
    pd.testing.assert_frame_equal(table, again)


def test_training_rows_are_those_that_were_used():
    with pytest.warns(smx.core.errors.DataWarning, match="14 of 228"):
        fit = FlexibleSurvival("Surv(time, status) ~ wt_loss", load_lung()).fit()
    table = fit.predict(at=100.0)
    assert len(table) == 214
    assert fit.facts.dropped == {"wt_loss": 14}
    assert "wt_loss (14)" in " ".join(str(fit.summary()).split())


def test_without_covariates_there_is_one_prediction(data):
    fit = FlexibleSurvival("Surv(time, status) ~ 1", data).fit()
    assert len(fit.predict(at=[1.0, 2.0])) == 2
    assert len(fit.predict(data.head(3), at=[1.0, 2.0])) == 6


def test_new_data_may_hold_more_columns_in_another_order(fit, new):
    other = new.assign(extra="text")[["extra", "z", "x"]]
    pd.testing.assert_frame_equal(fit.predict(new, at=1.0), fit.predict(other, at=1.0))
    as_mapping = fit.predict({"z": [0.0], "x": [1]}, at=1.0)
    assert len(as_mapping) == 1


def test_transforms_keep_the_state_of_the_fit(data):
    fit = FlexibleSurvival("Surv(time, status) ~ poly(z, 2)", data).fit()
    whole = fit.predict(data, at=2.0)["estimate"].to_numpy()
    some = fit.predict(data.iloc[[5, 100]], at=2.0)["estimate"].to_numpy()
    assert_allclose(some, whole[[5, 100]], rtol=1e-10)


def test_factors_in_predictions():
    data = load_veteran()
    fit = FlexibleSurvival("Surv(time, status) ~ celltype * karno", data).fit()
    one = fit.predict(pd.DataFrame({"celltype": ["large"], "karno": [60]}), kind="median")
    three = fit.predict(
        pd.DataFrame({"celltype": ["adeno", "large", "squamous"], "karno": 60}), kind="median"
    )
    assert one["estimate"].iloc[0] == pytest.approx(three["estimate"].iloc[1])


def test_unidentified_parameters_have_no_error_only_where_they_matter(data):
    with pytest.warns(IdentificationWarning, match="Weibull"):
        fit = FlexibleSurvival(
            "Surv(time, status) ~ x", data, shape=1.0, other_scale="~ 1", scale="aft"
        ).fit()
    assert not fit.is_regular
    assert fit.warnings
    errors = fit.bse
    assert np.isnan(errors["aft", "Intercept"])
    assert np.isnan(errors["ph", "Intercept"])
    assert np.isfinite(errors["aft", "x"])
    assert np.isfinite(errors["power", "Intercept"])
    one = FlexibleSurvival("Surv(time, status) ~ x", data, distribution="weibull", scale="aft").fit()
    assert fit.llf == pytest.approx(one.llf, abs=1e-6)
    new = pd.DataFrame({"x": [0, 1]})
    ratio = fit.predict(new.iloc[[1]], kind="hazard_ratio", at=1.0, reference=new.iloc[[0]])
    known = one.predict(new.iloc[[1]], kind="hazard_ratio", at=1.0, reference=new.iloc[[0]])
    assert_allclose(ratio["estimate"], known["estimate"], rtol=1e-4)
    assert fit.predict(new, at=1.0)["std_error"].isna().all()
    assert np.all(fit.predict(new, at=0.0)["std_error"] == 0.0)
    assert np.isnan(fit.wald_test("aft.Intercept = 0")["p.value"])
    assert np.isfinite(fit.wald_test("aft.x = 0")["p.value"])
    assert "nan" in str(fit.summary())


# ---- files


@models
def test_pickle_is_small_and_predicts_the_same(fits, new, name):
    fit = fits[name]
    fit.summary()  # its effects go along
    stored = pickle.dumps(fit)
    assert len(stored) < 30_000
    again = pickle.loads(stored)
    assert again.sample is None
    pd.testing.assert_series_equal(again.params, fit.params)
    pd.testing.assert_frame_equal(again.predict(new, at=TIMES), fit.predict(new, at=TIMES))
    assert str(again.summary()) == str(fit.summary())
    pd.testing.assert_frame_equal(again.glance(), fit.glance())


def test_pickle_does_not_grow_with_the_data(data):
    sizes = []
    for copies in (1, 10):
        frame = pd.concat([data] * copies, ignore_index=True)
        sizes.append(len(pickle.dumps(FlexibleSurvival("Surv(time, status) ~ x", frame).fit())))
    assert sizes[1] < sizes[0] + 500


def test_data_kept_on_request(data):
    fit = FlexibleSurvival("Surv(time, status) ~ x", data).fit(keep_data=True)
    again = pickle.loads(pickle.dumps(fit))
    pd.testing.assert_frame_equal(again.predict(at=1.0), fit.predict(at=1.0))


def test_save_and_load(fit, new, tmp_path):
    path = smx.save(fit, tmp_path / "melanoma.fit")
    assert path == tmp_path / "melanoma.fit"
    assert [p.name for p in tmp_path.iterdir()] == ["melanoma.fit"]
    again = smx.load(path)
    assert type(again) is type(fit)
    pd.testing.assert_frame_equal(again.predict(new, kind="median"), fit.predict(new, kind="median"))


def test_results_do_not_change_after_the_fit(fit):
    with pytest.raises(AttributeError):
        fit.llf = 0.0


# ---- other frames


def test_polars_and_other_frames_give_the_same_fit(data):
    pl = pytest.importorskip("polars")
    pa = pytest.importorskip("pyarrow")
    frame = data.assign(arm=np.where(data["x"] == 1, "ifn", "control"))
    base = FlexibleSurvival("Surv(time, status) ~ arm + z", frame).fit()
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    native = (pl.DataFrame(columns), pa.table(columns), {name: list(v) for name, v in columns.items()})
    for other in native:
        found = FlexibleSurvival("Surv(time, status) ~ arm + z", other).fit()
        assert found.llf == base.llf
        assert found.params.equals(base.params)
    new = pl.DataFrame({"arm": ["ifn", "control"], "z": [0.0, 1.0]})
    table = base.predict(new, at=1.0)
    assert_allclose(table["estimate"], base.predict(new.to_pandas(), at=1.0)["estimate"])


def test_polars_categories(data):
    pl = pytest.importorskip("polars")
    arm = np.where(data["x"] == 1, "ifn", "control")
    frame = pl.DataFrame({"time": data["time"].to_numpy(), "status": data["status"].to_numpy(), "arm": arm})
    frame = frame.with_columns(pl.col("arm").cast(pl.Enum(["ifn", "control"])))
    fit = FlexibleSurvival("Surv(time, status) ~ arm", frame, scale="aft", other_scale=1.0).fit()
    assert fit.params.index[1] == ("aft", "arm[T.control]")
    assert fit.llf == pytest.approx(-367.9974, abs=1e-4)


def test_nullable_columns(data):
    frame = data.convert_dtypes()
    fit = FlexibleSurvival("Surv(time, status) ~ x", frame, scale="aft", other_scale=1.0).fit()
    assert fit.llf == pytest.approx(-367.9974, abs=1e-4)


# ---- comparison


def test_compare(fits):
    table = smx.compare(fits["aft"], fits["ph"], fits["weibull"], names=["AFT", "PH", "Weibull"])
    assert table.index.tolist() == sorted(table.index, key=lambda label: table.loc[label, "AIC"])
    assert table["delta_AIC"].iloc[0] == 0.0
    assert_allclose(table["delta_AIC"], table["AIC"] - table["AIC"].min())
    assert set(table["df"]) == {4, 5}


# ---- pictures


def test_later_changes_of_the_frame_do_not_reach_a_fit():
    rng = np.random.default_rng(0)
    n = 300
    data = pd.DataFrame(
        {"x": rng.normal(size=n), "k": rng.integers(0, 5, n), "late": rng.uniform(0.0, 0.1, n)}
    )
    data["time"] = 0.2 + rng.exponential(size=n)
    data["status"] = 1
    fit = smx.FlexibleSurvival("Surv(late, time, status) ~ x + k", data, distribution="weibull").fit()
    before = [fit.predict(at=1.0), fit.residuals("martingale")]
    for name in data.columns:
        data.loc[:, name] = 3 if name in ("k", "status") else 3.0
    after = [fit.predict(at=1.0), fit.residuals("martingale")]
    pd.testing.assert_frame_equal(before[0], after[0])
    pd.testing.assert_series_equal(before[1], after[1])
