"""Kendall's tau of the two times of a subject."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.surrogate.planning.simulate import Rates
from statmodels_x.surrogate.trial_level.association_estimation import kendall, kendall_within

BREAKS = np.array([0.8, 2.0])
A, B, C = np.array([1.0, 0.6, 0.3]), np.array([0.1, 0.2, 0.1]), np.array([0.5, 0.7, 0.4])


def constant(a, b, c, breaks=()):
    k = len(breaks) + 1
    return np.array(breaks, float), np.full(k, float(a)), np.full(k, float(b)), np.full(k, float(c))


@pytest.mark.parametrize(
    ("a", "b", "c"), [(1.0, 0.1, 0.55), (0.5, 0.08, 0.45), (0.4, 0.3, 0.9), (2.0, 0.05, 2.0)]
)
def test_closed_form(a, b, c):
    expected = (2 * b + 2 * a * (c + a / 2) / (a + b + c)) / (a + b) - 1
    assert kendall(*constant(a, b, c)) == pytest.approx(expected, abs=1e-12)
    assert kendall(*constant(a, b, c, (0.5, 1.0, 4.0))) == pytest.approx(expected, abs=1e-12)
    # progression that means nothing leaves what the overlap makes
    assert kendall(*constant(a, b, b)) == pytest.approx(b / (a + b), abs=1e-12)
    # far away nothing is left out
    assert kendall_within(*constant(a, b, c), 80.0) == pytest.approx(expected, abs=1e-4)


def test_pairs_of_a_large_sample():
    """Concordant and discordant pairs, all and with the first death by 3."""
    process = smx.IllnessDeath(Rates(BREAKS, A), Rates(BREAKS, B), Rates(BREAKS, C))
    seen, death = process.draw(5000, np.random.default_rng(3))
    first = np.minimum(seen, death)
    i, j = np.triu_indices(5000, 1)
    agree = np.sign(first[i] - first[j]) * np.sign(death[i] - death[j])
    assert agree.mean() == pytest.approx(kendall(BREAKS, A, B, C), abs=0.02)
    early = np.minimum(death[i], death[j]) < 3.0
    assert agree[early].mean() == pytest.approx(kendall_within(BREAKS, A, B, C, 3.0), abs=0.02)


@pytest.mark.parametrize(
    ("hazards", "tau"), [((1.0, 0.1, 0.55), 0.3388), ((1.0, 0.3, 0.3), 0.2308), ((0.4, 0.05, 0.6), None)]
)
def test_estimates_under_censoring(hazards, tau):
    arm = smx.IllnessDeath(*hazards)
    frame = smx.IllnessDeathTrial(arm, arm, censoring=0.08).simulate(6000, seed=2)
    model = smx.EventAssociation(
        "Surv(time, status) ~ 1", "Surv(surrogate_time, surrogate_status)", frame, horizon=4
    )
    fit = model.fit(n_perturb=60)
    truth = float(kendall(*constant(*hazards)))
    if tau is not None:
        assert truth == pytest.approx(tau, abs=1e-4)
    point, error = fit.table.loc["all"], fit.bse.loc["all"]
    assert abs(point["tau"] - truth) < 3.5 * error["tau"] + 0.01
    assert abs(point["tau_horizon"] - kendall_within(*constant(*hazards), 4.0)) < 3.5 * error["tau_horizon"]
    assert point["hazard_ratio"] == pytest.approx(hazards[2] / hazards[1], abs=4 * error["hazard_ratio"])
    assert point["overlap_only"] == pytest.approx(
        hazards[1] / sum(hazards[:2]), abs=4 * error["overlap_only"]
    )


def test_colon_trial(colon):
    """Beside estimates made independently: tau .808, .905, .791 by arm; .784, .884, .778 for deaths by five years."""
    formula, surrogate = "Surv(death, status_death) ~ rx", "Surv(recur, status_recur)"
    fit = smx.EventAssociation(formula, surrogate, colon, horizon=5).fit(n_perturb=200)
    assert fit.table.index.tolist() == ["Lev", "Lev+5FU", "Obs"]
    assert_allclose(fit.table["tau"], [0.808, 0.905, 0.791], atol=0.005)
    assert_allclose(fit.table["tau_horizon"], [0.784, 0.884, 0.778], atol=0.005)
    assert_allclose(fit.bse["tau"], [0.020, 0.014, 0.021], atol=0.005)
    pooled = smx.EventAssociation("Surv(death, status_death) ~ 1", surrogate, colon, horizon=5).fit(
        n_perturb=20
    )
    assert pooled.table.loc["all", "tau"] == pytest.approx(0.836, abs=0.005)
    text = " ".join(str(fit.summary()).split())
    assert "tau is not 0 but has the value in the third line" in text
    assert "depends on the time since" in text
    limits = fit.conf_int()
    assert (limits["lower"] < limits["upper"]).all()
    assert fit.tidy()["term"].nunique() == 4
    assert fit.glance().loc[0, "nobs"] == 929
    assert "p.value" not in fit.tidy()
    table = fit.table
    table.iloc[:] = 9.0
    assert fit.table.loc["Lev", "tau"] < 1.0


def test_composite_coding_and_workers(colon):
    """Deaths that count as events of a composite change nothing, and neither do workers."""
    formula, surrogate = "Surv(death, status_death) ~ rx", "Surv(recur, status_recur)"
    one = smx.EventAssociation(formula, surrogate, colon, horizon=5).fit(n_perturb=60)
    dies = (colon["status_recur"] == 0) & (colon["status_death"] == 1)
    composite = colon.assign(
        recur=colon["recur"].where(~dies, colon["death"]), status_recur=colon["status_recur"].where(~dies, 1)
    )
    other = smx.EventAssociation(formula, surrogate, composite, horizon=5).fit(n_perturb=60, n_jobs=2)
    assert_allclose(other.table, one.table, rtol=1e-12)
    assert_allclose(other.bse, one.bse, rtol=1e-12)


def test_bad_input(colon):
    formula, surrogate = "Surv(death, status_death) ~ rx", "Surv(recur, status_recur)"
    with pytest.raises(IdentificationError, match="horizon"):
        smx.EventAssociation(formula, surrogate, colon, horizon=50)
    with pytest.raises(IdentificationError, match="at least 5"):
        smx.EventAssociation(formula, surrogate, colon[:15])
    with pytest.raises(DataError, match="n_pieces"):
        smx.EventAssociation(formula, surrogate, colon).fit(n_pieces=0)
    with pytest.raises(DataError, match="after_end"):
        smx.EventAssociation(formula, surrogate, colon, after_end="keep")
    assert "horizon=" in repr(smx.EventAssociation(formula, surrogate, pd.DataFrame(colon)))


@pytest.mark.parametrize("unit", [1e-300, 1e300])
def test_tau_has_no_unit_of_time(unit):
    breaks, hazards = (
        np.array([0.5, 2.0]),
        [np.array([[0.3, 0.2, 0.1]]), np.array([[0.1, 0.4, 0.2]]), np.array([[0.8, 0.1, 0.6]])],
    )
    in_units = [one / unit for one in hazards]
    assert_allclose(kendall(breaks * unit, *in_units), kendall(breaks, *hazards), rtol=1e-12)
    within = kendall_within(breaks, *hazards, 3.0)
    assert_allclose(kendall_within(breaks * unit, *in_units, 3.0 * unit), within, rtol=1e-12)


@pytest.mark.parametrize("rate", [0.0, 1e-12, 0.7, -0.7, 2000.0, -2000.0])
@pytest.mark.parametrize("decay", [0.0, 3.0, 2500.0])
def test_integrals_of_exponentials_that_overflow_apart(rate, decay):
    """With hazards of thousands per unit of time one factor overflows and the other vanishes."""
    from statmodels_x.surrogate.trial_level.association_estimation import _integral

    length = 1.5
    if rate > decay:
        pytest.skip("infinite itself, or not asked for")
    scaled = np.linspace(0.0, length, 2_000_001)
    expected = (
        np.trapezoid(np.exp(rate * scaled - decay * length), scaled) if hasattr(np, "trapezoid") else None
    )
    if expected is None:
        pytest.skip("needs numpy 2")
    assert _integral(np.array(rate), length, decay) == pytest.approx(expected, rel=1e-5)
