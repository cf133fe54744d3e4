"""The compiled reduction against plain numpy that knows nothing of it."""

from itertools import pairwise

import numpy as np
import pytest
from lifelines import KaplanMeierFitter
from lifelines.utils import restricted_mean_survival_time
from numpy.testing import assert_allclose

from statmodels_x.surrogate.fitting.estimation import ESTIMATORS, QUANTITIES
from statmodels_x.surrogate.fitting.perturbation import (
    Settings,
    build_plan,
    point_estimate,
    reduce_weights,
    sort_for,
)
from statmodels_x.surrogate.kernels import reduction as kernels
from statmodels_x.surrogate.sample import Trial

AT, LANDMARK = 3.0, 1.0


def make_trial(rng, n=160, strata=1, ties=False, weighted=False, clusters=0):
    arm = rng.integers(0, 2, n)
    ill = rng.exponential(np.where(arm == 1, 2.0, 1.0))
    death = np.minimum(ill + rng.exponential(2.0, n), rng.exponential(8.0, n))
    end = rng.exponential(8.0, n)
    if ties:
        ill, death, end = (np.ceil(value * 4.0) / 4.0 for value in (ill, death, end))
    time = np.minimum(death, end)
    return Trial(
        time=time,
        died=death <= end,
        surrogate=np.where(ill < time, ill, np.inf),
        arm=arm.astype(np.int64),
        stratum=rng.integers(0, strata, n).astype(np.int64),
        weight=rng.uniform(0.3, 3.0, n) if weighted else np.ones(n),
        cluster=rng.integers(0, clusters, n).astype(np.int64) if clusters else None,
    )


# ---- a slow twin, written from the definitions


def kaplan_meier(time, died, weight, u):
    value = 1.0
    for moment in np.unique(time[died & (time <= u)]):
        value *= 1.0 - weight[died & (time == moment)].sum() / weight[time >= moment].sum()
    return value


def area(time, died, weight, low, high):
    cuts = np.unique(np.concatenate([[low], time[(time > low) & (time < high)], [high]]))
    return sum(kaplan_meier(time, died, weight, a) * (b - a) for a, b in pairwise(cuts))


def slow_margins(trial, weight, inside):
    """Survival at t0 and t and its areas, by arm, averaged over strata."""
    out = np.zeros((2, 4))
    for stratum in np.unique(trial.stratum):
        share = weight[inside & (trial.stratum == stratum)].sum() / weight[inside].sum()
        for arm in (0, 1):
            rows = inside & (trial.stratum == stratum) & (trial.arm == arm)
            known = trial.time[rows], trial.died[rows], weight[rows]
            values = [kaplan_meier(*known, LANDMARK), kaplan_meier(*known, AT)]
            values += [area(*known, 0.0, LANDMARK), area(*known, LANDMARK, AT)]
            out[arm] += share * np.array(values)
    return out


def slow_subject_masses(trial, weight, inside, is_area):
    """Mass of each subject at t0, and of the treated at t: survival times share of the weight at risk."""
    early, late = np.zeros(len(trial)), np.zeros(len(trial))
    for stratum in np.unique(trial.stratum):
        share = weight[inside & (trial.stratum == stratum)].sum() / weight[inside].sum()
        for arm in (0, 1):
            rows = inside & (trial.stratum == stratum) & (trial.arm == arm)
            known = trial.time[rows], trial.died[rows], weight[rows]

            def at(u, is_after=False, rows=rows, known=known, share=share):
                # who is censored at u is alive at it, and not seen after it
                alive = rows & ((trial.time > u) | ((trial.time == u) & ~trial.died & (not is_after)))
                return share * kaplan_meier(*known, u) * weight * alive / weight[alive].sum()

            early += at(LANDMARK)
            if is_area:
                cuts = np.unique(
                    np.concatenate([[LANDMARK], known[0][(known[0] > LANDMARK) & (known[0] < AT)], [AT]])
                )
                late += sum(at(a, True) * (b - a) for a, b in pairwise(cuts))
            else:
                late += at(AT)
    return early, late


def slow_bins(plan, trial, values, arm, rows):
    out = np.zeros(len(plan.smoother.points) + 1)
    for i in np.flatnonzero(rows & (trial.arm == arm)):
        if trial.surrogate[i] <= LANDMARK:  # the others have no mass
            left, fraction = (v[0] for v in plan.smoother.locate(trial.surrogate[i : i + 1]))
            out[left] += values[i] * (1.0 - fraction)
            if fraction > 0.0:
                out[left + 1] += values[i] * fraction
        else:
            out[-1] += values[i]
    return out


