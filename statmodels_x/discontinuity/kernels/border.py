"""Points beside a border: which node each sees, their moments, and the bands of the smoother that they observe.

Coordinates are in cells: the centre of cell (i, j) is the point (i, j). A border is a set of cut edges with, on each,
the share of the way from tail to head at which it is crossed. In the block between four centres it is the union of
the straight pieces from the crossings of its edges to their mean (to the middle of the block, for a single one).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.compiled import kernel


class Net(NamedTuple):
    """Edges of a grid of two axes: along the first (``down``) and second axis (``across``), -1 at the margin."""

    down: NDArray[np.int64]
    across: NDArray[np.int64]


class Cloud(NamedTuple):
    """Points sorted by block: places, responses, weights, own cell, and where each block begins."""

    place: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    cell: NDArray[np.int64]
    start: NDArray[np.int64]


@kernel
def _side(ax, ay, bx, by, px, py):
    return (bx - ax) * (py - ay) - (by - ay) * (px - ax)


@kernel
def _meet(ax, ay, bx, by, cx, cy, dx, dy):
    """Whether two segments meet."""
    if _side(ax, ay, bx, by, cx, cy) * _side(ax, ay, bx, by, dx, dy) > 0.0:
        return False
    return _side(cx, cy, dx, dy, ax, ay) * _side(cx, cy, dx, dy, bx, by) <= 0.0


@kernel
def crossings_of_block(net, bx, by, cut, s, out):
    """Crossings on the edges of block (bx, by), which the margin completes by its own nodes; returns their number."""
    nx, ny = net.down.shape
    x0, x1 = max(bx, 0), min(bx + 1, nx - 1)
    y0, y1 = max(by, 0), min(by + 1, ny - 1)
    k = 0
    if x0 != x1:
        for j in range(2):
            e = net.down[x0, y0 if j == 0 else y1]
            if cut[e]:
                out[k, 0] = bx + s[e]
                out[k, 1] = by + j
                k += 1
    if y0 != y1:
        for i in range(2):
            e = net.across[x0 if i == 0 else x1, y0]
            if cut[e]:
                out[k, 0] = bx + i
                out[k, 1] = by + s[e]
                k += 1
    return k


@kernel
def seen_node(net, px, py, cut, s, crossing):
    """Node that a point sees: the nearest of the four round it that no piece of the border hides."""
    nx, ny = net.down.shape
    bx, by = int(np.floor(px)), int(np.floor(py))
    x0, x1 = max(bx, 0), min(bx + 1, nx - 1)
    y0, y1 = max(by, 0), min(by + 1, ny - 1)
    own_i, own_j = 0 if px - bx < 0.5 else 1, 0 if py - by < 0.5 else 1
    own = (x1 if own_i else x0) * ny + (y1 if own_j else y0)
    k = crossings_of_block(net, bx, by, cut, s, crossing)
    if k == 0:
        return own
    mx, my = bx + 0.5, by + 0.5
    if k > 1:
        mx, my = crossing[:k, 0].mean(), crossing[:k, 1].mean()
    best, node = 1e9, own
    for p in range(4):  # of equally near nodes the point's own comes first
        i, j = own_i ^ (p // 2), own_j ^ (p % 2)
        gx, gy = bx + i, by + j
        d = (px - gx) ** 2 + (py - gy) ** 2
        if d >= best:
            continue
        hidden = False
        for q in range(k):
            if _meet(px, py, gx, gy, crossing[q, 0], crossing[q, 1], mx, my):
                hidden = True
                break
        if not hidden:
            best, node = d, (x0 if i == 0 else x1) * ny + (y0 if j == 0 else y1)
    return node


@kernel
def seen_nodes(net, places, cut, s):
    """Node that each point sees."""
    crossing = np.empty((4, 2))
    out = np.empty(places.shape[0], np.int64)
    for i in range(places.shape[0]):
        out[i] = seen_node(net, places[i, 0], places[i, 1], cut, s, crossing)
    return out


@kernel
def add_point(design, right, c, ny, place, y, w):
    """Add a point of some weight to the moments of a node."""
    dx, dy = place[0] - c // ny, place[1] - c % ny
    design[c, 0] += w
    design[c, 1] += w * dx
    design[c, 2] += w * dy
    design[c, 3] += w * dx * dx
    design[c, 4] += w * dx * dy
    design[c, 5] += w * dy * dy
    right[c, 0] += w * y
    right[c, 1] += w * y * dx
    right[c, 2] += w * y * dy


@kernel
def move_point(design, right, ny, cloud, p, before, after):
    """Move a point of the cloud from the moments of one node to those of another."""
    add_point(design, right, before, ny, cloud.place[p], cloud.y[p], -cloud.weight[p])
    add_point(design, right, after, ny, cloud.place[p], cloud.y[p], cloud.weight[p])


@kernel
def own_moments(cloud, n, ny):
    """Weighted moments of (1, dx, dy) over the points of each cell, and of these times y."""
    design, right = np.zeros((n, 6)), np.zeros((n, 3))
    for i in range(cloud.y.size):
        add_point(design, right, cloud.cell[i], ny, cloud.place[i], cloud.y[i], cloud.weight[i])
    return design, right


@kernel
def moments_at(place, y, weight, node, n, ny):
    """Moments with each point at a given node."""
    design, right = np.zeros((n, 6)), np.zeros((n, 3))
    for i in range(y.size):
        add_point(design, right, node[i], ny, place[i], y[i], weight[i])
    return design, right


@kernel
def moved_moments(net, cloud, design, right, cut, s):
    """Moments with each point at the node that it sees; only blocks that the border meets are looked at."""
    nx, ny = net.down.shape
    design, right = design.copy(), right.copy()
    crossing = np.empty((4, 2))
    for bx in range(-1, nx):
        for by in range(-1, ny):
            if crossings_of_block(net, bx, by, cut, s, crossing) == 0:
                continue
            block = (bx + 1) * (ny + 1) + by + 1
            for i in range(cloud.start[block], cloud.start[block + 1]):
                c = cloud.cell[i]
                node = seen_node(net, cloud.place[i, 0], cloud.place[i, 1], cut, s, crossing)
                if node != c:
                    move_point(design, right, ny, cloud, i, c, node)
    return design, right


@kernel
def _slope(before, behind, step, node, k, index, weight):
    """Central difference along one axis; one-sided where an edge is cut, 0 where both are."""
    at = 2 * k - 1
    if before and behind:
        index[at], index[at + 1] = node - step, node + step
        weight[at, k], weight[at + 1, k] = -0.5, 0.5
    elif before:
        index[at] = node - step
        weight[at, k] = -1.0
        weight[0, k] += 1.0
    elif behind:
        index[at + 1] = node + step
        weight[at + 1, k] = 1.0
        weight[0, k] -= 1.0


@kernel
def stencil(net, node, cut, index, weight):
    """Value and two slopes of the surface at a node: up to 5 nodes (-1: none) with their weights (5, 3)."""
    nx, ny = net.down.shape
    i, j = node // ny, node % ny
    weight[:] = 0.0
    index[:] = -1
    index[0] = node
    weight[0, 0] = 1.0
    _slope(
        i > 0 and not cut[net.down[i - 1, j]],
        i < nx - 1 and not cut[net.down[i, j]],
        ny,
        node,
        1,
        index,
        weight,
    )
    _slope(
        j > 0 and not cut[net.across[i, j - 1]],
        j < ny - 1 and not cut[net.across[i, j]],
        1,
        node,
        2,
        index,
        weight,
    )


@kernel
def data_band(net, design, right, cut, bandwidth):
    """Band of A'WA, and A'Wy, of the points: each is the value at its node carried on by the slopes there."""
    nx, ny = net.down.shape
    n = nx * ny
    band, side = np.zeros((bandwidth + 1, n)), np.zeros(n)
    index, weight = np.empty(5, np.int64), np.empty((5, 3))
    square = np.empty((3, 3))
    for c in range(n):
        m = design[c]
        if m[0] <= 1e-9:
            continue
        stencil(net, c, cut, index, weight)
        square[0] = m[:3]
        square[1, 0], square[1, 1], square[1, 2] = m[1], m[3], m[4]
        square[2, 0], square[2, 1], square[2, 2] = m[2], m[4], m[5]
        for a in range(5):
            if index[a] < 0:
                continue
            for p in range(3):
                side[index[a]] += weight[a, p] * right[c, p]
            for b in range(5):
                if index[b] < 0 or index[a] < index[b]:
                    continue
                value = 0.0
                for p in range(3):
                    for q in range(3):
                        value += weight[a, p] * square[p, q] * weight[b, q]
                band[index[a] - index[b], index[b]] += value
    return band, side


@kernel
def _square(band, index, weight, k, factor):
    for a in range(k):
        for b in range(k):
            if index[a] >= index[b]:
                band[index[a] - index[b], index[b]] += factor * weight[a] * weight[b]


@kernel
def prior_bands(net, cut, level, soft_cell, soft_edge, bandwidth):
    """Bands of the penalty on second differences, and of first differences with the level of each region.

    A second difference is penalised by the product of the smallest ``soft_cell`` among its cells and the smallest
    ``soft_edge`` among its edges; it does not cross a cut edge.
    """
    nx, ny = net.down.shape
    n = nx * ny
    rough, fixed = np.zeros((bandwidth + 1, n)), np.zeros((bandwidth + 1, n))
    index = np.empty(4, np.int64)
    first, second = np.array([-1.0, 1.0, 0.0, 0.0]), np.array([1.0, -2.0, 1.0, 0.0])
    mixed = np.sqrt(2.0) * np.array([1.0, -1.0, -1.0, 1.0])
    for i in range(nx):
        for j in range(ny):
            c = i * ny + j
            fixed[0, c] += level[c]
            for axis in range(2):
                edges, step = (net.down, ny) if axis == 0 else (net.across, 1)
                e = edges[i, j]
                if e < 0 or cut[e]:
                    continue
                index[0], index[1], index[2] = c, c + step, c + 2 * step
                _square(fixed, index, first, 2, 1.0)
                further = edges[i + 1, j] if axis == 0 else edges[i, j + 1]
                if further >= 0 and not cut[further]:
                    f = min(soft_cell[c], soft_cell[c + step], soft_cell[c + 2 * step])
                    _square(rough, index, second, 3, f * min(soft_edge[e], soft_edge[further]))
            if i == nx - 1 or j == ny - 1:
                continue
            a, b, d, e = net.down[i, j], net.down[i, j + 1], net.across[i, j], net.across[i + 1, j]
            if not (cut[a] or cut[b] or cut[d] or cut[e]):
                index[0], index[1], index[2], index[3] = c, c + 1, c + ny, c + ny + 1
                f = min(soft_cell[c], soft_cell[c + 1], soft_cell[c + ny], soft_cell[c + ny + 1])
                _square(
                    rough, index, mixed, 4, f * min(soft_edge[a], soft_edge[b], soft_edge[d], soft_edge[e])
                )
    return rough, fixed


@kernel
def _root(parent, k):
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@kernel
def _join(parent, a, b):
    a, b = _root(parent, a), _root(parent, b)
    if a != b:
        parent[max(a, b)] = min(a, b)


@kernel
def regions(tail, head, cut, n):
    """Count and label the regions that the cut edges leave."""
    parent = np.arange(n)
    for e in range(tail.size):
        if not cut[e]:
            _join(parent, tail[e], head[e])
    label = np.empty(n, np.int64)
    count = 0
    for k in range(n):
        r = _root(parent, k)
        if r == k:
            label[k] = count
            count += 1
        else:
            label[k] = label[r]
    return count, label


@kernel
def _piece(tail, axis, ny, first, last, s):
    """From the crossing of one edge to that of another."""
    x = (tail[last] // ny) - (tail[first] // ny) + 0.0
    y = (tail[last] % ny) - (tail[first] % ny) + 0.0
    x += (s[last] if axis[last] == 0 else 0.0) - (s[first] if axis[first] == 0 else 0.0)
    y += (s[last] if axis[last] == 1 else 0.0) - (s[first] if axis[first] == 1 else 0.0)
    return x, y


@kernel
def _turns(cut, known, direction):
    """Sum of the squared turns at the crossings, none above 1.2."""
    bending = 0.0
    for e in range(cut.size):
        if cut[e] and known[e] == 2:
            cosine = direction[e, 0, 0] * direction[e, 1, 0] + direction[e, 0, 1] * direction[e, 1, 1]
            turn = np.pi - np.arccos(max(-1.0, min(1.0, cosine)))
            bending += min(turn * turn, 1.2)
    return bending


@kernel
def shape_of(net, squares, tail, axis, cut, s):
    """Segments, loose ends or forks, length in cells, and bending of a border."""
    ny = net.down.shape[1]
    parent = np.arange(cut.size)
    direction, known = np.zeros((cut.size, 2, 2)), np.zeros(cut.size, np.int64)
    ends, length = 0, 0.0
    own = np.empty(4, np.int64)
    for b in range(squares.shape[0]):
        k = 0
        for q in range(4):
            if cut[squares[b, q]]:
                own[k] = squares[b, q]
                k += 1
        ends += k % 2
        for q in range(1, k):
            _join(parent, own[0], own[q])
        if k != 2:
            length += 0.5 * k
            continue
        x, y = _piece(tail, axis, ny, own[0], own[1], s)
        size = np.hypot(x, y)
        length += size
        if size > 0.12:  # shorter pieces have no direction to speak of
            for q in range(2):
                e, sign = own[q], 1.0 - 2.0 * q
                if known[e] < 2:
                    direction[e, known[e], 0], direction[e, known[e], 1] = sign * x / size, sign * y / size
                    known[e] += 1
    parts = 0
    for e in range(cut.size):
        parts += cut[e] and _root(parent, e) == e
    return parts, ends, length, _turns(cut, known, direction)


@kernel
def draw_line(net, line, n_edges):
    """Cut the edges that a polyline crosses an odd number of times, and say where."""
    nx, ny = net.down.shape
    cut, s = np.zeros(n_edges, np.bool_), np.full(n_edges, 0.5)
    for k in range(line.shape[0] - 1):
        for axis in range(2):
            along, over = (0, 1) if axis == 0 else (1, 0)
            a, b = line[k, over], line[k + 1, over]
            if a == b:
                continue
            rows = ny if axis == 0 else nx
            low, high = min(a, b), max(a, b)
            for row in range(max(int(np.ceil(low)), 0), min(int(np.floor(high)), rows - 1) + 1):
                if row == high:  # belongs to the next piece
                    continue
                at = line[k, along] + (row - a) / (b - a) * (line[k + 1, along] - line[k, along])
                first = int(np.floor(at))
                if first < 0 or first >= (nx if axis == 0 else ny) - 1:
                    continue
                e = net.down[first, row] if axis == 0 else net.across[row, first]
                cut[e] = not cut[e]
                s[e] = min(max(at - first, 0.02), 0.98)
    return cut, s
