"""Random frames, formulas and options for every room: what comes out is a fit that holds, or an error of the package.

Each case spoils a good frame of tests/common (types, missing values, sizes, index, names), and sometimes the formula or
an option. Counted are: fits; errors of the package; foreign errors; warnings that are not the package's; and broken
invariants (a frame that was changed, a summary that fails, a copy that says something else, standard errors that are
infinite). The last three must be 0. ``python benchmarks/fuzz.py --n 20000`` is the study, whose table is
results/fuzz.csv; a slice of it is a test.
"""

from __future__ import annotations

import argparse
import datetime
import decimal
import fractions
import pickle
import sys
import traceback
import warnings
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from chunks import RESULTS, Study, write

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXError, StatmodelsXWarning

PATH = Path(__file__).parents[1] / "tests" / "common" / "conftest.py"
if "cases" not in sys.modules:
    spec = spec_from_file_location("cases", PATH)
    sys.modules["cases"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["cases"])
CASES = sys.modules["cases"].CASES
ROWS = 43
Rng = np.random.Generator


# ---- what a column may become


def _some(value: Any) -> Callable[[Rng, pd.Series], Any]:
    def put(rng: Rng, column: pd.Series) -> Any:
        found = column.astype(object)
        found[rng.uniform(size=len(found)) < rng.choice([0.02, 0.2, 0.9])] = value
        return found.tolist()

    return put


COLUMNS: dict[str, Callable[[Rng, pd.Series], Any]] = {
    "missing": _some(np.nan),
    "none": _some(None),
    "na": _some(pd.NA),
    "infinite": _some(np.inf),
    "low": _some(-np.inf),
    "text among": _some("x"),
    "bool among": _some(True),
    "zero": _some(0),
    "negative": _some(-1.5),
    "huge": _some(1e155),
    "larger": _some(1e308),
    "tiny": _some(1e-300),
    "complex": _some(1j),
    "list": _some([1]),
    "date": _some(datetime.date(2020, 1, 1)),
    "interval": _some(pd.Interval(0, 1)),
    "big int": _some(10**30),
    "bytes": _some(b"1"),
    "any": _some(object()),
    "constant": lambda rng, column: [column.iloc[0]] * len(column),
    "shifted": lambda rng, column: _number(column) + 10.0 ** rng.integers(3, 13),
    "scaled": lambda rng, column: _number(column) * 10.0 ** rng.integers(-200, 200),
    "rounded": lambda rng, column: _number(column).round(),
    "int8": lambda rng, column: np.clip(_number(column), 0, 100).astype("int8"),
    "uint64": lambda rng, column: np.clip(_number(column), 0, None).astype("uint64"),
    "float16": lambda rng, column: _number(column).astype("float16"),
    "float32": lambda rng, column: _number(column).astype("float32"),
    "longdouble": lambda rng, column: _number(column).astype("longdouble"),
    "text": lambda rng, column: column.astype(str),
    "string": lambda rng, column: column.astype("string"),
    "category": lambda rng, column: column.astype("category"),
    "ordered": lambda rng, column: pd.Categorical(column, ordered=True),
    "unused level": lambda rng, column: pd.Categorical(column, [*pd.unique(column), "never"]),
    "bool": lambda rng, column: _number(column) > 1.0,
    "nullable": lambda rng, column: column.convert_dtypes(),
    "arrow": lambda rng, column: column.convert_dtypes(dtype_backend="pyarrow"),
    "decimal": lambda rng, column: [decimal.Decimal(repr(float(x))) for x in _number(column)],
    "fraction": lambda rng, column: [fractions.Fraction(float(x)) for x in _number(column)],
    "dates": lambda rng, column: pd.date_range("2020-01-01", periods=len(column)),
    "zoned": lambda rng, column: pd.date_range("2020-01-01", periods=len(column), tz="Asia/Tokyo"),
    "durations": lambda rng, column: pd.to_timedelta(np.arange(len(column)), "h"),
    "periods": lambda rng, column: pd.period_range("2020-01", periods=len(column), freq="M"),
    "sparse": lambda rng, column: pd.arrays.SparseArray(_number(column)),
    "object": lambda rng, column: column.astype(object),
    "unique text": lambda rng, column: [f"level {k}" for k in range(len(column))],
    "empty text": lambda rng, column: [""] * len(column),
}
INDEXES: dict[str, Callable[[int], Any]] = {
    "default": pd.RangeIndex,
    "reversed": lambda n: pd.RangeIndex(n - 1, -1, -1),
    "repeated": lambda n: [0] * n,
    "text": lambda n: [f"r{k}" for k in range(n)],
    "missing": lambda n: [np.nan] * n,
    "dates": lambda n: pd.date_range("2020", periods=n),
    "levels": lambda n: pd.MultiIndex.from_arrays([np.arange(n) % 2, np.arange(n)]),
    "category": lambda n: pd.CategoricalIndex(["a"] * n),
    "intervals": lambda n: pd.interval_range(0, n),
}
NAMES = [
    "True",
    "None",
    "np",
    "a b",
    "a`b",
    "x'y",
    'x"y',
    "ä",
    "1st",
    "C",
    "Surv",
    "lambda",
    "",
    " ",
    "[0]",
    "Intercept",
    7,
    ("t", 1),
    None,
]
TERMS = [
    "{0}",
    "{0} + {1}",
    "{0} * {1}",
    "C({0})",
    "bs({0}, df=4)",
    "poly({0}, 2)",
    "np.log({0})",
    "{0} ** 2",
    "1",
    "0 + {0}",
    "{0} - 1",
    "scale({0})",
    "I({0} / 0)",
    "np.sqrt(-{0})",
    "cr({0}, df=3)",
    "{0}:{1}",
    "-{0}",
    "offset({0})",
    "({0}",
    "{0} {1}",
    "np.exp(1000 * {0})",
    "C({0}, levels=['q'])",
    "{0} + missing_one",
    "bs({0}, df=10**6)",
    "({0} + {1}) ** 30",
    "9**9**9 * {0}",
    "center({0}) + {0}",
    "exp10({0})",
    "np.power({0}, 2, {0})",
    "{0} > 1",
    "`{0}`",
    "Q('{0}')",
    "__import__('os')",
]
OPTIONS: dict[str, Any] = {
    "distribution": ["apgw", "weibull", "gompertz", "gengamma", "lognormal", "nope", None, 3],
    "power": ["~ arm", "~ age", 1.0, -1, "x"],
    "shape": [1.0, np.inf, "~ 1", "~"],
    "cure": ["~ 1", "~ arm", "arm", 1],
    "weights": ["age", "nope", "arm"],
    "cluster": ["arm", "age"],
    "at": [0.0, -1, 2.5, 100, "a", np.nan],
    "landmark": [0.0, 2.5, 9.0, None],
    "treated": ["new", "old", "nope", 1],
    "effect": ["rmst", "survival", "x"],
    "resolution": [2, 5, 0, 1.5, "a", 10**9],
    "lam": [1.0, 0, -1, np.inf],
    "nu": [0.1, 0.0, "a"],
    "levels": [2, 8, 1, 2.5],
    "noise": ["iid", "correlated", 0.1, -1, 0],
    "jump_length": ["anisotropic", "x"],
    "interaction": ["competition", "predation", "complex", "x"],
    "ages": [1, (2, 1), 0, (1, 2, 3), "a"],
    "coupling": ["scalar", "full", "x"],
    "density": [None, "leslie-gower", "x"],
    "family": ["gaussian", "poisson", "lognormal", "x"],
    "culture": ["a", "nope"],
    "step": [1.0, 0.5, 0, "a"],
}


