"""Every public model of every room, one line each: what the checks of this folder run on.

A new room adds a function that makes a small frame and a `Case`. The frames hold numbers that single precision
represents, so that a column of any type is the same column, and a number of rows that nothing else has.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXWarning

ROWS = 83


@dataclass(frozen=True)
class Case:
    """A public model, how to build it, and what of it varies.

    Attributes
    ----------
    name : str
    model : callable
        Frame -> model.
    frame : callable
        () -> frame, always the same.
    fit : dict
        Options of ``fit()``; a fit of a second.
    random : bool
        Whether ``fit()`` takes ``seed`` and ``n_jobs``.
    predict : callable or None
        Fit -> numbers for new data.
    spoil : callable
        Frame -> frame in which ``lost`` observations are lost to missing values and nothing else is changed.
    lost : int
    text : str or None
        A column that holds names; None where the model knows none.
    needs : str
        A column that the model uses.
    rtol : float
        To which the numbers do not depend on the order of the rows; NaN: times must be in order.
    kept : float
        To which a result that was saved without its data gives the same predictions.
    """

    name: str
    model: Callable[[Any], Any]
    frame: Callable[[], pd.DataFrame]
    needs: str
    spoil: Callable[[pd.DataFrame], pd.DataFrame]
    lost: int = 3
    fit: dict[str, Any] = field(default_factory=dict)
    random: bool = False
    predict: Callable[[Any], np.ndarray] | None = None
    text: str | None = None
    rtol: float = 1e-6
    kept: float = 0.0

    def run(self, frame: Any = None, **more: Any) -> Any:
        """Fit to a frame (its own by default); what the package warns of on purpose is not the matter here."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StatmodelsXWarning)
            return self.model(self.frame() if frame is None else frame).fit(**self.fit, **more)


def rounded(frame: pd.DataFrame) -> pd.DataFrame:
    """The same frame with floats that single precision represents."""
    floats = frame.select_dtypes("float").columns
    return frame.assign(**{name: frame[name].astype("float32").astype(float) for name in floats})


def with_missing_rows(*names: str) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Three rows more that each miss one of the columns."""

    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        more = frame.iloc[[4, 9, 30]].copy()
        for k, row in enumerate(more.index):
            more[names[k % len(names)]] = more[names[k % len(names)]].where(more.index != row)
        return pd.concat([frame.iloc[:20], more, frame.iloc[20:]], ignore_index=True)

    return spoil


def missing_counts(frame: pd.DataFrame) -> pd.DataFrame:
    """The last of the first species' counts are missing."""
    first = frame.columns[1]
    return frame.assign(**{first: frame[first].where(np.arange(len(frame)) < len(frame) - 3)})


# ---- frames


def trial() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    arm = np.where(np.arange(ROWS) % 2, "new", "old")
    age = rng.normal(60.0, 9.0, ROWS)
    time = rng.weibull(1.4, ROWS) * np.where(arm == "new", 3.0, 2.0) * np.exp(0.01 * (age - 60.0))
    end = rng.uniform(1.0, 6.0, ROWS)
    return rounded(
        pd.DataFrame(
            {"time": np.minimum(time, end), "status": (time <= end).astype(int), "arm": arm, "age": age}
        )
    )


def cured() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    event = np.where(rng.uniform(size=ROWS) < 0.4, np.inf, rng.weibull(1.5, ROWS))
    end = rng.uniform(4.0, 8.0, ROWS)
    columns = {"time": np.minimum(event, end), "status": (event <= end).astype(int)}
    return rounded(trial().assign(**columns))


def two_events() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    n = 2 * ROWS + 1
    arm = np.arange(n) % 2
    early, death = rng.exponential(1.0 + arm, n), rng.exponential(2.5 + 1.5 * arm, n)
    end = rng.uniform(3.0, 6.0, n)
    last = np.minimum(death, end)
    return rounded(
        pd.DataFrame(
            {
                "time": last,
                "died": (death <= end).astype(int),
                "early": np.minimum(early, last),
                "seen": (early < last).astype(int),
                "arm": np.where(arm == 1, "new", "old"),
            }
        )
    )


