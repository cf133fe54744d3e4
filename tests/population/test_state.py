"""What a fitted interaction carries, hands out and says: privacy, frozen tables, one source for tests, old files."""

import pickle
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.errors import ConvergenceWarning, DataError, DataWarning, IdentificationWarning

FORMULA = "aurelia_mixed + caudatum_mixed ~ day"
GOLDEN = Path(__file__).parent / "golden" / "paramecium.smx"


@pytest.fixture(scope="module")
def gower():
    data = smx.datasets.load_paramecium()
    return smx.LeslieInteraction(FORMULA, data, density="leslie-gower").fit(n_starts=10)


@pytest.fixture(scope="module")
def volterra():
    return smx.LotkaVolterra(FORMULA, smx.datasets.load_paramecium()).fit(n_starts=10)


def arrays(value, seen=None):
    """All arrays within a value, whatever holds them."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, pd.Series | pd.DataFrame | pd.Index):
        yield value.to_numpy()
    elif isinstance(value, dict):
        for part in value.values():
            yield from arrays(part, seen)
    elif isinstance(value, list | tuple):
        yield np.array([v for v in value if isinstance(v, int | float)])
        for part in value:
            yield from arrays(part, seen)
    elif hasattr(value, "__dict__"):
        yield from arrays(vars(value), seen)


def runs(values):
    return {
        tuple(run)
        for run in np.lib.stride_tricks.sliding_window_view(values, 4).tolist()
        if len(set(run)) > 1
    }


@pytest.mark.parametrize("model", [smx.LeslieInteraction, smx.LotkaVolterra])
def test_no_row_of_the_data_is_in_a_pickle(model):
    """Four neighbouring counts or times in a row are no coincidence."""
    data = smx.datasets.load_paramecium().assign(day=lambda frame: 1934.25 + 0.5 * frame["day"])
    fit = model(FORMULA, data).fit(n_starts=4)
    bare = pickle.loads(pickle.dumps(fit))
    secret = set().union(*(runs(data[name].to_numpy(float)) for name in (*fit.species, "day")))
    numbers = [
        found.ravel().astype(float) for found in arrays(bare) if found.dtype.kind in "fiu" and found.size > 3
    ]
    assert len(numbers) > 10
    assert not any(runs(found) & secret for found in numbers)
    kept = pickle.loads(pickle.dumps(model(FORMULA, data).fit(n_starts=4, keep_data=True)))
    assert any(
        runs(found.T.ravel().astype(float)) & secret
        for found in arrays(kept) if found.dtype.kind in "fiu" and found.size > 3
    )  # fmt: skip
    for verb in (bare.bootstrap, bare.simulate, bare.residuals, bare.augment, bare.predict, bare.plot):
        with pytest.raises(DataError, match="keep_data=True"):
            verb()


@pytest.mark.parametrize("name", ["gower", "volterra"])
def test_without_data_a_fit_still_says_and_predicts(name, request):
    fit = request.getfixturevalue(name)
    bare = pickle.loads(pickle.dumps(fit))
    assert str(bare.summary()) == str(fit.summary())
    for table in ("tidy", "glance", "invariants", "conf_int"):
        pd.testing.assert_frame_equal(getattr(bare, table)(), getattr(fit, table)())
    new = pd.DataFrame({"day": [0, 3, 30]})
    pd.testing.assert_frame_equal(bare.predict(new), fit.predict(new))
    pd.testing.assert_frame_equal(bare.initial_classes, fit.initial_classes)
    assert bare.outcome == fit.outcome


def test_data_go_along_if_asked():
    data = smx.datasets.load_paramecium()
    fit = smx.LotkaVolterra(FORMULA, data).fit(n_starts=3, keep_data=True)
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(fit)).resid, fit.resid)


def test_one_reference_distribution_for_every_test(gower):
    """The table, a Wald test, intervals and the likelihood ratio agree: Student's distribution of the residuals."""
    j = int(np.argmax(np.abs(gower.tvalues.to_numpy())))
    row = np.eye(len(gower.params))[[j]]
    assert gower.wald_test(row).pvalue == pytest.approx(gower.pvalues.iloc[j], rel=1e-10)
    assert gower.tidy()["p.value"].iloc[j] == gower.pvalues.iloc[j]
    assert gower.reference.df == gower.df_resid
    half = gower.wald_test(row)["statistic"] ** 0.5
    assert half == pytest.approx(abs(gower.tvalues.iloc[j]), rel=1e-10)