def _number(column: pd.Series) -> pd.Series:
    return (
        column
        if column.dtype.kind in "iuf"
        else pd.Series(pd.factorize(column)[0], column.index).astype(float)
    )


# ---- a case


def spoilt(rng: Rng, frame: pd.DataFrame) -> tuple[Any, list[str]]:
    """Return a frame with something strange in it, and what that is."""
    frame, done = frame.head(ROWS * 3).copy(), []
    for _ in range(rng.integers(0, 3)):
        name, kind = rng.choice(list(frame.columns)), str(rng.choice(list(COLUMNS)))
        try:
            frame = frame.assign(**{name: COLUMNS[kind](rng, frame[name])})
        except (TypeError, ValueError, OverflowError, ArithmeticError):  # a column that cannot become this
            continue
        done.append(f"{name}: {kind}")
    if rng.uniform() < 0.1:
        frame = frame.head(int(rng.choice([0, 1, 2, 3, 5])))
        done.append(f"{len(frame)} rows")
    index = str(rng.choice(list(INDEXES)))
    if index != "default":
        frame = frame.set_axis(pd.Index(INDEXES[index](len(frame))))
        done.append(f"index: {index}")
    if rng.uniform() < 0.15:
        extra = NAMES[rng.integers(len(NAMES))]
        frame.insert(0, extra, [object()] * len(frame), allow_duplicates=True)
        done.append(f"column {extra!r}")
    return frame, done


def build(rng: Rng, number: int, frame: Any, done: list[str]) -> Any:
    """Return a model of the case's room: as it is, or with another formula or option."""
    case = CASES[number]
    if rng.uniform() < 0.5:
        return case.model(frame)
    options = {}
    for name in rng.choice(list(OPTIONS), 2, replace=False):
        options[str(name)] = OPTIONS[name][rng.integers(len(OPTIONS[name]))]
    made = _FORMULAS[number % len(_FORMULAS)]
    terms = TERMS[rng.integers(len(TERMS))] if rng.uniform() < 0.6 else "{0}"
    return made(frame, terms, options, done)


def _known(model: Any, options: dict[str, Any]) -> dict[str, Any]:
    import inspect

    return {name: value for name, value in options.items() if name in inspect.signature(model).parameters}


