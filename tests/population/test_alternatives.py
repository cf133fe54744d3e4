"""Standard errors that hold only near the estimate are not given: refits with other parameters held contradict them."""

import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import IdentificationWarning
from statmodels_x.core.fits.reference import Reference
from statmodels_x.population.fitting.identification import Identification
from statmodels_x.population.fitting.limits import log_limits, root_limits
from statmodels_x.population.inference.bootstrap import _percentiles
from statmodels_x.population.inference.invariants import margin_limits, period_limits

pytestmark = pytest.mark.search

A, D = np.array([[0.35, 1.15], [0.62, 0.0]]), np.array([[0.30, 1.15], [0.65, 0.0]])
TRUTH = {
    ("fecundity", "x_1"): 0.35,
    ("fecundity", "x_2"): 1.15,
    ("survival", "x_1"): 0.62,
    ("fecundity", "y_1"): 0.30,
    ("fecundity", "y_2"): 1.15,
    ("survival", "y_1"): 0.65,
    ("coupling", "y_on_x"): 0.02,
    ("coupling", "x_on_y"): 0.015,
}
MIXED = "aurelia_mixed + caudatum_mixed ~ day"


def totals(seed, error, n=40):
    """Totals of linear competitors with two classes each, all entries off their bounds, with errors."""
    x, y, rows = np.array([80.0, 40.0]), np.array([60.0, 30.0]), []
    for _ in range(n):
        rows.append((x.sum(), y.sum()))
        x, y = A @ x - 0.02 * y, D @ y - 0.015 * x
    rows = np.array(rows)
    rng = np.random.default_rng(seed)
    noise = np.column_stack([rng.normal(size=n), rng.normal(size=n)])
    return pd.DataFrame(rows + error * rows.mean(axis=0) * noise, columns=["x", "y"]).assign(t=range(n))


