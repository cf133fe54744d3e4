"""What must hold whatever the data: between states, clocks, shapes of the input, and the model and its simulation."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import statmodels_x as smx

AT = [0.0, 0.3, 1.0, 2.5, 6.0]
EVENTS = {"progressed": ("pfs", "prog"), "dead": ("os", "died")}
ARMS = pd.DataFrame({"arm": [0, 1]})
WEIBULL = {"distribution": "weibull", "scale": "ph"}


def wide(table, column="state", value="estimate"):
    """Values by row and time, one column a state."""
    return table.pivot(index=["row", "time"], columns=column, values=value)


def central(fit, quantity, step=1e-5):
    theta = fit.params.to_numpy()
    eye = np.eye(len(theta)) * step
    return np.stack(
        [
            (quantity(fit.with_params(theta + e)) - quantity(fit.with_params(theta - e))) / (2 * step)
            for e in eye
        ],
        -1,
    )


def test_shares_sum_to_one_and_stays_to_the_horizon(fit):
    assert_allclose(wide(fit.predict(ARMS, at=AT)).sum(axis=1), 1.0, atol=1e-12)
    stays = wide(fit.predict(ARMS, "stay", at=AT)).sum(axis=1)
    assert_allclose(stays, np.tile(AT, 2), atol=1e-9)
    at_once = fit.predict(ARMS, at=0)
    assert at_once["estimate"].tolist() == [1.0, 0.0, 0.0] * 2
    assert at_once["std_error"].eq(0.0).all()


def test_the_start_state_is_left_by_the_sum_of_hazards(fit):
    free = fit.predict(ARMS, "event_free", at=AT[1:])["estimate"]
    parts = [
        fit.fits[f"event_free -> {to}"].predict(ARMS, "cumulative_hazard", at=AT[1:])["estimate"]
        for to in ("progressed", "dead")
    ]
    assert_allclose(free, np.exp(-parts[0] - parts[1]), rtol=1e-12)


def test_incidence(fit):
    """Death is entered by those who are dead; progression by those who are there and those who died after it."""
    table = wide(fit.predict(ARMS, "incidence", at=AT))
    shares = wide(fit.predict(ARMS, at=AT))
    assert_allclose(table["dead"], shares["dead"], atol=1e-12)
    assert (table["progressed"] >= shares["progressed"] - 1e-12).all()
    free = fit.predict(ARMS, "event_free", at=AT)["estimate"].to_numpy()
    ever = fit.predict(ARMS, "next_state").query("state == 'progressed' and quantity == 'probability'")[
        "estimate"
    ]
    for far in (30.0, 1e4):  # all has happened long before, and the nodes must still see it
        whole = fit.predict(ARMS, "incidence", at=far).query("state == 'progressed'")["estimate"]
        assert_allclose(whole, ever, atol=1e-7)
    assert (free + table["progressed"].to_numpy() <= 1.0 + 1e-12).all()


def test_chapman_kolmogorov(data):
    fit = smx.MultiState("~ arm", data, **WEIBULL).fit()
    whole = wide(fit.predict(ARMS.iloc[:1], at=3.0)).to_numpy()
    first = wide(fit.predict(ARMS.iloc[:1], at=1.2)).to_numpy()
    later = fit.predict(ARMS.iloc[:1], "transition", at=3.0, given=1.2)
    matrix = np.eye(3)
    states = list(wide(fit.predict(ARMS.iloc[:1], at=3.0)).columns)
    for row in later.itertuples():
        matrix[states.index(row[3]), states.index(row.to)] = row.estimate
    assert_allclose(first @ matrix, whole, atol=1e-8)


def test_clocks_agree_for_exponentials(data):
    fits = [
        smx.MultiState("~ arm", data, clock, "exponential", scale="ph").fit()
        for clock in ("forward", "reset")
    ]
    assert_allclose(fits[0].params, fits[1].params, atol=1e-7)
    tables = [fit.predict(ARMS, at=AT) for fit in fits]
    assert_allclose(tables[0]["estimate"], tables[1]["estimate"], atol=1e-7)
    assert_allclose(tables[0]["std_error"], tables[1]["std_error"], atol=1e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_progression_free_survival_is_below_survival(fit, seed):
    rng = np.random.default_rng(seed)
    drawn = fit.with_params(rng.multivariate_normal(fit.params, 4.0 * fit.cov_params()))
    alive = drawn.predict(ARMS, "survival", at=AT)["estimate"]
    free = drawn.predict(ARMS, "event_free", at=AT)["estimate"]
    assert (alive >= free).all()


@pytest.fixture(scope="module", params=["forward", "reset"])
def apart(request, frame):
    """Death before and after progression as states of their own: each final state is integrated, none is a rest."""
    before = frame["died"] * (1 - frame["prog"])
    after = frame["died"] * frame["prog"]
    states = {"ill": ("pfs", "prog"), "before": ("os", "before"), "after": ("os", "after")}
    ways = ["event_free -> ill", "event_free -> before", "ill -> after"]
    data = smx.MultiStateData.from_wide(frame.assign(before=before, after=after), states, transitions=ways)
    return smx.MultiState("~ 1", data, request.param, **WEIBULL).fit()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-0.7, 0.7), min_size=3, max_size=3),
    st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3),
)
def test_quadratures_hold_at_both_ends(apart, powers, levels):
    """Hazards infinite or 0 at the start of either clock: four shares that are integrated apart sum to 1."""
    theta = np.array([value for pair in zip(levels, powers, strict=True) for value in pair])
    shares = wide(apart.with_params(theta).predict(at=[0.05, 1.0, 4.0, 200.0]))
    assert np.abs(shares.sum(axis=1) - 1.0).max() < 1e-6
    merged = shares["before"] + shares["after"]
    assert (np.diff(merged) >= -2e-6).all()


def test_shares_change_by_what_flows_in_and_out(fit):
    t, h = 1.5, 1e-4
    one = ARMS.iloc[:1]
    early, late = (wide(fit.predict(one, at=t + s * h)).iloc[0] for s in (-1, 1))
    hazards = fit.predict(one, "hazard", at=t).set_index("transition")["estimate"]
    share = wide(fit.predict(one, at=t)).iloc[0]
    out = (hazards["event_free -> progressed"] + hazards["event_free -> dead"]) * share["event_free"]
    assert (late["event_free"] - early["event_free"]) / (2 * h) == pytest.approx(-out, rel=1e-6)
    if fit.specification.clocks["progressed -> dead"] == "forward":
        flow = hazards["event_free -> progressed"] * share["event_free"]
        flow -= hazards["progressed -> dead"] * share["progressed"]
        assert (late["progressed"] - early["progressed"]) / (2 * h) == pytest.approx(flow, abs=1e-6)


@pytest.mark.parametrize("kind", ["occupancy", "incidence", "stay", "event_free", "survival"])
def test_gradients(fit, kind):
    """Errors are those of central differences."""

    def values(one):
        return one.predict(ARMS, kind, at=[1.0, 4.0])["estimate"].to_numpy()

    gradient = central(fit, values)
    covariance = fit.cov_params().to_numpy()
    error = np.sqrt(np.einsum("ij,jk,ik->i", gradient, covariance, gradient))
    assert_allclose(fit.predict(ARMS, kind, at=[1.0, 4.0])["std_error"], error, rtol=1e-6, atol=1e-9)


def test_gradients_of_next_state(fit):
    def values(one):
        return one.predict(ARMS, "next_state")["estimate"].to_numpy()

    gradient = central(fit, values)
    error = np.sqrt(np.einsum("ij,jk,ik->i", gradient, fit.cov_params().to_numpy(), gradient))
    assert_allclose(fit.predict(ARMS, "next_state")["std_error"], error, rtol=2e-4)


def test_two_final_states_merge_for_exponentials():
    rng = np.random.default_rng(4)
    time, end = rng.exponential(1.0, 200), rng.uniform(0.5, 3.0, 200)
    cause = np.where(time > end, "none", rng.choice(["relapse", "dead"], 200))
    frame = pd.DataFrame({"time": np.minimum(time, end), "event": cause, "died": (time <= end).astype(int)})
    fit = smx.MultiState("~ 1", smx.MultiStateData.competing(frame, "time", "event", "none"),
                         distribution="exponential", scale="ph").fit(tol=1e-18)  # fmt: skip
    both = smx.FlexibleSurvival("Surv(time, died) ~ 1", frame, "exponential", scale="ph").fit(tol=1e-18)
    shares = wide(fit.predict(at=AT[1:]))
    assert_allclose(shares["event_free"], both.predict(kind="survival", at=AT[1:])["estimate"], atol=1e-9)
    assert_allclose(shares.sum(axis=1), 1.0, atol=1e-9)
    incidence = wide(fit.predict(kind="incidence", at=AT[1:]))
    assert_allclose(incidence, shares[incidence.columns], atol=1e-12)


def test_wide_and_long_are_the_same(data, frame):
    again = smx.MultiStateData.from_long(data.rows.drop(columns="entered").sample(frac=1, random_state=2))
    one, two = (smx.MultiState("~ arm", d, "reset", **WEIBULL).fit() for d in (data, again))
    assert_allclose(two.llf, one.llf, rtol=1e-12)
    assert_allclose(wide(two.predict(ARMS, at=2))[list(data.states)], wide(one.predict(ARMS, at=2))[list(data.states)],
                    atol=1e-7)  # fmt: skip


def test_names_and_order_of_states_do_not_matter(frame, data):
    other = smx.MultiStateData.from_wide(frame, {"Z": EVENTS["dead"], "A": EVENTS["progressed"]}, start="0",
                                         transitions=["0->A", "A->Z", "0->Z"])  # fmt: skip
    one, two = (smx.MultiState("~ arm", d, **WEIBULL).fit() for d in (data, other))
    ours, theirs = (wide(fit.predict(ARMS, at=2)) for fit in (one, two))
    assert_allclose(theirs[["0", "A", "Z"]], ours[["event_free", "progressed", "dead"]], atol=1e-7)


def test_what_follows_does_not_change_what_came_before(data):
    whole = smx.MultiState("~ arm", data, **WEIBULL).fit()
    rows = data.rows[data.rows["from"] == "event_free"]
    part = smx.MultiState(
        "~ arm", smx.MultiStateData.from_long(rows.drop(columns="entered")), **WEIBULL
    ).fit()
    assert_allclose(part.params, whole.params[: len(part.params)], atol=1e-8)


def test_weight_zero_is_no_row(frame):
    data = smx.MultiStateData.from_wide(frame.assign(w=np.arange(len(frame)) % 4 > 0), EVENTS)
    part = smx.MultiStateData.from_wide(frame[np.arange(len(frame)) % 4 > 0], EVENTS)
    one = smx.MultiState("~ arm", data, weights="w", **WEIBULL).fit()
    two = smx.MultiState("~ arm", part, **WEIBULL).fit()
    assert_allclose(one.params, two.params, atol=1e-9)
    assert (one.nobs, one.n_events) == (two.nobs, two.n_events)


def test_a_far_horizon_hides_nothing(fit):
    """Long after the last death, stays and incidences do not change."""
    stays = [
        wide(fit.predict(ARMS, "stay", at=far))[["event_free", "progressed"]].to_numpy()
        for far in (80.0, 1e6)
    ]
    assert_allclose(stays[1], stays[0], rtol=1e-5)
    shares = wide(fit.predict(ARMS, "incidence", at=1e6))["dead"]
    assert_allclose(shares, 1.0, atol=1e-9)


def test_weight_two_is_the_row_twice(frame):
    twice = smx.MultiStateData.from_wide(pd.concat([frame, frame], ignore_index=True), EVENTS)
    heavy = smx.MultiStateData.from_wide(frame.assign(w=2), EVENTS)
    one = smx.MultiState("~ arm", twice, **WEIBULL).fit()
    two = smx.MultiState("~ arm", heavy, weights="w", **WEIBULL).fit()
    assert_allclose(two.params, one.params, atol=1e-8)
    assert_allclose(two.bse, one.bse, rtol=1e-6)
    assert two.nobs == one.nobs


def test_aalen_johansen_without_censoring_is_a_share():
    process = smx.IllnessDeathTrial(smx.IllnessDeath(1.0, 0.1, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45), 0.0)
    frame = process.simulate(n=90, seed=5)
    data = smx.MultiStateData.from_trial(frame)
    table = data.aalen_johansen().set_index("time")
    for t in (0.5, 1.5, 4.0):
        dead = (frame["time"] <= t).mean()
        ill = ((frame["surrogate_status"] == 1) & (frame["surrogate_time"] <= t) & (frame["time"] > t)).mean()
        assert_allclose(table[:t].iloc[-1][["progressed", "dead"]], [ill, dead], atol=1e-12)


def test_simulated_shares(fit):
    n = 40_000
    paths = fit.simulate(ARMS, n=n, until=3.0, seed=1)
    last = paths.drop_duplicates(["row", "path"], keep="last")
    ends = last["to"].astype(object).where(last["to"].notna(), last["from"].astype(object))
    found = pd.crosstab(last["row"], ends, normalize="index")
    expected = wide(fit.predict(ARMS, at=3.0)).droplevel("time")
    error = np.sqrt(expected * (1 - expected) / n)
    assert (((found - expected) / error).abs() < 4).to_numpy().all()


def test_simulation_from_a_known_state(fit):
    n, given = 30_000, {"start": "progressed", "given": 1.0, "entered": 0.4}
    paths = fit.simulate(ARMS.iloc[:1], n=n, until=2.0, seed=2, **given)
    expected = wide(fit.predict(ARMS.iloc[:1], at=2.0, **given))["progressed"].iloc[0]
    alive = paths["to"].isna().mean()
    assert paths["start"].min() == 1.0
    assert abs(alive - expected) < 4 * np.sqrt(expected * (1 - expected) / n)
    pd.testing.assert_frame_equal(paths, fit.simulate(ARMS.iloc[:1], n=n, until=2.0, seed=2, **given))


def test_draws_agree_with_the_delta_method(fit):
    delta = fit.predict(ARMS, at=1.5)
    drawn = fit.predict(ARMS, at=1.5, method="simulation", n_draws=600)
    assert_allclose(drawn["std_error"], delta["std_error"], rtol=0.15)
    assert_allclose(drawn["lower"], delta["lower"], atol=0.02)


def test_time_of_entry_as_covariate_is_followed(data):
    """With a coefficient of 0 the time of entry changes nothing; otherwise simulation agrees with integration."""
    options = {"progressed -> dead": {"formula": "~ arm + entered"}}
    fit = smx.MultiState("~ arm", data, "reset", transitions=options, **WEIBULL).fit()
    plain = smx.MultiState("~ arm", data, "reset", **WEIBULL).fit()
    theta = fit.params.copy()
    theta.loc[("progressed -> dead", "ph", "entered")] = 0.0
    same = plain.params.reindex(theta.index).fillna(0.0)
    assert_allclose(fit.with_params(same).predict(ARMS, at=2)["estimate"], plain.predict(ARMS, at=2)["estimate"],
                    atol=1e-10)  # fmt: skip
    theta.loc[("progressed -> dead", "ph", "entered")] = 0.8
    strong = fit.with_params(theta)
    paths = strong.simulate(ARMS.iloc[:1], n=20_000, until=3.0, seed=1)
    ill = (paths["to"].isna() & (paths["from"] == "progressed")).sum() / 20_000
    expected = wide(strong.predict(ARMS.iloc[:1], at=3.0))["progressed"].iloc[0]
    assert abs(ill - expected) < 4 * np.sqrt(expected * (1 - expected) / 20_000)


@pytest.mark.parametrize("kind", ["occupancy_difference", "stay_difference", "occupancy_ratio"])
def test_gradients_of_contrasts(fit, kind):
    one, other = ARMS[:1], ARMS[1:]

    def values(model):
        return model.predict(one, kind, at=[1.0, 3.0], reference=other)["estimate"].to_numpy()

    gradient = central(fit, values)
    error = np.sqrt(np.einsum("ij,jk,ik->i", gradient, fit.cov_params().to_numpy(), gradient))
    assert_allclose(
        fit.predict(one, kind, at=[1.0, 3.0], reference=other)["std_error"], error, rtol=1e-4, atol=1e-9
    )


def one_way(frame, distribution):
    data = smx.MultiStateData.from_wide(frame, {"dead": ("os", "died")}, keep=["arm"])
    scale = "aft" if distribution == "loglogistic" else "ph"
    return smx.MultiState("~ arm", data, distribution=distribution, scale=scale).fit()


def test_a_model_of_one_transition_is_a_survival_fit(frame):
    fit = one_way(frame, "weibull")
    own = fit.fits["event_free -> dead"]
    numbers = ["estimate", "std_error", "lower", "upper"]
    for kind, same in (("event_free", "survival"), ("survival", "survival")):
        found, expected = fit.predict(ARMS, kind, at=AT[1:]), own.predict(ARMS, same, at=AT[1:])
        assert_allclose(found[numbers], expected[numbers], rtol=1e-8)


@pytest.mark.parametrize("shape", [1.2, 2.5])
def test_the_mean_of_a_heavy_tail(frame, shape):
    fit = one_way(frame, "loglogistic")
    theta = fit.params.copy()
    theta[[label for label in theta.index if label[1] == "power"]] = np.log(shape)
    heavy = fit.with_params(theta)
    found = heavy.predict(ARMS, "next_state").query("quantity == 'mean'")["estimate"]
    expected = heavy.fits["event_free -> dead"].predict(ARMS, "mean")["estimate"]
    assert_allclose(found, expected, rtol=2e-3)
