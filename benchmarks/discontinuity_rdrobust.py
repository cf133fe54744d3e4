"""The average effect along a given border beside rdrobust, a sharp design in the distance to the border.

    python benchmarks/discontinuity_rdrobust.py [--repeats 100]

2,000 points on the unit square, the line from (0, .3) to (1, .7), errors of sd .2, an effect of .3 (all
estimates move with it). Flat: no surface;
sloping: .6 x - .4 y + .3 (distance); along: 1.5 sin(5 x), which changes along the border alone. The distance is signed
and straight. *rdrobust* (Calonico, Cattaneo and Titiunik) at its own bandwidth: its conventional and its
bias-corrected estimate with the robust interval. *line* is border_effect(trend=0), the same two lines with equal
weights; *default* has a cubic in the covariates beside it. rdrobust at our bandwidth with equal weights is the same
regression as *line*: the last column is the largest difference of the two estimates.
"""

from __future__ import annotations

import argparse
import sys
import types
import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
from chunks import RESULTS

import statmodels_x as smx

N, SD, SLOPE, EFFECT = 2000, 0.2, 0.4, 0.3
LONG = [
    [-5.0, 0.3 - 5.0 * SLOPE],
    [6.0, 0.3 + 6.0 * SLOPE],
]  # beyond the square, so that its ends are no ends
SURFACES = {
    "flat": lambda x, y, d: 0.0 * x,
    "sloping": lambda x, y, d: 0.6 * x - 0.4 * y + 0.3 * d,
    "along": lambda x, y, d: 1.5 * np.sin(5.0 * x),
}


def peer():
    """Import the estimator without the package's plots, which need plotnine."""
    if "rdrobust" not in sys.modules:
        package = types.ModuleType("rdrobust")
        package.__path__ = list(find_spec("rdrobust").submodule_search_locations)
        sys.modules["rdrobust"] = package
    from rdrobust.rdrobust import rdrobust

    return rdrobust


def one(seed: int, surface: str) -> list[dict]:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(size=(2, N))
    d = (y - 0.3 - SLOPE * x) / np.hypot(1.0, SLOPE)
    z = SURFACES[surface](x, y, d) + EFFECT * (d > 0.0) + SD * rng.normal(size=N)
    data = pd.DataFrame({"x": x, "y": y, "z": z})
    fit = smx.FreeDiscontinuity("z ~ x + y", data, lam=100.0, nu=0.1).fit(tune=None, tol=1e-2)
    rows = []
    for name, trend in (("line", 0), ("default", 3)):
        found = fit.border_effect(border=LONG, trend=trend)
        low, high = found.conf_int().iloc[0]
        rows.append({"way": name, "estimate": found.estimate, "low": low, "high": high, "h": found.bandwidth})
    found, width = peer()(z, d), rows[0]["h"]
    for k, name in ((0, "rdrobust, conventional"), (2, "rdrobust, robust")):
        low, high = found.ci.iloc[k]
        estimate = found.coef.iloc[
            1 if k == 2 else 0, 0
        ]  # the robust interval is about the bias-corrected estimate
        rows.append({"way": name, "estimate": estimate, "low": low, "high": high, "h": found.bws.iloc[0, 0]})
    same = peer()(z, d, h=width, kernel="uniform").coef.iloc[0, 0]
    rows[0]["difference"] = abs(same - rows[0]["estimate"])
    return [row | {"surface": surface} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=100)
    repeats = parser.parse_args().repeats
    warnings.simplefilter("ignore")
    made = [row for surface in SURFACES for seed in range(repeats) for row in one(seed, surface)]
    rows = pd.DataFrame(made)
    rows["error"] = rows["estimate"] - EFFECT
    rows["covered"] = (rows["low"] <= EFFECT) & (rows["high"] >= EFFECT)
    rows["length"] = rows["high"] - rows["low"]
    groups = rows.groupby(["surface", "way"], sort=False)
    table = pd.DataFrame(
        {
            "samples": groups.size(),
            "bias": groups["error"].mean(),
            "bias_mc_se": groups["error"].std() / np.sqrt(groups.size()),
            "sd": groups["error"].std(),
            "covered": groups["covered"].mean(),
            "length": groups["length"].mean(),
            "bandwidth": groups["h"].mean(),
            "difference": groups["difference"].max(),
        }
    )
    print(table.to_string())
    table.round(16).to_csv(RESULTS / "discontinuity_rdrobust.csv", float_format="%.5g")


if __name__ == "__main__":
    main()