def fitted(seed, error, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return smx.LeslieInteraction("x + y ~ t", totals(seed, error), ages=2).fit(n_starts=10, **options)


@pytest.mark.parametrize("seed", [1, 3, 8])
def test_error_that_rests_on_a_second_class_without_effect_is_not_given(seed):
    """A first fecundity of 1.03 with an error of .001 where the truth is .3: the other class ended without members."""
    fit = fitted(seed, 0.01, structure="stable")
    local = np.sqrt(np.diag(fit.machinery.identification.spread))
    off = (fit.params[list(TRUTH)] - pd.Series(TRUTH)).to_numpy()
    far = np.abs(off) > 100 * local[: len(off)]
    reported = fit.bse[list(TRUTH)].notna().to_numpy()
    assert far.any()  # the local errors of this fit are absurd
    assert not (far & reported).any()


@pytest.mark.parametrize("options", [{}, {"structure": "stable"}])
def test_errors_that_are_given_hold_the_truth(options):
    for seed in range(5):
        fit = fitted(seed, 0.02, **options)
        off = (fit.params[list(TRUTH)] - list(TRUTH.values())) / fit.bse[list(TRUTH)]
        assert not (off.abs() > 4.5).any(), (seed, off)
        limits = fit.conf_int(0.001)
        for name, value in TRUTH.items():
            assert not limits.loc[name, "lower"] > value, (seed, name)
            assert not limits.loc[name, "upper"] < value, (seed, name)


def test_reason_warning_and_summary():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = smx.LeslieInteraction("x + y ~ t", totals(1, 0.01), ages=2).fit(n_starts=10, structure="stable")
    messages = [str(w.message) for w in caught if issubclass(w.category, IdentificationWarning)]
    assert any("no standard error for fecundity" in text and 'method="profile"' in text for text in messages)
    doubtful = fit.reasons[fit.reasons.str.startswith(("depends on", "the data allow", "searches that"))]
    assert len(doubtful)
    assert fit.bse[doubtful.index].isna().all()
    assert fit.conf_int().loc[doubtful.index].isna().all(axis=None)
    text = " ".join(str(fit.summary()).split())
    assert f"No standard error, {doubtful.iloc[0]}" in text
    assert doubtful.iloc[0] == fit.reasons[doubtful.index[0]]


def test_ordinary_fits_keep_their_errors():
    data = smx.datasets.load_paramecium()
    fit = smx.LeslieInteraction(MIXED, data, density="leslie-gower").fit(n_starts=20)
    assert fit.bse.notna().all()
    assert fit.invariants()["std_error"].notna().all()
    hares = smx.LotkaVolterra("hare + lynx ~ year", smx.datasets.load_hare_lynx(), "predation").fit(
        n_starts=10
    )
    assert hares.bse.notna().all()


def test_refits_lie_in_the_region_and_at_what_is_held():
    data = smx.datasets.load_paramecium()
    fit = smx.LeslieInteraction(MIXED, data, density="leslie-gower").fit(n_starts=20)
    others = fit.machinery.alternatives
    assert len(others.held) >= 10
    assert (others.distance <= fit.reference.quantile(0.05) * (1 + 1e-6)).all()
    name = fit.params.index[others.held[0]]
    table = fit.profile(name, values=[others.theta[0, others.held[0]]])
    distance = np.sqrt(fit.df_resid * np.expm1(table["deviance"].iloc[0] / fit.nobs))
    assert others.distance[0] == pytest.approx(distance, abs=0.02)


def test_threads_do_not_change_the_refits():
    one, two = fitted(2, 0.03), fitted(2, 0.03, n_jobs=2)
    pd.testing.assert_series_equal(one.bse, two.bse, rtol=0, atol=0)
    np.testing.assert_array_equal(one.machinery.alternatives.theta, two.machinery.alternatives.theta)


def test_error_of_what_is_known_beside_what_is_not():
    """Directions known ten decades worse must not leave their rounding in the error of what does not involve them."""
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    root = axes * np.array([0.01, 0.1, 10.0, 1e4, 1e8])
    nothing = np.zeros((5, 0))
    found = Identification(
        np.full((5, 5), np.nan),
        root @ root.T,
        root,
        nothing,
        np.ones(5),
        np.ones(5),
        {},
        1.0,
        Reference(30.0),
    )
    for k, error in ((0, 0.01), (1, 0.1), (2, 10.0)):
        assert found.standard_error(axes[:, k]) == pytest.approx(error, rel=1e-3)
    assert found.standard_error(axes[:, 0] + axes[:, 2]) == pytest.approx(np.hypot(0.01, 10.0), rel=1e-6)


# ---- limits


def test_limits_by_the_root_are_continuous_and_keep_0_where_it_is_within_reach():
    assert root_limits(4.0, 4.0 - 1e-9) == pytest.approx((1.0, 9.0))
    assert root_limits(4.0, 4.0) == (0.0, 9.0)
    assert root_limits(4.0, 8.0) == (0.0, 15.0)
    assert root_limits(0.0, 2.0) == (0.0, 3.0)
    assert root_limits(4.0, 2.0, upper=5.0)[1] == 5.0
    low, high = root_limits(4.0, 1e-4)
    assert (low + high) / 2 == pytest.approx(4.0)
    assert log_limits(2.0, 2.0) == pytest.approx((2.0 / np.e, 2.0 * np.e))


def test_limits_of_a_margin():
    low, high = margin_limits(0.06, 0.06)
    assert low < 0.01
    assert high > 0.99  # small margins have small errors whatever is true
    assert margin_limits(-0.06, 0.06) == (-high, -low)
    low, high = margin_limits(0.5, 1e-5)
    assert (low, high) == pytest.approx((0.5 - 1e-5, 0.5 + 1e-5), abs=1e-8)


# ---- profiles of invariants


def test_profile_of_growth_is_that_of_the_fecundity_of_a_single_class():
    data = smx.datasets.load_paramecium()
    fit = smx.LeslieInteraction(MIXED, data, density="leslie-gower").fit(n_starts=20)
    table, entries = fit.invariants(method="profile"), fit.conf_int(method="profile")
    for name in fit.species:
        np.testing.assert_allclose(
            table.loc[f"growth_{name}", ["lower", "upper"]].astype(float),
            entries.loc["fecundity", name],
            rtol=0.01,
        )
    assert table.loc["alpha_caudatum_mixed_on_aurelia_mixed", "lower"] == pytest.approx(0.0, abs=1e-6)
    # at a limit of K a refit by another route has lost what the F distribution allows: K = (f - 1) / a
    upper = table.loc["K_aurelia_mixed", "upper"]
    reach = fit.reference.quantile(0.05)
    from scipy.optimize import minimize

    from statmodels_x.population.kernels.objective import objective

    none = np.zeros(0), np.zeros((0, 0))

    def cost(log):
        theta = np.exp(np.insert(log, 2, 0.0))
        theta[2] = (theta[0] - 1.0) / upper
        return (
            objective(fit.machinery.problem, theta, *none) / fit.machinery.estimate.cost
            if theta[0] > 1.0
            else np.inf
        )

    start = np.log(np.delete(fit.params.to_numpy(), 2))
    best = min(minimize(cost, start, method="Nelder-Mead", options={"maxiter": 8000, "xatol": 1e-8, "fatol": 1e-10}).fun
               for start in (start, start + 0.05))  # fmt: skip
    assert np.sqrt(fit.df_resid * (best - 1.0)) == pytest.approx(reach, rel=0.02)


def test_a_limit_lies_between_what_is_held_and_rejected(monkeypatch):
    from statmodels_x.population.inference.invariant_profile import InvariantProfile

    profile = object.__new__(InvariantProfile)
    tried = []

    def refit(value):
        tried.append(value)
        return value, 5.0 if value > 0.7 else 0.1

    monkeypatch.setattr(profile, "refit", refit)
    found = profile._between(0.0, 0.0, 1.0, 5.0, 1.0)
    held = max(value for value in tried if value <= 0.7)
    rejected = min(value for value in tried if value > 0.7)
    assert held < found < rejected
    assert rejected - held < 0.1


def test_profile_of_growth_with_two_classes_holds_the_truth():
    """Where the delta method sees almost nothing, since entries of the classes make up for each other."""
    fit = fitted(3, 0.03)
    from statmodels_x.population.inference.invariant_profile import InvariantProfile

    profile = InvariantProfile(fit, "growth_x", 0.01)
    reach = fit.reference.quantile(0.001)
    low, high = (profile.limit(side, reach) for side in (-1, 1))
    truth = np.abs(np.linalg.eigvals(A)).max()
    assert low < truth < high
    assert high - low < 0.2


def test_step_of_one_has_a_unit_in_the_singular():
    data = smx.datasets.load_paramecium()
    model = smx.LeslieInteraction(MIXED, data, density="leslie-gower")
    assert model.fit(n_starts=4).machinery.settings["step"] == "1 day"


def test_errors_of_observed_classes_allow_for_an_entry_at_its_bound():
    """The covariance is that of the regression without bounds, whatever ends at one."""
    rng = np.random.default_rng(1)
    M = np.array([[0.35, 1.15, -0.0], [0.62, 0.0, -0.0], [-0.01, -0.0, 1.03]])
    w = [np.array([80.0, 40.0, 50.0])]
    for _ in range(20):
        w.append(M @ w[-1] * np.exp(0.02 * rng.normal(size=3)))
    data = pd.DataFrame(w, columns=["a", "b", "c"]).assign(t=range(21))
    fit = smx.ObservedLeslie("a + b | c ~ t", data, coupling="full", names=["x", "y"]).fit()
    held = fit.bse.isna()
    assert held.any()
    x = data[["a", "b", "c"]].to_numpy()[:-1]
    weight = 1.0 / data["c"].mean()
    # the row of y shares no entry with the others, so that its regression stands alone
    cov = np.linalg.inv(x.T @ x) / weight**2 * fit.ssr / (fit.nobs - int((~held).sum()))
    assert held["coupling", "x_1_on_y"] or held["coupling", "x_2_on_y"]
    assert fit.bse["fecundity", "y"] == pytest.approx(np.sqrt(cov[2, 2]), rel=1e-6)
    alone = np.sqrt(fit.ssr / (fit.nobs - int((~held).sum())) / np.sum(x[:, 2] ** 2)) / weight
    assert fit.bse["fecundity", "y"] > 2.0 * alone  # what holding both at 0 would claim


def test_predictions_have_no_error_where_another_fit_goes_elsewhere():
    """Far ahead, fits that agree on the data part: a total there has no error, and the warning says why."""
    fit = fitted(1, 0.03)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ahead = fit.predict(at=[80.0, 120.0])
        inside = fit.predict()
    for name in ("x", "y"):
        given = inside[name, "std_error"].notna()
        assert given.mean() > 0.5
        value, error = (ahead[name, key].to_numpy() for key in ("estimate", "std_error"))
        for theta in fit.machinery.alternatives.theta:
            there = smx_totals(fit, theta, 121)[[80, 120], "xy".index(name)]
            known = np.isfinite(error)
            assert (
                np.abs(there - value)[known]
                <= 3.0 * max(fit.machinery.alternatives.distance) * error[known] + 1e-9
            ).all()
        if not np.isfinite(error).all():
            assert any(word in str(w.message) for w in caught for word in ("no standard error", "has ended"))


def smx_totals(fit, theta, n):
    """Totals of the recursion at given parameters."""
    from statmodels_x.population.course.courses import course

    problem = fit.machinery.problem._replace(
        nodes=np.array([n]), node_start=np.zeros_like(fit.machinery.problem.node_start)
    )
    return course(problem, theta, 0)[1]


def test_predictions_of_an_ordinary_fit_keep_their_errors():
    fit = smx.LeslieInteraction(MIXED, smx.datasets.load_paramecium(), density="leslie-gower").fit(
        n_starts=10
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = fit.predict(at=np.arange(2.0, 40.0))
    assert table.xs("std_error", axis=1, level="statistic").notna().all().all()


def test_a_period_whose_frequency_may_be_zero_has_no_upper_limit():
    low, high = period_limits(10.0, 0.4)
    assert (2 * np.pi / low) ** 2 - (2 * np.pi / 10) ** 2 == pytest.approx(2 * (2 * np.pi) ** 2 / 10**3 * 0.4)
    assert low < 10.0 < high < 11.0
    assert period_limits(300.0, 200.0)[1] == np.inf
    rng = np.random.default_rng(0)
    truth, error = 0.02**2, 0.0006  # a squared frequency near 0, estimated with that error
    held, given = 0, 0
    for square in truth + error * rng.normal(size=4000):
        if square <= 0.0:
            continue  # no oscillation at the estimate, no interval
        value = 2 * np.pi / np.sqrt(square)
        low, high = period_limits(value, 1.959964 * error * value**3 / (2 * (2 * np.pi) ** 2))
        given += 1
        held += low <= 2 * np.pi / np.sqrt(truth) <= high
    assert given > 2000
    assert held / given == pytest.approx(0.95, abs=0.03)


def test_percentiles_of_draws_some_of_which_are_infinite():
    draws = pd.DataFrame({"period": [*np.arange(100.0, 190.0), *[np.inf] * 10], "other": np.arange(100.0)})
    table = _percentiles(draws, draws.median(), 0.05)
    assert table.loc["period", "upper"] == np.inf
    assert 100.0 < table.loc["period", "lower"] < 105.0
    assert np.isfinite(table.loc["other", ["lower", "upper"]].to_numpy(float)).all()
    assert np.isnan(table.loc["period", "std_error"])
