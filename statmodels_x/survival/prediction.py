"""One engine for every prediction: a quantity, its gradient in the linear predictors, and the delta method.

Each quantity is computed on a working scale that has no bounds (log cumulative hazard, log hazard, log time),
with its exact gradient; the interval is made there and mapped back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from statmodels_x.core.errors import DataError
from statmodels_x.core.frames import as_pandas
from statmodels_x.core.inference import normal_quantile
from statmodels_x.core.validation import check_choice, numeric_array
from statmodels_x.survival.family import APGW
from statmodels_x.survival.likelihood import CURE_KINDS, PARAMETERS

if TYPE_CHECKING:
    from statmodels_x.survival.results import FlexibleSurvivalResults

Array = NDArray[np.float64]

TIME_KINDS = ("survival", "cumulative_hazard", "hazard", "density", "hazard_ratio")
KINDS = (*TIME_KINDS, "quantile", "median", "cure_fraction", "link")


@dataclass(frozen=True)
class Rows:
    """Covariate rows as the model sees them.

    Attributes
    ----------
    index : Index
        Labels of the rows.
    eta : ndarray of shape (m, 5)
        Linear predictors at the estimates.
    cure : int
        0 none, 1 mixture, 2 promotion time.
    matrices : tuple of five (ndarray of shape (m, k) or None)
        The columns that multiply each parameter's coefficients; None where it is fixed.
    """

    index: pd.Index
    eta: Array
    cure: int
    matrices: tuple[Array | None, ...]

    @property
    def law(self) -> APGW:
        """The distribution of each row, of the uncured where there is a cure part."""
        tau, beta, alpha, nu, _ = self.eta.T
        return APGW(np.exp(tau), np.exp(beta), np.exp(alpha), np.expm1(nu))

    def repeat(self, k: int) -> Rows:
        """Each row k times in turn."""
        matrices = tuple(None if matrix is None else np.repeat(matrix, k, axis=0) for matrix in self.matrices)
        return Rows(self.index.repeat(k), np.repeat(self.eta, k, axis=0), self.cure, matrices)

    def jacobian(self, grad: Array) -> Array:
        """Chain a gradient in the linear predictors (m, 5) to one in the parameters (m, p)."""
        parts = [matrix * grad[:, j : j + 1] for j, matrix in enumerate(self.matrices) if matrix is not None]
        return np.hstack(parts) if parts else np.zeros((len(grad), 0))


@dataclass(frozen=True)
class Quantity:
    """A prediction on its working scale, and how to leave it."""

    value: Array
    grad: Array
    natural: Callable[[Array], Array]
    slope: Callable[[Array], Array]
    falls: bool = False  # whether the natural scale runs against the working scale


def predict(
    fit: FlexibleSurvivalResults, newdata: Any, kind: str, at: ArrayLike | None, reference: Any, alpha: float
) -> pd.DataFrame:
    """Predict; see :meth:`FlexibleSurvivalResults.predict`."""
    check_choice("kind", kind, KINDS, "predict()")
    critical = normal_quantile(alpha)
    rows = covariate_rows(fit, newdata)
    if kind == "link":
        return _link_frame(fit, rows, critical)
    points, column = _points(kind, at)
    wide = rows.repeat(len(points))
    grid = np.tile(points, len(rows.index))
    if kind == "hazard_ratio":
        base = _reference_rows(fit, reference, len(rows.index)).repeat(len(points))
        parts = [(wide, *_log_hazard(grid, wide)), (base, *_log_hazard(grid, base))]
        jacobian = parts[0][0].jacobian(parts[0][2]) - parts[1][0].jacobian(parts[1][2])
        quantity = Quantity(parts[0][1] - parts[1][1], jacobian, np.exp, np.exp)
    else:
        quantity = _QUANTITIES[kind](grid, wide)
        jacobian = wide.jacobian(quantity.grad)
    frame = _intervals(quantity, jacobian, fit.covariance.to_numpy(), critical)
    frame.insert(0, "row", wide.index)
    if column:
        frame.insert(1, column, grid)
    return frame


def covariate_rows(fit: FlexibleSurvivalResults, newdata: Any) -> Rows:
    """Build the linear predictors for new rows; the training rows for None."""
    data = _prediction_data(fit, newdata)
    theta = fit.params.to_numpy()
    eta = np.empty((len(data), 5))
    matrices: list[Array | None] = []
    position = 0
    for j, parameter in enumerate(PARAMETERS):
        spec = fit.design_specs.get(parameter)
        if spec is None:
            eta[:, j] = fit.specification.fixed.get(parameter, 0.0)
            matrices.append(None)
            continue
        matrix, offset = spec.rebuild(data)
        width = matrix.shape[1]
        eta[:, j] = matrix @ theta[position : position + width] + offset
        position += width
        matrices.append(matrix)
    return Rows(data.index, eta, CURE_KINDS.index(fit.specification.cure_kind), tuple(matrices))


def _prediction_data(fit: FlexibleSurvivalResults, newdata: Any) -> pd.DataFrame:
    variables = {name for spec in fit.design_specs.values() for name in spec.part.variables}
    if newdata is not None:
        return as_pandas(newdata)
    if not variables:
        return pd.DataFrame(index=pd.RangeIndex(1))
    if fit.sample is None:
        raise DataError(
            "predict: this result was loaded without its data; give `newdata`, or fit with keep_data=True."
        )
    return fit.sample.frame.data


def _points(kind: str, at: ArrayLike | None) -> tuple[Array, str | None]:
    if kind == "cure_fraction":
        return np.array([np.nan]), None
    if kind == "median":
        return np.array([0.5]), None
    if at is None:
        what = (
            "probabilities, such as at=[0.25, 0.5]" if kind == "quantile" else "times, such as at=[1, 2, 5]"
        )
        raise DataError(f'predict: kind="{kind}" needs `at`: {what}.')
    points = numeric_array(np.atleast_1d(np.asarray(at)), "at", "predict()")
    if not len(points) or np.isnan(points).any():
        raise DataError("predict: `at` is empty or holds missing values.")
    if kind == "quantile":
        if np.any((points <= 0.0) | (points >= 1.0)):
            raise DataError("predict: `at` holds a probability outside 0 and 1.")
        return points, "probability"
    lowest_allowed = 0.0 if kind in ("survival", "cumulative_hazard") else np.nextafter(0.0, 1.0)
    if np.any(points < lowest_allowed) or np.isinf(points).any():
        raise DataError(f'predict: `at` holds times that are {"negative" if lowest_allowed == 0.0 else "not positive"} '
                        f'or infinite; kind="{kind}" is defined for finite times from 0 on.')  # fmt: skip
    return points, "time"


def _reference_rows(fit: FlexibleSurvivalResults, reference: Any, m: int) -> Rows:
    if reference is None:
        raise DataError(
            'predict: kind="hazard_ratio" needs `reference`, a frame with the covariates to divide by.'
        )
    rows = covariate_rows(fit, reference)
    if len(rows.index) == m:
        return rows
    if len(rows.index) == 1:
        return rows.repeat(m)
    raise DataError(f"predict: `reference` has {len(rows.index)} rows; give one, or {m} as in newdata.")


def _cumulative(times: Array, rows: Rows) -> tuple[Array, Array]:
    """H and its gradient in the linear predictors."""
    from statmodels_x.survival.kernels import cumulative_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    with np.errstate(divide="ignore"):
        cumulative_hazard_terms(np.log(times), rows.eta, rows.cure, value, grad)
    return value, grad


def _log_hazard(times: Array, rows: Rows) -> tuple[Array, Array]:
    """Log hazard and its gradient in the linear predictors."""
    from statmodels_x.survival.kernels import log_hazard_terms

    value, grad = np.empty(len(times)), np.empty((len(times), 5))
    log_hazard_terms(np.log(times), rows.eta, rows.cure, value, grad)
    return value, grad


def _over(grad: Array, value: Array) -> Array:
    """Gradient of a logarithm; 0 where the value is 0 for certain, as H is at time 0."""
    return np.divide(grad, value[:, None], out=np.zeros_like(grad), where=value[:, None] > 0.0)


def _log_of(value: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.log(value)


def _survival(times: Array, rows: Rows) -> Quantity:
    value, grad = _cumulative(times, rows)
    return Quantity(
        _log_of(value),
        _over(grad, value),
        lambda w: np.exp(-np.exp(w)),
        lambda w: np.exp(w - np.exp(w)),
        True,
    )


def _cumulative_hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = _cumulative(times, rows)
    return Quantity(_log_of(value), _over(grad, value), np.exp, np.exp)


def _hazard(times: Array, rows: Rows) -> Quantity:
    value, grad = _log_hazard(times, rows)
    return Quantity(value, grad, np.exp, np.exp)


def _density(times: Array, rows: Rows) -> Quantity:
    (log_h, log_h_grad), (h, h_grad) = _log_hazard(times, rows), _cumulative(times, rows)
    return Quantity(log_h - h, log_h_grad - h_grad, np.exp, np.exp)


def _quantile(probabilities: Array, rows: Rows) -> Quantity:
    """Log time, with the gradient from H(t) = constant: d log t = - dH / (t h)."""
    times = rows.law.ppf(_among_uncured(probabilities, rows))
    reached = np.isfinite(times)
    safe = np.where(reached, times, 1.0)
    _, h_grad = _cumulative(safe, rows)
    log_h, _ = _log_hazard(safe, rows)
    grad = -h_grad / np.exp(np.log(safe) + log_h)[:, None]
    grad[~reached] = np.nan
    return Quantity(np.log(times), grad, np.exp, np.exp)


def _among_uncured(probabilities: Array, rows: Rows) -> Array:
    """Share of the uncured that has had the event when that share of all has; 1 where it never comes to it."""
    c = rows.eta[:, 4]
    if rows.cure == 0:
        return probabilities
    mixture = rows.cure == 1
    share = probabilities * (1.0 + np.exp(c)) if mixture else -np.log1p(-probabilities) * np.exp(-c)
    return np.minimum(share, 1.0)


def _median(_: Array, rows: Rows) -> Quantity:
    return _quantile(np.full(len(rows.index), 0.5), rows)


def _cure_fraction(_: Array, rows: Rows) -> Quantity:
    """Logit of p (mixture), log of -log p = c (promotion), or the plateau of a law with kappa < 0.

    The last is log of -log p = beta + nu - log(-kappa) where kappa < 0; p is 0 and has no error otherwise.
    """
    _, beta, _, nu, c = rows.eta.T
    if rows.cure:
        unit = np.zeros(rows.eta.shape)
        unit[:, 4] = 1.0
        if rows.cure == 1:
            return Quantity(c, unit, expit, lambda w: expit(w) * expit(-w))
        return Quantity(c, unit, lambda w: np.exp(-np.exp(w)), lambda w: np.exp(w - np.exp(w)), True)
    kappa = np.expm1(nu)
    cured = kappa < 0.0
    below = np.where(cured, kappa, -1.0)
    grad = np.zeros(rows.eta.shape)
    grad[:, 1] = 1.0
    grad[:, 3] = 1.0 - (below + 1.0) / below  # d log(-kappa)/d nu = (kappa + 1)/kappa
    grad[~cured] = np.nan
    value = np.where(cured, beta + nu - np.log(-below), np.inf)
    return Quantity(value, grad, lambda w: np.exp(-np.exp(w)), lambda w: np.exp(w - np.exp(w)), True)


_QUANTITIES: Mapping[str, Callable[[Array, Rows], Quantity]] = {
    "survival": _survival,
    "cumulative_hazard": _cumulative_hazard,
    "hazard": _hazard,
    "density": _density,
    "quantile": _quantile,
    "median": _median,
    "cure_fraction": _cure_fraction,
}


def _intervals(quantity: Quantity, jacobian: Array, covariance: Array, critical: float) -> pd.DataFrame:
    error = _errors(jacobian, covariance)
    value = quantity.value
    with np.errstate(over="ignore", invalid="ignore"):
        estimate = quantity.natural(value)
        bounds = [quantity.natural(value - critical * error), quantity.natural(value + critical * error)]
        natural_error = np.where(error == 0.0, 0.0, np.abs(quantity.slope(value)) * error)
    lower, upper = bounds[::-1] if quantity.falls else bounds
    return pd.DataFrame({"estimate": estimate, "std_error": natural_error, "lower": lower, "upper": upper})


def _errors(jacobian: Array, covariance: Array) -> Array:
    """Compute standard errors of linear forms; a parameter without a variance matters only where used."""
    unknown = np.isnan(np.diag(covariance))
    usable = np.where(np.isnan(covariance), 0.0, covariance)
    variance = np.einsum("ij,jk,ik->i", jacobian, usable, jacobian)
    touched = (jacobian[:, unknown] != 0.0).any(axis=1) if unknown.any() else np.zeros(len(jacobian), bool)
    return np.sqrt(np.where(touched, np.nan, np.maximum(variance, 0.0)))


def _link_frame(fit: FlexibleSurvivalResults, rows: Rows, critical: float) -> pd.DataFrame:
    frames = []
    for j, parameter in enumerate(PARAMETERS):
        if rows.matrices[j] is None:
            continue
        grad = np.zeros(rows.eta.shape)
        grad[:, j] = 1.0
        error = _errors(rows.jacobian(grad), fit.covariance.to_numpy())
        value = rows.eta[:, j]
        frames.append(
            pd.DataFrame(
                {
                    "row": rows.index,
                    "parameter": parameter,
                    "estimate": value,
                    "std_error": error,
                    "lower": value - critical * error,
                    "upper": value + critical * error,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
