"""Numbers of published analyses and of own derivations, to their digits."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import statmodels_x as smx

RESET = {"BOS -> dead": "reset"}


def shares(fit, at, **more):
    return fit.predict(at=at, **more)["estimate"].to_numpy()


@pytest.fixture(scope="module", params=["forward", "reset"])
def weibull(request, bosms3):
    clock = "forward" if request.param == "forward" else RESET
    return request.param, smx.MultiState("~ 1", bosms3, clock, "weibull", scale="ph").fit()


def test_counts(bosms3):
    assert bosms3.n == 204
    assert bosms3.counts()["events"].tolist() == [103, 29, 68]


@pytest.mark.parametrize(
    ("clock", "options", "aic"),
    [
        ("forward", {"distribution": "exponential", "scale": "ph"}, 1099.292),
        (RESET, {"distribution": "weibull", "scale": "ph"}, 1091.116),
        ("forward", {"distribution": "weibull", "scale": "ph"}, 1094.614),
        (RESET, {"distribution": "gengamma", "scale": "aft"}, 1093.612),
    ],
)
@pytest.mark.filterwarnings("ignore::statmodels_x.errors.StatmodelsXWarning")
def test_aic(bosms3, clock, options, aic):
    assert smx.MultiState("~ 1", bosms3, clock, **options).fit().aic == pytest.approx(aic, abs=6e-4)


def test_log_likelihoods(weibull):
    clock, fit = weibull
    last = -158.4896 if clock == "forward" else -156.7409
    assert_allclose([part.llf for part in fit.fits.values()], [-271.7068, -111.1105, last], atol=6e-5)
    assert fit.llf == pytest.approx(sum(part.llf for part in fit.fits.values()), abs=1e-10)


def test_occupancy(weibull):
    clock, fit = weibull
    late = [0.091166, 0.120481, 0.788353] if clock == "forward" else [0.091166, 0.110783, 0.798051]
    early = [0.304217, 0.252169, 0.443614] if clock == "forward" else [0.304217, 0.255790, 0.439993]
    assert_allclose(shares(fit, [5, 10]), early + late, atol=6e-7)
    errors = [0.0325, 0.0275, 0.0335] if clock == "forward" else [0.0325, 0.0274, 0.0333]
    assert_allclose(fit.predict(at=5)["std_error"], errors, atol=6e-5)


def test_published_probabilities(bosms3):
    fit = smx.MultiState("~ 1", bosms3, "forward", "weibull", scale="ph").fit()
    published = [0.3042199, 0.2521696, 0.4436105, 0.0911702, 0.1204794, 0.7883505]
    assert_allclose(shares(fit, [5, 10]), published, atol=5e-6)
    from_ill = fit.predict(at=[5, 10], start="BOS").query("state == 'BOS'")
    assert_allclose(from_ill["estimate"], [0.280413, 0.069040], atol=6e-7)
    following = fit.predict(kind="next_state").set_index(["state", "quantity"])["estimate"]
    assert following["BOS", "probability"] == pytest.approx(0.717736, abs=6e-7)


def test_stays(weibull):
    clock, fit = weibull
    table = fit.predict(kind="stay", at=[5, 10])
    early = [2.8782, 1.1313, 0.9905] if clock == "forward" else [2.8782, 1.1641, 0.9577]
    assert_allclose(table["estimate"][:3], early, atol=6e-5)
    if clock == "forward":
        assert_allclose(table["std_error"][:3], [0.1294, 0.1061, 0.1015], atol=6e-5)
        assert_allclose(table["estimate"][3:], [3.7671, 2.0570, 4.1759], atol=6e-5)


def test_next_state(weibull):
    found = weibull[1].predict(kind="next_state").pivot(index="state", columns="quantity", values="estimate")
    columns = ["q25", "median", "q75", "mean"]
    assert_allclose(found.loc["BOS", columns].to_numpy(float), [0.8307, 2.2636, 4.8505, 3.4564], atol=6e-5)
    assert_allclose(found.loc["dead", columns].to_numpy(float), [2.3526, 4.6425, 8.0397, 5.8105], atol=6e-5)


def test_time_to_death_by_any_way(bosms3):
    """What the vignette simulates: quartiles and mean from the transplant to death."""
    fit = smx.MultiState("~ 1", bosms3, RESET, "weibull", scale="ph").fit()
    alive = fit.predict(kind="survival", at=[3.170, 5.630, 9.041])["estimate"]
    assert_allclose(alive, [0.75, 0.5, 0.25], atol=5e-5)
    assert fit.predict(kind="stay", at=2000.0)["estimate"][:2].sum() == pytest.approx(6.6612, abs=6e-5)


def test_gradients_to_their_digits(weibull):
    """Exact gradients of the shares against extrapolated central differences."""
    from statmodels_x.multistate.inference.intensities import intensities
    from statmodels_x.multistate.inference.paths import From, occupancy

    fit = weibull[1]
    hazards, theta = intensities(fit, None), fit.coefficients.to_numpy()
    origin, times = From("transplant", np.zeros(1), np.zeros(1)), np.array([1.0, 5.0, 10.0])
    places = np.zeros(3, int)

    def shares_at(values):
        found = occupancy(hazards.under(values), origin, places, times).values()
        return np.concatenate([share.value for share in found])

    exact = np.concatenate([s.gradient for s in occupancy(hazards, origin, places, times).values()])
    for j, unit in enumerate(np.eye(len(theta))):
        one, two = (
            (shares_at(theta + h * unit) - shares_at(theta - h * unit)) / (2 * h) for h in (1e-3, 2e-3)
        )
        assert_allclose(exact[:, j], (4 * one - two) / 3, atol=1e-10)


@pytest.mark.parametrize(("scale", "llf"), [("ph", -538.368), ("aft", -538.2875)])
@pytest.mark.filterwarnings("ignore::statmodels_x.errors.IdentificationWarning")
def test_full_family(bosms3, scale, llf):
    fit = smx.MultiState("~ 1", bosms3, RESET, "apgw", scale=scale, other_scale=1.0).fit()
    assert fit.llf == pytest.approx(llf, abs=6e-4)


@pytest.mark.parametrize(
    ("clock", "options", "llf"),
    [
        ("reset", {"distribution": "apgw", "scale": "ph", "other_scale": 1.0}, 15 - 4162.44 / 2),
        ("forward", {"distribution": "apgw", "scale": "aft", "other_scale": 1.0}, 15 - 4156.09 / 2),
        ("forward", {"distribution": "weibull", "scale": "ph"}, 12 - 4341.70 / 2),
        ("forward", {"distribution": "lognormal", "scale": "aft"}, 12 - 4252.40 / 2),
    ],
)
@pytest.mark.filterwarnings("ignore::statmodels_x.errors.IdentificationWarning")
def test_colon_by_other_models(colon, clock, options, llf):
    assert smx.MultiState("~ rx", colon, clock, **options).fit().llf == pytest.approx(llf, abs=6e-3)


def test_next_state_of_exponentials_is_a_share_of_events(bosms3):
    fit = smx.MultiState("~ 1", bosms3, distribution="exponential", scale="ph").fit()
    assert fit.predict(kind="next_state")["estimate"].iloc[0] == pytest.approx(103 / 132, abs=1e-8)


def test_markov(weibull):
    clock, fit = weibull
    if clock == "reset":
        test = fit.markov_test().iloc[0]
        assert test["statistic"] == pytest.approx(0.04, abs=6e-3)
        assert test["df"] == 1


def test_stacked_is_separate_when_nothing_is_shared(bosms3):
    options = {"distribution": "weibull", "scale": "ph"}
    separate = smx.MultiState("~ 1", bosms3, **options).fit()
    saturated = smx.MultiState("~ transition", bosms3, stacked=True, power="~ transition", **options).fit()
    one_power = smx.MultiState("~ transition", bosms3, stacked=True, **options).fit()
    assert saturated.llf == pytest.approx(-541.3069334, abs=1e-6)
    assert separate.llf == pytest.approx(saturated.llf, abs=1e-7)
    assert one_power.llf == pytest.approx(-546.3594, abs=6e-5)
    for larger in (saturated, separate):
        test = one_power.lr_test(larger)
        assert float(test["statistic"]) == pytest.approx(10.105, abs=1e-3)
        assert test["df"] == 2
    for one, other in ((saturated, separate), (separate, saturated)):
        with pytest.raises(smx.errors.DataError, match="the two models are the same"):
            one.lr_test(other)
    for kind in ("occupancy", "stay"):
        ours, theirs = (fit.predict(kind=kind, at=[2, 9]) for fit in (saturated, separate))
        assert_allclose(ours["estimate"], theirs["estimate"], atol=2e-6)
        assert_allclose(ours["std_error"], theirs["std_error"], atol=2e-6)


def test_robust_errors(bosms3):
    """Within a transition, of which a subject has one row, the sandwich is that of rows; between them it is not 0."""
    model = smx.MultiState("~ 1", bosms3, distribution="weibull", scale="aft")
    robust, plain = model.fit(cov_type="cluster"), model.fit()
    matrix, of = robust.cov_params().to_numpy(), robust.params.index.get_level_values("transition")
    for name in robust.fits:
        rows = bosms3.of(*name.split(" -> "))
        alone = smx.FlexibleSurvival("Surv(start, stop, status) ~ 1", rows, "weibull", scale="aft")
        own = matrix[np.ix_(of == name, of == name)]
        assert_allclose(own, alone.fit(cov_type="robust").cov_params(), rtol=1e-7)
    across = np.ix_(of == "transplant -> BOS", of == "transplant -> dead")
    assert np.abs(matrix[across]).min() > 1e-6
    assert (plain.cov_params().to_numpy()[across] == 0.0).all()
    assert (robust.bse / plain.bse).between(0.89, 1.06).all()


def test_aalen_johansen(bosms3):
    table = bosms3.aalen_johansen().set_index("time")
    assert_allclose(table[:5.0].iloc[-1], [0.2727, 0.2943, 0.4330], atol=6e-5)
    assert_allclose(table[:10.0].iloc[-1], [0.1741, 0.0398, 0.7861], atol=6e-5)


@pytest.mark.filterwarnings("ignore::statmodels_x.errors.IdentificationWarning")
def test_colon(colon):
    assert colon.counts()["events"].tolist() == [468, 38, 414]
    fit = smx.MultiState(
        "~ rx", colon, distribution="apgw", scale="ph", other_scale=1.0 if _takes_number() else None
    )
    fit = fit.fit()
    assert fit.aic == pytest.approx(4138.40, abs=6e-3)
    assert_allclose([part.llf for part in fit.fits.values()], [-1250.263, -209.520, -594.420], atol=6e-4)
    new = pd.DataFrame({"rx": ["Obs", "Lev+5FU"]})
    found = fit.predict(new, at=[3, 8])["estimate"].to_numpy().reshape(4, 3)
    expected = [[0.49060, 0.16083, 0.34858], [0.37319, 0.05665, 0.57016],
                [0.64680, 0.08541, 0.26779], [0.53595, 0.02743, 0.43662]]  # fmt: skip
    assert_allclose(found, expected, atol=6e-6)
    stays = fit.predict(new, "stay", at=8)
    assert_allclose(stays["estimate"], [4.1121, 0.9651, 2.9228, 5.2501, 0.5132, 2.2368], atol=6e-5)
    assert_allclose(stays["std_error"][:3], [0.1863, 0.0874, 0.1641], atol=6e-5)


def _takes_number():
    """Whether this version writes the fixed other scale as a number."""
    import inspect

    return inspect.signature(smx.FlexibleSurvival.__init__).parameters["other_scale"].default is not None


CHAIN = {
    "1 -> 2": (0.5, 1.2), "1 -> 4": (0.1, 0.8), "2 -> 3": (0.6, 1.1), "2 -> 4": (0.2, 1.0), "3 -> 4": (0.9, 1.3),
}  # fmt: skip


def test_chain_of_four_states():
    """Hazards of known Weibulls on clocks that are reset: three steps, each singular or flat at both ends."""
    rng = np.random.default_rng(0)
    n = 400
    rows = []
    for k in range(n):
        state, now = "1", 0.0
        while state != "4":
            ways = [name for name in CHAIN if name.startswith(state)]
            times = {
                name: rng.standard_exponential() ** (1 / CHAIN[name][1]) / CHAIN[name][0] for name in ways
            }
            first = min(times, key=times.get)
            stop = now + times[first]
            rows += [(k, state, name[-1], now, stop, int(name == first)) for name in ways]
            state, now = first[-1], stop
    frame = pd.DataFrame(rows, columns=["id", "from", "to", "start", "stop", "status"])
    names = {state: state for state in "1234"}
    data = smx.MultiStateData.from_long(frame, names=names)
    fit = smx.MultiState("~ 1", data, "reset", "weibull", scale="ph").fit()
    truth = [
        value
        for name in fit.fits
        for value in (CHAIN[name][1] * np.log(CHAIN[name][0]), np.log(CHAIN[name][1]))
    ]
    known = fit.with_params(np.array(truth))
    assert_allclose(known.predict(at=4)["estimate"][:3], [0.06217225, 0.12501257, 0.11180140], atol=6e-8)
    assert known.predict(at=4)["estimate"].sum() == pytest.approx(1.0, abs=1e-12)
    assert np.abs((fit.params - truth) / fit.bse).max() < 4
    paths = known.simulate(n=40_000, until=4.0, seed=3)
    last = paths.drop_duplicates("path", keep="last")
    ends = last["to"].astype(object).where(last["to"].notna(), last["from"].astype(object))
    share = ends.value_counts(normalize=True)
    for state, value in zip("123", [0.06217225, 0.12501257, 0.11180140], strict=True):
        assert abs(share[state] - value) < 4 * np.sqrt(value * (1 - value) / 40_000)


@pytest.mark.parametrize(
    ("clock", "distribution", "value"),
    [("forward", "exponential", 0.5221001), ("forward", "weibull", 0.5063), ("reset", "weibull", 0.5076)],
)
def test_pte_of_the_model(clock, distribution, value):
    """A trial with known process, each hazard with shapes of its own in each arm."""
    process = smx.IllnessDeathTrial(
        smx.IllnessDeath(1.0, 0.10, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45), 0.08
    )
    trial = process.simulate(n=1000, seed=3)
    shape = {} if distribution == "exponential" else {"power": "~ arm"}
    data = smx.MultiStateData.from_trial(trial)
    fit = smx.MultiState("~ arm", data, clock, distribution, scale="ph", **shape).fit()
    arms = pd.DataFrame({"arm": [0, 1]})

    def pte(one):
        return smx.IllnessDeathTrial(*(one.arm(arms.iloc[[k]]) for k in (0, 1))).true_values(3, 1)["pte"]

    digits = 1e-7 if distribution == "exponential" else 6e-5
    assert pte(fit) == pytest.approx(value, abs=digits)
    if clock == "forward" and distribution == "weibull":
        assert fit.derive(pte)["std_error"].iloc[0] == pytest.approx(0.0449, abs=6e-5)
