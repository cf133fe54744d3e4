"""Families of survival models as values: what ``distribution=`` takes, built in or a user's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice

BaselineFunction = Callable[..., Array]

SHAPE_LINKS = ("log", "log1p", "identity")

_STEP = 2e-3  # of the numerical derivatives: five points balance the truncation against the rounding at it
_FIRST = np.array([1.0, -8.0, 0.0, 8.0, -1.0]) / (12.0 * _STEP)
_SECOND = np.array([-1.0, 16.0, -30.0, 16.0, -1.0]) / (12.0 * _STEP**2)
_NEAR_NORMAL = 1e-3  # shape of a generalised gamma below which its functions are interpolated
_FAR = 500.0  # |log z| beyond which no time can lie
_FLAT = 1e-8  # relative rise of H0, far out, below which it has ended
_BISECTIONS = 200
_FUNCTIONS = ("cumulative_hazard", "log_hazard")


@dataclass(frozen=True)
class Family:
    r"""A family of survival models: a baseline distribution, its shape, and the arguments that it fixes.

    Every family has a scale of time :math:`\phi`, a scale of the hazard :math:`\lambda` and a power
    :math:`\gamma`, each of which may depend on covariates, on a baseline cumulative hazard :math:`H_0`:
    :math:`H(t) = \lambda H_0(z)` with :math:`z = (\phi t)^\gamma`. The baseline may have a shape parameter of
    its own, which may depend on covariates too. A location-scale model of log time is a case of it: with
    location :math:`\mu` and scale :math:`\sigma`, :math:`\phi = e^{-\mu}` and :math:`\gamma = 1/\sigma`.

    Parameters
    ----------
    name : str
        Shown in summaries.
    cumulative_hazard : callable
        ``H0(z)``, or ``H0(z, shape)`` for a family with a shape; arrays in, an array out. It must rise from 0.
    log_hazard : callable
        Logarithm of the derivative of ``H0`` in z, with the same arguments.
    shape_starts : tuple of float
        Values of the shape from which fits start; empty for a family without a shape.
    shape_link : {"log", "log1p", "identity"}
        Scale on which the shape is linear in covariates.
    shape_limits : tuple of float
        Smallest and largest value of the shape that a fit may try.
    fixed : dict
        Values of the arguments of :class:`~statmodels_x.FlexibleSurvival` (``scale``, ``other_scale``,
        ``power``, ``shape``) that the family stands for.
    has_mean : bool
        Whether every member has a finite mean; if not, the mean is reported as NaN.

    Raises
    ------
    DataError
        If the functions, the shape's starts, limits or link cannot be used.

    Notes
    -----
    Derivatives of the baseline are taken numerically, by five-point rules whose error is about 1e-12 for the
    score and 1e-9 for the information of a smooth baseline. The functions must be defined at the top level of
    a module for a fit to be saved.

    Examples
    --------
    A Weibull written by hand, and the fit that the built-in one gives:

    >>> import numpy as np
    >>> import statmodels_x as smx
    >>> own = smx.Family("my Weibull", lambda z: z, lambda z: np.zeros_like(z))
    >>> data = smx.datasets.load_melanoma()
    >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, distribution=own).fit()
    >>> built_in = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data, distribution="weibull").fit()
    >>> bool(abs(fit.llf - built_in.llf) < 1e-9)
    True
    """

    name: str
    cumulative_hazard: BaselineFunction | None = field(repr=False)
    log_hazard: BaselineFunction | None = field(repr=False)
    shape_starts: tuple[float, ...] = ()
    shape_link: str = "log"
    shape_limits: tuple[float, float] = (1e-4, 1e4)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    has_mean: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise DataError(f"Family(): `name` is {self.name!r}; give a text.")
        for what, function in (
            ("cumulative_hazard", self.cumulative_hazard),
            ("log_hazard", self.log_hazard),
        ):
            if not callable(function) and not self.is_compiled:
                raise DataError(f"Family(): `{what}` is {function!r}; give a function of z (and the shape).")
        check_choice("shape_link", self.shape_link, SHAPE_LINKS, "Family()")
        low, high = self.shape_limits
        if not low < high or any(not low <= start <= high for start in self.shape_starts):
            raise DataError(
                f"Family(): `shape_starts` {self.shape_starts} must lie within `shape_limits` {self.shape_limits}."
            )
        unknown = set(self.fixed) - {"scale", "other_scale", "power", "shape"}
        if unknown:
            raise DataError(
                f"Family(): `fixed` holds {sorted(unknown)[0]!r}, which is no argument of a model."
            )
        if not self.is_compiled:
            self._check_functions()

    def _to_file(self) -> dict[str, Any]:
        """Everything but the functions: a file holds no code, and says whose they were."""
        built_in = FAMILIES.get(self.name)
        known = built_in is not None and built_in.cumulative_hazard is self.cumulative_hazard
        functions = "none" if self.is_compiled else "built in" if known else "own"
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__ if name not in _FUNCTIONS}
        return {**kept, "fixed": dict(self.fixed), "functions": functions}

    @classmethod
    def _from_file(cls, state: dict[str, Any], given: Mapping[str, Any]) -> Family:
        functions, name = state.pop("functions"), state["name"]
        if functions == "own":
            own = given.get("family")
            if not isinstance(own, cls) or own._to_file() != {**state, "functions": "own"}:
                raise DataError(
                    f"load: the model was fitted with a family of your own, {name!r}, and a file holds no functions: "
                    "give load(path, family=...) the same family."
                )
            return own
        source = FAMILIES[name if functions == "built in" else "weibull"]  # which has no functions
        return cls(cumulative_hazard=source.cumulative_hazard, log_hazard=source.log_hazard, **state)

    def _check_functions(self) -> None:
        """Try the functions at a few points: their form, and that the hazard is the slope of H0."""
        q = np.array([-2.0, -0.5, 0.3])
        for start in self.shape_starts or (1.0,):
            terms = self.terms(q, np.full(3, self.to_working(start)))
            if not np.isfinite(terms).all():
                raise DataError(f"Family({self.name!r}): H0 or log h0 is not finite at z = 0.1 to 1.3.")
            if np.any(terms[:, 0] <= 0.0) or np.any(terms[:, 1] <= 0.0):
                raise DataError(
                    f"Family({self.name!r}): `cumulative_hazard` must be positive and rise with z."
                )
            if not np.allclose(np.log(terms[:, 1]), terms[:, 6] + q, atol=1e-6):
                raise DataError(
                    f"Family({self.name!r}): `log_hazard` is not the logarithm of the derivative of "
                    "`cumulative_hazard` in z."
                )

    @property
    def is_compiled(self) -> bool:
        """Whether this is a case of the built-in four-parameter family."""
        return self.cumulative_hazard is None and self.log_hazard is None

    @property
    def has_shape(self) -> bool:
        """Whether the baseline has a shape parameter."""
        return self.is_compiled or bool(self.shape_starts)

    def to_working(self, shape: float) -> float:
        """Map a value of the shape to the scale on which it is linear in covariates."""
        if self.shape_link == "identity":
            return float(shape)
        return math.log(shape) if self.shape_link == "log" else math.log1p(shape)

    def to_natural(self, working: Any) -> Any:
        """Map a working value of the shape to its natural value."""
        if self.shape_link == "identity":
            return working
        return np.exp(working) if self.shape_link == "log" else np.expm1(working)

    def _baseline(self, q: Array, nu: Array) -> Array:
        """H0 and log h0 at z = exp(q), shape (2, n)."""
        assert self.cumulative_hazard is not None
        assert self.log_hazard is not None
        z = np.exp(np.clip(q, -_FAR, _FAR))
        arguments = (z, self.to_natural(nu)) if self.shape_starts else (z,)
        with np.errstate(all="ignore"):
            values = [np.asarray(f(*arguments), float) for f in (self.cumulative_hazard, self.log_hazard)]
        for value in values:
            if value.shape != z.shape:
                raise DataError(
                    f"Family({self.name!r}): a function of {z.shape} values of z returned the shape {value.shape}."
                )
        return np.stack(values)

    def terms(self, q: Array, nu: Array) -> Array:
        """H0 and A = log h0 at z = exp(q), each with its derivatives in q and in the working shape.

        Parameters
        ----------
        q, nu : ndarray of shape (n,)

        Returns
        -------
        ndarray of shape (n, 12)
            H0, H0_q, H0_nu, H0_qq, H0_qnu, H0_nunu, then the same for A.
        """
        steps = _STEP * np.arange(-2, 3)
        if not self.shape_starts:
            values = np.stack([self._baseline(q + step, nu) for step in steps])  # (5, 2, n)
            zero = np.zeros_like(values[2])
            found = [values[2], _rule(_FIRST, values), zero, _rule(_SECOND, values), zero, zero]
        else:
            grid = np.stack(
                [np.stack([self._baseline(q + a, nu + b) for b in steps]) for a in steps]
            )  # (5, 5, 2, n)
            across = _rule(_FIRST, grid)  # derivative in q at each step of nu
            found = [
                grid[2, 2],
                across[2],
                _rule(_FIRST, grid[2]),
                _rule(_SECOND, grid[:, 2]),
                _rule(_FIRST, across),
                _rule(_SECOND, grid[2]),
            ]
        return np.ascontiguousarray(np.concatenate([np.stack(found)[:, k] for k in range(2)]).T)

    def plateau(self, nu: Array) -> tuple[NDArray[np.bool_], Array, Array]:
        """Where H0 stays bounded, so that some never have the event: log H0 at infinity, its derivative in nu.

        H0 counts as bounded where it does not rise from z = exp(499) to exp(500).

        Returns
        -------
        bounded : ndarray of shape (n,)
        log_h0, slope : ndarrays of shape (n,)
            0 where H0 is not bounded.
        """
        far = np.full(len(nu), _FAR)
        last, before = self._baseline(far, nu)[0], self._baseline(far - 1.0, nu)[0]
        bounded = np.isfinite(last) & (last < (1.0 + _FLAT) * before)
        log_h0, slope = np.zeros(len(nu)), np.zeros(len(nu))
        if bounded.any():
            terms = self.terms(far[bounded] - 1.0, nu[bounded])
            log_h0[bounded], slope[bounded] = np.log(terms[:, 0]), terms[:, 2] / terms[:, 0]
        return bounded, log_h0, slope

    def log_z_at(self, cumulative: Array, nu: Array) -> Array:
        """Return log z at which H0 reaches a value, by bisection; infinite if it never does."""
        low, high = np.full(len(cumulative), -_FAR), np.full(len(cumulative), _FAR)
        reached = self._baseline(high, nu)[0] >= cumulative
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            below = self._baseline(middle, nu)[0] < cumulative
            low, high = np.where(below, middle, low), np.where(below, high, middle)
            if np.all(high - low <= 1e-15 * np.maximum(1.0, np.abs(low))):
                break
        return np.where(reached, 0.5 * (low + high), np.inf)


def _rule(weights: Array, values: Array) -> Array:
    """Weighted sum over the first axis, leaving out what has no weight: it may be infinite."""
    used = np.flatnonzero(weights)
    return np.tensordot(weights[used], values[used], axes=1)


def _lognormal_cumulative(z: Array) -> Array:
    return -special.log_ndtr(-np.log(z))


def _lognormal_log_hazard(z: Array) -> Array:
    w = np.log(z)
    return -0.5 * w * w - 0.5 * math.log(2.0 * math.pi) - special.log_ndtr(-w) - w


def _gengamma_cumulative(z: Array, shape: Array) -> Array:
    """Prentice's generalised gamma, -log of an incomplete gamma function of Q^-2 exp(Q log z); lognormal at Q = 0.

    Next to Q = 0, where the incomplete gamma function loses its digits, a parabola through Q = 0 and the ends.
    """
    w, end = np.log(z), np.full_like(z, _NEAR_NORMAL)
    near = np.abs(shape) < _NEAR_NORMAL
    direct = _incomplete_gamma(w, np.where(near, end, shape))
    if not near.any():
        return direct
    low, middle, high = _incomplete_gamma(w, -end), _lognormal_cumulative(z), _incomplete_gamma(w, end)
    x = shape / _NEAR_NORMAL
    parabola = middle + 0.5 * x * (high - low) + 0.5 * x * x * (high + low - 2.0 * middle)
    return np.where(near, parabola, direct)


def _incomplete_gamma(w: Array, shape: Array) -> Array:
    a = 1.0 / (shape * shape)
    u = a * np.exp(shape * w)
    below, above = special.gammainc(a, u), special.gammaincc(a, u)
    alive, dead = np.where(shape > 0.0, above, below), np.where(shape > 0.0, below, above)
    return np.where(dead < 0.5, -np.log1p(-dead), -np.log(alive))


def _gengamma_log_hazard(z: Array, shape: Array) -> Array:
    w = np.log(z)
    square, x = shape * shape, shape * w
    a = 1.0 / np.maximum(square, _NEAR_NORMAL**2)
    # a (exp(x) - 1 - x) without cancellation, and Stirling's remainder of log Gamma(a)
    series = w * w * (0.5 + x * (1 / 6 + x * (1 / 24 + x * (1 / 120 + x * (1 / 720 + x / 5040)))))
    bend = np.where((np.abs(x) < 1e-2) | (square < _NEAR_NORMAL**2), series, a * (np.expm1(x) - x))
    far = square / 12.0 - square**3 / 360.0
    log_density = -0.5 * math.log(2.0 * math.pi) - np.where(square < 1e-3, far, _stirling(a)) - bend
    return log_density + _gengamma_cumulative(z, shape) - w


def _stirling(a: Array) -> Array:
    """Stirling's remainder of log Gamma(a), without the cancellation of log Gamma(a) less its approximation.

    That would leave an error of 1e-14 that all rows share, and numerical second derivatives multiply it by a million.
    """
    x = a + 10.0
    y = 1.0 / (x * x)
    value = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y * (1 / 1188 - y * 691 / 360360))))) / x
    for k in range(10):
        value += (a + k + 0.5) * np.log1p(1.0 / (a + k)) - 1.0
    return value


def _case(name: str, **fixed: Any) -> Family:
    """Return a case of the built-in four-parameter family, whose likelihood is compiled."""
    return Family(name, None, None, (-0.5, 0.0, 1.0), "log1p", (-1.0 + 1e-12, math.inf), fixed)


_BUILT_IN = (
    _case("apgw"),
    _case("exponential", other_scale=1.0, power=1.0, shape=1.0),
    _case("weibull", other_scale="anchor", shape=1.0),
    _case("loglogistic", scale="aft", other_scale=1.0, shape=0.0),
    _case("burr12", other_scale="~ 1", shape=0.0),
    _case("gompertz", scale="ph", other_scale="~ 1", power=1.0, shape=math.inf),
    Family(
        "lognormal",
        _lognormal_cumulative,
        _lognormal_log_hazard,
        fixed={"scale": "aft", "other_scale": 1.0},
    ),
    Family(
        "gengamma",
        _gengamma_cumulative,
        _gengamma_log_hazard,
        (-0.5, 0.3, 1.0),
        "identity",
        (-12.0, 12.0),
        {"scale": "aft", "other_scale": 1.0},
        has_mean=False,
    ),
)
FAMILIES: Mapping[str, Family] = {family.name: family for family in _BUILT_IN}
"""What ``distribution="name"`` stands for."""
