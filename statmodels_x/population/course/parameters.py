"""The list of a model's parameters with their places in the recursion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.population.course.problem import FREE, Index
from statmodels_x.population.specification import Form


@dataclass
class Layout:
    """Parameters of a form on a sample, in order, with their places in the recursion.

    Attributes
    ----------
    form : Form
    names : list of (str, str)
        Block and term of each parameter.
    keys : list of tuple
        Block and place of each parameter, by which nested forms find it.
    size : list of float
        Count (times the gap between times, for a flow) that a density effect is multiplied by, on average; the gap
        for a rate; 1 for other parameters.
    lower, upper : list of float
    entries, signs : list
        See :class:`~statmodels_x.population.course.problem.Problem`.
    density, rates, effects, initial, shares : ndarray of int
    rate_signs, effect_signs, initial_value, share_value : ndarray
    structure, handling, gain : int
    capture : ndarray of int
    gain_value : float
    """

    form: Form
    names: list[tuple[str, str]] = field(default_factory=list)
    keys: list[tuple[Any, ...]] = field(default_factory=list)
    size: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, int, int]] = field(default_factory=list)
    signs: list[float] = field(default_factory=list)
    density: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    rates: Index = field(default_factory=lambda: np.zeros(0, np.int64))
    rate_signs: Array = field(default_factory=lambda: np.ones(0))
    effects: Index = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    effect_signs: Array = field(default_factory=lambda: np.ones((0, 0)))
    initial: Index = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    initial_value: Array = field(default_factory=lambda: np.zeros((0, 2)))
    shares: Index = field(default_factory=lambda: np.zeros((0, 2, 1), np.int64))
    share_value: Array = field(default_factory=lambda: np.zeros((0, 2, 1)))
    structure: int = FREE
    capture: Index = field(default_factory=lambda: np.full(3, -1))
    handling: int = -1
    gain: int = -1
    gain_value: float = 0.0

    def __post_init__(self) -> None:
        n = len(self.form.ages)
        if not len(self.density):  # a fresh one, whose places depend on the number of species
            self.density, self.rates = np.full(n * n + 1, -1), np.full(n, -1)
            self.effects, self.effect_signs = np.full((n, n), -1), -np.ones((n, n))
            self.rate_signs = np.ones(n)

    def add(
        self, block: str, term: str, place: tuple[int, ...], lower: float, upper: float, size: float = 1.0
    ) -> int:
        """Append a parameter and return its number."""
        self.names.append((block, term))
        self.keys.append((block, *place))
        self.size.append(size)
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.names) - 1

    def block(self, name: str) -> Index:
        """Numbers of the parameters of a block."""
        return np.array([j for j, (block, _) in enumerate(self.names) if block == name], np.int64)


def class_name(species: str, j: int, k: int) -> str:
    """Name of class j (from 0) of k."""
    return species if k == 1 else f"{species}_{j + 1}"
