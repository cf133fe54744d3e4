"""One engine for every prediction: covariates and times in, a tidy frame with errors and intervals out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.errors import DataError
from statmodels_x.core.resampling import percentile_limits
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_choice, check_count, check_number, numeric_array
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.inference.intensities import Intensities, intensities
from statmodels_x.multistate.inference.next_state import next_state
from statmodels_x.multistate.inference.paths import From
from statmodels_x.multistate.inference.quantities import (
    CONTRASTS,
    TIME_KINDS,
    Asked,
    Labels,
    checked_worth,
    contrast,
)
from statmodels_x.multistate.inference.scales import Scaled

KINDS = (*TIME_KINDS, "next_state", *CONTRASTS)
_POSITIVE = ("hazard",)


@dataclass(frozen=True)
class Options:
    """How predictions are made.

    Attributes
    ----------
    start : str or None
    given, entered : object
        Times at which the start state is known to hold, and was entered.
    discount : float
    values : object
        Worth of the states.
    alpha : float
    method : {"delta", "simulation"}
    n_draws, seed : int
    """

    start: Any = None
    given: Any = 0.0
    entered: Any = None
    discount: float = 0.0
    values: Any = None
    alpha: float = 0.05
    method: str = "delta"
    n_draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        check_choice("method", self.method, ("delta", "simulation"), "predict()")
        check_alpha(self.alpha)
        check_count("n_draws", self.n_draws, 100)
        check_count("seed", self.seed, 0)
        check_number("discount", self.discount, low=0.0, high=10.0, closed=True)


def predict(
    fit: MultiStateFitted,
    newdata: Any,
    kind: str = "occupancy",
    at: ArrayLike | None = None,
    reference: Any = None,
    options: Options = Options(),
) -> pd.DataFrame:
    """Predict; see :meth:`MultiStateResults.predict`."""
    check_choice("kind", kind, KINDS, "predict()")
    _check_arguments(kind, at, reference, options)
    hazards = intensities(fit, newdata)
    m = len(hazards.index)
    origin = starting_point(fit, kind, options, m)
    if kind == "next_state":
        return _next_frame(fit, hazards, origin, options)
    base, _, how = kind.rpartition("_") if kind in CONTRASTS else (kind, "", "")
    times = checked_times(base, at)
    if np.any(times[:, None] < origin.given) and base != "hazard":
        raise DataError("predict: `at` holds times before `given`.")
    k = len(times)
    worth = checked_worth(fit.states, options.values) if base == "value" else None
    asked = Asked(origin, np.repeat(np.arange(m), k), np.tile(times, m), options.discount, worth)
    other = _reference(fit, reference, kind, m) if how else None

    def quantities(theta: Array | None = None) -> list[tuple[Labels, Scaled]]:
        here = hazards if theta is None else hazards.under(theta)
        if other is None:
            return TIME_KINDS[base](here, asked)
        there = other if theta is None else other.under(theta)
        return list(contrast(TIME_KINDS[base], how, (here, there), asked))

    frames = frames_of(fit, quantities, options)
    for frame in frames:
        frame.insert(0, "row", hazards.index[asked.places])
        frame.insert(1, "time", asked.times)
        frame["extrapolated"] = asked.times > fit.facts.last_time
    return interleaved(frames)


def frames_of(fit: MultiStateFitted, quantities: Any, options: Options) -> list[pd.DataFrame]:
    """One frame for each labelled quantity."""
    covariance = fit.covariance.to_numpy()
    critical = fit.reference.quantile(options.alpha)
    found = quantities()
    frames = [scaled.frame(covariance, critical) for _, scaled in found]
    if options.method == "simulation":
        draws = draw_coefficients(fit, options.n_draws, options.seed)
        drawn = [[scaled.values.value for _, scaled in quantities(theta)] for theta in draws]
        for k, frame in enumerate(frames):
            values = np.stack([one[k] for one in drawn])
            limits = percentile_limits(values, options.alpha)
            frame["std_error"] = values.std(axis=0, ddof=1)
            frame["lower"], frame["upper"] = limits[0], limits[1]
    for (labels, _), frame in zip(found, frames, strict=True):
        for place, (name, label) in enumerate(labels.items()):
            frame.insert(place, name, label)
    return frames


def interleaved(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Frames of the same rows -> one, with what belongs to a row and a time together."""
    joined = pd.concat(frames, ignore_index=True)
    size, count = len(frames[0]), len(frames)
    return joined.iloc[np.arange(size * count).reshape(count, size).T.ravel()].reset_index(drop=True)