def step() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    x = rng.uniform(0.0, 2.0, ROWS)
    return rounded(
        pd.DataFrame({"x": x, "y": np.sin(x) + np.where(x > 1.1, 1.5, 0.0) + 0.1 * rng.normal(size=ROWS)})
    )


def image() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    n = 5 * ROWS
    x, z = rng.uniform(size=(2, n))
    return rounded(
        pd.DataFrame({"x": x, "z": z, "y": np.where(x + z > 1.0, 1.0, 0.0) + 0.1 * rng.normal(size=n)})
    )


def species(n: int = 19) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    a, b = [10.0], [7.0]
    for _ in range(n - 1):
        shared = 1.0 + 0.01 * a[-1] + 0.006 * b[-1]
        a.append(2.1 * a[-1] / shared), b.append(1.8 * b[-1] / (1.0 + 0.012 * b[-1] + 0.003 * a[-1]))
    noise = np.exp(0.03 * rng.normal(size=(2, n)))
    return rounded(
        pd.DataFrame({"day": np.arange(n), "a": np.array(a) * noise[0], "b": np.array(b) * noise[1]})
    )


def three_species(n: int = 16) -> pd.DataFrame:
    rng = np.random.default_rng(8)
    growth = np.array([2.2, 1.8, 1.6])
    effects = np.array([[10.0, 4.0, 3.0], [5.0, 10.0, 2.0], [2.0, 6.0, 12.0]]) / 1000.0
    rows = [np.array([8.0, 9.0, 12.0])]
    for _ in range(n - 1):
        rows.append(growth * rows[-1] / (1.0 + effects @ rows[-1]))
    counts = np.array(rows) * np.exp(0.03 * rng.normal(size=(n, 3)))
    return rounded(pd.DataFrame(counts, columns=["a", "b", "c"]).assign(day=np.arange(n)))


def classes(n: int = 17) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    matrix = np.array([[0.3, 1.0, -0.1], [0.6, 0.0, 0.0], [-0.05, 0.0, 1.05]])
    rows = [np.array([50.0, 40.0, 30.0])]
    for _ in range(n - 1):
        rows.append(matrix @ rows[-1] * np.exp(0.02 * rng.normal(size=3)))
    return rounded(
        pd.DataFrame(rows, columns=["x1", "x2", "y"]).assign(year=np.arange(n))[["year", "x1", "x2", "y"]]
    )


# ---- what is predicted for new data

PEOPLE = pd.DataFrame({"arm": ["new", "old"], "age": [50.0, 70.0]})
PLACES = pd.DataFrame({"x": [0.2, 0.7, 0.95], "z": [0.3, 0.9, 0.15]})
DAYS = pd.DataFrame({"day": [2.0, 5.0, 30.0]})


def survival(fit: Any) -> np.ndarray:
    return fit.predict(PEOPLE, kind="survival", at=[0.5, 2.0]).select_dtypes("number").to_numpy(float)


def surface(fit: Any) -> np.ndarray:
    return fit.predict(PLACES).select_dtypes("number").to_numpy(float)


def totals(fit: Any) -> np.ndarray:
    return fit.predict(DAYS).to_numpy(float)


def states(frame: Any) -> Any:
    events = {"ill": ("early", "seen"), "dead": ("time", "died")}
    return smx.MultiStateData.from_wide(frame, events, keep=["arm"])


def shares(fit: Any) -> np.ndarray:
    new = pd.DataFrame({"arm": ["new", "old"]})
    return fit.predict(new, at=[0.5, 2.0]).select_dtypes("number").to_numpy(float)


SURV = "Surv(time, status) ~ arm + age"
REGISTRY = smx.ExternalCounts(
    pd.DataFrame({"start": [1.0, 2.0], "stop": [2.0, 4.0], "alive": [40.0, 25.0], "at_risk": [60.0, 40.0]}),
    at={"arm": "old", "age": 60.0},
)
KNOWN = [smx.Prior("ph.age", 0, 0.1), smx.Prior.survival(3, 0.3, (0.1, 0.6), who={"arm": "old", "age": 60.0})]
PTE = ("Surv(time, died) ~ arm", "Surv(early, seen)")
ARMS = {"at": 2.5, "landmark": 1.0, "treated": "new", "control": "old"}
BY_ROWS = with_missing_rows("arm", "age", "age")


