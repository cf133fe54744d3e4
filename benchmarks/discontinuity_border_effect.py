"""The average effect along a border: bias, errors and coverage, for given and for found borders.

    python benchmarks/discontinuity_border_effect.py [--given 100] [--found 60] [--null 160] [--study all] [--jobs 1]

n = 2,000 points on the unit square on 10^2 cells, a straight slanted border, errors of sd .2.

Study "given": the line is known. Surfaces: a plane, a wave, and a plane that bends on one side only. Errors: normal, t
with three degrees of freedom, or normal with an error of sd .1 shared in each of 60 patches of unequal size (nearest
of 60 uniform points), once with cluster= and once without. Effects 0 and .3.

Study "found": effect .3, the border found. Kinds: "folds", measured at the border of the other four fifths, "same data"
at the border of all points, each as by default and with nothing left out beside the border.

Study "null": effect 0, and the strongest proposal of the filters taken for a border whatever it gains.

bias, mean estimate minus effect; se_ratio, mean standard error over the standard deviation of the estimates; covered,
share of 95 % intervals that hold the effect; each with its Monte-Carlo standard error.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from chunks import RESULTS, Study, with_kept

import statmodels_x as smx
from statmodels_x.core.errors import DataError, StatmodelsXWarning
from statmodels_x.discontinuity.border.model import Border, Price
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.proposals import borders
from statmodels_x.discontinuity.border.search import Search
from statmodels_x.discontinuity.inference import border_effect as effects
from statmodels_x.discontinuity.inference.averaged import BorderEffect
from statmodels_x.discontinuity.inference.level_shifts import Extras
from statmodels_x.discontinuity.inference.local_jump import JumpData, estimate_jump

N, SD, SHARED, PATCHES = 2000, 0.2, 0.1, 60
LINE = ((0.0, 0.3), (1.0, 0.7))
SURFACES: dict[str, Callable] = {
    "plane": lambda x, y, side: 0.3 * x,
    "wave": lambda x, y, side: 0.3 * np.sin(4.0 * x) * np.cos(3.0 * y),
    "bent": lambda x, y, side: 1.5 * side * (y - 0.3 - 0.4 * x) ** 2,
}
Rows = list[dict]


def sample(rng: np.random.Generator, surface: str, errors: str, effect: float) -> pd.DataFrame:
    x, y = rng.uniform(size=(2, N))
    side = y > LINE[0][1] + (LINE[1][1] - LINE[0][1]) * x
    noise = rng.standard_t(3, N) / np.sqrt(3.0) if errors == "t3" else rng.normal(size=N)
    centre = rng.uniform(size=(2, PATCHES))
    patch = ((x[:, None] - centre[0]) ** 2 + (y[:, None] - centre[1]) ** 2).argmin(1)
    z = SURFACES[surface](x, y, side) + effect * side + SD * noise
    if errors == "patches":
        z = z + SHARED * rng.normal(size=PATCHES)[patch]
    return pd.DataFrame({"x": x, "y": y, "z": z, "patch": patch})


def fit_of(data: pd.DataFrame) -> smx.FreeDiscontinuity:
    """Fit without a search, which is not needed here."""
    model = smx.FreeDiscontinuity("z ~ x + y", data, lam=100.0, nu=0.1)
    return model.fit(tune=None, tol=1e-2)


def row(kind: str, found: BorderEffect, effect: float) -> dict:
    lower, upper = found.conf_int().iloc[0]
    return {
        "kind": kind, "error": found.estimate - effect, "std_error": found.std_error,
        "covered": float(lower <= effect <= upper), "df": found.reference.df, "bandwidth": found.bandwidth,
    }  # fmt: skip


def given(rng: np.random.Generator, surface: str, errors: str, effect: float) -> Rows:
    data = sample(rng, surface, errors, effect)
    # on the left of the way lies the larger y
    measure = partial(fit_of(data).border_effect, data, np.array(LINE))
    if errors == "patches":
        return [row("cluster", measure(cluster="patch"), effect), row("no cluster", measure(), effect)]
    return [row("HC2", measure(), effect)]


def strongest(data: PointData, price: Price) -> tuple[Border, float]:
    """Return the proposal of most evidence with at least eight edges."""
    proposed = borders(data)
    search = Search(data, price, proposed.strongest)
    scored = [
        (search.model(one).best(search.t0 + 1.0), one) for one in proposed.borders if one.cut.sum() >= 8
    ]
    if not scored:
        return Border.none(data.lattice), search.t0
    (t, _), border = min(scored, key=lambda one: one[0][1])
    return border, t


def found(rng: np.random.Generator, surface: str, effect: float, forced: bool) -> Rows:
    data = sample(rng, surface, "normal", effect)
    fit = fit_of(data)
    points = fit.sample.points
    find = strongest if forced else effects.most_evident
    options = effects.EffectOptions.of(None, None, 1, 3, 5, 0)
    extras = Extras(np.zeros((N, 0)), (), (), None)
    try:
        distance, _, sd = effects.cross_fitted(fit, points, extras, options, find)
    except DataError:
        return []
    line = effects.line_of(fit, points, extras, np.ones(N, bool), find)
    rows = []
    donut = min(2.0 * sd, float(fit.domain.widths.mean()))
    for kind, own, hole in (
        ("folds", distance, donut),
        ("folds, no donut", distance, 0.0),
        ("same data", None if line is None else line.signed_distance(points.x), donut),
        ("same data, no donut", None if line is None else line.signed_distance(points.x), 0.0),
    ):
        if own is None:
            continue
        known = np.isfinite(own)
        jumps = JumpData(own, points.x, points.y, points.weight, extras.covariates, ()).take(known)
        try:
            width = effects.bandwidth_of(fit, jumps, hole, replace(options, donut=hole))
            jump = estimate_jump(jumps.near(width, hole), 1, 3)
        except DataError:
            continue
        reach = jump.reference.quantile(0.05) * jump.std_error
        error = jump.estimate - effect
        rows.append(
            {"kind": kind, "error": error, "std_error": jump.std_error, "covered": float(abs(error) <= reach)}
            | {"df": jump.reference.df, "bandwidth": width, "donut": hole}
        )
    return rows


def summarise(rows: pd.DataFrame, study: str, setting: str) -> pd.DataFrame:
    groups = rows.groupby("kind", sort=False)
    count, sd = groups.size(), groups["error"].std()
    table = pd.DataFrame(
        {
            "samples": count,
            "bias": groups["error"].mean(),
            "bias_mc_se": sd / np.sqrt(count),
            "sd": sd,
            "se_ratio": groups["std_error"].mean() / sd,
            "se_ratio_mc_se": groups["std_error"].mean() / sd / np.sqrt(2.0 * count),
            "covered": groups["covered"].mean(),
            "covered_mc_se": groups["covered"].std() / np.sqrt(count),
            "df": groups["df"].median(),
            "bandwidth": groups["bandwidth"].mean(),
        }
    )
    keys = pd.MultiIndex.from_tuples([(study, setting, kind) for kind in table.index])
    return table.set_axis(keys.set_names(["study", "setting", "kind"])).round(5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--given", type=int, default=100)
    parser.add_argument("--found", type=int, default=60)
    parser.add_argument("--null", type=int, default=160)
    parser.add_argument("--study", choices=["all", "null", "found", "given", "none"], default="all")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", StatmodelsXWarning)
    settings = [
        ("null", "strongest proposal, plane", partial(found, surface="plane", effect=0.0, forced=True), arguments.null),
        ("found", "plane", partial(found, surface="plane", effect=0.3, forced=False), arguments.found),
    ]  # fmt: skip
    for surface, errors in (
        ("plane", "patches"), ("wave", "normal"), ("plane", "normal"), ("plane", "t3"), ("bent", "normal")
    ):  # fmt: skip
        for effect in (0.3, 0.0):
            task = partial(given, surface=surface, errors=errors, effect=effect)
            settings.append(("given", f"{surface}, {errors}, effect {effect:g}", task, arguments.given))
    settings.sort(key=lambda one: ("null", "found", "given").index(one[0]))
    path, tables = RESULTS / "discontinuity_border_effect.csv", []
    for number, (study, setting, task, repeats) in enumerate(settings):
        name = f"discontinuity_border_effect_{number}_{study}"
        study_of = Study(name, task, repeats, 15 + number, 20, arguments.jobs)
        rows = study_of.rows(finished=arguments.study not in ("all", study))  # of the others what stands
        if rows.empty:
            continue
        tables.append(summarise(rows, study, setting))
        made = pd.concat(tables).reset_index()
        with_kept(made, path, ("study", "setting", "kind")).to_csv(path, index=False)
    print(made.to_string())


if __name__ == "__main__":
    main()
