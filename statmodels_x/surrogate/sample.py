"""The trial as arrays: times, deaths, surrogate events, arms, strata and weights, sorted for the kernels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array

IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Trial:
    """One row a subject; arm 1 is the treated, arm 0 the control.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Follow-up: death or censoring, whichever came first.
    died : ndarray of bool, shape (n,)
    surrogate : ndarray of shape (n,)
        Time of the surrogate event where it was seen during follow-up, else infinite.
    arm : ndarray of shape (n,)
    stratum : ndarray of shape (n,)
        Codes from 0; all 0 without strata.
    weight : ndarray of shape (n,)
        Positive.
    cluster : ndarray of shape (n,) or None
        Codes from 0: subjects of one cluster share their perturbation and their fold.
    """

    time: Array = field(repr=False)
    died: NDArray[np.bool_] = field(repr=False)
    surrogate: Array = field(repr=False)
    arm: IntArray = field(repr=False)
    stratum: IntArray = field(repr=False)
    weight: Array = field(repr=False)
    cluster: IntArray | None = field(repr=False)

    def __len__(self) -> int:
        return len(self.time)

    def take(self, rows: NDArray) -> Trial:
        """Return some rows, or all in another order."""
        return replace(
            self,
            **{name: value[rows] for name, value in vars(self).items() if value is not None},
        )

    def early(self, landmark: float) -> NDArray[np.bool_]:
        """Say who had the surrogate event by the landmark and was followed beyond it."""
        return (self.surrogate <= landmark) & (self.time > landmark)


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


@dataclass(frozen=True)
class TrialFacts:
    """What summaries say of the data, kept with every result.

    Attributes
    ----------
    rows, used : int
        Rows given and rows used.
    dropped : dict of str to int
        Rows left out, by reason.
    treated, control : str
        Labels of the arms.
    subjects, deaths, surrogate_events : dict of str to int
        By arm.
    last_time : float
        Longest follow-up.
    time_name, surrogate_name : str
    time_unit : str or None
    weighted : str or None
        Where the weights come from.
    strata : int
        Number of strata; 1 without.
    clusters : int or None
    """

    rows: int
    used: int
    dropped: Mapping[str, int]
    treated: str
    control: str
    subjects: Mapping[str, int]
    deaths: Mapping[str, int]
    surrogate_events: Mapping[str, int]
    last_time: float
    time_name: str
    surrogate_name: str
    time_unit: str | None
    weighted: str | None
    strata: int
    clusters: int | None
