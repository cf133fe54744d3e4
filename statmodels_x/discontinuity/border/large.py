"""The search on large images: the same moves, scored in windows, with few scores of the whole image."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.model import Border, Price
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.proposals import Ridges
from statmodels_x.discontinuity.border.search import Scored, Search, Trials
from statmodels_x.discontinuity.border.windows import Windows
from statmodels_x.discontinuity.grid.lattice import Index

_MOST_LOOSE = 40
_STEPS = 4
_LARGE = 2.5e6
_MOST_SLID = 400


class LargeSearch(Search):
    """Moves of a border on a large image.

    A change at a known smoothing precision is scored by the pixels within some steps of it; only where that precision
    is looked for anew the whole image is factorised.

    Parameters
    ----------
    data : PointData
    price : Price
    ridges : Ridges
    """

    def __init__(self, data: PointData, price: Price, ridges: Ridges) -> None:
        super().__init__(data, price, ridges)
        self.windows = Windows(data)
        self.windows.remember(self.none, self.t0, self.smooth)

    @property
    def moves_stretches(self) -> bool:
        """False: that takes too long."""
        return False

    @property
    def has_neighbourhoods(self) -> bool:
        """False: changes are scored in windows."""
        return False

    def score(self, border: Border, t: float | None = None, around: float | None = None) -> Scored:
        """Score a border, at a smoothing precision in windows, or at its own best on the whole image."""
        value = None if t is None else self.windows.deviance(border, t)
        if value is None:
            model = self.model(border)
            t, value = model.best(around) if t is None else (t, model.deviance(t))
            self.windows.remember(border, t, value)
        assert t is not None
        return Scored(border, value - self.smooth + self.price_of(border), t)

    def first_score(self, border: Border) -> Scored:
        """Rank a proposal: at the precision of the surface without a border, in windows."""
        return self.score(border, self.t0)

    def settle(self, now: Scored) -> Scored:
        """Leave the smoothing precision as it is: it is looked for where the search says so."""
        return now

    def _without(self, trials: Trials, edges: Index) -> Scored:
        return trials.score(trials.now.border.without(edges))

    def _longer(self, trials: Trials, path: tuple[int, ...], joins: bool) -> Iterable[Scored]:
        yield trials.score(trials.now.border.plus(np.array(path), 0.5))

    def refine(self, now: Scored) -> Scored:
        """Redraw, prune and extend, with the smoothing precision found anew between."""
        for apart in (1.0, 0.4):
            now = self.prune(self.redraw(now, apart))
            now = self.score(now.border, around=now.t)
        if len(self.lattice.loose_ends(now.border.cut)) <= _MOST_LOOSE:
            now = self.extend(now, _STEPS)
        return self.prune(now)

    def finish(self, now: Scored) -> Scored:
        """Redraw once more, slide the crossings of averages, and score the whole image."""
        now = self.prune(self.redraw(now, 0.3))
        if self.data.averages and len(now.border.edges) <= _MOST_SLID:
            for step in (0.25, 0.12):
                now = self.slide(now, step)
        return self.score(now.border, around=now.t)

    def softer_gain(self, now: Scored, fewer: Border, edges: Index, soft_cell: Array | None) -> float:
        """By how much softer cells tell the surface better than some edges do, in the window round these."""
        box = self.windows.around(edges)
        with_jump = self.windows.within(box, now.border, now.t)
        return with_jump - self.windows.within(box, fewer, now.t, soft_cell)


def search_of(data: PointData, price: Price, ridges: Ridges) -> Search:
    """Return the search that fits the size of the data."""
    search_class = LargeSearch if data.pixels and is_large(data) else Search
    return search_class(data, price, ridges)


def is_large(data: PointData) -> bool:
    """Whether scores of the whole image are too dear for every small move."""
    return data.lattice.n_cells * float(data.lattice.strides.max()) ** 2 > 2.5e6
