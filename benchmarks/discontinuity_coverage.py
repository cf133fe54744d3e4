"""Surfaces with jumps: intervals by resampling and on held-out data, errors that are correlated, numbers of labels.

    python benchmarks/discontinuity_coverage.py [--repeats 20] [--resamples 49] [--images 10] [--levels 10] [--jobs 2]
                                                [--studies levels correlated intervals]

Study "intervals": the disk of discontinuity_simulation.py with a jump of .0751, n = 5,000 on 15^2 and 10,000 on 22^2
cells. The border is placed by the points, which is the default, or along the sides of cells (border="cells"). Eight
places on the circle; for each kind of 95 % interval (posterior given the boundary, bootstrap of the whole fit, held-out
half) the share that holds the jump of the true surface at the place, and the mean length. band: share of the cells
whose true value lies in the pointwise band, for the posterior and for the bootstrap.

Study "correlated": images of 28^2 elements whose errors have standard deviation .05 and correlation .5 between
neighbours ("ar"), are independent ("iid"), or are moving averages of 2 x 2 independent ones ("ma", which no rho
describes); a wave without a jump, or a disk with a jump of .3; each fitted as noise="iid" and noise="correlated". any:
share of the images with a jump; false and missed as in discontinuity_simulation.py; noise_sd: mean estimate.

Study "levels": the disk at n = 20,000 on 31^2 cells, lifted to 8, 16 (the default) and 32 labels. false, missed and mse
of the automatic fit; excess: by how much the polished energy at lam = 100, nu = .1 exceeds the least one found.

Chunks of 5 repeats are kept in results/chunks and not made again. Rows of studies that are not asked for stay.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
from chunks import Study
from discontinuity_simulation import JUMPS, NULLS, RESULTS, error_rates, measures, sample, step_surface
from scipy.signal import lfilter

import statmodels_x as smx
from statmodels_x.core.errors import StatmodelsXWarning

CHUNK = 5
JUMP = 0.0751
SIDE = 28
RHO = 0.5
Rows = list[dict]


def intervals(rng: np.random.Generator, n: int, m: int, resamples: int, border: str) -> Rows:
    surface = partial(step_surface, jump=JUMP)
    fit = smx.FreeDiscontinuity("y ~ a + b", sample(rng, n, 2, surface), resolution=m).fit(
        keep_data=True, border=border
    )
    truth = surface(fit.domain.cell_centres())
    posterior = np.abs(fit.surface.ravel() - truth) <= 1.959964 * fit.surface_std_error.ravel()
    rows: Rows = [{"kind": "posterior", "band": posterior.mean(), "found": float(fit.estimate.cut.any())}]
    if not fit.estimate.cut.any():
        return rows
    angle = np.linspace(0.0, 2.0 * np.pi, 9)[:-1] + 0.1
    places = 0.5 + 0.25 * np.column_stack([np.cos(angle), np.sin(angle)])
    drawn = fit.bootstrap(resamples, at=places, seed=int(rng.integers(2**31)))
    lower, upper = (side.ravel() for side in drawn.band())
    rows[0] |= sizes(fit.jump_sizes(places))
    rows.append({"kind": "bootstrap", "band": np.mean((lower <= truth) & (truth <= upper)), "found": 1.0})
    rows[1] |= sizes(drawn.jump_sizes()) | {"stability": drawn.jumps["stability"].mean()}
    half = fit.second_stage(places, seed=int(rng.integers(2**31)))
    return [*rows, {"kind": "held-out half", "found": 1.0} | sizes(half)]


def sizes(table: pd.DataFrame) -> dict[str, float]:
    """Coverage of the jump, whichever way it is crossed, by the intervals that are there."""
    sign = np.sign(table["size"])
    low, high = np.sort([sign * table["lower"], sign * table["upper"]], axis=0)
    known = np.isfinite(low)
    if not known.any():
        return {"reported": 0.0}
    return {
        "covered": float(np.mean(((low <= JUMP) & (high >= JUMP))[known])),
        "length": float(np.mean((high - low)[known])),
        "bias": float(np.mean((sign * table["size"])[known] - JUMP)),
        "reported": float(known.mean()),
    }


def errors(rng: np.random.Generator, law: str) -> np.ndarray:
    """Errors of variance 1 on the image."""
    if law == "iid":
        return rng.standard_normal((SIDE, SIDE))
    e = rng.standard_normal((SIDE + 60, SIDE + 60))
    for axis in (0, 1):
        if law == "ar":
            e = lfilter([np.sqrt(1.0 - RHO**2)], [1.0, -RHO], e, axis=axis)
        else:
            e = lfilter([np.sqrt(0.5), np.sqrt(0.5)], [1.0], e, axis=axis)
    return e[60:, 60:]


def image(rng: np.random.Generator, law: str, surface: str) -> Rows:
    x = (np.arange(SIDE) + 0.5) / SIDE
    centres = np.column_stack([side.ravel() for side in np.meshgrid(x, x, indexing="ij")])
    truth = NULLS["wave"](centres) if surface == "wave" else step_surface(centres, 0.3)
    values = truth.reshape(SIDE, SIDE) + 0.05 * errors(rng, law)
    rows: Rows = []
    for noise in ("iid", "correlated"):
        fit = smx.FreeDiscontinuity(values, noise=noise).fit()
        lattice, cut = fit.domain.lattice, fit.estimate.cut
        inside = (np.linalg.norm(centres - 0.5, axis=1) < 0.25) & (surface == "disk")
        false, missed = error_rates(lattice, cut, inside[lattice.tail] != inside[lattice.head])
        error = fit.surface.ravel() - truth
        rows.append(
            {
                "kind": f'noise="{noise}"',
                "any": float(cut.any()),
                "false": false,
                "missed": missed,
                "mse": float(np.mean(error**2)),
                "band": float(np.mean(np.abs(error) <= 1.959964 * fit.surface_std_error.ravel())),
                "noise_sd": fit.noise_sd,
            }
        )
    return rows


def levels(rng: np.random.Generator, jump: float) -> Rows:
    surface = partial(step_surface, jump=jump)
    data = sample(rng, 20000, 2, surface)
    rows: Rows = []
    for n in (8, 16, 32):
        fit = smx.FreeDiscontinuity("y ~ a + b", data, resolution=31, levels=n).fit(border="cells")
        given = smx.FreeDiscontinuity("y ~ a + b", data, resolution=31, levels=n, lam=100, nu=0.1).fit(
            tune=None
        )
        found = measures(fit, surface, jump)
        rows.append(
            {"kind": f"{n} labels", "excess": given.estimate.certificate.energy}
            | {name: found[name] for name in ("false", "missed", "mse")}
        )
    least = min(row["excess"] for row in rows)
    return [row | {"excess": row["excess"] / least - 1.0} for row in rows]


def chunked(name: str, task: Callable, repeats: int, seed: int, n_jobs: int) -> pd.DataFrame:
    return Study(f"discontinuity_coverage_{name}", task, repeats, seed, CHUNK, n_jobs).rows()


def summarise(rows: pd.DataFrame, study: str, setting: str) -> pd.DataFrame:
    """Means over the repeats, with Monte-Carlo standard errors of coverage and of the share of images with a jump."""
    if "noise_sd" in rows:  # no band where the noise is not identified
        rows = rows.assign(band=rows["band"].where(rows["noise_sd"].notna()))
    groups = rows.groupby("kind", sort=False)
    table = groups.mean(numeric_only=True)
    table.insert(0, "repeats", groups.size())
    for name in ("covered", "band", "any"):
        if name in rows:
            table[f"{name}_mc_se"] = groups[name].std() / np.sqrt(groups[name].count())
    keys = pd.MultiIndex.from_tuples([(study, setting, kind) for kind in table.index])
    return table.set_axis(keys.set_names(["study", "setting", "kind"])).round(6)


def every_number_of_labels(options: argparse.Namespace) -> Iterator[tuple[str, pd.DataFrame]]:
    for d, jump in JUMPS.items():
        yield (
            f"disk, d = {d}",
            chunked(f"levels_{d}", partial(levels, jump=jump), options.levels, 11, options.jobs),
        )


def every_kind_of_errors(options: argparse.Namespace) -> Iterator[tuple[str, pd.DataFrame]]:
    for law in ("iid", "ar", "ma"):
        for surface in ("wave", "disk"):
            task = partial(image, law=law, surface=surface)
            yield (
                f"{surface}, {law} errors",
                chunked(f"{law}_{surface}", task, options.images, 7, options.jobs),
            )


def every_interval(options: argparse.Namespace) -> Iterator[tuple[str, pd.DataFrame]]:
    for border in ("points", "cells"):
        for n, m in ((5000, 15), (10000, 22)):
            task = partial(intervals, n=n, m=m, resamples=options.resamples, border=border)
            name = f"{border}_{n}_{options.resamples}"
            where = "" if border == "points" else ', border="cells"'
            yield f"disk, n = {n}{where}", chunked(name, task, options.repeats, n, options.jobs)


STUDIES = {"levels": every_number_of_labels, "correlated": every_kind_of_errors, "intervals": every_interval}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--resamples", type=int, default=49)
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--levels", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--studies", nargs="+", default=list(STUDIES), choices=STUDIES)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", StatmodelsXWarning)
    path, keys = RESULTS / "discontinuity_coverage.csv", ["study", "setting", "kind"]
    kept = pd.read_csv(path).set_index(keys) if path.exists() else pd.DataFrame()
    for study in arguments.studies:
        made = [summarise(rows, study, setting) for setting, rows in STUDIES[study](arguments)]
        rest = kept[kept.index.get_level_values("study") != study] if len(kept) else kept
        kept = pd.concat([rest, *made])
        print(pd.concat(made).to_string())
        kept.to_csv(path)


if __name__ == "__main__":
    main()
