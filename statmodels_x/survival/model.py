"""The public model class: formula, data and options, checked; ``fit()``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.columns import by_row
from statmodels_x.core.data.formula import written_out
from statmodels_x.core.data.frames import names_of
from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import announce
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import (
    check_choice,
    check_count,
    check_flag,
    check_number,
    check_seed,
    check_text,
)
from statmodels_x.survival.background.counts import ExternalCounts, counts_of
from statmodels_x.survival.background.sources import source_of
from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.fitted import sample_names
from statmodels_x.survival.kernels.likelihood import SurvivalArrays
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.sample import Sample, read
from statmodels_x.survival.specification import ANCHOR, SCALE, specify

_COVARIANCES = ("observed", "robust", "cluster", "cluster_cr0")


class FlexibleSurvival:
    r"""Flexible parametric regression for survival times.

    The class fits proportional hazards models, accelerated failure time models, models whose effects change over
    time, and cure models. The default distribution is the adapted power generalized Weibull (APGW). It contains the
    Weibull, log-logistic, Burr XII and Gompertz distributions as special cases. Each of its parameters can depend on
    covariates (multi-parameter regression).

    The cumulative hazard is

    .. math::

        H(t) = \lambda \, \frac{\kappa + 1}{\kappa}
        \left\{\left(1 + \frac{(\phi t)^\gamma}{\kappa + 1}\right)^{\kappa} - 1\right\}.

    The quantities :math:`\log\phi` ("aft"), :math:`\log\lambda` ("ph"), :math:`\log\gamma` ("power") and
    :math:`\log(\kappa + 1)` ("shape") are linear predictors. Each has its own covariates.

    Parameters
    ----------
    formula : str
        A formula such as ``"Surv(time, status) ~ x + z"``. Use ``Surv(entry, exit, status)`` for late entry (left
        truncation) and ``Surv(left, right, type="interval2")`` for interval censoring. The right side holds the
        covariates of the parameter that ``scale`` names. A ``.`` on the right side stands for all columns that are
        not used by the response, ``weights``, ``cluster`` or ``background``.
    data : DataFrame
        A pandas, polars or pyarrow data frame, or a mapping of columns. A Dask data frame is also accepted; its rows
        stay in their partitions.
    distribution : str or Family
        The baseline distribution. A named special case of the APGW fixes other arguments:

        - ``"apgw"``: the full family;
        - ``"exponential"``: ``power=1``, ``shape=1``;
        - ``"weibull"``: ``shape=1``;
        - ``"loglogistic"``: ``scale="aft"``, ``shape=0``;
        - ``"burr12"``: both scales, ``shape=0``;
        - ``"gompertz"``: ``scale="ph"``, both scales, ``power=1``, ``shape=float("inf")``.

        Two more baselines have the same scales and power: ``"lognormal"`` and ``"gengamma"`` (Prentice's generalised
        gamma with ``scale="aft"``). A :class:`~statmodels_x.Family` defines a baseline of your own. An argument that
        contradicts the distribution is an error.
    scale : {"ph", "aft"}
        The parameter that depends on the covariates of ``formula``. With ``"ph"`` they multiply the hazard (log
        lambda). With ``"aft"`` they accelerate time (log phi).
    other_scale : "anchor", float or str
        The other scale parameter: phi with ``scale="ph"``, and lambda with ``scale="aft"``.

        - ``"anchor"`` fixes it at the median event time, so that the model does not depend on the unit of time. Phi
          is fixed at 1/(median event time). Lambda is fixed at the Nelson-Aalen estimate at the median event time,
          or at log 2 in a model with a cured fraction. A Weibull whose power has no covariates needs no anchor, and
          its other scale is 1.
        - A number fixes it at that value. The value 1.0 gives the form of the paper, which depends on the unit of
          time.
        - A formula such as ``"~ 1"`` or ``"~ x"`` estimates it.
    power : str or float
        Formula for log gamma, or a number at which gamma is fixed.
    shape : str or float
        Formula for log(kappa + 1), or a number above -1 at which kappa is fixed. The value 1 is the Weibull, 0 is
        the Burr XII, and ``float("inf")`` is the Gompertz type.
    cure : None or str
        Formula for the cured fraction. The uncured then have a proper distribution (kappa of at least 0).
    cure_kind : {"mixture", "promotion"}
        The type of cure model. In the mixture model a fraction p is cured, and logit(p) is linear in the covariates
        of ``cure``. In the promotion time (non-mixture) model S = exp(-theta F), log(theta) is linear in these
        covariates, and the cured fraction is exp(-theta).
    weights : str or array_like, optional
        Case weights, which must not be negative. Whole numbers count repeated rows. With other weights the default
        covariance is the robust one.
    cluster : str or array_like, optional
        Groups of rows that may be dependent. The default covariance is then cluster-robust.
    time_unit : str, optional
        Name of the unit of time, which summaries and axes show. The default is the unit in ``data.attrs["units"]``.
    background : TableMatch, Rates, mapping or str, optional
        The known hazard of death from other causes, such as that of the general population. The model then describes
        the excess hazard, and a cured fraction is the plateau of net survival. The background can be given as

        - ``table.match(age="age", year="diagnosed", sex="sex")`` of a :class:`~statmodels_x.LifeTable`, where the
          columns hold the values at time 0;
        - :class:`~statmodels_x.Rates` as a function of the time since the start, or one for each level of a column,
          such as ``{"sex": {"female": Rates, "male": Rates}}``;
        - the name of a column that holds the rate at each row's last time;
        - ``{"rate": column, "cumulative": column}``, which adds a column with the integral of the rate since entry.
    background_factor : None or "~ 1"
        With ``"~ 1"`` a constant factor on the background hazard is estimated. Use it for patients whose mortality
        from other causes differs from that of the population by a constant ratio. Rows must differ in their
        background (as they do by age) for the factor to be identified.
    external : ExternalCounts, optional
        Numbers of survivors in an external cohort, such as a registry. They enter the likelihood as binomial terms.
    prior : Prior, or sequence of them, optional
        Prior knowledge about coefficients (``smx.Prior("power.treatment", mean=0, sd=0.5)``) or about survival at a
        time (``smx.Prior.survival``). The fit then maximises the penalised likelihood, and the summary says so.

    Raises
    ------
    FormulaError
        If a formula cannot be read, contains an expression that is not allowed, or names a column that is not in the
        data.
    DataError
        If a column, an option or a weight cannot be used. The message names it and says what to do.

    Warns
    -----
    DataWarning
        If rows are dropped because a covariate, a weight or a cluster is missing.

    See Also
    --------
    survival.results.FlexibleSurvivalResults : The results that :meth:`fit` returns.
    ladder : Fit and compare the models of this class that have the same covariates.
    select : Choose covariates for each parameter.

    References
    ----------
    Burke, Jones and Noufaily (2020), A flexible parametric modelling framework for survival analysis, Journal of the
    Royal Statistical Society C 69, 429-457.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_melanoma()
    >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
    >>> round(fit.llf, 4)
    -367.8337
    """

    def __init__(
        self,
        formula: str,
        data: Any,
        distribution: str | Family = "apgw",
        scale: str = SCALE,
        other_scale: str | float | None = ANCHOR,
        power: str | float = "~ 1",
        shape: str | float = "~ 1",
        cure: str | None = None,
        cure_kind: str = "mixture",
        weights: str | ArrayLike | None = None,
        cluster: str | ArrayLike | None = None,
        time_unit: str | None = None,
        background: Any = None,
        background_factor: str | None = None,
        external: ExternalCounts | None = None,
        prior: Any = None,
    ) -> None:
        source, counts = source_of(background), counts_of(external)
        taken = {name for name in (weights, cluster) if isinstance(name, str)}
        taken |= set() if source is None else set(source.columns.values())
        response = formula.partition("~")[0] if isinstance(formula, str) else ""

        def whole(text: Any) -> Any:
            """Write out what '.' stands for; the response is the formula's, whichever parameter the text is for."""
            if not isinstance(text, str) or "." not in text:
                return text
            is_main = text is formula
            found = written_out(text if is_main else f"{response} {text}", names_of(data), taken)
            return found if is_main else found[len(response) + 1 :]

        formula, other_scale, power, shape, cure = map(whole, (formula, other_scale, power, shape, cure))
        baseline = (distribution, scale, other_scale, power, shape, cure, cure_kind)
        specification = specify(formula, *baseline, source, background_factor, prior)
        check_text("time_unit", time_unit, "years")
        self._sample = read(data, specification, weights, cluster, time_unit, counts)
        self.specification = self._sample.specification

    @property
    def time_unit(self) -> str | None:
        """Name of the unit of time; None if it is not known."""
        return self._sample.time_unit

    def fit(
        self,
        cov_type: str | None = None,
        start: ArrayLike | None = None,
        n_starts: int | None = None,
        tol: float = 1e-10,
        max_iter: int = 200,
        seed: int = 0,
        keep_data: bool = False,
    ) -> FlexibleSurvivalResults:
        """Fit the model by maximum likelihood.

        With priors the penalised likelihood is maximised.

        Parameters
        ----------
        cov_type : {"observed", "robust", "cluster", "cluster_cr0"}, optional
            The covariance of the estimates:

            - ``"observed"``: the inverse of the observed information;
            - ``"robust"``: the sandwich estimator;
            - ``"cluster"``: the sandwich estimator over clusters, with the small-sample correction CR2 and
              Satterthwaite's degrees of freedom. With more than 2,000 clusters the correction is negligible and is
              left out;
            - ``"cluster_cr0"``: the sandwich estimator over clusters without a correction and with normal quantiles,
              as in R's ``survival``.

            The default is ``"cluster"`` if the model has clusters (``"cluster_cr0"`` if it also has external
            counts), ``"robust"`` if it has weights that are not whole numbers, and ``"observed"`` otherwise.
        start : array_like of shape (p,), optional
            A start value that is tried beside the built-in ones, in the order of ``params``. A Series is matched by
            its labels.
        n_starts : int, optional
            Number of random starts after the built-in start values. The default is 20 if both scales and both shapes
            are estimated, and 0 otherwise.
        tol : float
            The search ends when the Newton decrement, in units of log-likelihood, falls below this value.
        max_iter : int
            Largest number of likelihood evaluations in the final search.
        seed : int
            Seed of the random starts. The same seed gives the same fit.
        keep_data : bool
            Whether a pickled or saved result contains the data.

        Returns
        -------
        FlexibleSurvivalResults

        Raises
        ------
        ConvergenceError
            If no start value gives a finite likelihood.
        DataError
            If an argument cannot be used, such as a sandwich covariance for a fit with priors.

        Warns
        -----
        IdentificationWarning
            If the data do not determine some parameters. The message names them.
        ConvergenceWarning
            If the search ended before it reached a maximum.
        FollowUpWarning
            If the model has a cured fraction and the follow-up is too short to support a plateau.
        """
        from statmodels_x.survival.fitting.estimation import Estimate, estimate
        from statmodels_x.survival.fitting.members import at_its_limit

        check_number("tol", tol, low=0.0, high=1.0)
        check_count("max_iter", max_iter, 1)
        check_seed(seed), check_flag("keep_data", keep_data)
        if n_starts is not None:
            check_count("n_starts", n_starts, 0)
        sample = self._sample
        if keep_data and not isinstance(sample, Sample):
            raise DataError("fit(): the rows of a Dask frame stay with it: keep_data=True cannot keep them.")
        cov_type = self._covariance_type(cov_type)
        how: dict[str, Any] = {"n_starts": n_starts, "tol": tol, "max_iter": max_iter, "seed": seed}
        first = None if start is None else _checked_start(start, sample)

        def search(sample: Any, start: Array | None = None) -> Estimate:
            scale, names = sample.specification.scale, sample_names(sample)
            return estimate(sample.arrays, scale, names=names, start=start, **how)

        sample, found, limit = at_its_limit(sample, search(sample, first), search)
        results = FlexibleSurvivalResults.of(sample, found, cov_type, keep_data, limit)
        announce(results.findings)
        return results

    def to_arrays(self) -> SurvivalArrays:
        """Return the data and the model as the arrays that the likelihood reads.

        Returns
        -------
        SurvivalArrays
            Columns of covariates that are far from 0 are centred and scaled. External counts follow the rows of the
            data, two rows for each count: one for the survivors and one for the deaths.
        """
        arrays: SurvivalArrays = self._sample.in_memory().arrays
        return arrays

    def _covariance_type(self, cov_type: str | None) -> str:
        sample = self._sample
        has_counts = isinstance(sample, Sample) and sample.external is not None
        if cov_type is None:
            clusters = "cluster_cr0" if has_counts else "cluster"
            cov_type = (
                clusters if sample.has_clusters else "observed" if sample.has_frequency_weights else "robust"
            )
        check_choice("cov_type", cov_type, _COVARIANCES, "fit()")
        if cov_type != "observed" and self.specification.prior:
            raise DataError(
                f'fit(): cov_type="{cov_type}" is a sandwich, which a penalised fit does not have: give '
                'cov_type="observed", the inverse of the information of likelihood and priors, or leave `prior` out.'
            )
        if cov_type == "cluster" and has_counts:
            raise DataError(
                'fit(): cov_type="cluster" has a correction that counts do not allow; give cov_type="cluster_cr0".'
            )
        if cov_type.startswith("cluster") and not sample.has_clusters:
            raise DataError(f'fit(): cov_type="{cov_type}" needs FlexibleSurvival(..., cluster="column").')
        return cov_type

    def __repr__(self) -> str:
        sample = self._sample
        n = sample.own.n if isinstance(sample, Sample) else sample.arrays.n
        return f"FlexibleSurvival({self.specification.formula!r}, n={n})"


def _checked_start(start: ArrayLike, sample: Sample | PartitionedSample) -> Array:
    labels = pd.MultiIndex.from_tuples(sample_names(sample).labels)
    p = len(labels)
    if isinstance(start, pd.Series) and len(start) == p:
        start = by_row(start, labels, "start", "one for each parameter")
    try:
        values = np.asarray(start, float)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape != (p,) or not np.isfinite(values).all():
        raise DataError(f"`start` must hold {p} finite numbers, one for each parameter.")
    return values if sample.columns is None else sample.columns.inner(values)
