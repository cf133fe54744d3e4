"""The scale that is not estimated stands at the middle of the events: for every kind of observation, in any unit."""

import warnings

import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from lifelines import NelsonAalenFitter
from numpy.testing import assert_allclose

from statmodels_x import APGW, FlexibleSurvival, load, save
from statmodels_x.core.errors import DataError, StatmodelsXWarning
from statmodels_x.datasets import load_melanoma
from statmodels_x.survival.reading.anchor import event_times, median_event, nelson_aalen

INTERVALS = 'Surv(low, high, type="interval2") ~ x'
KINDS = {
    "right": ("Surv(t, s) ~ x", {}),
    "entry": ("Surv(e, t, s) ~ x", {}),
    "weights": ("Surv(t, s) ~ x", {"weights": "w"}),
    "interval": (INTERVALS, {}),
    "cure": ("Surv(t, s) ~ x", {"cure": "~ 1", "shape": 1.0, "power": "~ x"}),
    "own power": ("Surv(t, s) ~ x", {"distribution": "weibull", "power": "~ x"}),
}


def sample(n=300, seed=3, rounded=False):
    r = np.random.default_rng(seed)
    x = r.integers(0, 2, n)
    event = APGW(1.0, np.exp(-0.7 * x), 1.4, 0.3).rvs(seed=r)
    event = np.ceil(4.0 * event) / 4.0 if rounded else event
    end = r.uniform(0.5, 4.0, n)
    t, s = np.minimum(event, end), (event <= end).astype(int)
    low = np.floor(2.0 * t) / 2.0
    return pd.DataFrame({
        "x": x, "t": t, "s": s, "e": np.where(r.random(n) < 0.3, 0.5 * t * r.random(n), 0.0),
        "w": r.integers(1, 4, n), "low": low, "high": np.where(s == 1, low + 0.5, np.inf),
    })  # fmt: skip


