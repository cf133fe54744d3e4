"""A trial in the order of the kernels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from statmodels_x.surrogate.sample import IntArray, Trial


@dataclass(frozen=True)
class SortedTrial:
    """A trial in the order of the kernels, with the ends of its groups.

    Attributes
    ----------
    trial : Trial
        Sorted by part, arm, stratum and time, deaths before censorings at ties.
    part : ndarray of shape (n,)
        Half of the sample in the split estimator, else 0.
    keys : ndarray of shape (G, 3)
        Part, arm and stratum of each group.
    ends : ndarray of shape (G + 1,)
        Where each group starts, and the end.
    """

    trial: Trial
    part: IntArray = field(repr=False)
    keys: IntArray = field(repr=False)
    ends: IntArray = field(repr=False)

    @property
    def n_parts(self) -> int:
        """Number of parts."""
        return int(self.keys[:, 0].max()) + 1

    @property
    def n_strata(self) -> int:
        """Number of strata."""
        return int(self.keys[:, 2].max()) + 1

    def groups(self, at: float, landmark: float) -> IntArray:
        """Rows of part, arm, stratum, start, first with time > landmark, first with time > at, stop."""
        rows = []
        for key, start, stop in zip(self.keys, self.ends[:-1], self.ends[1:], strict=True):
            times = self.trial.time[start:stop]
            early, late = start + np.searchsorted(times, [landmark, at], side="right")
            rows.append([*key, start, early, late, stop])
        return np.array(rows, dtype=np.int64)


def sort_trial(trial: Trial, part: IntArray | None = None) -> SortedTrial:
    """Sort a trial for the kernels, within the halves ``part`` if there are any."""
    part = np.zeros(len(trial), np.int64) if part is None else part
    order = np.lexsort((~trial.died, trial.time, trial.stratum, trial.arm, part))
    kept, part = trial.take(order), part[order]
    keys = np.column_stack([part, kept.arm, kept.stratum])
    new = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    ends = np.concatenate([[0], new, [len(kept)]])
    return SortedTrial(kept, part, keys[ends[:-1]], ends)
