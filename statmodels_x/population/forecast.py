"""Forecasts against what came later: hold-out and rolling origins, with the last value as the yardstick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.core.findings import quiet
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import numeric_array
from statmodels_x.population.inference.totals import totals_at
from statmodels_x.population.lotka_volterra import LotkaVolterra
from statmodels_x.population.model import LeslieInteraction
from statmodels_x.population.sample import Sample

LAST_VALUE = "last value"


def forecast_errors(
    models: Mapping[str, Any],
    origins: float | Sequence[float],
    horizon: float | None = None,
    fit: Mapping[str, Any] | None = None,
    detail: bool = False,
) -> pd.DataFrame:
    """Fit models up to one or more origins, and compare their forecasts with the later counts.

    The last observed value carried forward is added as a model of its own, named "last value".

    Parameters
    ----------
    models : mapping of str to LeslieInteraction or LotkaVolterra
        Models of the same counts, not yet fitted.
    origins : float or sequence of float
        Last times that a fit may see. One origin gives a hold-out, several give rolling origins.
    horizon : float, optional
        Length of time after the origin over which a forecast is judged. The default is to the end of the data.
    fit : mapping, optional
        Arguments of ``fit()``, such as ``{"initial": 20}``, for all models, or a mapping from the names of the
        models to such arguments.
    detail : bool
        Whether to return every forecast instead of the errors.

    Returns
    -------
    DataFrame
        One row per model and species, with the following columns.

        - ``rmse``, ``mae``, ``bias``: root mean squared error, mean absolute error, and mean of forecast minus
          count.
        - ``n``: number of forecasts.
        - ``failed``: number of origins at which the fit was refused or its course is not finite.
        - ``ended``: number of courses that fell to 0 within the horizon. They are forecast as 0 from there on.
        - ``ended_wrongly``: how many of these had a positive count afterwards.
        - ``missed``: number of series that end at 0 where the course does not.
        - ``warned``: number of warnings of the fits, which are not shown.
        - ``relative_rmse``: ``rmse`` divided by that of the last value carried forward.

        With ``detail``, one row per forecast, with ``model``, ``origin``, ``culture``, ``time``, ``species``,
        ``count``, ``forecast`` and ``warned``.

    Raises
    ------
    DataError
        If the models are not of the same counts, or if an origin leaves too little before it or nothing after it.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_paramecium()
    >>> formula = "aurelia_mixed + caudatum_mixed ~ day"
    >>> models = {"Lotka-Volterra": smx.LotkaVolterra(formula, data)}
    >>> table = smx.forecast_errors(models, 17, fit={"n_starts": 20})
    >>> table.loc["last value", "rmse"].round(0).tolist()
    [24.0, 13.0]
    """
    sample = _common_sample(models)
    cuts = np.unique(numeric_array(np.atleast_1d(origins), "origins", "forecast_errors()"))
    reach = np.inf if horizon is None else float(horizon)
    if not reach > 0.0:
        raise DataError(f"forecast_errors(): `horizon` is {horizon!r}; give a positive length of time.")
    rows: list[pd.DataFrame] = []
    for origin in cuts:
        seen = sample.time <= origin
        later = ~seen & (sample.time <= origin + reach)
        _check_split(sample, seen, later, float(origin))
        train = sample.take(seen)
        for name, model in models.items():
            settings = fit.get(name, {}) if fit and set(fit) & set(models) else (fit or {})
            rows.append(_forecast(name, model, train, sample, later, float(origin), settings))
        rows.append(_long(LAST_VALUE, sample, later, float(origin), _last_values(sample, seen, later)))
    table = pd.concat(rows, ignore_index=True)
    return table if detail else _errors(table)


def _common_sample(models: Mapping[str, Any]) -> Sample:
    if not isinstance(models, Mapping) or not models:
        raise DataError("forecast_errors(): `models` must map names to models.")
    if LAST_VALUE in models:
        raise DataError(f"forecast_errors(): {LAST_VALUE!r} is added by itself; choose another name.")
    samples: list[Sample] = []
    for name, model in models.items():
        if not isinstance(model, LeslieInteraction | LotkaVolterra):
            raise DataError(
                f"forecast_errors(): {name!r} is no LeslieInteraction or LotkaVolterra that is not yet fitted."
            )
        samples.append(model.sample)
    first = samples[0]
    for name, other in zip(models, samples, strict=True):
        same = other.counts.shape == first.counts.shape and other.species == first.species
        if (
            not same
            or not np.array_equal(other.counts, first.counts, equal_nan=True)
            or np.any(other.time != first.time)
        ):
            raise DataError(
                f"forecast_errors(): {name!r} is a model of other counts; errors compare only on the same ones."
            )
    return first


def _check_split(sample: Sample, seen: NDArray[np.bool_], later: NDArray[np.bool_], origin: float) -> None:
    if not later.any():
        raise DataError(
            f"forecast_errors(): no count lies after the origin {origin:.10g} and within the horizon."
        )
    for c, label in enumerate(sample.cultures):
        if np.sum(seen & (sample.culture == c)) < 3:
            where = f" of culture {label!r}" if sample.culture_name else ""
            raise DataError(f"forecast_errors(): fewer than 3 times{where} lie up to the origin {origin:g}.")


def _forecast(
    name: str,
    model: Any,
    train: Sample,
    sample: Sample,
    later: NDArray[np.bool_],
    origin: float,
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    mean, warned = np.full((int(later.sum()), sample.counts.shape[1]), np.nan), 0
    try:
        with quiet():
            fitted = _with_sample(model, train).fit(**settings)
        warned = sum(finding.category is not None for finding in fitted.findings)
        mean = totals_at(fitted, sample.culture[later], sample.time[later])[0]
    except DataError:
        raise
    except StatmodelsXError:
        pass
    mean[~np.isfinite(mean)] = np.nan  # a course without end is a fit that failed
    return _long(name, sample, later, origin, mean, warned)


def _with_sample(model: Any, sample: Sample) -> Any:
    """Return the same model for other counts."""
    other = copy(model)
    other.sample = sample
    return other


def _last_values(sample: Sample, seen: NDArray[np.bool_], later: NDArray[np.bool_]) -> Array:
    values = np.full_like(sample.counts, np.nan)
    for c in range(len(sample.cultures)):
        for s in range(values.shape[1]):
            known = seen & (sample.culture == c) & ~np.isnan(sample.counts[:, s])
            if known.any():
                values[sample.culture == c, s] = sample.counts[known, s][-1]
    return values[later]


def _long(
    name: str, sample: Sample, later: NDArray[np.bool_], origin: float, mean: Array, warned: int = 0
) -> pd.DataFrame:
    labels = np.array(sample.cultures, object)[sample.culture[later]]
    parts = [
        pd.DataFrame(
            {
                "model": name, "origin": origin, "culture": labels, "time": sample.time[later], "species": species,
                "count": sample.counts[later, s], "forecast": mean[:, s], "warned": warned,
            }
        )
        for s, species in enumerate(sample.species)
    ]  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    return table[table["count"].notna()]


def _errors(table: pd.DataFrame) -> pd.DataFrame:
    error = table["forecast"] - table["count"]
    work = table.assign(error=error, square=error**2, size=error.abs(), missing=error.isna())
    groups = work.groupby(["model", "species"], sort=False)
    result = pd.DataFrame(
        {
            "rmse": np.sqrt(groups["square"].mean()),
            "mae": groups["size"].mean(),
            "bias": groups["error"].mean(),
            "n": groups["error"].count(),
            "failed": work[work["missing"]].groupby(["model", "species"])["origin"].nunique().reindex(
                groups.size().index, fill_value=0
            ),
        }
    )  # fmt: skip
    result[["ended", "ended_wrongly", "missed"]] = _ends(work).reindex(result.index)
    result["warned"] = groups[["origin", "warned"]].apply(
        lambda part: int(part.groupby("origin")["warned"].first().sum())
    )
    yardstick = result.loc[LAST_VALUE, "rmse"].reindex(result.index.get_level_values("species")).to_numpy()
    result["relative_rmse"] = result["rmse"] / yardstick
    return result


def _ends(work: pd.DataFrame) -> pd.DataFrame:
    """Courses that ended, wrongly or not, and ends that were missed, by model and species."""
    one = work.sort_values("time").groupby(["model", "species", "origin", "culture"], sort=False)
    rows = pd.DataFrame(
        {
            "ended": one["forecast"].apply(lambda f: bool((f <= 0.0).any())),
            "ended_wrongly": one[["forecast", "count"]].apply(
                lambda part: bool(((part["forecast"] <= 0.0) & (part["count"] > 0.0)).any())
            ),
            "missed": one[["forecast", "count"]].apply(
                lambda part: bool(part["count"].iloc[-1] <= 0.0 and part["forecast"].iloc[-1] > 0.0)
            ),
        }
    )
    return rows.groupby(["model", "species"], sort=False).sum()
