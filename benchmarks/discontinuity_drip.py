"""Images beside DRIP, R's package for jump regression: error of the surface, overall and near the border.

    python benchmarks/discontinuity_drip.py [--repeats 5] [--size 48]

Needs R with the package DRIP (version 2.3, CRAN). Images of known surfaces, a pixel the value at its middle, normal
errors of standard deviation .2 (and .4). disk: Qiu's test surface, a paraboloid with a disk of height 1; wedge: two
straight borders that meet, on a wave; half: a slanted half-plane of height .6 on a slope; smooth: the wave alone, no
jump. Peers: JPLLK (jump-preserving local linear kernels, its own cross-validated bandwidth) and local clustering of
pixels, which is given the true noise; a Gaussian blur of the width that is best for the truth. The fit is the default
and knows neither.

rmse: root mean squared error of the surface; near: of the pixels within two of the border. cpu: seconds of the fit (of
DRIP: both methods, R's start included). jump: share of the samples in which the fit declares one.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from chunks import RESULTS, write
from scipy.ndimage import binary_dilation, gaussian_filter

import statmodels_x as smx

SCRIPT = Path(__file__).with_suffix(".R")
WIDTHS = np.arange(0.3, 3.1, 0.1)


def _wave(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.4 * np.sin(5.0 * x) * np.cos(4.0 * y)


SMOOTH: dict[str, Callable] = {
    "disk": lambda x, y: -2.0 * (x - 0.5) ** 2 - 2.0 * (y - 0.5) ** 2,
    "wedge": _wave,
    "half": lambda x, y: 0.8 * x - 0.4 * y,
    "smooth": _wave,
}
SIDES: dict[str, Callable] = {
    "disk": lambda x, y: 1.0 * (np.hypot(x - 0.5, y - 0.5) < 0.25),
    "wedge": lambda x, y: 1.0 * ((y > 0.3 + 0.3 * x) & (x > 0.35)),
    "half": lambda x, y: 0.6 * (y > 0.2 + 0.6 * x),
    "smooth": lambda x, y: 0.0 * x,
}


def peers(image: np.ndarray, sd: float) -> tuple[dict[str, np.ndarray], float]:
    """Run DRIP on an image."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "image.txt"
        np.savetxt(path, image)
        start = time.perf_counter()
        subprocess.run(
            ["Rscript", str(SCRIPT), str(path), str(sd), str(path.with_suffix(""))],
            check=True,
            capture_output=True,
        )
        seconds = time.perf_counter() - start
        names = {"JPLLK": "jpllk", "clustering": "cluster"}
        return {name: np.loadtxt(Path(folder) / f"image_{end}.txt") for name, end in names.items()}, seconds


def one(name: str, sd: float, size: int, seed: int) -> list[dict]:
    """Smooth one image in every way."""
    x, y = np.meshgrid(*[(np.arange(size) + 0.5) / size] * 2, indexing="ij")
    side = SIDES[name](x, y)
    truth = SMOOTH[name](x, y) + side
    image = truth + sd * np.random.default_rng([seed, size]).normal(size=truth.shape)
    edge = np.abs(gaussian_filter(side, 1.0) - side) > 1e-3
    near = binary_dilation(edge) if edge.any() else np.ones_like(edge)
    start = time.process_time()
    fit = smx.FreeDiscontinuity(image).fit()
    found: dict[str, tuple[np.ndarray, float]] = {"fit": (fit.surface, time.process_time() - start)}
    theirs, seconds = peers(image, sd)
    found |= {way: (surface, seconds) for way, surface in theirs.items()}
    blurs = [gaussian_filter(image, width, mode="nearest") for width in WIDTHS]
    found["best blur"] = (min(blurs, key=lambda one: float(np.mean((one - truth) ** 2))), np.nan)
    return [
        {
            "image": name,
            "sd": sd,
            "way": way,
            "rmse": float(np.sqrt(np.mean((surface - truth) ** 2))),
            "near": float(np.sqrt(np.mean((surface - truth)[near] ** 2))),
            "cpu": cpu,
            "jump": float(not fit.jumps.empty) if way == "fit" else np.nan,
        }
        for way, (surface, cpu) in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--size", type=int, default=48)
    options = parser.parse_args()
    rows = [
        row
        for name in SMOOTH
        for sd in (0.2, 0.4)
        for seed in range(options.repeats)
        for row in one(name, sd, options.size, seed)
    ]
    table = pd.DataFrame(rows).groupby(["image", "sd", "way"], sort=False).mean().reset_index()
    table = table.assign(size=options.size, repeats=options.repeats).round(5)
    print(table.to_string())
    write(table, RESULTS / "discontinuity_drip.csv")


if __name__ == "__main__":
    main()
