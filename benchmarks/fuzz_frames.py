"""Columns of any type, frames of any kind, options of any sense: what the fuzzing study (fuzz.py) is made of."""

from __future__ import annotations

import decimal
import fractions
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

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
