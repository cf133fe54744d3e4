"""Many populations at once in environments that change from step to step, and how likely they are to end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_count, check_number
from statmodels_x.population.theory.entries import read_array, read_matrix, read_state

_RESCALED = 16  # steps between which the sizes are taken out
_ROWS_SUM = 1e-6


@dataclass(frozen=True, eq=False)
class Environment:
    """How environments follow each other: independent draws, or a chain.

    Attributes
    ----------
    share : ndarray of shape (m,)
        Long-run share of each.
    transition : ndarray of shape (m, m) or None
    """

    share: Array
    transition: Array | None

    def draw(self, steps: int, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw the environments of n populations, shape (steps, n)."""
        if len(self.share) == 1:
            return np.zeros((steps, n), np.int64)
        if self.transition is None:
            return rng.choice(len(self.share), size=(steps, n), p=self.share)
        limits = np.cumsum(self.transition, axis=1)
        out = np.empty((steps, n), np.int64)
        out[0] = rng.choice(len(self.share), size=n, p=self.share)
        for t in range(1, steps):
            out[t] = np.sum(rng.uniform(size=n)[:, None] > limits[out[t - 1]], axis=1)
        return np.minimum(out, len(self.share) - 1)


def read_stack(matrices: Any, where: str) -> Array:
    """Read matrices of one shape; a single population counts as one."""
    if hasattr(matrices, "matrix") or (
        isinstance(matrices, np.ndarray | pd.DataFrame) and np.ndim(matrices) == 2
    ):
        matrices = [matrices]
    if not isinstance(matrices, Sequence | np.ndarray) or isinstance(matrices, str) or len(matrices) == 0:
        raise DataError(f"{where}: `matrices` must be a list of matrices.")
    read = [read_matrix(np.asarray(m), f"matrices[{i}]", where) for i, m in enumerate(matrices)]
    if len({m.shape for m in read}) > 1:
        raise DataError(f"{where}: the matrices have the shapes {[m.shape for m in read]}; give one shape.")
    return np.array(read)


def read_environment(m: int, prob: ArrayLike | None, transition: ArrayLike | None, where: str) -> Environment:
    """Check probabilities of ``m`` environments."""
    if transition is None:
        weights = np.ones(m) if prob is None else read_array(prob, "prob", where, 1)
        if len(weights) != m or not weights.any():
            raise DataError(f"{where}: give one probability for each of {m} matrices, not all of them 0.")
        return Environment(weights / weights.sum(), None)
    if prob is not None:
        raise DataError(f"{where}: give `prob` or `transition`, not both.")
    chain = read_matrix(transition, "transition", where, (m, m))
    if np.any(np.abs(chain.sum(axis=1) - 1.0) > _ROWS_SUM):
        raise DataError(f"{where}: the rows of `transition` must sum to 1: what follows each environment.")
    chain = chain / chain.sum(axis=1, keepdims=True)
    system = np.vstack([(chain.T - np.eye(m)), np.ones(m)])
    share = np.linalg.lstsq(system, np.append(np.zeros(m), 1.0), rcond=None)[0]
    return Environment(np.maximum(share, 0.0) / np.maximum(share, 0.0).sum(), chain)


