"""Every kind of prediction with its error, conditional, standardised, simulated and simultaneous."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from melanoma_models import fitted, melanoma
from numpy.testing import assert_allclose
from predicted import LEVELS, MODELS, TIMES, at_of, has_answer, numeric_errors
from scipy import special, stats
from scipy.special import expit, log_expit

from statmodels_x import APGW, FlexibleSurvival
from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.datasets import load_melanoma
from statmodels_x.survival.inference.prediction import CONTRASTS, KINDS

INF = np.inf
PARTS = ("aft", "ph", "power", "shape", "cure")
models = pytest.mark.parametrize("name", MODELS)
GIVEN = np.array([0.0, 0.4, 0.7])
NODES, WEIGHTS = np.polynomial.legendre.leggauss(150)
BASES = [kind for kind in KINDS if kind not in CONTRASTS and kind != "link"]


@pytest.fixture(scope="module")
def data():
    return melanoma(plain=True)


@pytest.fixture(scope="module")
def fits(data):
    return fitted(MODELS, data)


@pytest.fixture
def new():
    return pd.DataFrame({"x": [0, 1, 1], "z": [0.0, -10.0, 20.0]}, index=["a", "b", "c"])


@pytest.fixture
def base():
    return pd.DataFrame({"x": [0], "z": [5.0]}, index=["base"])


class Population:
    """One covariate row under some parameters: the textbook's formulas, through the distribution."""

    def __init__(self, fit, params, row):
        level = dict.fromkeys(PARTS, 0.0) | dict(fit.specification.fixed)
        for (part, term), value in params.items():
            level[part] += value * (1.0 if term == "Intercept" else row[term])
        self.law = APGW(*np.exp([level["aft"], level["ph"], level["power"]]), np.expm1(level["shape"]))
        self.kind, self.c = fit.specification.cure_kind, level["cure"]

    def sf(self, t):
        if self.kind == "mixture":
            return expit(self.c) + expit(-self.c) * self.law.sf(t)
        return np.exp(-np.exp(self.c) * self.law.cdf(t)) if self.kind == "promotion" else self.law.sf(t)

    def hazard(self, t):
        if self.kind == "mixture":
            return np.exp(log_expit(-self.c) + self.law.logpdf(t)) / self.sf(t)
        return np.exp(self.c) * self.law.pdf(t) if self.kind == "promotion" else self.law.hazard(t)

    def ppf(self, p):
        if self.kind == "mixture":
            return self.law.ppf(np.minimum(p / expit(-self.c), 1.0))
        if self.kind == "promotion":
            return self.law.ppf(np.minimum(-np.log1p(-p) * np.exp(-self.c), 1.0))
        return self.law.ppf(p)

    def cure(self):
        if self.kind == "none":
            return float(self.law.cure_fraction())
        return expit(self.c) if self.kind == "mixture" else np.exp(-np.exp(self.c))

    def area(self, start, end):
        """Integral of the survival function; on the scale of the square root, smooth enough at 0."""
        v = 0.5 * (NODES + 1.0)
        return np.sum(self.sf(start + (end - start) * v**4) * (end - start) * 2.0 * v**3 * WEIGHTS)

    def mean(self, start):
        """Mean of a Weibull, given survival to a time."""
        assert self.law.kappa == 1.0
        r, h = 1.0 / self.law.gamma, self.law.cumulative_hazard(start)
        size = self.law.lam**-r / self.law.phi
        return size * special.gamma(1.0 + r) * special.gammaincc(1.0 + r, h) * np.exp(h)

    def predict(self, kind, start):
        later = np.maximum(TIMES, start)
        alive = self.sf(later) / self.sf(start)
        if kind in ("quantile", "median"):
            p = LEVELS if kind == "quantile" else np.array([0.5])
            return self.ppf(1.0 - (1.0 - p) * self.sf(start))
        if kind == "rmst":
            return np.array([start + self.area(start, end) / self.sf(start) for end in TIMES])
        return {
            "survival": lambda: alive,
            "cumulative_hazard": lambda: -np.log(alive),
            "hazard": lambda: self.hazard(TIMES),
            "density": lambda: self.hazard(TIMES) * alive,
            "odds": lambda: (1.0 - alive) / alive,
            "mean": lambda: np.array([self.mean(start)]),
            "cure_fraction": lambda: np.array([self.cure() / self.sf(start)]),
        }[kind]()


