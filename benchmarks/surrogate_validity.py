"""Claims without an effect, stopped follow-up of progression, weights, and what is shown: simulated by one command.

    python benchmarks/surrogate_validity.py --n 1000 --jobs 2

Each study draws trials from a process with known truth and says of every way of analysing them: bias, mean standard
error over the empirical one, coverage of 95 % intervals, and how often "more than this share" is claimed at 5 %. The
table stands in benchmarks/results/surrogate_validity.csv; a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from chunks import CHUNKS, RESULTS, Row, Study, write

import statmodels_x as smx
from statmodels_x.core.errors import StatmodelsXWarning
from statmodels_x.surrogate.planning.simulate import PROCESSES
from statmodels_x.surrogate.planning.truth import true_values

OUTCOME, SURROGATE = "Surv(time, status) ~ arm", "Surv(surrogate_time, surrogate_status)"
AT, LANDMARK = 3.0, 1.0
A, B = PROCESSES["A illness-death"], PROCESSES["B strong surrogate"]
NO_EFFECT = smx.IllnessDeathTrial(
    smx.IllnessDeath(1.0, 0.10, 0.55), smx.IllnessDeath(0.4, 0.10, 1.3604911692814547), 0.08
)
HARM = smx.IllnessDeathTrial(A.process.treated, A.process.control, 0.08)
SICK = smx.IllnessDeathTrial(smx.IllnessDeath(2.0, 0.20, 0.9), smx.IllnessDeath(1.0, 0.16, 0.75), 0.08)
FAST = smx.IllnessDeathTrial(smx.IllnessDeath(3.0, 0.10, 0.55), smx.IllnessDeath(1.5, 0.08, 0.45), 0.08)


@dataclass(frozen=True)
class Mixture:
    """Half of one process and half of another, in one arm."""

    first: smx.IllnessDeath
    second: smx.IllnessDeath

    def density(self, s: np.ndarray, u: float) -> np.ndarray:
        """d/ds P(S <= s, T > u)."""
        return 0.5 * (self.first.density(s, u) + self.second.density(s, u))

    def survival(self, u: float) -> float:
        """P(T > u)."""
        return 0.5 * (self.first.survival(u) + self.second.survival(u))


def truth_of(one: smx.IllnessDeathTrial, other: smx.IllnessDeathTrial) -> dict[str, float]:
    arms = Mixture(one.control, other.control), Mixture(one.treated, other.treated)
    return true_values(arms, AT, LANDMARK, False, np.zeros(0))


def fitted(frame: pd.DataFrame, at: float = AT, landmark: float = LANDMARK, **how) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        return smx.SurrogatePTE(OUTCOME, SURROGATE, frame, at=at, landmark=landmark, **how).fit(n_perturb=200)


def row(fit, way: str, truth: float, name: str = "pte", **more: float) -> Row:
    """Return what one analysis of one trial says of a quantity, whether its effect differs from 0 or not."""
    found = fit.inference
    if name == "delta":
        value, error = found.delta[0], found.delta_error
        low, high = value - 1.959964 * error, value + 1.959964 * error
    else:
        value, draws = found.ratio(name)
        error = 1.4826 * np.median(np.abs(draws - np.median(draws)))
        low, high = fit.conf_int().loc[name]
    covered = float(low <= truth <= high)
    return {"way": way, "estimate": value, "std_error": error, "covered": covered, "truth": truth, **more}


def claims(rng: np.random.Generator, process: smx.IllnessDeathTrial, share: float) -> list[Row]:
    fit = fitted(process.simulate(500, seed=int(rng.integers(2**31))))
    found = fit.share_test(share)
    return [
        {"way": "share alone", "claimed": float(found["p.share"] < 0.05)},
        {"way": "share and effect", "claimed": float(found["p.value"] < 0.05)},
    ]


def stop(frame: pd.DataFrame, stops: np.ndarray) -> pd.DataFrame:
    late = frame["surrogate_time"] > stops
    return frame.assign(
        surrogate_status=np.where(late, 0, frame["surrogate_status"]),
        surrogate_time=np.minimum(frame["surrogate_time"], stops),
    )


def stopping(rng: np.random.Generator, rate: float, treated: float) -> list[Row]:
    frame = A.process.simulate(1000, seed=int(rng.integers(2**31)))
    rates = rate * np.where(frame["arm"] == 1, treated, 1.0)
    frame = stop(frame, rng.standard_exponential(len(frame)) / rates)
    truth = A.process.true_values(AT, LANDMARK)["pte"]
    return [
        row(fitted(frame), "weighted by arm", truth),
        row(fitted(frame, stopping="ignore"), "ignored", truth),
    ]


def stopping_by_covariate(rng: np.random.Generator) -> list[Row]:
    seeds = rng.integers(2**31, size=2)
    parts = [
        process.simulate(500, seed=int(seed)).assign(z=z)
        for z, (process, seed) in enumerate(zip((A.process, FAST), seeds, strict=True))
    ]
    frame = pd.concat(parts, ignore_index=True)
    frame = stop(frame, rng.standard_exponential(len(frame)) / np.where(frame["z"] == 1, 1.5, 0.1))
    truth = truth_of(A.process, FAST)["pte"]
    return [
        row(fitted(frame, stopping="~ z"), "weighted by arm and covariate", truth),
        row(fitted(frame), "weighted by arm", truth),
        row(fitted(frame, stopping="ignore"), "ignored", truth),
    ]


def weights(rng: np.random.Generator, name: str) -> list[Row]:
    """Sicker patients are in the treated arm more often."""
    sick = rng.integers(2, size=1200)
    arm = (rng.random(1200) < np.where(sick == 1, 0.7, 0.3)).astype(int)
    parts = []
    for z, process in enumerate((A.process, SICK)):
        sizes = tuple(int(np.sum((sick == z) & (arm == a))) for a in (0, 1))
        parts.append(process.simulate(sizes, seed=int(rng.integers(2**31))).assign(z=z))
    frame = pd.concat(parts, ignore_index=True)
    known = np.where(frame["z"] == 1, 0.7, 0.3)
    estimated = frame.groupby("z")["arm"].transform("mean").to_numpy()
    truth = truth_of(A.process, SICK)[name]
    return [
        row(fitted(frame, propensity="~ C(z)"), "estimated inside", truth, name),
        row(fitted(frame, propensity=estimated), "estimated, taken as known", truth, name),
        row(fitted(frame, propensity=known), "the true ones", truth, name),
        row(fitted(frame), "none", truth, name),
    ]


def shown(rng: np.random.Generator, n: int, letter: str) -> list[Row]:
    setting = {"A": A, "B": B}[letter]
    frame = setting.process.simulate(n, seed=int(rng.integers(2**31)))
    truth = setting.process.true_values(setting.at, setting.landmark)["pte"]
    fit = fitted(frame, at=setting.at, landmark=setting.landmark)
    is_shown = float(fit.is_defined)
    every = row(fit, "all trials", truth, shown=is_shown)
    if not fit.is_defined:
        return [every]
    given = {
        **every,
        "way": "trials that show the effect: pte_given_shown",
        "std_error": np.nan,
        "covered": np.nan,
    }
    return [
        every,
        {**every, "way": "trials that show the effect: pte"},
        {**given, "estimate": fit.pte_given_shown},
    ]


STUDIES = {
    "claims": {
        "no effect, 'more than half'": partial(claims, process=NO_EFFECT, share=0.5),
        "PTE .539 of a harm, 'more than .539'": partial(
            claims, process=HARM, share=HARM.true_values(AT, LANDMARK)["pte"]
        ),
        "PTE .539 of a harm, 'more than .2'": partial(claims, process=HARM, share=0.2),
        "PTE .573 of a benefit, 'more than .2'": partial(claims, process=A.process, share=0.2),
    },
    "stopping": {
        "rate .1": partial(stopping, rate=0.1, treated=1.0),
        "rate .3": partial(stopping, rate=0.3, treated=1.0),
        "rate .6": partial(stopping, rate=0.6, treated=1.0),
        "rate .3, treated .9": partial(stopping, rate=0.3, treated=3.0),
        "by a covariate": stopping_by_covariate,
    },
    "weights": {
        "delta": partial(weights, name="delta"),
        "PTE": partial(weights, name="pte"),
    },
    "shown": {
        f"{letter}, {n} an arm": partial(shown, n=n, letter=letter)
        for letter in ("A", "B")
        for n in (100, 150, 300, 500)
    },
}


def summarise(rows: pd.DataFrame, study: str, setting: str) -> list[Row]:
    tables = []
    for way, part in rows.groupby("way", sort=False):
        found = {"study": study, "setting": setting, "way": way, "repeats": len(part)}
        if "claimed" in part:
            share = part["claimed"].mean()
            found |= {"claimed": share, "claimed_mc_se": np.sqrt(share * (1 - share) / len(part))}
        else:
            estimates = part["estimate"].dropna()
            error, truth = estimates - part["truth"].iloc[0], part["truth"].iloc[0]
            share, m = part["covered"].mean(), len(estimates)
            found |= {
                "truth": truth,
                "bias": error.mean(),
                "bias_mc_se": error.std() / np.sqrt(m),
                "median_bias": error.median(),
                # of a median, from the spread of the middle half
                "median_bias_mc_se": 1.2533
                * (error.quantile(0.75) - error.quantile(0.25))
                / 1.349
                / np.sqrt(m),
                "rmse": np.sqrt(np.mean(error**2)),
                "se_ratio": part["std_error"].mean() / error.std(),
                "coverage": share,
                "coverage_mc_se": np.sqrt(share * (1 - share) / part["covered"].count())
                if part["covered"].count()
                else np.nan,
                "without": len(part) - m,
            }
        tables.append(found)
    return tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=1000, help="repeats of each setting")
    parser.add_argument("--only", nargs="+", choices=list(STUDIES), default=list(STUDIES))
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    tables = []
    for study in arguments.only:
        for k, (setting, task) in enumerate(STUDIES[study].items()):
            made = Study(
                f"surrogate_validity_{study}_{k}", task, arguments.n, seed=7000 + k, chunk=50,
                n_jobs=arguments.jobs, folder=CHUNKS,
            )  # fmt: skip
            tables += summarise(made.rows(), study, setting)
    frame = pd.DataFrame(tables).round(4)
    print(frame.to_string(index=False))
    if arguments.only == list(STUDIES):
        write(frame, RESULTS / "surrogate_validity.csv")


if __name__ == "__main__":
    main()