def quietly(formula, data, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        return FlexibleSurvival(formula, data, **options).fit(tol=1e-14)


@pytest.mark.parametrize("rounded", [False, True])
@pytest.mark.parametrize("n", [3, 60, 2501])
def test_the_anchor_is_the_median_event_and_the_hazard_there(n, rounded):
    data = sample(n, rounded=rounded)
    seen = data.loc[data["s"] == 1, "t"]
    arrays = FlexibleSurvival("Surv(t, s) ~ 1", data).to_arrays()
    middle = median_event(arrays.each)
    assert middle == pytest.approx(np.median(seen), rel=1e-12)
    theirs = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(data["t"], data["s"])
    assert nelson_aalen(arrays.each, middle) == pytest.approx(theirs.predict(middle), rel=1e-12)
    late = FlexibleSurvival("Surv(e, t, s) ~ 1", data).to_arrays()
    theirs = NelsonAalenFitter(nelson_aalen_smoothing=False).fit(data["t"], data["s"], entry=data["e"])
    assert nelson_aalen(late.each, middle) == pytest.approx(theirs.predict(middle), rel=1e-12)


@pytest.mark.parametrize("most", [3, 40, 20_000])
@pytest.mark.parametrize("ties", ["none", "quarters", "two times", "one time", "half at each of two"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_median_is_closed_in_on_whatever_the_ties_and_weights(monkeypatch, most, ties, weighted):
    monkeypatch.setattr("statmodels_x.survival.reading.anchor._MOST", most)
    data = sample(2501).assign(s=1)
    if ties == "quarters":
        data["t"] = np.ceil(4.0 * data["t"]) / 4.0
    elif ties == "two times":
        data["t"] = np.where(data["x"] == 1, 1.0, 3.0)
    elif ties == "one time":
        data["t"] = 2.0
    elif ties == "half at each of two":
        data = data.iloc[:2500].assign(t=np.repeat([1.0, 3.0], 1250), w=2)
    weight = data["w"].to_numpy() if weighted else np.ones(len(data), int)
    model = FlexibleSurvival("Surv(t, s) ~ 1", data, weights="w" if weighted else None)
    expected = np.median(np.repeat(data["t"].to_numpy(), weight))
    assert median_event(model.to_arrays().each) == pytest.approx(expected, rel=1e-12)


def test_the_nelson_aalen_estimate_of_many_events_is_grouped(monkeypatch):
    arrays = FlexibleSurvival("Surv(t, s) ~ 1", sample(4000)).to_arrays()
    exact = nelson_aalen(arrays.each, 0.7)
    monkeypatch.setattr("statmodels_x.survival.reading.anchor._MOST", 200)
    assert nelson_aalen(arrays.each, 0.7) == pytest.approx(exact, rel=2e-3)
    assert nelson_aalen(arrays.each, 0.7) != exact


def test_an_event_within_an_interval_stands_between_its_ends():
    data = pd.DataFrame({"low": [0.0, 1.0, 2.0, 3.0], "high": [2.0, 4.0, 2.0, np.inf], "x": [0, 1, 0, 1]})
    arrays = FlexibleSurvival('Surv(low, high, type="interval2") ~ 1', data).to_arrays()
    assert_allclose(event_times(arrays)[0], [1.0, 2.0, 2.0])


@pytest.mark.parametrize("scale", ["ph", "aft"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_unit_of_time_is_part_of_the_model(kind, scale):
    formula, options = KINDS[kind]
    data = sample()
    base = quietly(formula, data, scale=scale, **options)
    times = ["t", "e", "low", "high"]
    for unit in (12.0, 365.25):
        other = quietly(
            formula, data.assign(**{name: unit * data[name] for name in times}), scale=scale, **options
        )
        exact = base.facts.counts["exact"] if kind != "weights" else base.n_events
        assert other.llf == pytest.approx(base.llf - exact * np.log(unit), abs=1e-6)
        assert_allclose(other.pvalues.drop("Intercept", level="term"), base.pvalues.drop("Intercept", level="term"),
                        rtol=1e-4, atol=1e-12)  # fmt: skip
        assert not other.specification.depends_on_time_unit


@pytest.mark.parametrize("scale", ["ph", "aft"])
@pytest.mark.parametrize("kind", ["right", "entry", "weights", "interval", "cure"])
def test_the_anchor_of_partitions_is_that_of_all_rows(kind, scale):
    formula, options = KINDS[kind]
    data = sample(500, rounded=True)
    memory = FlexibleSurvival(formula, data, scale=scale, **options)
    dask = FlexibleSurvival(formula, dd.from_pandas(data, npartitions=4), scale=scale, **options)
    anchored = memory.specification.anchored
    assert anchored == {"ph": "aft", "aft": "ph"}[scale]
    assert dask.specification.fixed[anchored] == pytest.approx(
        memory.specification.fixed[anchored], rel=1e-12
    )
    assert dask.specification.anchor_time == pytest.approx(memory.specification.anchor_time, rel=1e-12)


def test_whole_weights_are_repeated_rows():
    data = sample(200)
    weighted = FlexibleSurvival("Surv(e, t, s) ~ x", data, weights="w", scale="aft")
    repeated = FlexibleSurvival("Surv(e, t, s) ~ x", data.loc[data.index.repeat(data["w"])], scale="aft")
    assert weighted.specification.fixed["ph"] == pytest.approx(repeated.specification.fixed["ph"], rel=1e-12)
    assert weighted.specification.anchor_time == pytest.approx(repeated.specification.anchor_time)


def test_a_number_fixes_the_other_scale_there():
    data = load_melanoma()
    anchored = FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
    phi = np.exp(anchored.specification.fixed["aft"])
    assert phi == pytest.approx(1.0 / np.median(data.loc[data["status"] == 1, "time"]))
    same = FlexibleSurvival("Surv(time, status) ~ treatment", data, other_scale=phi).fit()
    assert same.llf == pytest.approx(anchored.llf, abs=1e-9)
    paper = FlexibleSurvival("Surv(time, status) ~ treatment", data, other_scale=1.0).fit()
    assert paper.llf == pytest.approx(-368.8029, abs=1e-4)
    assert paper.specification.depends_on_time_unit


def test_a_weibull_is_anchored_only_where_that_matters():
    data = load_melanoma()
    plain = FlexibleSurvival("Surv(time, status) ~ treatment", data, distribution="weibull").fit()
    assert plain.specification.fixed["aft"] == 0.0
    assert not plain.specification.anchored
    assert plain.lr_test(FlexibleSurvival("Surv(time, status) ~ treatment", data).fit())["df"] == 1
    crossing = {"distribution": "weibull", "power": "~ treatment"}
    assert (
        FlexibleSurvival("Surv(time, status) ~ treatment", data, **crossing).specification.anchored == "aft"
    )
    for preset, value in (("loglogistic", 0.0), ("lognormal", 0.0), ("exponential", 0.0)):
        model = FlexibleSurvival("Surv(time, status) ~ treatment", data, distribution=preset)
        assert 0.0 in model.specification.fixed.values()
        assert not model.specification.anchored
        assert value == model.specification.fixed["ph" if model.specification.scale == "aft" else "aft"]
    with pytest.raises(DataError, match="contradicts"):
        FlexibleSurvival("Surv(time, status) ~ treatment", data, distribution="loglogistic", scale="ph")


def test_the_anchor_is_printed_and_stored(tmp_path):
    fit = FlexibleSurvival("Surv(time, status) ~ treatment", load_melanoma()).fit()
    text = " ".join(fit.summary().as_text().split())
    assert "phi = 1/0.5507" in text
    assert "phi is fixed at 1/(0.5507 years), the inverse of the median event time" in text
    again = load(save(fit, tmp_path / "fit.smx"))
    assert again.specification.anchor_time == fit.specification.anchor_time
    new = pd.DataFrame({"treatment": [0, 1]})
    assert_allclose(again.predict(new, at=[2.0])["estimate"], fit.predict(new, at=[2.0])["estimate"])


def test_much_censoring_no_longer_drives_the_shape_to_its_limit():
    lost = {"anchor": 0, "one": 0}
    for seed in range(8):
        r = np.random.default_rng(seed)
        n = 500
        x, z = r.normal(size=n), r.integers(0, 2, n)
        t = np.exp(0.5 * x + 0.3 * z) * r.weibull(1.3, n)
        c = r.uniform(0, 0.2 * np.quantile(t, 0.1) * 10, n)
        data = pd.DataFrame({"x": x, "z": z, "t": np.minimum(t, c), "s": (t <= c).astype(int)})
        paper = {"scale": "aft", "other_scale": 1.0}
        fits = {
            "anchor": quietly("Surv(t, s) ~ x + z", data),
            "one": quietly("Surv(t, s) ~ x + z", data, **paper),
        }
        for name, fit in fits.items():
            assert np.isfinite(fit.bse).all()
            lost[name] += fit.limit is not None
    assert lost["anchor"] <= 1
    assert lost["one"] >= lost["anchor"] + 2
