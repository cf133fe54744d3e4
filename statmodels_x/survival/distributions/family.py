"""Families of survival models as values: what ``distribution=`` takes, built in or a user's own."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.survival.distributions import closed_forms
from statmodels_x.survival.distributions.closed_forms import FIRST, SECOND, STEP

BaselineFunction = Callable[..., Array]

SHAPE_LINKS = ("log", "log1p", "identity")

_FAR = 500.0  # |log z| beyond which no time can lie
_FLAT = 1e-8  # relative rise of H0, far out, below which it has ended
_BISECTIONS = 200
_FUNCTIONS = ("cumulative_hazard", "log_hazard")


@dataclass(frozen=True)
class Family:
    r"""A family of survival distributions, defined by its baseline.

    A family has a baseline cumulative hazard :math:`H_0`, a scale of time :math:`\phi`, a scale of the hazard
    :math:`\lambda` and a power :math:`\gamma`. Its cumulative hazard is :math:`H(t) = \lambda H_0(z)` with :math:`z
    = (\phi t)^\gamma`. Each of the three parameters can depend on covariates. The baseline can have a shape
    parameter, which can depend on covariates too. A location-scale model of log time with location :math:`\mu` and
    scale :math:`\sigma` is the special case :math:`\phi = e^{-\mu}` and :math:`\gamma = 1/\sigma`.

    Parameters
    ----------
    name : str
        Name of the family in summaries.
    cumulative_hazard : callable
        ``H0(z)``, or ``H0(z, shape)`` for a family with a shape. It takes arrays and returns an array. It must
        increase from 0.
    log_hazard : callable
        Logarithm of the derivative of ``H0`` with respect to z, with the same arguments.
    shape_starts : tuple of float
        Values of the shape at which fits start. It is empty for a family without a shape.
    shape_link : {"log", "log1p", "identity"}
        Scale on which the shape is linear in covariates.
    shape_limits : tuple of float
        Smallest and largest value of the shape that a fit may try.
    fixed : dict
        Values of the arguments of :class:`~statmodels_x.FlexibleSurvival` (``scale``, ``other_scale``, ``power``,
        ``shape``) that the family stands for.
    has_mean : bool
        Whether every member of the family has a finite mean. If not, the mean is reported as NaN.

    Raises
    ------
    DataError
        If the functions, or the start values, the limits or the link of the shape, cannot be used.

    Notes
    -----
    Derivatives of the baseline are computed numerically, by five-point rules. For a smooth baseline the error is
    about 1e-12 for the score and 1e-9 for the information. The functions must be defined at the top level of a
    module for a fit to be pickled.

    Examples
    --------
    A Weibull family written by hand gives the same fit as the built-in one:

    >>> import numpy as np
    >>> import statmodels_x as smx
    >>> own = smx.Family("my Weibull", lambda z: z, lambda z: np.zeros_like(z))
    >>> data = smx.datasets.load_melanoma()
    >>> formula = "Surv(time, status) ~ treatment"
    >>> fit = smx.FlexibleSurvival(formula, data, distribution=own).fit()
    >>> built_in = smx.FlexibleSurvival(formula, data, distribution="weibull").fit()
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
            nu = np.full(3, self.to_working(start))
            terms = self.terms(q, nu)
            slope = _rule(FIRST, np.stack([self._cumulative(q + k * STEP, nu) for k in range(-2, 3)]))
            if not np.isfinite(terms).all():
                raise DataError(f"Family({self.name!r}): H0 or log h0 is not finite at z = 0.1 to 1.3.")
            if np.any(terms[:, 0] <= 0.0) or np.any(slope <= 0.0):
                raise DataError(
                    f"Family({self.name!r}): `cumulative_hazard` must be positive and rise with z."
                )
            if not np.allclose(np.log(slope), terms[:, 6] + q, atol=1e-6):
                raise DataError(
                    f"Family({self.name!r}): `log_hazard` is not the logarithm of the derivative of "
                    "`cumulative_hazard` in z."
                )

    @property
    def is_compiled(self) -> bool:
        """Whether this is the built-in APGW family or one of its special cases."""
        return self.cumulative_hazard is None and self.log_hazard is None

    @property
    def has_shape(self) -> bool:
        """Whether the baseline has a shape parameter."""
        return self.is_compiled or bool(self.shape_starts)

    def to_working(self, shape: float) -> float:
        """Transform a value of the shape to the scale on which it is linear in covariates.

        Parameters
        ----------
        shape : float
            Value of the shape.

        Returns
        -------
        float
        """
        if self.shape_link == "identity":
            return float(shape)
        return math.log(shape) if self.shape_link == "log" else math.log1p(shape)

    def to_natural(self, working: Any) -> Any:
        """Transform a value of the shape on its working scale to the natural scale.

        Parameters
        ----------
        working : float or ndarray
            Value on the working scale.

        Returns
        -------
        float or ndarray
        """
        if self.shape_link == "identity":
            return working
        return np.exp(working) if self.shape_link == "log" else np.expm1(working)

    def _values(self, function: BaselineFunction | None, q: Array, nu: Array) -> Array:
        """Values of one of the two functions at z = exp(q)."""
        assert function is not None
        z = np.exp(np.clip(q, -_FAR, _FAR))
        with np.errstate(all="ignore"):
            value = np.asarray(function(z, self.to_natural(nu)) if self.shape_starts else function(z), float)
        if value.shape != z.shape:
            raise DataError(
                f"Family({self.name!r}): a function of {z.shape} values of z returned the shape {value.shape}."
            )
        return value

    def _cumulative(self, q: Array, nu: Array) -> Array:
        return self._values(self.cumulative_hazard, q, nu)

    def _log_hazard(self, q: Array, nu: Array) -> Array:
        return self._values(self.log_hazard, q, nu)

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
        exact = next((terms for of, terms in _EXACT_TERMS if of is self.cumulative_hazard), None)
        if exact is not None:
            return exact(np.clip(q, -_FAR, _FAR), nu)
        steps = STEP * np.arange(-2, 3)
        if not self.shape_starts:
            h = self._cumulative(q, nu)
            a = np.stack([self._log_hazard(q + step, nu) for step in steps])
            zero = np.zeros_like(h)
            hazard = [a[2], _rule(FIRST, a), zero, _rule(SECOND, a), zero, zero]
            around = [h, zero, zero]
        else:
            values = np.stack([self._cumulative(q, nu + step) for step in steps])
            around = [values[2], _rule(FIRST, values), _rule(SECOND, values)]
            grid = np.stack([np.stack([self._log_hazard(q + a, nu + b) for b in steps]) for a in steps])
            across = _rule(FIRST, grid)  # derivative in q at each step of nu
            hazard = [
                grid[2, 2], across[2], _rule(FIRST, grid[2]), _rule(SECOND, grid[:, 2]), _rule(FIRST, across),
                _rule(SECOND, grid[2]),
            ]  # fmt: skip
        with np.errstate(all="ignore"):
            slope = _hazard(around[0], hazard[0] + q)
            mixed = [around[1], slope * (hazard[1] + 1.0), slope * hazard[2], around[2]]
        return np.ascontiguousarray(np.stack([around[0], slope, *mixed, *hazard]).T)

    def first_terms(self, q: Array, nu: Array) -> Array:
        """Return ``terms`` without what only second derivatives and those of A need, which are 0: for H alone.

        The slope of H0 in q is the hazard itself, so that no step in q is taken.
        """
        found = np.zeros((len(q), 12))
        base = self._cumulative(q, nu)
        found[:, 0] = base
        found[:, 1] = _hazard(base, self._log_hazard(q, nu) + q)
        if self.shape_starts:
            steps = STEP * np.arange(-2, 3)
            around = np.stack([self._cumulative(q, nu + step) if step else base for step in steps])
            found[:, 2] = _rule(FIRST, around)
        return found

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
        last, before = self._cumulative(far, nu), self._cumulative(far - 1.0, nu)
        bounded = np.isfinite(last) & (last < (1.0 + _FLAT) * before)
        log_h0, slope = np.zeros(len(nu)), np.zeros(len(nu))
        if bounded.any():
            terms = self.terms(far[bounded] - 1.0, nu[bounded])
            log_h0[bounded], slope[bounded] = np.log(terms[:, 0]), terms[:, 2] / terms[:, 0]
        return bounded, log_h0, slope

    def log_z_at(self, cumulative: Array, nu: Array) -> Array:
        """Return log z at which H0 reaches a value, by bisection; infinite if it never does."""
        low, high = np.full(len(cumulative), -_FAR), np.full(len(cumulative), _FAR)
        reached = self._cumulative(high, nu) >= cumulative
        for _ in range(_BISECTIONS):
            middle = 0.5 * (low + high)
            below = self._cumulative(middle, nu) < cumulative
            low, high = np.where(below, middle, low), np.where(below, high, middle)
            if np.all(high - low <= 1e-15 * np.maximum(1.0, np.abs(low))):
                break
        return np.where(reached, 0.5 * (low + high), np.inf)


