"""Images: photographs against a blur, known shapes, false alarms on smooth images, seconds by size.

    python benchmarks/discontinuity_images.py [photographs] [small] [weak] [shapes] [smooth] [errors] [speed]

Rows go to results/discontinuity_images.csv as they are done; what is there is not done again. The photographs are
scikit-image's, square middles brought to 64 x 64, with noise of sd .08 and 20 % of the pixels missing. Their rivals,
biharmonic inpainting then a Gaussian blur, and a blur normalised by the pixels present, are at the width that is best
for the truth; the fit knows neither the truth nor the noise.
"""

from __future__ import annotations

import csv
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

import statmodels_x as smx

TABLE = Path(__file__).parent / "results" / "discontinuity_images.csv"
FIELDS = (
    "part", "case", "setting", "seed", "size", "rmse", "blur", "blur_width", "edges", "regions", "length", "mean_size",
    "std_error", "noise_sd", "pixels", "cpu",
)  # fmt: skip
SD, MISSING = 0.08, 0.2


def photograph(name: str, n: int) -> np.ndarray:
    from skimage import data
    from skimage.transform import resize

    image = getattr(data, name)() / 255.0
    if image.ndim == 3:
        image = image @ [0.299, 0.587, 0.114]
    k = min(image.shape)
    a, b = (image.shape[0] - k) // 2, (image.shape[1] - k) // 2
    return np.asarray(resize(image[a : a + k, b : b + k], (n, n), anti_aliasing=True))


def rmse(values: np.ndarray, clean: np.ndarray) -> float:
    return float(np.sqrt(np.mean((values - clean) ** 2)))


def best_blur(seen: np.ndarray, clean: np.ndarray) -> tuple[float, float]:
    from skimage.restoration import inpaint_biharmonic

    known = np.isfinite(seen)
    filled = inpaint_biharmonic(np.nan_to_num(seen), ~known)
    found = []
    for width in np.arange(0.3, 4.0, 0.1):
        found.append((rmse(gaussian_filter(filled, width), clean), float(width)))
        if width > 0.5:
            total = gaussian_filter(known.astype(float), width)
            found.append((rmse(gaussian_filter(np.nan_to_num(seen), width) / total, clean), float(width)))
    return min(found)


def spoiled(clean: np.ndarray, sd: float, missing: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    seen = clean + sd * rng.normal(size=clean.shape)
    seen[rng.uniform(size=clean.shape) < missing] = np.nan
    return seen


def measured(seen: np.ndarray, clean: np.ndarray, **options: Any) -> dict[str, Any]:
    begin = time.process_time()
    fit = smx.FreeDiscontinuity(seen).fit(**options)
    cpu = time.process_time() - begin
    table = fit.boundaries
    placed = fit.estimate.placed
    return {
        "rmse": rmse(fit.surface, clean),
        "edges": len(fit.jumps),
        "regions": int(fit.segments().max()),
        "length": float(table["length"].sum()) if len(table) else 0.0,
        "mean_size": float(table["mean_size"].iloc[0]) if len(table) else "",
        "std_error": float(table["std_error"].iloc[0]) if len(table) else "",
        "noise_sd": fit.noise_sd,
        "pixels": "" if placed is None else placed.pixels,
        "cpu": cpu,
    }


def photographs() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    for name in ("camera", "coins", "astronaut"):
        yield (name, "default", 0, 64), against_blur(name, 64)


def small() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    for n in (32, 48):
        for name in ("camera", "coins", "astronaut", "moon", "page"):
            yield (name, "default", 0, n), against_blur(name, n)


def against_blur(name: str, n: int) -> Callable[[], dict[str, Any]]:
    def run() -> dict[str, Any]:
        clean = photograph(name, n)
        seen = spoiled(clean, SD, MISSING, 0)
        blur, width = best_blur(seen, clean)
        return {**measured(seen, clean), "blur": blur, "blur_width": width}

    return run


def shares(inside: Any, n: int, averages: bool) -> np.ndarray:
    """Share of each pixel inside a shape, or whether its middle is."""
    k = 16 if averages else 1
    at = (np.arange(n)[:, None] + (np.arange(k) + 0.5) / k - 0.5).ravel()
    return np.asarray(inside(at[:, None], at[None, :]).astype(float).reshape(n, k, n, k).mean((1, 3)))


def weak() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    """Regions at a step of .5 in noise of .3: hardly to be seen beside any pixel."""
    n = 40
    x, y = np.mgrid[:n, :n]
    every = {
        "rectangle": (x >= 10) & (x < 25) & (y >= 12) & (y < 30),
        "disk": np.hypot(x - 19, y - 21) < 9.0,
        "half-plane": x + 0.3 * y < 22,
    }
    backs = {"flat": 0.0 * x, "slope": 0.03 * x, "wave": 0.3 * np.sin(x / 9.0) * y / n}
    for shape, inside in every.items():
        for back, surface in backs.items():
            for seed in range(3):
                clean = surface + 0.5 * inside
                seen = clean + 0.3 * np.random.default_rng(seed).normal(size=clean.shape)
                yield (shape, back, seed, n), partial(measured, seen, clean)


def shapes() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    n = 24
    every = {
        "half-plane": lambda x, y: x > 9.3 + 0.3 * y,
        "disk": lambda x, y: (x - 11.3) ** 2 + (y - 12.4) ** 2 < 7.2**2,
    }
    at = np.arange(n) / n
    back = 0.3 * at[:, None] + 0.2 * np.sin(4 * at)
    for seed in range(6):
        for name, inside in every.items():
            for truth in ("averages", "points"):

                def run(inside: Any = inside, truth: str = truth, seed: int = seed) -> dict[str, Any]:
                    clean = shares(inside, n, truth == "averages") + back
                    return measured(spoiled(clean, 0.15, 0.1, 100 + seed), clean)

                yield (name, truth, seed, n), run


def smooth() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    n = 24
    x, y = np.indices((n, n)) / (n - 1)
    every = {
        "plane": 0.5 * x + 0.3 * y,
        "wave": 0.3 * np.sin(6.0 * x) * np.cos(4.0 * y),
        "cone": np.hypot(x - 0.4, y - 0.55),
        "crease": np.abs(x - 0.5),
        "slope of .15": 0.5 * np.tanh((x + 0.3 * y - 0.6) / 0.15),
        "bump": 0.6 * np.exp(-((x - 0.5) ** 2 + (y - 0.4) ** 2) / 0.02),
        "texture": 0.15 * np.sin(12.0 * x + 5.0 * y) * np.cos(9.0 * y),
        "flat": 0.0 * x,
    }
    for seed in range(5):
        for name, clean in every.items():

            def run(clean: np.ndarray = clean, seed: int = seed) -> dict[str, Any]:
                return measured(spoiled(clean, 0.1, 0.0, 200 + seed), clean)

            yield (name, "sd .1", seed, n), run


def ranged(values: np.ndarray) -> np.ndarray:
    return np.asarray((values - values.min()) / np.ptp(values))


def surfaces(n: int) -> dict[str, np.ndarray]:
    """Smooth surfaces with a range of 1; the ramp rises from .1 to .9 of its height over five and a half pixels."""
    x, y = (np.indices((n, n)) + 0.5) / n
    every = {
        "waves": np.sin(6.0 * x) * np.cos(4.0 * y),
        "cone": np.hypot(x - 0.4, y - 0.55),
        "bump": np.exp(-((x - 0.5) ** 2 + (y - 0.4) ** 2) / (2.0 * 0.14**2)),
        "ramp": np.tanh((x + 0.3 * y - 0.65) * n / 2.5),
        "exponential": np.exp(4.0 * x + y),
    }
    return {name: ranged(values) for name, values in every.items()}


def normal(sd: float) -> Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]:
    return lambda rng, shape: sd * rng.normal(size=shape)


