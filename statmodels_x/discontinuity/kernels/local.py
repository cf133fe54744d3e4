"""What a change of a few edges does to the smoother: the entries that change, and the deviance after them.

The matrices before the change are known by some entries of their inverses (among the nodes near the border), so that
determinants and quadratic forms after it need only the nodes whose rows change (Woodbury's identity).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.compiled import kernel
from statmodels_x.discontinuity.kernels.border import move_point, seen_node, stencil


class Change(NamedTuple):
    """Nodes whose rows change, and what is added there: by the data, the penalties, and to the right-hand side."""

    nodes: NDArray[np.int64]
    data: NDArray[np.float64]
    rough: NDArray[np.float64]
    fixed: NDArray[np.float64]
    right: NDArray[np.float64]


@kernel
def half_inverse(rows, nodes):
    """Columns of the inverse of a banded Cholesky factor, given as rows[j, d] = L[j + d, j]; nodes ascend."""
    n, width = rows.shape
    y = np.zeros((n, nodes.size))
    q = 0
    for i in range(n):
        while q < nodes.size and nodes[q] <= i:
            y[nodes[q], q] = 1.0
            q += 1
        own = y[i, :q]
        first = i - width + 1
        if q > 0:
            first = max(first, nodes[0])
        j = max(first, 0)
        while j + 3 < i:
            a, b, c, d = (
                rows[j, i - j],
                rows[j + 1, i - j - 1],
                rows[j + 2, i - j - 2],
                rows[j + 3, i - j - 3],
            )
            for p in range(q):
                own[p] -= a * y[j, p] + b * y[j + 1, p] + c * y[j + 2, p] + d * y[j + 3, p]
            j += 4
        while j < i:
            a = rows[j, i - j]
            for p in range(q):
                own[p] -= a * y[j, p]
            j += 1
        own /= rows[i, 0]
    return y


@kernel
def _blocks_of(edges, tail, axis, ny):
    """Blocks of which edges are sides, each once, as (bx, by)."""
    found, n = np.empty((2 * edges.size, 2), np.int64), 0
    for e in edges:
        for q in range(2):
            bx = tail[e] // ny - (q if axis[e] == 1 else 0)
            by = tail[e] % ny - (q if axis[e] == 0 else 0)
            known = False
            for b in range(n):
                if found[b, 0] == bx and found[b, 1] == by:
                    known = True
                    break
            if not known:
                found[n, 0], found[n, 1] = bx, by
                n += 1
    return found[:n]


@kernel
def _moments_changed(net, cloud, blocks, old, old_s, cut, s):
    """Corners of the blocks, and by how much the moments of the points that they see change."""
    nx, ny = net.down.shape
    row = np.full(nx * ny, -1)
    nodes, n = np.empty(4 * len(blocks), np.int64), 0
    for b in range(len(blocks)):
        for q in range(4):
            i, j = blocks[b, 0] + q // 2, blocks[b, 1] + q % 2
            c = min(max(i, 0), nx - 1) * ny + min(max(j, 0), ny - 1)
            if row[c] < 0:
                row[c] = n
                nodes[n] = c
                n += 1
    design, right = np.zeros((nx * ny, 6)), np.zeros((nx * ny, 3))
    crossing = np.empty((4, 2))
    moved = np.zeros(n, np.bool_)
    for b in range(len(blocks)):
        code = (blocks[b, 0] + 1) * (ny + 1) + blocks[b, 1] + 1
        for p in range(cloud.start[code], cloud.start[code + 1]):
            px, py = cloud.place[p]
            before = seen_node(net, px, py, old, old_s, crossing)
            after = seen_node(net, px, py, cut, s, crossing)
            if before != after:
                move_point(design, right, ny, cloud, p, before, after)
                moved[row[before]] = moved[row[after]] = True
    return nodes[:n], moved, design, right


@kernel
def _add_observed(data, side, position, m, r, index, weight, sign):
    """Add the information of one node's points, seen through its stencil."""
    square = np.empty((3, 3))
    square[0] = m[:3]
    square[1, 0], square[1, 1], square[1, 2] = m[1], m[3], m[4]
    square[2, 0], square[2, 1], square[2, 2] = m[2], m[4], m[5]
    for a in range(5):
        if index[a] < 0:
            continue
        for p in range(3):
            side[position[index[a]]] += sign * weight[a, p] * r[p]
        for b in range(5):
            if index[b] < 0:
                continue
            value = 0.0
            for p in range(3):
                for q in range(3):
                    value += weight[a, p] * square[p, q] * weight[b, q]
            data[position[index[a]], position[index[b]]] += sign * value


