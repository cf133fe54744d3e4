"""Random frames, formulas and options over all rooms: what comes out that should not.

    python benchmarks/fuzz.py [--cases 20000] [--chunk 250] [--table]

Each case draws a room, a small frame whose columns may be of any type, with missing or extreme values, any index and
any names, and options of which some are nonsense; it fits, and reads what a user would. It ends as

* ``fitted`` or ``refused`` (an error of the package): as it should be;
* ``foreign``: an error of another tree; ``leaked``: a warning that is not the package's;
* ``broken``: a fit that depends on the order of the rows, changes the user's frame, predicts its own rows otherwise
  from a copy of the frame, or gives a probability outside 0 and 1.

``--table`` only sums up the chunks that stand, and writes results/fuzz.csv of them. Case k is made again by
``replicate(one_case, 1, seed=13, first=k)`` of ``statmodels_x.core.resampling``.

results/fuzz.csv: the first 7,500 cases. The five that ended as they should not (2594, 2917, 2977, 4928 and 5705:
a limit that overflows, an array as `shape`, a singular Wald test, a profile without a bracket) were mended after it.
"""

from __future__ import annotations

import argparse
import contextlib
import decimal
import fractions
import pickle
import sys
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parent))

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXError, StatmodelsXWarning

SEED = 13
Rng = np.random.Generator
Disguise = Callable[[Rng, np.ndarray], Any]


# ---- columns


def as_objects(kind: Callable[[float], Any]) -> Disguise:
    return lambda rng, x: pd.Series([kind(v) for v in x], dtype=object)


def with_holes(rng: Rng, x: np.ndarray) -> Any:
    return np.where(rng.uniform(size=len(x)) < 0.1, np.nan, x)


def with_one(value: Any) -> Disguise:
    return lambda rng, x: np.where(np.arange(len(x)) == rng.integers(len(x)), value, x)


def dtype(name: str) -> Disguise:
    return lambda rng, x: pd.Series(x).round().astype("float64").astype(name)


def with_none(rng: Rng, x: np.ndarray) -> Any:
    return pd.Series([None if rng.uniform() < 0.1 else v for v in x], dtype=object)


