"""What happens on a thousand very different data sets: converged, flagged, or refused with a reason.

    python benchmarks/survival_robustness.py [--n 1000] [--jobs 2]

Each data set draws its hazard shape (five shapes and a cured fraction), its size (30 to 2,000, log-uniform) and
its censoring (0 to 80 %). Three models are fitted to it: the accelerated failure time form, the proportional
hazards form, and both scales. A fit that calls itself regular is checked twice from outside: by numerical
differentiation of a log-likelihood written with the distribution object, and by a second search with more
random starts. Work is done in chunks that are kept, so that a stopped run goes on where it was.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd
from chunks import RESULTS, Study

import statmodels_x as smx
from statmodels_x.core.errors import StatmodelsXError
from statmodels_x.survival.distributions.simulate import HAZARD_SHAPES, simulate

CHUNK = 100
MODELS = {
    "aft": {"scale": "aft", "power": "~ arm"},
    "ph": {"scale": "ph", "power": "~ arm"},
    "both": {"scale": "aft", "other_scale": "~ 1"},
}


def one_data_set(rng: np.random.Generator) -> list[dict]:
    shape = str(rng.choice(list(HAZARD_SHAPES)))
    gamma, kappa = HAZARD_SHAPES[shape]
    n = int(np.exp(rng.uniform(np.log(30), np.log(2000))))
    plateau = smx.APGW(kappa=kappa).cure_fraction() if kappa < 0 else 0.0
    share = float(plateau + (0.8 - plateau) * rng.uniform(0.02 if kappa < 0 else 0.0, 1.0))
    covariates = pd.DataFrame({"arm": rng.integers(0, 2, n), "age": rng.normal(size=n)})
    effects = {
        "aft": {"Intercept": rng.normal(0, 2), "arm": 0.5, "age": 0.3},
        "power": {"Intercept": np.log(gamma)},
        "shape": {"Intercept": np.log1p(kappa)},
    }
    data = simulate(covariates, effects, share, rng)
    base = {"hazard": shape, "n": n, "censored": 1 - data["status"].mean()}
    return [{**base, "model": name, **outcome(data, options)} for name, options in MODELS.items()]


def outcome(data: pd.DataFrame, options: dict) -> dict:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = smx.FlexibleSurvival("Surv(time, status) ~ arm + age", data, **options)
            fit = model.fit()
            again = model.fit(n_starts=15, seed=1)
        except StatmodelsXError as error:
            return {"outcome": "refused", "detail": f"{type(error).__name__}: {str(error)[:80]}"}
        except Exception as error:
            return {"outcome": "CRASH", "detail": repr(error)[:120]}
    kinds = ", ".join(finding.kind for finding in fit.estimate.findings)
    foreign = [w for w in caught if not issubclass(w.category, smx.core.errors.StatmodelsXWarning)]
    if foreign:
        return {"outcome": "CRASH", "detail": f"warning {foreign[0].message}"[:120]}
    if not fit.is_regular:
        return {"outcome": "not regular, named" if kinds and fit.warnings else "UNNAMED", "detail": kinds}
    if again.is_regular and again.llf > fit.llf + 1e-3:
        return {"outcome": "MISSED MAXIMUM", "detail": f"{again.llf - fit.llf:.4f}"}
    gain = outside_decrement(fit, data)
    if not gain < 1e-4:
        return {"outcome": "NOT STATIONARY", "detail": f"{gain:.2e}"}
    return {"outcome": "regular, weak (named)" if kinds else "regular", "detail": kinds}


def outside_decrement(fit, data: pd.DataFrame) -> float:
    """Newton decrement by numerical slopes of an independently written log-likelihood."""
    theta, information = fit.params.to_numpy(), fit.estimate.optimum.information
    status, time = data["status"].to_numpy() == 1, data["time"].to_numpy()
    columns = {"Intercept": np.ones(len(data)), "arm": data["arm"].to_numpy(), "age": data["age"].to_numpy()}

    def value(theta: np.ndarray) -> float:
        eta = dict.fromkeys(("aft", "ph", "power", "shape"), np.zeros(len(data)))
        for (parameter, term), coefficient in zip(fit.params.index, theta, strict=True):
            eta[parameter] = eta[parameter] + coefficient * columns[term]
        law = smx.APGW(np.exp(eta["aft"]), np.exp(eta["ph"]), np.exp(eta["power"]), np.expm1(eta["shape"]))
        return float(np.sum(np.where(status, law.log_hazard(time), 0.0) - law.cumulative_hazard(time)))

    # steps by the curvature along each coordinate: along a ridge a step by the standard error would leave it
    steps = 1e-3 / np.sqrt(np.diag(information))
    slopes = [
        (value(theta + step) - value(theta - step)) / (2.0 * step[k]) for k, step in enumerate(np.diag(steps))
    ]
    return float(0.5 * np.dot(slopes, np.linalg.solve(information, slopes)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    everything = Study("survival_robustness", one_data_set, arguments.n, 2020, CHUNK, arguments.jobs).rows()
    counts = everything.groupby(["model", "outcome"]).size().unstack("outcome", fill_value=0)
    shares = (100 * counts.div(counts.sum(axis=1), axis=0)).round(1)
    shares.insert(0, "data sets", counts.sum(axis=1))
    shares.to_csv(RESULTS / "survival_robustness.csv")
    print(shares.to_string())
    odd = everything[everything["outcome"].str.isupper() | (everything["outcome"] == "refused")]
    print(odd.to_string() if len(odd) else "no crash, no unnamed or missed maximum, no refusal")
    reasons = everything[everything["outcome"].str.startswith("not")].groupby(["model", "detail"]).size()
    print(reasons.to_string())


if __name__ == "__main__":
    main()