def simulate_populations(
    matrices: Any,
    initial: ArrayLike,
    steps: int,
    n: int = 1000,
    prob: ArrayLike | None = None,
    transition: ArrayLike | None = None,
    at: Sequence[int] | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate many populations at once, each through its own sequence of environments.

    Parameters
    ----------
    matrices : MatrixPopulation, or sequence of MatrixPopulation or array_like
        One matrix, or one matrix for each environment.
    initial : array_like of shape (k,) or (n, k)
        Numbers at the start, the same for all populations or one row for each.
    steps : int
        Number of steps.
    n : int
        Number of populations.
    prob : array_like, optional
        Probability of each environment at every step. The probabilities are equal by default.
    transition : array_like, optional
        Probability of each environment (column) after each environment (row). Give it instead of ``prob``.
    at : sequence of int, optional
        Steps at which sizes are returned. The default is the last step.
    seed : int
        Seed of the simulation.

    Returns
    -------
    DataFrame
        Natural logarithms of the totals, which are finite at any size. There is one row per population and one column
        per step of ``at``.

    Raises
    ------
    DataError
        If shapes differ or a value is not allowed.

    Examples
    --------
    >>> from statmodels_x import MatrixPopulation
    >>> good, bad = [[0.5, 2.0], [0.5, 0.0]], [[0.3, 1.0], [0.4, 0.0]]
    >>> sizes = simulate_populations([good, bad], [10.0, 10.0], steps=50, n=200, at=[0, 50])
    >>> sizes.shape, round(float(sizes[0].iloc[0]), 4)
    ((200, 2), 2.9957)
    """
    where = "simulate_populations()"
    stack = read_stack(matrices, where)
    last, n = check_count("steps", steps, 1), check_count("n", n, 1)
    wanted = [last] if at is None else sorted({check_count("at", step, 0) for step in at})
    if wanted[-1] > last:
        raise DataError(f"{where}: `at` holds {wanted[-1]}, after the last of {last} steps.")
    X, size = _starts(initial, n, _stages(matrices, stack.shape[1]), where), np.zeros(n)
    chance, rng = read_environment(len(stack), prob, transition, where), np.random.default_rng(seed)
    draws = chance.draw(last, n, rng)
    out = {}
    for step in range(last + 1):
        if step:
            X = _advance(stack, X, draws[step - 1])
        if step % _RESCALED == 0:
            total = X.sum(axis=0)
            total[total <= 0.0] = 1.0
            X, size = X / total, size + np.log(total)
        if step in wanted:
            with np.errstate(divide="ignore"):
                out[step] = size + np.log(X.sum(axis=0))
    return pd.DataFrame(out).rename_axis(columns="step")


def _stages(matrices: Any, k: int) -> pd.Index:
    """Names of the stages, as the first of the matrices has them."""
    first = matrices if hasattr(matrices, "stages") or isinstance(matrices, pd.DataFrame) else matrices[0]
    if isinstance(first, pd.DataFrame):
        return first.columns
    return getattr(first, "stages", pd.RangeIndex(1, k + 1))


def _starts(initial: ArrayLike, n: int, stages: pd.Index, where: str) -> Array:
    k = len(stages)
    if np.ndim(initial) == 2:
        given = read_matrix(initial, "initial", where, (n, k))
        return np.array(given.T, order="C")
    return np.repeat(read_state(initial, "initial", where, k, stages)[:, None], n, axis=1)


def _advance(stack: Array, X: Array, draws: NDArray[np.int64]) -> Array:
    if len(stack) == 1:
        return np.asarray(stack[0] @ X)
    out = np.empty_like(X)
    for e, A in enumerate(stack):
        here = np.flatnonzero(draws == e)
        out[:, here] = A @ X[:, here]
    return out


def quasi_extinction(
    matrices: Any,
    initial: ArrayLike,
    steps: int,
    threshold: float = 1.0,
    n: int = 5000,
    prob: ArrayLike | None = None,
    transition: ArrayLike | None = None,
    demographic: bool = False,
    stages: Sequence[Any] | None = None,
    alpha: float = 0.05,
    seed: int = 0,
) -> pd.DataFrame:
    """Simulate the probability that a population has fallen below a threshold by each step.

    Parameters
    ----------
    matrices : MatrixPopulation, or sequence of MatrixPopulation or array_like
        One matrix, or one matrix for each environment.
    initial : array_like of shape (k,)
        Numbers at the start.
    steps : int
        Number of steps.
    threshold : float
        A population whose total falls below the threshold counts as extinct from then on, whatever happens later.
    n : int
        Number of simulated populations, at least 2.
    prob, transition : array_like, optional
        As in :func:`simulate_populations`.
    demographic : bool
        Whether to simulate individuals: their transitions are multinomial by U, and their offspring Poisson by F.
        This needs populations with both, and whole numbers at the start.
    stages : sequence, optional
        Stages that count for the threshold. The default is all stages.
    alpha : float
        One minus the confidence level of the limits (Wilson's).
    seed : int
        Seed of the simulation.

    Returns
    -------
    DataFrame
        One row per step, with the columns ``probability``, ``lower`` and ``upper``.

    Raises
    ------
    DataError
        If shapes differ, a value is not allowed, or ``demographic`` is asked of matrices without separate births.

    Examples
    --------
    >>> from statmodels_x import MatrixPopulation
    >>> few = MatrixPopulation([[0.0, 0.0], [0.5, 0.8]], [[0.0, 0.4], [0.0, 0.0]])
    >>> risk = quasi_extinction(few, [3, 5], steps=20, n=2000, demographic=True)
    >>> exact = few.extinction_probability([3, 5], 20)
    >>> bool(risk.loc[20, "lower"] < exact[20] < risk.loc[20, "upper"])
    True
    """
    where = "quasi_extinction()"
    stack = read_stack(matrices, where)
    last, n = check_count("steps", steps, 1), check_count("n", n, 2)
    limit = check_number("threshold", threshold, low=0.0, high=np.inf)
    listed = [matrices] if hasattr(matrices, "matrix") else list(matrices)
    counted = _counted(listed[0], stages, stack.shape[1], where)
    chance, rng = read_environment(len(stack), prob, transition, where), np.random.default_rng(seed)
    draws = chance.draw(last, n, rng)
    parts = _parts(listed, where) if demographic else None
    k = stack.shape[1]
    X = np.repeat(read_state(initial, "initial", where, k, _stages(matrices, k))[:, None], n, axis=1)
    if demographic and np.any(np.round(X) != X):
        raise DataError(f"{where}: `initial` must be whole numbers where individuals live and die by chance.")
    ended, found = X[counted].sum(axis=0) < limit, []
    for step in range(last + 1):
        if step:
            X = (
                _advance(stack, X, draws[step - 1])
                if parts is None
                else _chance(parts, X, draws[step - 1], rng)
            )
            X[:, ended] = 0.0
            ended |= X[counted].sum(axis=0) < limit
        found.append(ended.mean())
    share = np.array(found)
    z = NORMAL.quantile(alpha)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    table = {"probability": share, "lower": centre - half, "upper": centre + half}
    return pd.DataFrame(table, index=pd.RangeIndex(last + 1, name="step"))


def _counted(population: Any, stages: Sequence[Any] | None, k: int, where: str) -> NDArray[np.int64]:
    if stages is None:
        return np.arange(k)
    named = getattr(population, "stages", pd.RangeIndex(1, k + 1))
    places = named.get_indexer(list(stages))
    if np.any(places < 0):
        raise DataError(f"{where}: `stages` must be among {', '.join(map(str, named))}.")
    return np.asarray(places, np.int64)


def _parts(populations: Sequence[Any], where: str) -> list[tuple[Array, Array]]:
    if not all(getattr(p, "has_births", False) for p in populations):
        raise DataError(
            f"{where}: `demographic` needs to tell births from survival; give MatrixPopulation(U, F) for each "
            "environment."
        )
    return [(p.U.to_numpy(), p.F.to_numpy()) for p in populations]


def _chance(
    parts: Sequence[tuple[Array, Array]], X: Array, draws: NDArray[np.int64], rng: np.random.Generator
) -> Array:
    """One step of individuals: each moves or dies by U, and has Poisson offspring by F."""
    out = np.zeros_like(X)
    for e, (U, F) in enumerate(parts):
        here = np.flatnonzero(draws == e)
        if not len(here):
            continue
        now = X[:, here]
        new = rng.poisson(F @ now).astype(float)
        for j in range(len(U)):
            left, room = now[j].astype(np.int64), 1.0
            for i in np.flatnonzero(U[:, j]):
                moved = rng.binomial(left, min(U[i, j] / room, 1.0)) if room > 0.0 else np.zeros_like(left)
                new[i] += moved
                left, room = left - moved, room - U[i, j]
        out[:, here] = new
    return out