NUMERIC: list[Disguise] = [
    lambda rng, x: x,
    lambda rng, x: np.round(x).astype(int),
    lambda rng, x: x.astype(np.float16),
    lambda rng, x: x.astype(np.float32),
    lambda rng, x: x.astype(np.longdouble),
    dtype("Int64"),
    dtype("Float64"),
    dtype("int8"),
    dtype("int64[pyarrow]"),
    lambda rng, x: pd.Series(x).astype("double[pyarrow]"),
    lambda rng, x: pd.arrays.SparseArray(x),
    as_objects(lambda v: decimal.Decimal(repr(round(float(v), 4)))),
    as_objects(lambda v: fractions.Fraction(round(float(v) * 64), 64)),
    as_objects(float),
    with_none,
    with_holes,
    lambda rng, x: x * 1e-200,
    lambda rng, x: x * 1e155,
    lambda rng, x: x * 1e300,
    lambda rng, x: x + 1e10,
    lambda rng, x: -x,
    lambda rng, x: x * 0.0,
    lambda rng, x: x * 0.0 + 3.5,
    with_one(np.inf),
    with_one(-np.inf),
    with_one(0.0),
    with_one(1e12),
]
GROUPS: list[Disguise] = [
    lambda rng, x: x > np.median(x),
    lambda rng, x: np.where(x > np.median(x), "a", "b"),
    lambda rng, x: np.where(x > np.median(x), "1", "2"),
    lambda rng, x: pd.cut(pd.Series(x), 3),
    lambda rng, x: pd.Series(list(pd.cut(pd.Series(x), 3)), dtype=object),
    lambda rng, x: pd.Categorical(np.resize(["lo", "hi", "mid"], len(x)), ["hi", "lo", "mid", "none"]),
    lambda rng, x: pd.Categorical(np.resize([2, 1], len(x)), ordered=True),
    lambda rng, x: pd.Series(x > 0).astype("boolean").mask(rng.uniform(size=len(x)) < 0.1),
    lambda rng, x: pd.Series(np.where(x > 0, "é", "ß")).astype("string[pyarrow]"),
    lambda rng, x: pd.Series([True if v > 0 else None for v in x], dtype=object),
    lambda rng, x: pd.Series([1 if v > 0 else "b" for v in x], dtype=object),
    lambda rng, x: rng.integers(0, 3, len(x)).astype("uint8"),
    lambda rng, x: np.full(len(x), "same"),
    lambda rng, x: [f"person {k}" for k in range(len(x))],
]
NONSENSE: list[Disguise] = [
    lambda rng, x: pd.date_range("2020-01-01", periods=len(x)),
    lambda rng, x: pd.date_range("2020-01-01", periods=len(x), tz="UTC"),
    lambda rng, x: pd.to_timedelta(np.arange(len(x)), "D"),
    lambda rng, x: pd.period_range("2020", periods=len(x), freq="D"),
    as_objects(lambda v: pd.Timestamp("2020-01-01")),
    lambda rng, x: x + 1j,
    as_objects(lambda v: complex(v, 1.0)),
    as_objects(lambda v: b"x"),
    as_objects(lambda v: (1, v)),
    as_objects(lambda v: [v]),
    as_objects(lambda v: {"a": v}),
    as_objects(lambda v: None),
    as_objects(lambda v: pd.NA),
    as_objects(lambda v: object()),
    lambda rng, x: np.full(len(x), np.nan),
    lambda rng, x: [str(round(float(v), 3)) for v in x],
    as_objects(lambda v: np.array([v])),
    as_objects(lambda v: 10**200),
]
INDEXES: list[Callable[[Rng, int], Any]] = [
    lambda rng, n: pd.RangeIndex(n),
    lambda rng, n: rng.permutation(n),
    lambda rng, n: np.zeros(n, int),
    lambda rng, n: [f"row {k}" for k in range(n)],
    lambda rng, n: pd.date_range("2020", periods=n),
    lambda rng, n: pd.MultiIndex.from_arrays([np.arange(n) % 3, np.arange(n)]),
    lambda rng, n: rng.normal(size=n),
    lambda rng, n: pd.CategoricalIndex(np.resize(["a", "b"], n)),
    lambda rng, n: np.where(np.arange(n) == 0, np.nan, np.arange(n)),
]
NAMES = [
    "x",
    "x y",
    "True",
    "None",
    "np",
    "class",
    "1a",
    "é",
    "C",
    "log",
    "x:y",
    "x.y",
    "x'y",
    "_x",
    "__x",
    "I",
    "*",
    " ",
]
TERMS = [
    *["{x}"] * 12, *["{x} + {z}"] * 3, "{x} * {z}", "C({x})", "C({x}, contr.sum)", "log({x})", "np.exp({x})",
    "I({x}**2)", "poly({x}, 2)", "bs({x}, df=4)", "scale({x})", "center({x})", "{x}:{z}", "0 + {x}", "1", "offset({x})",
    "C({x} > 0)", "exp10({x})", "np.power({x}, 2)", "np.where({x} > 0, 1, 0)", "{x} / {z}", "({x} + {z})**3",
    "I({x} + {z})", "cr({x}, df=3)", "{x} + nothing", "{x} -", "hashed({x})", "{x}**2000", "I({x} & 1)",
]  # fmt: skip
RESPONSES = [
    *["Surv(t, s)"] * 5,
    "Surv(t, s == 1)",
    "Surv(v, t + v, s)",
    "Surv(t)",
    "Surv(t, v, type='interval2')",
    "t",
]
ODD_OPTIONS: list[Any] = [
    None,
    -1,
    0,
    1.5,
    "x",
    "",
    np.nan,
    np.inf,
    [],
    {},
    True,
    (1, 2),
    np.zeros(3),
    10**30,
    object(),
]


