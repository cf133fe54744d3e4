"""Are both scales needed? One scale with power against two scales, under known truth.

    python benchmarks/survival_both_scales.py [--rounds 3] [--jobs 1]

Data are drawn from the family: every hazard shape, 100 to 1,000 subjects, 0 to 60 % censored, without a covariate
and with two arms. The truth has one scale, one scale with an effect on the power as well, or both scales with
effects in opposite directions, which is the case that one scale can follow least. To each data set the models with
one scale and with both are fitted. A round draws one data set for each cell of the design; whole rounds are kept,
so that a stopped run goes on where it was and the tables are balanced at any time. Four tables come out:

- ``survival_both_scales.csv``: which model is chosen, how often both scales are no regular maximum, by truth and n;
- ``survival_both_scales_shapes.csv``: the same by truth and hazard shape, with the expected deviance that the best
  model with one scale loses in 300 uncensored subjects;
- ``survival_both_scales_censoring.csv``: the same by truth and censored share;
- ``survival_both_scales_errors.csv``: errors of predicted survival by truth, n and model.

Shares have Monte-Carlo standard errors beside them. A fit that is no regular maximum is never chosen, as in
``smx.compare``.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
from chunks import CHUNKS, RESULTS, Study, read, write
from scipy.stats import chi2

import statmodels_x as smx
from statmodels_x.core.errors import StatmodelsXError, StatmodelsXWarning
from statmodels_x.survival.distributions.simulate import HAZARD_SHAPES, simulate

SIZES = (100, 300, 1000)
CENSORING = (0.0, 0.3, 0.6)
QUARTILES = np.array([0.25, 0.5, 0.75])
N_STARTS = 5  # random starts after the built-in ladder
SEED = 1901
CHUNK = 2

BOTH = {"aft": {"Intercept": 0.7}, "ph": {"Intercept": -0.6}}
TRUTHS = {
    "none": {
        "aft": {"aft": {"Intercept": 0.7}},
        "ph": {"ph": {"Intercept": -0.6}},
        "both": BOTH,
    },
    "arm": {
        "aft": {"aft": {"Intercept": 0.7, "arm": -0.7}},
        "ph": {"ph": {"Intercept": -0.4, "arm": -0.7}},
        "aft + power": {"aft": {"Intercept": 0.7, "arm": -0.7}, "power": {"arm": -0.3}},
        "both": {"aft": {"Intercept": 0.7, "arm": 0.7}, "ph": {"Intercept": -0.6, "arm": -0.7}},
    },
}
MODELS = {
    "none": {
        "aft": {"scale": "aft", "other_scale": 1.0},
        "ph": {"scale": "ph", "other_scale": 1.0},
        "both": {"other_scale": "~ 1"},
    },
    "arm": {
        "aft": {"scale": "aft", "other_scale": 1.0},
        "aft + power": {"scale": "aft", "other_scale": 1.0, "power": "~ arm"},
        "ph": {"scale": "ph", "other_scale": 1.0},
        "ph + power": {"scale": "ph", "other_scale": 1.0, "power": "~ arm"},
        "both, aft + power": {"other_scale": "~ 1", "power": "~ arm"},
        "both, aft + ph": {"other_scale": "~ arm"},
    },
}
TRUE_MODEL = {"none": {}, "arm": {"both": "both, aft + ph"}}
# the smaller model of one scale, the larger of both, degrees of freedom
TESTS = {"none": ("aft", "both", 1), "arm": ("aft + power", "both, aft + power", 1)}


def true_law(part: str, truth: str, shape: str, arm: np.ndarray) -> smx.APGW:
    effects = TRUTHS[part][truth]
    eta = [
        effects.get(p, {}).get("Intercept", 0.0) + effects.get(p, {}).get("arm", 0.0) * arm
        for p in ("aft", "ph", "power")
    ]
    gamma, kappa = HAZARD_SHAPES[shape]
    return smx.APGW(np.exp(eta[0]), np.exp(eta[1]), gamma * np.exp(eta[2]), np.full(len(arm), kappa))


def cells() -> Iterator[tuple[str, str, str, int, float]]:
    """Yield the design: part, truth, shape, n, censored share."""
    for part, truths in TRUTHS.items():
        for truth in truths:
            for shape in HAZARD_SHAPES:
                if shape == "constant" and truth in ("ph", "both"):
                    continue  # the exponential has one scale only: this would be "aft" again
                cured = float(np.mean(true_law(part, truth, shape, np.array([0.0, 1.0])).cure_fraction()))
                for n in SIZES:
                    for share in CENSORING:
                        if share >= cured + (0.03 if cured > 0.0 else 0.0):
                            yield part, truth, shape, n, share


def one_round(rng: np.random.Generator) -> list[dict]:
    """Draw and fit one data set for each cell of the design."""
    design = list(cells())
    return [
        row
        for child, cell in zip(rng.spawn(len(design)), design, strict=True)
        for row in one_data_set(child, *cell)
    ]


def one_data_set(
    rng: np.random.Generator, part: str, truth: str, shape: str, n: int, censoring: float
) -> list[dict]:
    gamma, kappa = HAZARD_SHAPES[shape]
    power = {"Intercept": np.log(gamma), **TRUTHS[part][truth].get("power", {})}
    effects = {**TRUTHS[part][truth], "power": power, "shape": {"Intercept": np.log1p(kappa)}}
    arm = rng.permutation(np.arange(n) % 2) if part == "arm" else np.zeros(n, int)
    data = simulate(pd.DataFrame({"arm": arm}), effects, censoring, rng)
    base = {"part": part, "truth": truth, "shape": shape, "n": n, "censoring": censoring}
    target = Target(part, truth, shape)
    return [
        {**base, "model": name, **one_fit(data, options, target)} for name, options in MODELS[part].items()
    ]


class Target:
    """What is predicted: survival at each arm's true quartiles, and the difference of arms at one time."""

    def __init__(self, part: str, truth: str, shape: str) -> None:
        self.arms = np.array([0.0, 1.0]) if part == "arm" else np.array([0.0])
        self.newdata = pd.DataFrame({"arm": self.arms.astype(int)})
        law = true_law(part, truth, shape, self.arms)
        # quartiles of those who have the event at all
        cured = np.asarray(law.cure_fraction())
        below = QUARTILES[:, None] * (1.0 - cured)
        self.times = law.ppf(below).T
        self.survival = 1.0 - below.T
        self.middle = float(self.times[0, 1])
        at_middle = law.sf(np.full(len(self.arms), self.middle))
        self.difference = float(at_middle[1] - at_middle[0]) if part == "arm" else np.nan


