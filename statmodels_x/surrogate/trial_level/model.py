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
    r"""Relation of the treatment effects on a surrogate and on an outcome, over many randomised trials.

    Each trial gives an estimated effect on the surrogate and an estimated effect on the outcome, with known
    standard errors and a known correlation within the trial. The true effects of the trials are assumed to follow
    a bivariate normal distribution, whose standard deviations and correlation :math:`\rho` are estimated. From
    them follow the trial-level :math:`R^2 = \rho^2`, the regression line :math:`\tau = \alpha + \beta \sigma` of
    the true outcome effect :math:`\tau` on the true surrogate effect :math:`\sigma`, and the residual standard
    deviation around it.

    Parameters
    ----------
    formula : str
        The effect on the outcome and the effect on the surrogate, such as ``"log(hr_os) ~ log(hr_pfs)"``. Each
        must be on a scale on which 0 means no effect, and in the same direction (new minus standard) in all
        trials.
    data : DataFrame
        One row per trial. A pandas, polars or pyarrow table, or a mapping of columns.
        :func:`~statmodels_x.trial_effects` makes such a table from the data of the patients.
    std_error : (str or array_like, str or array_like), optional
        Standard errors of the two effects, in the order of the formula. Either ``std_error`` or ``limits`` must
        be given.
    limits : ((str, str), (str, str)), optional
        Columns with the lower and upper 95 % limits of the two effects, in the order of the formula. Where the
        formula takes the logarithm of a ratio, these are limits of the ratio itself.
    correlation : float, (float, float) or str
        Correlation of the two *estimates* within a trial: a number, a range, or a column. It must be given,
        because trials never report it and the answer depends on it. A value that is too small makes the surrogate
        look better than it is, and a value that is too large makes it look worse.
    trial : str, optional
        Column with the names of the trials. By default they are named by the index of the data.
    cluster : str, optional
        Column that marks trials with a common control arm. :meth:`TrialLevelResults.leave_one_out` leaves them
        out together. The fit itself treats them as independent.
    benefit : {"lower", "higher"} or a pair
        Whether lower or higher effects are good. Give a pair (outcome, surrogate) if the two differ.
    mean_zero : bool
        Whether to fix the mean effects at 0. Use it where the names "new" and "standard" have no order: the fit
        then does not depend on which arm is which.

    Raises
    ------
    FormulaError, DataError
        If a column or an argument cannot be used, or if there are fewer than five trials.

    Warns
    -----
    DataWarning
        If trials with missing values are left out.

    Notes
    -----
    This is the bivariate random-effects model of Daniels and Hughes (1997), Buyse et al. (2000) and van
    Houwelingen et al. (2002). The interval of R2 comes from the profile of the likelihood that is maximised (the
    restricted one by default). Predictions and the surrogate threshold effect of Burzykowski and Buyse (2006) are
    integrated over that likelihood with flat priors. See :doc:`/guide/trial_level`.

    References
    ----------
    Daniels and Hughes (1997), Meta-analysis for the evaluation of potential surrogate markers, Statistics in
    Medicine 16, 1965-1982.

    Buyse, Molenberghs, Burzykowski, Renard and Geys (2000), The validation of surrogate endpoints in
    meta-analyses of randomized experiments, Biostatistics 1, 49-67.

    van Houwelingen, Arends and Stijnen (2002), Advanced methods in meta-analysis: multivariate approach and
    meta-regression, Statistics in Medicine 21, 589-624.

    Burzykowski and Buyse (2006), Surrogate threshold effect: an alternative measure for meta-analytic surrogate
    endpoint validation, Pharmaceutical Statistics 5, 173-186.

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
        """Estimate the relation between the effects by maximum likelihood.

        Parameters
        ----------
        method : {"reml", "ml"}
            Restricted or full maximum likelihood. Restricted maximum likelihood overestimates R2 less. The
            regression of the one estimate on the other, which many papers report, is
            :meth:`TrialLevelResults.weighted_regression`.

        Returns
        -------
        TrialLevelResults

        Raises
        ------
        DataError
            If ``method`` is not allowed.

        Warns
        -----
        IdentificationWarning
            If the estimate is at the edge of its range, if the trials do not determine R2, or if there are few
            trials.
        DataWarning
            If confidence limits do not fit their effect.
        """
        check_choice("method", method, ("reml", "ml"), "fit()")
        results = TrialLevelResults.estimate(self.table, method, self.benefit, not self.mean_zero)
        announce(results.findings)
        return results

    def __repr__(self) -> str:
        return f"TrialLevelSurrogacy({self.formula!r}, n={len(self.table.effects)})"
