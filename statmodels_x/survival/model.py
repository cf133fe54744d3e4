"""The public model class: formula, data and options, checked; ``fit()``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import ModelFrame, build_frame, counts_text
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.data.surv import Surv, unit_of_time
from statmodels_x.core.errors import (
    DataError,
    DataWarning,
    FollowUpWarning,
)
from statmodels_x.core.findings import announce
from statmodels_x.core.rank import check_full_rank
from statmodels_x.core.validation import check_choice, check_count, check_number
from statmodels_x.survival.assembly import build_results
from statmodels_x.survival.checks import check_events, check_separation, check_terms
from statmodels_x.survival.families import Family
from statmodels_x.survival.likelihood import PARAMETERS, SurvivalArrays
from statmodels_x.survival.partitions import PartitionedSample, read_partitions
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.sample import (
    NO_WEIGHT,
    ZERO_WEIGHT,
    Sample,
    checked_weights,
    model_arrays,
    survival_response,
)
from statmodels_x.survival.specification import Specification, specify

_COVARIANCES = ("observed", "robust", "cluster")


class FlexibleSurvival:
    r"""Multi-parameter regression with the adapted power generalized Weibull family.

    The cumulative hazard is :math:`H(t) = \lambda \frac{\kappa+1}{\kappa}
    \{(1 + (\phi t)^\gamma/(\kappa+1))^\kappa - 1\}` with :math:`\log\phi` ("aft"), :math:`\log\lambda` ("ph"),
    :math:`\log\gamma` ("power") and :math:`\log(\kappa+1)` ("shape") each linear in its own covariates.

    Parameters
    ----------
    formula : str
        ``"Surv(time, status) ~ x + z"``; also ``Surv(entry, exit, status)`` for late entry and
        ``Surv(left, right, type="interval2")`` for interval censoring. The right side drives the chosen scale.
    data : DataFrame
        pandas, polars, pyarrow, or a mapping of columns; or a Dask data frame, whose rows stay in its
        partitions: each sends back its log-likelihood, score and information.
    distribution : str or Family
        ``"apgw"`` or one of its special cases, which fix other arguments: ``"exponential"`` (power 1, shape 1),
        ``"weibull"`` (shape 1), ``"loglogistic"`` (scale "aft", shape 0), ``"burr12"`` (both scales, shape 0),
        ``"gompertz"`` (scale "ph", both scales, power 1, shape infinite). Other baselines with the same scales
        and power: ``"lognormal"``, ``"gengamma"`` (Prentice's generalised gamma, scale "aft"), or a
        :class:`~statmodels_x.Family` of your own. An argument that contradicts the family is an error.
    scale : {"aft", "ph"}
        Whether the covariates accelerate time (log phi; free of the unit of time) or multiply the hazard
        (log lambda; for ``"ph"`` with ``other_scale=None`` the unit of time is part of the model, because
        phi is fixed at 1 per unit).
    other_scale : None or str
        None fixes the other scale parameter at 1; ``"~ 1"`` or ``"~ x"`` estimates it too.
    power : str or float
        Formula for log gamma, or a number that fixes gamma.
    shape : str or float
        Formula for log(kappa + 1), or a number above -1 that fixes kappa: 1 is the Weibull, 0 the Burr XII,
        ``float("inf")`` the Gompertz type.
    cure : None or str
        Formula for a cured fraction beside a proper law of the uncured (kappa of at least 0).
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
    -367.9974
    """

    def __init__(
        self,
        formula: str,
        data: Any,
        distribution: str | Family = "apgw",
        scale: str = "aft",
        other_scale: str | None = None,
        power: str | float = "~ 1",
        shape: str | float = "~ 1",
        cure: str | None = None,
        cure_kind: str = "mixture",
        weights: str | ArrayLike | None = None,
        cluster: str | ArrayLike | None = None,
        time_unit: str | None = None,
    ) -> None:
        self.specification: Specification = specify(
            formula, distribution, scale, other_scale, power, shape, cure, cure_kind
        )
        if time_unit is not None and not isinstance(time_unit, str):
            raise DataError(f"`time_unit` is {time_unit!r}; give the name of the unit, such as 'years'.")
        self.response: Surv | None = None
        self.weights: NDArray[np.float64] | None = None
        self._has_cluster = cluster is not None
        self._sample: Sample | PartitionedSample
        expression = self.specification.response.expressions[0]
        if is_dask_frame(data):
            partitions = read_partitions(data, self.specification, weights, cluster)
            self.time_unit = time_unit or unit_of_time(data._meta, partitions.time_name, expression)
            self._sample = replace(partitions, time_unit=self.time_unit)
            self._warn_of_dropped(partitions.n_rows, partitions.dropped)
        else:
            frame = as_pandas(data)
            rows = self._read(frame, {"weights": weights, "cluster": cluster})
            response = self.response = survival_response(rows)
            self.time_unit = time_unit or unit_of_time(frame, response.time_name, expression)
            self._check_designs(rows, response)
            arrays = model_arrays(self.specification, rows.designs, response, self.weights)
            # one copy of the design matrices is enough
            rows = rows.with_matrices(
                {name: arrays.designs[PARAMETERS.index(name)] for name in rows.designs}  # type: ignore[misc]
            )
            self._sample = Sample(rows, response, arrays, self.time_unit)
            self._warn_of_dropped(rows.n_rows, rows.dropped)

    def _read(self, data: pd.DataFrame, columns: dict[str, Any]) -> ModelFrame:
        """Build the designs of rows in memory."""
        parts = self.specification.parts
        frame = build_frame(data, self.specification.response, parts, columns, {"Surv": Surv})
        weights = checked_weights(frame)
        if weights is not None and np.any(weights == 0.0):
            if not np.any(weights > 0.0):
                raise DataError(NO_WEIGHT)
            # such rows say nothing, so they must not count as events, levels or observations either
            frame = frame.take(weights > 0.0, ZERO_WEIGHT)
            weights = weights[weights > 0.0]
        self.weights = weights
        return frame

    def _check_designs(self, rows: ModelFrame, response: Surv) -> None:
        parts = rows.designs
        check_events(len(response), response.n_events, sum(part.matrix.shape[1] for part in parts.values()))
        for parameter, design in parts.items():
            where = self.specification.where(parameter)
            check_terms(design.names, where)
            check_full_rank(design.matrix, design.names, where)
            check_separation(design.matrix, design.names, response, where)

    def _warn_of_dropped(self, n_rows: int, dropped: Mapping[str, int]) -> None:
        missing = {name: count for name, count in dropped.items() if name != ZERO_WEIGHT}
        if missing:
            n_dropped = n_rows - self._sample.arrays.n
            warnings.warn(
                f"{n_dropped} of {n_rows} rows were dropped; missing values: {counts_text(missing)}",
                DataWarning,
                stacklevel=3,
            )

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
        cov_type : {"observed", "robust", "cluster"}, optional
            Covariance of the estimates: inverse observed information, the sandwich, or the sandwich with
            scores summed within clusters. By default ``"cluster"`` if the model has clusters, ``"robust"`` if
            it has weights that are not whole numbers, else ``"observed"``.
        start : array_like of shape (p,), optional
            A start value to try besides the built-in ladder, in the order of ``params``.
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
        from statmodels_x.survival.estimation import estimate

        check_number("tol", tol, low=0.0, high=1.0)
        check_count("max_iter", max_iter, 1)
        check_count("seed", seed, 0)
        if n_starts is not None:
            check_count("n_starts", n_starts, 0)
        if keep_data and not isinstance(self._sample, Sample):
            raise DataError("fit(): the rows of a Dask frame stay with it: keep_data=True cannot keep them.")
        sample = self._sample
        cov_type = self._covariance_type(cov_type, sample.has_frequency_weights)
        arrays = sample.arrays
        first = None if start is None else _checked_start(start, arrays.n_parameters)
        found = estimate(
            arrays,
            self.specification.scale,
            start=first,
            n_starts=n_starts,
            tol=tol,
            max_iter=max_iter,
            seed=seed,
        )
        results = build_results(self.specification, sample, found, cov_type, keep_data)
        announce(results.findings)
        if "cure" in self.specification.parts:
            self._judge_follow_up()
        return results

    def _judge_follow_up(self) -> None:
        from statmodels_x.survival.follow_up import LEVEL

        alpha = self._sample.plateau_alpha()
        if alpha is not None and alpha >= LEVEL:
            warnings.warn(
                f"Follow-up does not support a plateau (Maller and Zhou's alpha is {alpha:.3g}, not below {LEVEL:g}): "
                "the cured fraction rests on the form of the model beyond the last event. Compare models, and see "
                "follow_up().",
                FollowUpWarning,
                stacklevel=3,
            )

    def to_arrays(self) -> SurvivalArrays:
        """Return the sample and the model as arrays for the likelihood, without limits of search."""
        if not isinstance(self._sample, Sample):
            raise DataError("the rows of a Dask frame are in its partitions; this needs them in memory.")
        return self._sample.arrays

    def _covariance_type(self, cov_type: str | None, whole_weights: bool) -> str:
        if cov_type is None:
            return "cluster" if self._has_cluster else "observed" if whole_weights else "robust"
        check_choice("cov_type", cov_type, _COVARIANCES, "fit()")
        if cov_type == "cluster" and not self._has_cluster:
            raise DataError('fit(): cov_type="cluster" needs FlexibleSurvival(..., cluster="column").')
        return cov_type

    def __repr__(self) -> str:
        return f"FlexibleSurvival({self.specification.formula!r}, n={self._sample.arrays.n})"


def _checked_start(start: ArrayLike, p: int) -> NDArray[np.float64]:
    try:
        values = np.asarray(start, float)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape != (p,) or not np.isfinite(values).all():
        raise DataError(f"`start` must hold {p} finite numbers, one for each parameter.")
    return values
