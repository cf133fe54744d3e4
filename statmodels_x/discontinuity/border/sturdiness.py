"""Errors with outliers: a border of an image must not rest on a few pixels that are far from any surface."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.large import LargeSearch
from statmodels_x.discontinuity.border.model import Border, BorderModel, pixel_means
from statmodels_x.discontinuity.border.points import CENTRE
from statmodels_x.discontinuity.border.search import Scored, Search
from statmodels_x.discontinuity.border.windows import Windows
from statmodels_x.discontinuity.grid.lattice import Index

_WIDER = 25.0  # variance of an outlier, in that of the other pixels
_PRICE = -2.0 * float(np.log(0.01))  # one pixel in a hundred is an outlier
_MOST, _TRIED = 4, 8
_BESIDE = 2
_FAR = 2.5  # no residual nearer than this is that of an outlier


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
        beside = self.search.lattice.near(edges, _BESIDE)[self.search.data.cell]
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
