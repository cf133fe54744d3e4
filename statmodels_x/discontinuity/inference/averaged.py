"""The average effect along a border as the user sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.fits.tables import number, p_value, statistic, summary, together
from statmodels_x.core.validation import check_alpha


@dataclass(frozen=True, eq=False)
class BorderEffect(SummaryText):
    """Average effect along a border.

    It is made by :meth:`SurfaceResults.border_effect()
    <statmodels_x.discontinuity.results.SurfaceResults.border_effect>`.

    Attributes
    ----------
    estimate, std_error : float
        Positive side minus negative side, in the units of the response, and its standard error. The positive side of a
        given line is on the left of its way. The positive side of a found border is the side on which the surface of
        the other folds is higher.
    reference : Reference
        Distribution of the estimate divided by its standard error, with its degrees of freedom.
    n_sides : tuple of int
        Number of observations on the negative and on the positive side.
    n_clusters : int
        Number of clusters; 0 without clusters.
    bandwidth, donut : float
        Largest and smallest distance from the border at which observations are used, in the units of the covariates.
    length : float
        Length of the border. For a found border it is the mean over the folds. It is NaN where only the sides of the
        rows were given.
    folds, folds_used : int
        Number of parts into which the observations were divided, and number of parts for which the others found a
        border. Both are 0 for a given border.

    References
    ----------
    Bell and McCaffrey (2002), Survey Methodology 28, 169-181. Imbens and Kalyanaraman (2012), Review of Economic
    Studies 79, 933-959.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import statmodels_x as smx
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.uniform(size=(2, 3000))
    >>> z = 0.3 * x + 0.5 * (y > 0.3 + 0.4 * x) + 0.2 * rng.normal(size=3000)
    >>> data = pd.DataFrame({"x": x, "y": y, "z": z})
    >>> fit = smx.FreeDiscontinuity("z ~ x + y", data).fit()
    >>> given = fit.border_effect(border=[[0.0, 0.3], [1.0, 0.7]])
    >>> bool(abs(given.estimate - 0.5) < 3.0 * given.std_error)
    True
    """

    estimate: float
    std_error: float
    reference: Reference = field(repr=False)
    n_sides: tuple[int, int]
    n_clusters: int
    bandwidth: float
    donut: float
    length: float
    folds: int
    folds_used: int

    def __repr__(self) -> str:
        where = "given" if not self.folds else "found"
        return f"BorderEffect({self.estimate:.4g}, std_error={self.std_error:.2g}, border={where}, n={self.nobs})"

    @property
    def nobs(self) -> int:
        """Number of observations used."""
        return sum(self.n_sides)

    @property
    def p_value(self) -> float:
        """Two-sided p-value of the hypothesis of no effect.

        The observations that chose a found border had no part in the estimate there.
        """
        return float(self.reference.two_sided(self.estimate / self.std_error))

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute the confidence interval of the effect.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            One row with the columns ``lower`` and ``upper``.
        """
        reach = self.reference.quantile(check_alpha(alpha)) * self.std_error
        limits = {"lower": [self.estimate - reach], "upper": [self.estimate + reach]}
        return pd.DataFrame(limits, index=["effect"])

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return one row with the column names of R's broom.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the interval.

        Returns
        -------
        DataFrame
            Columns ``term``, ``estimate``, ``std.error``, ``statistic``, ``df``, ``p.value``, ``conf.low``,
            ``conf.high``, ``n.negative``, ``n.positive``, ``clusters`` and ``bandwidth``.
        """
        lower, upper = self.conf_int(alpha).iloc[0]
        row = {
            "term": "border effect",
            "estimate": self.estimate,
            "std.error": self.std_error,
            "statistic": self.estimate / self.std_error,
            "df": self.reference.df,
            "p.value": self.p_value,
            "conf.low": lower,
            "conf.high": upper,
            "n.negative": self.n_sides[0],
            "n.positive": self.n_sides[1],
            "clusters": self.n_clusters,
            "bandwidth": self.bandwidth,
        }
        return pd.DataFrame([row])

    def summary(self, alpha: float = 0.05) -> Any:
        """Return a table of the effect, its interval, and what it is based on.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the interval.

        Returns
        -------
        FitSummary
        """
        lower, upper = self.conf_int(alpha).iloc[0]
        found = f"found, {self.folds_used} of {self.folds} folds" if self.folds else "given"
        facts = [
            ("Border", found),
            ("Length", number(self.length) if self.length == self.length else "not known"),
            ("Points, negative side", str(self.n_sides[0])),
            ("Points, positive side", str(self.n_sides[1])),
            ("Bandwidth", number(self.bandwidth)),
            ("Left out nearer than", number(self.donut)),
            ("Clusters", str(self.n_clusters) if self.n_clusters else "none"),
            ("Degrees of freedom", f"{self.reference.df:.1f}"),
        ]
        level = f"{100 * (1 - alpha):g} % interval"
        value, error, low, high = together([self.estimate, self.std_error, lower, upper], self.std_error)
        cells = [
            value, error, statistic(self.estimate / self.std_error), p_value(self.p_value), f"{low} to {high}",
        ]  # fmt: skip
        block = Block("Effect", ["estimate", "std. error", "t", "p", level], ["border"], [cells])
        notes = ["Average over the observations beside the border; positive side minus negative side."]
        if self.folds:
            notes.append(
                "Each fold was measured at the border that the other folds found; the positive side is the one on "
                "which their surface is higher."
            )
        return summary("Average effect along a border", facts, [block], notes)
