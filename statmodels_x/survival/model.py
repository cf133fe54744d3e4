"""The public model class: formula, data and options, checked; ``fit()``."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.design import ModelFrame, build_frame
from statmodels_x.core.errors import (
    ConvergenceWarning,
    DataError,
    DataWarning,
    IdentificationWarning,
)
from statmodels_x.core.frames import as_pandas
from statmodels_x.core.rank import check_full_rank
from statmodels_x.core.surv import Surv, unit_of_time
from statmodels_x.core.validation import check_choice, check_count, check_number, numeric_array, rows_text
from statmodels_x.survival.assembly import build_results
from statmodels_x.survival.checks import check_events, check_separation
from statmodels_x.survival.likelihood import CURE_KINDS, PARAMETERS, SurvivalArrays, sample_arrays
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.sample import Sample
from statmodels_x.survival.specification import Specification, specify

_ZERO_WEIGHT = "weight of 0"
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
        pandas, polars, pyarrow, or a mapping of columns.
    distribution : {"apgw", "exponential", "weibull", "loglogistic", "burr12", "gompertz"}
        Special cases fix the other arguments: exponential (power 1, shape 1), weibull (shape 1), loglogistic
        (scale "aft", shape 0), burr12 (both scales, shape 0), gompertz (scale "ph", both scales, power 1,
        shape infinite). An argument that contradicts one is an error.
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
        distribution: str = "apgw",
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
        frame = as_pandas(data)
        self._frame: ModelFrame = build_frame(
            frame,
            self.specification.response,
            self.specification.parts,
            {"weights": weights, "cluster": cluster},
            {"Surv": Surv},
        )
        if time_unit is not None and not isinstance(time_unit, str):
            raise DataError(f"`time_unit` is {time_unit!r}; give the name of the unit, such as 'years'.")
        weights_used = _checked_weights(self._frame)
        if weights_used is not None and np.any(weights_used == 0.0):
            # such rows say nothing, so they must not count as events, levels or observations either
            self._frame = self._frame.take(weights_used > 0.0, _ZERO_WEIGHT)
            weights_used = weights_used[weights_used > 0.0]
        self.response: Surv = _survival_response(self._frame)
        self.weights: NDArray[np.float64] | None = weights_used
        self.time_unit = time_unit or unit_of_time(
            frame, self.response, self.specification.response.expressions[0]
        )
        self._check_designs()
        missing = {name: count for name, count in self._frame.dropped.items() if name != _ZERO_WEIGHT}
        if missing:
            listed = ", ".join(f"{name} ({count})" for name, count in missing.items())
            warnings.warn(
                f"{self._frame.n_dropped} of {self._frame.n_rows} rows were dropped; missing values: {listed}",
                DataWarning,
                stacklevel=2,
            )

    def _check_designs(self) -> None:
        parts = self._frame.designs
        check_events(self.response, sum(design.matrix.shape[1] for design in parts.values()))
        for parameter, design in parts.items():
            where = "formula" if parameter == self.specification.scale else f"the {parameter} part"
            if not design.names:
                raise DataError(f"{where}: there is no term; write '~ 1', or fix the parameter by a number.")
            check_full_rank(design.matrix, design.names, where)
            check_separation(design.matrix, design.names, self.response, where)

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
        """
        from statmodels_x.survival.estimation import estimate

        cov_type = self._covariance_type(cov_type)
        check_number("tol", tol, low=0.0, high=1.0)
        check_count("max_iter", max_iter, 1)
        check_count("seed", seed, 0)
        if n_starts is not None:
            check_count("n_starts", n_starts, 0)
        arrays = self.to_arrays()
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
        sample = Sample(self._frame, self.response, arrays, self.time_unit)
        results = build_results(self.specification, sample, found, cov_type, keep_data)
        lost = any(finding.kind == "not_converged" for finding in found.findings)
        for message in results.warnings:
            warnings.warn(message, ConvergenceWarning if lost else IdentificationWarning, stacklevel=2)
        return results

    def to_arrays(self) -> SurvivalArrays:
        """Return the sample and the model as arrays for the likelihood, without limits of search."""
        designs = self._frame.designs
        fixed = self.specification.fixed
        offsets = tuple(
            _offset(designs[name].offset) if name in designs else fixed.get(name, 0.0) for name in PARAMETERS
        )
        matrices = tuple(designs[name].matrix if name in designs else None for name in PARAMETERS)
        wide = np.full(5, np.inf)
        cure = CURE_KINDS.index(self.specification.cure_kind)
        return sample_arrays(self.response, self.weights, matrices, offsets, -wide, wide, cure)

    def _covariance_type(self, cov_type: str | None) -> str:
        has_cluster = "cluster" in self._frame.columns
        if cov_type is None:
            whole = self.weights is None or bool(np.all(self.weights == np.round(self.weights)))
            return "cluster" if has_cluster else "observed" if whole else "robust"
        check_choice("cov_type", cov_type, _COVARIANCES, "fit()")
        if cov_type == "cluster" and not has_cluster:
            raise DataError('fit(): cov_type="cluster" needs FlexibleSurvival(..., cluster="column").')
        return cov_type

    def __repr__(self) -> str:
        return f"FlexibleSurvival({self.specification.formula!r}, n={len(self.response)})"


def _survival_response(frame: ModelFrame) -> Surv:
    if len(frame.response) != 1 or not isinstance(frame.response[0], Surv):
        raise DataError("formula: the response must be one Surv(...), for example Surv(time, status) ~ x.")
    return frame.response[0]


def _checked_weights(frame: ModelFrame) -> NDArray[np.float64] | None:
    if "weights" not in frame.columns:
        return None
    values = numeric_array(frame.columns["weights"], "weights", "FlexibleSurvival()")
    for bad, what in ((values < 0.0, "negative"), (~np.isfinite(values), "infinite")):
        if bad.any():
            raise DataError(
                f"`weights` is {what} in {rows_text(bad)}; case weights count observations: 0 or more."
            )
    if not np.any(values > 0.0):
        raise DataError("`weights` is 0 in every row; give a positive weight to the rows to be used.")
    return values


def _offset(offset: NDArray[np.float64]) -> float | NDArray[np.float64]:
    return offset if np.any(offset) else 0.0


def _checked_start(start: ArrayLike, p: int) -> NDArray[np.float64]:
    try:
        values = np.asarray(start, float)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if values.shape != (p,) or not np.isfinite(values).all():
        raise DataError(f"`start` must hold {p} finite numbers, one for each parameter.")
    return values
