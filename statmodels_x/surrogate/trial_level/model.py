"""The public model class: a table of trials, read and checked; ``fit()``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import announce
from statmodels_x.core.validation import check_choice
from statmodels_x.surrogate.trial_level.reading import read_table
from statmodels_x.surrogate.trial_level.results import TrialLevelResults

BENEFITS = ("lower", "higher")


class TrialLevelSurrogacy:
    r"""Relation of treatment effects on a surrogate and on an outcome, over many randomised trials.

    Trial i gives estimates of its effects on surrogate and outcome, with a within-trial covariance that is known. The
    true effects vary between trials with standard deviations and a correlation :math:`\rho`, all estimated:
    :math:`R^2 = \rho^2`, the line :math:`\tau = \alpha + \beta \sigma`, the residual standard deviation.

    Parameters
    ----------
    formula : str
        ``"log(hr_os) ~ log(hr_pfs)"``: effect on the outcome, effect on the surrogate, each on a scale on which 0 is no
        effect, with the same direction (new minus standard) in all trials.
    data : DataFrame
        One row per trial; pandas, polars, pyarrow, or a mapping of columns. From patients' data
        :func:`~statmodels_x.trial_effects` makes it.
    std_error : (str or array_like, str or array_like), optional
        Standard errors of the two effects, in the order of the formula.
    limits : ((str, str), (str, str)), optional
        Or columns with their 95 % limits, of the ratio itself where the formula takes its logarithm.
    correlation : float, (float, float) or str
        Of the two *estimates* within a trial: a number, a range, or a column. It must be given: it is never reported
        and decides the answer. Too small a value invents surrogacy, too large a one hides it.
    trial : str, optional
        Column of names.
    cluster : str, optional
        Column that marks trials with a common control; they are left out together.
    benefit : {"lower", "higher"} or a pair
        Whether lower or higher effects are good, of the outcome and of the surrogate if they differ.
    mean_zero : bool
        Leave out the mean effects, where "new" and "standard" are names without order: the fit does not depend on
        which arm is which then.

    Raises
    ------
    FormulaError, DataError
        If a column or an argument cannot be used, or there are fewer than five trials.

    Notes
    -----
    The bivariate random-effects model of Daniels and Hughes (1997), Buyse et al. (2000) and van Houwelingen et al.
    (2002) in its structural form. Intervals of R2 come from the profile of the restricted likelihood; predictions and
    the threshold effect of Burzykowski and Buyse (2006) are integrated over it with flat priors.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> trials = smx.datasets.load_melanoma_trials()
    >>> model = smx.TrialLevelSurrogacy(
    ...     "log(hr_os) ~ log(hr_pfs)", trials, correlation=0.5, trial="trial",
    ...     limits=(("lower_os", "upper_os"), ("lower_pfs", "upper_pfs")))
    >>> fit = model.fit()
    >>> round(fit.r_squared, 3)
    0.851
    """

    def __init__(
        self,
        formula: str,
        data: Any,
        std_error: Sequence[str | ArrayLike] | None = None,
        limits: Sequence[Sequence[str]] | None = None,
        correlation: float | tuple[float, float] | str | None = None,
        trial: str | None = None,
        cluster: str | None = None,
        benefit: str | tuple[str, str] = "lower",
        mean_zero: bool = False,
    ) -> None:
        pair = (benefit, benefit) if isinstance(benefit, str) else tuple(benefit)
        if len(pair) != 2:
            raise DataError("`benefit` must be one word, or two: of the outcome and of the surrogate.")
        outcome, surrogate = (
            check_choice("benefit", word, BENEFITS, "TrialLevelSurrogacy()") for word in pair
        )
        self.formula, self.benefit = formula, (surrogate, outcome)
        self.mean_zero = bool(mean_zero)
        self.table = read_table(formula, data, std_error, limits, correlation, trial, cluster)

    def fit(self, method: str = "reml") -> TrialLevelResults:
        """Estimate the relation.

        Parameters
        ----------
        method : {"reml", "ml"}
            Restricted or full maximum likelihood; the former overshoots R2 less. The regression of one estimate on
            the other is :meth:`TrialLevelResults.weighted_regression`.

        Returns
        -------
        TrialLevelResults

        Warns
        -----
        IdentificationWarning
            If the estimate is at an edge, R2 is not determined, or there are few trials.
        DataWarning
            If limits do not fit their effect.
        """
        check_choice("method", method, ("reml", "ml"), "fit()")
        results = TrialLevelResults.estimate(self.table, method, self.benefit, not self.mean_zero)
        announce(results.findings)
        return results

    def __repr__(self) -> str:
        return f"TrialLevelSurrogacy({self.formula!r}, n={len(self.table.effects)})"
