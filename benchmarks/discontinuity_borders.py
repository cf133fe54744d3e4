"""Borders off the grid: what is found of them, and how sure its size is.

    python benchmarks/discontinuity_borders.py [--repeats 20] [--jobs 2] [--ways points] [--sizes 5 3] [--n 5000]

Shapes (a line at a random angle and offset, a tilted square, an annulus, a crack tip, a triple junction, two disks that
touch, a tapering step, a disk) on four surfaces (flat, plane, wave, cone) at steps of several standard deviations of
the mean of 22 points, on the default grid, with normal errors of sd .05; and eight smooth, steep or creased surfaces
without a jump. Each sample is fitted by border="points" and by border="cells" (--ways). Columns: any, false (share of
the samples with a jump; found edges more than two cells from the truth), missed (share of the true border without a
found edge within 1.5 cells), regions (share of the samples with the true number), length (found over true), bias (mean
size over the true one, less 1), covered (share of the samples whose 95 % interval of the mean size holds it), cells
along an axis, cpu seconds a fit.

The samples of each setting are kept beside the result: a resumed study, or one with more repeats, goes on from them.
Where they are gone, it goes on from the row of results/discontinuity_borders.csv, whose samples were the first of the
same seed; --afresh makes all again. Rows that are not made again stay, so that cells can be made in several runs.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from chunks import CHUNKS, RESULTS, with_kept

import statmodels_x as smx
from statmodels_x.core.resampling import replicate

SD = 0.05
PER_CELL = 22.0
SETTING = ("shape", "surface", "k", "n", "border", "samples")

SURFACES: dict[str, Callable] = {
    "flat": lambda x, y: 0.0 * x,
    "plane": lambda x, y: 0.3 * x,
    "wave": lambda x, y: 0.2 * np.sin(6.0 * x) * y,
    "cone": lambda x, y: np.hypot(x - 0.5, y - 0.5),
}
NULLS: dict[str, Callable] = {
    "cone": SURFACES["cone"],
    "wave": SURFACES["wave"],
    "two waves": lambda x, y: 0.3 * np.sin(4.0 * x) * np.cos(3.0 * y),
    "steep": lambda x, y: 0.3 * np.tanh((x - 0.5) / 0.15),
    "steeper": lambda x, y: 0.3 * np.tanh((x + 0.3 * y - 0.65) / 0.1),
    "bump": lambda x, y: 0.5 * np.exp(-((x - 0.5) ** 2 + (y - 0.5) ** 2) / 0.02),
    "crease": lambda x, y: np.abs(x - 0.5) / 2.0,
    "exponential": lambda x, y: 0.2 * np.exp(2.0 * x) * y / 3.0,
}


def _segment(a, b, n: int = 200) -> np.ndarray:
    return np.linspace(a, b, n)


def _ring(centre, radius: float, n: int = 300) -> np.ndarray:
    angle = np.linspace(0.0, 2.0 * np.pi, n)
    return np.column_stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)])


def line(rng: np.random.Generator):
    """Make a straight line right through the square."""
    angle, off = rng.uniform(0.0, np.pi), rng.uniform(-0.15, 0.15)
    normal = np.array([np.cos(angle), np.sin(angle)])
    way = np.array([-normal[1], normal[0]])
    course = 0.5 + off * normal + np.linspace(-0.9, 0.9, 1200)[:, None] * way
    course = course[((course > 0.0) & (course < 1.0)).all(1)]
    return lambda x, y: 1.0 * ((x - 0.5) * normal[0] + (y - 0.5) * normal[1] > off), course, 2


def square(rng: np.random.Generator):
    """Make a square, tilted by 20 degrees."""
    c, s = np.cos(0.35), np.sin(0.35)
    corners = 0.5 + 0.25 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) @ np.array(
        [[c, s], [-s, c]]
    )
    course = np.vstack([_segment(a, b) for a, b in pairwise(corners)])

    def inside(x, y):
        u, v = (x - 0.5) * c + (y - 0.5) * s, -(x - 0.5) * s + (y - 0.5) * c
        return 1.0 * ((np.abs(u) < 0.25) & (np.abs(v) < 0.25))

    return inside, course, 2


def annulus(rng: np.random.Generator):
    """Make a ring between two circles."""
    middle = (0.5, 0.5)
    r = SURFACES["cone"]
    return (
        lambda x, y: 1.0 * ((r(x, y) > 0.17) & (r(x, y) < 0.36)),
        np.vstack([_ring(middle, 0.17), _ring(middle, 0.36)]),
        3,
    )


def crack(rng: np.random.Generator):
    """Make a border that ends inside, its step growing with the root of the distance from the tip."""
    return (
        lambda x, y: (
            np.where(x < 0.6, np.sqrt(np.maximum(0.6 - x, 0.0) / 0.6) * np.sign(y - 0.47), 0.0) / 2.0
        ),
        _segment((0.0, 0.47), (0.45, 0.47)),
        1,
    )


def junction(rng: np.random.Generator):
    """Make three regions that meet in a point."""
    top = [np.array([0.5, 0.48]) + 0.75 * np.array([np.cos(a), np.sin(a)]) for a in (0.4, 2.5, 4.6)]
    course = np.vstack([_segment((0.5, 0.48), end, 400) for end in top])
    course = course[((course > 0.0) & (course < 1.0)).all(1)]

    def value(x, y):
        angle = np.mod(np.arctan2(y - 0.48, x - 0.5), 2.0 * np.pi)
        return np.select([(angle > 0.4) & (angle <= 2.5), (angle > 2.5) & (angle <= 4.6)], [1.0, 2.0], 0.0)

    return value, course, 3


def touching(rng: np.random.Generator):
    """Make two disks that touch."""
    return (
        lambda x, y: 1.0 * ((np.hypot(x - 0.32, y - 0.5) < 0.18) | (np.hypot(x - 0.68, y - 0.5) < 0.18)),
        np.vstack([_ring((0.32, 0.5), 0.18), _ring((0.68, 0.5), 0.18)]),
        3,
    )


def taper(rng: np.random.Generator):
    """Make a line whose step falls from twice its mean to nothing."""
    return lambda x, y: 2.0 * (1.0 - x) * (y > 0.42), _segment((0.0, 0.42), (0.6, 0.42)), 1


def disk(rng: np.random.Generator):
    """Make a disk."""
    return lambda x, y: 1.0 * (SURFACES["cone"](x, y) > 0.25), _ring((0.5, 0.5), 0.25), 2


SHAPES = {f.__name__: f for f in (line, square, annulus, crack, junction, touching, taper, disk)}
CONSTANT = ("line", "square", "annulus", "touching", "disk")  # one size all along


def measures(fit, course: np.ndarray | None, regions: int, size: float) -> dict[str, float]:
    """Measure what one fit found of the truth."""
    jumps, boundaries = fit.jumps, fit.boundaries
    row = {"any": float(len(jumps) > 0), "regions": float(fit.segments().max() == regions)}
    if course is None:
        return row
    places = jumps[["x", "y"]].to_numpy()
    gaps = np.linalg.norm((places[:, None] - course) / fit.domain.widths, axis=2)
    row["false"] = float((gaps.min(1) > 2.0).sum()) if len(places) else 0.0
    row["missed"] = float((gaps.min(0) > 1.5).mean()) if len(places) else 1.0
    steps = np.linalg.norm(np.diff(course, axis=0), axis=1)
    row["length"] = jumps["length"].sum() / steps[steps < 0.05].sum()
    if len(places) and np.isfinite(size):
        largest = boundaries.loc[boundaries["length"].idxmax()]
        row["bias"] = largest["mean_size"] / size - 1.0
        row["covered"] = float(abs(largest["mean_size"] - size) < 1.959964 * largest["std_error"])
    return row


def one(
    rng: np.random.Generator, shape: str | None, surface: str, k: float, n: int, ways: tuple[str, ...]
) -> list[dict]:
    """Fit one sample, in every way that is asked for."""
    x, y = rng.uniform(size=(2, n))
    side = int((n / PER_CELL) ** 0.5)
    size = k * SD / np.sqrt(n / side**2)
    jump, course, regions = SHAPES[shape](rng) if shape else (lambda x, y: 0.0 * x, None, 1)
    truth = (SURFACES if shape else NULLS)[surface](x, y) + size * jump(x, y)
    frame = pd.DataFrame({"x": x, "y": y, "z": truth + SD * rng.normal(size=n)})
    model = smx.FreeDiscontinuity("z ~ x + y", frame)
    rows = []
    for border in ways:
        start = time.process_time()
        fit = model.fit(border=border)
        seconds = time.process_time() - start
        known = size if shape in CONSTANT else np.nan
        cells = fit.domain.shape[0]
        rows.append(
            {"border": border, "cells": cells, "cpu": seconds, **measures(fit, course, regions, known)}
        )
    return rows


def block(
    chunks: Path, name: str, repeats: int, jobs: int, ways: tuple[str, ...], kept: pd.DataFrame, **setting
) -> pd.DataFrame:
    """Average over the samples of one setting; those that its chunk or the table hold are not made again."""
    path = chunks / f"discontinuity_borders_{name}_{'-'.join(ways)}.csv"
    samples = pd.read_csv(path) if path.exists() else pd.DataFrame()
    before = int(kept["samples"].min()) if samples.empty and len(kept) == len(ways) else 0
    made = before or len(samples) // len(ways)
    if made < repeats:
        task = partial(one, ways=ways, **setting)
        drawn = replicate(task, repeats - made, seed=seed_of(name), n_jobs=jobs, first=made)
        samples = pd.concat([samples, pd.DataFrame([row for rows in drawn for row in rows])])
        if not before:
            partial_path = path.with_suffix(".partial")
            samples.to_csv(partial_path, index=False)
            partial_path.replace(path)
    if samples.empty:
        return kept
    table = samples.groupby("border").mean().reset_index()
    table.insert(0, "n", setting["n"])
    table.insert(0, "k", setting["k"])
    table.insert(0, "surface", setting["surface"])
    table.insert(0, "shape", setting["shape"] or "none")
    table = table.assign(samples=len(samples) // len(ways))
    return pooled(kept, table) if before else table


def pooled(before: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Average rows of one setting: sizes over the samples with a jump, all else over all samples."""
    both = pd.concat([before, more], ignore_index=True)
    rows = []
    for _, own in both.groupby("border", sort=False):
        row = own.iloc[-1].copy()
        for column in own.columns.drop(list(SETTING)):
            count = own["samples"] * (own["any"] if column in ("bias", "covered") else 1.0)
            count = count * own[column].notna()
            if count.sum() > 0.0:
                row[column] = (count * own[column].fillna(0.0)).sum() / count.sum()
        row["samples"] = own["samples"].sum()
        rows.append(row)
    return pd.DataFrame(rows, columns=more.columns)


