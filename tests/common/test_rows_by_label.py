"""What stands beside the rows of a frame goes by its labels if it has any, else by position; in every room."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import statmodels_x as smx
from statmodels_x.errors import DataError

pytestmark = pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")

N = 60
LABELS = [f"p{(7 * k) % N:02d}" for k in range(N)]
RNG = np.random.default_rng(8)


def people() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    arm = np.arange(N) % 2
    death, early, end = rng.exponential(2.0 + arm), rng.exponential(1.0 + arm), rng.uniform(2.5, 6.0, N)
    time = np.minimum(death, end)
    columns = {"t": time, "d": (death <= end).astype(int), "e": np.minimum(early, time), "arm": arm}
    columns |= {"s": (early < time).astype(int), "x": rng.normal(size=N)}
    return pd.DataFrame(columns, index=LABELS)


def places() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    x = rng.uniform(size=N)
    return pd.DataFrame({"x": x, "y": (x > 0.6) + 0.1 * rng.normal(size=N)}, index=LABELS)


def trials() -> pd.DataFrame:
    s = np.random.default_rng(5).normal(size=N)
    return pd.DataFrame({"s": s, "t": 0.7 * s + 0.2 * RNG.normal(size=N), "same": 0.1}, index=LABELS)


@dataclass(frozen=True)
class Beside:
    """An argument that takes one value for each row: the numbers that come out of it."""

    argument: str
    numbers: Callable[[pd.DataFrame, Any], np.ndarray]
    values: Any
    frame: Callable[[], pd.DataFrame] = people


def estimates(fit):
    return fit.tidy().select_dtypes("number").to_numpy(float)


def survival(argument):
    return lambda d, v: estimates(smx.FlexibleSurvival("Surv(t, d) ~ x", d, "weibull", **{argument: v}).fit())


def start(d, v):
    return estimates(smx.FlexibleSurvival("Surv(t, d) ~ x", d, "weibull").fit(start=v))


def of_fit(verb):
    def numbers(d, v):
        fit = smx.FlexibleSurvival("Surv(t, d) ~ x", d.reset_index(drop=True), "weibull").fit()
        return verb(fit, d, v).select_dtypes("number").to_numpy(float)

    return numbers


def regressor(argument):
    def numbers(d, v):
        given = {"y": d[["t", "d"]].to_numpy(), argument: v}
        model = smx.FlexibleSurvivalRegressor(distribution="weibull")
        return np.append(estimates(model.fit(d[["x"]], **given).results_), model.score(d[["x"]], given["y"]))

    return numbers


def by_group(fit):
    return fit.by_group()[0].select_dtypes("number").to_numpy(float)


def surrogate(argument, model=smx.SurrogatePTE):
    def numbers(d, v):
        formulas = ("Surv(t, d) ~ arm", "Surv(e, s)")
        fit = model(*formulas, d, at=2.0, landmark=0.8, **{argument: v}).fit(n_perturb=20)
        return estimates(fit) if argument != "by" else by_group(fit)

    return numbers


def curve(d, v):
    fit = smx.FreeDiscontinuity("y ~ x", d, lam=0.1, nu=0.5, weights=v).fit(tune=None)
    return fit.predict(d).to_numpy(float)


def array(d, v):
    return np.asarray(smx.FreeDiscontinuity(d["y"], lam=0.1, nu=0.5, weights=v).fit(tune=None).curve)


def trial_level(d, v):
    return estimates(smx.TrialLevelSurrogacy("t ~ s", d, std_error=["same", v], correlation=0.0).fit())


def states(argument):
    def numbers(d, v):
        stays = smx.MultiStateData.from_wide(d, {"ill": ("e", "s"), "dead": ("t", "d")}, keep=["x"])
        fit = smx.MultiState("~ x", stays, "reset", "weibull").fit()
        more = {"start": "ill", "given": 1.0, "entered": np.zeros(len(d))} | {argument: v}
        return fit.predict(d, at=[2.0], **more)["estimate"].to_numpy()

    return numbers


WEIGHTS = RNG.uniform(0.2, 0.8, N)
GROUPS = RNG.integers(0, 7, N)
ROWS = [
    Beside("weights", survival("weights"), WEIGHTS),
    Beside("cluster", survival("cluster"), GROUPS),
    Beside("given", of_fit(lambda fit, d, v: fit.predict(d, at=[2.0], given=v)), WEIGHTS),
    Beside("weights", of_fit(lambda fit, d, v: fit.standardise(at=[2.0], over=d, weights=v)), WEIGHTS),
    Beside("sample_weight", regressor("sample_weight"), WEIGHTS),
    *(Beside(name, surrogate(name), WEIGHTS) for name in ("weights", "propensity")),
    *(Beside(name, surrogate(name), GROUPS % 2) for name in ("strata", "by")),
    Beside("cluster", surrogate("cluster"), GROUPS),
    Beside("weights", surrogate("weights", smx.ResidualEffect), WEIGHTS),
    Beside("weights", curve, WEIGHTS, places),
    Beside("weights", array, WEIGHTS, places),
    Beside("std_error", trial_level, WEIGHTS, trials),
    Beside("given", states("given"), WEIGHTS),
    Beside("entered", states("entered"), WEIGHTS),
]


@pytest.mark.parametrize(
    "case", ROWS, ids=lambda case: f"{case.argument}-{case.numbers.__qualname__.split('.')[0]}"
)
def test_a_series_goes_by_its_labels_and_an_array_by_position(case):
    frame = case.frame()
    by_position = case.numbers(frame, case.values)
    series = pd.Series(case.values, frame.index)
    assert_array_equal(case.numbers(frame, series[::-1]), by_position)
    assert_array_equal(case.numbers(frame, series.to_numpy().tolist()), by_position)
    assert not np.array_equal(
        case.numbers(frame, case.values[::-1]), by_position, equal_nan=True
    )  # it matters
    with pytest.raises(DataError, match=rf"`{case.argument}` is a Series with other labels"):
        case.numbers(frame, pd.Series(case.values))


def test_a_start_goes_by_the_names_of_the_parameters():
    frame = people()
    fit = smx.FlexibleSurvival("Surv(t, d) ~ x", frame, "weibull").fit()
    assert_allclose(start(frame, fit.params[::-1]), start(frame, fit.params.to_numpy()), rtol=1e-12)
    with pytest.raises(DataError, match="`start` is a Series with other labels"):
        start(frame, pd.Series(fit.params.to_numpy()))


def test_an_id_goes_by_its_labels():
    frame = people().iloc[:-1]
    names = pd.Series(LABELS, LABELS)
    with pytest.raises(DataError, match="`id`"):
        surrogate("id")(frame, names)  # one label more
    one = surrogate("id")(frame, names.iloc[:-1][::-1])
    assert_array_equal(one, surrogate("id")(frame, np.arange(N - 1)))


def test_rows_to_compare_with_go_by_their_labels():
    frame = people()
    other = frame.assign(x=frame["x"] + WEIGHTS)

    def difference(reference):
        return of_fit(lambda fit, d, v: fit.predict(d, "survival_difference", at=[2.0], reference=v))(
            frame, reference
        )

    assert_array_equal(difference(other[::-1]), difference(other))
    unnamed = other.reset_index(drop=True)  # none of the rows' labels: by position
    assert_array_equal(difference(unnamed), difference(other))
    stays = smx.MultiStateData.from_wide(frame, {"ill": ("e", "s"), "dead": ("t", "d")}, keep=["x"])
    fit = smx.MultiState("~ x", stays, distribution="weibull").fit()
    one, two = (
        fit.predict(frame, "occupancy_difference", at=[2.0], reference=d) for d in (other, other[::-1])
    )
    assert_array_equal(one["estimate"], two["estimate"])


def test_times_of_scikit_learn_go_by_their_labels():
    frame = people()
    model = smx.FlexibleSurvivalRegressor(distribution="weibull")
    times, rows = frame[["t", "d"]], frame[["x"]]
    numbers = [
        np.append(estimates(model.fit(rows, y).results_), model.score(rows, y))
        for y in (times, times[::-1], times.to_numpy())
    ]
    assert_array_equal(numbers[0], numbers[1])
    assert_array_equal(numbers[0], numbers[2])
    with pytest.raises(DataError, match="`y` is a Series with other labels"):
        model.fit(rows, times.reset_index(drop=True))


def test_columns_of_a_response_by_hand_go_by_their_labels():
    frame = people()
    surv = smx.Surv(frame["t"], frame["d"][::-1])
    assert_array_equal(surv.code, frame["d"])
    with pytest.raises(DataError, match="`status` is a Series with other labels"):
        smx.Surv(frame["x"].abs(), frame["t"], frame["d"].reset_index(drop=True))


def test_weights_of_a_table_go_by_the_labels_of_both_its_axes():
    rng = np.random.default_rng(6)
    table = pd.DataFrame(np.add.outer(np.arange(6.0), [0, 0, 0, 5, 5, 5]), list("abcdef"), list("uvwxyz"))
    table += 0.3 * rng.normal(size=(6, 6))
    weights = pd.DataFrame(rng.uniform(0.2, 2.0, (6, 6)), table.index, table.columns)

    def surface(w):
        return smx.FreeDiscontinuity(table, lam=0.1, nu=0.5, weights=w).fit(tune=None, max_iter=300).surface

    expected = surface(weights.to_numpy())
    assert_array_equal(surface(weights.iloc[::-1, ::-1]), expected)
    assert not np.array_equal(surface(weights.to_numpy()[::-1]), expected)
    with pytest.raises(DataError, match="`weights` is a Series with other labels"):
        surface(weights.set_axis(list("ghijkl")))


def test_weights_of_a_labelled_array_go_by_its_coordinates():
    xarray = pytest.importorskip("xarray")
    rng = np.random.default_rng(6)
    values = xarray.DataArray(
        np.add.outer(np.arange(6.0), [0, 0, 5, 5, 5]),
        dims=("u", "v"),
        coords={"u": np.arange(6), "v": np.arange(5)},
    )
    weights = values.copy(data=rng.uniform(0.2, 2.0, (6, 5)))

    def surface(w):
        return smx.FreeDiscontinuity(values, lam=0.1, nu=0.5, weights=w).fit(tune=None, max_iter=300).surface

    assert_array_equal(surface(weights.T), surface(weights.to_numpy()))
    with pytest.raises(DataError, match="`weights` has other coordinates along 'u'"):
        surface(weights.assign_coords(u=np.arange(6) + 1))


def test_numbers_of_stages_go_by_their_names():
    matrix = [[0.0, 1.0, 4.0], [0.5, 0.0, 0.0], [0.0, 0.4, 0.8]]
    plants = smx.MatrixPopulation(matrix, stages=["seed", "rosette", "flower"])
    counts = pd.Series({"flower": 3.0, "seed": 100.0, "rosette": 20.0})
    in_order = [100.0, 20.0, 3.0]
    assert_array_equal(plants.project(counts, 4).totals, plants.project(in_order, 4).totals)
    assert_array_equal(plants.project(pd.Series(in_order), 4).totals, plants.project(in_order, 4).totals)
    assert plants.inertia(counts) == plants.inertia(in_order)
    for many in (smx.simulate_populations, smx.quasi_extinction):
        pd.testing.assert_frame_equal(many(plants, counts, 5, n=4), many([plants], in_order, 5, n=4))
    with pytest.raises(DataError, match="`initial` is a Series with other labels"):
        plants.project(counts.rename({"seed": "seeds"}), 4)


def test_weights_of_trials_go_by_their_names():
    frame = trials()
    fit = smx.TrialLevelSurrogacy("t ~ s", frame, std_error=["same", "same"], correlation=0.0).fit()
    series = pd.Series(WEIGHTS, frame.index)
    expected = fit.weighted_regression(WEIGHTS)
    assert_array_equal(fit.weighted_regression(series[::-1]), expected)
    assert not np.array_equal(fit.weighted_regression(WEIGHTS[::-1]), expected)
    with pytest.raises(DataError, match="`weights` is a Series with other labels"):
        fit.weighted_regression(pd.Series(WEIGHTS))


def labelled() -> pd.DataFrame:
    plain = people().reset_index(drop=True)
    kinds = {"who": [[k] for k in range(N)], "cause": [[k % 2] for k in range(N)]}
    return plain.assign(
        year=range(N), count=1.0 + np.arange(N), **{k: pd.Series(v) for k, v in kinds.items()}
    )


def wide(frame, **options):
    return smx.MultiStateData.from_wide(frame, {"ill": ("e", "s"), "dead": ("t", "d")}, **options)


GROUPS: dict[str, tuple[str, Callable[[pd.DataFrame], Any]]] = {
    "series of a population": ("who", lambda d: smx.LotkaVolterra("count + t ~ year", d, culture="who")),
    "causes": ("cause", lambda d: smx.MultiStateData.competing(d, "t", "cause")),
    "subjects": ("who", lambda d: wide(d, id="who")),
    "groups of a curve": ("who", lambda d: wide(d, keep=["who"]).aalen_johansen(by="who")),
    "subjects of long rows": (
        "who",
        lambda d: smx.MultiStateData.from_long(
            d.assign(**{"from": "a", "to": "b", "start": 0.0, "stop": 1.0, "status": 1}), "who"
        ),
    ),
    "clusters of trials": (
        "who",
        lambda d: smx.TrialLevelSurrogacy(
            "t ~ e", d, std_error=["count", "count"], correlation=0.5, cluster="who"
        ),
    ),
    "clusters": ("who", lambda d: smx.FlexibleSurvival("Surv(t, d) ~ x", d, cluster="who")),
    "strata": (
        "who",
        lambda d: smx.SurrogatePTE("Surv(t, d) ~ arm", "Surv(e, s)", d, at=2.0, landmark=1.0, strata="who"),
    ),
}


@pytest.mark.parametrize("which", GROUPS)
def test_lists_mark_no_groups(which):
    column, call = GROUPS[which]
    with pytest.raises(DataError, match=f"column '{column}' holds list objects"):
        call(labelled())