CASES = [
    {},
    {"strata": 3, "weighted": True, "n": 400},
    {"ties": True},
    {"clusters": 40, "weighted": True},
]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("is_area", [False, True])
@pytest.mark.parametrize("method", ["full", "crossfit", "split"])
def test_margins_and_sums_by_hand(rng, case, is_area, method):
    settings = Settings(method, n_folds=3, n_splits=2)
    sample = sort_for(make_trial(rng, **case), settings)
    plan = build_plan(sample, settings, AT, LANDMARK, is_area)
    trial = sample.trial
    weight = trial.weight * rng.exponential(size=len(trial))
    margins, sums = reduce_weights(plan, weight)
    for part in range(len(margins)):
        inside = sample.part == part
        assert_allclose(margins[part], slow_margins(trial, weight, inside), rtol=1e-12)
        early, late = slow_subject_masses(trial, weight, inside, is_area)
        for split in range(plan.layout.folds.shape[1]):
            for fold in range(plan.layout.n_folds):
                rows = inside & (plan.layout.folds[:, split] == fold)
                if method == "split" and fold != part:
                    continue
                for row, values, arm in ((0, early, 0), (1, early, 1), (2, late, 1)):
                    expected = slow_bins(plan, trial, values, arm, rows)
                    assert_allclose(sums[row, split, fold], expected, atol=1e-13)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_compiled_is_its_own_python(rng, case, monkeypatch):
    settings = Settings("crossfit", n_folds=3, n_splits=2)
    sample = sort_for(make_trial(rng, **{"n": 80, **case}), settings)
    plan = build_plan(sample, settings, AT, LANDMARK, True)
    weight = rng.exponential(size=len(sample.trial))
    compiled = reduce_weights(plan, weight)
    for name in (
        "walk_back",
        "group_scalars",
        "add_margins",
        "add_to_bins",
        "add_survivors",
        "reduce_sample",
    ):
        monkeypatch.setattr(kernels, name, getattr(kernels, name).py_func)
    plain = reduce_weights(plan, weight)
    assert_allclose(compiled[0], plain[0], rtol=1e-14)
    assert_allclose(compiled[1], plain[1], rtol=1e-13, atol=1e-16)


def test_kaplan_meier_of_lifelines(rng):
    sample = sort_for(make_trial(rng, n=200, ties=True), Settings("full"))
    plan = build_plan(sample, Settings("full"), AT, LANDMARK, True)
    margins, _ = reduce_weights(plan, np.ones(200))
    trial = sample.trial
    for arm in (0, 1):
        rows = trial.arm == arm
        curve = KaplanMeierFitter().fit(trial.time[rows], trial.died[rows])
        assert_allclose(margins[0, arm, :2], curve.predict([LANDMARK, AT]).to_numpy(), rtol=1e-12)
        assert_allclose(margins[0, arm, 2:].sum(), restricted_mean_survival_time(curve, t=AT), rtol=1e-9)


# ---- the estimators from the sums, written again with loops


def slow_learn(plan, control, treated, target, mu0):
    spread = plan.smoother.spread
    smooth = [np.append(mass[:-1] @ spread, mass[-1]) for mass in (control, treated, target)]
    forecast, ratio = smooth[2] / smooth[1], smooth[0] / smooth[1]
    lam = (mu0 - control @ forecast) / (control @ ratio)
    return forecast, ratio, lam, forecast + lam * ratio


@pytest.mark.parametrize("is_area", [False, True])
def test_crossfit_by_hand(rng, is_area):
    settings = Settings("crossfit", n_folds=4, n_splits=2)
    sample = sort_for(make_trial(rng, n=400), settings)
    plan = build_plan(sample, settings, AT, LANDMARK, is_area)
    margins, sums = reduce_weights(plan, sample.trial.weight)
    found = dict(zip(QUANTITIES, point_estimate(plan).values[0], strict=True))
    m0, m1 = margins[0, :, 0]
    mu0, mu1 = margins[0, :, 3] if is_area else margins[0, :, 1]
    base = margins[0, 1, 2] - margins[0, 0, 2] if is_area else 0.0
    explained, forecast_mean, ratio_mean = [], [], []
    for split in range(2):
        total = sums[:, split].sum(axis=1)
        for held in range(4):
            train = total - sums[:, split, held]
            train = train * (total.sum(axis=1) / train.sum(axis=1))[:, None]
            forecast, ratio, _, g = slow_learn(plan, *train, mu0)
            control, treated = sums[0, split, held], sums[1, split, held]
            explained.append(treated @ g - control @ g)
            forecast_mean.append(control @ forecast)
            ratio_mean.append(control @ ratio)
    assert_allclose(found["delta"], base + mu1 - mu0, rtol=1e-12)
    assert_allclose(found["explained"], base + sum(explained) / 2, rtol=1e-10)
    assert_allclose(found["residual"], sum(forecast_mean) / 2 - mu0, rtol=1e-9)
    assert_allclose(found["mean_ratio"], sum(ratio_mean) / 2, rtol=1e-11)
    assert_allclose(found["primary"], base + mu0 / m0 * (m1 - m0), rtol=1e-12)
    assert_allclose(found["residual_primary"], m0 * mu1 / m1 - mu0, rtol=1e-10)


def test_batches_are_their_rows(rng):
    """Estimating many replicates at once is estimating them one by one."""
    for method in ESTIMATORS:
        settings = Settings(method, n_folds=3, n_splits=2)
        sample = sort_for(make_trial(rng, n=300), settings)
        plan = build_plan(sample, settings, AT, LANDMARK, False)
        parts = [reduce_weights(plan, rng.exponential(size=300)) for _ in range(5)]
        margins, sums = (np.stack(column) for column in zip(*parts, strict=True))
        together = ESTIMATORS[method](plan.smoother, sums, margins, False)
        for k in range(5):
            alone = ESTIMATORS[method](plan.smoother, sums[k : k + 1], margins[k : k + 1], False)
            assert_allclose(together.values[k], alone.values[0], rtol=1e-9)
            assert_allclose(together.g1[k], alone.g1[0], rtol=1e-9)
