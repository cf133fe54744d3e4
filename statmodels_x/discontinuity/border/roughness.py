"""Surfaces that are rough in some places and smooth in others: what tells a jump from a steep slope in an image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import gaussian_filter

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.large import LargeSearch
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.search import Scored, Search
from statmodels_x.discontinuity.grid.lattice import Index

_WIDTHS = (1.5, 3.0)  # standard deviations of the neighbourhoods, in pixels
_POWERS = (0.5, 1.0, 1.5)
_HIGHEST_POWER = _POWERS[2:]
_SOFTEST, _STIFFEST = -6.0, 4.0
_STEPS = (-1.0, 0.0, 1.0)  # of the smoothing precision, where it is not looked for anew
_BESIDE = 4


@dataclass(frozen=True, eq=False)
class Roughness:
    """How much a surface bends, between borders and without any.

    Attributes
    ----------
    search : Search
    now : Scored
        The border.
    between, whole : ndarray, shape of the grid
        Squared second differences of the surface between the border and of that without one.
    """

    search: Search = field(repr=False)
    now: Scored
    between: Array = field(repr=False)
    whole: Array = field(repr=False)

    @classmethod
    def of(cls, search: Search, now: Scored) -> Roughness:
        """Smooth twice, once on either side of the border and once across."""
        return cls(search, now, _bending(search, now.border, now.t), _bending(search, search.none, search.t0))

    def gain(self, edges: Index) -> float:
        """By how much some edges pay for themselves if the surface may be as rough as suits it, with and without."""
        search, border = self.search, self.now.border
        fewer = border.without(edges)
        near = search.lattice.near(edges, _BESIDE).reshape(search.lattice.shape)
        without = self._lowest(fewer, edges, np.where(near, self.whole, self.between))
        price = search.price_of(border) - search.price_of(fewer)
        plain = self._deviance(border, edges, None)
        if plain + price < without:
            return without - plain - price
        return without - min(plain, self._lowest(border, edges, self.between)) - price

    def _lowest(self, border: Border, edges: Index, bend: Array) -> float:
        powers = _HIGHEST_POWER if isinstance(self.search, LargeSearch) else _POWERS
        return min(self._deviance(border, edges, soft) for soft in _fields(bend, powers))

    def _deviance(self, border: Border, edges: Index, soft: Array | None) -> float:
        """Deviance at the best smoothing precision; of a large image in the window round the edges."""
        search, t = self.search, self.now.t
        if not isinstance(search, LargeSearch):
            return search.model(border, soft).best(t)[1]
        box, steps = search.windows.around(edges), (0.0,) if soft is None else _STEPS
        return min(search.windows.within(box, border, t + step, soft) for step in steps)


def _fields(bend: Array, powers: tuple[float, ...]) -> Iterator[Array]:
    """Factors on the penalty at each cell: the smaller, the more a surface bends round it.

    The smoothing has left less of what differs from place to place; a power of more than 1 makes up for that.
    """
    for width in _WIDTHS:
        around = gaussian_filter(bend, width)
        log = np.log(np.maximum(around / around.mean(), 1e-12))
        for power in powers:
            yield np.exp(np.clip(-power * log, _SOFTEST, _STIFFEST)).ravel()


def _bending(search: Search, border: Border, t: float) -> Array:
    """Squared second differences that cross no border, summed at each cell."""
    lattice = search.lattice
    surface = search.model(border).surface(t).reshape(lattice.shape)
    edge = lattice.edge_from.reshape(2, *lattice.shape)
    ahead = [
        np.where((edge[axis] >= 0) & ~border.cut[edge[axis]], np.roll(surface, -1, axis) - surface, np.nan)
        for axis in range(2)
    ]
    second = [one - np.roll(one, 1, axis) for axis, one in enumerate(ahead)]
    mixed = np.roll(ahead[0], -1, 1) - ahead[0] + 0.0 * (np.roll(ahead[1], -1, 0) - ahead[1])
    return sum((np.nan_to_num(one) ** 2 for one in second), 2.0 * np.nan_to_num(mixed) ** 2)
