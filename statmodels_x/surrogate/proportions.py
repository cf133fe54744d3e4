"""The part that results about proportions of an effect share: estimates, errors, intervals."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.validation import check_alpha, check_choice
from statmodels_x.surrogate import intervals
from statmodels_x.surrogate.quantities import KINDS, Inference


@dataclass(frozen=True, eq=False)
class ProportionResults(SummaryText):
    """Estimates with errors and intervals from perturbed replicates.

    Attributes
    ----------
    names : tuple of str
        The quantities, in order.
    inference : Inference
        Estimates and intervals.
    """

    names: tuple[str, ...] = field(repr=False)
    inference: Inference = field(repr=False)

    @cached_property
    def params(self) -> pd.Series:
        """All estimates; proportions are NaN where the effect cannot be told from 0."""
        return pd.Series({name: self.inference.estimate(name)[0] for name in self.names}, name="estimate")

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors of ``params``: the scaled median absolute deviation of the perturbed ratios.

        For ``delta`` it is their standard deviation. NaN where the proportions are undefined.
        """
        return pd.Series({name: self.inference.standard_error(name) for name in self.names}, name="std_error")

    @property
    def is_defined(self) -> bool:
        """Whether the effect on the primary outcome differs from 0 (two-sided 5 % test)."""
        return self.inference.is_defined

    @property
    def tvalues(self) -> pd.Series:
        """Estimates over their standard errors; the overlap's distance from 1 over its own."""
        shift = pd.Series({name: float(name == "overlap") for name in self.names})
        return ((self.params - shift) / self.bse).rename("statistic")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of the hypothesis that each quantity is 0 (overlap: that it is 1)."""
        z = self.tvalues
        return pd.Series(NORMAL.two_sided(z.to_numpy()), z.index, name="p_value")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the estimates over the replicates, single far replicates pulled in."""
        columns = [self.inference.estimate(name)[1] for name in self.names]
        return pd.DataFrame(intervals.robust_covariance(*columns), list(self.names), list(self.names))

    def conf_int(self, alpha: float = 0.05, kind: str = "fieller") -> pd.DataFrame:
        """Confidence intervals of all estimates.

        Parameters
        ----------
        alpha : float
            Error rate: 0.05 gives 95 % intervals.
        kind : {"fieller", "normal", "quantile"}
            Fieller's interval of a ratio, which is (-inf, inf) where the effect cannot be told from 0 at the
            level ``alpha`` (for quantities that are no ratios to Delta it is the normal one); estimate and
            standard error; or quantiles of the perturbed ratios.

        Returns
        -------
        DataFrame
            Indexed like ``params``, columns ``lower`` and ``upper``; NaN where a proportion is undefined.

        Raises
        ------
        DataError
            If ``alpha`` or ``kind`` is none of these.
        """
        check_choice("kind", kind, KINDS, "conf_int()")
        check_alpha(alpha)
        rows = {name: self.inference.interval(name, float(alpha), kind) for name in self.names}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["lower", "upper"])

    def tidy(self, alpha: float = 0.05, kind: str = "fieller") -> pd.DataFrame:
        """One row a quantity, with the column names of R's broom.

        Returns
        -------
        DataFrame
            ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value``, ``conf.low``, ``conf.high``.
        """
        limits = self.conf_int(alpha, kind)
        return pd.DataFrame(
            {
                "term": list(self.names),
                "estimate": self.params.to_numpy(),
                "std.error": self.bse.to_numpy(),
                "statistic": self.tvalues.to_numpy(),
                "p.value": self.pvalues.to_numpy(),
                "conf.low": limits["lower"].to_numpy(),
                "conf.high": limits["upper"].to_numpy(),
            }
        )
