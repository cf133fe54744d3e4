"""Trials in Dask frames against the same rows in memory: the same estimates, errors, counts and messages."""

import warnings

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.errors import DataError, DataWarning, FormulaError
from statmodels_x.surrogate.partitioned.reading import read_partitions
from statmodels_x.surrogate.planning.simulate import PROCESSES
from statmodels_x.surrogate.specification import Choice

dd = pytest.importorskip("dask.dataframe")

FORMULA, SURROGATE = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"
TIMES = {"at": 3.0, "landmark": 1.0}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """One trial with columns of every kind beside its times."""
    frame = PROCESSES["A illness-death"].process.simulate(400, seed=5).reset_index(drop=True)
    rng = np.random.default_rng(6)
    n = len(frame)
    mixed = rng.permutation(n)
    frame = frame.iloc[mixed].reset_index(drop=True)
    frame["drug"] = np.where(frame["arm"] == 1, "new", "old")
    frame["site"] = rng.choice(["north", "south", "west"], n)
    frame["clinic"] = rng.integers(0, 60, n)
    frame["age"] = rng.normal(60.0, 8.0, n)
    frame["stage"] = pd.Categorical(rng.choice(["I", "II", "III"], n), categories=["I", "II", "III", "none"])
    frame["weight"] = rng.uniform(0.5, 2.0, n)
    frame["person"] = [f"p{k}" for k in range(n)]
    # a level that only the last rows have
    frame.loc[frame.index[-90:], "site"] = "east"
    return frame


def both(rows: pd.DataFrame, partitions: int = 5, formula: str = FORMULA, **options):
    """The two models, with the numbers of partitions and of rows in each not equal."""
    frame = dd.from_pandas(rows, npartitions=partitions, sort=False)
    return tuple(smx.SurrogatePTE(formula, SURROGATE, data, **{**TIMES, **options}) for data in (rows, frame))


def assert_same(memory, dask) -> None:
    np.testing.assert_allclose(dask.params, memory.params, rtol=0, atol=1e-10)
    np.testing.assert_allclose(dask.bse, memory.bse, rtol=0, atol=1e-10)
    np.testing.assert_allclose(dask.conf_int(), memory.conf_int(), rtol=0, atol=1e-10)
    assert dask.facts == memory.facts
    assert dask.warnings == memory.warnings


CASES = {
    "plain": {},
    "everything": dict(weights="weight", strata="site", cluster="clinic", id="person"),
    "propensity": dict(propensity="~ age + stage", trim=0.05),
    "restricted mean": dict(effect="rmst"),
    "names of arms": dict(formula="Surv(time, status) ~ drug", treated="new"),
    "computed times": dict(formula="Surv(time * 12, status) ~ arm", at=36.0, landmark=1.0),
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_numbers_as_in_memory(rows, name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [model.fit(n_perturb=40, seed=3) for model in both(rows, **CASES[name])]
    assert_same(*fits)


@pytest.mark.parametrize("method", ["full", "split"])
def test_other_methods(rows, method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same(*(model.fit(method=method, n_perturb=30) for model in both(rows)))


@pytest.mark.parametrize("stopping", ["arm", "~ age"])
def test_surrogate_follow_up_that_ends_early(rows, stopping):
    early = rows.copy()
    some = (np.arange(len(early)) % 7 == 0) & (early["surrogate_status"] == 0)
    early.loc[some, "surrogate_time"] = 0.4 * early.loc[some, "time"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [model.fit(n_perturb=30) for model in both(early, stopping=stopping)]
    assert fits[0].diagnostics.counts.equals(fits[1].diagnostics.counts)
    assert_same(*fits)


def test_subgroups(rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        memory, dask = (model.fit(n_perturb=30).by_group() for model in both(rows, by="stage"))
    for found, known in zip(dask, memory, strict=True):
        assert found.equals(known)


def test_missing_values_are_counted_over_all_partitions(rows):
    holed = rows.copy()
    holed.loc[[3, 700], "weight"] = np.nan
    holed.loc[[10, 11, 650], "time"] = np.nan
    holed.loc[[20], "weight"] = 0.0
    facts = []
    for data in (holed, dd.from_pandas(holed, npartitions=4)):
        with pytest.warns(DataWarning, match="rows were dropped"):
            facts.append(smx.SurrogatePTE(FORMULA, SURROGATE, data, weights="weight", **TIMES).facts)
    assert facts[0] == facts[1]
    assert facts[1].dropped == {"weight": 2, "time or status": 3, "weight of 0": 1}


def test_text_is_one_object_a_level(rows):
    """Labels come as codes: a column of text takes eight bytes a person, as in memory."""
    choice = Choice(FORMULA, SURROGATE, None, None, {"strata": "site"}, None)
    response, _ = split_formula(FORMULA)
    found = read_partitions(choice, dd.from_pandas(rows, npartitions=6), response, "arm")
    assert len({id(value) for value in found.columns["strata"]}) == 4
    assert list(found.columns["strata"]) == list(rows["site"])
    assert set(found.columns) == {"arm", "strata"}


@pytest.mark.parametrize(
    ("change", "options", "error", "message"),
    [
        (lambda d: d, dict(weights=np.ones(800)), DataError, "`weights` must name a column of a Dask frame"),
        (
            lambda d: d,
            dict(propensity="~ bs(age, df=3)"),
            FormulaError,
            r"bs\(\) in .* needs all rows at once",
        ),
        (lambda d: d, dict(strata="sight"), DataError, "`strata`: there is no column 'sight'"),
        (lambda d: d.rename(columns={"surrogate_time": "s"}), {}, DataError, "no column 'surrogate_time'"),
        (lambda d: d.assign(surrogate_time=-1.0), {}, DataError, r"in 800 rows \(position 0, 1"),
        (lambda d: d.assign(status=2), {}, DataError, "status"),
        (lambda d: d.assign(person="one"), dict(id="person"), DataError, "`id`: 799 rows repeat a subject"),
        (lambda d: d.assign(time=np.nan), {}, DataError, "is missing in every row"),
    ],
)
def test_bad_input_is_named(rows, change, options, error, message):
    with pytest.raises(error, match=message):
        smx.SurrogatePTE(
            FORMULA, SURROGATE, dd.from_pandas(change(rows), npartitions=3), **{**TIMES, **options}
        )


def test_rows_of_late_events_are_those_of_all_partitions(rows):
    late = rows.copy()
    late.loc[[5, 790], "surrogate_time"] = 99.0
    late.loc[[5, 790], "surrogate_status"] = 1
    messages = []
    for data in (late, dd.from_pandas(late, npartitions=4)):
        with pytest.raises(DataError, match="after the end of follow-up") as caught:
            smx.SurrogatePTE(FORMULA, SURROGATE, data, **TIMES)
        messages.append(str(caught.value))
    assert messages[0] == messages[1]
    assert "position 5, 790" in messages[1]


def test_residual_effects_take_the_same_frames(rows):
    models = [
        smx.ResidualEffect(FORMULA, SURROGATE, data, **TIMES)
        for data in (rows, dd.from_pandas(rows, npartitions=4))
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fits = [model.fit(n_perturb=20) for model in models]
    np.testing.assert_allclose(fits[1].params, fits[0].params, rtol=0, atol=1e-10)
    np.testing.assert_allclose(fits[1].bse, fits[0].bse, rtol=0, atol=1e-10)
