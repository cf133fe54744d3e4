"""Two events of each subject, one on the way and death: what trials with a surrogate and models of states share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.data.events import comes_after, comes_at, ends_before
from statmodels_x.core.typing import Array


@dataclass(frozen=True)
class IllnessDeathTimes:
    """When an event on the way (progression, a surrogate) and death were seen, one row per subject.

    Attributes
    ----------
    time : ndarray of shape (n,)
        Follow-up: death or censoring, whichever came first.
    died : ndarray of bool, shape (n,)
    surrogate : ndarray of shape (n,)
        Time of the event on the way where it was seen during follow-up, else infinite.
    watched : ndarray of shape (n,) or None
        Until when the event on the way was looked for, infinite where it was all along; None if it was for everybody.
    """

    time: Array = field(repr=False)
    died: NDArray[np.bool_] = field(repr=False)
    surrogate: Array = field(repr=False)
    watched: Array | None = field(repr=False, default=None, kw_only=True)

    def __len__(self) -> int:
        return len(self.time)

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Whether the event on the way was seen."""
        return np.isfinite(self.surrogate)

    @property
    def after_end(self) -> NDArray[np.bool_]:
        """Whether it is dated after the end of follow-up, which cannot be."""
        return comes_after(self.surrogate, self.time)

    @property
    def at_death(self) -> NDArray[np.bool_]:
        """Whether it is dated at death itself: then no event on the way, but death, coded as one of both."""
        return comes_at(self.surrogate, self.time) & self.died

    @property
    def not_watched(self) -> NDArray[np.bool_]:
        """Whether it was not seen, and looked for during a part of follow-up alone."""
        if self.watched is None:
            return np.zeros(len(self), bool)
        return ~self.seen & ends_before(self.watched, self.time)

    def alive(self, time: float) -> NDArray[np.bool_]:
        """Say who is known to be alive after a time: whoever is censored at it is."""
        return (self.time > time) | ((self.time == time) & ~self.died)

    def early(self, landmark: float) -> NDArray[np.bool_]:
        """Say who had the event on the way by the landmark and was followed beyond it."""
        return (self.surrogate <= landmark) & self.alive(landmark)

    def known(self, landmark: float) -> NDArray[np.bool_]:
        """Say whose event on the way by the landmark was seen, or was looked for until then."""
        if self.watched is None:
            return np.ones(len(self), bool)
        return (self.surrogate <= landmark) | (self.watched >= landmark)

    def columns(self) -> tuple[Array, NDArray[np.bool_]]:
        """Return times and statuses of both events, shape (n, 2); of an unseen one until when it was looked for."""
        until = self.time if self.watched is None else np.minimum(self.watched, self.time)
        times = np.column_stack([np.where(self.seen, self.surrogate, until), self.time])
        return times, np.column_stack([self.seen, self.died])
