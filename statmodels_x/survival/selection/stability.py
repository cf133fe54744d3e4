"""How often each candidate is chosen when a part of the rows is left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.core.findings import quiet
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.resampling import replicate
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_count, check_number
from statmodels_x.survival.selection.search import Question, search
from statmodels_x.survival.selection.space import Chosen


@dataclass(frozen=True, eq=False)
class SelectionStability:
    """Selection frequencies over subsamples that are drawn without replacement.

    It is returned by :meth:`SelectionResults.stability`.

    Attributes
    ----------
    frequencies : DataFrame
        The table that :attr:`table` returns copies of.
    n : int
        Number of subsamples.
    n_failed : int
        Number of subsamples in which no model could be fitted.
    fraction : float
        Share of the rows (or of the clusters) in each subsample.
    n_sets : int
        Number of distinct sets that were selected.
    share : float
        Share of the subsamples in which the same set was selected as on all rows.
    """

    frequencies: pd.DataFrame = field(repr=False)
    n: int
    n_failed: int
    fraction: float
    n_sets: int
    share: float

    @property
    def table(self) -> pd.DataFrame:
        """Selection frequencies by parameter and term.

        The columns are ``parameter``, ``term``, ``selected`` (whether the term is selected on all rows) and
        ``frequency``. The frequency is not the probability that the term belongs to the true model.
        """
        return handed_out(self.frequencies)

    def __repr__(self) -> str:
        return (
            f"SelectionStability(n={self.n}, fraction={self.fraction:g}, sets={self.n_sets}, "
            f"share of the chosen set={self.share:.2f})"
        )

    def __str__(self) -> str:
        failed = f", {self.n_failed} without a fit" if self.n_failed else ""
        lines = [
            f"Selection frequencies over {self.n} subsamples of {100 * self.fraction:g} % of the rows{failed}",
            self.frequencies.round(2).to_string(index=False),
            f"{self.n_sets} distinct sets; that of all rows was chosen in {100 * self.share:.0f} % of the subsamples.",
            "A frequency says how often a term is selected. It is no probability that the term is in the true model.",
        ]
        return "\n".join(lines)


def search_again(
    question: Question, chosen: Chosen, start: Array, n: int, seed: int, fraction: float, n_jobs: int
) -> SelectionStability:
    """Search in subsamples; see :meth:`SelectionResults.stability`."""
    check_count("n", n, 1)
    check_number("fraction", fraction, low=0.0, high=1.0)
    task = partial(_chosen_in, question, start, fraction)
    found = replicate(task, n, seed=seed, n_jobs=n_jobs)
    sets = [one for one in found if one is not None]
    if not sets:
        raise DataError(
            f"stability(): no subsample of {100 * fraction:g} % of the rows could be searched; raise `fraction`."
        )
    counts = Counter(sets)
    rows = [
        (parameter, term, k in chosen, sum(k in one for one in sets) / len(sets))
        for k, group in enumerate(question.candidates.groups)
        if not group.kept
        for parameter, term in group.members
    ]
    return SelectionStability(
        pd.DataFrame(rows, columns=["parameter", "term", "selected", "frequency"]),
        n,
        n - len(sets),
        fraction,
        len(counts),
        counts[chosen] / len(sets),
    )


def _chosen_in(question: Question, start: Array, fraction: float, rng: np.random.Generator) -> Chosen | None:
    """Return the set that is chosen on a part of the rows; None where there is no fit."""
    groups = question.clusters if len(question.clusters) else np.arange(question.rows.n)
    labels = np.unique(groups)
    kept = rng.choice(labels, max(1, round(fraction * len(labels))), replace=False)
    part = question.among(np.flatnonzero(np.isin(groups, kept)))
    with quiet():
        try:
            return search(part, part.space(), start).best.chosen
        except StatmodelsXError:
            return None