def _hazard(cumulative: Array, log_hazard: Array) -> Array:
    """Slope of H0 in log z, infinite where H0 is."""
    with np.errstate(all="ignore"):
        return np.where(np.isinf(cumulative), np.inf, np.exp(log_hazard))


def _rule(weights: Array, values: Array) -> Array:
    """Weighted sum over the first axis, leaving out what has no weight: it may be infinite."""
    used = np.flatnonzero(weights)
    return np.tensordot(weights[used], values[used], axes=1)


def _case(name: str, **fixed: Any) -> Family:
    """Return a case of the built-in four-parameter family, whose likelihood is compiled."""
    return Family(name, None, None, (-0.5, 0.0, 1.0), "log1p", (-1.0 + 1e-12, math.inf), fixed)


# pickled fits of version 0.1 know the functions by these names
_lognormal_cumulative, _lognormal_log_hazard = (
    closed_forms.lognormal_cumulative,
    closed_forms.lognormal_log_hazard,
)
_gengamma_cumulative, _gengamma_log_hazard = (
    closed_forms.gengamma_cumulative,
    closed_forms.gengamma_log_hazard,
)

_EXACT_TERMS = (
    (_lognormal_cumulative, closed_forms.lognormal_terms),
    (_gengamma_cumulative, closed_forms.gengamma_terms),
)

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
