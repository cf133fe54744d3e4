"""The distribution of an estimate over its standard error: the one source of p-values, intervals and tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha


@dataclass(frozen=True)
class Reference:
    """Standard normal, or Student's t where the error variance is estimated.

    Attributes
    ----------
    df : float
        Degrees of freedom; infinite for the normal distribution.
    """

    df: float = np.inf

    @property
    def is_normal(self) -> bool:
        """Whether it is the normal distribution."""
        return bool(np.isinf(self.df))

    @property
    def letter(self) -> str:
        """How a table heads its statistics: z or t."""
        return "z" if self.is_normal else "t"

    def quantile(self, alpha: float) -> float:
        """Two-sided critical value; DataError unless 0 < alpha < 1."""
        tail = check_alpha(alpha) / 2.0
        return float(stats.norm.isf(tail) if self.is_normal else stats.t.isf(tail, self.df))

    def two_sided(self, statistic: ArrayLike) -> Array:
        """P-values of two-sided tests."""
        size = np.abs(np.asarray(statistic, float))
        return np.asarray(2.0 * (stats.norm.sf(size) if self.is_normal else stats.t.sf(size, self.df)))

    def greater(self, statistic: float) -> float:
        """P-value of a one-sided test that large values speak for."""
        return float(stats.norm.sf(statistic) if self.is_normal else stats.t.sf(statistic, self.df))

    def joint(self, quadratic: float, q: int) -> tuple[float, float]:
        """Statistic and p-value of a joint test of q linear hypotheses.

        Parameters
        ----------
        quadratic : float
            Wald's quadratic form in the estimates.
        q : int

        Returns
        -------
        statistic, p_value : float
            The form itself, chi-squared; with Student's distribution the form over q, an F with ``df`` degrees of
            freedom below the line. For q = 1 the p-value is that of :meth:`two_sided`.
        """
        if self.is_normal:
            return quadratic, float(stats.chi2.sf(quadratic, q))
        return quadratic / q, float(stats.f.sf(quadratic / q, q, self.df))


NORMAL = Reference()
