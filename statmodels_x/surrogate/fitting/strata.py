"""Strata too thin to be estimated on their own: merged, left out or refused, by name."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import IdentificationError
from statmodels_x.surrogate.sample import Trial

_SHOWN = 6


@dataclass(frozen=True)
class Thin:
    """What was done about thin strata.

    Attributes
    ----------
    labels : tuple of str
    of : int
        Number of strata before.
    how : {"merge", "drop"}
    subjects : int
        In the thin strata.
    """

    labels: tuple[str, ...]
    of: int
    how: str
    subjects: int

    @property
    def listed(self) -> str:
        """The labels, the first few of many."""
        more = ", ..." if len(self.labels) > _SHOWN else ""
        return ", ".join(self.labels[:_SHOWN]) + more


def settle_strata(
    trial: Trial, at: float, landmark: float, how: str, n_parts: int = 1
) -> tuple[Trial, Thin | None]:
    """Merge or drop strata in which survival of an arm to ``at`` or ``landmark`` is not known.

    Raises
    ------
    IdentificationError
        With ``how="error"``, or if nothing is left.
    """
    n_strata = int(trial.stratum.max()) + 1
    if n_strata == 1:
        return trial, None
    thin = [k for k in range(n_strata) if _is_thin(trial, trial.stratum == k, at, landmark, n_parts)]
    if not thin:
        return trial, None
    labels = tuple(trial.labels[k] for k in thin)
    inside = np.isin(trial.stratum, thin)
    done = Thin(labels, n_strata, how, int(inside.sum()))
    if how == "error":
        raise IdentificationError(
            f"strata: {len(thin)} of {n_strata} are too thin ({done.listed}): an arm is missing there, or is not "
            f"followed beyond at={at:g}, so that survival to then is not known; fit with "
            'thin_strata="merge" or "drop", or choose an earlier `at`.'
        )
    if how == "drop":
        if inside.all():
            raise IdentificationError(
                f"strata: all {n_strata} are too thin for at={at:g} to be estimated on their own; fit with "
                'thin_strata="merge", or choose coarser strata.'
            )
        return _relabelled(trial.take(~inside)), done
    return _relabelled(_merged(trial, thin, at, landmark, n_parts)), done


def _is_thin(trial: Trial, inside: NDArray[np.bool_], at: float, landmark: float, n_parts: int) -> bool:
    for code in (0, 1):
        group = inside & (trial.arm == code)
        if np.count_nonzero(group) < n_parts or not group.any():
            return True
        for time in (landmark, at):
            alive = group & trial.alive(time)
            if np.any(alive & trial.known(landmark)):
                continue
            # nobody is left: known to be 0 if the last to be seen died, else not known
            last = trial.time[group].max()
            if alive.any() or not np.all(trial.died[group & (trial.time == last)]):
                return True
    return False


def _merged(trial: Trial, thin: list[int], at: float, landmark: float, n_parts: int) -> Trial:
    """Put thin strata together, and the smallest others with them until they can be estimated."""
    sizes = np.bincount(trial.stratum)
    others = sorted((k for k in range(len(sizes)) if k not in thin), key=lambda k: (sizes[k], k))
    pool = list(thin)
    while others and _is_thin(trial, np.isin(trial.stratum, pool), at, landmark, n_parts):
        pool.append(others.pop(0))
    stratum = np.where(np.isin(trial.stratum, pool), pool[0], trial.stratum)
    labels = tuple("merged" if k == pool[0] else label for k, label in enumerate(trial.labels))
    return replace(trial, stratum=stratum, labels=labels)


def _relabelled(trial: Trial) -> Trial:
    kept, codes = np.unique(trial.stratum, return_inverse=True)
    return replace(trial, stratum=codes.astype(np.int64), labels=tuple(trial.labels[k] for k in kept))
