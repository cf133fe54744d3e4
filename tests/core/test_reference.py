"""The one source of p-values, intervals and tests; what tests return; quantiles of draws."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.core.fits.hypotheses import HypothesisTest, constraint_matrix, hypothesis_test, wald_test
from statmodels_x.core.fits.reference import NORMAL, Reference
from statmodels_x.core.resampling import percentile_limits, replicate

SIZES = np.array([-3.2, 0.0, 0.7, 1.959963984540054, 40.0])
LABELS = pd.MultiIndex.from_tuples([("aft", "Intercept"), ("aft", "x"), ("power", "x")])
PARAMS = pd.Series([1.0, -2.0, 0.5], LABELS)
COVARIANCE = pd.DataFrame([[0.5, 0.1, 0.0], [0.1, 0.4, -0.05], [0.0, -0.05, 0.2]], LABELS, LABELS)


# ---- the reference distribution


def test_normal():
    assert NORMAL.is_normal
    assert NORMAL.letter == "z"
    assert NORMAL.quantile(0.05) == pytest.approx(1.959963984540054, rel=1e-14)
    assert_allclose(NORMAL.two_sided(SIZES), 2.0 * stats.norm.cdf(-np.abs(SIZES)), rtol=1e-13)


@pytest.mark.parametrize(("df", "published"), [(1, 12.7062), (5, 2.5706), (30, 2.0423)])
def test_student(df, published):
    reference = Reference(df)
    assert not reference.is_normal
    assert reference.letter == "t"
    assert reference.quantile(0.05) == pytest.approx(published, abs=5e-5)
    assert_allclose(reference.two_sided(reference.quantile(0.05)), 0.05)


def test_many_degrees_of_freedom_are_normal():
    assert_allclose(Reference(1e9).two_sided(SIZES[:4]), NORMAL.two_sided(SIZES[:4]), rtol=1e-6)


@pytest.mark.parametrize("reference", [NORMAL, Reference(4.0), Reference(57.0)])
@pytest.mark.parametrize("size", [0.0, 0.3, 1.7, 5.0])
def test_the_joint_test_of_one_hypothesis_is_the_two_sided_test(reference, size):
    statistic, p_value = reference.joint(size**2, 1)
    assert statistic == pytest.approx(size**2)
    assert p_value == pytest.approx(float(reference.two_sided(size)), rel=1e-10)


def test_joint_tests_of_several():
    assert NORMAL.joint(7.0, 3) == (7.0, pytest.approx(stats.chi2.sf(7.0, 3)))
    assert Reference(12.0).joint(7.0, 2) == (3.5, pytest.approx(stats.f.sf(3.5, 2, 12)))


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, np.nan, "5 %", True, None])
def test_error_rates_that_are_none(alpha):
    with pytest.raises(DataError, match="`alpha` is"):
        NORMAL.quantile(alpha)


# ---- tests of hypotheses


def test_wald_test_of_one_parameter_is_its_row_in_the_table():
    for reference in (NORMAL, Reference(9.0)):
        found = wald_test(PARAMS, COVARIANCE, [[0.0, 1.0, 0.0]], 0.0, reference)
        assert found["p.value"] == pytest.approx(float(reference.two_sided(-2.0 / np.sqrt(0.4))), rel=1e-10)
        assert found.pvalue == found["p.value"]


def test_wald_test_against_its_closed_form():
    matrix, value = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), np.array([-1.0, 0.0])
    gap = matrix @ PARAMS.to_numpy() - value
    form = gap @ np.linalg.inv(matrix @ COVARIANCE.to_numpy() @ matrix.T) @ gap
    normal = wald_test(PARAMS, COVARIANCE, matrix, value)
    assert list(normal.index) == ["statistic", "df", "p.value"]
    assert_allclose(normal, [form, 2, stats.chi2.sf(form, 2)], rtol=1e-12)
    student = wald_test(PARAMS, COVARIANCE, matrix, value, Reference(9.0))
    assert_allclose(student, [form / 2, 2, stats.f.sf(form / 2, 2, 9), 9.0], rtol=1e-12)
    for found in (normal, student):
        assert float(found.contrast.pvalue) == pytest.approx(found["p.value"], rel=1e-10)
        assert float(np.squeeze(found.contrast.statistic)) == pytest.approx(found["statistic"])


def test_wald_test_without_a_standard_error():
    lost = COVARIANCE.copy()
    lost.iloc[1, :] = lost.iloc[:, 1] = np.nan
    assert np.isnan(wald_test(PARAMS, lost, [[0.0, 1.0, 0.0]])["p.value"])
    assert np.isfinite(wald_test(PARAMS, lost, [[1.0, 0.0, 0.0]])["p.value"])  # one that is not concerned


def test_wald_test_refuses():
    with pytest.raises(DataError, match="2 columns for 3 parameters"):
        wald_test(PARAMS, COVARIANCE, [[1.0, 0.0]])
    with pytest.raises(DataError, match="repeat each other"):
        wald_test(PARAMS, COVARIANCE, [[1.0, 0.0, 0.0], [2.0, 0.0, 0.0]])
    with pytest.raises(FormulaError, match=r"'wrong = 0' cannot be read.*aft\.x"):
        constraint_matrix("wrong = 0", ["Intercept", "aft.x"])


def test_constraints_as_text():
    matrix, value = constraint_matrix("a - 2 * b = 3, c = 0", ["a", "b", "c"])
    assert_allclose(matrix, [[1, -2, 0], [0, 0, 1]])
    assert_allclose(value, [3, 0])


def test_the_print_of_a_test():
    found = hypothesis_test(12.34567, 2, 0.00208651, "Wald test", at=(1, 2), nested=True)
    assert str(found) == repr(found)
    assert str(found).splitlines() == [
        "Wald test",
        "statistic  12.35",
        "df         2",
        "p.value    0.002087",
        "at         (1, 2)",
        "nested     True",
    ]
    assert "<0.0001" in str(hypothesis_test(100.0, 1, 1e-20))
    assert "nan" in str(hypothesis_test(np.nan, 1, np.nan))


def test_a_test_is_a_series_that_can_be_stored():
    found = wald_test(PARAMS, COVARIANCE, [[0.0, 1.0, 0.0]])
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, HypothesisTest)
    assert isinstance(found, pd.Series)
    pd.testing.assert_series_equal(pd.Series(again), pd.Series(found))
    assert again.contrast.pvalue == found.contrast.pvalue
    assert again.name == "Wald test"


# ---- resampling


def test_percentiles_against_closed_forms():
    draws = np.random.default_rng(0).permutation(np.arange(1.0, 40.0))  # 39 draws: quantiles 1 and 39 of 40
    assert percentile_limits(draws, 0.05) == (1.0, 39.0)
    lower, upper = percentile_limits(draws, 0.1)  # positions 2 and 38
    assert (lower, upper) == (2.0, 38.0)
    assert_allclose(percentile_limits(np.arange(1.0, 11.0), 0.5), (2.75, 8.25))  # between two


@pytest.mark.parametrize("n", [3, 10, 57])
@pytest.mark.parametrize("alpha", [0.02, 0.1, 0.37, 0.9])
def test_percentiles_are_numpys_of_that_name(n, alpha):
    draws = np.random.default_rng(n).normal(size=(n, 4, 2))
    expected = np.quantile(draws, [alpha / 2, 1 - alpha / 2], axis=0, method="weibull")
    assert_allclose(percentile_limits(draws, alpha), expected, rtol=1e-12)


def test_percentiles_of_infinite_draws():
    inf = np.inf
    assert percentile_limits(np.array([1.0, 2.0, inf]), 0.5) == (1.0, inf)
    assert percentile_limits(np.array([-inf, 1.0, inf]), 0.9) == (pytest.approx(-inf), inf)
    assert percentile_limits(np.array([-inf, -inf, 1.0, 2.0, inf, inf]), 0.3) == (-inf, inf)
    assert percentile_limits(np.array([inf, inf, inf]), 0.1) == (inf, inf)
    assert np.isnan(percentile_limits(np.array([1.0, np.nan, 2.0]), 0.5)).all()
    assert_allclose(
        percentile_limits(np.array([[1.0, np.nan], [2.0, 0.0], [3.0, 1.0]]), 0.5)[0], [1.0, np.nan]
    )


def test_percentiles_of_one_draw():
    assert percentile_limits(np.array([4.0]), 0.05) == (4.0, 4.0)


def _draw(generator):
    return float(generator.normal())


def test_replicates_do_not_depend_on_how_they_are_made():
    whole = replicate(_draw, 6, seed=3)
    assert replicate(_draw, 6, seed=3, n_jobs=2) == whole
    assert (
        replicate(_draw, 2, seed=3) + replicate(_draw, 4, seed=3, first=2, n_jobs=2, prefer="threads")
        == whole
    )
    assert len(set(whole)) == 6
    assert replicate(_draw, 6, seed=4) != whole
    assert replicate(_draw, 0) == []
