"""Surfaces with jumps: error, false and missed jumps, size bias and coverage under known truth.

    python benchmarks/discontinuity_simulation.py [--repeats 100] [--volumes 20] [--nulls 200] [--jobs 2]
                                                  [--studies disk null ball] [--sizes 5000 10000 20000]
                                                  [--border cells]

With ``--border points``, the default of a fit, the disks and the nulls are made for the balanced setting alone, into
results/discontinuity_points.csv; the table there has ``--repeats 10 --nulls 30 --sizes 5000 10000``.

Designs of Gunsilius and Van Dijcke (arXiv 2309.14630). Disk: f = r within 1/4 of the centre of the unit square and
r + a outside; x uniform, normal noise with standard deviation .05; n = 5,000, 10,000 and 20,000 on 15^2, 22^2 and
31^2 cells; a = .0376, .0751, .1127 (d = .25, .5, .75 of the standard deviation of y). Ball: the same in a cube,
n = 10,000 on 18^3 cells, a = .0751, always with the default of a fit. Null: surfaces without a jump (cone, plane, wave)
on the grids of the disk.

false: estimated jump cells not at or next to a true one, over cells that are not true ones; missed: the reverse. Cells
of a jump edge are those before it. mse: at the centres of the cells. size_bias: mean over jump edges within two
cells of the truth of the outward size minus a. cover: share of true surface values in the pointwise 95 % bands,
over all cells and over cells within two of the boundary; size_cover: share of 16 places on the boundary whose 95 %
interval for the size holds a. any: whether any jump is reported.

Peers see the same cell means: fast total variation (scikit-image), mumfordshah2d and a regression tree on the raw
points (scikit-learn), each with its one or two parameters at their best for the mean squared error to the true
surface (which no user can have), and jumps where neighbours differ by more than a / 2. Peers that are not installed
are left out.

Tuning by SURE and mumfordshah2d, which are slow, are done in the first 10 repeats only, the settings "strict" and
"sensitive" in the first 20. Repeats come in chunks of 10, each written to results/chunks when it is done and not made
again while it stands there.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from chunks import RESULTS, Study, with_kept

import statmodels_x as smx
from statmodels_x.core.errors import ConvergenceWarning
from statmodels_x.discontinuity.grid.lattice import Lattice
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem
from statmodels_x.discontinuity.tuning import evidence

CHUNK = 10
FEWER = {"sure": 10, "mumfordshah2d": 10, "strict": 20, "sensitive": 20}
SD = 0.05
PROPOSE = evidence.propose
GRIDS = {5000: 15, 10000: 22, 20000: 31}
JUMPS = {0.25: 0.0376, 0.5: 0.0751, 0.75: 0.1127}
NULLS: dict[str, Callable] = {
    "cone": lambda x: np.linalg.norm(x - 0.5, axis=1),
    "plane": lambda x: x @ np.linspace(0.3, 0.2, x.shape[1]),
    "wave": lambda x: 0.3 * np.sin(6.0 * x[:, 0]) * np.cos(5.0 * x[:, 1]),
}


def step_surface(x: np.ndarray, jump: float) -> np.ndarray:
    r = np.linalg.norm(x - 0.5, axis=1)
    return r + jump * (r >= 0.25)


def sample(rng: np.random.Generator, n: int, d: int, surface: Callable) -> pd.DataFrame:
    x = rng.random((n, d))
    return pd.DataFrame(x, columns=list("abc"[:d])).assign(y=surface(x) + SD * rng.standard_normal(n))


def jump_cells(lattice: Lattice, cut: np.ndarray) -> np.ndarray:
    cells = np.zeros(lattice.n_cells, bool)
    cells[lattice.tail[cut]] = True
    return cells


def widened(lattice: Lattice, cells: np.ndarray) -> np.ndarray:
    """Cells and their neighbours across a face."""
    wide = cells.copy()
    wide[lattice.tail[cells[lattice.head]]] = True
    wide[lattice.head[cells[lattice.tail]]] = True
    return wide


def error_rates(lattice: Lattice, cut: np.ndarray, true_cut: np.ndarray) -> tuple[float, float]:
    found, true = jump_cells(lattice, cut), jump_cells(lattice, true_cut)
    false = np.count_nonzero(found & ~widened(lattice, true)) / np.count_nonzero(~true)
    missed = np.count_nonzero(true & ~widened(lattice, found)) / max(np.count_nonzero(true), 1)
    return false, missed if true.any() else np.nan


def truth_on(fit, surface: Callable) -> tuple[np.ndarray, np.ndarray]:
    """Surface at the centres of the cells, and the edges between cells on different sides of the circle."""
    centres = fit.domain.cell_centres()
    inside = np.linalg.norm(centres - 0.5, axis=1) < 0.25
    lattice = fit.domain.lattice
    return surface(centres), inside[lattice.tail] != inside[lattice.head]


def measures(fit, surface: Callable, jump: float) -> dict:
    truth, true_cut = truth_on(fit, surface)
    lattice = fit.domain.lattice
    if jump == 0.0:
        true_cut = np.zeros_like(true_cut)
    false, missed = error_rates(lattice, fit.estimate.cut, true_cut)
    error = fit.surface.ravel() - truth
    inside_band = np.abs(error) <= 1.959964 * fit.surface_std_error.ravel()
    near = widened(lattice, widened(lattice, jump_cells(lattice, true_cut)))
    row = {
        "false": false,
        "missed": missed,
        "mse": float(np.mean(error**2)),
        "cover": inside_band.mean(),
        "cover_near": inside_band[near].mean() if near.any() else np.nan,
        "any": bool(fit.estimate.cut.any()),
    }
    if jump and fit.estimate.cut.any():
        row |= size_measures(fit, lattice, near, jump)
    return row


def size_measures(fit, lattice: Lattice, near: np.ndarray, jump: float) -> dict:
    cut = fit.estimate.cut
    radius = np.linalg.norm(fit.domain.cell_centres() - 0.5, axis=1)
    outward = np.sign(radius[lattice.head] - radius[lattice.tail])[cut]
    close = near[lattice.tail[cut]]
    error = outward * fit.jumps["size"].to_numpy() - jump
    row = {"size_bias": float(error[close].mean()) if close.any() else np.nan}
    sizes = fit.jump_sizes(0.5 + 0.25 * directions(len(fit.domain.names)))
    gap = (sizes["size"].abs() - jump).abs()
    known = sizes["std_error"].notna()
    row["size_cover"] = float((gap <= 1.959964 * sizes["std_error"])[known].mean()) if known.any() else np.nan
    row["size_length"] = float(2.0 * 1.959964 * sizes["std_error"].mean())
    return row


def directions(d: int) -> np.ndarray:
    """Sixteen of unit length: evenly round a circle, or drawn once from a sphere."""
    if d == 2:
        angle = np.linspace(0.0, 2.0 * np.pi, 17)[:-1] + 0.1
        return np.column_stack([np.cos(angle), np.sin(angle)])
    drawn = np.random.default_rng(0).standard_normal((16, d))
    return drawn / np.linalg.norm(drawn, axis=1)[:, None]


def cache(propose: Callable) -> Callable:
    made: dict[tuple[float, float], list] = {}

    def once(problem: LiftedProblem) -> list:
        key = problem.lam, problem.nu
        if key not in made:
            made[key] = propose(problem)
        return [cut.copy() for cut in made[key]]

    return once


def one_repeat(
    rng: np.random.Generator, n: int, m: int, d: int, name: str, methods: tuple[str, ...], border: str
) -> list[dict]:
    jump = JUMPS.get(float(name), 0.0) if name not in NULLS else 0.0
    surface = NULLS.get(name) or partial(step_surface, jump=jump)
    data = sample(rng, n, d, surface)
    model = smx.FreeDiscontinuity("y ~ " + " + ".join("abc"[:d]), data, resolution=m)
    rows: list[dict] = []
    evidence.propose = cache(
        PROPOSE
    )  # the sensitivities share their proposals; cpu of all but the first is small
    for method in methods:
        start = time.process_time()
        if method in ("strict", "balanced", "sensitive"):
            fit = model.fit(sensitivity=method, border=border if d == 2 else "auto")
        elif method == "sure":
            fit = model.fit(tune="sure")
        else:
            rows += peer(method, model, data, surface, jump)
            continue
        rows.append({"method": method, "cpu": time.process_time() - start} | measures(fit, surface, jump))
    return rows


# ---- peers


def peer(method: str, model, data: pd.DataFrame, surface: Callable, jump: float) -> list[dict]:
    """Error and jump rates of a peer with its parameters at their best for this very truth."""
    cells = model.sample.cells
    shape, lattice = cells.domain.shape, cells.lattice
    centres = cells.domain.cell_centres()
    truth = surface(centres)
    inside = np.linalg.norm(centres - 0.5, axis=1) < 0.25
    true_cut = inside[lattice.tail] != inside[lattice.head]
    image = np.where(cells.filled, cells.mean, cells.mean[cells.filled].mean()).reshape(shape)
    start = time.process_time()
    try:
        candidates = PEERS[method](image, data, centres)
    except ImportError:
        return []
    best = min(candidates, key=lambda u: float(np.mean((u.ravel() - truth) ** 2))).ravel()
    cut = np.abs(lattice.differences(best)) > jump / 2.0
    false, missed = error_rates(lattice, cut, true_cut)
    row = {"method": method, "cpu": time.process_time() - start, "false": false, "missed": missed}
    return [row | {"mse": float(np.mean((best - truth) ** 2)), "any": bool(cut.any())}]


def total_variation(image: np.ndarray, data: pd.DataFrame, centres: np.ndarray) -> list[np.ndarray]:
    from skimage.restoration import denoise_tv_chambolle

    return [denoise_tv_chambolle(image, weight) for weight in np.geomspace(0.001, 0.1, 12)]


def mumford_shah(image: np.ndarray, data: pd.DataFrame, centres: np.ndarray) -> list[np.ndarray]:
    import mumfordshah2d

    pairs = [(g, a) for g in (3e-4, 1e-3, 3e-3, 1e-2) for a in (0.1, 0.3, 1.0)]
    return [np.asarray(mumfordshah2d.min_l2_mum_2d(image, g, a)) for g, a in pairs]


def tree(image: np.ndarray, data: pd.DataFrame, centres: np.ndarray) -> list[np.ndarray]:
    from sklearn.tree import DecisionTreeRegressor

    x, y = data.drop(columns="y").to_numpy(), data["y"].to_numpy()
    return [
        DecisionTreeRegressor(min_samples_leaf=leaf, random_state=0).fit(x, y).predict(centres)
        for leaf in (10, 20, 40, 80, 160)
    ]


PEERS = {"tv": total_variation, "mumfordshah2d": mumford_shah, "tree": tree}


# ---- the studies


Setting = tuple[str, int, int, int, str, int, tuple[str, ...]]


def settings(arguments: argparse.Namespace) -> list[Setting]:
    """Study, n, cells a side, dimension, surface, repeats, methods."""
    within = arguments.border == "points"
    ours, others = (("balanced",), ()) if within else (("balanced", "strict", "sensitive"), ("sure", *PEERS))
    found = []
    for n in arguments.sizes:
        m = GRIDS[n]
        if "disk" in arguments.studies:
            found += [("disk", n, m, 2, str(d), arguments.repeats, (*ours, *others)) for d in JUMPS]
        if "null" in arguments.studies:
            found += [("null", n, m, 2, name, -(-arguments.nulls // len(NULLS)), ours) for name in NULLS]
    if "ball" in arguments.studies and not within:
        volumes = {"0.5": arguments.volumes, "cone": arguments.volumes // 2}
        found += [("ball", 10000, 18, 3, name, repeats, ("balanced",)) for name, repeats in volumes.items()]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=100)
    parser.add_argument("--volumes", type=int, default=20)
    parser.add_argument("--nulls", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(GRIDS))
    parser.add_argument("--studies", nargs="+", default=["disk", "null", "ball"])
    parser.add_argument("--border", choices=["cells", "points"], default="cells")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    listed = settings(arguments)
    starts = range(0, max((setting[5] for setting in listed), default=0), CHUNK)
    parts: dict[Setting, list[pd.DataFrame]] = {setting: [] for setting in listed}
    for first in starts:  # every setting has its first repeats before any has its second
        for setting in listed:
            if first < setting[5]:
                parts[setting].append(study(setting, first, arguments).make(first))
    made = [(setting, pd.concat(found)) for setting, found in parts.items()]
    tables = [summarise(rows, *setting[:2], setting[4]) for setting, rows in made]
    for n in arguments.sizes:
        nulls = [rows for setting, rows in made if setting[:2] == ("null", n)]
        tables += [summarise(pd.concat(nulls), "null", n, "all")] if nulls else []
    table = pd.concat(tables)
    print(table.to_string())
    path = RESULTS / f"discontinuity_{'points' if arguments.border == 'points' else 'simulation'}.csv"
    with_kept(table.reset_index(), path, table.index.names).to_csv(path, index=False)


def study(setting: Setting, first: int, arguments: argparse.Namespace) -> Study:
    """Return what makes the chunk that starts with a repeat: costly methods are left out after their share."""
    kind, n, m, d, name, repeats, methods = setting
    used = tuple(method for method in methods if first < FEWER.get(method, repeats))
    task = partial(one_repeat, n=n, m=m, d=d, name=name, methods=used, border=arguments.border)
    seed = 1000 * d + 10 * n + list([*JUMPS, *NULLS]).index(float(name) if name[0] == "0" else name)
    kind = f"points_{kind}" if arguments.border == "points" else kind
    return Study(f"discontinuity_{kind}_{n}_{name}", task, repeats, seed, CHUNK, arguments.jobs)


def summarise(rows: pd.DataFrame, study: str, n: int, surface: str) -> pd.DataFrame:
    """Means by method, with Monte-Carlo standard errors."""
    groups = rows.groupby("method", sort=False)
    table = groups.mean(numeric_only=True)
    table["any"] = groups["any"].mean()
    table.insert(0, "repeats", groups.size())
    for measure in ("any", "false", "missed", "mse", "cover", "size_bias", "size_cover"):
        if measure in rows:
            table[f"{measure}_mc_se"] = groups[measure].std() / np.sqrt(groups[measure].count())
    study = "no jump" if study == "null" else study  # which readers of CSV take for a missing value
    keys = ["study", "n", "surface", "method"]
    index = pd.MultiIndex.from_tuples([(study, n, surface, method) for method in table.index], names=keys)
    return table.set_axis(index).round(8)


if __name__ == "__main__":
    main()