def test_nothing_handed_out_changes_the_fit(gower):
    before = gower.predict(at=[5, 10])
    again = gower.bootstrap(3)
    limits = again.conf_int()
    tables = [gower.params, gower.rsquared, gower.fittedvalues, gower.bse, again.params, again.quantities]
    for table in tables:
        table.iloc[:] = 0.0
    classes = gower.initial_classes
    classes["members"] = 0.0
    gower.lowest_total["total"] = -1.0
    pd.testing.assert_frame_equal(again.conf_int(), limits)
    assert gower.params.iloc[0] != 0.0
    assert gower.lowest_total["total"] != -1.0
    assert gower.fittedvalues.iloc[5, 0] != 0.0
    assert (gower.initial_classes["members"] != 0.0).all()
    pd.testing.assert_frame_equal(gower.predict(at=[5, 10]), before)


def test_residuals_of_all_kinds(gower):
    data = smx.datasets.load_paramecium()
    plain = gower.residuals()
    pd.testing.assert_frame_equal(plain, gower.resid)
    np.testing.assert_allclose(plain.to_numpy(), (data[list(gower.species)] - gower.fittedvalues).to_numpy())
    pearson = gower.residuals("pearson")
    np.testing.assert_allclose(
        pearson, gower.residuals("deviance"), rtol=1e-10
    )  # the same for Gaussian counts
    assert (pearson**2).to_numpy().sum() == pytest.approx(gower.df_resid)
    poisson = smx.LeslieInteraction(FORMULA, data, density="leslie-gower", family="poisson").fit(n_starts=8)
    deviance = poisson.residuals("deviance")
    mu, y = poisson.fittedvalues.to_numpy(), data[list(gower.species)].to_numpy()
    expected = np.sign(y - mu) * np.sqrt(2 * (y * np.log(y / mu) - (y - mu)))
    np.testing.assert_allclose(deviance, expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(poisson.residuals("pearson"), (y - mu) / np.sqrt(mu), rtol=1e-10)
    with pytest.raises(DataError, match="kind"):
        gower.residuals("studentised")


def test_warnings_name_the_line_of_the_user():
    data = smx.datasets.load_paramecium()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = smx.LeslieInteraction(FORMULA, data, ages=2, coupling="full").fit(n_starts=3)
    assert any("totals determine only" in str(entry.message) for entry in caught)
    assert {entry.filename for entry in caught} == {__file__}
    assert {entry.category for entry in caught} <= {IdentificationWarning, ConvergenceWarning}
    assert "structural" in {finding.kind for finding in fit.findings}
    assert "structural" in fit.glance()["note"].iloc[0]


def test_files_of_version_0_1_load():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # the version that wrote it
        fit = smx.load(GOLDEN, trust=True)
    assert fit.wss == pytest.approx(0.90847, abs=1e-4)
    assert fit.keep_data
    assert "Leslie-Gower" in str(fit.summary())
    data = smx.datasets.load_paramecium()
    np.testing.assert_array_equal(fit.sample.counts, data[list(fit.species)].to_numpy(float))
    assert fit.predict(at=[30]).shape == (1, 8)
    assert fit.conf_int().notna().to_numpy().any()


def test_old_names_answer_with_a_warning(gower):
    for name in ("identification", "structural", "estimate"):
        with pytest.warns(DeprecationWarning, match=name):
            getattr(gower, name)


@pytest.mark.parametrize("after", [1, 4])
def test_sensitivities_go_on_after_a_species_has_ended(after):
    """The survivor's derivatives are those of differences, with the other removed at 0."""
    from statmodels_x.population.course.courses import course

    data = pd.DataFrame(
        {"t": range(12), "x": [9.0, 5, 2, *[0] * 9], "y": [3.0, 4, 5, 6, 6, 5, 4, 3, 3, 2, 2, 1]}
    )
    fit = smx.LeslieInteraction("x + y ~ t", data, "predation", density="leslie-gower").fit(n_starts=8)
    problem, theta = fit.machinery.problem, fit.machinery.estimate.theta.copy()
    _, N, dN = course(problem, theta, 0, slopes=True)
    assert N[2, 0] > 0
    ended = int(np.argmax(N[:, 0] <= 0.0))
    assert ended >= 3
    assert (N[ended:, 0] == 0).all()
    assert (dN[ended:, 0] == 0).all()
    n = min(ended + after, 11)
    for q in range(len(theta)):
        h = 1e-6 * max(theta[q], 1e-3)
        up, down = theta.copy(), theta.copy()
        up[q], down[q] = up[q] + h, down[q] - h
        slope = (course(problem, up, 0)[1][n, 1] - course(problem, down, 0)[1][n, 1]) / (2 * h)
        assert dN[n, 1, q] == pytest.approx(slope, rel=1e-3, abs=1e-5 * np.abs(dN[n, 1]).max())
