"""The average effect along a border: against statsmodels and closed forms, found and given, and what is refused."""

import pickle

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import statmodels_x as smx
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.discontinuity.border.sides import Line, between_sides
from statmodels_x.discontinuity.inference.border_effect import EffectOptions, cross_fitted
from statmodels_x.discontinuity.inference.level_shifts import Extras

LINE = np.array([[0.0, 0.3], [1.0, 0.7]])
SIZE = 0.3


def sample(n=1500, sd=0.1, size=SIZE, seed=0):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(2, n))
    side = y > 0.3 + 0.4 * x
    data = pd.DataFrame({"x": x, "y": y, "side": side.astype(float)})
    data["u"] = rng.normal(size=n)
    # groups of unequal size
    data["group"] = np.minimum((40 * rng.uniform(size=n) ** 1.5).astype(int), 39)
    data["z"] = 0.3 * x + size * side + sd * rng.normal(size=n)
    data["shifted"] = data["z"] + 0.8 * data["u"] + rng.normal(size=40)[data["group"]]
    return data


def cheap(formula, data, **options):
    """Fit without a search: enough where the border is given."""
    return smx.FreeDiscontinuity(formula, data, lam=100.0, nu=0.1, **options).fit(tune=None, tol=1e-2)


@pytest.fixture(scope="module")
def data():
    return sample()


@pytest.fixture(scope="module")
def given(data):
    return cheap("z ~ x + y", data)


@pytest.fixture(scope="module")
def found(data):
    return smx.FreeDiscontinuity("shifted ~ x + y", data).fit(sensitivity="sensitive")


def ols(data, response="z", width=0.15, extra=()):
    distance = (data["y"] - 0.3 - 0.4 * data["x"]) / np.hypot(1.0, 0.4)
    foot = (data["x"] + 0.4 * (data["y"] - 0.3)) / 1.16  # of the way along the line
    rows = (distance.abs() <= width) & (foot >= 0.0) & (foot <= 1.0)
    d, side = distance[rows], (distance[rows] > 0).astype(float)
    design = np.column_stack(
        [side, np.ones(len(d)), d, d * side, *(data.loc[rows, list(extra)].to_numpy().T)]
    )
    return sm.OLS(data.loc[rows, response].to_numpy(), design), rows


def test_with_a_given_line_it_is_least_squares_in_the_distance(data, given):
    model, rows = ols(data)
    reference = model.fit(cov_type="HC2", use_t=True)
    effect = given.border_effect(border=LINE, bandwidth=0.15, trend=0)
    assert effect.nobs == rows.sum()
    assert effect.estimate == pytest.approx(reference.params[0], rel=1e-10)
    assert effect.std_error == pytest.approx(reference.bse[0], rel=1e-10)
    np.testing.assert_allclose(effect.conf_int(0.1).to_numpy()[0], reference.conf_int(0.1)[0], rtol=1e-8)
    assert effect.p_value == pytest.approx(reference.pvalues[0], rel=1e-6)


def test_clusters_correct_each_groups_residuals(data, given):
    model, rows = ols(data)
    reference = model.fit()
    x, left, group = model.exog, reference.resid, data.loc[rows, "group"].to_numpy()
    bread = np.linalg.inv(x.T @ x)
    middle = np.zeros_like(bread)
    for one in np.unique(group):
        own = x[group == one]
        values, vectors = np.linalg.eigh(np.eye(len(own)) - own @ bread @ own.T)
        score = own.T @ (vectors @ ((vectors.T @ left[group == one]) / np.sqrt(values)))
        middle += np.outer(score, score)
    effect = given.border_effect(data, LINE, cluster="group", bandwidth=0.15, trend=0)
    assert effect.std_error == pytest.approx(np.sqrt((bread @ middle @ bread)[0, 0]), rel=1e-8)
    assert effect.n_clusters == len(np.unique(group))
    assert 1.0 < effect.reference.df < effect.n_clusters
    plain = model.fit(cov_type="cluster", cov_kwds={"groups": group}).bse[0]
    assert effect.std_error == pytest.approx(plain, rel=0.1)  # CR1: another small-sample factor


