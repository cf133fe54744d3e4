"""Stretches of a chain moved across together.

Redrawing takes the sides of a chain from the points along it alone, and where the surface is curved these say little.
Single crossings do not gain by moves that their neighbours do not make. A stretch moved as a whole is judged by all.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import Chain, polyline, smoothed
from statmodels_x.discontinuity.border.model import Border
from statmodels_x.discontinuity.border.points import PointData
from statmodels_x.discontinuity.border.redraw import replaced
from statmodels_x.discontinuity.grid.lattice import Index

_FEWEST_EDGES = 4


@dataclass(frozen=True, eq=False)
class Course:
    """A chain as a line that can be moved: the edges that it cuts, its vertices, and whether it goes round."""

    edges: Index = field(repr=False)
    line: Array = field(repr=False)
    closed: bool

    def shifted(self, centre: float, width: float, by: float) -> Array:
        """Move the vertices round one across, the further from it the less; cells, and vertices for the width."""
        m = len(self.line)
        away = np.arange(m) - centre
        along = np.gradient(self.line, axis=0)
        if self.closed:
            away = np.mod(away + 0.5 * (m - 1), m - 1) - 0.5 * (m - 1)
            along[0] = along[-1] = self.line[1] - self.line[-2]
        along /= np.maximum(np.linalg.norm(along, axis=1), 1e-12)[:, None]
        share = by * np.exp(-0.5 * (1.5 * away / width) ** 2)
        return np.asarray(self.line + share[:, None] * np.column_stack([-along[:, 1], along[:, 0]]))

    def ironed(self, sd: float) -> Array:
        """Smooth the line, over some vertices."""
        if self.closed:
            line = smoothed(self.line[:-1], sd, "wrap")
            return np.vstack([line, line[:1]])
        pad = min(len(self.line) - 1, int(4.0 * sd) + 1)
        head = 2.0 * self.line[0] - self.line[1 : pad + 1][::-1]
        tail = 2.0 * self.line[-1] - self.line[-pad - 1 : -1][::-1]
        return smoothed(np.vstack([head, self.line, tail]), sd, "reflect")[pad:-pad]

    def drawn(self, data: PointData, border: Border, line: Array) -> tuple[Border, Course]:
        """Put another line in the place of this one."""
        rest = border.without(self.edges)
        whole = replaced(data, border, self.edges, line)
        return whole, Course(np.flatnonzero(whole.cut & ~rest.cut), line, self.closed)


def course_of(data: PointData, border: Border, chain: Chain) -> Course | None:
    """Return the line of a chain; None where it is too short, or no longer whole."""
    if len(chain.edges) < _FEWEST_EDGES or not border.cut[chain.edges].all():
        return None
    line = polyline(data.lattice, border, chain)
    return None if line is None else Course(chain.edges, line, chain.closed)
