"""Pixels as averages: of each pixel that the border crosses, the shares on either side as a row over the nodes.

Coordinates are in cells, as in :mod:`.border`: pixel (i, j) is the square of side 1 about the point (i, j). Its
quarters lie in four blocks of centres, in each of which the border is straight or meets in one point.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel
from statmodels_x.discontinuity.kernels.border import _side, crossings_of_block, seen_node, stencil
from statmodels_x.discontinuity.kernels.local import Change, _add_penalties, _levels, _register, _touched

_RIGHT, _UP = (1.0, 1.0, -1.0, -1.0), (1.0, -1.0, -1.0, 1.0)  # corners of a square in order
_HALF = 0.25
_FINE = 6  # samples along a side of a quarter in which more than one piece of the border lies


@kernel
def _clipped(x, y, lx, ly, mx, my, sign):
    """Area and centroid of the part of a quarter pixel with its middle at (x, y) on one side of a line."""
    px, py = np.empty(8), np.empty(8)
    n = 0
    for q in range(4):
        ax, ay = x + _HALF * _RIGHT[q], y + _HALF * _UP[q]
        bx, by = x + _HALF * _RIGHT[q - 3], y + _HALF * _UP[q - 3]
        da = sign * _side(lx, ly, mx, my, ax, ay)
        db = sign * _side(lx, ly, mx, my, bx, by)
        if da >= 0.0:
            px[n], py[n] = ax, ay
            n += 1
        if (da > 0.0 and db < 0.0) or (da < 0.0 and db > 0.0):
            t = da / (da - db)
            px[n], py[n] = ax + t * (bx - ax), ay + t * (by - ay)
            n += 1
    area, gx, gy = 0.0, 0.0, 0.0
    for q in range(n):
        r = (q + 1) % n
        cross = (px[q] - x) * (py[r] - y) - (px[r] - x) * (py[q] - y)
        area += 0.5 * cross
        gx += cross * (px[q] + px[r] - 2.0 * x) / 6.0
        gy += cross * (py[q] + py[r] - 2.0 * y) / 6.0
    if abs(area) < 1e-12:
        return 0.0, x, y
    return abs(area), x + gx / area, y + gy / area


@kernel
def _add_part(net, node, area, gx, gy, i, j, cut, index, weight, row):
    """Add a part of pixel (i, j) that sees a node; slopes that need nodes beyond its neighbours are left out."""
    ny = net.down.shape[1]
    stencil(net, node, cut, index, weight)
    dx, dy = gx - node // ny, gy - node % ny
    for axis in range(2):
        for q in range(2 * axis + 1, 2 * axis + 3):
            if index[q] >= 0:
                away = index[q] // ny - i if axis == 0 else index[q] % ny - j
                if abs(away) > 1:
                    weight[:, axis + 1] = 0.0
    for q in range(5):
        if index[q] >= 0:
            a, b = index[q] // ny - i + 1, index[q] % ny - j + 1
            if 0 <= a <= 2 and 0 <= b <= 2:
                row[a, b] += area * (weight[q, 0] + weight[q, 1] * dx + weight[q, 2] * dy)


@kernel
def _add_samples(net, c, x, y, cut, s, crossing, index, weight, row):
    """Add a quarter pixel round (x, y) in which several pieces meet, by samples; whether any sees another node."""
    ny = net.down.shape[1]
    nodes, area, gx, gy, n = np.empty(4, np.int64), np.zeros(4), np.zeros(4), np.zeros(4), 0
    part = 0.25 / (_FINE * _FINE)
    for p in range(_FINE):
        for q in range(_FINE):
            px, py = x - 0.25 + 0.5 * (p + 0.5) / _FINE, y - 0.25 + 0.5 * (q + 0.5) / _FINE
            node = seen_node(net, px, py, cut, s, crossing)
            k = 0
            while k < n and nodes[k] != node:
                k += 1
            if k == n:
                nodes[n] = node
                n += 1
            area[k] += part
            gx[k] += part * px
            gy[k] += part * py
    for k in range(n):
        centre = gx[k] / area[k], gy[k] / area[k]
        _add_part(net, nodes[k], area[k], centre[0], centre[1], c // ny, c % ny, cut, index, weight, row)
    return n > 1 or nodes[0] != c


@kernel
def pixel_row(net, c, cut, s, crossing, index, weight, row):
    """Average of the surface over a pixel, in weights of the nodes round it (3, 3); whether it sees any but its own."""
    ny = net.down.shape[1]
    i, j = c // ny, c % ny
    row[:] = 0.0
    mixed = False
    for a in range(2):
        for b in range(2):
            bx, by = i - 1 + a, j - 1 + b
            x, y = i - 0.25 + 0.5 * a, j - 0.25 + 0.5 * b
            k = crossings_of_block(net, bx, by, cut, s, crossing)
            if k == 0:
                _add_part(net, c, 0.25, x, y, i, j, cut, index, weight, row)
            elif k == 2:
                lx, ly, mx, my = crossing[0, 0], crossing[0, 1], crossing[1, 0], crossing[1, 1]
                own = 1.0 if _side(lx, ly, mx, my, float(i), float(j)) >= 0.0 else -1.0
                area, gx, gy = _clipped(x, y, lx, ly, mx, my, own)
                if area > 0.0:
                    _add_part(net, c, area, gx, gy, i, j, cut, index, weight, row)
                area, gx, gy = _clipped(x, y, lx, ly, mx, my, -own)
                if area > 0.0:
                    node = seen_node(net, gx, gy, cut, s, crossing)
                    mixed = mixed or node != c
                    _add_part(net, node, area, gx, gy, i, j, cut, index, weight, row)
            else:
                mixed = _add_samples(net, c, x, y, cut, s, crossing, index, weight, row) or mixed
    return mixed


@kernel
def mixed_pixels(net, tail, axis, cut, s):
    """Pixels that the border crosses, and their rows (m, 3, 3)."""
    nx, ny = net.down.shape
    met = np.zeros(nx * ny, np.bool_)
    for e in range(tail.size):
        if cut[e]:
            i, j = tail[e] // ny, tail[e] % ny
            for a in range(-1 if axis[e] == 1 else 0, 2):
                for b in range(-1 if axis[e] == 0 else 0, 2):
                    if 0 <= i + a < nx and 0 <= j + b < ny:
                        met[(i + a) * ny + j + b] = True
    cells = np.flatnonzero(met)
    rows = np.zeros((cells.size, 3, 3))
    crossing, index, weight = np.empty((4, 2)), np.empty(5, np.int64), np.empty((5, 3))
    n = 0
    for c in cells:
        if pixel_row(net, c, cut, s, crossing, index, weight, rows[n]):
            cells[n] = c
            n += 1
    return cells[:n], rows[:n]


@kernel
def add_pixels(cells, rows, y, w, ny, band, side):
    """Add the information of crossed pixels, by their rows, to the band and the right-hand side."""
    for q in range(cells.size):
        c = cells[q]
        if w[c] <= 0.0:
            continue
        for a in range(9):
            value = rows[q, a // 3, a % 3]
            if value == 0.0:
                continue
            first = c + (a // 3 - 1) * ny + a % 3 - 1
            side[first] += w[c] * value * y[c]
            for b in range(a + 1):
                other = rows[q, b // 3, b % 3]
                if other != 0.0:
                    second = c + (b // 3 - 1) * ny + b % 3 - 1
                    band[first - second, second] += w[c] * value * other


@kernel
def _around(tail, axis, edges, nx, ny):
    """Pixels whose rows may change with some edges: those within one of the cells at their ends, each once."""
    met = np.zeros(nx * ny, np.bool_)
    for e in edges:
        i, j = tail[e] // ny, tail[e] % ny
        for a in range(max(i - 1, 0), min(i + (3 if axis[e] == 0 else 2), nx)):
            for b in range(max(j - 1, 0), min(j + (3 if axis[e] == 1 else 2), ny)):
                met[a * ny + b] = True
    return np.flatnonzero(met)


@kernel
def _rows_changed(net, cells, w, old, old_s, cut, s):
    """Rows (m, 3, 3) of the pixels before and after a change, those of which it leaves as they are left out."""
    crossing, index, weight = np.empty((4, 2)), np.empty(5, np.int64), np.empty((5, 3))
    before, after = np.zeros((cells.size, 3, 3)), np.zeros((cells.size, 3, 3))
    n = 0
    for c in cells:
        if w[c] <= 0.0:
            continue
        was = pixel_row(net, c, old, old_s, crossing, index, weight, before[n])
        is_ = pixel_row(net, c, cut, s, crossing, index, weight, after[n])
        if not (was or is_):
            continue
        for row, mixed in ((before[n], was), (after[n], is_)):
            if not mixed:  # the value at its own node
                row[:] = 0.0
                row[1, 1] = 1.0
        if np.any(before[n] != after[n]):
            cells[n] = c
            n += 1
    return cells[:n], before[:n], after[:n]


@kernel
def _add_row(data, side, at, row, w, y, sign):
    """Add the information of one pixel, by its row over the nodes round it."""
    for a in range(9):
        value = row[a // 3, a % 3]
        if value == 0.0:
            continue
        side[at[a]] += sign * w * value * y
        for b in range(9):
            data[at[a], at[b]] += sign * w * value * row[b // 3, b % 3]


@kernel
def change_of_averages(net, y, w, tail, axis, old, old_s, cut, s, level, new_level, most):
    """Find what changes between two borders for pixels that are averages; see ``change_of`` of :mod:`.local`."""
    nx, ny = net.down.shape
    edges = np.flatnonzero((old != cut) | (cut & (old_s != s)))
    cells, before, after = _rows_changed(net, _around(tail, axis, edges, nx, ny), w, old, old_s, cut, s)
    nodes, position = np.empty(most, np.int64), np.full(level.size, -1)
    k = _touched(net, tail, axis, edges, old, cut, cells[:0], np.zeros(0, np.bool_), position, nodes)
    at = np.full((cells.size, 9), -1)
    for q in range(cells.size):
        for a in range(9):
            if before[q, a // 3, a % 3] != 0.0 or after[q, a // 3, a % 3] != 0.0:
                at[q, a] = cells[q] + (a // 3 - 1) * ny + a % 3 - 1
                k = _register(position, nodes, k, at[q, a])
    k, rest = _levels(level, new_level, position, nodes, k)
    if k >= most:
        nothing = np.zeros((0, 0))
        return Change(nodes[:0], nothing, nothing, nothing, nothing[0:0].ravel()), 1.0
    data, rough, fixed, side = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k)), np.zeros(k)
    places = np.zeros(9, np.int64)
    for q in range(cells.size):
        for a in range(9):
            places[a] = position[at[q, a]] if at[q, a] >= 0 else 0  # of no weight
        _add_row(data, side, places, before[q], w[cells[q]], y[cells[q]], -1.0)
        _add_row(data, side, places, after[q], w[cells[q]], y[cells[q]], 1.0)
    _add_penalties(net, tail, axis, edges, old, cut, position, rough, fixed)
    for q in range(k):
        fixed[q, q] += new_level[nodes[q]] - level[nodes[q]]
    return Change(nodes[:k].copy(), data, rough, fixed, side), rest
