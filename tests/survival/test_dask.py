"""Fits to a Dask frame against fits to the same rows in memory."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import warnings
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.data.workers import Blocks
from statmodels_x.core.errors import (
    DataError,
    DataWarning,
    FollowUpWarning,
    FormulaError,
    MissingPackageError,
)

dd = pytest.importorskip("dask.dataframe")

N = 1500


def trial(n: int = N, seed: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(
        {
            "age": rng.normal(60.0, 10.0, n),
            "dose": rng.uniform(0.5, 3.0, n),
            "arm": rng.choice(["control", "high", "low"], n),
            "stage": pd.Categorical(
                rng.choice(["II", "III", "IV"], n), categories=["II", "III", "IV", "unseen"]
            ),
            "site": np.arange(n) * 5 // n,
            "female": rng.random(n) < 0.5,
            "count": rng.integers(0, 4, n),
            "share": rng.uniform(0.2, 2.0, n),
            "clinic": rng.integers(0, 40, n),
        }
    )
    # a level that only the end of the frame has
    data.loc[data.index[-n // 8 :][::2], "arm"] = "rescue"
    pace = 0.02 * (data["age"] - 60) - 0.3 * (data["arm"] == "high") - 0.2 * (data["stage"] == "IV")
    event = rng.weibull(1.5, n) * 2.0 * np.exp(-pace)
    cured = rng.random(n) < 0.25
    censored = rng.uniform(0.5, 6.0, n)
    data["time"] = np.where(cured, censored, np.minimum(event, censored))
    data["status"] = (~cured & (event <= censored)).astype(int)
    data["entry"] = np.where(np.arange(n) % 3 == 0, 0.4 * data["time"], 0.0)
    data["left"] = np.where((data["status"] == 1) & (np.arange(n) % 2 == 0), 0.7 * data["time"], data["time"])
    data["right"] = np.where(data["status"] == 1, data["time"], np.inf)
    return data


def both(formula: str, data: pd.DataFrame, partitions: int = 5, fit: dict | None = None, **options):
    frame = dd.from_pandas(data, npartitions=partitions)
    return tuple(
        smx.FlexibleSurvival(formula, source, **options).fit(**(fit or {})) for source in (data, frame)
    )


def assert_same(memory, dask, error: float = 1e-8) -> None:
    assert list(dask.params.index) == list(memory.params.index)
    np.testing.assert_allclose(dask.params, memory.params, rtol=0, atol=1e-8)
    np.testing.assert_allclose(dask.bse, memory.bse, rtol=error)
    np.testing.assert_allclose(dask.covariance, memory.covariance, rtol=0, atol=1e-8)
    assert dask.llf == pytest.approx(memory.llf, abs=1e-8)
    assert (dask.nobs, dask.n_events, dask.cov_type) == (memory.nobs, memory.n_events, memory.cov_type)
    assert (dask.converged, dask.is_regular) == (memory.converged, memory.is_regular)
    assert dask.warnings == memory.warnings


def assert_same_facts(memory, dask) -> None:
    expected, found = asdict(memory.facts), asdict(dask.facts)
    np.testing.assert_allclose(found.pop("fingerprint"), expected.pop("fingerprint"), atol=1e-9)
    assert found.pop("partitions") > 0
    assert expected.pop("partitions") == 0
    typical, also = expected.pop("typical"), found.pop("typical")
    assert found == expected
    assert list(also) == list(typical)
    for name, value in typical.items():
        assert also[name] == (pytest.approx(value, rel=1e-12) if isinstance(value, float) else value)


def own_cumulative(z):
    return np.log1p(z)


def own_log_hazard(z):
    return -np.log1p(z)


OWN = smx.Family("log-logistic by hand", own_cumulative, own_log_hazard)
MODELS = {
    "accelerated": ("Surv(time, status) ~ age + arm", {"power": "~ female"}),
    "proportional": ("Surv(time, status) ~ age + stage", {"scale": "ph"}),
    "both scales": ("Surv(time, status) ~ age", {"other_scale": "~ 1", "shape": 0.0}),
    "gompertz": ("Surv(time, status) ~ age", {"distribution": "gompertz"}),
    "mixture cure": ("Surv(time, status) ~ age", {"distribution": "weibull", "cure": "~ arm"}),
    "promotion cure": (
        "Surv(time, status) ~ 1",
        {"distribution": "weibull", "cure": "~ age", "cure_kind": "promotion"},
    ),
    "late entry": ("Surv(entry, time, status) ~ age", {"distribution": "weibull"}),
    "intervals": ("Surv(left, right, type='interval2') ~ age", {"distribution": "weibull", "power": "~ arm"}),
    "interval entry": ("Surv(left, right, type='interval2', entry=0.5 * entry) ~ age", {"shape": 1.0}),
    "whole weights": ("Surv(time, status) ~ age", {"distribution": "weibull", "weights": "count"}),
    "weights": ("Surv(time, status) ~ age", {"distribution": "weibull", "weights": "share"}),
    "clusters": ("Surv(time, status) ~ age", {"cluster": "clinic", "weights": "share"}),
    "clusters apart": ("Surv(time, status) ~ age", {"distribution": "weibull", "cluster": "site"}),
    "offset": ("Surv(time, status) ~ age + offset(0.1 * dose)", {"distribution": "weibull"}),
    "codes": ("Surv(time, status) ~ C(count) + C(arm, Treatment('low')):dose", {"distribution": "weibull"}),
    "expressions": (
        "Surv(time, status) ~ C(np.floor(dose)) + np.log(dose) + I(age**2) + I(age > 60)",
        {"distribution": "weibull"},
    ),
    "no intercept": ("Surv(time, status) ~ 0 + stage", {"distribution": "exponential"}),
    "lognormal": ("Surv(time, status) ~ age", {"distribution": "lognormal"}),
    "generalised gamma": ("Surv(entry, time, status) ~ age", {"distribution": "gengamma"}),
    "own family": ("Surv(time, status) ~ age", {"distribution": OWN}),
    "nothing": ("Surv(time, status) ~ 1", {}),
}
# By how much rounding moves a standard error where it moves it by more than 1e-8: the information of a family that is
# given by functions comes from second differences, whose weights sum to 16/3 over the squared step of 2e-3, 1.3e6. The
# incomplete gamma function is right to 2e-14, and a part of its error is shared by all rows; the shape's standard error
# takes half of the relative change of the information, times 4.2 since the other parameters make up for the shape.
ROUNDING = {"generalised gamma": 0.5 * 4.2 * 1.3e6 * 2e-14}


@pytest.mark.filterwarnings("ignore:.*few clusters")
@pytest.mark.search
@pytest.mark.parametrize("name", MODELS)
def test_same_fit_as_in_memory(name):
    formula, options = MODELS[name]
    memory, dask = both(formula, trial(), **options)
    assert memory.is_regular
    assert_same(memory, dask, ROUNDING.get(name, 1e-8))
    assert_same_facts(memory, dask)
    assert {key: spec.levels for key, spec in dask.design_specs.items()} == {
        key: spec.levels for key, spec in memory.design_specs.items()
    }


@pytest.mark.search
def test_same_fit_where_the_search_explores_a_part_of_the_rows():
    memory, dask = both("Surv(time, status) ~ age + arm", trial(24_000), partitions=7, power="~ age")
    assert_same(memory, dask)
    found, expected = dask.facts.levels["age"], memory.facts.levels["age"]
    np.testing.assert_allclose(found, expected, atol=0.05)  # quartiles from quantiles, sd 10


@pytest.mark.parametrize("cov_type", ["observed", "robust", "cluster"])
def test_every_covariance(cov_type):
    options = {"distribution": "weibull", "cluster": "clinic"}
    assert_same(*both("Surv(time, status) ~ age", trial(), fit={"cov_type": cov_type}, **options))


def test_ridges_are_named_alike():
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"time": rng.weibull(1.5, 400), "x": rng.normal(size=400)}).assign(status=1)
    formula, options = "Surv(time, status) ~ x", {"other_scale": "~ 1"}
    frame = dd.from_pandas(data, npartitions=3)
    fits, said = [], []
    for source in (data, frame):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fits.append(smx.FlexibleSurvival(formula, source, **options).fit(n_starts=0))
        said.append([str(warning.message) for warning in caught])
    assert said[0]
    assert said[1] == said[0]
    assert [finding.kind for finding in fits[1].estimate.findings] == [
        finding.kind for finding in fits[0].estimate.findings
    ]


@pytest.mark.parametrize("weights", [None, "share"])
def test_follow_up_is_judged_alike(weights):
    data = trial().assign(time=lambda d: d["time"].round(1) + 0.05)
    short = data.assign(status=np.where(data["time"] == data["time"].max(), 1, data["status"]))
    options = {"distribution": "weibull", "cure": "~ 1", "weights": weights}
    for rows in (data, short):
        models = [
            smx.FlexibleSurvival("Surv(time, status) ~ 1", source, **options)
            for source in (rows, dd.from_pandas(rows, npartitions=4))
        ]
        memory, dask = (model._sample.plateau_alpha() for model in models)
        assert (memory == 1.0) == (rows is short)  # events to the last
        assert dask == pytest.approx(memory, rel=1e-9)
    said = []
    for model in models:
        with pytest.warns(FollowUpWarning, match="does not support a plateau") as caught:
            model.fit()
        said.append([str(warning.message) for warning in caught])
    assert said[0] == said[1]


def test_missing_values_are_counted_over_all_partitions():
    data = trial()
    data.loc[:400, "age"] = np.nan  # the whole first partition of five, and some of the second
    data.loc[[1000, 1400], "arm"] = None
    said = []
    fits = []
    for source in (data, dd.from_pandas(data, npartitions=5)):
        with pytest.warns(DataWarning, match="403 of 1500 rows were dropped") as caught:
            fits.append(smx.FlexibleSurvival("Surv(time, status) ~ age + arm", source, "weibull").fit())
        said.append([str(warning.message) for warning in caught])
        assert caught[0].filename == __file__
    assert said[0] == said[1]
    assert_same(*fits)
    assert_same_facts(*fits)


def test_partitions_without_rows_or_without_weight():
    data = trial()
    data.loc[: N // 2, "count"] = 0
    frame = dd.from_pandas(data, npartitions=6)
    some = frame[frame["site"] != 4]  # the last partition is empty
    assert 0 in some.map_partitions(len).compute().tolist()
    options = {"distribution": "weibull", "weights": "count"}
    memory = smx.FlexibleSurvival("Surv(time, status) ~ age", data[data["site"] != 4], **options).fit()
    dask = smx.FlexibleSurvival("Surv(time, status) ~ age", some, **options).fit()
    assert_same(memory, dask)
    assert_same_facts(memory, dask)


def test_categories_that_differ_between_partitions():
    data = trial()[["time", "status", "arm"]]
    pieces = [
        piece.assign(arm=piece["arm"].astype("category")) for _, piece in data.groupby(np.arange(N) // 400)
    ]
    assert pieces[0]["arm"].cat.categories.tolist() != pieces[-1]["arm"].cat.categories.tolist()
    frame = dd.from_map(lambda piece: piece, pieces, meta=pieces[0].iloc[:0])
    dask = smx.FlexibleSurvival("Surv(time, status) ~ arm", frame, "weibull").fit()
    assert_same(smx.FlexibleSurvival("Surv(time, status) ~ arm", data, "weibull").fit(), dask)


def test_a_column_that_is_constant_in_every_partition_is_no_constant():
    memory, dask = both("Surv(time, status) ~ site", trial(), distribution="weibull")
    assert_same(memory, dask)


def bad(**changes):
    data = trial(400)
    for column, change in changes.items():
        rows, value = change if isinstance(change, tuple) else (slice(None), change)
        data[column] = data.get(column, 0.0)
        if isinstance(value, float) and data[column].dtype.kind in "ib":
            data[column] = data[column].astype(float)
        data.loc[rows, column] = value
    return data


ROWS = [5, 130, 131, 250, 251, 399]
BAD = {
    "negative time": ("Surv(time, status) ~ age", bad(time=(ROWS, -1.0)), {}),
    "time of 0": ("Surv(time, status) ~ age", bad(time=([399], 0.0)), {}),
    "missing time": ("Surv(time, status) ~ age", bad(time=(ROWS, np.nan)), {}),
    "entry": ("Surv(entry, time, status) ~ age", bad(entry=([0, 398], 50.0)), {}),
    "status": ("Surv(time, status) ~ age", bad(status=([300], 2)), {}),
    "no event": ("Surv(time, status) ~ age", bad(status=0), {}),
    "domain": ("Surv(time, status) ~ np.log(dose)", bad(dose=([7, 390], -1.0)), {}),
    "offset": ("Surv(time, status) ~ age + offset(1 / dose)", bad(dose=([7, 390], 0.0)), {}),
    "infinite": ("Surv(time, status) ~ age", bad(age=([7, 390], np.inf)), {}),
    "no complete row": ("Surv(time, status) ~ age", bad(age=np.nan), {}),
    "column": ("Surv(time, status) ~ agee", bad(), {}),
    "time column": ("Surv(tim, status) ~ age", bad(), {}),
    "weights column": ("Surv(time, status) ~ age", bad(), {"weights": "wieght"}),
    "negative weight": ("Surv(time, status) ~ age", bad(share=(ROWS, -1.0)), {"weights": "share"}),
    "no weight": ("Surv(time, status) ~ age", bad(count=0), {"weights": "count"}),
    "no Surv": ("time ~ age", bad(), {}),
    "constant": ("Surv(time, status) ~ age + dose", bad(dose=1.5), {}),
    "zero": ("Surv(time, status) ~ dose", bad(dose=0.0), {}),
    "single level": ("Surv(time, status) ~ arm", bad(arm="high"), {}),
    "text": ("Surv(time, status) ~ words", bad().assign(words=[f"{k}.5" for k in range(400)]), {}),
    "text time": ("Surv(words, status) ~ age", bad().assign(words="soon"), {}),
    "twice": ("Surv(time, status) ~ age + twice", bad().assign(twice=lambda d: 2 * d["age"]), {}),
    "formula": ("Surv(time, status) ~ __import__('os')", bad(), {}),
    "too few rows": ("Surv(time, status) ~ age", bad().iloc[:3], {}),
}


def test_an_arm_without_events_is_named():
    """In memory the rest is fitted; the rows of partitions are not left out."""
    data = bad(status=(slice(0, 30), 0)).assign(flag=(np.arange(400) <= 30).astype(int))
    with pytest.raises(DataError, match="flag"):
        smx.FlexibleSurvival("Surv(time, status) ~ flag", dd.from_pandas(data, npartitions=3))


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_the_same_words(name):
    formula, data, options = BAD[name]
    messages = []
    for source in (data, dd.from_pandas(data, npartitions=min(4, len(data)))):
        with pytest.raises((DataError, FormulaError)) as caught:
            smx.FlexibleSurvival(formula, source, **options)
        messages.append((caught.type, str(caught.value)))
        assert caught.value.__suppress_context__ or caught.value.__cause__ is None or source is data
    assert messages[1] == messages[0]


@pytest.mark.parametrize(
    ("formula", "options", "words"),
    [
        ("Surv(time, status) ~ bs(age, df=4)", {}, r"bs\(\) in 'bs\(age, df=4\)' needs all rows"),
        ("Surv(time, status) ~ age", {"power": "~ scale(age)"}, r"scale\(\)"),
        ("Surv(time, status) ~ offset(center(age))", {}, r"center\(\)"),
        ("Surv(time, status) ~ np.abs(poly(age, 2))", {}, r"poly\(\)"),
        ("Surv(time, status) ~ age", {"weights": np.ones(N)}, "`weights` must name a column"),
        ("Surv(time, status) ~ age", {"cluster": np.ones(N)}, "`cluster` must name a column"),
        ("Surv(time, status) ~ name", {}, "more than 1000 levels"),
    ],
)
def test_what_needs_all_rows_is_refused_by_name(formula, options, words):
    data = trial().assign(name=[f"subject {k}" for k in range(N)])
    with pytest.raises((DataError, FormulaError), match=words):
        smx.FlexibleSurvival(formula, dd.from_pandas(data, npartitions=1), **options)


def test_results_need_no_dask():
    data = trial()
    memory, dask = both("Surv(time, status) ~ age + arm", data, distribution="weibull")
    text = pickle.dumps(dask)
    assert b"dask" not in text
    assert len(text) < 30_000
    again = pickle.loads(text)
    new = data.head(3)
    expected = memory.predict(new, "survival", at=[1.0, 2.0])
    pd.testing.assert_frame_equal(again.predict(new, "survival", at=[1.0, 2.0]), expected)
    pd.testing.assert_frame_equal(
        dask.standardise(at=[1.0], by="arm", over=new), memory.standardise(at=[1.0], by="arm", over=new)
    )
    assert str(dask.summary()) == str(memory.summary(effects=False))
    larger = smx.FlexibleSurvival("Surv(time, status) ~ age + arm", dd.from_pandas(data, npartitions=2)).fit()
    assert dask.lr_test(larger)["df"] == 1
    assert dask.plot("survival", by="arm") is not None


def test_methods_that_need_the_rows_say_so():
    data = trial()
    memory, dask = both("Surv(time, status) ~ age", data, distribution="weibull")
    frame = dd.from_pandas(data, npartitions=2)
    for call in (
        lambda: dask.residuals("martingale"),
        lambda: dask.predict(kind="median"),
        lambda: dask.conf_int(method="profile"),
        lambda: dask.follow_up(),
    ):
        with pytest.raises(DataError, match="fitted to a Dask frame"):
            call()
    with pytest.raises(DataError, match="Dask frame"):
        memory.score_test(smx.FlexibleSurvival("Surv(time, status) ~ age + arm", frame))
    with pytest.raises(DataError, match="keep_data"):
        smx.FlexibleSurvival("Surv(time, status) ~ age", frame).fit(keep_data=True)
    with pytest.raises(DataError, match="compute"):
        dask.predict(frame, "median")
    with pytest.raises(DataError, match="not a data frame"):
        smx.FlexibleSurvival("Surv(time, status) ~ age", frame["age"])


def test_dask_is_not_imported_for_rows_in_memory():
    code = (
        "import sys, statmodels_x as smx\n"
        "smx.FlexibleSurvival('Surv(time, status) ~ 1', smx.datasets.load_melanoma(), 'exponential').fit()\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('dask', 'distributed')]\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_missing_package_is_named(monkeypatch):
    frame = dd.from_pandas(trial(), npartitions=2)
    assert is_dask_frame(frame)
    monkeypatch.setitem(sys.modules, "dask", None)
    assert not is_dask_frame(trial())
    with pytest.raises(MissingPackageError, match=r"statmodels_x\[dask\]"):
        smx.FlexibleSurvival("Surv(time, status) ~ age", frame)


def part_of_trial(k: int) -> pd.DataFrame:
    return trial(6000, seed=k)


def test_a_killed_worker_loses_nothing(monkeypatch):
    distributed = pytest.importorskip("distributed")
    data = pd.concat([part_of_trial(k) for k in range(4)], ignore_index=True)
    formula, options = "Surv(time, status) ~ age + arm", {"distribution": "weibull", "power": "~ age"}
    memory = smx.FlexibleSurvival(formula, data, **options).fit()
    calls, killed = [], []
    plain = Blocks.each_with

    def each_with(self, function, arguments):
        calls.append(function)
        if len(calls) == 4:  # one of the steps: the worker dies while its sums are asked for
            held = {worker: len(keys) for worker, keys in client.has_what().items()}
            victim = client.run(os.getpid)[max(held, key=held.get)]
            killed.append(victim)
            threading.Timer(0.02, os.kill, (victim, signal.SIGKILL)).start()
        return plain(self, function, arguments)

    cluster = distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=":0",
        memory_limit="1GiB",
        silence_logs=60,
    )
    with cluster, distributed.Client(cluster) as client:
        frame = dd.from_map(part_of_trial, range(4), meta=data.iloc[:0])
        model = smx.FlexibleSurvival(formula, frame, **options)
        assert sum(len(keys) for keys in client.has_what().values()) >= 4  # the workers hold the rows
        monkeypatch.setattr(Blocks, "each_with", each_with)
        dask = model.fit()
        alive = set(client.run(os.getpid).values())
        assert len(calls) > 6
        assert killed
        assert killed[0] not in alive
    assert_same(memory, dask)
