"""Curves with jumps on the annotated series of the Turing Change Point Dataset, against PELT and a binary segmentation.

    git clone https://github.com/alan-turing-institute/TCPD
    python benchmarks/discontinuity_turing.py path/to/TCPD

The data are not shipped: van den Burg and Williams (2020), arXiv 2003.06222. Used are the series with one dimension
that stand in the repository itself (31 in November 2026) and their annotations by several people. Missing values are
left out. Every series is fitted by default options, and by those of "strict"; the peers (ruptures, when installed)
cut the standardised series into pieces of constant mean by least squares at the cost of 3 log n a change, which was
the best for them of 1, 2 and 3 log n, and better than multiples of the noise's variance. The table goes to
results/discontinuity_turing.csv.

f1: F-measure of the changes, a change within five places of an annotated one counts, recall averaged over the
annotators. cover: the annotated pieces' best overlap (Jaccard) with the found ones, weighted by length, averaged
over the annotators. cpu_seconds: of the fit, kernels compiled before.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.line.fit import fit_line

RESULTS = Path(__file__).parent / "results" / "discontinuity_turing.csv"
MARGIN = 5


def series(folder: Path) -> Iterable[tuple[str, Array, dict[str, list[int]]]]:
    """Name, values and annotations of every annotated series with one dimension."""
    annotations = json.loads((folder / "annotations.json").read_text())
    for path in sorted((folder / "datasets").glob("*/*.json")):
        content = json.loads(path.read_text())
        if content["name"] in annotations and content["n_dim"] == 1:
            yield content["name"], np.array(content["series"][0]["raw"], float), annotations[content["name"]]


def curve(y: Array, sensitivity: str) -> list[int]:
    known = np.flatnonzero(np.isfinite(y))
    gaps = fit_line(known, y[known], sensitivity=sensitivity).jumps.gap
    return [int(place) for place in known[gaps + 1]]


def pieces_of_constant_mean(y: Array, search: str) -> list[int]:
    import ruptures

    known = np.flatnonzero(np.isfinite(y))
    z = (y[known] - y[known].mean()) / y[known].std()
    found = getattr(ruptures, search)(model="l2", min_size=2, jump=1).fit(z).predict(pen=3.0 * np.log(len(z)))
    return [int(known[end]) for end in found[:-1]]


def near(true: Iterable[int], found: Iterable[int]) -> int:
    """Count the true places with a found one of their own within the margin."""
    left, count = set(found), 0
    for place in sorted(true):
        close = [one for one in left if abs(one - place) <= MARGIN]
        if close:
            left.remove(min(close, key=lambda one: abs(one - place)))
            count += 1
    return count


def f_measure(annotations: Mapping[str, list[int]], found: list[int]) -> float:
    told = {key: {0, *places} for key, places in annotations.items()}
    mine = {0, *found}
    precision = near(set().union(*told.values()), mine) / len(mine)
    recall = float(np.mean([near(one, mine) / len(one) for one in told.values()]))
    return 2.0 * precision * recall / (precision + recall)


def pieces(n: int, places: Iterable[int]) -> list[tuple[int, int]]:
    ends = sorted({0, n, *(place for place in places if 0 < place < n)})
    return list(pairwise(ends))


def overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(shared, 0) / (max(one[1], other[1]) - min(one[0], other[0]))


def cover(annotations: Mapping[str, list[int]], found: list[int], n: int) -> float:
    mine = pieces(n, found)
    return float(
        np.mean(
            [
                sum((b - a) * max(overlap((a, b), own) for own in mine) for a, b in pieces(n, places)) / n
                for places in annotations.values()
            ]
        )
    )


def methods() -> dict[str, Callable[[Array], list[int]]]:
    found: dict[str, Callable[[Array], list[int]]] = {
        "curve, balanced": lambda y: curve(y, "balanced"),
        "curve, strict": lambda y: curve(y, "strict"),
    }
    try:
        import ruptures  # noqa: F401
    except ImportError:
        print("ruptures is not installed: no peers.")
    else:
        found["ruptures, PELT"] = lambda y: pieces_of_constant_mean(y, "Pelt")
        found["ruptures, binary segmentation"] = lambda y: pieces_of_constant_mean(y, "Binseg")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="of a clone of the Turing Change Point Dataset")
    folder = parser.parse_args().folder
    fit_line(np.arange(60), np.random.default_rng(0).normal(size=60))
    rows = []
    for name, y, told in series(folder):
        for method, find in methods().items():
            begun = time.process_time()
            found = find(y)
            seconds = time.process_time() - begun
            scores = {"f1": f_measure(told, found), "cover": cover(told, found, len(y))}
            rows.append(
                {
                    "series": name,
                    "n": len(y),
                    "method": method,
                    "changes": len(found),
                    **scores,
                    "cpu_seconds": seconds,
                }
            )
    table = pd.DataFrame(rows)
    table.to_csv(RESULTS, index=False, float_format="%.4g")
    means = table.groupby("method", sort=False)[["f1", "cover", "cpu_seconds", "changes"]].mean()
    print(f"{table['series'].nunique()} series\n{means.to_string(float_format='%.3f')}")


if __name__ == "__main__":
    main()
