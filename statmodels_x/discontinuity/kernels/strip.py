"""Points along a curve: where they project, the sides fitted to them, and what each offset of the curve costs."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel


@kernel
def project(net, cloud, line, reach):
    """Nearest point of a polyline: position in pieces and signed distance (left is positive); NaN beyond reach."""
    nx, ny = net.down.shape
    out = np.full((cloud.y.size, 2), np.nan)
    best = np.full(cloud.y.size, reach * reach)
    for k in range(line.shape[0] - 1):
        ax, ay = line[k, 0], line[k, 1]
        vx, vy = line[k + 1, 0] - ax, line[k + 1, 1] - ay
        size = vx * vx + vy * vy
        low_x = min(max(int(np.floor(min(ax, ax + vx) - reach)), -1), nx - 1)
        high_x = min(max(int(np.floor(max(ax, ax + vx) + reach)), -1), nx - 1)
        low_y = min(max(int(np.floor(min(ay, ay + vy) - reach)), -1), ny - 1)
        high_y = min(max(int(np.floor(max(ay, ay + vy) + reach)), -1), ny - 1)
        for bx in range(low_x, high_x + 1):
            row = (bx + 1) * (ny + 1) + 1
            for i in range(cloud.start[row + low_y], cloud.start[row + high_y + 1]):
                px, py = cloud.place[i, 0] - ax, cloud.place[i, 1] - ay
                t = (px * vx + py * vy) / size if size > 0.0 else 0.0
                t = min(max(t, 0.0), 1.0)
                dx, dy = px - t * vx, py - t * vy
                d = dx * dx + dy * dy
                if d < best[i]:
                    best[i] = d
                    out[i, 0] = k + t
                    out[i, 1] = np.sqrt(d) if vx * dy - vy * dx >= 0.0 else -np.sqrt(d)
    return out


@kernel
def nearest_pieces(places, start, way, widths, left):
    """Distance from the nearest of some straight pieces, its nearest point, its number, and the side of each place.

    The side is -1 where ``left``, 1 or -1, is that of the place: 1 to the left of the way along the piece. At a corner
    two pieces are equally near: the one that the place lies more squarely off tells the side.
    """
    n, (wx, wy) = places.shape[0], (widths[0], widths[1])
    best, foot = np.full(n, np.inf), np.zeros((n, 2))
    piece, side = np.zeros(n, np.int64), np.zeros(n)
    for i in range(n):
        x, y = places[i, 0], places[i, 1]
        sharp = 0.0
        for k in range(start.shape[0]):
            dx, dy, vx, vy = x - start[k, 0], y - start[k, 1], way[k, 0], way[k, 1]
            square = (vx * wx) ** 2 + (vy * wy) ** 2
            share = (dx * vx * wx * wx + dy * vy * wy * wy) / square if square > 0.0 else 0.0
            share = min(max(share, 0.0), 1.0)
            distance = np.sqrt(((dx - share * vx) * wx) ** 2 + ((dy - share * vy) * wy) ** 2)
            if not distance < best[i] + 1e-12:
                continue
            across = (vx * dy - vy * dx) / max(np.sqrt(vx * vx + vy * vy), 1e-12)
            if distance < best[i] - 1e-12 or abs(across) > sharp:
                best[i], piece[i], sharp = distance, k, abs(across)
                foot[i, 0], foot[i, 1] = start[k, 0] + share * vx, start[k, 1] + share * vy
                side[i] = -1.0 if across * left[k] >= 0.0 else 1.0
    return best, foot, piece, side


@kernel
def _row(at, d, last, knots, index, value):
    """Find the six numbers of a point that are not 0: two hats along the curve times 1, d and d squared."""
    u = min(max(at / last * (knots - 1), 0.0), knots - 1 - 1e-9)
    low = int(u)
    side = 0 if d < 0.0 else 2
    for q in range(2):
        hat = 1.0 - (u - low) if q == 0 else u - low
        index[q], value[q] = side * knots + low + q, hat
        index[2 + q], value[2 + q] = (side + 1) * knots + low + q, hat * d
        index[4 + q], value[4 + q] = 4 * knots + low + q, hat * d * d


@kernel
def sides(along, distance, y, weight, last, knots, apart):
    """Sum the normal equations of a level and a slope on either side and a common curvature, and count points."""
    gram, right = np.zeros((5 * knots, 5 * knots)), np.zeros(5 * knots)
    index, value = np.empty(6, np.int64), np.empty(6)
    n = 0
    for i in range(y.size):
        if abs(distance[i]) <= apart:
            continue
        n += 1
        _row(along[i], distance[i], last, knots, index, value)
        for a in range(6):
            right[index[a]] += weight[i] * value[a] * y[i]
            for b in range(6):
                gram[index[a], index[b]] += weight[i] * value[a] * value[b]
    return gram, right, n


@kernel
def offset_costs(along, distance, y, weight, last, knots, coefficient, offsets, most):
    """Cost of every offset at every vertex: points that change sides change their loss, none above ``most``."""
    change = np.zeros((last + 1, offsets.size + 1))
    index, value = np.empty(6, np.int64), np.empty(6)
    for i in range(y.size):
        d = distance[i]
        _row(along[i], d, last, knots, index, value)
        loss = np.zeros(2)
        for side in range(2):
            fitted = 0.0
            for a in range(6):
                k = index[a] % knots + (4 * knots if a > 3 else (2 * side + a // 2) * knots)
                fitted += value[a] * coefficient[k]
            loss[side] = min(weight[i] * (y[i] - fitted) ** 2, most)
        vertex = min(max(int(np.rint(along[i])), 0), last)
        change[vertex, np.searchsorted(offsets, d)] += loss[0] - loss[1]
    for k in range(last + 1):
        for q in range(1, offsets.size):
            change[k, q] += change[k, q - 1]
    return change[:, :-1].copy()


@kernel
def functions_along(along, columns, y, weight, last, knots):
    """Weighted sum of squares about a fit of functions of the distance whose coefficients change along the curve.

    ``columns`` has a row for each point and a function in each column; each coefficient is piecewise linear.
    """
    n, m = columns.shape
    size = m * knots
    gram, right = np.zeros((size, size)), np.zeros(size)
    low, high = np.empty(n, np.int64), np.empty(n)
    for i in range(n):
        u = min(max(along[i] / last * (knots - 1), 0.0), knots - 1 - 1e-9)
        low[i] = int(u)
        high[i] = u - low[i]
        hat = (1.0 - high[i], high[i])
        for a in range(m):
            for p in range(2):
                value = weight[i] * columns[i, a] * hat[p]
                row = (low[i] + p) * m + a
                right[row] += value * y[i]
                for q in range(2):
                    first = (low[i] + q) * m
                    for b in range(m):
                        gram[row, first + b] += value * hat[q] * columns[i, b]
    largest = 0.0
    for k in range(size):
        largest = max(largest, gram[k, k])
    for k in range(size):
        gram[k, k] += 1e-8 * largest
    coefficient = np.linalg.solve(gram, right)
    total = 0.0
    for i in range(n):
        fitted = 0.0
        for a in range(m):
            at = low[i] * m + a
            fitted += columns[i, a] * ((1.0 - high[i]) * coefficient[at] + high[i] * coefficient[at + m])
        total += weight[i] * (y[i] - fitted) ** 2
    return total
