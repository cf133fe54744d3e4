"""What is shown only where the effect is: an estimate that allows for it; and subgroups."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.surrogate.inference.selection import effect_given_shown
from statmodels_x.surrogate.planning.simulate import PROCESSES


def test_median_unbiased_given_shown():
    """Of effects that pass the margin, half are above the truth; far from the margin nothing happens."""
    rng = np.random.default_rng(5)
    for truth in (1.5, 2.5, 4.0):
        z = np.abs(rng.normal(truth, 1.0, 20_000))
        shown = np.array([effect_given_shown(value) for value in z[z > stats.norm.isf(0.025)][:800]])
        assert np.mean(shown > truth) == pytest.approx(0.5, abs=0.04)
        naive = np.mean(z[z > stats.norm.isf(0.025)] > truth)
        assert abs(naive - 0.5) >= abs(np.mean(shown > truth) - 0.5) - 0.02
    assert effect_given_shown(8.0) == pytest.approx(8.0, abs=1e-6)
    assert effect_given_shown(1.97) == 0.0


def test_proportion_given_shown(model_of, quietly):
    process = PROCESSES["A illness-death"].process
    near = quietly(model_of(process.simulate(150, seed=4)).fit, n_perturb=200)
    assert 2.0 < near.tvalues["delta"] < 4.0
    assert near.pte_given_shown > near.raw_ratio
    assert "pte_given_shown" in str(near.summary())
    sure = model_of(process.simulate(3000, seed=4)).fit(n_perturb=50, n_splits=1)
    assert sure.pte_given_shown == pytest.approx(sure.raw_ratio, abs=1e-3)
    assert "pte_given_shown" not in str(sure.summary())


def test_proportion_without_effect_is_nan(model_of, quietly, trial_frame):
    frame = trial_frame.assign(arm=np.random.default_rng(3).permutation(trial_frame["arm"].to_numpy()))
    assert np.isnan(quietly(model_of(frame).fit, n_perturb=20).pte_given_shown)


# ---- subgroups


@pytest.fixture(scope="module")
def two_groups():
    """PTE .57 in one subgroup and .23 in the other."""
    parts = [
        PROCESSES[name].process.simulate(1500, seed=seed).assign(site=label)
        for seed, (name, label) in enumerate([("A illness-death", "north"), ("D weak surrogate", "south")])
    ]
    return pd.concat(parts, ignore_index=True)


def test_subgroups(two_groups, model_of):
    fit = model_of(two_groups, by="site").fit(n_perturb=200)
    table, test = fit.by_group()
    assert table["group"].tolist() == ["north", "south"]
    for label, row in table.set_index("group").iterrows():
        alone = model_of(two_groups[two_groups["site"] == label]).fit(n_perturb=200)
        assert row["pte"] == pytest.approx(alone.pte, rel=1e-12)
        assert row["lower"] == pytest.approx(alone.conf_int().loc["pte", "lower"], rel=1e-12)
    assert test["df"] == 1
    assert test["p.value"] < 0.001
    assert table["pte"].min() < test["common.pte"] < table["pte"].max()
    # with two sure effects it is nearly the test of the difference of two ratios
    z = (table["pte"][0] - table["pte"][1]) / np.hypot(*table["std_error"])
    assert np.sqrt(test["statistic"]) == pytest.approx(z, rel=0.25)


def test_equal_subgroups_are_not_told_apart(model_of, quietly):
    """The level of the test, where the effect in each subgroup is uncertain."""
    process = PROCESSES["A illness-death"].process
    values = []
    for seed in range(60):
        frame = process.simulate(240, seed=100 + seed)
        frame["by"] = np.random.default_rng(seed).integers(0, 2, len(frame))
        fit = quietly(model_of(frame, by="by").fit, n_perturb=80, n_splits=1)
        values.append(quietly(fit.by_group)[1]["p.value"])
    assert np.mean(np.array(values) < 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)


def test_subgroups_refuse(trial_frame, model_of, fitted, quietly):
    with pytest.raises(DataError, match="`by`"):
        fitted.by_group()
    with pytest.raises(DataError, match="the one subgroup 1"):
        model_of(trial_frame, by=np.ones(600, int)).fit(n_perturb=20).by_group()
    few = model_of(trial_frame, by=np.where(trial_frame.index < 12, "few", "many"))
    with pytest.raises(IdentificationError, match="subgroup few"):
        quietly(few.fit, n_perturb=20).by_group()