def expected(fit, kind, new, base, given):
    """The prediction as a function of the parameters."""
    name, _, how = kind.rpartition("_") if kind in CONTRASTS else (kind, "", "")

    def quantity(params):
        starts = np.zeros(len(new)) if given is None else given
        rows = [
            Population(fit, params, row).predict(name, start)
            for (_, row), start in zip(new.iterrows(), starts, strict=True)
        ]
        ours = np.concatenate(rows)
        if not how:
            return ours
        rows = [Population(fit, params, base.iloc[0]).predict(name, start) for start in starts]
        with np.errstate(invalid="ignore", divide="ignore"):
            return ours - np.concatenate(rows) if how == "difference" else ours / np.concatenate(rows)

    return quantity


@models
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "link"])
@pytest.mark.parametrize("given", [None, GIVEN], ids=["from_0", "given"])
def test_every_kind_and_its_error(fits, new, base, name, kind, given):
    fit = fits[name]
    if not has_answer(fit, kind):
        pytest.skip("infinite, or without a cured fraction: see the tests of limits")
    quantity = expected(fit, kind, new, base, given)
    reference = base if kind in CONTRASTS else None
    table = fit.predict(new, kind=kind, at=at_of(kind), reference=reference, given=given)
    value = quantity(fit.params)
    finite = np.isfinite(value)
    assert finite.any()
    assert_allclose(table["estimate"][finite], value[finite], rtol=1e-7, atol=1e-10)
    errors = numeric_errors(quantity, fit.params, fit.covariance)
    assert_allclose(table["std_error"][finite], errors[finite], rtol=2e-5, atol=1e-8)
    inside = table[finite]
    known = inside["std_error"] > 1e-8
    assert np.all((inside["lower"] < inside["estimate"])[known])
    assert np.all((inside["estimate"] < inside["upper"])[known])
    if not kind.endswith("_difference"):
        assert np.all(inside["lower"] >= 0.0)
    if kind in ("survival", "cure_fraction"):
        assert np.all(inside["upper"] <= 1.0)
    if kind == "rmst":
        assert np.all(inside["estimate"] <= inside["time"])


@models
def test_the_kinds_without_a_number(fits, new, base, name):
    fit = fits[name]
    if not has_answer(fit, "mean") and name != "burr":
        table = fit.predict(new, kind="mean")
        assert np.all(np.isinf(table["estimate"]))
        assert table["std_error"].isna().all()
        assert fit.predict(new, kind="mean_ratio", reference=base)["estimate"].isna().all()
    if not has_answer(fit, "cure_fraction"):
        assert np.all(fit.predict(new, kind="cure_fraction")["estimate"] == 0.0)
        gap = fit.predict(new, kind="cure_fraction_difference", reference=base)
        assert np.all(gap["estimate"] == 0.0)


@pytest.mark.parametrize("level", [1.2, 2.0])
def test_the_mean_of_a_burr_with_a_light_tail(fits, new, base, level):
    # lambda gamma > 1: moved there from the fit, whose own tail is too heavy
    fit = fits["burr"]
    params = fit.params.copy()
    params["ph", "Intercept"] = level
    light = replace(fit, coefficients=params)

    def quantity(moved):
        return np.array([float(Population(fit, moved, row).law.mean()) for _, row in new.iterrows()])

    table = light.predict(new, kind="mean")
    assert_allclose(table["estimate"], quantity(params), rtol=1e-6)
    assert_allclose(table["std_error"], numeric_errors(quantity, params, fit.covariance), rtol=1e-4)


