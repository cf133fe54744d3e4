"""Splines of formulas that go on beyond the range of the fit: ``bs()`` with a word, ``ns()`` as straight lines.

Imported with formulaic, by the module that evaluates terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
from formulaic.materializers.types import FactorValues
from formulaic.transforms import TRANSFORMS
from formulaic.utils.stateful_transforms import stateful_transform
from scipy.interpolate import BSpline

from statmodels_x.core.typing import Array

_said: ContextVar[list[str] | None] = ContextVar("said", default=None)


@contextmanager
def listening() -> Iterator[list[str]]:
    """Collect what splines have to say: a warning from within formulaic could not name the user's line."""
    words: list[str] = []
    token = _said.set(words)
    try:
        yield words
    finally:
        _said.reset(token)


@stateful_transform
def b_spline(  # the arguments are formulaic's
    x: Any,
    df: int | None = None,
    knots: Iterable[float] | None = None,
    degree: int = 3,
    include_intercept: bool = False,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    extrapolation: str | None = None,
    _state: dict[str, Any] = {},  # noqa: B006 - always replaced
) -> Any:
    """Columns of a B-spline; beyond its boundary knots the end pieces go on as in R, unless told otherwise."""
    given = {"degree": degree, "include_intercept": include_intercept}
    if extrapolation is not None:
        bounds = {"lower_bound": lower_bound, "upper_bound": upper_bound}
        return TRANSFORMS["bs"](
            x, df=df, knots=knots, extrapolation=extrapolation, _state=_state, **given, **bounds
        )
    values = np.asarray(x, float)
    low = _state.get("lower_bound", _bound(lower_bound, values, np.nanmin))
    high = _state.get("upper_bound", _bound(upper_bound, values, np.nanmax))
    if df is not None and knots is None and "knots" not in _state:
        knots, df = _quantile_knots(values, low, high, df - degree - bool(include_intercept)), None
    _say_beyond(x, values, low, high)
    return TRANSFORMS["bs"](
        x,
        df=df,
        knots=knots,
        extrapolation="extend",
        lower_bound=low,
        upper_bound=high,
        _state=_state,
        **given,
    )


@stateful_transform
def natural_spline(
    x: Any,
    df: int | None = None,
    knots: Iterable[float] | None = None,
    include_intercept: bool = False,
    lower_bound: float | None = None,
    upper_bound: float | None = None,
    _state: dict[str, Any] = {},  # noqa: B006 - always replaced
) -> Any:
    """Columns of a natural cubic spline, straight beyond its boundary knots: those of R's ``ns``."""
    values = np.asarray(x, float)
    if "knots" not in _state:
        if df is not None and knots is not None:
            raise ValueError("ns() takes `df` or `knots`, not both.")
        low, high = _bound(lower_bound, values, np.nanmin), _bound(upper_bound, values, np.nanmax)
        if not low < high:
            raise ValueError("ns() needs at least two different values.")
        inner = [] if knots is None else sorted(map(float, knots))
        if df is not None:
            inner = _quantile_knots(values, low, high, int(df) - 1 - bool(include_intercept))
        if any(not low < knot < high for knot in inner):
            raise ValueError("the knots of ns() must lie between its boundary knots.")
        _state["knots"] = [low, *inner, high]
    columns = _natural_columns(values, _state["knots"], bool(include_intercept))
    return FactorValues(
        dict(enumerate(columns.T, 1)),
        kind="numerical",
        spans_intercept=bool(include_intercept),
        drop_field=1,
        format="{name}[{field}]",
        encoded=False,
    )


def _natural_columns(x: Array, knots: Sequence[float], intercept: bool) -> Array:
    """Evaluate the B-splines whose second derivative is 0 at both ends, rotated as R rotates them."""
    ends = np.array([knots[0], knots[-1]])
    places = np.concatenate([np.repeat(ends[0], 3), knots, np.repeat(ends[1], 3)])
    spline = BSpline(places, np.eye(len(places) - 4), 3)
    basis = spline(np.clip(x, *ends))
    for outside, k in ((x < ends[0], 0), (x > ends[1], 1)):
        if outside.any():
            basis[outside] += (x[outside] - ends[k])[:, None] * spline.derivative(1)(ends[k])
    bends = spline.derivative(2)(ends)
    if not intercept:
        basis, bends = basis[:, 1:], bends[:, 1:]
    rotation = np.linalg.qr(bends.T, mode="complete")[0]
    return np.asarray(basis @ rotation[:, 2:])


def _bound(given: float | None, values: Array, of: Any) -> float:
    return float(of(values)) if given is None else float(given)


def _quantile_knots(values: Array, low: float, high: float, n: int) -> list[float]:
    """Return knots at quantiles of the values between the boundary knots."""
    if n < 0:
        raise ValueError("`df` is smaller than the spline can be.")
    inside = values[(values >= low) & (values <= high)]
    return [float(q) for q in np.quantile(inside, np.linspace(0.0, 1.0, n + 2))[1:-1]]


def _say_beyond(x: Any, values: Array, low: float, high: float) -> None:
    beyond = int(np.count_nonzero((values < low) | (values > high)))
    words = _said.get()
    if beyond and words is not None:
        name = getattr(x, "name", None)
        about = f"column {name!r}" if isinstance(name, str) else "bs()"
        words.append(
            f"{about}: {beyond} of {len(values)} values lie beyond the boundary knots of bs(), {low:g} and {high:g}; "
            "its end pieces are extended there, which can go anywhere (ns() goes on as a straight line)."
        )
