"""What tells a jump from a steep slope in an image: surfaces of changing roughness; and from a few outliers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.ndimage import gaussian_filter

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.large import LargeSearch
from statmodels_x.discontinuity.border.model import Border, BorderModel, pixel_means
from statmodels_x.discontinuity.border.points import CENTRE
from statmodels_x.discontinuity.border.search import Scored, Search
from statmodels_x.discontinuity.border.windows import Windows
from statmodels_x.discontinuity.grid.lattice import Index

_WIDTHS = (1.5, 3.0)  # standard deviations of the neighbourhoods, in pixels
_POWERS = (0.5, 1.0, 1.5)
_HIGHEST_POWER = _POWERS[2:]
_SOFTEST, _STIFFEST = -6.0, 4.0
_STEPS = (-1.0, 0.0, 1.0)  # of the smoothing precision, where it is not looked for anew
_BESIDE = 4
_WIDER = 25.0  # variance of an outlier, in that of the other pixels
_PRICE = -2.0 * float(np.log(0.01))  # one pixel in a hundred is an outlier
_MOST, _TRIED = 4, 8
_BESIDE_OUTLIERS = 2
_FAR = 2.5  # no residual nearer than this is that of an outlier


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


@dataclass(frozen=True, eq=False)
class Sturdiness:
    """What a border gains if a few pixels beside it may be outliers, whether it is there or not.

    Attributes
    ----------
    search : Search
    now : Scored
        The border.
    distance : ndarray of shape (n,)
        Of each pixel from the surface between the border, or from that without one if it is farther from it; in
        standard deviations.
    """

    search: Search = field(repr=False)
    now: Scored
    distance: Array = field(repr=False)

    @classmethod
    def of(cls, search: Search, now: Scored) -> Sturdiness:
        """Smooth twice, once on either side of the border and once across."""
        between = _distance(search, now.border, now.t)
        return cls(search, now, np.maximum(between, _distance(search, search.none, search.t0)))

    def gain(self, edges: Index) -> float:
        """By how much some edges pay for themselves, with the outliers beside them told with and without."""
        search, border = self.search, self.now.border
        fewer = border.without(edges)
        price = search.price_of(border) - search.price_of(fewer)
        return self._lowest(fewer, edges) - self._lowest(border, edges) - price

    def _lowest(self, border: Border, edges: Index) -> float:
        """Lowest deviance, at the smoothing precision of the border at hand and, of a small image, at its own best."""
        search, t = self.search, self.now.t
        known = [t] if isinstance(search, LargeSearch) else [t, search.model(border).best(t)[0]]
        return min(self._with_outliers(border, edges, t) for t in dict.fromkeys(known))

    def _with_outliers(self, border: Border, edges: Index, t: float) -> float:
        """Deviance where the pixels that pay for being outliers are such, the most distant first."""
        beside = self.search.lattice.near(edges, _BESIDE_OUTLIERS)[self.search.data.cell]
        distance = np.where(beside, self.distance, 0.0)
        weight, count = self.search.data.weight, 0
        best = self._deviance(border, edges, t, weight)
        for k in np.argsort(-distance)[:_TRIED]:
            if distance[k] < _FAR or count == _MOST:
                break
            other = weight.copy()
            other[k] /= _WIDER
            value = self._deviance(border, edges, t, other) + _PRICE * (count + 1)
            if value < best:
                best, weight, count = value, other, count + 1
        return best

    def _deviance(self, border: Border, edges: Index, t: float, weight: Array) -> float:
        """Deviance at other weights; of a large image in the window round the edges."""
        data = replace(self.search.data, weight=weight)
        if not isinstance(self.search, LargeSearch):
            return BorderModel(data, border, self.search.cache).deviance(t)
        windows = Windows(data)
        return windows.within(windows.around(edges), border, t) + data.constant


def _distance(search: Search, border: Border, t: float) -> Array:
    """Distances of the pixels from a surface, in standard deviations; 0 for those that are set aside."""
    data = search.data
    surface = search.model(border).surface(t)
    if data.averages:
        surface = pixel_means(data.lattice, border, surface)
    return np.asarray(np.abs(data.y + CENTRE - surface[data.cell]) * np.sqrt(data.weight))