@models
@pytest.mark.parametrize("kind", ["survival", "hazard", "rmst", "quantile", "odds"])
def test_contrasts_are_made_of_their_parts(fits, new, base, name, kind):
    fit, at = fits[name], at_of(kind)
    ours = fit.predict(new, kind=kind, at=at)["estimate"].to_numpy()
    theirs = np.tile(fit.predict(base, kind=kind, at=at)["estimate"].to_numpy(), 3)
    gap = fit.predict(new, kind=f"{kind}_difference", at=at, reference=base)
    ratio = fit.predict(new, kind=f"{kind}_ratio", at=at, reference=base)
    assert_allclose(gap["estimate"], ours - theirs, rtol=1e-9, atol=1e-12)
    assert_allclose(ratio["estimate"], ours / theirs, rtol=1e-9)
    z = stats.norm.ppf(0.975)
    assert_allclose(gap["upper"] - gap["estimate"], z * gap["std_error"], rtol=1e-9)
    assert_allclose(ratio["upper"] / ratio["estimate"],
                    np.exp(z * ratio["std_error"] / ratio["estimate"]), rtol=1e-9)  # fmt: skip
    # a reference of one row, or of as many rows
    again = fit.predict(new, kind=f"{kind}_ratio", at=at, reference=pd.concat([base] * 3))
    pd.testing.assert_frame_equal(again, ratio)
    own = fit.predict(new, kind=f"{kind}_difference", at=at, reference=new)
    assert_allclose(own[["estimate", "std_error"]], 0.0, atol=1e-12)


def test_rows_of_the_reference_are_taken_in_pairs(fits, new):
    """By their labels where these are those of the rows, else by position."""
    turned, fit = new.iloc[[2, 0, 1]], fits["burr"]
    others = turned.set_axis(["one", "two", "three"])
    gap = fit.predict(new, kind="survival_difference", at=2.0, reference=others)["estimate"].to_numpy()
    s = fit.predict(new, at=2.0)["estimate"].to_numpy()
    assert_allclose(gap, s - s[[2, 0, 1]], rtol=1e-10)
    own = fit.predict(new, kind="survival_difference", at=2.0, reference=turned)["estimate"]
    assert_allclose(own, 0.0, atol=1e-12)


# ---- time already survived


@models
def test_what_given_means(fits, new, name):
    fit, start = fits[name], 0.6
    alive = fit.predict(new, at=[start])["estimate"].to_numpy()
    later = fit.predict(new, at=[2.0])["estimate"].to_numpy()
    table = fit.predict(new, at=[0.0, 0.3, start, 2.0], given=start)
    assert_allclose(table["estimate"][3::4], later / alive, rtol=1e-12)
    for k in range(3):  # up to then nobody had the event
        assert np.all(table["estimate"][k::4] == 1.0)
        assert np.all(table["std_error"][k::4] == 0.0)
    times = fit.predict(new, kind="quantile", at=[0.2], given=start)["estimate"]
    assert np.all(times > start)
    back = [fit.predict(new.iloc[[k]], at=t)["estimate"].iloc[0] for k, t in enumerate(times)]
    assert_allclose(back, 0.8 * alive, rtol=1e-9)
    lived = fit.predict(new, kind="rmst", at=[0.3, 5.0], given=start)["estimate"].to_numpy().reshape(3, 2)
    assert_allclose(lived[:, 0], 0.3)  # E min(T, h) given T > h
    whole = fit.predict(new, kind="rmst", at=[start, 5.0])["estimate"].to_numpy().reshape(3, 2)
    assert_allclose(lived[:, 1], start + (whole[:, 1] - whole[:, 0]) / alive, rtol=1e-9)
    density = fit.predict(new, kind="density", at=[0.3, 2.0], given=start)["estimate"].to_numpy()
    assert np.all(density[::2] == 0.0)
    hazard = fit.predict(new, kind="hazard", at=[2.0], given=start)["estimate"].to_numpy()
    assert_allclose(density[1::2], hazard * later / alive, rtol=1e-10)


@models
def test_given_for_each_row(fits, new, name):
    fit = fits[name]
    together = fit.predict(new, at=TIMES, given=GIVEN)
    for k in range(3):
        alone = fit.predict(new.iloc[[k]], at=TIMES, given=GIVEN[k])
        assert_allclose(together.iloc[3 * k : 3 * k + 3, 2:6], alone.iloc[:, 2:6], rtol=1e-12)
    pd.testing.assert_frame_equal(fit.predict(new, at=TIMES, given=0.0), fit.predict(new, at=TIMES))


