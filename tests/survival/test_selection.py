"""select(): the criterion and its derivatives, known answers, identities, and every kind of sample."""

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from selection_trials import AFT, FIXED, RIGHT, SURV, TRUE, chosen, trial

import statmodels_x as smx
from statmodels_x.errors import DataError


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