class Chosen:
    """What select() chose, as a model whose fit is made: the marked fit is held to all that other fits are."""

    def __init__(self, frame: Any) -> None:
        self.ask = partial(smx.select, SURV, frame, power="~ arm", keep={"ph": ["arm", "age"]})
        self.choice = self.ask()

    def fit(self, keep_data: bool = False) -> Any:
        return self.ask(keep_data=True).best if keep_data else self.choice.best


CASES = [
    Case("survival", lambda d: smx.FlexibleSurvival(SURV, d, power="~ arm"), trial, "age", BY_ROWS,
         predict=survival, text="arm"),
    Case("counts and priors", lambda d: smx.FlexibleSurvival(SURV, d, "weibull", external=REGISTRY, prior=KNOWN), trial,
         "age", BY_ROWS, predict=survival, text="arm"),
    Case("selection", lambda d: Chosen(d), trial, "age", BY_ROWS, predict=survival, text="arm"),
    Case("cure", lambda d: smx.FlexibleSurvival(SURV, d, "weibull", scale="aft", cure="~ 1"), cured, "age", BY_ROWS,
         predict=survival, text="arm"),
    Case("surrogate", lambda d: smx.SurrogatePTE(*PTE, d, **ARMS), two_events, "time",
         with_missing_rows("arm"), fit={"n_perturb": 30}, random=True, text="arm"),
    Case("residual effect", lambda d: smx.ResidualEffect(*PTE, d, **ARMS), two_events, "time",
         with_missing_rows("arm"), fit={"n_perturb": 30}, random=True, text="arm"),
    Case("multi-state", lambda d: smx.MultiState("~ arm", states(d), "reset", "weibull", scale="ph"), two_events,
         "time", with_missing_rows("arm"), predict=shares, text="arm"),
    Case("association", lambda d: smx.EventAssociation(*PTE, d, horizon=2.0), two_events, "time",
         with_missing_rows("arm"), fit={"n_perturb": 30}, random=True, text="arm"),
    Case("curve", lambda d: smx.FreeDiscontinuity("y ~ x", d), step, "x", with_missing_rows("x", "y"),
         predict=surface, kept=1e-4),  # the course between knots of its own
    Case("surface", lambda d: smx.FreeDiscontinuity("y ~ x + z", d, resolution=8), image, "x",
         with_missing_rows("x", "y"), fit={"max_iter": 4000}, random=True, predict=surface),
    Case("leslie", lambda d: smx.LeslieInteraction("a + b ~ day", d, density="leslie-gower"), species, "a",
         missing_counts, fit={"n_starts": 4}, random=True, predict=totals, rtol=np.nan),
    Case("lotka-volterra", lambda d: smx.LotkaVolterra("a + b ~ day", d), species, "a", missing_counts,
         fit={"n_starts": 4}, random=True, predict=totals, rtol=np.nan),
    Case("three species", lambda d: smx.LeslieInteraction("a + b + c ~ day", d, density="leslie-gower"), three_species,
         "a", missing_counts, fit={"n_starts": 4}, random=True, predict=totals, rtol=np.nan),
    Case("observed classes", lambda d: smx.ObservedLeslie("x1 + x2 | y ~ year", d, names=("x", "y"), coupling="full"),
         classes, "x1", missing_counts, rtol=np.nan),
]  # fmt: skip


@pytest.fixture(params=CASES, ids=lambda case: case.name, scope="session")
def case(request: pytest.FixtureRequest) -> Case:
    """One of the models."""
    return request.param


@pytest.fixture(scope="session")
def cases() -> list[Case]:
    """All of them."""
    return CASES


@pytest.fixture(scope="session")
def fit(case: Case) -> Any:
    """Its fit to its own frame; results are frozen, so that all checks may share it."""
    return case.run()


def numbers(fit: Any) -> np.ndarray:
    """What a fit says, as numbers: its tables and criteria, without the counts of its search."""
    tables = [fit.tidy(), fit.glance().drop(columns=["iterations"], errors="ignore")]
    return np.concatenate([table.select_dtypes("number").to_numpy(float).ravel() for table in tables])


@pytest.fixture(name="numbers", scope="session")
def numbers_of() -> Callable[[Any], np.ndarray]:
    """The function of that name."""
    return numbers
