"""Starts for Leslie-Gower predation of single classes in closed form: no random numbers.

The prey's step is linear in its parameters once multiplied by its divisor, so that one step is regressed on the one
before: on the counts, on smoothed counts, and on the smooth course of a Lotka-Volterra fit. Oscillations of given
periods are turned into the parameters that have them about their equilibrium.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from statmodels_x.core.typing import Array
from statmodels_x.population.course.build import build_problem
from statmodels_x.population.course.courses import course
from statmodels_x.population.course.layout import build_layout
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.fitting.searching import distinct, search_once
from statmodels_x.population.fitting.starts import random_starts
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import ODE, Form

_WIDTHS = (0.7, 1.2, 2.0)  # of local lines, in steps
_CURVES = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0)  # self-limitation and saturation tried, times the mean count
_RHO = (0.94, 1.0, 1.04)
_FASTEST, _GROWTH = 4.0, 1.12
_FEWEST = 8
_VOLTERRA, _SEARCH = 8, (100, 1e-8)


def mapped_starts(problem: Problem, layout: Layout, sample: Sample) -> list[tuple[str, Array]]:
    """Return starts with the names of their kinds; none where the form or the series does not allow for them."""
    form = layout.form
    if form.density != "leslie-gower" or len(problem.nodes) > 1 or not problem.present.all():
        return []
    series = _series(problem)
    if series is None:
        return []
    curves = [series, *(_local_lines(series, width) for width in _WIDTHS)]
    found = [("one step ahead", _one_step(curve)) for curve in curves]
    found += [("periods", values) for values in _periods(series)]
    found += [("Lotka-Volterra", _one_step(curve)) for curve in _volterra_courses(sample, len(series))]
    return [(kind, _placed(layout, values, series)) for kind, values in found if np.all(np.isfinite(values))]


def _placed(layout: Layout, values: Array, series: Array) -> Array:
    """Write (f, a, b, d, e, c, s) in the order of the layout, with the first totals of the series."""
    f, a, b, d, e, c, s = values
    named = {
        ("fecundity", 0, 0): f, ("fecundity", 1, 0): d, ("coupling", 0, -1, -1): b, ("coupling", 1, -1, -1): c,
        ("crowding", 0, 0): a, ("crowding", 1, 1): e, ("saturation", 0): s,
        ("initial", 0, 0): series[0, 0], ("initial", 0, 1): series[0, 1],
    }  # fmt: skip
    theta = np.array([named.get(key, 0.0) for key in layout.keys])
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    inside = 1e-9 * np.minimum(upper - lower, 1.0)
    return np.clip(theta, lower + inside, upper - inside)


def _series(problem: Problem) -> Array | None:
    """Return the counts of both species at every step, gaps interpolated; None if too few were seen."""
    out = np.empty((int(problem.nodes[0]), 2))
    for s in range(2):
        seen = ~np.isnan(problem.counts[:, s])
        if seen.sum() < _FEWEST:
            return None
        out[:, s] = np.interp(np.arange(len(out)), problem.row_node[seen], problem.counts[seen, s])
    return np.maximum(out, 1e-3 * out.mean(axis=0))


def _local_lines(series: Array, width: float) -> Array:
    t = np.arange(len(series))
    out = np.empty_like(series)
    for n in t:
        root = np.exp(-0.25 * ((t - n) / width) ** 2)
        design = np.column_stack([np.ones(len(t)), t - n]) * root[:, None]
        out[n] = np.linalg.lstsq(design, series * root[:, None], rcond=None)[0][0]
    return np.maximum(out, 1e-3 * series.mean(axis=0))


def _one_step(series: Array) -> Array:
    """Least squares of (1 + a x) x' = f x - b y, and of y' on a grid of the two curves."""
    x, y, later_x, later_y = series[:-1, 0], series[:-1, 1], series[1:, 0], series[1:, 1]
    mean_x, mean_y = series.mean(axis=0)
    design = np.column_stack([x, -y, -x * later_x])
    scale = np.linalg.norm(design, axis=0)
    (f, b, a), _ = nnls(design / scale, later_x)
    f, b, a = np.array([f, b, a]) / scale
    best = (np.inf, 0.0, 0.0, 0.0, 0.0)
    for e in np.array(_CURVES) / mean_y:
        for s in np.array(_CURVES) / mean_x:
            terms = np.column_stack([y / (1.0 + e * y), x / (1.0 + s * x)])
            (d, c), miss = nnls(terms, later_y)
            best = min(best, (float(miss), d, e, c, s))
    _, d, e, c, s = best
    return np.array([f, a, b, d, e, c, s])


def _periods(series: Array) -> list[Array]:
    """Parameters whose small oscillations about the equilibrium have each of some periods and decays."""
    n = np.arange(len(series))
    mean = series.mean(axis=0)
    found = []
    length = _FASTEST
    while length <= 1.2 * len(series):
        for rho in _RHO:
            turn = 2.0 * np.pi / length
            design = np.column_stack([np.ones(len(n)), rho**n * np.cos(turn * n), rho**n * np.sin(turn * n)])
            coefficients = np.linalg.lstsq(design, series / mean, rcond=None)[0]
            rest, V = np.maximum(coefficients[0], 0.05), coefficients[1:].T
            found.append(_turning(rest * mean, V * mean[:, None], rho, turn))
        length *= _GROWTH
    return found


def _turning(rest: Array, V: Array, rho: float, turn: float) -> Array:
    """Invert the derivative of a step at the equilibrium, which turns V by an angle and shrinks it by ``rho``."""
    if abs(np.linalg.det(V)) < 1e-9 * float(np.prod(rest)):
        return np.full(7, np.nan)
    R = rho * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    J = V @ R @ np.linalg.inv(V)
    x, y = rest
    out, back = min(J[0, 1], -1e-6 * x / y), float(np.clip(J[1, 0], 1e-6 * y / x, 0.999 * y / x))
    q = max(1.0 / max(J[0, 0] + out * y / x, 1e-3), 1.0)
    g = max((1.0 - back * x / y) / max(J[1, 1], 1e-3), 1.0)
    f = max(J[0, 0] * q + q - 1.0, 1e-3)
    return np.array([f, (q - 1.0) / x, -out * q, g * (1.0 - back * x / y), (g - 1.0) / y, back, 0.0])


def _volterra_courses(sample: Sample, steps: int) -> list[Array]:
    """Smooth courses of the best Lotka-Volterra fits, at every step."""
    form = Form(ODE, "predation")
    layout = build_layout(form, sample)
    problem = build_problem(layout, sample, "gaussian", 1.0 / sample.means)
    starts = random_starts(layout, sample, _VOLTERRA, [0])
    ends = distinct([search_once(problem, layout, start, *_SEARCH) for start in starts], 2)
    regular = problem._replace(nodes=np.array([steps]), durations=np.full(steps, sample.step))
    courses = [course(regular, end[0], 0)[1] for end in ends]
    return [np.maximum(N, 1e-3 * sample.means[0]) for N in courses if np.all(np.isfinite(N))]
