"""The log-likelihood of a sample with its score and Hessian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from statmodels_x.core.data.surv import EXACT, RIGHT, Surv
from statmodels_x.core.rank import constant_columns
from statmodels_x.core.threads import in_parts
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.kernels.hazards import log_hazard

Designs = tuple[Array | None, ...]
Offsets = tuple[float | Array, ...]

_NOTHING_KNOWN = np.zeros((1, 3, 0))
_SMALL = 1e-5


class Penalty(Protocol):
    """What is added to a log-likelihood for what is known of the coefficients besides."""

    def __call__(self, theta: Array) -> tuple[float, Array, Array]:
        """Value, gradient and Hessian."""

    def moved(
        self, kept: NDArray[np.intp], sources: Sequence[int | float] = (), cure: int = 0
    ) -> Penalty | None:
        """Return the same knowledge for another model of the same sample, as far as that has the coefficients."""


class SurvivalRows(Protocol):
    """What the search for a maximum asks of a sample, wherever its rows are: sums over blocks of them."""

    @property
    def n(self) -> int:
        """Number of rows."""

    @property
    def n_parameters(self) -> int:
        """Length of theta."""

    @property
    def free(self) -> tuple[bool, ...]:
        """Which parameters are estimated."""

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where each parameter's coefficients stand in theta."""

    @property
    def low(self) -> Array:
        """Lower limits of the search, shape (5,)."""

    @property
    def high(self) -> Array:
        """Upper limits."""

    @property
    def cure(self) -> int:
        """Kind of cure model."""

    @property
    def family(self) -> Family | None:
        """A family that is no case of the built-in one."""

    def each(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Return ``function(*arguments, arrays)`` for each block of rows."""

    def take(self, rows: NDArray[np.intp]) -> SurvivalArrays:
        """Return some rows in memory."""

    def rearranged(self, sources: Sequence[int | float], cure: int) -> Self:
        """Return the same sample under a model whose parameters come from those of this one."""

    def with_limits(self, low: Array, high: Array) -> Self:
        """Return the same sample with other limits of the search."""

    def with_columns(self, kept: NDArray[np.intp]) -> Self:
        """Return the same sample under the model that has only some of the coefficients, by position."""


@dataclass(frozen=True)
class SurvivalArrays:
    """A sample and a model as arrays.

    Attributes
    ----------
    code, log_lower : ndarray of shape (n,)
        Kind of observation, and the logarithm of the time (of the left end).
    log_upper, log_entry, weight : ndarray of shape (n,) or (0,)
        Right ends of intervals, late entry and case weights; empty where no row needs them.
    matrix : ndarray of shape (n, p)
        The design matrices of the free parameters side by side, each column contiguous in memory.
    starts : ndarray of shape (6,)
        Columns starts[j]:starts[j + 1] belong to parameter j; none where it is fixed.
    offsets : ndarray of shape (5, n) or (5, 1)
        Offsets, and the fixed values on the log scale (infinite allowed for the shape).
    low, high : ndarray of shape (5,)
        Limits of the search for each linear predictor; outside the log-likelihood counts as -inf.
    cure : int
        0 none, 1 mixture, 2 promotion time.
    family : Family, optional
        A family that is not a case of the built-in one.
    log_other : ndarray of shape (n,) or (0,)
        The background's part of an event: its log hazard at an exact one, log expm1 of its integral over an interval.
    expected : ndarray of shape (n,) or (0,)
        The background's integral from entry to the last finite time; 0 where it is not known.
    has_factor : bool
        Whether the logarithm of a factor on the background is the last coefficient.
    penalty : Penalty, optional
        Added to the log-likelihood.
    """

    code: NDArray[np.int8] = field(repr=False)
    log_lower: Array = field(repr=False)
    log_upper: Array = field(repr=False)
    log_entry: Array = field(repr=False)
    weight: Array = field(repr=False)
    matrix: Array = field(repr=False)
    starts: NDArray[np.int64]
    offsets: Array = field(repr=False)
    low: Array = field(repr=False)
    high: Array = field(repr=False)
    cure: int
    family: Family | None = None
    log_other: Array = field(repr=False, default_factory=lambda: np.zeros(0))
    expected: Array = field(repr=False, default_factory=lambda: np.zeros(0))
    has_factor: bool = False
    penalty: Penalty | None = field(repr=False, default=None)

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.code)

    @property
    def n_parameters(self) -> int:
        """Length of theta."""
        return self.matrix.shape[1] + self.has_factor

    @property
    def free(self) -> tuple[bool, ...]:
        """Which parameters are estimated."""
        return tuple(bool(b > a) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True))

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where each parameter's coefficients stand in theta."""
        return tuple(slice(int(a), int(b)) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True))

    @property
    def designs(self) -> Designs:
        """Design matrix of each parameter; None where it is fixed."""
        return tuple(self.matrix[:, s] if s.stop > s.start else None for s in self.slices)

    @cached_property
    def same(self) -> NDArray[np.bool_]:
        """Which linear predictors have one value in all rows."""
        scalar = self.offsets.shape[1] == 1
        constant = constant_columns(self.matrix)
        return np.array([scalar and bool(constant[part].all()) for part in self.slices])

    @cached_property
    def unpenalised(self) -> SurvivalArrays:
        """The same sample and model without what is added to the log-likelihood."""
        return replace(self, penalty=None)

    @cached_property
    def n_expected(self) -> float:
        """Events that the background is expected to bring: a constant of the log-likelihood."""
        return float(
            self.expected @ self.weight if len(self.weight) and len(self.expected) else self.expected.sum()
        )

    @property
    def log_time(self) -> Array:
        """Logarithm of the last finite time of each row."""
        if not len(self.log_upper):
            return self.log_lower
        return np.where(np.isfinite(self.log_upper), self.log_upper, self.log_lower)

    def each(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Return ``function(*arguments, arrays)`` for each block of rows: there is one, all of them."""
        return [function(*arguments, self)]

    def with_limits(self, low: Array, high: Array) -> SurvivalArrays:
        """Return the same sample and model with other limits of the search."""
        return replace(self, low=low, high=high)

    def with_columns(self, kept: NDArray[np.intp]) -> SurvivalArrays:
        """Return the same sample under the model that has only some of the coefficients, by sorted position."""
        columns = np.ascontiguousarray(self.matrix.T[kept])
        rest = np.arange(self.matrix.shape[1], self.n_parameters)  # a factor on the background
        penalty = self.penalty and self.penalty.moved(np.concatenate([kept, rest]))
        return replace(self, matrix=columns.T, starts=np.searchsorted(kept, self.starts), penalty=penalty)

    def rearranged(self, sources: Sequence[int | float], cure: int) -> SurvivalArrays:
        """Return the same sample under a model whose parameters come from those of this one.

        Parameters
        ----------
        sources : sequence of five (int or float)
            For each parameter the position of the one whose columns and offset it takes, or a number that fixes it.
        cure : int
            As the attribute.
        """
        rows = tuple(_scalar_or_row(self.offsets[k]) if not isinstance(k, float) else k for k in sources)
        parts = [self.slices[int(k)] if not isinstance(k, float) else slice(0, 0) for k in sources]
        kept = [column for part in parts for column in range(part.start, part.stop)]
        if kept == list(range(self.matrix.shape[1])):  # one copy of the matrices is enough
            starts = np.cumsum([0, *(part.stop - part.start for part in parts)]).astype(np.int64)
            return replace(self, starts=starts, offsets=_stack_offsets(rows, self.n), cure=cure)
        designs = tuple(None if isinstance(k, float) else self.designs[k] for k in sources)
        return replace(self.with_model(designs, rows), cure=cure)

    def with_model(self, designs: Designs, offsets: Offsets) -> SurvivalArrays:
        """Return the same sample under another model, of whose coefficients nothing is known besides."""
        matrix, starts = _side_by_side(designs, self.n)
        offset = _stack_offsets(offsets, self.n)
        return replace(self, matrix=matrix, starts=starts, offsets=offset, penalty=None)

    def take(self, rows: NDArray[np.intp]) -> SurvivalArrays:
        """Return the sample restricted to some rows."""

        def part(values: Array) -> Array:
            return values[rows] if len(values) else values

        return replace(
            self,
            code=self.code[rows],
            log_lower=self.log_lower[rows],
            log_upper=part(self.log_upper),
            log_entry=part(self.log_entry),
            weight=part(self.weight),
            matrix=np.ascontiguousarray(self.matrix.T[:, rows]).T,
            offsets=self.offsets[:, rows] if self.offsets.shape[1] > 1 else self.offsets,
            log_other=part(self.log_other),
            expected=part(self.expected),
        )

    def known_terms(self, theta: Array) -> Array:
        """Terms of a family's own baseline at the left end, the right end and the entry, shape (n, 3, 12).

        Shape (1, 3, 0) for the built-in family, whose terms are computed row by row.
        """
        if self.family is None:
            return _NOTHING_KNOWN
        eta = self.linear_predictors(theta)
        gamma = np.exp(eta[2])
        known = np.zeros((self.n, 3, 12))
        for k, log_times in enumerate((self.log_lower, self.log_upper, self.log_entry)):
            if len(log_times):
                finite = np.isfinite(log_times)
                q = gamma[finite] * (log_times[finite] + eta[0, finite])
                known[finite, k] = self.family.terms(q, eta[3, finite])
        return known

    def linear_predictors(self, theta: Array, rows: slice = slice(None)) -> Array:
        """Return the five linear predictors, shape (5, n), or those of some rows."""
        matrix = self.matrix[rows]
        offsets = self.offsets[:, rows] if self.offsets.shape[1] > 1 else self.offsets
        eta = np.broadcast_to(offsets, (5, len(matrix))).copy()
        for j, part in enumerate(self.slices):
            if part.stop > part.start:
                eta[j] += matrix[:, part] @ theta[part]
        return eta


def sample_arrays(
    response: Surv,
    weight: Array | None,
    designs: Designs,
    offsets: Offsets,
    low: Array,
    high: Array,
    cure: int = 0,
    family: Family | None = None,
) -> SurvivalArrays:
    """Take the logarithms of a response's times and put the sample together.

    Designs, offsets and limits are those of aft, ph, power and shape, and with ``cure`` of the cure predictor.
    """
    designs, offsets = (*designs, None)[:5], (*offsets, 0.0)[:5]
    low, high = (np.append(limit, end)[:5] for limit, end in ((low, -np.inf), (high, np.inf)))
    empty = np.zeros(0)
    matrix, starts = _side_by_side(designs, len(response))
    with np.errstate(divide="ignore"):
        return SurvivalArrays(
            code=response.code,
            log_lower=np.log(response.lower),
            log_upper=empty if response.is_right_censored else np.log(response.upper),
            log_entry=np.log(response.entry) if response.has_entry else empty,
            weight=empty if weight is None else weight,
            matrix=matrix,
            starts=starts,
            offsets=_stack_offsets(offsets, len(response)),
            low=low,
            high=high,
            cure=cure,
            family=family,
        )


def loglik(theta: Array, arrays: SurvivalArrays) -> tuple[float, Array, Array]:
    """Log-likelihood, score and Hessian.

    Parameters
    ----------
    theta : ndarray of shape (p,)
        Coefficients of all free parameters, in the order of ``PARAMETERS``.
    arrays : SurvivalArrays

    Returns
    -------
    value : float
        -inf outside the limits of the search, and where the likelihood overflows.
    score : ndarray of shape (p,)
    hessian : ndarray of shape (p, p)
    """
    from statmodels_x.survival.kernels.sums import loglik_sums

    if arrays.penalty is not None:
        own, added = loglik(theta, arrays.unpenalised), arrays.penalty(theta)
        return own[0] + added[0], own[1] + added[1], own[2] + added[2]
    if arrays.has_factor:
        return _with_factor(theta, arrays)
    a = arrays
    free, known = bool(a.starts[4] > a.starts[3]), a.known_terms(theta)

    def part(rows: slice) -> tuple[float, Array, Array]:
        found: tuple[float, Array, Array] = loglik_sums(
            rows.start, rows.stop, theta, a.starts, a.matrix.T, a.offsets, a.same, a.code, a.log_lower, a.log_upper,
            a.log_entry, a.log_other, a.weight, a.low, a.high, a.cure, free, known,
        )  # fmt: skip
        return found

    found = in_parts(part, a.n)
    # of a trial's few rows the sums over parts would cost as much as a tenth of a pass
    value, score, hessian = found[0] if len(found) == 1 else (sum(of) for of in zip(*found, strict=True))
    return value - a.n_expected, score, hessian


def _with_factor(theta: Array, arrays: SurvivalArrays) -> tuple[float, Array, Array]:
    """Log-likelihood, score and Hessian where the logarithm of a factor on the background is the last coefficient."""
    own, log_factor = theta[:-1], float(theta[-1])
    p = len(own)
    score, hessian = np.zeros(p + 1), np.zeros((p + 1, p + 1))
    value, score[:p], hessian[:p, :p] = loglik(own, with_factor(arrays, log_factor))
    if not np.isfinite(value):
        return value, score, hessian
    first, second, cross = factor_derivatives(own, log_factor, arrays)
    weight = arrays.weight if len(arrays.weight) else np.ones(arrays.n)
    part_of = np.repeat(np.arange(5), np.diff(arrays.starts))
    hessian[p, :p] = hessian[:p, p] = np.einsum("i,ij,ij->j", weight, arrays.matrix, cross[:, part_of])
    score[p], hessian[p, p] = weight @ first, weight @ second
    return value, score, hessian


def row_scores(theta: Array, arrays: SurvivalArrays) -> Array:
    """Weighted score of each row, shape (n, p)."""
    from statmodels_x.survival.kernels.rows import row_terms

    if arrays.has_factor:
        own, log_factor = theta[:-1], float(theta[-1])
        first, _, _ = factor_derivatives(own, log_factor, arrays)
        first = first * arrays.weight if len(arrays.weight) else first
        return np.column_stack([row_scores(own, with_factor(arrays, log_factor)), first])
    a = arrays
    value, grad = np.empty(a.n), np.empty((a.n, 5))
    eta = np.ascontiguousarray(a.linear_predictors(theta).T)
    row_terms(
        eta,
        a.code,
        a.log_lower,
        a.log_upper,
        a.log_entry,
        a.log_other,
        a.cure,
        a.free[3],
        a.known_terms(theta),
        value,
        grad,
    )
    part_of = np.repeat(np.arange(5), np.diff(a.starts))
    scores = a.matrix * grad[:, part_of]
    return scores * a.weight[:, None] if len(a.weight) else scores


def with_factor(arrays: SurvivalArrays, log_factor: float) -> SurvivalArrays:
    """Return the arrays with the background multiplied, and no coefficient for that."""
    other, within = arrays.log_other, _within(arrays)
    with np.errstate(divide="ignore", over="ignore"):
        grown = np.where(
            within, np.log(np.expm1(np.exp(log_factor) * np.log1p(np.exp(other)))), other + log_factor
        )
    expected = np.exp(log_factor) * arrays.expected
    return replace(arrays, log_other=grown, expected=expected, has_factor=False)


def factor_derivatives(theta: Array, log_factor: float, arrays: SurvivalArrays) -> tuple[Array, Array, Array]:
    """Differentiate each row's log-likelihood by the factor's logarithm.

    Parameters
    ----------
    theta : ndarray of shape (p,)
        The coefficients of the model.
    log_factor : float
    arrays : SurvivalArrays
        With the background as it was given.

    Returns
    -------
    first, second : ndarray of shape (n,)
    cross : ndarray of shape (n, 5)
        With the five linear predictors.
    """
    grown = with_factor(arrays, log_factor)
    share, slope = excess_share(theta, grown)
    within = _within(arrays)
    with np.errstate(over="ignore"):
        amount = np.where(within, np.exp(log_factor) * np.log1p(np.exp(arrays.log_other)), 0.0)
    small = np.maximum(amount, _SMALL)
    whole = np.where(amount > _SMALL, small / -np.expm1(-small), 1.0 + 0.5 * amount)
    bend = np.where(amount > _SMALL, whole - small**2 * np.exp(-small) / np.expm1(-small) ** 2, 0.5 * amount)
    own, own_bend = np.where(within, whole, 1.0), np.where(within, bend, 0.0)
    rest, both = 1.0 - share, share * (1.0 - share)
    first = rest * own - grown.expected
    second = rest * own_bend + both * own**2 - grown.expected
    return first, second, -(both * own)[:, None] * slope


def excess_share(theta: Array, arrays: SurvivalArrays) -> tuple[Array, Array]:
    """Probability that each row's event is due to the excess, 1 for rows without one, and the gradient of its logit.

    Returns
    -------
    share : ndarray of shape (n,)
    slope : ndarray of shape (n, 5)
        In the five linear predictors.
    """
    from statmodels_x.survival.kernels.rows import row_terms

    share, slope = np.ones(arrays.n), np.zeros((arrays.n, 5))
    rows = np.flatnonzero((arrays.code != RIGHT) & (arrays.log_other > -np.inf))
    if not len(rows):
        return share, slope
    part = arrays.take(rows)
    eta = np.ascontiguousarray(part.linear_predictors(theta).T)
    signal, grad = np.empty(part.n), np.empty((part.n, 5))
    exact = part.code == EXACT
    if exact.any():
        times = np.exp(part.log_lower[exact])
        signal[exact], grad[exact] = log_hazard(times, eta[exact], part.cure, part.family)
    if not exact.all():
        # entry at the left end turns the probability of the interval into one given survival to it
        open_ = part.take(np.flatnonzero(~exact))
        known = open_.known_terms(theta)
        value, slopes = np.empty(open_.n), np.empty((open_.n, 5))
        known = known if open_.family is None else known[:, [0, 1, 0]]
        row_terms(
            np.ascontiguousarray(eta[~exact]), open_.code, open_.log_lower, open_.log_upper, open_.log_lower,
            np.zeros(0), open_.cure, True, known, value, slopes,
        )  # fmt: skip
        signal[~exact], grad[~exact] = value, slopes
    share[rows] = expit(signal - part.log_other)
    slope[rows] = grad
    return share, slope


def _within(arrays: SurvivalArrays) -> Array:
    return (arrays.code != EXACT) & (arrays.code != RIGHT)


def _scalar_or_row(offset: Array) -> float | Array:
    return float(offset[0]) if len(offset) == 1 else offset


def _side_by_side(designs: Designs, n: int) -> tuple[Array, NDArray[np.int64]]:
    sizes = [0 if design is None else design.shape[1] for design in designs]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = np.empty((starts[-1], n))  # the sums run down the columns, which so stand together
    for design, first in zip(designs, starts, strict=False):
        if design is not None:
            columns[first : first + design.shape[1]] = design.T
    return columns.T, starts


def _stack_offsets(offsets: Offsets, n: int) -> Array:
    if all(np.ndim(offset) == 0 for offset in offsets):
        return np.array([[float(offset)] for offset in offsets])
    return np.stack([np.broadcast_to(np.asarray(offset, float), (n,)) for offset in offsets])