def heavy(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray(0.1 / np.sqrt(3.0) * rng.standard_t(3, shape))


def unequal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return np.asarray((0.05 * 3.0 ** np.linspace(0.0, 1.0, shape[0]))[:, None] * rng.normal(size=shape))


def errors() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    every = {
        "normal, sd .3": (24, normal(0.3), 6),
        "Student t(3), sd .1": (24, heavy, 6),
        "normal, sd .05 to .15": (24, unequal, 6),
        "normal, sd .03": (48, normal(0.03), 4),
    }
    for setting, (n, draw, samples) in every.items():
        for seed in range(samples):
            for name, clean in surfaces(n).items():

                def run(draw: Any = draw, seed: int = seed, clean: np.ndarray = clean) -> dict[str, Any]:
                    return measured(clean + draw(np.random.default_rng(400 + seed), clean.shape), clean)

                yield (name, setting, seed, n), run


def speed() -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    for n in (128, 64, 32):

        def run(n: int = n) -> dict[str, Any]:
            clean = photograph("camera", n)
            return measured(spoiled(clean, SD, MISSING, 0), clean)

        yield ("camera", "default", 0, n), run


PARTS = {
    "photographs": photographs, "small": small, "weak": weak, "shapes": shapes, "smooth": smooth, "errors": errors,
    "speed": speed,
}  # fmt: skip


def done() -> set[tuple[str, ...]]:
    if not TABLE.exists():
        return set()
    with TABLE.open() as file:
        return {
            (row["part"], row["case"], row["setting"], row["seed"], row["size"])
            for row in csv.DictReader(file)
        }


def main(parts: list[str]) -> None:
    warnings.simplefilter("ignore")
    smx.FreeDiscontinuity(
        spoiled(shares(lambda x, y: x > 5.2 + 0.0 * y, 12, True), 0.1, 0.0, 0)
    ).fit()  # compiled first
    known = done()
    for part in parts or list(PARTS):
        for key, run in PARTS[part]():
            name = (part, *map(str, key))
            if name in known:
                continue
            row = {**dict(zip(("part", "case", "setting", "seed", "size"), name, strict=True)), **run()}
            row = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()}
            print(row, flush=True)
            is_new = not TABLE.exists()
            with TABLE.open("a", newline="") as file:
                writer = csv.DictWriter(file, FIELDS)
                if is_new:
                    writer.writeheader()
                writer.writerow(row)


if __name__ == "__main__":
    main(sys.argv[1:])
