"""Growth in an environment that changes at random from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_count
from statmodels_x.population.theory.entries import read_array, read_matrix
from statmodels_x.population.theory.perron import is_primitive, perron

_WHERE = "stochastic_growth()"
_BATCHES = 50


@dataclass(frozen=True)
class StochasticGrowth:
    """Long-run growth in a random environment.

    Attributes
    ----------
    log_growth : float
        Mean growth of the logarithm of numbers per step, by simulation.
    bse : float
        Its Monte-Carlo standard error, from means over 50 batches of steps.
    approximation : float
        Tuljapurkar's small-noise approximation of the same number.
    log_growth_of_mean : float
        Logarithm of the growth rate of the mean matrix, which is never less in the long run.
    steps : int
        Simulated steps that count.
    """

    log_growth: float
    bse: float
    approximation: float
    log_growth_of_mean: float
    steps: int


def stochastic_growth(
    matrices: Sequence[Any],
    prob: ArrayLike | None = None,
    steps: int = 50_000,
    burn_in: int = 1_000,
    seed: int | np.random.Generator = 0,
) -> StochasticGrowth:
    r"""Growth rate of a population whose matrix is drawn anew at every step.

    Parameters
    ----------
    matrices : sequence of LeslieMatrix or array_like
        The matrices of good and bad years, all of one shape.
    prob : array_like, optional
        Probability of each matrix; equal by default. They are scaled to sum to 1.
    steps : int
        Steps that are averaged, at least 1,000.
    burn_in : int
        Steps before them.
    seed : int or numpy.random.Generator

    Returns
    -------
    StochasticGrowth

    Raises
    ------
    DataError
        If shapes differ, a value is not allowed, or the mean matrix is not primitive.

    Notes
    -----
    Draws are independent over time. With sensitivities S of the growth rate :math:`\lambda` of the mean matrix and the
    covariances of the entries, the approximation is

    .. math::

        \log\lambda - \frac{1}{2\lambda^2}\sum_{ijkl} S_{ij} S_{kl}\,\mathrm{cov}(a_{ij}, a_{kl}).

    References
    ----------
    Tuljapurkar (1990), *Population Dynamics in Variable Environments*, Springer. Caswell (2001), *Matrix Population
    Models*, 2nd edition, Sinauer, chapter 14.

    Examples
    --------
    >>> from statmodels_x import LeslieMatrix
    >>> good, bad = LeslieMatrix([0.5, 2.0], [0.5]), LeslieMatrix([0.3, 1.0], [0.4])
    >>> found = stochastic_growth([good, bad], steps=20_000, seed=1)
    >>> round(found.log_growth, 2), round(found.approximation, 2)
    (0.02, 0.02)
    """
    stack = _read(matrices)
    weights = np.ones(len(stack)) if prob is None else read_array(prob, "prob", _WHERE, 1)
    if len(weights) != len(stack) or not weights.any():
        raise DataError(
            f"{_WHERE}: give one probability for each of {len(stack)} matrices, not all of them 0."
        )
    weights = weights / weights.sum()
    n = check_count("steps", steps, 20 * _BATCHES)
    before = check_count("burn_in", burn_in, 0)
    mean = np.tensordot(weights, stack, axes=1)
    if not is_primitive(mean):
        raise DataError(
            f"{_WHERE}: the mean of the matrices is not primitive; leave out classes without offspring."
        )
    vectors = perron(mean)
    spread = np.array([np.sum(np.outer(vectors.left, vectors.right) * (m - mean)) for m in stack])
    log_mean = float(np.log(vectors.root))
    approximation = log_mean - float(weights @ spread**2) / (2.0 * vectors.root**2)
    rng = np.random.default_rng(seed)
    gains = _simulate(stack, rng.choice(len(stack), size=before + n, p=weights), vectors.right)[before:]
    batches = np.array([part.mean() for part in np.array_split(gains, _BATCHES)])
    error = float(batches.std(ddof=1) / np.sqrt(_BATCHES))
    return StochasticGrowth(float(gains.mean()), error, approximation, log_mean, n)


def _read(matrices: Sequence[Any]) -> Array:
    if not isinstance(matrices, Sequence | np.ndarray) or isinstance(matrices, str) or len(matrices) == 0:
        raise DataError(f"{_WHERE}: `matrices` must be a list of matrices.")
    read = [read_matrix(m, f"matrices[{i}]", _WHERE) for i, m in enumerate(matrices)]
    if len({m.shape for m in read}) > 1:
        raise DataError(f"{_WHERE}: the matrices have the shapes {[m.shape for m in read]}; give one shape.")
    return np.array(read)


def _simulate(stack: Array, draws: Any, start: Array) -> Array:
    gains, state = np.empty(len(draws)), start
    for t, draw in enumerate(draws):
        state = stack[draw] @ state
        total = state.sum()
        if total <= 0.0:
            raise DataError(
                f"{_WHERE}: at step {t} nobody is left: some matrix lets everybody die without offspring."
            )
        gains[t] = np.log(total)
        state = state / total
    return gains
