"""A table of trials, or rows of it, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.typing import Array


@dataclass(frozen=True)
class Effects:
    """Estimated effects of trials on the surrogate (s) and on the outcome (t).

    Attributes
    ----------
    s, t : ndarray of shape (n,)
    se_s, se_t : ndarray of shape (n,)
    w : ndarray of shape (n,)
        Correlation of the two estimates within each trial.
    labels : tuple of str
    cluster : ndarray of shape (n,) or None
        Trials that share a control.
    """

    s: Array = field(repr=False)
    t: Array = field(repr=False)
    se_s: Array = field(repr=False)
    se_t: Array = field(repr=False)
    w: Array = field(repr=False)
    labels: tuple[str, ...]
    cluster: NDArray[np.int64] | None = field(repr=False, default=None)

    def __len__(self) -> int:
        return len(self.s)

    @property
    def arrays(self) -> tuple[Array, Array, Array, Array, Array]:
        """s, t and the within-trial variances and covariance, as the kernels take them."""
        return self.s, self.t, self.se_s**2, self.se_t**2, self.w * self.se_s * self.se_t

    def take(self, rows: NDArray[np.bool_]) -> Effects:
        """Return some trials."""
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in ("s", "t", "se_s", "se_t", "w")},
            labels=tuple(label for label, keep in zip(self.labels, rows, strict=True) if keep),
            cluster=None if self.cluster is None else self.cluster[rows],
        )

    def with_correlation(self, w: float) -> Effects:
        """Return the trials with another within-trial correlation."""
        return replace(self, w=np.full(len(self), w))

    @property
    def left_out(self) -> list[tuple[str, NDArray[np.bool_]]]:
        """Names and rows of what is left out one by one: trials, or clusters of them."""
        if self.cluster is None:
            return [(label, np.arange(len(self)) == k) for k, label in enumerate(self.labels)]
        return [
            (", ".join(np.array(self.labels)[self.cluster == k]), self.cluster == k)
            for k in np.unique(self.cluster)
        ]