def one_fit(data: pd.DataFrame, options: dict, target: Target) -> dict:
    formula = "Surv(time, status) ~ arm" if len(target.arms) > 1 else "Surv(time, status) ~ 1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        try:
            fit = smx.FlexibleSurvival(formula, data, **options).fit(n_starts=N_STARTS)
        except StatmodelsXError as error:
            return {"note": f"{type(error).__name__}: {error}"[:100], "regular": False, "weak": False}
    kinds = [finding.kind for finding in fit.estimate.findings]
    facts = {
        "llf": fit.llf,
        "aic": fit.aic,
        "bic": fit.bic,
        "regular": fit.is_regular,
        "weak": "weak" in kinds,
        "note": ", ".join(dict.fromkeys(kinds)),
        "higher_ridge": max((value - fit.llf for value, _ in fit.estimate.rejected), default=0.0),
    }
    return {**facts, **survival_errors(fit, target), **difference_error(fit, target)}


def survival_errors(fit, target: Target) -> dict:
    """Squared errors and coverage at the quartiles, apart for times within and beyond the follow-up."""
    frame = fit.predict(target.newdata, kind="survival", at=target.times.ravel())
    k = target.times.size
    rows = np.concatenate([arm * k + 3 * arm + np.arange(3) for arm in range(len(target.arms))])
    frame, truth = frame.iloc[rows], target.survival.ravel()
    assert np.allclose(frame["time"], target.times.ravel())
    out = {}
    for name, chosen in (("within", ~frame["extrapolated"].to_numpy()), ("beyond", frame["extrapolated"])):
        part, true = frame[np.asarray(chosen)], truth[np.asarray(chosen)]
        known = np.isfinite(part["lower"]) & np.isfinite(part["upper"])
        out[f"points_{name}"] = len(part)
        out[f"squares_{name}"] = float(((part["estimate"] - true) ** 2).sum())
        out[f"intervals_{name}"] = int(known.sum())
        out[f"covered_{name}"] = int(((part["lower"] <= true) & (true <= part["upper"]) & known).sum())
    return out


