"""What was estimated over many trials: frozen values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from statmodels_x.core.findings import Finding
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.fits.reference import NORMAL, Reference
from statmodels_x.core.fits.results import Fitted
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.trial_level.data import Effects
from statmodels_x.surrogate.trial_level.estimation import Criterion, Optimum, maximise
from statmodels_x.surrogate.trial_level.integration import Mixture, averaged, evidence, integrate
from statmodels_x.surrogate.trial_level.intervals import correlation_interval, line_covariance
from statmodels_x.surrogate.trial_level.reading import FEW_TRIALS, TrialTable

PARAMS = (
    "mean_surrogate",
    "mean_outcome",
    "sd_surrogate",
    "sd_outcome",
    "correlation",
    "intercept",
    "slope",
    "residual_sd",
)
_RANGE_NODES = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class TrialLevelFitted(Fitted):
    """Estimated relation of effects between trials; it keeps the effects of the trials, which are published summaries.

    Attributes
    ----------
    table : TrialTable
        The trials. Internal.
    method : {"reml", "ml"}
        Restricted or full maximum likelihood.
    benefit : (str, str)
        Whether "lower" or "higher" effects on (surrogate, outcome) are good.
    criterion : Criterion
        The likelihood. Internal.
    optimum : Optimum
        Where the likelihood is largest. Internal.
    """

    reference: ClassVar[Reference] = NORMAL

    table: TrialTable = field(repr=False)
    method: str
    benefit: tuple[str, str] = field(repr=False)
    criterion: Criterion = field(repr=False)
    optimum: Optimum = field(repr=False)

    @classmethod
    def estimate(cls, table: TrialTable, method: str, benefit: tuple[str, str], has_mean: bool) -> Self:
        """Maximise the likelihood and say what a reader must know."""
        criterion = Criterion(table.effects, method == "reml", has_mean)
        optimum = maximise(criterion)
        fit = cls(table=table, method=method, benefit=benefit, criterion=criterion, optimum=optimum)
        return replace(fit, findings=(*table.findings, *find(fit)))

    @property
    def effects(self) -> Effects:
        """The effects of the trials as arrays. Internal."""
        return self.table.effects

    @property
    def nobs(self) -> int:
        """Number of trials."""
        return len(self.effects)

    @cached_copy
    def params(self) -> pd.Series:
        """Estimates of the parameters, indexed by name.

        The correlation, and what depends on it, is NaN where the true effects do not vary between trials.
        """
        x, y, rho = self.optimum.theta
        slope, mean = self.optimum.slope, self.optimum.mean
        has_rho = x > 0.0 and y > 0.0
        intercept = mean[1] - slope * mean[0] if self.criterion.has_mean else 0.0
        values = (*mean, x, y, rho if has_rho else np.nan, intercept, slope)
        residual = np.sqrt(self.optimum.residual_variance)
        return pd.Series([*values, residual], index=list(PARAMS), name="estimate", dtype=float)

    @cached_copy
    def bse(self) -> pd.Series:
        """Standard errors of the mean effects, the intercept and the slope.

        They are NaN for the other parameters, for which no Wald interval is given.
        """
        errors = np.sqrt(np.diag(line_covariance(self.criterion, self.optimum)))
        found = dict(zip(("mean_surrogate", "mean_outcome", "intercept", "slope"), errors, strict=True))
        return pd.Series([found.get(name, np.nan) for name in PARAMS], index=list(PARAMS), name="std_error")

    @property
    def r_squared(self) -> float:
        """Squared correlation of the true effects between trials; NaN if one of the effects does not vary."""
        return float(self.params["correlation"] ** 2)

    @property
    def llf(self) -> float:
        """Log-likelihood at the estimates, restricted if ``method`` is "reml".

        The restricted log-likelihood leaves out the constant log n, which is half of log|X'X|.
        """
        return self.optimum.value + self.criterion.constant

    @cached_copy
    def correlation_limits(self) -> dict[float, tuple[float, float]]:
        """95 % profile interval of the correlation between trials. Internal."""
        return {0.05: self.correlation_interval(0.05)}

    def correlation_interval(self, alpha: float) -> tuple[float, float]:
        """Profile interval of the correlation, the widest over a range of within-trial correlations; internal."""
        found = [correlation_interval(criterion, optimum, alpha) for criterion, optimum in self._over_range()]
        return min(low for low, _ in found), max(high for _, high in found)

    def mixture(self) -> Mixture:
        """Grid of what the trials leave open, over the range of within-trial correlations if there is one; internal."""
        if "_mixture" not in self.__dict__:
            self.__dict__["_mixture"] = self._mix()
        kept: Mixture = self.__dict__["_mixture"]
        return kept

    def _mix(self) -> Mixture:
        parts = self._over_range(_RANGE_NODES)
        if len(parts) == 1:
            return integrate(*parts[0])
        logs = np.array([evidence(criterion, optimum) for criterion, optimum in parts])
        shares = np.exp(logs - logs.max())
        shares /= shares.sum()
        return averaged([(float(share), integrate(*part)) for share, part in zip(shares, parts, strict=True)])

    def _over_range(self, n: int = 3) -> list[tuple[Criterion, Optimum]]:
        given = self.table.correlation
        if isinstance(given, str) or np.ndim(given) == 0:
            return [(self.criterion, self.optimum)]
        values: Array = np.linspace(given[0], given[1], n)
        found = []
        for w in values:
            criterion = replace(self.criterion, effects=self.effects.with_correlation(float(w)))
            found.append((criterion, maximise(criterion)))
        return found


def find(fit: TrialLevelFitted) -> Iterator[Finding]:
    """Say what a reader must know: edges of the estimate, few trials."""
    x, y, rho = fit.optimum.theta
    if x == 0.0:
        more = " nor in their effect on the outcome" if y == 0.0 else ""
        yield Finding(
            "no_heterogeneity",
            f"beyond estimation error these trials do not differ in their effect on the surrogate{more}: there is "
            "nothing to learn a relation from, and R2 is not determined (interval 0 to 1).",
            "Parts of one trial (centres, regions) are not trials: their effects differ by estimation error alone.",
            ("correlation", "slope"),
        )
    elif y == 0.0:
        yield Finding(
            "no_outcome_heterogeneity",
            "beyond estimation error these trials do not differ in their effect on the outcome: R2 is not "
            "determined (interval 0 to 1), and the slope is 0.",
            concerns=("correlation",),
        )
    elif abs(rho) == 1.0:
        yield Finding(
            "edge",
            "the estimate is at the edge of its range: no residual heterogeneity was found. In samples of few trials "
            "R2 = 1 is common whatever the truth.",
            "Use the interval.",
            ("correlation",),
        )
    if x > 0.0 and y > 0.0 and fit.correlation_limits[0.05] == (-1.0, 1.0):
        yield Finding(
            "undetermined",
            "these trials do not determine R2: no correlation between -1 and 1 can be ruled out.",
            concerns=("correlation",),
        )
    if fit.nobs < FEW_TRIALS:
        yield Finding(
            "few_trials",
            f"there are only {fit.nobs} trials: the interval of R2 is from 0 to 1 in most samples of that size.",
        )
