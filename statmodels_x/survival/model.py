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
    r"""Parametric survival regression: proportional hazards, accelerated failure time, effects that change, cure.

    The default distribution is the adapted power generalized Weibull family, which holds the Weibull, log-logistic,
    Burr XII and Gompertz distributions. Each of its parameters can depend on covariates (multi-parameter regression).

    The cumulative hazard is :math:`H(t) = \lambda \frac{\kappa+1}{\kappa}
    \{(1 + (\phi t)^\gamma/(\kappa+1))^\kappa - 1\}` with :math:`\log\phi` ("aft"), :math:`\log\lambda` ("ph"),
    :math:`\log\gamma` ("power") and :math:`\log(\kappa+1)` ("shape") each linear in its own covariates.

    Parameters
    ----------
    formula : str
        ``"Surv(time, status) ~ x + z"``; also ``Surv(entry, exit, status)`` for late entry and
        ``Surv(left, right, type="interval2")`` for interval censoring. The right side holds the covariates of
        the chosen scale; ``.`` stands for all columns that are not in the response, ``weights`` or ``cluster``.
    data : DataFrame
        pandas, polars, pyarrow, or a mapping of columns; or a Dask data frame, whose rows stay in its
        partitions.
    distribution : str or Family
        ``"apgw"`` or one of its special cases, which fix other arguments: ``"exponential"`` (power 1, shape 1),
        ``"weibull"`` (shape 1), ``"loglogistic"`` (scale "aft", shape 0), ``"burr12"`` (both scales, shape 0),
        ``"gompertz"`` (scale "ph", both scales, power 1, shape infinite). Other baselines with the same scales
        and power: ``"lognormal"``, ``"gengamma"`` (Prentice's generalised gamma, scale "aft"), or a
        :class:`~statmodels_x.Family` of your own. An argument that contradicts the family is an error.
    scale : {"ph", "aft"}
        Whether the covariates multiply the hazard (log lambda) or accelerate time (log phi).
    other_scale : "anchor", float or str
        ``"anchor"`` fixes the other scale at the middle of the events, so that no unit of time is part of the
        model: phi at 1/(median event time), or lambda at the Nelson-Aalen estimate there (with a cured fraction,
        at log 2). A Weibull whose power has no covariates needs none: its fixed scale stays at 1. A number fixes
        the other scale there, 1.0 in the unit of the data: the form of the paper. ``"~ 1"`` or ``"~ x"``
        estimates it.
    power : str or float
        Formula for log gamma, or a number that fixes gamma.
    shape : str or float
        Formula for log(kappa + 1), or a number above -1 that fixes kappa: 1 is the Weibull, 0 the Burr XII,
        ``float("inf")`` the Gompertz type.
    cure : None or str
        Formula for a cured fraction beside a proper distribution of the uncured (kappa of at least 0).
    cure_kind : {"mixture", "promotion"}
        Mixture: a fraction p is cured, logit(p) linear in the covariates of ``cure``. Promotion time
        (non-mixture): S = exp{-theta F}, log(theta) linear, with the cured fraction exp(-theta).
    weights : str or array_like, optional
        Case weights, not negative: whole numbers count repeated rows. With other weights the default
        covariance is the robust one.
    cluster : str or array_like, optional
        Groups within which rows may be dependent: the default covariance is then cluster-robust.
    time_unit : str, optional
        Name of the unit of time, for summaries and axes; by default what ``data.attrs["units"]`` says.
    background : TableMatch, Rates, mapping or str, optional
        The hazard of what kills besides, as it is known of a population; the model is then one of the excess hazard,
        and the plateau of a cured fraction one of net survival. ``table.match(age="age", year="diagnosed", sex="sex")``
        of a :class:`~statmodels_x.LifeTable`, with the columns at time 0; :class:`~statmodels_x.Rates` in time since
        the start, or ``{"sex": {"female": Rates, "male": Rates}}``; the column with the rate at each row's last time;
        ``{"rate": column, "cumulative": column}`` with its integral since entry, too.
    background_factor : None or "~ 1"
        Whether a factor on the background is estimated, for patients whose mortality from other causes differs from
        the population's by a constant ratio. It is found from rows of different background, as by age.
    external : ExternalCounts, optional
        Survivors of an external cohort, such as a registry's, as terms of the likelihood.
    prior : Prior, or sequence of them, optional
        What is known of coefficients (``smx.Prior("power.treatment", mean=0, sd=0.5)``) or of survival at a time
        (``smx.Prior.survival``): the fit is then penalised, and its summary says so.

    Raises
    ------
    FormulaError
        If a formula cannot be read, holds what is not allowed, or asks for what the data do not have.
    DataError
        If a column, an option or a weight cannot be used. The message names it and the remedy.

    Warns
    -----
    DataWarning
        If rows are dropped because covariates, weights or clusters are missing.

    References
    ----------
    Burke, Jones and Noufaily (2020), Journal of the Royal Statistical Society C 69, 429-457.

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
        """Name of the unit of time."""
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
        """Maximise the likelihood.

        Parameters
        ----------
        cov_type : {"observed", "robust", "cluster", "cluster_cr0"}, optional
            Covariance of the estimates: inverse observed information, the sandwich, the sandwich over clusters
            with the correction CR2 for few of them and Satterthwaite's degrees of freedom, or that without
            correction and with normal quantiles, as R's ``survival`` has it. By default
            ``"cluster"`` if the model has clusters, ``"robust"`` if
            it has weights that are not whole numbers, else ``"observed"``.
        start : array_like of shape (p,), optional
            A start value to try besides the built-in ladder, in the order of ``params``; a Series goes by its
            labels.
        n_starts : int, optional
            Random starts after the ladder; by default 20 where both scales and both shapes are free, else 0.
        tol : float
            Newton decrement (in units of log-likelihood) at which the search ends.
        max_iter : int
            Evaluations of the final search.
        seed : int
            Of the random starts; the same seed gives the same fit.
        keep_data : bool
            Whether a pickled result carries the data.

        Returns
        -------
        FlexibleSurvivalResults

        Raises
        ------
        ConvergenceError
            If no start gave a finite likelihood.

        Warns
        -----
        IdentificationWarning
            If the data do not determine some parameters, which are named.
        ConvergenceWarning
            If the search ended without a proved maximum.
        FollowUpWarning
            If the model has a cured fraction and follow-up does not support a plateau.
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
        """Return the sample and the model as arrays for the likelihood, without limits of search.

        Columns of covariates that are far from 0 are centred and scaled in them. Counts stand below the rows, two rows
        each: the survivors and the dead.
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
                f'fit(): cov_type="{cov_type}" is a sandwich, which a penalised fit has not: give cov_type="observed", '
                "the inverse of the information of likelihood and priors, or leave `prior` out."
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
