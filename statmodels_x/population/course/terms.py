"""The parameters of the dynamics: rates, matrix entries and density effects, with their places in the recursion."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout, class_name

_COUPLING = 3.0  # the strongest coupling tried, in units of the two species' levels
_CROWDING = 1e3  # the strongest crowding tried, over the mean count
_FASTEST_RATE = 10.0  # the fastest rate tried, over the median gap between times
_DENSE = 10.0  # times the strongest coupling where density limits its effect


def add_flow(layout: Layout, species: tuple[str, ...], level: Array, gap: float) -> None:
    """Add the rates and effects of a Lotka-Volterra form; ``gap`` is the median time between observations."""
    for s, name in enumerate(species):
        layout.rates[s] = layout.add("rate", name, (s,), 0.0, _FASTEST_RATE / gap, gap)
    n = len(species)
    if layout.form.interaction == "predation":  # each species eats the one before it
        pairs = [pair for s in range(n - 1) for pair in ((s, s + 1), (s + 1, s))]
    else:
        pairs = [(i, j) for i in range(n) for j in range(n)]
    for i, j in pairs:
        term, size = f"{species[j]}_on_{species[i]}", level[j] * gap
        layout.effects[i, j] = layout.add("effect", term, (i, j), 0.0, _CROWDING / size, size)
    if layout.form.limited:
        size = level[0] * gap
        own = f"{species[0]}_on_{species[0]}"
        layout.effects[0, 0] = layout.add("effect", own, (0, 0), 0.0, _CROWDING / size, size)
    if layout.form.saturating:
        layout.handling = layout.add("handling", species[0], (0,), 0.0, _CROWDING / level[0], level[0])
    if layout.form.interaction == "predation":
        layout.rate_signs[1:] = -1.0
        layout.effect_signs[np.arange(1, n), np.arange(n - 1)] = 1.0


def add_matrices(
    layout: Layout, species: tuple[str, ...], fastest: Array, ratios: Array, strongest: float = _COUPLING
) -> None:
    """Add the entries of the block matrix.

    Parameters
    ----------
    layout : Layout
    species : tuple of str
    fastest : ndarray of shape (S,)
        Highest fecundity of each species.
    ratios : ndarray of shape (S,)
        Level of each of two species over that of the other, by which the highest coupling is scaled.
    strongest : float
        Highest coupling between species of one level.
    """
    form = layout.form
    limits = strongest * np.maximum(1.0, ratios) * (_DENSE if form.density else 1.0)
    if form.interaction == "complex":
        highest = float(fastest.max())
        first = _add_leslie(layout, "both", form.ages[0], 0, 0, highest)
        for row, col, q, _ in list(first):
            layout.entries.append((row + form.ages[0], col + form.ages[0], q, 1))
            layout.signs.append(1.0)
        places = _add_coupling(layout, "both", "both", strongest, 0, form.ages[0], 0, -1.0)
        for i, j, q in places:
            layout.entries.append((form.ages[0] + i, j, q, 2))
            layout.signs.append(1.0)
        return
    for s, name in enumerate(species):
        _add_leslie(layout, name, form.ages[s], sum(form.ages[:s]), s, float(fastest[s]))
    if form.interaction == "single" or form.is_uncoupled or form.density == "saturating":
        return
    x, y = species
    gain = -1.0 if form.interaction == "competition" else 1.0
    _add_coupling(layout, x, y, float(limits[0]), 0, form.ages[0], 0, -1.0)
    _add_coupling(layout, y, x, float(limits[1]), form.ages[0], 0, 2 if gain > 0 else 1, gain)


def _add_leslie(
    layout: Layout, name: str, k: int, offset: int, group: int, highest: float
) -> list[tuple[int, int, int, int]]:
    added = []
    for j in range(k):
        q = layout.add("fecundity", class_name(name, j, k), (group, j), 0.0, highest)
        added.append((offset, offset + j, q, group))
    for j in range(k - 1):
        q = layout.add("survival", class_name(name, j, k), (group, j), 0.0, 1.0)
        added.append((offset + j + 1, offset + j, q, group))
    layout.entries += added
    layout.signs += [1.0] * len(added)
    return added


def _add_coupling(
    layout: Layout, on: str, by: str, strongest: float, row: int, col: int, group: int, sign: float
) -> list[tuple[int, int, int]]:
    """Add the effect of ``by`` on ``on``; return its places within the block and their parameters."""
    form = layout.form
    k_on, k_by = form.ages if row == 0 else form.ages[::-1]
    side = 0 if row == 0 else 1
    start = "" if by == on else f"{by}_on_"
    places = []
    if form.coupling == "scalar":
        q = layout.add("coupling", f"{start}{on}", (side, -1, -1), 0.0, strongest)
        places = [(j, j, q) for j in range(k_on)]
    elif form.coupling == "diagonal":
        for j in range(k_on):
            q = layout.add("coupling", f"{start}{class_name(on, j, k_on)}", (side, j, j), 0.0, strongest)
            places.append((j, j, q))
    else:
        for i in range(k_on):
            for j in range(k_by):
                term = f"{class_name(by, j, k_by)}_on_{class_name(on, i, k_on)}"
                places.append((i, j, layout.add("coupling", term, (side, i, j), 0.0, strongest)))
    layout.entries += [(row + i, col + j, q, group) for i, j, q in places]
    layout.signs += [sign] * len(places)
    return places


def add_density(layout: Layout, species: tuple[str, ...], level: Array) -> None:
    """Add the density part of a Leslie-Gower form."""
    form = layout.form
    if form.density is None:
        return
    if form.interaction == "single":
        own = f"{species[0]}_on_{species[0]}"
        layout.density[0] = layout.add("crowding", own, (0, 0), 0.0, _CROWDING / level[0], level[0])
        return
    if form.interaction == "competition":
        n = len(species)
        for i in range(n):
            for j in range(n):
                term = f"{species[j]}_on_{species[i]}"
                layout.density[n * i + j] = layout.add(
                    "crowding", term, (i, j), 0.0, _CROWDING / level[j], level[j]
                )
        return
    x, y = species
    layout.density[0] = layout.add("crowding", f"{x}_on_{x}", (0, 0), 0.0, _CROWDING / level[0], level[0])
    layout.density[3] = layout.add("crowding", f"{y}_on_{y}", (1, 1), 0.0, _CROWDING / level[1], level[1])
    if form.density == "saturating":
        _add_capture(layout, species, level)
        return
    layout.density[4] = layout.add("saturation", x, (0,), 0.0, _CROWDING / level[0], level[0])


def _add_capture(layout: Layout, species: tuple[str, ...], level: Array) -> None:
    """Add predation that cannot turn prey negative: attack, its saturation, and the conversion of prey."""
    x, y = species
    ratio = level[0] / level[1]
    layout.capture[:] = (
        layout.add("attack", f"{y}_on_{x}", (0, 1), 0.0, _CROWDING / level[1], level[1]),
        layout.add("saturation", x, (0,), 0.0, _CROWDING / level[0], level[0]),
        layout.add("conversion", f"{x}_to_{y}", (1, 0), 0.0, _CROWDING / ratio, ratio),
    )
