"""How well tools that are tuned for the border find the authors' disk.

    python benchmarks/discontinuity_border_peers.py [--repeats 10]

Inside a disk of radius 1/4 the surface is the distance r from its middle, outside r + a; errors have sd .05. Canny's
detector (scikit-image) and mumfordshah2d see the cell means; a jump of the latter's surface is a difference of
neighbours above a share of a. Their three parameters are those with the best F1 of the border on the same sample, which
no user can know; "untuned" is Canny at sigma 1 with the package's thresholds. FreeDiscontinuity has the points and its
defaults, on the same grid. Columns: false (found places more than two cells from the circle), missed (share of the
circle without a found place within 1.5 cells). mumfordshah2d, which is slow, sees half of the samples. Peers that are
not installed are left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

import statmodels_x as smx

RESULT = Path(__file__).parent / "results" / "discontinuity_border_peers.csv"
JUMPS = {0.25: 0.0376, 0.5: 0.0751, 0.75: 0.1127}
TUNED, UNTUNED = "tuned to the truth", "untuned"
Places = np.ndarray


def points(n: int, a: float, rng: np.random.Generator) -> pd.DataFrame:
    """Draw points on the surface with the disk."""
    x, y = rng.random((2, n))
    r = np.hypot(x - 0.5, y - 0.5)
    return pd.DataFrame({"x": x, "y": y, "z": r + a * (r >= 0.25) + 0.05 * rng.normal(size=n)})


def image(data: pd.DataFrame, side: int) -> np.ndarray:
    """Average points in cells; an empty cell takes the mean of all."""
    x, y, z = data.to_numpy().T
    cell = (x * side).astype(int) * side + (y * side).astype(int)
    count = np.bincount(cell, minlength=side * side)
    mean = np.bincount(cell, z, side * side) / np.maximum(count, 1)
    return np.where(count > 0, mean, z.mean()).reshape(side, side)


def judged(found: Places, side: int) -> tuple[float, float, float]:
    """Count false places, the share of the circle missed, and F1 of both; places are in cells."""
    angle = np.linspace(0.0, 2.0 * np.pi, 200)
    circle = side * (0.5 + 0.25 * np.column_stack([np.cos(angle), np.sin(angle)])) - 0.5
    if not len(found):
        return 0.0, 1.0, 0.0
    gaps = np.linalg.norm(found[:, None] - circle, axis=2)
    false, missed = (gaps.min(1) > 2.0).mean(), (gaps.min(0) > 1.5).mean()
    f1 = 2.0 * (1.0 - false) * (1.0 - missed) / max(2.0 - false - missed, 1e-9)
    return float((gaps.min(1) > 2.0).sum()), float(missed), f1


def canny_places(mean: np.ndarray) -> Iterator[tuple[str, Places]]:
    """Edges of Canny's detector at 48 settings, and at its own."""
    from skimage.feature import canny

    scaled = (mean - mean.min()) / np.ptp(mean)
    yield UNTUNED, np.argwhere(canny(scaled, 1.0, mode="nearest"))
    for sigma, high, low in product((0.5, 0.8, 1.2, 1.6), (0.05, 0.1, 0.15, 0.2, 0.3, 0.4), (0.4, 0.7)):
        yield TUNED, np.argwhere(canny(scaled, sigma, low * high, high, mode="nearest"))


def mumford_shah_places(mean: np.ndarray, a: float) -> Iterator[tuple[str, Places]]:
    """Middles of the edges across which mumfordshah2d's surface jumps, at 72 settings."""
    import mumfordshah2d

    for gamma, alpha in product((1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2), (0.1, 0.3, 1.0, 3.0)):
        u = np.asarray(mumfordshah2d.min_l2_mum_2d(mean, gamma, alpha))
        for share in (0.3, 0.5, 0.7):
            across = [
                np.argwhere(np.abs(np.diff(u, axis=k)) > share * a) + 0.5 * np.eye(2)[k] for k in (0, 1)
            ]
            yield TUNED, np.vstack(across)


def default_places(data: pd.DataFrame, side: int) -> Iterator[tuple[str, Places]]:
    """Crossings of the border that a fit with its defaults finds."""
    jumps = smx.FreeDiscontinuity("z ~ x + y", data, resolution=side).fit().jumps
    lowest, width = data[["x", "y"]].min().to_numpy(), np.ptp(data[["x", "y"]].to_numpy(), axis=0) / side
    yield "default", (jumps[["x", "y"]].to_numpy() - lowest) / width - 0.5


def best_of(tool: str, tried: Iterator[tuple[str, Places]], side: int) -> list[dict]:
    """Return the best try of each kind, as rows; none if the peer is missing."""
    best: dict[str, tuple[float, float, float]] = {}
    try:
        for how, found in tried:
            one = judged(found, side)
            best[how] = max(best.get(how, one), one, key=lambda each: each[2])
    except ImportError:
        return []
    return [{"tool": tool, "set": how, "false": one[0], "missed": one[1]} for how, one in best.items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    rows = []
    for (n, side), d, k in product(((5000, 15), (20000, 31)), JUMPS, range(repeats)):
        data = points(n, JUMPS[d], np.random.default_rng([k, n]))
        mean = image(data, side)
        found = best_of("FreeDiscontinuity", default_places(data, side), side)
        found += best_of("Canny", canny_places(mean), side)
        if k < repeats // 2:
            found += best_of("mumfordshah2d", mumford_shah_places(mean, JUMPS[d]), side)
        rows += [{"n": n, "d": d} | row for row in found]
    groups = pd.DataFrame(rows).groupby(["n", "d", "tool", "set"], sort=False)
    table = groups.mean().assign(samples=groups.size()).reset_index()
    print(table.round(3).to_string(index=False))
    table.round(4).to_csv(RESULT, index=False)


if __name__ == "__main__":
    main()