def _next_frame(fit: MultiStateFitted, hazards: Intensities, origin: From, options: Options) -> pd.DataFrame:
    def quantities(theta: Array | None = None) -> list[tuple[Labels, Scaled]]:
        here = hazards if theta is None else hazards.under(theta)
        return next_state(here, origin, fit.facts.last_time)

    frames = frames_of(fit, quantities, options)
    for frame in frames:
        frame.insert(0, "row", hazards.index)
    return interleaved(frames)


def draw_coefficients(fit: MultiStateFitted, n: int, seed: int | np.random.Generator) -> Array:
    """Draw from the estimated normal distribution of the estimates, shape (n, p).

    Raises
    ------
    DataError
        If a standard error is missing; the transition is named.
    """
    lost = fit.bse.isna()
    if lost.any():
        name = fit.coefficients.index[lost.to_numpy()][0][0]
        raise DataError(f"draws: parameters of {name!r} have no standard error; see `warnings`.")
    rng = np.random.default_rng(seed)
    drawn = rng.multivariate_normal(
        fit.coefficients.to_numpy(), fit.covariance.to_numpy(), size=n, method="eigh"
    )
    return np.asarray(drawn)


def _check_arguments(kind: str, at: Any, reference: Any, options: Options) -> None:
    base = kind.rpartition("_")[0] if kind in CONTRASTS else kind
    if reference is not None and kind not in CONTRASTS:
        raise DataError(f'predict: `reference` belongs to differences and ratios, not to kind="{kind}".')
    if kind == "next_state" and at is not None:
        raise DataError('predict: kind="next_state" is about all times; leave `at` out.')
    if options.values is not None and base != "value":
        raise DataError(f'predict: `values` belongs to kind="value", not to "{kind}".')
    if options.discount and base not in ("stay", "value"):
        raise DataError(f'predict: `discount` belongs to kind="stay" and "value", not to "{kind}".')
    if kind == "transition" and options.start is not None:
        raise DataError('predict: kind="transition" starts from every state; leave `start` out.')


def checked_times(kind: str, at: ArrayLike | None) -> Array:
    """Check the times of a prediction."""
    if at is None:
        raise DataError(f'predict: kind="{kind}" needs `at`: times, such as at=[1, 2, 5].')
    times = numeric_array(np.atleast_1d(np.asarray(at)), "at", "predict()")
    if not len(times) or not np.isfinite(times).all() or np.any(times < 0.0):
        raise DataError("predict: `at` must hold finite times of 0 or more.")
    if kind in _POSITIVE and np.any(times <= 0.0):
        raise DataError(f'predict: kind="{kind}" needs times above 0.')
    return times


def starting_point(fit: MultiStateFitted, kind: str, options: Options, m: int) -> From:
    """Check from which state, and when, courses start."""
    graph = fit.specification.graph
    state = graph.start if options.start is None else options.start
    if state not in graph.states:
        raise DataError(f"`start` is {state!r}; the states are {', '.join(graph.states)}.")
    if state in graph.absorbing:
        raise DataError(
            f"`start` is {state!r}, which nobody leaves; choose one of {', '.join(graph.transient)}."
        )
    given = _row_times(options.given, "given", m)
    if options.entered is not None:
        entered = _row_times(options.entered, "entered", m)
        if np.any(entered > given):
            raise DataError("`entered` is later than `given`: the state must have been entered by then.")
        return From(state, given, entered)
    needy = [name for name in fit.specification.needs_entry if kind == "transition" or name == state]
    if needy and np.any(given > 0.0):
        raise DataError(
            f"predict: the hazards out of {needy[0]!r} count from its entry: give `entered`, the time at which it was "
            "entered, beside `given`."
        )
    return From(state, given, np.zeros(m))


def _row_times(value: Any, name: str, m: int) -> Array:
    values = numeric_array(np.atleast_1d(np.asarray(value)), name, "predict()")
    if len(values) not in (1, m) or not np.all(np.isfinite(values) & (values >= 0.0)):
        raise DataError(f"predict: `{name}` must hold one time of 0 or more, or one for each of {m} rows.")
    return np.broadcast_to(values, (m,)).copy()


def _reference(fit: MultiStateFitted, reference: Any, kind: str, m: int) -> Intensities:
    if reference is None:
        raise DataError(
            f'predict: kind="{kind}" needs `reference`, a frame with the covariates to compare with.'
        )
    frame = as_pandas(reference)
    if len(frame) not in (1, m):
        raise DataError(f"predict: `reference` has {len(frame)} rows; give one, or {m} as in newdata.")
    return intensities(fit, frame if len(frame) == m else frame.iloc[np.zeros(m, int)])