def difference_error(fit, target: Target) -> dict:
    if len(target.arms) < 2:
        return {}
    frame = fit.predict(
        target.newdata[1:], kind="survival_difference", at=[target.middle], reference=target.newdata[:1]
    )
    row = frame.iloc[0]
    return {
        "difference_error": row["estimate"] - target.difference,
        "difference_se": row["std_error"],
        "difference_covered": float(row["lower"] <= target.difference <= row["upper"])
        if np.isfinite(row["lower"])
        else np.nan,
        "difference_beyond": bool(row["extrapolated"]),
    }


def expected_loss(part: str, truth: str, shape: str, n: int = 2000) -> dict:
    """Deviance that each model loses on an ideal sample, per 300 uncensored subjects.

    The ideal sample is a grid of quantiles of each arm.
    """
    arm = (np.arange(n) % 2 if part == "arm" else np.zeros(n)).astype(float)
    step = 2 if part == "arm" else 1
    times = true_law(part, truth, shape, arm).ppf((np.arange(n) // step + 0.5) * step / n)
    late = ~np.isfinite(times)
    end = times[~late].max()
    data = pd.DataFrame({"arm": arm, "time": np.where(late, end, times), "status": 1 - late})
    formula = "Surv(time, status) ~ arm" if part == "arm" else "Surv(time, status) ~ 1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatmodelsXWarning)
        fits = {
            name: smx.FlexibleSurvival(formula, data, **options).fit(n_starts=N_STARTS)
            for name, options in MODELS[part].items()
        }
    best = max(fit.llf for fit in fits.values() if fit.is_regular)
    loss = {name: 2.0 * (best - fit.llf) * 300 / n for name, fit in fits.items() if fit.is_regular}
    return {"part": part, "truth": truth, "shape": shape, **loss}


# -- Tables --------------------------------------------------------------------------------------------------


def with_power(part: str) -> list[str]:
    """Models with one scale and power; without a covariate all with one scale, as the power is always free."""
    one = [m for m in MODELS[part] if not m.startswith("both")]
    return [m for m in one if m.endswith("power")] or one


def verdicts(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """One row for each data set: what would be chosen."""
    rows = rows[rows["part"] == part]
    keys = ["truth", "shape", "n", "censoring", "repeat"]
    wide = {c: rows.set_index([*keys, "model"])[c].unstack("model") for c in ("llf", "aic", "bic")}
    regular = rows.set_index([*keys, "model"])["regular"].unstack("model").astype(bool)
    weak = rows.set_index([*keys, "model"])["weak"].unstack("model").astype(bool)
    both = [m for m in MODELS[part] if m.startswith("both")]
    largest = both[-1]
    truth = regular.index.get_level_values("truth")
    right = np.array([TRUE_MODEL[part].get(t, t) for t in truth])
    small, large, df = TESTS[part]
    statistic = 2.0 * (wide["llf"][large] - wide["llf"][small])
    found = pd.DataFrame(index=regular.index)
    for name in ("aic", "bic"):
        chosen = wide[name].where(regular, np.inf).idxmin(axis=1).where(regular.any(axis=1))
        found[f"{name}_both"] = chosen.isin(both).to_numpy()
        found[f"{name}_truth"] = (chosen == right).to_numpy()
    power = with_power(part)
    for name in ("aic", "bic"):
        values = wide[name].where(regular, np.inf)
        better = values[both].min(axis=1) < values[power].min(axis=1)
        found[f"{name}_both_over_power"] = better.to_numpy()
    ridge = rows.set_index([*keys, "model"])["higher_ridge"].unstack("model")
    naive = wide["aic"] - 2.0 * ridge  # the highest likelihood found anywhere, whatever it describes
    found["naive_both_over_power"] = (naive[both].min(axis=1) < naive[power].min(axis=1)).to_numpy()
    found["lr_both"] = (
        (chi2.sf(statistic.clip(lower=0), df) < 0.05) & regular[large] & regular[small]
    ).to_numpy()
    found["both_degenerate"] = ~regular[largest].to_numpy()
    # a regular maximum, but below what a model nested in it reaches: the likelihood is higher on a ridge
    nested = wide["llf"][[m for m in ("aft", "ph") if m in regular]].max(axis=1)
    found["both_secondary"] = (regular[largest] & (wide["llf"][largest] < nested - 1e-3)).to_numpy()
    found["power_degenerate"] = ~regular[power[0]].to_numpy()
    found["both_weak"] = (weak[largest] & regular[largest]).to_numpy()
    found["power_weak"] = (weak[power[0]] & regular[power[0]]).to_numpy()
    return found.reset_index()


def shares(found: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    measures = [c for c in found if c not in ("truth", "shape", "n", "censoring", "repeat")]
    groups = found.groupby(by, sort=False)
    table, size = groups[measures].mean(), groups.size()
    # two successes and two failures added, so that a share of 0 has an error too
    count = size + 4
    pulled = table.mul(size, axis=0).add(2).div(count, axis=0)
    errors = np.sqrt((pulled * (1 - pulled)).div(count, axis=0))
    columns = [c for m in measures for c in (m, f"{m}_mc_se")]
    table = pd.concat([table, errors.add_suffix("_mc_se")], axis=1)[columns]
    table.insert(0, "data_sets", size)
    return table


def error_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Errors of predictions by part, truth, n and model; the Monte-Carlo error of the ratio by data set."""
    rows = rows.dropna(subset=["llf"]).copy()
    keys = ["part", "truth", "n", "model"]
    groups = rows.groupby(keys, sort=False)
    total = groups.sum(numeric_only=True)
    table = pd.DataFrame({"data_sets": groups.size()})
    for name in ("within", "beyond"):
        points = total[f"points_{name}"]
        table[f"rmse_{name}"] = np.sqrt(total[f"squares_{name}"] / points)
        table[f"coverage_{name}"] = total[f"covered_{name}"] / total[f"intervals_{name}"]
        table[f"no_interval_{name}"] = 1.0 - total[f"intervals_{name}"] / points
    seen = rows[rows["difference_beyond"].eq(False)].groupby(keys, sort=False)
    table["difference_bias"] = seen["difference_error"].mean()
    table["difference_bias_mc_se"] = seen["difference_error"].std() / np.sqrt(seen.size())
    table["difference_rmse"] = seen["difference_error"].apply(lambda e: np.sqrt(np.mean(e**2)))
    table["difference_mean_se"] = seen["difference_se"].mean()
    table["difference_coverage"] = seen["difference_covered"].mean()
    return table.join(rmse_ratios(rows))


def rmse_ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """RMSE within the follow-up over that of the one-scale model with power that AIC prefers, with jackknife errors.

    Over the data sets in which the model is a regular maximum, and over all of them.
    """
    out = []
    for part in TRUTHS:
        squares, regular, reference = squared_errors(rows, part)
        for (truth, n), block in squares.groupby(["truth", "n"], sort=False):
            sound = regular.loc[block.index]
            for model in block.columns:
                record = {"part": part, "truth": truth, "n": n, "model": model}
                for label, keep in (("", sound[model].to_numpy()), ("_all", np.ones(len(block), bool))):
                    record[f"rmse_ratio{label}"], record[f"rmse_ratio{label}_mc_se"] = ratio(
                        block.loc[keep, model].to_numpy(), reference.loc[block.index].to_numpy()[keep]
                    )
                out.append(record)
    return pd.DataFrame(out).set_index(["part", "truth", "n", "model"])


def ratios_by_shape(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    """RMSE of the full model over that of the best one-scale model, by truth and shape, in the largest samples."""
    squares, _, reference = squared_errors(rows, part)
    full = list(MODELS[part])[-1]
    large = squares.index.get_level_values("n") == max(SIZES)
    groups = squares[large].groupby(["truth", "shape"], sort=False)
    found = {key: ratio(g[full].to_numpy(), reference.loc[g.index].to_numpy()) for key, g in groups}
    names = [f"rmse_ratio_{max(SIZES)}", f"rmse_ratio_{max(SIZES)}_mc_se"]
    table = pd.DataFrame.from_dict(found, orient="index", columns=names)
    table.index = pd.MultiIndex.from_tuples([(part, *key) for key in found], names=["part", "truth", "shape"])
    return table


def squared_errors(rows: pd.DataFrame, part: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.Series]:
    """Squared errors by data set and model, which are regular, and those of the one-scale model that AIC prefers."""
    keys = ["truth", "shape", "n", "censoring", "repeat"]
    wide = rows[rows["part"] == part].set_index([*keys, "model"])
    wide = wide[["squares_within", "aic", "regular"]].unstack("model")
    squares, regular = wide["squares_within"], wide["regular"].astype(bool)
    one = with_power(part)
    best = wide["aic"][one].where(regular[one], np.inf).to_numpy().argmin(axis=1)
    reference = pd.Series(squares[one].to_numpy()[np.arange(len(best)), best], index=squares.index)
    return squares, regular, reference


def ratio(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    if len(first) < 2:
        return np.nan, np.nan
    left_out = np.sqrt((first.sum() - first) / (second.sum() - second))
    m = len(first)
    return float(np.sqrt(first.sum() / second.sum())), float(np.sqrt((m - 1) * left_out.var()))


def finish(rows: pd.DataFrame, losses: pd.DataFrame) -> None:
    tables: dict[str, list[pd.DataFrame]] = {"": [], "_shapes": [], "_censoring": []}
    for part in TRUTHS:
        found = verdicts(rows, part)
        for name, by in (("", "n"), ("_shapes", "shape"), ("_censoring", "censoring")):
            tables[name].append(pd.concat({part: shares(found, ["truth", by])}, names=["part"]))
        loss = losses[losses["part"] == part].set_index(["part", "truth", "shape"])
        column = loss[with_power(part)].min(axis=1)
        tables["_shapes"][-1].insert(1, "expected_loss", column)
        tables["_shapes"][-1] = tables["_shapes"][-1].join(ratios_by_shape(rows, part))
    for name, parts in tables.items():
        pd.concat(parts).round(4).to_csv(RESULTS / f"survival_both_scales{name}.csv")
    error_table(rows).round(4).to_csv(RESULTS / "survival_both_scales_errors.csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--finish", action="store_true", help="make the tables from the rounds there are")
    arguments = parser.parse_args()
    study = Study(
        "survival_both_scales", one_round, arguments.rounds, SEED, CHUNK, arguments.jobs, number="repeat"
    )
    everything = study.rows(finished=arguments.finish)
    path = CHUNKS / "survival_both_scales_losses.csv"
    losses = read(path, "losses")
    if losses is None:
        kinds = dict.fromkeys(cell[:3] for cell in cells())
        losses = pd.DataFrame([expected_loss(*kind) for kind in kinds])
        write(losses, path, "losses")
    finish(everything, losses)
    print((RESULTS / "survival_both_scales.csv").read_text())


if __name__ == "__main__":
    main()
