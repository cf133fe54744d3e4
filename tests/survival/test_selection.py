"""select(): the criterion and its derivatives, known answers, identities, and every kind of sample."""

import pickle
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx
from statmodels_x.errors import DataError, FormulaError, SelectionWarning
from statmodels_x.survival.fitted import sample_names
from statmodels_x.survival.sample import read
from statmodels_x.survival.selection.groups import candidates_of
from statmodels_x.survival.selection.path import Penalty, follow
from statmodels_x.survival.selection.search import Question, smallest_model
from statmodels_x.survival.selection.stepwise import ScoreTest
from statmodels_x.survival.specification import specify

SURV = "Surv(time, status)"
RIGHT = " + ".join(f"x{k}" for k in range(5))
AFT = {"scale": "aft", "other_scale": 1.0}
FIXED = {**AFT, "shape": 0.5}  # the true shape, which few events do not tell


def trial(n=250, seed=1, effect=0.6):
    """x0 acts on both parameters, x1 on the scale, x2 and x3 are noise, x4 acts on the power."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    phi = np.exp(-0.5 + effect * (x[:, 0] - x[:, 1]))
    gamma = np.exp(0.3 + effect * (0.7 * x[:, 0] - 0.7 * x[:, 4]))
    time = smx.APGW(phi, 1.0, gamma, 0.5).rvs(seed=rng)
    end = rng.exponential(8.0, n)
    data = pd.DataFrame(x, columns=[f"x{k}" for k in range(5)])
    data["arm"] = rng.choice(["a", "b", "c"], n)
    return data.assign(time=np.minimum(time, end), status=(time <= end).astype(int))


def chosen(choice):
    table = choice.tidy()
    return set(map(tuple, table.loc[table["selected"], ["parameter", "term"]].to_numpy()))


TRUE = {("aft", "x0"), ("aft", "x1"), ("power", "x0"), ("power", "x4")}


@pytest.fixture(scope="module")
def data():
    return trial()


@pytest.fixture(scope="module")
def choice(data):
    return smx.select(f"{SURV} ~ {RIGHT} + arm", data, **AFT, power=f"~ {RIGHT}")


@pytest.fixture(scope="module")
def veteran():
    """The trial of the method's note: months, scaled numbers, six columns of noise."""
    data = smx.datasets.load_veteran()
    data["time"] /= 30.4375
    for name in ("karno", "age", "diagtime"):
        data[name] = (data[name] - data[name].mean()) / data[name].std(ddof=0)
    rng = np.random.default_rng(1)
    return data.assign(**{f"z{k}": rng.normal(size=len(data)) for k in range(6)})


VETERAN = "treatment + celltype + karno + diagtime + age + prior + z0 + z1 + z2 + z3 + z4 + z5"


def question_of(data, formula, keep=None, lam=None, joint=False, **options):
    sample = read(data, specify(formula, **options))
    candidates = candidates_of(sample.specification, sample.design_specs, keep, joint)
    question = Question(
        sample.arrays, candidates, sample_names(sample), sample.specification.scale, "best", lam
    )
    return smallest_model(question)


# ---- the criterion


@pytest.fixture(scope="module")
def space_and_penalty(data):
    question, start = question_of(data, f"{SURV} ~ x0 + x1 + arm", power="~ bs(x0, 4) + x4", **AFT)
    space = question.space()
    full = space.fit(space.everything, start)
    return space, Penalty.of(space), np.linalg.solve(space.transform, full.theta), full


@pytest.mark.parametrize("epsilon", [5.0, 0.3, 0.05])
def test_derivatives_of_the_penalty(space_and_penalty, epsilon):
    _, penalty, u, _ = space_and_penalty
    slope, majoriser = penalty.derivatives(u, epsilon, majorise=True)
    step = 1e-6
    numeric = [
        (penalty.value(u + step * e, epsilon) - penalty.value(u - step * e, epsilon)) / (2.0 * step)
        for e in np.eye(len(u))
    ]
    assert_allclose(slope, numeric, atol=1e-6 * max(1.0, np.abs(slope).max()))
    rows = [
        (penalty.derivatives(u + step * e, epsilon)[0] - penalty.derivatives(u - step * e, epsilon)[0])
        / (2.0 * step)
        for e in np.eye(len(u))
    ]
    values, vectors = np.linalg.eigh(0.5 * (np.array(rows) + np.array(rows).T))
    absolute = (vectors * np.abs(values)) @ vectors.T
    _, curvature = penalty.derivatives(u, epsilon)
    assert_allclose(curvature, absolute, atol=1e-5 * np.abs(absolute).max())
    rng = np.random.default_rng(0)
    for _ in range(200):  # the majoriser touches at u, and is nowhere below
        there = u + rng.normal(size=len(u)) * rng.choice([0.01, 0.3, 3.0])
        quadratic = (
            penalty.value(u, epsilon) + slope @ (there - u) + 0.5 * (there - u) @ majoriser @ (there - u)
        )
        assert penalty.value(there, epsilon) <= quadratic + 1e-9