def _with(model: Any, formula: str, columns: tuple[str, str], always: dict[str, Any]) -> Callable[..., Any]:
    def made(frame: Any, terms: str, options: dict[str, Any], done: list[str]) -> Any:
        text, used = formula.format(terms.format(*columns)), {**always, **_known(model, options)}
        done.append(f"{text}, {used}")
        return model(text, data=frame, **used)

    return made


_FORMULAS = [
    _with(smx.FlexibleSurvival, "Surv(time, status) ~ {}", ("age", "arm"), {}),
    _with(smx.FlexibleSurvival, "Surv(time, status) ~ {}", ("arm", "age"), {"distribution": "weibull"}),
    _with(
        smx.SurrogatePTE,
        "Surv(time, died) ~ {}",
        ("arm", "early"),
        {"surrogate": "Surv(early, seen)", "at": 2.5, "landmark": 1.0, "treated": "new", "control": "old"},
    ),
    _with(
        smx.ResidualEffect,
        "Surv(time, died) ~ {}",
        ("arm", "early"),
        {"surrogate": "Surv(early, seen)", "at": 2.5, "landmark": 1.0, "treated": "new", "control": "old"},
    ),
    _with(smx.FreeDiscontinuity, "y ~ {}", ("x", "y"), {}),
    _with(smx.FreeDiscontinuity, "y ~ z + {}", ("x", "y"), {"resolution": 5}),
    _with(smx.LeslieInteraction, "a + b ~ {}", ("day", "a"), {}),
    _with(smx.LotkaVolterra, "a + b ~ {}", ("day", "a"), {}),
    _with(smx.LotkaVolterra, "{} + y ~ year", ("x1", "x2"), {}),
]


def one_case(rng: Rng) -> dict[str, Any]:
    """Make a case, and say how it ended."""
    number = int(rng.integers(len(CASES)))
    case = CASES[number]
    frame, done = spoilt(rng, case.frame())
    before = frame.copy(deep=True)
    row: dict[str, Any] = {"model": case.name, "ended": "fit", "detail": ""}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fit = build(rng, number, frame, done).fit(**_short(case))
            row["detail"] = _broken(case, fit)
            row["ended"] = "broken" if row["detail"] else "fit"
        except StatmodelsXError as error:
            row["ended"] = "refused" if len(str(error)) > 15 else "broken"
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            row |= {
                "ended": "foreign",
                "detail": f"{error!r:.150} at {Path(where.filename).name}:{where.lineno}",
            }
    if not _same(frame, before):
        row |= {"ended": "broken", "detail": "the frame was changed"}
    leaks = [
        entry for entry in caught if not issubclass(entry.category, StatmodelsXWarning | DeprecationWarning)
    ]
    row["leaked"] = len(leaks)
    if leaks:
        first = leaks[0]
        where = f"{Path(first.filename).name}:{first.lineno}"
        row["detail"] += f" {first.category.__name__}: {str(first.message)[:100]} ({where})"
    return row | {"case": "; ".join(done)[:300]}


def _short(case: Any) -> dict[str, Any]:
    return {**case.fit, **({"max_iter": 300} if case.name == "surface" else {})}


def _same(frame: pd.DataFrame, before: pd.DataFrame) -> bool:
    try:
        pd.testing.assert_frame_equal(frame, before, check_exact=True)
    except AssertionError:
        return all(map(repr, frame)) and repr(frame) == repr(before)  # objects that do not compare
    return True


def _broken(case: Any, fit: Any) -> str:
    """Say what does not hold of a fit; empty if all does."""
    table = fit.tidy()
    if np.isinf(table["std.error"].to_numpy(float)).any():
        return "an infinite standard error"
    if not np.isfinite(table["estimate"].to_numpy(float)).any() and len(table):
        return "no finite estimate"
    text = fit.summary().as_text()
    again = pickle.loads(pickle.dumps(fit))
    if again.summary().as_text() != text:
        return "a copy prints another summary"
    fit.glance()
    return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=2026)
    arguments = parser.parse_args()
    rows = Study("fuzz", one_case, arguments.n, arguments.seed, 200, arguments.jobs).rows()
    counts = rows.groupby(["model", "ended"]).size().unstack("ended", fill_value=0)
    table = counts.reindex(columns=["fit", "refused", "foreign", "broken"], fill_value=0)
    table["leaked"] = rows[rows["leaked"] > 0].groupby("model").size().reindex(table.index, fill_value=0)
    table.insert(0, "cases", counts.sum(axis=1))
    table.loc["all"] = table.sum()
    write(table.reset_index(), RESULTS / "fuzz.csv")
    print(table.to_string())
    odd = rows[rows["ended"].isin(["foreign", "broken"]) | (rows["leaked"] > 0)]
    for _, row in odd.drop_duplicates("detail").iterrows():
        print(f"{row['model']}: {row['ended']}: {row['detail']}\n    {row['case']}")


if __name__ == "__main__":
    main()
