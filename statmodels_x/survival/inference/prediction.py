"""One engine for every prediction: newdata and times in, a tidy frame with errors and intervals out.

Intervals are made on a scale without bounds (log cumulative hazard, log hazard, log time) by the delta method, or
by drawing coefficients from their estimated distribution; see ``quantities`` for what can be predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.data.columns import labelled, paired
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError
from statmodels_x.core.resampling import generator
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import (
    check_alpha,
    check_choice,
    check_count,
    check_flag,
    check_seed,
    numeric_array,
)
from statmodels_x.survival.distributions.parameters import CURE_KINDS, PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.quantities import QUANTITIES, Quantity, Rows, difference, ratio

TIME_KINDS = ("survival", "cumulative_hazard", "hazard", "density", "odds", "rmst")
PLAIN_KINDS = ("median", "mean", "cure_fraction")
_CONTRASTED = ("survival", "cumulative_hazard", "hazard", "odds", "rmst", "quantile", *PLAIN_KINDS)
CONTRASTS = tuple(f"{kind}_{how}" for kind in _CONTRASTED for how in ("difference", "ratio"))
KINDS = (*TIME_KINDS, "quantile", *PLAIN_KINDS, *CONTRASTS, "link")
_FROM_ZERO = ("survival", "cumulative_hazard", "odds")


@dataclass(frozen=True)
class Options:
    """How intervals are made.

    Attributes
    ----------
    alpha : float
    method : {"delta", "simulation"}
    n_draws : int
    seed : int
    simultaneous : bool
        Whether the bands of a row cover all its points at once.
    missing : {"error", "nan"}
        What a row without a covariate is: an error, or a prediction of NaN.
    """

    alpha: float = 0.05
    method: str = "delta"
    n_draws: int = 2000
    seed: int = 0
    simultaneous: bool = False
    missing: str = "error"

    def __post_init__(self) -> None:
        check_choice("method", self.method, ("delta", "simulation"), "predict()")
        check_choice("missing", self.missing, ("error", "nan"), "predict()")
        check_alpha(self.alpha)
        check_count("n_draws", self.n_draws, 100)
        check_seed(self.seed)
        if check_flag("simultaneous", self.simultaneous) and self.method == "simulation":
            raise DataError('predict: simultaneous bands are made with method="delta".')


def predict(
    fit: SurvivalFitted,
    newdata: Any,
    kind: str = "survival",
    at: ArrayLike | None = None,
    reference: Any = None,
    given: Any = None,
    options: Options = Options(),
) -> pd.DataFrame:
    """Predict; see :meth:`FlexibleSurvivalResults.predict`."""
    check_choice("kind", kind, KINDS, "predict()")
    if options.missing == "nan" and newdata is not None and kind != "link":
        complete = _complete(fit, newdata)
        if not complete.all():
            return _around_missing(fit, as_pandas(newdata), complete, kind, at, reference, given, options)
    if reference is not None and kind not in CONTRASTS:
        raise DataError(f'predict: `reference` belongs to differences and ratios, not to kind="{kind}".')
    rows = covariate_rows(fit, newdata, given)
    if kind == "link":
        return _link_frame(fit, rows, options.alpha)
    base, _, how = kind.rpartition("_") if kind in CONTRASTS else (kind, "", "")
    values, column = points(base, at)
    k = len(values)
    wide, grid = rows.repeat(k), np.tile(values, len(rows.index))
    other = _reference_rows(fit, reference, rows, kind).repeat(k) if how else None

    def quantity(theta: Array) -> Quantity:
        first = QUANTITIES[base](grid, wide.at(theta))
        if other is None:
            return first
        second = QUANTITIES[base](grid, other.at(theta))
        return difference(first, second) if how == "difference" else ratio(first, second)

    frame = intervals(fit, quantity, options, k)
    frame.insert(0, "row", wide.index)
    if column:
        frame.insert(1, column, grid)
        if column == "time":
            frame["extrapolated"] = grid > fit.facts.last_time
    return frame


def _complete(fit: SurvivalFitted, newdata: Any) -> NDArray[np.bool_]:
    """Whether each row has every covariate."""
    data = as_pandas(newdata)
    used = {name for spec in fit.design_specs.values() for name in spec.part.variables}
    present = [name for name in used if name in data.columns]
    return data[present].notna().to_numpy().all(axis=1)


def _around_missing(
    fit: SurvivalFitted,
    data: pd.DataFrame,
    complete: NDArray[np.bool_],
    kind: str,
    at: ArrayLike | None,
    reference: Any,
    given: Any,
    options: Options,
) -> pd.DataFrame:
    """Predict for the complete rows, and put rows of NaN where the others stand."""
    m = len(data)
    given = labelled(given, data.index, "given")
    if given is not None and np.size(given) == m:
        given = np.asarray(given)[complete]
    if reference is not None and len(as_pandas(reference)) == m and m > 1:
        reference = paired(as_pandas(reference), data.index)[complete]
    rows = np.flatnonzero(complete)
    if not len(rows):
        raise DataError("predict: every row misses a covariate.")
    table = predict(fit, data[complete], kind, at, reference, given, options)
    k = len(table) // len(rows)
    place = np.full(m, 0)
    place[rows] = np.arange(len(rows))
    wide = table.iloc[(np.repeat(place, k) * k) + np.tile(np.arange(k), m)].reset_index(drop=True)
    wide["row"] = data.index.repeat(k)
    wide.loc[np.repeat(~complete, k), ["estimate", "std_error", "lower", "upper"]] = np.nan
    return wide


def covariate_rows(fit: SurvivalFitted, newdata: Any, given: Any = None, inner: bool = True) -> Rows:
    """Build the linear predictors' columns for new rows; the training rows for None.

    With ``inner`` they are the columns that belong to ``fit.theta``, else those that belong to ``fit.params``.
    """
    data = prediction_data(fit, newdata)
    base = np.zeros((len(data), 5))
    matrices: list[Array | None] = []
    first = 0
    for j, parameter in enumerate(PARAMETERS):
        spec = fit.design_specs.get(parameter)
        if spec is None:
            base[:, j] = fit.specification.fixed.get(parameter, 0.0)
            matrices.append(None)
            continue
        matrix, base[:, j] = spec.rebuild(data)
        if inner and fit.inner is not None:
            matrix = fit.inner.columns.inside(matrix, slice(first, first + matrix.shape[1]))
        first += matrix.shape[1]
        matrices.append(matrix)
    cure = CURE_KINDS.index(fit.specification.cure_kind)
    return Rows(
        data.index,
        base,
        tuple(matrices),
        fit.theta if inner else fit.coefficients.to_numpy(),
        cure,
        _survived(labelled(given, data.index, "given"), len(data)),
        fit.specification.own_family,
    )


def _survived(given: Any, m: int) -> Array:
    if given is None:
        return np.zeros(m)
    values = numeric_array(np.atleast_1d(np.asarray(given)), "given", "predict()")
    if len(values) not in (1, m):
        raise DataError(f"predict: `given` has {len(values)} values; give one, or one for each of {m} rows.")
    if not np.all((values >= 0.0) & np.isfinite(values)):
        raise DataError("predict: `given` is the time already survived: finite and not negative.")
    return np.broadcast_to(values, (m,)).copy()


def prediction_data(fit: SurvivalFitted, newdata: Any) -> pd.DataFrame:
    """Return the rows to predict for: new data, or those of the fit."""
    variables = {name for spec in fit.design_specs.values() for name in spec.part.variables}
    if newdata is not None:
        return as_pandas(newdata)
    if not variables:
        return pd.DataFrame(index=pd.RangeIndex(1))
    data: pd.DataFrame = fit.need_sample("a prediction without `newdata`").frame.data
    return data


def points(kind: str, at: ArrayLike | None) -> tuple[Array, str | None]:
    """Check times or probabilities; return them and the name of their column."""
    if kind in PLAIN_KINDS:
        return np.array([np.nan]), None
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
    from_zero = kind in _FROM_ZERO
    if np.any(points < 0.0 if from_zero else points <= 0.0) or np.isinf(points).any():
        raise DataError(
            f"predict: `at` holds times that are {'negative' if from_zero else 'not positive'} or infinite; "
            f'kind="{kind}" is defined for finite times {"from" if from_zero else "above"} 0.'
        )
    return points, "time"


def _reference_rows(fit: SurvivalFitted, reference: Any, rows: Rows, kind: str) -> Rows:
    if reference is None:
        raise DataError(
            f'predict: kind="{kind}" needs `reference`, a frame with the covariates to compare with.'
        )
    m, frame = len(rows.index), as_pandas(reference)
    if len(frame) not in (1, m):
        raise DataError(f"predict: `reference` has {len(frame)} rows; give one, or {m} as in newdata.")
    frame = frame.iloc[np.zeros(m, int)] if len(frame) < m else paired(frame, rows.index)
    return covariate_rows(fit, frame, rows.given)


def draw_coefficients(fit: SurvivalFitted, n: int, seed: int | np.random.Generator) -> pd.DataFrame:
    """Draw from the estimated distribution of the estimates; see :meth:`FlexibleSurvivalResults.sample_params`."""
    draws = _draw(fit, n, seed)
    if fit.inner is not None:
        draws = fit.inner.columns.outer(draws.T).T
    return pd.DataFrame(draws, columns=fit.coefficients.index)


def _draw(fit: SurvivalFitted, n: int, seed: int | np.random.Generator) -> Array:
    if fit.bse.isna().any():
        raise DataError("sample_params: some parameters have no standard error; see `warnings`.")
    n, rng = check_count("n", n, 1), generator(seed)
    return rng.multivariate_normal(fit.theta, fit.theta_covariance, size=n, method="eigh")


def intervals(fit: SurvivalFitted, quantity: Any, options: Options, k: int) -> pd.DataFrame:
    """Estimate, standard error and limits; k points belong to each row."""
    covariance = fit.theta_covariance
    found = quantity(fit.theta)
    if options.method == "simulation":
        draws = _draw(fit, options.n_draws, options.seed)
        values = np.stack([quantity(draw).estimate for draw in draws])
        levels = [options.alpha / 2, 1 - options.alpha / 2]
        lower, upper = np.quantile(values, levels, axis=0, method="inverted_cdf")
        with np.errstate(invalid="ignore"):  # draws can be infinite, as quantiles near a plateau are
            error = values.std(axis=0, ddof=1)
        return pd.DataFrame({"estimate": found.estimate, "std_error": error, "lower": lower, "upper": upper})
    error = _errors(found.jacobian, covariance)
    reference = fit.reference.along(found.jacobian, np.sqrt(np.abs(np.diag(covariance))))
    critical: Any = reference.quantile(options.alpha)
    if options.simultaneous:
        critical = _simultaneous(found.jacobian, error, covariance, k, options)
    with np.errstate(over="ignore", invalid="ignore"):
        bounds = [
            found.natural(found.value - critical * error),
            found.natural(found.value + critical * error),
        ]
        natural_error = np.where(error == 0.0, 0.0, np.abs(found.slope(found.value)) * error)
        natural_error = np.where(np.isnan(found.estimate), np.nan, natural_error)
    lower, upper = bounds[::-1] if found.falls else bounds
    return pd.DataFrame(
        {"estimate": found.estimate, "std_error": natural_error, "lower": lower, "upper": upper}
    )


def _errors(jacobian: Array, covariance: Array) -> Array:
    """Compute standard errors of linear forms; a parameter without a variance matters only where used."""
    unknown = np.isnan(np.diag(covariance))
    usable = np.where(np.isnan(covariance), 0.0, covariance)
    variance = np.einsum("ij,jk,ik->i", jacobian, usable, jacobian)
    touched = (jacobian[:, unknown] != 0.0).any(axis=1) if unknown.any() else np.zeros(len(jacobian), bool)
    return np.sqrt(np.where(touched, np.nan, np.maximum(variance, 0.0)))


def _simultaneous(jacobian: Array, error: Array, covariance: Array, k: int, options: Options) -> Array:
    """Critical value of each row: the quantile of the largest standardised deviation over its points."""
    rng = np.random.default_rng(options.seed)
    usable = np.where(np.isnan(covariance), 0.0, covariance)
    draws = rng.multivariate_normal(np.zeros(len(usable)), usable, size=options.n_draws, method="eigh")
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.where(error[:, None] > 0.0, jacobian / error[:, None], 0.0)
    critical = np.empty(len(error))
    for start in range(0, len(error), k):
        part = slice(start, start + k)
        largest = np.abs(draws @ scaled[part].T).max(axis=1)
        critical[part] = np.quantile(largest, 1.0 - options.alpha)
    return critical


def _link_frame(fit: SurvivalFitted, rows: Rows, alpha: float) -> pd.DataFrame:
    frames = []
    eta = rows.eta
    for j, parameter in enumerate(PARAMETERS):
        if rows.matrices[j] is None:
            continue
        grad = np.zeros(eta.shape)
        grad[:, j] = 1.0
        jacobian = rows.jacobian(grad)
        error = _errors(jacobian, fit.theta_covariance)
        critical = fit.reference.along(jacobian, np.sqrt(np.abs(np.diag(fit.theta_covariance)))).quantile(
            alpha
        )
        value = eta[:, j]
        columns = {"row": rows.index, "parameter": parameter, "estimate": value, "std_error": error}
        limits = {"lower": value - critical * error, "upper": value + critical * error}
        frames.append(pd.DataFrame({**columns, **limits}))
    return pd.concat(frames, ignore_index=True)