def pick(rng: Rng, options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


def disguised(rng: Rng, values: np.ndarray, groups: float = 0.15, nonsense: float = 0.05) -> Any:
    draw = rng.uniform()
    if draw < nonsense:
        return pick(rng, NONSENSE)(rng, values)
    if draw < nonsense + groups:
        return pick(rng, GROUPS)(rng, values)
    return pick(rng, NUMERIC)(rng, values) if rng.uniform() < 0.4 else values


def framed(rng: Rng, columns: dict[str, Any]) -> Any:
    """Put columns into a frame of any library, with any index and columns that nobody asks for."""
    n = len(next(iter(columns.values())))
    data = {
        name: values.array if isinstance(values, pd.Series) else values for name, values in columns.items()
    }
    if rng.uniform() < 0.2:
        data["unused"] = pd.Series(pick(rng, NONSENSE)(rng, np.arange(n) + 1.0)).array
    frame = pd.DataFrame(data)
    if rng.uniform() < 0.3:
        frame.index = pick(rng, INDEXES)(rng, n)
        return frame
    if rng.uniform() < 0.15:
        library = pick(rng, ["polars", "pyarrow", "mapping"])
        try:
            if library == "polars":
                import polars

                return polars.DataFrame({name: frame[name].tolist() for name in frame})
            if library == "pyarrow":
                import pyarrow

                return pyarrow.table({name: frame[name].tolist() for name in frame})
            return {name: frame[name].to_numpy() for name in frame}
        except Exception:  # what that library cannot hold is no case
            return frame
    return frame


def option(rng: Rng, usual: Any, odd: float = 0.04) -> Any:
    return pick(rng, ODD_OPTIONS) if rng.uniform() < odd else usual


def quoted(name: str) -> str:
    return f"`{name}`"


# ---- rooms: each returns the frame, a function of it that fits, and what to read of the fit

Job = tuple[Any, Callable[[Any], Any], dict[str, Any]]


def names_of(rng: Rng, n: int) -> list[str]:
    return (
        [str(name) for name in rng.choice(NAMES, n, replace=False)]
        if rng.uniform() < 0.3
        else list("xzw")[:n]
    )


def survival(rng: Rng) -> Job:
    n = int(rng.integers(3, 70))
    x, z = names_of(rng, 2)
    covariate = rng.normal(size=n)
    time = rng.exponential(np.exp(0.3 * covariate))
    columns = {
        "t": disguised(rng, time, 0.01, 0.02) if rng.uniform() < 0.2 else time,
        "s": disguised(rng, (rng.uniform(size=n) < 0.8).astype(float), 0.05, 0.02) if rng.uniform() < 0.2
        else (rng.uniform(size=n) < 0.8).astype(int),
        x: disguised(rng, covariate, 0.3),
        z: disguised(rng, rng.normal(size=n), 0.3),
        "v": disguised(rng, rng.uniform(0.5, 2.0, n), 0.05),
    }  # fmt: skip
    terms = pick(rng, TERMS).format(x=quoted(x), z=quoted(z))
    response = pick(
        rng,
        ["Surv(t, s)"] * 5
        + ["Surv(t, s == 1)", "Surv(v, t + v, s)", "Surv(t)", "Surv(t, v, type='interval2')", "t"],
    )
    options: dict[str, Any] = {
        "distribution": option(
            rng, pick(rng, ["weibull", "exponential", "weibull", "apgw", "loglogistic", "lognormal"])
        ),
    }
    for name, usual in (("scale", "ph"), ("power", f"~ {quoted(x)}"), ("cure", "~ 1"), ("weights", "v"), ("cluster", z),
                        ("time_unit", "years"), ("shape", 1.0), ("other_scale", "~ 1")):  # fmt: skip
        if rng.uniform() < 0.05:
            options[name] = option(rng, usual, 0.3)
    if rng.uniform() < 0.05:
        options["weights"] = pd.Series(rng.uniform(size=n), index=rng.permutation(n))
    how = {"cov_type": option(rng, pick(rng, [None, "robust"])), "n_starts": 0}
    frame = framed(rng, columns)
    read = {
        "newdata": True,
        "predict": {"kind": pick(rng, ["survival", "hazard", "mean", "median", "link"]), "at": None},
    }
    if read["predict"]["kind"] in ("survival", "hazard"):
        read["predict"]["at"] = option(rng, [0.5, 1.0])
    read["probability"] = read["predict"]["kind"] == "survival"
    read["order"] = isinstance(frame, pd.DataFrame) and not any(
        isinstance(v, pd.Series) for v in options.values()
    )
    return frame, lambda data: smx.FlexibleSurvival(f"{response} ~ {terms}", data, **options).fit(**how), read


def surrogate(rng: Rng) -> Job:
    n = int(rng.integers(4, 120))
    arm = np.arange(n) % 2
    death, early, end = rng.exponential(2.0 + arm, n), rng.exponential(1.0 + arm, n), rng.uniform(1.0, 6.0, n)
    time = np.minimum(death, end)
    columns = {
        "t": disguised(rng, time, 0.02, 0.03) if rng.uniform() < 0.2 else time,
        "d": (death <= end).astype(int),
        "e": np.minimum(early, time),
        "s": (early < time).astype(int),
        "arm": pick(rng, GROUPS)(rng, arm + 0.0)
        if (odd := rng.uniform() < 0.3)
        else np.where(arm == 1, "new", "old"),
        "v": disguised(rng, rng.uniform(0.2, 0.8, n), 0.2),
    }
    options: dict[str, Any] = {"at": option(rng, 2.0), "landmark": option(rng, 0.8)}
    if not odd or rng.uniform() < 0.2:
        options |= {"treated": option(rng, "new", 0.1), "control": option(rng, "old", 0.1)}
    for name in ("weights", "propensity", "strata", "cluster", "id"):
        if rng.uniform() < 0.12:
            options[name] = option(rng, "v", 0.3)
    how = {
        "method": option(rng, pick(rng, ["crossfit", "full", "split"])),
        "n_perturb": option(rng, 20),
        "seed": 1,
    }
    if rng.uniform() < 0.1:
        how["bandwidth"] = option(rng, 0.3, 0.5)
    frame = framed(rng, columns)
    return (
        frame,
        lambda data: smx.SurrogatePTE("Surv(t, d) ~ arm", "Surv(e, s)", data, **options).fit(**how),
        {},
    )


def discontinuity(rng: Rng) -> Job:
    n, two = int(rng.integers(5, 90)), rng.uniform() < 0.25
    n *= 3 if two else 1
    x, z = names_of(rng, 2)
    place = rng.uniform(size=n)
    y = np.sin(3 * place) + (place > 0.5) + 0.1 * rng.normal(size=n)
    columns = {"y": disguised(rng, y, 0.03, 0.03), x: disguised(rng, place, 0.05),
               z: disguised(rng, rng.uniform(size=n), 0.05),
               "v": disguised(rng, rng.uniform(0.5, 2.0, n), 0.05)}  # fmt: skip
    terms = f"{quoted(x)} + {quoted(z)}" if two else quoted(x)
    if rng.uniform() < 0.1:
        terms = pick(rng, TERMS).format(x=quoted(x), z=quoted(z))
    options: dict[str, Any] = (
        {"lam": option(rng, 0.1), "nu": option(rng, 0.5)} if rng.uniform() < 0.6 or two else {}
    )
    if two:
        options["resolution"] = option(rng, 6)
    if rng.uniform() < 0.15:
        options["weights"] = option(rng, "v", 0.2)
    if rng.uniform() < 0.1:
        options |= {"levels": option(rng, 8, 0.5)}
    how = {
        "tune": None if options.get("lam") is not None and options.get("nu") is not None else "evidence",
        "max_iter": 300,
    }
    if not two:
        del how["max_iter"]
    read = {"newdata": True, "predict": {}}
    if rng.uniform() < 0.1:
        array = rng.normal(size=pick(rng, [(6,), (9,), (5, 5), (2, 2), (0,), (4, 4, 4), (3, 3, 3, 3)]))
        array = array * pick(rng, [1.0, 1e155, 1e-200, 0.0]) + pick(rng, [0.0, 1e10])
        return array, lambda data: smx.FreeDiscontinuity(data, lam=0.1, nu=0.5).fit(max_iter=300), {}
    return (
        framed(rng, columns),
        lambda data: smx.FreeDiscontinuity(f"y ~ {terms}", data, **options).fit(**how),
        read,
    )


def population(rng: Rng) -> Job:
    n = int(rng.integers(2, 16))
    a, b = [10.0], [7.0]
    for _ in range(n - 1):
        a.append(2.1 * a[-1] / (1.0 + 0.01 * a[-1] + 0.006 * b[-1]))
        b.append(1.8 * b[-1] / (1.0 + 0.012 * b[-1] + 0.003 * a[-1]))
    noise = np.exp(0.03 * rng.normal(size=(2, n)))
    columns = {
        "a": disguised(rng, np.array(a) * noise[0], 0.03, 0.03),
        "b": disguised(rng, np.array(b) * noise[1], 0.03, 0.03),
        "day": disguised(rng, np.arange(n) + 0.0, 0.02, 0.05),
        "c": disguised(rng, np.zeros(n), 0.5, 0.2),
    }
    options: dict[str, Any] = {"interaction": option(rng, pick(rng, ["competition", "predation"]))}
    for name, usual in (("family", "gaussian"), ("weights", "mean"), ("culture", "c")):
        if rng.uniform() < 0.12:
            options[name] = option(rng, usual, 0.3)
    how: dict[str, Any] = {"n_starts": option(rng, 1), "seed": 0}
    model = smx.LotkaVolterra if rng.uniform() < 0.3 else smx.LeslieInteraction
    formula = pick(
        rng, ["a + b ~ day"] * 6 + ["a ~ day", "a + b ~ day + c", "log(a) + b ~ day", "a + b ~ I(day / 7)"]
    )
    return framed(rng, columns), lambda data: model(formula, data, **options).fit(**how), {"rows": "predict"}


ROOMS = {
    "survival": survival,
    "surrogate": surrogate,
    "discontinuity": discontinuity,
    "population": population,
}
SHARES = [0.5, 0.2, 0.2, 0.1]


# ---- what a user reads of a fit besides its tables; each verb may refuse

VERBS: dict[str, list[Callable[[Any, Any], Any]]] = {
    "survival": [
        *(lambda fit, frame, kind=kind: fit.residuals(kind)
          for kind in ("cox-snell", "martingale", "deviance", "quantile", "score", "dfbetas")),
        lambda fit, frame: fit.standardise("survival", at=[1.0], by=next(iter(fit.facts.levels), "x")),
        lambda fit, frame: fit.standardise("survival", at=[1.0], over=frame),
        lambda fit, frame: fit.predict(frame, "quantile", at=[0.5], ),
        lambda fit, frame: fit.predict(frame, "survival_difference", at=[1.0], reference=frame),
        lambda fit, frame: fit.conf_int(alpha=0.1),
        lambda fit, frame: fit.wald_test_terms(),
        lambda fit, frame: fit.calibration(),
        lambda fit, frame: fit.follow_up(),
        lambda fit, frame: fit.conf_int(method="profile") if fit.nobs < 30 else None,
        lambda fit, frame: fit.sample_params(5, seed=1),
        lambda fit, frame: fit.plot("survival", at=[0.5, 1.0]),
        lambda fit, frame: fit.plot("survival", by=next(iter(fit.facts.levels), "x")),
    ],
    "surrogate": [
        lambda fit, frame: fit.conf_int(method="fieller"),
        lambda fit, frame: fit.conf_int(method="quantile"),
        lambda fit, frame: fit.plot("survival"),
        lambda fit, frame: fit.plot("transformation"),
        lambda fit, frame: fit.landmark_grid([2.0], [0.5, 0.8]),
    ],
    "discontinuity": [
        lambda fit, frame: getattr(fit, "segments", lambda: None)(),
        lambda fit, frame: fit.jumps,
        lambda fit, frame: fit.residuals(),
        lambda fit, frame: fit.plot(),
        lambda fit, frame: fit.predict(frame),
        lambda fit, frame: fit.predict(np.array([[0.5]])),
    ],
    "population": [
        lambda fit, frame: fit.predict(),
        lambda fit, frame: fit.predict(frame),
        lambda fit, frame: fit.plot(),
        lambda fit, frame: fit.residuals(),
        lambda fit, frame: fit.conf_int(),
    ],
}  # fmt: skip


# ---- one case


def one_case(rng: Rng) -> dict[str, Any]:
    """Run a case; return its room, how it ended, and in a few words why."""
    room = str(rng.choice(list(ROOMS), p=SHARES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame, fit, read = ROOMS[room](rng)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        outcome, why = _end(frame, fit, read, pick(rng, VERBS[room]))
    leaked = [one for one in said if not issubclass(one.category, StatmodelsXWarning)]
    if leaked and outcome in ("fitted", "refused"):
        first = leaked[0]
        outcome = "leaked"
        why = f"{first.category.__name__} at {Path(first.filename).name}:{first.lineno}: {str(first.message)[:120]}"
    return {"room": room, "outcome": outcome, "why": " ".join(why.split())[:200]}


def _end(
    frame: Any, fit: Callable[[Any], Any], read: dict[str, Any], verb: Callable[[Any, Any], Any]
) -> tuple[str, str]:
    before = frame.copy(deep=True) if isinstance(frame, pd.DataFrame) else None
    try:
        found = fit(frame)
        _read(found)
        with contextlib.suppress(StatmodelsXError):
            verb(found, frame)
        plt.close("all")
        wrong = _broken(found, frame, fit, read)
    except StatmodelsXError as error:
        return "refused", f"{type(error).__name__}: {error}"
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)
        ours = [entry for entry in place if "statmodels_x" in entry.filename][-1:]
        where = (
            f"{Path(ours[0].filename).parent.name}/{Path(ours[0].filename).name}:{ours[0].lineno}"
            if ours
            else "?"
        )
        return "foreign", f"{type(error).__name__} at {where}: {error}"
    if before is not None and not frame.equals(before):
        return "broken", "the user's frame was changed"
    return ("broken", wrong) if wrong else ("fitted", "")


def _read(fit: Any) -> None:
    """Read what every result has."""
    str(fit.summary())
    repr(fit)
    for verb in ("tidy", "glance"):
        getattr(fit, verb)()
    pickle.loads(pickle.dumps(fit))


def _broken(fit: Any, frame: Any, again: Callable[[Any], Any], read: dict[str, Any]) -> str:
    if read.get("newdata"):
        try:
            given = fit.predict(frame, **read["predict"])
        except StatmodelsXError:
            given = None
        if given is not None and read.get("probability"):
            values = given["estimate"].to_numpy(float)
            if np.any((values < -1e-9) | (values > 1.0 + 1e-9)):
                return "a probability outside 0 and 1"
        if given is not None and isinstance(frame, pd.DataFrame):
            copy = fit.predict(frame.copy(), **read["predict"])
            if not _same(given, copy):
                return "a copy of the frame is predicted otherwise"
    if read.get("order"):
        turned = again(frame.iloc[::-1])
        if fit.converged and turned.converged and abs(turned.llf - fit.llf) > 1e-5 * (1.0 + abs(fit.llf)):
            return f"llf {fit.llf:.6g}, and {turned.llf:.6g} with the rows in another order"
        wrong = [p for p in fit.pvalues.dropna() if not -1e-12 <= p <= 1.0 + 1e-12]
        if wrong:
            return f"a p-value of {wrong[0]:g}"
    return ""


def _same(one: Any, two: Any) -> bool:
    first, second = (pd.DataFrame(v).select_dtypes("number").to_numpy(float) for v in (one, two))
    return first.shape == second.shape and np.allclose(first, second, rtol=1e-9, equal_nan=True)


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """Count the ends by room."""
    counts = rows.groupby(["room", "outcome"]).size().unstack(fill_value=0)
    wanted = ["fitted", "refused", "foreign", "broken", "leaked"]
    counts = counts.reindex(columns=wanted, fill_value=0)
    counts.loc["all"] = counts.sum()
    counts.insert(0, "cases", counts.sum(axis=1))
    return counts


def main() -> None:
    from chunks import RESULTS, Study, write

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--chunk", type=int, default=250)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--table", action="store_true")
    asked = parser.parse_args()
    study = Study("fuzz", one_case, repeats=asked.cases, seed=asked.seed, chunk=asked.chunk, number="case")
    rows = study.rows(finished=asked.table)
    found = rows[rows["outcome"].isin(["foreign", "broken", "leaked"])]
    for (room, outcome, why), cases in found.groupby(["room", "outcome", "why"])["case"]:
        print(f"{room:14s} {outcome:8s} {len(cases):4d} (case {cases.iloc[0]}) {why}")
    counts = table(rows)
    print(counts.to_string())
    if asked.table or len(rows) == asked.cases:
        write(counts.reset_index(), RESULTS / "fuzz.csv")


if __name__ == "__main__":
    main()
