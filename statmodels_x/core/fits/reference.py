"""The distribution of an estimate over its standard error: the one source of p-values, intervals and tests.

scipy.stats is imported where it is asked for: it is half of what importing a model would cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha


@dataclass(frozen=True)
class Reference:
    """Standard normal, or Student's t where the error variance is estimated.

    Attributes
    ----------
    df : float
        Degrees of freedom; infinite for the normal distribution.
    each : tuple of float
        Degrees of freedom of each parameter where they differ; empty where they do not.
    """

    df: float = np.inf
    each: tuple[float, ...] = ()

    @property
    def is_normal(self) -> bool:
        """Whether it is the normal distribution."""
        return bool(np.isinf(self.df)) and not self.each

    @property
    def _df(self) -> Any:
        return np.array(self.each) if self.each else self.df

    def among(self, used: ArrayLike) -> Reference:
        """Return the distribution of a hypothesis about some of the parameters: the smallest of their degrees."""
        return Reference(float(np.min(np.array(self.each)[np.asarray(used)]))) if self.each else self

    def along(self, jacobian: Array, errors: Array) -> Reference:
        """Return the distribution of linear forms in the parameters.

        The degrees of freedom of each are those of its parameters, averaged harmonically by their shares in its
        variance as if they were independent.

        Parameters
        ----------
        jacobian : ndarray of shape (m, p)
        errors : ndarray of shape (p,)
        """
        if not self.each:
            return self
        shares = np.nan_to_num(np.square(jacobian * errors))
        total, needed = shares.sum(axis=1), (shares / np.array(self.each)).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return Reference(each=tuple(np.where(total > 0.0, total / needed, np.inf)))

    @property
    def letter(self) -> str:
        """How a table heads its statistics: z or t."""
        return "z" if self.is_normal else "t"

    def quantile(self, alpha: float) -> Any:
        """Two-sided critical value, one for each parameter where they differ; DataError unless 0 < alpha < 1."""
        from scipy import stats

        tail = check_alpha(alpha) / 2.0
        if self.each:
            return np.asarray(stats.t.isf(tail, self._df))
        return float(stats.norm.isf(tail) if self.is_normal else stats.t.isf(tail, self.df))

    def two_sided(self, statistic: ArrayLike) -> Array:
        """P-values of two-sided tests."""
        from scipy import stats

        size = np.abs(np.asarray(statistic, float))
        return np.asarray(2.0 * (stats.norm.sf(size) if self.is_normal else stats.t.sf(size, self._df)))

    def greater(self, statistic: float) -> float:
        """P-value of a one-sided test that large values speak for."""
        from scipy import stats

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
        from scipy import stats

        if self.is_normal:
            return quadratic, float(stats.chi2.sf(quadratic, q))
        return quadratic / q, float(stats.f.sf(quadratic / q, q, self.df))


NORMAL = Reference()