def test_covariates_and_groups_are_partialled_out_as_by_dummies(data):
    fit = cheap("shifted ~ x + y", data)
    effect = fit.border_effect(data, LINE, covariates="u", absorb="group", bandwidth=0.15, trend=0)
    wide = data.join(pd.get_dummies(data["group"], prefix="g", drop_first=True, dtype=float))
    names = ["u", *(name for name in wide if name.startswith("g_"))]
    reference = ols(wide, "shifted", extra=names)[0].fit(cov_type="HC2", use_t=True)
    assert effect.estimate == pytest.approx(reference.params[0], rel=1e-8)
    assert effect.std_error == pytest.approx(reference.bse[0], rel=1e-8)
    assert effect.reference.df == reference.df_resid
    assert abs(effect.estimate - SIZE) < 3.0 * effect.std_error < 0.1
    # as a second factor it is the same
    same = fit.border_effect(
        data.assign(one=np.arange(len(data)) % 2),
        LINE,
        covariates=data[["u"]],
        absorb=["one", "group"],
        bandwidth=0.15,
    )
    assert abs(same.estimate - effect.estimate) < effect.std_error


def test_without_errors_it_is_the_size_and_the_way_gives_the_sign():
    data = sample(sd=0.0)
    fit = cheap("z ~ x + y", data)
    effect = fit.border_effect(border=LINE)
    assert effect.estimate == pytest.approx(SIZE, abs=1e-10)
    assert fit.border_effect(border=LINE[::-1]).estimate == pytest.approx(-SIZE, abs=1e-10)


def test_weights_are_those_of_least_squares(data):
    weight = 0.5 + np.arange(len(data)) % 3
    fit = cheap("z ~ x + y", data.assign(w=weight), weights="w")
    model, rows = ols(data)
    reference = sm.WLS(model.endog, model.exog, weights=weight[rows.to_numpy()]).fit(cov_type="HC2")
    effect = fit.border_effect(border=LINE, bandwidth=0.15, trend=0)
    assert effect.estimate == pytest.approx(reference.params[0], rel=1e-10)
    assert effect.std_error == pytest.approx(reference.bse[0], rel=1e-10)


def test_a_found_border_is_measured_by_folds(data, found):
    options = {"covariates": "u", "absorb": "group", "cluster": "group"}
    effect = found.border_effect(data, **options)
    assert effect.folds_used == effect.folds == 5
    assert abs(effect.estimate - SIZE) < 3.0 * effect.std_error < 0.3
    assert effect.length == pytest.approx(np.hypot(1.0, 0.4), rel=0.05)
    assert 0.0 < effect.donut < effect.bandwidth
    assert effect.estimate == found.border_effect(data, **options).estimate
    assert "found, 5 of 5 folds" in str(effect.summary())
    tidy = effect.tidy(0.1).iloc[0]
    assert tidy["conf.low"] < tidy["estimate"] < tidy["conf.high"]
    assert pickle.loads(pickle.dumps(effect)).estimate == effect.estimate
    assert "border=found" in repr(effect)


def test_no_point_has_a_part_in_the_border_it_is_measured_at(data):
    """Responses of one fold, whatever they are, leave its own distances as they were."""
    points = cheap("z ~ x + y", data)
    sample = points.sample.points
    seen = []

    def spy(own, price):
        from statmodels_x.discontinuity.border.model import Border

        seen.append(own.y.size)
        return Border.none(own.lattice), 0.0

    extras = Extras(np.zeros((len(data), 0)), (), (), None)
    options = EffectOptions.of(None, None, 1, 3, 5, 0)
    with pytest.raises(DataError, match="no jump was found"):
        cross_fitted(points, sample, extras, options, spy)
    assert seen == [1200] * 5


def test_a_cluster_is_in_one_fold():
    from statmodels_x.discontinuity.inference.border_effect import _folds

    cluster = np.repeat(np.arange(12), np.arange(1, 13))
    fold = _folds(len(cluster), cluster, 5, np.random.default_rng(0))
    assert all(len(np.unique(fold[cluster == one])) == 1 for one in range(12))
    assert len(np.unique(fold)) == 5