def test_a_size_is_the_spread_of_the_contribution(space_and_penalty):
    space, penalty, u, full = space_and_penalty
    for k, size in zip(space.free, np.sqrt(penalty.q(u)), strict=True):
        columns = list(space.candidates.groups[k].columns)
        contribution = space.rows.matrix[:, columns] @ full.theta[columns]
        assert_allclose(size, contribution.std(), rtol=1e-8)


def test_a_narrow_corner_counts_coefficients(space_and_penalty):
    space, penalty, u, _ = space_and_penalty
    counted = sum(space.candidates.groups[k].size for k in space.free)
    assert_allclose(penalty.value(u, 1e-8), 0.5 * space.lam * counted, rtol=1e-6)


def test_the_score_statistic_is_that_of_the_public_test(data):
    small = smx.FlexibleSurvival(f"{SURV} ~ x1", data, **AFT).fit()
    expected = small.score_test(smx.FlexibleSurvival(f"{SURV} ~ x1 + arm", data, **AFT))
    question, start = question_of(data, f"{SURV} ~ x1 + arm", **AFT)
    space = question.space()
    fit = space.fit(space.smallest | {0}, start)
    _, score, information = space.derivatives(fit.theta)
    test = ScoreTest(score, information, space.candidates.columns(fit.chosen))
    assert_allclose(
        test.statistic(np.array(space.candidates.groups[1].columns)), expected["statistic"], rtol=1e-5
    )


def test_the_path_ends_at_zeros_and_at_the_refit(data):
    question, start = question_of(data, f"{SURV} ~ {RIGHT}", power=f"~ {RIGHT}", **AFT)
    space = question.space()
    full = space.fit(space.everything, start)
    path = follow(space, full.theta)
    last = path.sizes[-1]
    assert not path.undecided
    assert last[last > 1e-3].min() / max(last[last <= 1e-3].max(), 1e-12) > 1e4
    refit = space.fit(path.chosen, path.theta)
    assert_allclose(path.theta, refit.theta, atol=1e-5)
    assert follow(space, full.theta, steps=60).chosen == path.chosen


# ---- known answers


def test_the_true_set_is_found_by_every_way(data, choice):
    assert chosen(choice) == TRUE
    for method in ("path", "stepwise"):
        other = smx.select(f"{SURV} ~ {RIGHT} + arm", data, **AFT, power=f"~ {RIGHT}", method=method)
        assert chosen(other) == TRUE
        assert_allclose(other.facts.value, choice.facts.value, atol=1e-6)


def test_best_is_the_ordinary_fit_of_what_is_typed(data, choice):
    fit = smx.FlexibleSurvival(f"{SURV} ~ x0 + x1", data, power="~ x0 + x4", **AFT).fit()
    assert_allclose(choice.best.params, fit.params, rtol=1e-5, atol=1e-7)
    assert_allclose(choice.facts.value, fit.bic, atol=1e-5)
    typed = eval(choice.call, {"FlexibleSurvival": smx.FlexibleSurvival, "data": data})
    assert_allclose(typed.fit().llf, fit.llf, atol=1e-8)


def test_no_set_is_better_among_all(data):
    """Every one of the 2^6 sets, fitted."""
    choice = smx.select(f"{SURV} ~ x0 + x1 + x2", data, **AFT, power="~ x0 + x3 + x4")
    terms = [("aft", f"x{k}") for k in (0, 1, 2)] + [("power", f"x{k}") for k in (0, 3, 4)]
    found = []
    for code in range(64):
        own = [term for k, term in enumerate(terms) if code >> k & 1]
        right, power = (" + ".join(t for p, t in own if p == name) or "1" for name in ("aft", "power"))
        fit = smx.FlexibleSurvival(f"{SURV} ~ {right}", data, power=f"~ {power}", **AFT).fit()
        found.append((fit.bic, set(own)))
    best, chosen_set = min(found, key=lambda one: one[0])
    assert chosen(choice) == chosen_set
    assert_allclose(choice.facts.value, best, atol=1e-5)
    table = choice.table
    exact = sorted(bic for bic, _ in found)[: len(table)]
    assert_allclose(table["criterion"].iloc[:3], exact[:3], atol=1e-5)


def test_veteran_numbers(veteran):
    full = smx.FlexibleSurvival(f"{SURV} ~ {VETERAN}", veteran, power=f"~ {VETERAN}", **AFT)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", smx.errors.IdentificationWarning)
        fit = full.fit()
    assert_allclose([fit.llf, fit.bic], [-252.6122, 657.744], atol=2e-3)
    for method in ("path", "stepwise"):
        choice = smx.select(f"{SURV} ~ {VETERAN}", veteran, power=f"~ {VETERAN}", method=method, **AFT)
        assert chosen(choice) == {("aft", "celltype"), ("aft", "karno"), ("power", "karno")}
        assert_allclose(choice.best.bic, 579.245, atol=1e-3)
        assert choice.best.df_model == 8


