"""Layout and sample -> the arrays of a :class:`~statmodels_x.population.course.problem.Problem`."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import rows_text
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import FAMILIES, ODE

PENALTY = 1e4
_WHOLE = 1e-6
_SUBSTEPS = 4  # Runge-Kutta steps in the median gap of the times, at first


def check_weights(weights: Any, family: str, sample: Sample) -> Array:
    """Return the weight of a residual of each species in each culture, shape (C, S); check what a family demands."""
    if family == "lognormal":
        _refuse_zeros(sample)
    if family in ("poisson", "negativebinomial"):
        _want_counts(sample, family)
    if isinstance(weights, str) and weights == "mean":
        return 1.0 / sample.means
    if weights is None or (isinstance(weights, str) and weights == "equal"):
        return np.ones_like(sample.means)
    if not isinstance(weights, Mapping) or set(weights) != set(sample.species):
        raise DataError(
            f'`weights` is {weights!r}; choose "mean" (residuals over the mean of their series) or "equal", or give '
            f"a number for each of {' and '.join(sample.species)}."
        )
    try:
        values = np.array([float(weights[name]) for name in sample.species])
    except (TypeError, ValueError):
        values = np.zeros(len(sample.species))
    if not np.all(np.isfinite(values) & (values > 0.0)):
        raise DataError("`weights` must give a positive number for each species.")
    return np.tile(values, (len(sample.cultures), 1))


def _refuse_zeros(sample: Sample) -> None:
    for s, name in enumerate(sample.species):
        zero = (sample.counts[:, s] == 0.0) & sample.present[sample.culture, s]
        if zero.any():
            raise DataError(
                f"'{name}' is 0 in {rows_text(zero)}, which has no logarithm; use family=\"negativebinomial\", or "
                "make the count missing."
            )


def _want_counts(sample: Sample, family: str) -> None:
    for s, name in enumerate(sample.species):
        y = sample.counts[:, s]
        broken = np.abs(y - np.round(y)) > _WHOLE * np.maximum(np.abs(y), 1.0)
        if broken.any():
            row = int(np.argmax(broken))
            raise DataError(
                f"'{name}' is {y[row]:g} in {rows_text(broken)}: family=\"{family}\" is about numbers of individuals, "
                "and means something else in another unit. Give whole numbers as they were counted, or use "
                'family="gaussian" or "lognormal".'
            )


def build_problem(layout: Layout, sample: Sample, family: str, weights: Array) -> Problem:
    """Put a layout and a sample together; the rows are sorted by culture."""
    is_ode = layout.form.kind == ODE
    order = np.argsort(sample.culture, kind="stable")
    culture, time = sample.culture[order], sample.time[order]
    n_cultures = len(sample.cultures)
    row_start = np.searchsorted(culture, np.arange(n_cultures + 1))
    nodes, durations, row_node = [], [], []
    for c in range(n_cultures):
        t = time[row_start[c] : row_start[c + 1]]
        if is_ode:
            nodes.append(len(t))
            row_node.append(np.arange(len(t)))
            durations.append(np.append(np.diff(t), 0.0))
        else:
            place = np.round((t - t[0]) / sample.step).astype(np.int64)
            nodes.append(int(place[-1]) + 1)
            row_node.append(place)
            durations.append(np.full(nodes[-1], sample.step))
    p = len(layout.names)
    return Problem(
        kind=layout.form.kind,
        ages=np.array(layout.form.ages, np.int64),
        entries=np.array(layout.entries, np.int64).reshape(-1, 4),
        signs=np.array(layout.signs, float),
        density=layout.density.astype(np.int64),
        rates=layout.rates.astype(np.int64),
        rate_signs=layout.rate_signs,
        effects=layout.effects.astype(np.int64),
        effect_signs=layout.effect_signs,
        initial=layout.initial.astype(np.int64),
        initial_value=layout.initial_value,
        structure=layout.structure,
        shares=layout.shares.astype(np.int64),
        share_value=layout.share_value,
        present=sample.present,
        nodes=np.array(nodes, np.int64),
        node_start=np.concatenate([[0], np.cumsum(nodes)[:-1]]).astype(np.int64),
        durations=np.concatenate(durations),
        substep=sample.gap / _SUBSTEPS,
        row_start=row_start.astype(np.int64),
        row_node=np.concatenate(row_node).astype(np.int64),
        counts=sample.counts[order],
        weights=weights if family == "gaussian" else np.ones_like(weights),
        level=sample.means,
        family=FAMILIES.index(family),
        dispersion=0.0,
        penalty=PENALTY,
        ridge=np.zeros(p),
        ridge_target=np.zeros(p),
        follows=np.full(n_cultures, -1),
        exponential=layout.form.density == "ricker",
        capture=layout.capture.astype(np.int64),
        handling=layout.handling,
        gain=layout.gain,
        gain_value=layout.gain_value,
        removal=after_last_positive(sample.counts[order], row_start, np.concatenate(row_node)),
    )


def after_last_positive(
    counts: Array, row_start: NDArray[np.int64], row_node: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Node after the last positive count of each species in each culture: from there on it may end."""
    found = np.zeros((len(row_start) - 1, counts.shape[1]), np.int64)
    for c, (first, last) in enumerate(pairwise(row_start)):
        for s in range(counts.shape[1]):
            positive = np.flatnonzero(counts[first:last, s] > 0.0)
            if len(positive):
                found[c, s] = row_node[first + positive[-1]] + 1
    return found


def row_order(sample: Sample) -> NDArray[np.int64]:
    """Positions of the user's rows in the order of the problem's rows."""
    return np.argsort(sample.culture, kind="stable")


def in_user_order(sample: Sample, rows: Array) -> Array:
    """Bring rows of the problem into the order of the user's rows."""
    out = np.empty_like(rows)
    out[row_order(sample)] = rows
    return out