def test_the_exponential_forgets_its_past(data):
    fit = FlexibleSurvival("Surv(time, status) ~ x", data, distribution="exponential").fit()
    new = pd.DataFrame({"x": [0, 1]})
    now = fit.predict(new, at=TIMES)
    then = fit.predict(new, at=TIMES + 3.0, given=3.0)
    assert_allclose(then[["estimate", "std_error"]], now[["estimate", "std_error"]], rtol=1e-10)
    mean = fit.predict(new, kind="mean")["estimate"]
    assert_allclose(mean, np.exp(-fit.params.iloc[0] - fit.params.iloc[1] * np.array([0, 1])), rtol=1e-9)
    assert_allclose(fit.predict(new, kind="mean", given=3.0)["estimate"], mean + 3.0, rtol=1e-9)


# ---- how intervals are made


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, "survival") for name in MODELS),
        *product(("power", "promotion"), ("rmst", "hazard_ratio", "quantile_difference", "median")),
    ],
)
def test_simulated_intervals_are_quantiles_over_drawn_coefficients(fits, new, base, name, kind):
    fit = fits[name]
    options = {"kind": kind, "at": at_of(kind), "reference": base if kind in CONTRASTS else None}
    drawn = fit.predict(new, method="simulation", n_draws=100, seed=3, **options)
    values = np.array([
        replace(fit, coefficients=params).predict(new, **options)["estimate"]
        for _, params in fit.sample_params(100, seed=3).iterrows()
    ])  # fmt: skip
    assert_allclose(
        drawn[["lower", "upper"]],
        np.quantile(values, [0.025, 0.975], axis=0, method="inverted_cdf").T,
        rtol=1e-9,
    )
    assert_allclose(drawn["std_error"], values.std(axis=0, ddof=1), rtol=1e-9, atol=1e-14)
    assert_allclose(drawn["estimate"], fit.predict(new, **options)["estimate"], rtol=1e-12)
    few = {"method": "simulation", "n_draws": 100, **options}
    pd.testing.assert_frame_equal(fit.predict(new, seed=3, **few), drawn)
    assert not fit.predict(new, seed=4, **few)["upper"].equals(drawn["upper"])


@models
def test_simulated_intervals_are_close_to_the_delta_method(fits, new, name):
    delta = fits[name].predict(new, at=[0.8, 3.0])
    drawn = fits[name].predict(new, at=[0.8, 3.0], method="simulation", n_draws=1500)
    # Monte-Carlo error of a standard deviation and of a tail quantile, and the bend of the scale
    assert_allclose(drawn["std_error"], delta["std_error"], rtol=0.15)
    for bound in ("lower", "upper"):
        assert np.all(np.abs(drawn[bound] - delta[bound]) < 0.35 * delta["std_error"])


@models
@pytest.mark.parametrize("kind", ["survival", "cumulative_hazard", "hazard", "quantile", "rmst_difference"])
def test_simultaneous_bands_are_wider(fits, new, base, name, kind):
    at = np.linspace(0.05, 0.5, 10) if kind == "quantile" else np.linspace(0.2, 8.0, 10)
    options = {"kind": kind, "at": at, "reference": base if kind in CONTRASTS else None}
    point, band = fits[name].predict(new, **options), fits[name].predict(new, simultaneous=True, **options)
    # a row that is determined by one direction needs no wider band
    assert np.all(band["upper"] - point["upper"] >= -1e-3 * point["std_error"])
    assert np.all(point["lower"] - band["lower"] >= -1e-3 * point["std_error"])
    assert (band["upper"] > point["upper"]).mean() > 0.6
    pd.testing.assert_series_equal(band["std_error"], point["std_error"])
    one = fits[name].predict(new, kind="survival", at=3.0, simultaneous=True, n_draws=50_000)
    alone = fits[name].predict(new, kind="survival", at=3.0)
    assert_allclose(one[["lower", "upper"]], alone[["lower", "upper"]], atol=2e-3)


