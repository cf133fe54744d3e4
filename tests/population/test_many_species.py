"""Three species and more: courses, sensitivities, ranks, who is left; and counts drawn where they feed back."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

import statmodels_x as smx
from statmodels_x.core.errors import DataError, FormulaError, IdentificationWarning
from statmodels_x.population.course.build import build_problem, check_weights
from statmodels_x.population.course.courses import course
from statmodels_x.population.course.layout import build_layout
from statmodels_x.population.fitting.estimation import Estimate
from statmodels_x.population.fitting.evidence import _of_agreement
from statmodels_x.population.kernels import objective
from statmodels_x.population.sample import read_sample
from statmodels_x.population.specification import LESLIE, ODE, Form
from statmodels_x.population.theory.communities import of_chain, of_competition, resting_points, who_is_left

RATES = np.array([0.9, 0.7, 0.6])
EFFECTS = np.array([[0.010, 0.004, 0.003], [0.005, 0.010, 0.002], [0.002, 0.006, 0.012]])
CHAIN = np.array([1.2, 0.5, 0.3])
LINKS = np.array([[-0.012, -0.05, 0.0], [0.02, 0.0, -0.03], [0.0, 0.02, 0.0]])
SPECIES = ("a", "b", "c")


def frame(values):
    return pd.DataFrame(values, columns=list(SPECIES)).assign(t=np.arange(float(len(values))))


def flow(change, start, n):
    found = solve_ivp(change, (0, n - 1), start, t_eval=np.arange(float(n)), rtol=1e-10, atol=1e-10)
    return found.y.T


def competition(n=25):
    return flow(lambda _, N: N * (RATES - EFFECTS @ N), [3.0, 4.0, 5.0], n)


def chain(n=40):
    signs = np.array([1.0, -1.0, -1.0])
    return flow(lambda _, N: N * (signs * CHAIN + LINKS @ N), [40.0, 8.0, 4.0], n)


def leslie_gower(n=25):
    out = [np.array([3.0, 4.0, 5.0])]
    while len(out) < n:
        out.append((1.0 + RATES) * out[-1] / (1.0 + EFFECTS @ out[-1]))
    return np.array(out)


def posed(form, values):
    sample = read_sample("a + b + c ~ t", frame(values), None, None)
    layout = build_layout(form, sample)
    weights = check_weights("mean", "gaussian", sample)
    return layout, build_problem(layout, sample, "gaussian", weights)


def placed(layout, values):
    """Truth in the order of the layout."""
    rates = {"rate": RATES, "fecundity": 1.0 + RATES}
    named = {}
    for block, term in layout.names:
        place = SPECIES.index(term[0])
        if block in ("effect", "crowding"):
            named[block, term] = abs(values[SPECIES.index(term[-1]), place])
        elif block == "initial":
            named[block, term] = None
        else:
            named[block, term] = rates[block][place]
    return named


FORMS = [
    (Form(ODE, "competition", (1, 1, 1)), competition, EFFECTS),
    (Form(LESLIE, "competition", (1, 1, 1), density="leslie-gower"), leslie_gower, EFFECTS),
    (Form(ODE, "predation", (1, 1, 1), limited=True), chain, LINKS),
]


@pytest.mark.parametrize(("form", "make", "effects"), FORMS)
def test_course_and_its_slopes(form, make, effects):
    values = make()
    layout, problem = posed(form, values)
    truth = placed(layout, effects)
    if form.interaction == "predation":
        truth |= {("rate", name): rate for name, rate in zip(SPECIES, CHAIN, strict=True)}
    theta = np.array([values[0, SPECIES.index(name[1])] if v is None else v for name, v in truth.items()])
    fine = problem._replace(substep=0.01)
    assert course(fine, theta, 0)[1] == pytest.approx(values, rel=2e-5)
    theta = theta * np.random.default_rng(1).uniform(0.8, 1.2, len(theta))
    p = len(theta)
    g, H, none, no_matrix = np.zeros(p), np.zeros((p, p)), np.zeros(0), np.zeros((0, 0))
    objective.objective(problem, theta, g, H)
    for q in range(p):
        h = 1e-6 * theta[q] * np.eye(p)[q]
        rise = objective.objective(problem, theta + h, none, no_matrix)
        rise -= objective.objective(problem, theta - h, none, no_matrix)
        assert g[q] == pytest.approx(
            rise / (2 * h[q]), rel=2e-4, abs=1e-6 * np.abs(g * theta).max() / theta[q]
        )


def test_exact_counts_give_their_parameters():
    fit = smx.LeslieInteraction("a + b + c ~ t", frame(leslie_gower()), density="leslie-gower").fit(
        n_starts=8
    )
    assert fit.wss < 1e-8
    crowding = fit.params["crowding"].to_numpy().reshape(3, 3)
    assert crowding == pytest.approx(EFFECTS, rel=1e-3)
    table = fit.invariants()["estimate"]
    rest = np.linalg.solve(EFFECTS, RATES)
    assert table[[f"equilibrium_{name}" for name in SPECIES]].to_numpy() == pytest.approx(rest, rel=1e-4)
    assert fit.outcome == "coexistence"
    assert fit.ranks[["parameters", "structural", "local"]].tolist() == [15, 15, 15]
    with pytest.raises(DataError, match="no system"):
        fit.system()
    with pytest.raises(DataError, match="two species"):
        fit.plot("phase")
    assert len(fit.plot("course").lines) >= 6


def test_a_food_chain_is_found_from_noisy_counts():
    values = chain() * (1.0 + 0.03 * np.random.default_rng(3).normal(size=(40, 3)))
    model = smx.LotkaVolterra("a + b + c ~ t", frame(values), "predation", limited=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = model.fit(n_starts=6)
    table = fit.invariants()
    rest = np.linalg.solve(-LINKS, CHAIN * [1.0, -1.0, -1.0])
    found = table.loc[[f"equilibrium_{name}" for name in SPECIES]]
    assert np.all((found["lower"] < rest) & (rest < found["upper"]))
    assert found["estimate"].to_numpy() == pytest.approx(rest, rel=0.1)
    assert table.loc["deviation_rate", "estimate"] < 0.0 < table.loc["period", "estimate"] < 20.0
    assert fit.outcome is None
    assert "a and b and c" in str(fit.summary())


def test_chain_without_a_limit_has_no_equilibrium():
    open_links = LINKS * (np.ones((3, 3)) - np.eye(3))
    values = of_chain(CHAIN * [1.0, -1.0, -1.0], open_links, False, SPECIES)
    assert np.isnan(values["equilibrium_a"])
    assert "K_a" not in values
    assert of_chain(CHAIN, open_links, True, SPECIES)["K_a"] == np.inf  # at the bound 0 of its limit


@pytest.mark.parametrize("at_rest", [0.0, 1.0])
def test_who_is_left_against_long_courses(at_rest):
    """Where just one point of rest is stable and closed to the others, courses from anywhere end there."""
    rng = np.random.default_rng(5)
    seen = {"coexistence": 0, "left": 0, "founder": 0}
    for _ in range(60):
        rates = at_rest + rng.uniform(0.3, 1.0, 3)
        crowding = rng.uniform(0.1, 1.2, (3, 3)) + np.diag(rng.uniform(0.0, 0.8, 3))
        outcome = who_is_left(rates, at_rest, crowding, SPECIES)
        points = list(resting_points(rates, at_rest, crowding))
        for start in rng.uniform(0.05, 1.0, (3, 3)):
            N = start
            for _ in range(4000):
                N = rates * N / (1.0 + crowding @ N) if at_rest else N * np.exp(0.3 * (rates - crowding @ N))
            alive = N > 1e-6
            if len(points) == 1:
                assert np.allclose(N, points[0], atol=5e-3)
            elif points:
                assert any(np.allclose(N, point, atol=5e-3) for point in points)
            if outcome == "coexistence":
                assert alive.all()
        kind = "coexistence" if outcome == "coexistence" else "founder" if "founder" in outcome else "left"
        seen[kind] += 1
    assert min(seen.values()) > 0


def test_who_is_left_where_one_has_no_limit_of_its_own():
    """A species that does not limit itself grows for ever once it is there, unless others keep it out."""
    crowding = np.array([[0.0, 0.0, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert who_is_left(np.array([1.0, 1.0, 1.0]), 0.0, crowding, SPECIES) == "a and c left"
    crowding[0, 1] = 2.0
    both = "founder control: b and c or a and c left"
    assert who_is_left(np.array([1.0, 1.0, 1.0]), 0.0, crowding, SPECIES) == both
    assert who_is_left(np.array([0.9, 0.8, 0.7]), 1.0, crowding, SPECIES) == "nobody left"


def test_growth_when_rare_is_into_those_who_are_left():
    values = of_competition(RATES, 0.0, EFFECTS, SPECIES)
    pair = np.linalg.solve(EFFECTS[1:, 1:], RATES[1:])
    assert values["invasion_a"] == pytest.approx(RATES[0] - EFFECTS[0, 1:] @ pair)
    two = of_competition(RATES[:2], 0.0, EFFECTS[:2, :2], ("a", "b"))
    assert values["K_a"] == two["K_a"]
    assert values["alpha_b_on_a"] == two["alpha_b_on_a"]
    assert "equilibrium_a" not in two


def test_exact_ranks_of_three():
    one = smx.structural_rank("competition", (1, 1, 1), density="leslie-gower")
    assert (one.n_params, one.rank) == (15, 15)
    two = smx.structural_rank("competition", (2, 2, 2), density="leslie-gower")
    assert two.deficit == 3  # one a species, as of two
    with pytest.raises(DataError, match="ages"):
        smx.structural_rank("competition", (1, 1, 1))


def test_refusals():
    data = frame(leslie_gower())
    for how in ({}, {"interaction": "predation", "density": "leslie-gower"}):
        with pytest.raises(DataError, match="3 species compete under density"):
            smx.LeslieInteraction("a + b + c ~ t", data, **how)
    with pytest.raises(DataError, match="each of the three species"):
        smx.LeslieInteraction("a + b + c ~ t", data, density="leslie-gower", ages=(1, 2))
    with pytest.raises(DataError, match="one predator"):
        smx.LotkaVolterra("a + b + c ~ t", data, "predation", saturating=True)
    with pytest.raises(FormulaError, match="there are 7"):
        smx.LotkaVolterra("a + b + c + d + e + f + g ~ t", data)
    cultures = pd.concat([data.assign(c=np.nan, dish=1), data.assign(a=np.nan, dish=2)])
    with pytest.raises(DataError, match="'a' and 'c'"):
        smx.LotkaVolterra("a + b + c ~ t", cultures, culture="dish")


# ---- what searches say, and counts that feed back


@pytest.mark.parametrize(
    ("at_best", "expected"),
    [
        ({"random": 1}, "few_starts"),
        ({"random": 400}, "one_kind"),
        ({"random": 2, "gain path": 1}, None),
    ],
)
def test_agreement_is_of_kinds_whatever_the_number_of_starts(at_best, expected):
    kinds = ("random",) * 500 + ("gain path",) * 13
    values = np.full(513, 2.0)
    for kind, count in at_best.items():
        first = kinds.index(kind)
        values[first : first + count] = 1.0
    found = Estimate(np.ones(2), 1.0, 0.0, values, 1, 1e-12, kinds=kinds)
    said = _of_agreement(found)
    assert [finding.kind for finding in said] == ([expected] if expected else [])
    assert all(finding.category is IdentificationWarning for finding in said)


def fed_back(rng, n=60):
    N = [20.0]
    while len(N) < n:
        N.append(max(N[-1] * 1.8 / (1.0 + 0.008 * N[-1]) + 6.0 * rng.normal(), 1.0))
    return pd.DataFrame({"a": N, "t": range(n)})


@pytest.fixture(scope="module")
def corrected():
    model = smx.LeslieInteraction("a ~ t", fed_back(np.random.default_rng(3)), density="beverton-holt")
    return model.fit(gain=1.0, n_starts=5)


def test_drawn_counts_go_on_from_each_other(corrected):
    """Errors of the step spread the counts more than errors of counting would: by 1/(1 - slope^2) about K."""
    fit = corrected
    f, a = fit.params["fecundity", "a"], fit.params["crowding", "a_on_a"]
    innovations, spread = [], []
    for drawn in fit.simulate(60, seed=1):
        y = drawn["a"].to_numpy()
        innovations += list((y[1:] - f * y[:-1] / (1.0 + a * y[:-1])) / fit.machinery.facts.means[0, 0])
        spread.append(np.std(y[20:]))
    assert np.std(innovations) == pytest.approx(np.sqrt(fit.scale), rel=0.05)
    step = np.sqrt(fit.scale) * fit.machinery.facts.means[0, 0]
    assert np.mean(spread) == pytest.approx(step / np.sqrt(1.0 - 1.0 / f**2), rel=0.1)


@pytest.mark.parametrize("kind", ["parametric", "block"])
def test_bootstrap_with_a_gain_centres_on_the_fit(corrected, kind):
    draws = corrected.bootstrap(n=60, kind=kind, seed=2)
    low, high = draws.conf_int().loc[("fecundity", "a"), ["lower", "upper"]]
    assert low < corrected.params["fecundity", "a"] < high
    again = corrected.bootstrap(n=60, kind=kind, seed=2, n_jobs=2)
    pd.testing.assert_frame_equal(draws.params, again.params)


def test_limits_of_new_counts_grow_where_errors_feed_back(corrected):
    table = corrected.predict(at=[60, 61, 69], interval="prediction")["a"]
    width = (table["upper"] - table["lower"]).to_numpy()
    f = corrected.params["fecundity", "a"]
    assert width[2] / width[0] == pytest.approx(1.0 / np.sqrt(1.0 - 1.0 / f**2), rel=0.2)
    assert width[0] < width[1] < 1.1 * width[2]


def test_prediction_with_a_gain_needs_the_counts(corrected):
    loaded = pickle.loads(pickle.dumps(corrected))
    with pytest.raises(DataError, match="predict\\(\\) of a fit with a gain needs the data"):
        loaded.predict(at=[61])
