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
    def n_strata(self) -> int:
        """Number of strata."""
        return int(self.keys[:, 2].max()) + 1

    def groups(self, at: float, landmark: float) -> IntArray:
        """Rows of part, arm, stratum, start, first alive after the landmark, first alive after ``at``, stop."""
        rows = []
        for key, start, stop in zip(self.keys, self.ends[:-1], self.ends[1:], strict=True):
            rows.append([*key, start, *(self._first_alive(u, start, stop) for u in (landmark, at)), stop])
        return np.array(rows, dtype=np.int64)

    def _first_alive(self, time: float, start: int, stop: int) -> int:
        """Row of the first subject of a group known to be alive after a time: one censored at it stands first."""
        times, died = self.trial.time[start:stop], self.trial.died[start:stop]
        low, high = (np.searchsorted(times, time, side=side) for side in ("left", "right"))
        return int(start + low + np.count_nonzero(died[low:high]))


def sort_trial(trial: Trial, part: IntArray | None = None) -> SortedTrial:
    """Sort a trial for the kernels, within the halves ``part`` if there are any."""
    part = np.zeros(len(trial), np.int64) if part is None else part
    order = np.lexsort((~trial.died, trial.time, trial.stratum, trial.arm, part))
    kept, part = trial.take(order), part[order]
    keys = np.column_stack([part, kept.arm, kept.stratum])
    new = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    ends = np.concatenate([[0], new, [len(kept)]])
    return SortedTrial(kept, part, keys[ends[:-1]], ends)
