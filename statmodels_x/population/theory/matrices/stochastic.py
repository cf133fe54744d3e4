"""Growth in an environment that changes at random from step to step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_count
from statmodels_x.population.theory.matrices.environments import read_environment, read_stack
from statmodels_x.population.theory.perron import is_primitive, perron

_WHERE = "stochastic_growth()"
_BATCHES = 50


@dataclass(frozen=True)
class StochasticGrowth:
    """Long-run growth in a random environment.

    It is made by :func:`~statmodels_x.stochastic_growth`.

    Attributes
    ----------
    log_growth : float
        Mean growth per step of the logarithm of numbers, by simulation.
    bse : float
        Its Monte Carlo standard error, from the means of 50 batches of steps.
    approximation : float
        Tuljapurkar's small-noise approximation of ``log_growth``, with the covariances of the environments (divided
        by their number). It is NaN if the environments follow a Markov chain, which would need a further term.
    log_growth_of_mean : float
        Logarithm of the growth rate of the mean matrix, which ``log_growth`` does not exceed in the long run.
    steps : int
        Number of simulated steps that are averaged.
    sensitivities, elasticities : DataFrame
        Derivatives of the logarithm of the stochastic growth rate with respect to each entry in all environments
        together, absolute and relative. The elasticities sum to 1.
    """

    log_growth: float
    bse: float
    approximation: float
    log_growth_of_mean: float
    steps: int
    sensitivities: pd.DataFrame = field(repr=False, compare=False)
    elasticities: pd.DataFrame = field(repr=False, compare=False)


def stochastic_growth(
    matrices: Sequence[Any],
    prob: ArrayLike | None = None,
    steps: int = 50_000,
    burn_in: int = 1_000,
    seed: int | np.random.Generator = 0,
    transition: ArrayLike | None = None,
) -> StochasticGrowth:
    r"""Compute the growth rate of a population whose matrix is drawn anew at every step.

    Parameters
    ----------
    matrices : sequence of LeslieMatrix, MatrixPopulation or array_like
        The matrices of the environments, such as good and bad years, all of one shape.
    prob : array_like of shape (m,), optional
        Probability of each matrix. The values are scaled to sum to 1. They are equal by default.
    steps : int
        Number of steps that are averaged, at least 1,000.
    burn_in : int
        Number of steps before them, which are not counted.
    seed : int or numpy.random.Generator
        Seed or source of the random numbers.
    transition : array_like of shape (m, m), optional
        Probability of each environment (column) after each environment (row). Each row sums to 1. Give it instead of
        ``prob`` if the environments follow a Markov chain.

    Returns
    -------
    StochasticGrowth

    Raises
    ------
    DataError
        If shapes differ, if a value is not allowed, or if the mean matrix is not primitive.

    Notes
    -----
    Without ``transition``, the draws are independent over time. Let S be the sensitivities of the growth rate
    :math:`\lambda` of the mean matrix. The small-noise approximation is

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
    stack = read_stack(matrices, _WHERE)
    chance = read_environment(len(stack), prob, transition, _WHERE)
    n = check_count("steps", steps, 20 * _BATCHES)
    before = check_count("burn_in", burn_in, 0)
    mean = np.tensordot(chance.share, stack, axes=1)
    if not is_primitive(mean):
        raise DataError(
            f"{_WHERE}: the mean of the matrices is not primitive; leave out classes without offspring."
        )
    vectors = perron(mean)
    spread = np.array([np.sum(np.outer(vectors.left, vectors.right) * (m - mean)) for m in stack])
    log_mean = float(np.log(vectors.root))
    approximation = np.nan
    if transition is None:
        approximation = log_mean - float(chance.share @ spread**2) / (2.0 * vectors.root**2)
    rng = np.random.default_rng(seed)
    draws = chance.draw(before + n, 1, rng)[:, 0]
    gains, states = _simulate(stack, draws, vectors.right)
    slopes, shares = _slopes(stack, draws, states, before)
    named = getattr(matrices[0], "stages", pd.RangeIndex(1, len(mean) + 1))
    labels = named.rename("to"), named.rename("from")
    counted = gains[before:]
    batches = np.array([part.mean() for part in np.array_split(counted, _BATCHES)])
    error = float(batches.std(ddof=1) / np.sqrt(_BATCHES))
    return StochasticGrowth(
        float(counted.mean()),
        error,
        approximation,
        log_mean,
        n,
        pd.DataFrame(slopes, *labels),
        pd.DataFrame(shares, *labels),
    )


def _simulate(stack: Array, draws: Any, start: Array) -> tuple[Array, Array]:
    gains, states = np.empty(len(draws)), np.empty((len(draws) + 1, len(start)))
    states[0] = start
    for t, draw in enumerate(draws):
        state = stack[draw] @ states[t]
        total = state.sum()
        if total <= 0.0:
            raise DataError(
                f"{_WHERE}: at step {t} nobody is left: some matrix lets everybody die without offspring."
            )
        gains[t] = np.log(total)
        states[t + 1] = state / total
    return gains, states


def _slopes(stack: Array, draws: Any, states: Array, before: int) -> tuple[Array, Array]:
    """Mean over time of v_{t+1} w_t' / (v_{t+1}' A_t w_t), by reproductive values that come from the future."""
    slopes, shares = np.zeros(stack.shape[1:]), np.zeros(stack.shape[1:])
    value, count = np.ones(stack.shape[1]), 0
    for t in range(len(draws) - 1, before - 1, -1):
        A = stack[draws[t]]
        if t < len(draws) - before // 2:  # until then the values have not settled
            slope = np.outer(value, states[t]) / (value @ A @ states[t])
            slopes += slope
            shares += slope * A
            count += 1
        value = value @ A
        value /= value.sum()
    return slopes / count, shares / count
