"""Borders of volumes within the voxels: planes, small balls, and volumes without a jump, under known truth.

    python benchmarks/discontinuity_volumes.py [--studies planes balls nulls] [--jobs 1] [--seed 0]

Scattered points over three covariates, two in each voxel, uniform; normal errors of standard deviation .1; fits with
their defaults. Sizes are in standard deviations of the mean of a voxel.

Planes: x_2 > c on the slope .3 x_1, 10 voxels a side. c lies 0, .25, .5 or .75 of a voxel beyond a face; two more
planes are tilted, x_2 + s x_3 > c with s = .1 and .4 and c drawn anew within a voxel. Balls: 14 voxels a side, radii of
4 and 5 voxels, flat and on the slope .5 (x_1 + x_2), the centre drawn anew within a voxel. Nulls: 10 voxels a side,
surfaces as named below; across a crease the slope along the first axis changes by 1.4 (sharp: 4.2) standard deviations
of a voxel per voxel.

sheets: regions less one. extra: cut faces beyond those of a single sheet, as a share of them. true: share of the
voxels of the ball (of the upper side) that are drawn as its own. wrong: voxels that are not on the side of their
centre, as a share of the ball or of one layer; for a plane in the middle of a layer it says nothing. size_bias: mean
size of the largest border over the truth, less one. cover: whether the 95 % interval of that mean holds the truth;
places_cover: the share of sixteen places on the border whose interval does. predicted: root mean squared error of
predict() at a thousand new places within half a voxel of the border, in steps.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
from chunks import RESULTS, Study, write

import statmodels_x as smx

SD = 0.1
SIZES = {"planes": (3.0, 10.0, 60.0), "balls": (3.0, 5.0)}
REPEATS = {"planes": 5, "balls": 5, "nulls": 7}
VOXELS = {"planes": 10, "balls": 14, "nulls": 10}
OFFSETS = (0.0, 0.25, 0.5, 0.75)
TILTS = {"tilted .1": 0.1, "tilted .4": 0.4}
RADII = {"small": 4.0, "large": 5.0}  # voxels
Surface = Callable[[np.ndarray], np.ndarray]


def _ramp(x: np.ndarray, width: float) -> np.ndarray:
    return np.clip((x - 0.5) / width, -0.5, 0.5)


NULLS: dict[str, Surface] = {
    "cone": lambda x: np.linalg.norm(x - 0.5, axis=1),
    "wave": lambda x: 0.3 * np.sin(6.0 * x[:, 0]) * np.cos(5.0 * x[:, 1]),
    "plane": lambda x: x @ np.array([1.0, -0.6, 0.4]),
    "sharp crease": lambda x: 1.5 * np.abs(x[:, 0] + 0.4 * x[:, 1] - 0.7),
    "ramp": lambda x: 0.4 * _ramp(x[:, 1] + 0.3 * x[:, 2] - 0.15, 0.3),
    "unequal errors": lambda x: 0.3 * x[:, 0],
    "crease": lambda x: 0.5 * np.abs(x[:, 0] + 0.4 * x[:, 1] - 0.7),
    "roof": lambda x: 3.0 * np.maximum(np.abs(x[:, 0] - 0.5), np.abs(x[:, 1] - 0.5)),
    "folded sphere": lambda x: 3.0 * np.abs(np.linalg.norm(x - 0.5, axis=1) - 0.3),
    "rounded crease": lambda x: 1.5 * np.sqrt((x[:, 0] + 0.4 * x[:, 1] - 0.7) ** 2 + 0.05**2),
    "narrow bump": lambda x: 0.5 * np.exp(-((x - 0.5) ** 2).sum(1) / (2.0 * 0.1**2)),
    "steep ramp": lambda x: 1.5 * _ramp(x[:, 1], 0.24),
}


def _sample(rng: np.random.Generator, m: int, surface: Surface, sd: float | Surface = SD) -> pd.DataFrame:
    x = rng.uniform(size=(2 * m**3, 3))
    spread = sd(x) if callable(sd) else sd
    return pd.DataFrame(x, columns=list("abc")).assign(y=surface(x) + spread * rng.normal(size=len(x)))


def _fit(data: pd.DataFrame, m: int) -> tuple[object, float]:
    start = time.process_time()
    fit = smx.FreeDiscontinuity("y ~ a + b + c", data, resolution=m).fit()
    return fit, time.process_time() - start


def _measures(
    fit: object, inside: Surface, size: float, on_border: np.ndarray, near: np.ndarray, surface: Surface
) -> dict:
    """Compare what is said of a border with the truth."""
    lattice, label = fit.domain.lattice, fit.segments().ravel()
    true = inside(fit.domain.cell_centres())
    row = {"found": bool(fit.estimate.cut.any()), "sheets": int(label.max()) - 1}
    single = np.count_nonzero(true[lattice.tail] != true[lattice.head])
    row["extra"] = np.count_nonzero(fit.estimate.cut) / single - 1.0 if row["found"] else np.nan
    # the side of a region is that of most of its voxels
    share = np.bincount(label, true) / np.maximum(np.bincount(label), 1)
    drawn = share[label] > 0.5
    row["true"] = drawn[true].mean()
    row["wrong"] = np.count_nonzero(drawn != true) / min(true.sum(), lattice.shape[0] ** 2)
    if not row["found"]:
        return row
    largest = fit.boundaries.iloc[0]
    row["size_bias"] = largest["mean_size"] / size - 1.0
    row["cover"] = float(abs(largest["mean_size"] - size) <= 1.96 * largest["std_error"])
    places = fit.jump_sizes(on_border)
    known = places["std_error"].notna()
    gap = (places["size"].abs() - size).abs()[known]
    row["places_cover"] = float((gap <= 1.96 * places["std_error"][known]).mean()) if known.any() else np.nan
    predicted = fit.predict(pd.DataFrame(near, columns=list("abc")))
    predicted = np.asarray(
        predicted["fit"] if "fit" in getattr(predicted, "columns", ()) else predicted, float
    )
    row["predicted"] = float(
        np.sqrt(np.mean(((predicted.reshape(len(near), -1)[:, 0] - surface(near)) / size) ** 2))
    )
    return row


def plane(rng: np.random.Generator, size: float, offset: float, tilt: float) -> dict:
    """Fit a plane across the second axis, an offset from a face or tilted."""
    m, step = VOXELS["planes"], size * SD / np.sqrt(2.0)
    height = (0.5 + offset / m) if tilt == 0.0 else 0.5 + rng.uniform() / m

    def level(x: np.ndarray) -> np.ndarray:
        return height - tilt * (x[:, 2] - 0.5)

    def surface(x: np.ndarray) -> np.ndarray:
        return 0.3 * x[:, 0] + step * (x[:, 1] > level(x))

    data = _sample(rng, m, surface)
    lower, upper = data[list("abc")].min().to_numpy(), data[list("abc")].max().to_numpy()
    at = rng.uniform(0.1, 0.9, (16, 3))
    at[:, 1] = level(at)
    near = rng.uniform(lower, upper, (1000, 3))
    near[:, 1] = level(near) + rng.uniform(-0.5, 0.5, 1000) / m
    fit, cpu = _fit(data, m)
    return {"cpu": cpu} | _measures(fit, lambda x: x[:, 1] > level(x), step, at, near, surface)


def ball(rng: np.random.Generator, size: float, radius: float, slope: float) -> dict:
    """Fit a ball in the middle."""
    m, step = VOXELS["balls"], size * SD / np.sqrt(2.0)
    middle = 0.5 + rng.uniform(-0.5, 0.5, 3) / m

    def inside(x: np.ndarray) -> np.ndarray:
        return np.linalg.norm(x - middle, axis=1) < radius / m

    def surface(x: np.ndarray) -> np.ndarray:
        return slope * (x[:, 0] + x[:, 1]) + step * inside(x)

    way = rng.normal(size=(1016, 3))
    way /= np.linalg.norm(way, axis=1)[:, None]
    on_border = middle + way[:16] * radius / m
    near = middle + way[16:] * (radius + rng.uniform(-0.5, 0.5, 1000))[:, None] / m
    fit, cpu = _fit(_sample(rng, m, surface), m)
    return {"cpu": cpu} | _measures(fit, inside, step, on_border, near, surface)


def null(rng: np.random.Generator, name: str) -> dict:
    """Fit a volume without a jump."""
    sd = (lambda x: 0.03 + 0.15 * x[:, 1]) if name == "unequal errors" else SD
    fit, cpu = _fit(_sample(rng, VOXELS["nulls"], NULLS[name], sd), VOXELS["nulls"])
    return {"cpu": cpu, "found": bool(fit.estimate.cut.any()), "sheets": int(fit.segments().max()) - 1}


def tasks() -> dict[tuple[str, str, float], Callable[[np.random.Generator], dict]]:
    """List every cell: study, setting, size."""
    found: dict[tuple[str, str, float], Callable] = {}
    for size in SIZES["planes"]:
        for offset in OFFSETS:
            found["planes", f"offset {offset:g}", size] = partial(plane, size=size, offset=offset, tilt=0.0)
        for name, tilt in TILTS.items():
            found["planes", name, size] = partial(plane, size=size, offset=0.0, tilt=tilt)
    for size, name, (ground, slope) in product(SIZES["balls"], RADII, (("flat", 0.0), ("slope", 0.5))):
        found["balls", f"{name}, {ground}", size] = partial(ball, size=size, radius=RADII[name], slope=slope)
    for name in NULLS:
        found["nulls", name, 0.0] = partial(null, name=name)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", nargs="+", default=["planes", "balls", "nulls"])
    parser.add_argument("--repeats", type=int, help="5, of nulls 7")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of other samples")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for k, (cell, task) in enumerate(tasks().items()):
        if cell[0] not in arguments.studies:
            continue
        repeats = arguments.repeats or REPEATS[cell[0]]
        name = "_".join(map(str, cell)).replace(" ", "_").replace(",", "")
        study = Study(
            f"volumes_{name}_{arguments.seed}", task, repeats, 100 * arguments.seed + k, 1,
            arguments.jobs,
        )  # fmt: skip
        made = study.rows()
        means = made.astype(float).mean()
        row = dict(zip(("study", "setting", "size"), cell, strict=True)) | {"repeats": len(made)}
        if cell[0] != "nulls":
            row["one_sheet"] = float((made["sheets"] == 1).mean())
        rows.append(
            row | means.to_dict() | {"size_bias_mc_se": made.get("size_bias", pd.Series([np.nan])).sem()}
        )
        print(pd.DataFrame(rows[-1:]).round(4).to_string(header=len(rows) == 1), flush=True)
    table = pd.DataFrame(rows).round(5)
    print(table.to_string())
    path = RESULTS / "discontinuity_volumes.csv"
    if path.exists():  # what was not made again stays
        kept = pd.read_csv(path)
        table = pd.concat([table, kept[~kept["study"].isin(arguments.studies)]])
    write(table, path)


if __name__ == "__main__":
    main()