def kept_of(before: pd.DataFrame | None, ways: tuple[str, ...], setting: dict) -> pd.DataFrame:
    """Rows of one setting that the table holds."""
    if before is None:
        return pd.DataFrame()
    named = setting | {"shape": setting["shape"] or "none"}
    same = before["border"].isin(ways)
    for column, value in named.items():
        same &= before[column] == value
    return before[same]


def seed_of(name: str) -> int:
    """Turn a name into a number."""
    return zlib.crc32(name.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--ways", nargs="+", default=["points", "cells"], choices=["points", "cells"])
    parser.add_argument("--sizes", nargs="+", type=float, default=[5.0, 3.0, 10.0, 2.0, 20.0])
    parser.add_argument("--n", nargs="+", type=int, default=[5000, 2000, 20000])
    parser.add_argument("--quick", action="store_true", help="a pilot: two surfaces, one size, n = 5,000")
    parser.add_argument(
        "--no-nulls", action="store_true", help="leave the surfaces without a jump as they are"
    )
    parser.add_argument("--afresh", action="store_true", help="make the samples of the table's rows again")
    options = parser.parse_args()
    CHUNKS.mkdir(parents=True, exist_ok=True)
    surfaces = ("flat", "cone") if options.quick else tuple(SURFACES)
    sizes = (5.0,) if options.quick else options.sizes
    nulls = () if options.no_nulls else NULLS
    settings = [{"shape": None, "surface": name, "k": 0.0, "n": 5000} for name in nulls]
    for n in (5000,) if options.quick else options.n:
        settings += [
            {"shape": shape, "surface": name, "k": k, "n": n}
            for k in sizes
            for shape in SHAPES
            for name in surfaces
        ]
    tables, path = [], RESULTS / "discontinuity_borders.csv"
    before = pd.read_csv(path) if path.exists() else None
    one(np.random.default_rng(0), "line", "flat", 5.0, 600, tuple(options.ways))  # what compiles is not timed
    for setting in settings:
        name = "_".join(str(value) for value in setting.values()).replace(" ", "-")
        ways = tuple(options.ways)
        kept = pd.DataFrame() if options.afresh else kept_of(before, ways, setting)
        tables.append(block(CHUNKS, name, options.repeats, options.jobs, ways, kept, **setting))
        table = pd.concat(tables, ignore_index=True)
        print(tables[-1].round(3).to_string(index=False, header=len(tables) == 1), flush=True)
        every = with_kept(table.round(4), path, ("shape", "surface", "k", "n", "border"))
        every.sort_values(["n", "k"], ascending=[True, False], kind="stable").to_csv(path, index=False)


if __name__ == "__main__":
    main()