@pytest.mark.parametrize(
    ("trial_name", "right", "llf", "bic", "call"),
    [
        (
            "lung",
            "age + sex + ph_ecog + ph_karno + pat_karno + meal_cal + wt_loss",
            -421.272026318328,
            868.163872533673,
            ("sex + ph_ecog", "ph_karno"),
        ),
        (
            "veteran",
            "treatment + celltype + karno + diagtime + age + prior",
            -272.089187448879,
            578.618241378554,
            ("karno", "celltype + karno"),
        ),
    ],
)
def test_stepmpr_of_r_finds_the_same(trial_name, right, llf, bic, call):
    """Weibull, months; R's mpr 1.0.6, stepmpr(direction = "both", joint = TRUE, aic = FALSE) from the null model."""
    data = getattr(smx.datasets, f"load_{trial_name}")().dropna(subset=right.split(" + "))
    data["time"] /= 30.4375
    choice = smx.select(f"{SURV} ~ {right}", data, "weibull", scale="ph", other_scale=1.0, power=f"~ {right}")
    assert (choice.table["ph"].iloc[0], choice.table["power"].iloc[0]) == call
    assert_allclose([choice.best.llf, choice.facts.value], [llf, bic], atol=1e-6)


def test_the_base_level_of_a_factor_does_not_matter(veteran):
    found = set()
    for base in ("adeno", "large", "smallcell", "squamous"):
        levels = [base, *(name for name in ("adeno", "large", "smallcell", "squamous") if name != base)]
        data = veteran.assign(celltype=pd.Categorical(veteran["celltype"], categories=levels))
        choice = smx.select(f"{SURV} ~ treatment + celltype + karno", data, power="~ celltype + karno", **AFT)
        found.add((frozenset(chosen(choice)), round(choice.facts.value, 5)))
    assert len(found) == 1


# ---- identities


def test_the_price_decides(data):
    free = smx.select(f"{SURV} ~ {RIGHT}", data, power=f"~ {RIGHT}", criterion=1e-6, **AFT)
    assert free.best.selection.selected == 10
    full = smx.FlexibleSurvival(f"{SURV} ~ {RIGHT}", data, power=f"~ {RIGHT}", **AFT).fit()
    assert_allclose(free.best.llf, full.llf, atol=1e-6)
    dear = smx.select(f"{SURV} ~ {RIGHT}", data, power=f"~ {RIGHT}", criterion=1e4, **AFT)
    assert chosen(dear) == set()
    aic = smx.select(f"{SURV} ~ {RIGHT}", data, power=f"~ {RIGHT}", criterion="aic", **AFT)
    assert_allclose(aic.facts.value, aic.best.aic, atol=1e-5)
    assert (
        aic.best.aic
        <= smx.FlexibleSurvival(f"{SURV} ~ x0 + x1", data, power="~ x0 + x4", **AFT).fit().aic + 1e-6
    )


@pytest.mark.parametrize("change", ["unit", "far", "rows", "terms", "time"])
def test_what_changes_nothing(data, choice, change):
    right = f"{RIGHT} + arm"
    other = data
    if change == "unit":
        other = data.assign(x0=1e4 * data["x0"], x2=1e-3 * data["x2"])
    elif change == "far":
        other = data.assign(x1=data["x1"] + 1e6, x4=data["x4"] + 300.0)
    elif change == "rows":
        other = data.sample(frac=1.0, random_state=3)
    elif change == "terms":
        right = "arm + " + " + ".join(f"x{k}" for k in (4, 2, 0, 3, 1))
    options = dict(AFT, other_scale="anchor") if change == "time" else AFT
    first = choice
    if change == "time":
        first = smx.select(f"{SURV} ~ {right}", data, power=f"~ {RIGHT}", **options)
        other = data.assign(time=30.4 * data["time"])
    found = smx.select(f"{SURV} ~ {right}", other, power=f"~ {RIGHT}", **options)
    assert chosen(found) == chosen(first)
    shift = 2.0 * np.log(30.4) * data["status"].sum() if change == "time" else 0.0
    assert_allclose(found.facts.value - shift, first.facts.value, atol=1e-4)


def test_doubled_weights_are_doubled_rows(data):
    half = data.iloc[:150]
    price = float(np.log(300))
    doubled = smx.select(f"{SURV} ~ {RIGHT}", pd.concat([half, half]), power=f"~ {RIGHT}", **AFT)
    weighted = smx.select(
        f"{SURV} ~ {RIGHT}", half.assign(w=2), weights="w", power=f"~ {RIGHT}", criterion=price, **AFT
    )
    assert chosen(doubled) == chosen(weighted)
    assert_allclose(doubled.facts.value, weighted.facts.value, atol=1e-5)
    assert_allclose(doubled.facts.lam, price)
    assert_allclose(
        smx.select(f"{SURV} ~ {RIGHT}", half.assign(w=2), weights="w", power=f"~ {RIGHT}", **AFT).facts.lam,
        price,
    )