@kernel
def _item(net, e, c, along, which, own, at, coefficient):
    """One squared difference that uses an edge: its edges and nodes; returns their numbers, 0 where there is none.

    0, 1: the second differences along the edge; 2, 3: the mixed ones on either side; 4: the first difference.
    """
    nx, ny = net.down.shape
    i, j = c // ny, c % ny
    step = ny if along == 0 else 1
    if which == 4:
        own[0] = e
        at[0], at[1] = c, c + step
        coefficient[0], coefficient[1] = -1.0, 1.0
        return 1, 2
    if which < 2:
        first = c - step if which == 0 else c
        if along == 0:
            if (which == 0 and i == 0) or (which == 1 and i + 2 >= nx):
                return 0, 0
            own[0], own[1] = net.down[first // ny, j], net.down[first // ny + 1, j]
        else:
            if (which == 0 and j == 0) or (which == 1 and j + 2 >= ny):
                return 0, 0
            own[0], own[1] = net.across[i, first % ny], net.across[i, first % ny + 1]
        at[0], at[1], at[2] = first, first + step, first + 2 * step
        coefficient[0], coefficient[1], coefficient[2] = 1.0, -2.0, 1.0
        return 2, 3
    back = 1 if which == 2 else 0
    bx, by = (i, j - back) if along == 0 else (i - back, j)
    if bx < 0 or by < 0 or bx > nx - 2 or by > ny - 2:
        return 0, 0
    own[0], own[1] = net.down[bx, by], net.down[bx, by + 1]
    own[2], own[3] = net.across[bx, by], net.across[bx + 1, by]
    first = bx * ny + by
    at[0], at[1], at[2], at[3] = first, first + 1, first + ny, first + ny + 1
    root = np.sqrt(2.0)
    coefficient[0], coefficient[1], coefficient[2], coefficient[3] = root, -root, -root, root
    return 4, 4


@kernel
def _sign(own, k, e, old, cut):
    """1 where a difference comes, -1 where it goes; 0 where neither, or where another changed edge tells of it."""
    before, after = True, True
    for q in range(k):
        if own[q] < e and old[own[q]] != cut[own[q]]:
            return 0.0
        before = before and not old[own[q]]
        after = after and not cut[own[q]]
    return (1.0 if after else 0.0) - (1.0 if before else 0.0)


@kernel
def _register(position, nodes, k, c):
    if position[c] < 0 and k < nodes.size:
        position[c] = k
        nodes[k] = c
        return k + 1
    return k


@kernel
def _levels(level, new_level, position, nodes, k):
    """Register the nodes whose weight in the level of their region changes noticeably; what is left out of them."""
    rest = 0.0
    for c in range(level.size):
        d = abs(new_level[c] - level[c])
        if d > 0.002:
            k = _register(position, nodes, k, c)
            if position[c] < 0:
                rest += d
        else:
            rest += d
    return k, rest


@kernel
def _add_penalties(net, tail, axis, edges, old, cut, position, rough, fixed):
    own, at, coefficient = np.empty(4, np.int64), np.empty(4, np.int64), np.empty(4)
    for e in edges:
        if old[e] == cut[e]:
            continue
        for which in range(5):
            k, n = _item(net, e, tail[e], axis[e], which, own, at, coefficient)
            sign = _sign(own, k, e, old, cut) if k > 0 else 0.0
            if sign == 0.0:
                continue
            matrix = fixed if which == 4 else rough
            for a in range(n):
                for b in range(n):
                    matrix[position[at[a]], position[at[b]]] += sign * coefficient[a] * coefficient[b]


@kernel
def _touched(net, tail, axis, edges, old, cut, dirty, changed, position, nodes):
    """Register the nodes of all changed rows; returns their number."""
    nx, ny = net.down.shape
    own, at, coefficient = np.empty(4, np.int64), np.empty(4, np.int64), np.empty(4)
    k = 0
    for e in edges:
        if old[e] == cut[e]:
            continue
        for which in range(5):
            n = _item(net, e, tail[e], axis[e], which, own, at, coefficient)[1]
            for a in range(n):
                k = _register(position, nodes, k, at[a])
    for q in range(dirty.size):
        if changed[q]:
            i, j = dirty[q] // ny, dirty[q] % ny
            for a in range(max(i - 1, 0), min(i + 2, nx)):
                k = _register(position, nodes, k, a * ny + j)
            for b in range(max(j - 1, 0), min(j + 2, ny)):
                k = _register(position, nodes, k, i * ny + b)
    return k


@kernel
def change_of(net, cloud, design, right, tail, axis, old, old_s, cut, s, level, new_level, most):
    """Find what changes between two borders; no nodes (and rest 1) where there are too many.

    Returns
    -------
    Change, float
        The latter: what is left out of the change of the regions' levels.
    """
    edges = np.flatnonzero((old != cut) | (cut & (old_s != s)))
    dirty, changed, more, more_right = _moments_changed(
        net, cloud, _blocks_of(edges, tail, axis, net.down.shape[1]), old, old_s, cut, s
    )
    for q in range(dirty.size):
        c = dirty[q]
        for e in edges:
            if old[e] != cut[e] and (
                tail[e] == c or tail[e] + (net.down.shape[1] if axis[e] == 0 else 1) == c
            ):
                changed[q] = True
    nodes, position = np.empty(most, np.int64), np.full(level.size, -1)
    k = _touched(net, tail, axis, edges, old, cut, dirty, changed, position, nodes)
    k, rest = _levels(level, new_level, position, nodes, k)
    if k >= most:
        nothing = np.zeros((0, 0))
        return Change(nodes[:0], nothing, nothing, nothing, nothing[0:0].ravel()), 1.0
    data, rough, fixed, side = np.zeros((k, k)), np.zeros((k, k)), np.zeros((k, k)), np.zeros(k)
    index, weight = np.empty(5, np.int64), np.empty((5, 3))
    for q in range(dirty.size):
        if not changed[q]:
            continue
        c = dirty[q]
        if design[c, 0] > 1e-9:
            stencil(net, c, old, index, weight)
            _add_observed(data, side, position, design[c], right[c], index, weight, -1.0)
        if design[c, 0] + more[c, 0] > 1e-9:
            stencil(net, c, cut, index, weight)
            _add_observed(
                data, side, position, design[c] + more[c], right[c] + more_right[c], index, weight, 1.0
            )
    _add_penalties(net, tail, axis, edges, old, cut, position, rough, fixed)
    for q in range(k):
        fixed[q, q] += new_level[nodes[q]] - level[nodes[q]]
    return Change(nodes[:k].copy(), data, rough, fixed, side), rest


@kernel
def deviance_change(change, posterior, prior, m, factor):
    """Change of -2 log marginal likelihood, from the covariances and means of the nodes; NaN where rounding wins."""
    k = change.nodes.size
    penalty = factor * change.rough + change.fixed
    total = change.data + penalty
    grown = posterior @ total
    before = prior @ penalty
    for q in range(k):
        grown[q, q] += 1.0
        before[q, q] += 1.0
    sign, logdet = np.linalg.slogdet(grown)
    prior_sign, prior_logdet = np.linalg.slogdet(before)
    if sign <= 0.0 or prior_sign <= 0.0:
        return np.nan
    r = change.right
    now = m + posterior @ r
    quadratic = 2.0 * (m * r).sum() + (r * (posterior @ r)).sum()
    quadratic -= (now * (total @ np.linalg.solve(grown, now))).sum()
    return logdet - prior_logdet - quadratic
