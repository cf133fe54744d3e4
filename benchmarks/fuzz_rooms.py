"""The rooms of the fuzzing study (fuzz.py): what is fitted to which frame, and what is read of a fit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from fuzz_frames import GROUPS, NAMES, RESPONSES, TERMS, Rng, disguised, framed, option, pick, quoted

import statmodels_x as smx

# ---- rooms: each returns the frame, a function of it that fits, and what to read of the fit

Job = tuple[Any, Callable[[Any], Any], dict[str, Any]]


def names_of(rng: Rng, n: int) -> list[str]:
    return (
        [str(name) for name in rng.choice(NAMES, n, replace=False)]
        if rng.uniform() < 0.3
        else list("xzw")[:n]
    )


RESIDUAL = ("at", "landmark", "treated", "control", "weights")


def by_label(rng: Rng, n: int) -> pd.Series:
    """Values whose labels are those of a plain frame in another order; of another frame, others."""
    return pd.Series(rng.uniform(0.2, 0.8, n), index=rng.permutation(n))


def few(frame: Any) -> Any:
    """Take the first rows, where a prediction is dear."""
    return frame.iloc[:4] if isinstance(frame, pd.DataFrame) else frame


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
    response = pick(rng, RESPONSES)
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
        options["weights"] = by_label(rng, n)
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
            options[name] = by_label(rng, n) if rng.uniform() < 0.1 else option(rng, "v", 0.3)
    how: dict[str, Any] = {
        "method": option(rng, pick(rng, ["crossfit", "full", "split"])),
        "n_perturb": option(rng, 20),
        "seed": 1,
    }
    if rng.uniform() < 0.1:
        how["bandwidth"] = option(rng, 0.3, 0.5)
    frame = framed(rng, columns)
    formulas = ("Surv(t, d) ~ arm", "Surv(e, s)")
    draw = rng.uniform()
    if draw < 0.1:
        horizon, again = option(rng, pick(rng, [None, 2.0])), {"n_perturb": option(rng, 20), "seed": 1}
        return frame, lambda data: smx.EventAssociation(*formulas, data, horizon=horizon).fit(**again), {}
    if draw < 0.25:
        kept = {name: options[name] for name in options if name in RESIDUAL}
        again = {
            "n_perturb": option(rng, 20),
            "seed": 1,
            "smoother": option(rng, pick(rng, ["kernel", "model"])),
        }
        return frame, lambda data: smx.ResidualEffect(*formulas, data, **kept).fit(**again), {}
    return frame, lambda data: smx.SurrogatePTE(*formulas, data, **options).fit(**how), {}


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
    if rng.uniform() < 0.15:
        formula, kind = pick(rng, ["a + b | c ~ day", "a | b ~ day", "a + b ~ day"]), options["interaction"]
        return (
            framed(rng, columns),
            lambda data: smx.ObservedLeslie(formula, data, interaction=kind).fit(),
            {},
        )
    model = smx.LotkaVolterra if rng.uniform() < 0.3 else smx.LeslieInteraction
    formula = pick(
        rng, ["a + b ~ day"] * 6 + ["a ~ day", "a + b ~ day + c", "log(a) + b ~ day", "a + b ~ I(day / 7)"]
    )
    return framed(rng, columns), lambda data: model(formula, data, **options).fit(**how), {"rows": "predict"}


def multistate(rng: Rng) -> Job:
    n = int(rng.integers(4, 90))
    x, z = names_of(rng, 2)
    covariate = rng.normal(size=n)
    death, early = rng.exponential(2.0, n), rng.exponential(np.exp(0.3 * covariate))
    end = rng.uniform(1.0, 6.0, n)
    time = np.minimum(death, end)
    columns = {
        "t": disguised(rng, time, 0.02, 0.03) if rng.uniform() < 0.2 else time,
        "d": (death <= end).astype(int),
        "e": np.minimum(early, time),
        "s": (early < time).astype(int),
        x: disguised(rng, covariate, 0.3),
        z: disguised(rng, rng.normal(size=n), 0.3),
        "v": disguised(rng, rng.uniform(0.5, 2.0, n), 0.1),
        "who": disguised(rng, np.arange(n) + 0.0, 0.1, 0.05),
    }
    terms = pick(rng, TERMS).format(x=quoted(x), z=quoted(z)) if rng.uniform() < 0.5 else quoted(x)
    reading: dict[str, Any] = {}
    for name, usual in (("ties", "half_unit"), ("unit", 0.01), ("id", "who"), ("keep", [x, z, "v"]), ("entry", "v"),
                        ("start", "well")):  # fmt: skip
        if rng.uniform() < 0.1:
            reading[name] = option(rng, usual, 0.2)
    options: dict[str, Any] = {"distribution": option(rng, pick(rng, ["weibull", "exponential", "auto"]))}
    for name, usual in (
        ("clock", "reset"),
        ("stacked", True),
        ("weights", "v"),
        ("scale", "ph"),
        ("power", 1.0),
    ):
        if rng.uniform() < 0.12:
            options[name] = option(rng, usual, 0.2)
    how = {"cov_type": option(rng, pick(rng, [None, None, "cluster"]))}
    competing = rng.uniform() < 0.2
    columns["why"] = pick(rng, GROUPS)(rng, covariate) if rng.uniform() < 0.2 else np.resize([0, 1, 2], n)

    def run(data: Any) -> Any:
        if competing:
            stays = smx.MultiStateData.competing(data, "t", "why")
        else:
            stays = smx.MultiStateData.from_wide(data, {"ill": ("e", "s"), "dead": ("t", "d")}, **reading)
        return smx.MultiState(f"~ {terms}", stays, **options).fit(**how)

    kind = pick(rng, ["occupancy", "occupancy", "stay"])
    read = {"newdata": True, "predict": {"kind": kind, "at": option(rng, [0.5, 1.0])}}
    return framed(rng, columns), run, read | {"few": True, "probability": kind == "occupancy"}


ROOMS = {
    "survival": survival,
    "surrogate": surrogate,
    "discontinuity": discontinuity,
    "population": population,
    "multistate": multistate,
}
SHARES = [0.4, 0.2, 0.15, 0.1, 0.15]


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
        lambda fit, frame: fit.conf_int(**({"method": "fieller"} if hasattr(fit, "r_s") else {})),
        lambda fit, frame: fit.conf_int(**({"method": "quantile"} if hasattr(fit, "r_s") else {})),
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
    "multistate": [
        lambda fit, frame: fit.predict(few(frame), "occupancy", at=[0.5]),
        lambda fit, frame: fit.predict(few(frame), "transition", at=[1.0], start="ill", given=0.2, entered=0.1),
        lambda fit, frame: fit.predict(few(frame), "occupancy_difference", at=[1.0], reference=few(frame)),
        lambda fit, frame: fit.simulate(few(frame), n=3, seed=1),
        lambda fit, frame: fit.plot(at=[0.5, 1.0]),
        lambda fit, frame: fit.plot("diagram"),
        lambda fit, frame: fit.markov_test(),
        lambda fit, frame: fit.conf_int(),
    ],
}  # fmt: skip