def test_distances_have_sides_and_end_with_the_line():
    line = Line.of_vertices([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
    distance = line.signed_distance(np.array([[0.5, 0.2], [0.5, -0.3], [1.2, -0.2], [-0.1, 0.1], [1.1, 1.5]]))
    np.testing.assert_allclose(distance[:3], [0.2, -0.3, -np.hypot(0.2, 0.2)])
    assert np.isnan(distance[3:]).all()
    square = Line.of_vertices([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]])
    np.testing.assert_allclose(
        square.signed_distance(np.array([[0.5, 0.4], [-1.0, -1.0]])), [0.4, -np.sqrt(2.0)]
    )


def test_dropped_rows_keep_their_columns_in_step(data):
    gaps = data.copy()
    gaps.loc[::7, "z"] = np.nan
    with pytest.warns(DataWarning, match="dropped"):
        fit = cheap("z ~ x + y", gaps)
    kept = gaps.dropna()
    other = cheap("z ~ x + y", kept)
    for name in ("estimate", "std_error"):
        assert getattr(fit.border_effect(gaps, LINE, covariates="u", bandwidth=0.15), name) == pytest.approx(
            getattr(other.border_effect(kept, LINE, covariates="u", bandwidth=0.15), name), rel=1e-8
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"covariates": "side"}, "covariate 'side' tells the sides"),
        ({"absorb": "side"}, "`absorb` tell the sides"),
        ({"covariates": ["u", "again"]}, "covariate 'again' is constant near the border, or a combination"),
        ({"cluster": "side"}, "single group of `cluster`"),
        ({"cluster": "pair"}, "'pair' is missing in 167 rows"),
        ({"covariates": "hole"}, "'hole' is missing or not finite"),
        ({"covariates": "nowhere"}, "nowhere"),
        ({"bandwidth": 0.001}, "points lie on the positive side"),
        ({"bandwidth": 0.1, "donut": 0.2}, "`donut`"),
        ({"border": [[0.0, 2.0], [1.0, 2.0]], "bandwidth": 0.1}, "points lie on the"),
        ({"border": [[0.0, 1.0]]}, "two different vertices"),
        ({"covariates": np.zeros(7)}, "`covariates` has 7 rows"),
    ],
)
def test_what_cannot_be_told_is_an_error_by_name(data, given, options, message):
    more = data.assign(
        again=2.0 * data["u"],
        pair=np.where(data.index % 9, 1.0, np.nan),
        hole=data["u"].where(data.index > 2),
    )
    with pytest.raises(DataError, match=message):
        given.border_effect(more, **({"border": LINE} | options))


def test_a_surface_without_a_border_and_one_along_cells_say_so(given):
    with pytest.raises(DataError, match="give `border`"):
        given.border_effect()
    image = smx.FreeDiscontinuity(np.arange(36.0).reshape(6, 6), lam=10.0, nu=0.1).fit(tune=None, tol=1e-2)
    with pytest.raises(DataError, match="scattered observations"):
        image.border_effect(border=LINE)


def test_heavy_tails_and_few_clusters_widen_the_interval(data):
    rng = np.random.default_rng(3)
    heavy = data.assign(z=data["z"] + 0.1 * rng.standard_t(2, len(data)), few=data["group"] % 6)
    fit = cheap("z ~ x + y", heavy)
    assert abs(fit.border_effect(border=LINE).estimate - SIZE) < 0.2
    few = fit.border_effect(heavy, LINE, cluster="few")
    assert few.n_clusters == 6
    assert few.reference.df < 6.0


def test_a_border_may_be_given_by_the_side_of_each_row(data, given):
    by_line = given.border_effect(border=LINE, bandwidth=0.15)
    by_side = given.border_effect(data, border="side", bandwidth=0.15)
    assert by_side.estimate == pytest.approx(by_line.estimate, abs=0.5 * by_line.std_error)
    assert 0.7 < by_side.std_error / by_line.std_error < 1.4
    assert by_side.nobs == pytest.approx(by_line.nobs, rel=0.1)
    again = given.border_effect(border=data["side"].to_numpy() * 7.0 - 2.0, bandwidth=0.15)
    assert again.estimate == by_side.estimate
    turned = given.border_effect(border=~data["side"].astype(bool), bandwidth=0.15)
    assert turned.estimate == pytest.approx(-by_side.estimate)
    with pytest.raises(DataError, match="40 different values"):
        given.border_effect(data, border="group")
    with pytest.raises(DataError, match="frame of the fit"):
        given.border_effect(border="side")
    assert "given" in str(by_side.summary())


def test_distances_between_sides_are_those_of_the_line():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(4000, 2))
    true = x[:, 0] - 0.5
    found = between_sides(x, true > 0.0)
    near = np.abs(true) < 0.2
    assert np.array_equal(found > 0.0, true > 0.0)
    assert np.abs(found[near] - true[near]).mean() < 0.01  # points are .016 apart