def test_the_same_seed_gives_the_same_answer(data):
    one, two = (smx.select(f"{SURV} ~ {RIGHT}", data, holdout=0.4, seed=3) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, two.table)
    pd.testing.assert_frame_equal(one.holdout.tidy(), two.holdout.tidy())
    assert one.nobs + one.holdout.nobs == len(data)
    assert one.holdout.nobs == round(0.4 * len(data))
    assert "p.value" in one.holdout.tidy()


def test_events_as_n(data):
    choice = smx.select(f"{SURV} ~ x0 + x2", data, n="events")
    assert_allclose(choice.facts.lam, np.log(data["status"].sum()))
    assert "BIC by events" in choice.best.label


# ---- keep, joint, interactions, "."


def test_kept_terms_are_in_every_set(data):
    everywhere = smx.select(f"{SURV} ~ {RIGHT}", data, power=f"~ {RIGHT}", keep="x2", **AFT)
    assert {("aft", "x2"), ("power", "x2")} <= chosen(everywhere)
    assert everywhere.table["aft"].str.contains("x2").all()
    assert everywhere.table["power"].str.contains("x2").all()
    on_one = smx.select(f"{SURV} ~ {RIGHT}", data, power=f"~ {RIGHT}", keep={"power": ["x3"]}, **AFT)
    assert chosen(on_one) == TRUE | {("power", "x3")}
    assert on_one.best.selection.candidates == 9
    assert on_one.best.selection.kept == 1
    assert np.isnan(on_one.tidy().query("term == 'x3' and parameter == 'power'")["change"].iloc[0])


def test_joint_terms_come_together(data):
    choice = smx.select(f"{SURV} ~ {RIGHT}", data, power=f"~ {RIGHT}", joint=True, **AFT)
    assert chosen(choice) == {(p, f"x{k}") for p in ("aft", "power") for k in (0, 1, 4)}
    assert choice.best.selection.candidates == 5


def test_interactions_bring_their_main_effects(data):
    rng = np.random.default_rng(2)
    n = 400
    x = pd.DataFrame(rng.normal(size=(n, 3)), columns=["a", "b", "c"])
    time = rng.weibull(1.3, n) * np.exp(-0.8 * x["a"] * x["b"])
    frame = x.assign(time=time, status=1)
    choice = smx.select(f"{SURV} ~ a * b + c", frame)
    assert chosen(choice) == {("ph", "a"), ("ph", "b"), ("ph", "a:b")}
    for terms in choice.table["ph"]:
        assert "a:b" not in terms or {"a", "b"} <= set(terms.split(" + "))
    kept = smx.select(f"{SURV} ~ a * b + c", frame.assign(time=rng.weibull(1.3, n)), keep="a:b")
    assert {("ph", "a"), ("ph", "b"), ("ph", "a:b")} <= chosen(kept)


def test_a_dot_is_every_other_column(data):
    frame = data.assign(w=1, centre=np.arange(len(data)) % 50)
    found = smx.select(f"{SURV} ~ .", frame, power="~ . + I(x0 ** 2)", weights="w", cluster="centre", **AFT)
    table = found.tidy()
    assert list(table.query("parameter == 'aft'")["term"]) == [f"x{k}" for k in range(5)] + ["arm"]
    assert set(table.query("parameter == 'power'")["term"]) == {
        *(f"x{k}" for k in range(5)),
        "arm",
        "I(x0 ** 2)",
    }


def test_names_in_backquotes_and_offsets(data):
    frame = data.rename(columns={"x0": "x 0"}).assign(known=0.1)
    choice = smx.select(f"{SURV} ~ `x 0` + x2 + offset(known)", frame)
    assert "`x 0`" in choice.call
    assert "offset(" in choice.call
    typed = eval(choice.call, {"FlexibleSurvival": smx.FlexibleSurvival, "data": frame})
    assert_allclose(typed.fit().llf, choice.best.llf, atol=1e-8)


# ---- limits of the family