@pytest.mark.parametrize("name", ["power", "burr", "promotion"])
def test_joint_coverage_of_simultaneous_bands(fits, new, name):
    # log H, linear in normal coefficients: the band must hold at all times with the probability it says
    fit, at = fits[name], np.linspace(0.1, 9.0, 15)
    row = new.iloc[[1]]

    def log_h(params):
        moved = replace(fit, coefficients=params)
        return np.log(moved.predict(row, kind="cumulative_hazard", at=at)["estimate"].to_numpy())

    columns = []
    for k in range(len(fit.params)):
        step = 1e-4 * fit.bse.iloc[k]
        ends = [fit.params.copy() for _ in range(2)]
        ends[0].iloc[k] += step
        ends[1].iloc[k] -= step
        columns.append((log_h(ends[0]) - log_h(ends[1])) / (2.0 * step))
    draws = fit.sample_params(20_000, seed=11).to_numpy() - fit.params.to_numpy()
    paths = log_h(fit.params) + draws @ np.array(columns)

    def coverage(**options):
        table = fit.predict(row, kind="cumulative_hazard", at=at, **options)
        low, high = np.log(table["lower"].to_numpy()), np.log(table["upper"].to_numpy())
        return np.mean(((paths >= low) & (paths <= high)).all(axis=1))

    for alpha in (0.05, 0.2):
        joint = coverage(simultaneous=True, n_draws=20_000, alpha=alpha)
        assert joint == pytest.approx(1.0 - alpha, abs=0.01)
    assert coverage() < 0.93


@models
def test_times_beyond_the_follow_up_are_marked(fits, new, name):
    last = load_melanoma()["time"].max()
    table = fits[name].predict(new, at=[1.0, last, last + 1e-6, 50.0])
    assert table["extrapolated"].tolist() == [False, False, True, True] * 3
    assert list(table.columns) == ["row", "time", "estimate", "std_error", "lower", "upper", "extrapolated"]
    for kind in ("quantile", "median", "link"):
        assert "extrapolated" not in fits[name].predict(new, kind=kind, at=at_of(kind))


# ---- arguments


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"kind": "survivel", "at": 1.0}, "`kind`"),
        ({"at": None}, "needs `at`: times"),
        ({"kind": "quantile"}, "needs `at`: probabilities"),
        ({"kind": "quantile", "at": [0.2, 1.0]}, "`at` holds a probability outside 0 and 1"),
        ({"at": -1.0}, "`at` holds times that are negative"),
        ({"kind": "hazard", "at": 0.0}, "`at` holds times that are not positive"),
        ({"kind": "rmst", "at": INF}, "infinite"),
        ({"at": [1.0, np.nan]}, "`at` is empty or holds missing values"),
        ({"at": []}, "`at` is empty"),
        ({"at": "soon"}, "'at' holds text"),
        ({"kind": "hazard_ratio", "at": 1.0}, "needs `reference`"),
        ({"at": 1.0, "given": -1.0}, "`given` is the time already survived"),
        ({"at": 1.0, "given": [0.1, 0.2]}, "`given` has 2 values"),
        ({"at": 1.0, "given": np.nan}, "`given`"),
        ({"at": 1.0, "given": "now"}, "'given' holds text"),
        ({"at": 1.0, "method": "bootstrap"}, "`method`"),
        ({"at": 1.0, "method": "simulation", "simultaneous": True}, "simultaneous"),
        ({"at": 1.0, "method": "simulation", "n_draws": 5}, "`n_draws`"),
        ({"at": 1.0, "method": "simulation", "n_draws": 500.5}, "`n_draws`"),
        ({"at": 1.0, "method": "simulation", "seed": -1}, "`seed`"),
        ({"at": 1.0, "alpha": 2.0}, "`alpha`"),
    ],
)
def test_arguments_of_predict(fits, new, options, text):
    with pytest.raises(StatmodelsXError) as caught:
        fits["burr"].predict(new, **options)
    assert text in str(caught.value)


def test_a_reference_of_another_length(fits, new):
    with pytest.raises(DataError, match="`reference` has 2 rows"):
        fits["burr"].predict(new, kind="hazard_ratio", at=1.0, reference=new.head(2))
    with pytest.raises(DataError, match="'z'"):
        fits["burr"].predict(new, kind="hazard_ratio", at=1.0, reference=new[["x"]])
