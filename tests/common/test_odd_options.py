"""Every option given what no option can be: it is taken, or refused by an error of the package."""

import inspect
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.errors import StatmodelsXError, StatmodelsXWarning

ODD = {
    "text": "x", "empty text": "", "bytes": b"x", "names": ["a", "a"], "list": [], "dict": {}, "pair": (1, 2),
    "array": np.zeros(3), "number in an array": np.array(2.0), "series": pd.Series([1.0]), "True": True, "None": None,
    "negative": -1, "fraction": 1.5, "missing": np.nan, "infinite": np.inf, "huge": 10**30, "complex": 1j,
    "object": object(), "function": lambda: 0,
}  # fmt: skip
HAVE = {"kind": "survival", "at": [1.0], "by": "arm", "n": 3}
"""What a verb is given for arguments without a default."""
CHEAP = {"n": 3, "n_draws": 100, "n_perturb": 20, "n_repeats": 2, "folds": 2}
LEFT_OUT = {
    "data", "progress", "n_jobs",  # the frame, a bar, processes
    "path", "larger", "other", "ax", "function",  # files, models, axes and functions are objects of their own
}  # fmt: skip
MADE_INSIDE = {"without_data", "need_sample", "stored", "derive", "with_params", "with_theta", "arm"}
DEAR = {"power", "landmark_grid", "bootstrap", "test_no_jump", "profile", "fitted_process", "by_group"}


def options(function: Callable[..., Any]) -> list[str]:
    kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY
    found = inspect.signature(function).parameters.values()
    return [entry.name for entry in found if entry.kind in kinds and entry.name not in {"self", *LEFT_OUT}]


def verbs(fit: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of attributes
        members = inspect.getmembers(fit, inspect.ismethod)
    for name, verb in members:
        if not (name.startswith("_") or name in MADE_INSIDE | DEAR or inspect.isclass(verb.__self__)):
            yield name, verb


def given(verb: Callable[..., Any]) -> dict[str, Any]:
    parameters = inspect.signature(verb).parameters.values()
    needed = {
        p.name: HAVE.get(p.name, 1)
        for p in parameters
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD
    }
    return needed | {p.name: CHEAP[p.name] for p in parameters if p.name in CHEAP}


def refused_or_taken(call: Callable[[], Any], what: str, wrong: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        warnings.simplefilter("ignore", DeprecationWarning)  # an old word is an odd one, too
        try:
            call()
        except StatmodelsXError as error:
            if len(str(error)) < 15:
                wrong.append(f"{what} is refused in a word: {error}")
        except Exception as error:
            wrong.append(f"{what}: {type(error).__name__}: {error}")
        finally:
            plt.close("all")


TRIAL = {"formula": "Surv(time, died) ~ arm", "surrogate": "Surv(early, seen)"}
AT = {"at": 2.5, "landmark": 1.0, "treated": "new", "control": "old"}
PENALTIES = {"lam": 0.1, "nu": 0.5}
MODELS: dict[str, tuple[Callable[..., Any], dict[str, Any], dict[str, Any]]] = {
    "survival": (
        smx.FlexibleSurvival,
        {"formula": "Surv(time, status) ~ arm", "distribution": "weibull"},
        {},
    ),
    "surrogate": (smx.SurrogatePTE, TRIAL | AT, {"n_perturb": 20}),
    "residual effect": (smx.ResidualEffect, TRIAL | AT, {"n_perturb": 20}),
    "association": (
        smx.EventAssociation,
        {"outcome": TRIAL["formula"], "surrogate": TRIAL["surrogate"], "horizon": 2.0},
        {"n_perturb": 20},
    ),
    "curve": (smx.FreeDiscontinuity, {"formula_or_array": "y ~ x", **PENALTIES}, {"tune": None}),
    "surface": (
        smx.FreeDiscontinuity,
        {"formula_or_array": "y ~ x + z", "resolution": 5, **PENALTIES},
        {"tune": None, "max_iter": 50},
    ),
    "leslie": (smx.LeslieInteraction, {"formula": "a + b ~ day"}, {"n_starts": 1}),
    "lotka-volterra": (smx.LotkaVolterra, {"formula": "a + b ~ day"}, {"n_starts": 1}),
    "observed classes": (smx.ObservedLeslie, {"formula": "x1 + x2 | y ~ year", "coupling": "full"}, {}),
    "multi-state": (smx.MultiState, {"formula": "~ arm", "distribution": "weibull"}, {}),
}
"""By the names of the cases: the class, and the least that it and a fast fit of it need."""
FITTED = {"survival", "observed classes", "multi-state", "curve"}
"""Models whose fit is fast enough for an odd value of each of its options that is taken."""


def test_options_of_models_and_fits(case):
    if case.name not in MODELS:
        pytest.skip("an option of a model that is tried by itself")
    model, asked, how = MODELS[case.name]
    data = case.model(case.frame()).data if case.name == "multi-state" else case.frame()
    wrong: list[str] = []
    for option in options(model.__init__):
        for kind, value in ODD.items():
            arguments = asked | {"data": data, option: value}
            refused_or_taken(lambda a=arguments: model(**a), f"{model.__name__}({option}={kind})", wrong)
    made = model(data=data, **asked)
    for option in options(model.fit):
        for kind, value in ODD.items():
            if kind in ("text", "list", "array", "object") or case.name in FITTED:
                arguments = how | {option: value}
                refused_or_taken(lambda a=arguments: made.fit(**a), f"fit({option}={kind})", wrong)
    assert not wrong, "\n".join(wrong)


READERS = {
    "from_wide": {"states": {"ill": ("early", "seen"), "dead": ("time", "died")}},
    "competing": {"time": "time", "event": "died"},
    "from_long": {},
}


@pytest.mark.parametrize("reader", READERS)
def test_options_of_readers_of_states(reader):
    frame = pd.DataFrame(
        {"time": [1.0, 2.0, 3.0], "died": [1, 0, 1], "early": [0.5, 2.0, 1.0], "seen": [1, 0, 1]}
    )
    read = getattr(smx.MultiStateData, reader)
    wrong: list[str] = []
    for option in options(read):
        for kind, value in ODD.items():
            arguments = READERS[reader] | {"data": frame, option: value}
            refused_or_taken(lambda a=arguments: read(**a), f"{reader}({option}={kind})", wrong)
    assert not wrong, "\n".join(wrong)


def test_options_of_verbs(case, fit):
    if case.name == "cure":
        pytest.skip("has the verbs of survival")
    wrong: list[str] = []
    for name, verb in verbs(fit):
        for option in options(verb):
            for kind, value in ODD.items():
                arguments = given(verb) | {option: value}
                refused_or_taken(lambda v=verb, a=arguments: v(**a), f"{name}({option}={kind})", wrong)
    assert not wrong, "\n".join(wrong)