def test_a_search_that_runs_to_a_limit_is_made_there():
    """A Gompertz type, kappa = infinity: against the wall of the search every step would fail."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(400, 4))
    time = smx.APGW(1.0, np.exp(-2.0 + 0.7 * x[:, 0] - 0.5 * x[:, 1]), 1.0, np.inf).rvs(seed=rng)
    data = pd.DataFrame(x, columns=list("abcd")).assign(time=time, status=1)
    choice = smx.select(f"{SURV} ~ a + b + c + d", data, power="~ c + d", other_scale=1.0)
    assert chosen(choice) == {("ph", "a"), ("ph", "b")}
    assert np.isinf(choice.arguments["shape"])
    assert choice.findings[0].kind == "at_limit"
    assert_allclose(choice.facts.value, choice.best.bic, atol=1e-5)
    assert len(set(np.round(list(choice.facts.ends.values()), 6))) == 1
    fixed = smx.select(f"{SURV} ~ a + b + c + d", data, power="~ c + d", other_scale=1.0, shape=np.inf)
    assert_allclose(fixed.facts.value, choice.facts.value, atol=1e-8)


# ---- rows


def test_one_complete_case_set_with_its_cost(data):
    frame = data.copy()
    frame.loc[frame.index[:30], "x2"] = np.nan
    frame.loc[frame.index[20:40], "x3"] = np.nan
    with pytest.warns(smx.errors.DataWarning, match="40 of 250 rows are left out") as caught:
        choice = smx.select(f"{SURV} ~ {RIGHT}", frame, power="~ x4", **FIXED)
    assert "x2 (30; without it 20 rows more)" in str(caught[0].message)
    assert choice.dropped["missing"].to_dict() == {"x2": 30, "x3": 20}
    assert choice.dropped["regained"].to_dict() == {"x2": 20, "x3": 10}
    whole = smx.select(f"{SURV} ~ {RIGHT}", frame.dropna(), power="~ x4", **FIXED)
    assert choice.nobs == 210 == whole.nobs
    assert_allclose(choice.facts.value, whole.facts.value, atol=1e-8)
    assert choice.best.facts.rows == 250
    assert "Rows left out:" in str(choice)


def test_late_entry_and_intervals_and_weights(data):
    entry = data.assign(entry=np.where(np.arange(len(data)) % 3 == 0, 0.5 * data["time"], 0.0))
    found = smx.select(f"Surv(entry, time, status) ~ {RIGHT}", entry, power=f"~ {RIGHT}", **FIXED)
    fit = smx.FlexibleSurvival(found.formula, entry, power=f"~ {found.table['power'].iloc[0]}", **FIXED).fit()
    assert_allclose(found.facts.value, fit.bic, atol=1e-5)
    assert {("aft", "x0"), ("aft", "x1")} <= chosen(found)
    wide = data.assign(
        low=np.where(data["status"] == 1, np.floor(data["time"] * 8.0) / 8.0, data["time"]),
        high=np.where(data["status"] == 1, np.floor(data["time"] * 8.0) / 8.0 + 0.125, np.inf),
    )
    between = smx.select(f'Surv(low, high, type="interval2") ~ {RIGHT}', wide, power=f"~ {RIGHT}", **FIXED)
    assert TRUE - {("power", "x4")} <= chosen(between)
    heavy = data.assign(w=np.random.default_rng(0).uniform(0.5, 1.5, len(data)))
    weighted = smx.select(f"{SURV} ~ {RIGHT}", heavy, power=f"~ {RIGHT}", weights="w", **FIXED)
    assert weighted.best.cov_type == "robust"
    assert_allclose(weighted.facts.value, weighted.best.bic, atol=1e-5)


def test_cure_and_both_scales():
    rng = np.random.default_rng(4)
    n = 500
    x = rng.normal(size=(n, 3))
    cured = rng.uniform(size=n) < 1.0 / (1.0 + np.exp(0.3 - 1.2 * x[:, 0]))
    time = np.where(cured, np.inf, rng.weibull(1.5, n) * np.exp(0.5 * x[:, 1]))
    data = pd.DataFrame(x, columns=["a", "b", "c"])
    data = data.assign(time=np.minimum(time, 6.0), status=(time <= 6.0).astype(int))
    choice = smx.select(f"{SURV} ~ a + b + c", data, "weibull", cure="~ a + b + c")
    assert chosen(choice) == {("ph", "b"), ("cure", "a")}
    assert choice.arguments == {
        "formula": f"{SURV} ~ b",
        "distribution": "weibull",
        "cure": "~ a",
    }
    both = smx.select(
        f"{SURV} ~ x0 + x1", trial(400), scale="aft", other_scale="~ x0 + x1", power="~ x4", shape=0.5
    )
    assert ("power", "x4") in chosen(both)
    assert_allclose(both.facts.value, both.best.bic, atol=1e-4)


def test_splines_are_groups():
    rng = np.random.default_rng(6)
    x = rng.uniform(-2.0, 2.0, size=(400, 2))
    time = rng.weibull(1.3, 400) * np.exp(np.cos(2.0 * x[:, 0]))
    data = pd.DataFrame(x, columns=["u", "v"]).assign(time=time, status=1)
    choice = smx.select(f"{SURV} ~ bs(u, 4) + bs(v, 4)", data)
    assert chosen(choice) == {("ph", "bs(u, 4)")}
    assert list(choice.tidy()["df"]) == [4, 4]
    again = smx.select(f"{SURV} ~ poly(u, 4) + poly(v, 4)", data)
    assert chosen(again) == {("ph", "poly(u, 4)")}


def test_a_dask_frame_gives_the_same():
    dd = pytest.importorskip("dask.dataframe")
    data = trial(300)
    data.loc[5:20, "x3"] = np.nan
    with pytest.warns(smx.errors.DataWarning):
        memory = smx.select(f"{SURV} ~ {RIGHT}", data, power="~ x0 + x4", **FIXED)
    parts = dd.from_pandas(data, npartitions=3)
    with pytest.warns(smx.errors.DataWarning, match="16 of 300 rows are left out"):
        there = smx.select(f"{SURV} ~ {RIGHT}", parts, power="~ x0 + x4", **FIXED)
    pd.testing.assert_frame_equal(there.dropped, memory.dropped)
    assert chosen(there) == chosen(memory)
    assert_allclose(there.facts.value, memory.facts.value, atol=1e-5)
    assert_allclose(there.best.params, memory.best.params, rtol=1e-5, atol=1e-7)
    assert there.nobs == memory.nobs
    with pytest.raises(DataError, match="rows in memory"):
        there.stability(n=2)
    rare = data.assign(rare=np.where(np.arange(300) == 3, 1.0, np.nan))
    with pytest.raises(DataError, match=r"1 of 300 rows are complete .* 'rare' alone costs"):
        smx.select(f"{SURV} ~ x0 + rare", dd.from_pandas(rare, npartitions=2))
    whole = dd.from_pandas(data.dropna(), npartitions=3)
    split = smx.select(f"{SURV} ~ x0 + x1", whole, holdout=0.5, **FIXED)
    assert split.nobs + split.holdout.nobs == len(data.dropna())


# ---- results


def test_labels_and_no_p_values(data, choice):
    best = choice.best
    text = best.summary().as_text()
    assert "after selection (BIC, 11 candidates)" in text
    assert "P>|z|" not in text
    assert "not adjusted for the selection" in " ".join(text.split())
    assert "P>|z|" in best.summary(show_p=True).as_text()
    assert "p.value" not in best.tidy()
    assert "p.value" in best.tidy(show_p=True)
    glance = best.glance().iloc[0]
    assert (glance["criterion"], glance["candidates"], glance["selected"]) == ("BIC", 11, 4)
    assert best.is_regular
    larger = smx.FlexibleSurvival(f"{SURV} ~ x0 + x1 + x2", data, power="~ x0 + x4", **AFT).fit()
    for call in (
        best.wald_test_terms,
        lambda: best.lr_test(larger),
        lambda: best.wald_test("aft.x0 = 0"),
        lambda: best.score_test(smx.FlexibleSurvival(f"{SURV} ~ {RIGHT}", data, power="~ x0 + x4", **AFT)),
    ):
        with pytest.warns(SelectionWarning, match="does not account for the selection"):
            call()
    with pytest.warns(SelectionWarning):
        table = smx.compare(best, larger)
    assert any("after selection" in label for label in table.index)
    assert table["note"].str.contains("after_selection").any()


def test_table_tidy_and_path(choice):
    table = choice.table
    assert list(table.columns[:4]) == ["criterion", "delta", "logLik", "df"]
    assert len(table) == 10
    assert table["delta"].is_monotonic_increasing
    assert table["delta"].iloc[0] == 0.0
    assert_allclose(table["criterion"], -2.0 * table["logLik"] + choice.facts.lam * table["df"])
    tidy = choice.tidy()
    assert (tidy["change"] > 0.0).all()
    path = choice.path
    assert path["epsilon"].nunique() == 30
    last = path[path["epsilon"] == path["epsilon"].min()]
    assert set(map(tuple, last.loc[last["size"] > 1e-3, ["parameter", "term"]].to_numpy())) == TRUE
    table.loc[:, "delta"] = -1.0
    assert choice.table["delta"].iloc[0] == 0.0  # a copy
    assert choice.glance()["models"].iloc[0] >= 11
    assert "4 of 11 selected" in repr(choice)


def test_summary_says_what_was_done(choice):
    text = " ".join(str(choice).split())
    for part in (
        "The best sets seen",
        "not adjusted for the selection",
        "Found by: stepwise and path",
        "The chosen model:",
    ):
        assert part in text
    assert choice._repr_html_().count("<tbody") > 3
    assert choice.summary(alpha=0.5).as_text() != choice.summary().as_text()
    with pytest.raises(DataError, match="alpha"):
        choice.summary(alpha=2.0)


def test_stability(data, choice):
    found = choice.stability(n=12, seed=4)
    table = found.table
    truth = [label in TRUE for label in map(tuple, table[["parameter", "term"]].to_numpy())]
    assert table.loc[truth, "frequency"].min() > 0.7
    assert table.loc[~np.array(truth), "frequency"].mean() < 0.15
    assert (table["selected"] == truth).all()
    assert "no probability that the term is in the true model" in str(found)
    assert f"sets={found.n_sets}" in repr(found)
    again = choice.stability(n=12, seed=4)
    pd.testing.assert_frame_equal(again.table, table)
    assert 0.0 <= found.share <= 1.0


def test_stability_keeps_clusters_together(data):
    frame = pd.concat([data] * 2, ignore_index=True).assign(person=np.tile(np.arange(len(data)), 2))
    choice = smx.select(f"{SURV} ~ x0 + x2", frame, cluster="person", **FIXED)
    question, _, _ = choice.sample
    assert len(np.unique(question.clusters)) == len(data)
    assert choice.stability(n=3, fraction=0.5).n_failed == 0


def test_a_rare_level_may_be_absent_from_a_part(data):
    arm = np.where(np.arange(len(data)) < 2, "rare", data["arm"])
    choice = smx.select(f"{SURV} ~ x0 + arm", data.assign(arm=arm), **AFT)
    assert choice.stability(n=10, fraction=0.5).n_failed == 0


def test_plots(choice):
    import matplotlib.pyplot as plt

    found = choice.stability(n=3)
    one = choice.plot()
    assert one.get_xlabel().startswith("Epsilon")
    assert len([line for line in one.get_lines() if line.get_label() in {f"{p} {t}" for p, t in TRUE}]) == 4
    both = choice.plot(stability=found)
    assert len(both) == 2
    assert "3 subsamples of 80 %" in choice.plot("stability", stability=found).get_xlabel()
    for call, message in (
        (lambda: choice.plot("stability"), "stability="),
        (lambda: choice.plot("path", stability=found), "belongs to"),
        (lambda: choice.plot("lasso"), "kind"),
        (lambda: choice.plot(stability=found, ax=one), "two axes"),
    ):
        with pytest.raises(DataError, match=message):
            call()
    plt.close("all")


@pytest.mark.parametrize("way", ["pickle", "file"])
@pytest.mark.parametrize("keep_data", [False, True])
def test_files(data, way, keep_data, tmp_path):
    choice = smx.select(f"{SURV} ~ x0 + x2", data, holdout=0.5, keep_data=keep_data, **FIXED)
    if way == "pickle":
        loaded = pickle.loads(pickle.dumps(choice))
    else:
        loaded = smx.load(smx.save(choice, tmp_path / "choice.smx"))
    assert str(loaded) == str(choice)
    assert str(loaded.best.summary(effects=False)) == str(choice.best.summary(effects=False))
    pd.testing.assert_frame_equal(loaded.table, choice.table)
    pd.testing.assert_frame_equal(loaded.holdout.tidy(), choice.holdout.tidy())
    if keep_data:
        pd.testing.assert_frame_equal(loaded.stability(n=2).table, choice.stability(n=2).table)
    else:
        with pytest.raises(DataError, match="keep_data"):
            loaded.stability(n=2)
        content = pickle.dumps(choice)
        assert data["x0"].to_numpy()[:3].tobytes() not in content


def test_a_stability_can_be_saved(choice, tmp_path):
    found = choice.stability(n=2)
    loaded = smx.load(smx.save(found, tmp_path / "stability.smx"))
    pd.testing.assert_frame_equal(loaded.table, found.table)


# ---- what is refused, and what is said


def test_many_candidates_are_searched_by_steps(data):
    rng = np.random.default_rng(8)
    wide = data.assign(**{f"q{k}": rng.normal(size=len(data)) for k in range(60)})
    right = RIGHT + "".join(f" + q{k}" for k in range(60))
    choice = smx.select(f"{SURV} ~ {right}", wide, power="~ x0 + x4", **FIXED)
    assert choice.facts.found_by == ("stepwise",)
    assert "was not followed" in choice.findings[0].text
    assert choice.path.empty
    assert {("aft", "x0"), ("aft", "x1"), ("power", "x4")} <= chosen(choice)
    with pytest.raises(DataError, match=re.escape("too few for 67 candidate coefficients")):
        smx.select(f"{SURV} ~ {right}", wide, power="~ x0 + x4", method="path", **FIXED)
    with pytest.raises(DataError, match="no path was followed"):
        choice.plot()


def test_few_events_allow_few_coefficients():
    small = trial(16, seed=3).assign(status=1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        choice = smx.select(f"{SURV} ~ {RIGHT}", small, criterion=0.01, **FIXED)
    assert choice.best.selection.selected == 3
    assert any(
        re.search("3 coefficients were chosen, and 16 events allow 3", str(one.message)) for one in caught
    )


def test_a_candidate_that_spoils_the_model_is_named():
    """Late entry before times that are all alike: with `late` on the power the likelihood has no maximum."""
    rng = np.random.default_rng(1)
    n = 80
    late = (np.arange(n) < 12).astype(float)
    time = np.where(late == 1, 2.0 + 1e-9 * rng.uniform(size=n), rng.weibull(1.5, n) * 2.0)
    data = pd.DataFrame({"time": time, "status": 1, "late": late, "x": rng.normal(size=n)})
    choice = smx.select(f"{SURV} ~ x", data, "weibull", power="~ late")
    assert ("power", "late") not in chosen(choice)
    kinds = [finding.kind for finding in choice.findings]
    assert kinds == ["irregular"]
    assert "power late" in choice.findings[0].text
    assert np.isinf(choice.tidy().query("parameter == 'power'")["change"].iloc[0])


BAD = {
    "no candidate": ({"formula": f"{SURV} ~ 1"}, DataError, "there is no candidate"),
    "response": ({"formula": f"{SURV} ~ x0 + time"}, FormulaError, "'time' is part of the response"),
    "constant": ({"formula": f"{SURV} ~ x0 + same"}, DataError, "'same' is 3.0 in every row"),
    "one text": ({"formula": f"{SURV} ~ x0 + word"}, DataError, "'word' is 'a' in every row"),
    "one value": ({"formula": f"{SURV} ~ x0 + once"}, DataError, "'once' has one value that is not missing"),
    "missing": ({"formula": f"{SURV} ~ x0 + gone"}, DataError, "'gone' is missing in every row"),
    "costly": ({"formula": f"{SURV} ~ x0 + rare"}, DataError, "'rare' alone costs"),
    "keep": ({"keep": "age"}, DataError, "`keep` names 'age'"),
    "keep's parameter": ({"keep": {"shape": "x0"}}, DataError, "`keep` names the parameter 'shape'"),
    "keep's term": ({"keep": {"power": "x0"}, "power": "~ x1"}, DataError, "no candidate of power"),
    "keep of a kind": ({"keep": 3}, DataError, "`keep` is 3"),
    "everything kept": ({"formula": f"{SURV} ~ x0", "keep": "x0"}, DataError, "nothing to choose"),
    "criterion": ({"criterion": 0.0}, DataError, "`criterion` is 0.0"),
    "criterion's name": ({"criterion": "cv"}, DataError, "`criterion` is 'cv'"),
    "infinite criterion": ({"criterion": np.inf}, DataError, "`criterion` is inf"),
    "method": ({"method": "lasso"}, DataError, "`method` is 'lasso'"),
    "n": ({"n": 250}, DataError, "`n` is 250"),
    "joint": ({"joint": "yes"}, DataError, "`joint` is 'yes'"),
    "holdout": ({"holdout": 1.0}, DataError, "`holdout` is 1"),
    "seed": ({"seed": -1}, DataError, "`seed` is -1"),
    "interaction": ({"formula": f"{SURV} ~ x0:x1"}, FormulaError, "'x0:x1' stands without 'x0'"),
    "no intercept": ({"formula": f"{SURV} ~ 0 + x0"}, FormulaError, "no intercept"),
    "collinear": ({"formula": f"{SURV} ~ x0 + twice"}, DataError, "linear combination"),
    "dot too wide": ({"formula": f"{SURV} ~ .", "wide": 201}, DataError, "'.' stands for 2.. columns; 200"),
    "too wide": ({"formula": f"{SURV} ~ {' + '.join(f'w{k}' for k in range(120))}", "wide": 120,
                  "power": f"~ {' + '.join(f'w{k}' for k in range(81))}"}, DataError, "201 coefficients"),
    "formula": ({"formula": 3}, FormulaError, "give text"),
    "few events": ({"rows": 9}, DataError, "events among the rows used"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_name(data, name):
    given, error, message = BAD[name]
    given = {"formula": f"{SURV} ~ x0 + x1", **given}
    n = len(data)
    some = np.full((3, n), np.nan)
    some[0, 3], some[1, :9] = 1.0, np.arange(9)
    frame = data.assign(same=3.0, word="a", once=some[0], rare=some[1], gone=some[2], twice=2.0 * data["x0"])
    if wide := given.pop("wide", 0):
        noise = np.random.default_rng(0).normal(size=(n, wide))
        frame = pd.concat([frame, pd.DataFrame(noise, frame.index, [f"w{k}" for k in range(wide)])], axis=1)
    if rows := given.pop("rows", 0):
        frame = frame.iloc[:rows]
    with pytest.raises(error, match=message):
        smx.select(data=frame, **given)


def test_a_bad_subsample_is_refused(choice):
    for given, message in (({"n": 0}, "`n`"), ({"fraction": 1.5}, "`fraction`"), ({"seed": -1}, "`seed`")):
        with pytest.raises(DataError, match=message):
            choice.stability(**given)
