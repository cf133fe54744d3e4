"""Where searches begin: random parameters fit for the data, and fits of simpler models carried over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import COUPLINGS, ODE, Form

_JITTERS = 5
_LITTLE = 1e-3  # of its size, for an effect that the simpler form lacks


def random_starts(layout: Layout, sample: Sample, n: int, seed: Sequence[int]) -> list[Array]:
    """Draw parameters that make the species grow and feel each other at about the observed sizes.

    Start number k has a stream of its own, so that more starts are the same ones and some besides.
    """
    return [
        _random_start(layout, sample, np.random.default_rng([*seed, k]), spread=k % 2 == 1) for k in range(n)
    ]


def _random_start(layout: Layout, sample: Sample, rng: np.random.Generator, spread: bool) -> Array:
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    theta = np.empty(len(layout.names))
    linear = layout.form.is_linear
    for j, (block, _) in enumerate(layout.names):
        theta[j] = _draw(block, upper[j], layout.size[j], rng)
        if spread and not linear and block in ("fecundity", "crowding"):
            theta[j] *= rng.lognormal(0.0, 0.5)
    for s in range(len(layout.form.ages)):
        _normalise_growth(layout, theta, s, _growth_alone(layout, s, rng))
    for c, s in zip(*np.nonzero(layout.initial >= 0), strict=True):
        counts = sample.counts[sample.culture == c, s]
        first = max(counts[~np.isnan(counts)][0], 1e-3 * np.nanmean(counts))
        theta[layout.initial[c, s]] = first * np.exp(rng.uniform(-1.0, 2.5 if linear else 1.5))
    inside = 1e-6 * np.minimum(upper - lower, 1.0)
    return np.clip(theta, lower + inside, upper - inside)


def _growth_alone(layout: Layout, s: int, rng: np.random.Generator) -> float:
    if layout.form.is_linear:
        return float(rng.uniform(0.9, 1.4))
    if s == 1 and layout.form.interaction == "predation":  # predators without prey may well decline
        return float(rng.uniform(0.2, 1.4) if rng.uniform() < 0.7 else rng.uniform(1.1, 3.0))
    return float(rng.uniform(1.1, 3.0))


def _draw(block: str, upper: float, size: float, rng: np.random.Generator) -> float:
    if block in ("survival", "structure"):
        return float(rng.uniform(0.02, 0.98))
    if block == "fecundity":
        return float(rng.uniform(0.0, 1.0) ** 2)
    if block == "coupling":
        return float(upper * rng.uniform(0.0, 1.0) ** 3 * rng.choice([0.02, 0.1, 0.3]))
    if block == "rate":
        return float(np.exp(rng.uniform(-2.5, 1.0)) / size)
    if block == "gain":
        return float(rng.uniform(0.0, 1.0))
    if block in ("crowding", "effect", "saturation", "attack", "conversion", "handling"):
        return float(np.exp(rng.uniform(-3.5, 1.0)) / size)
    return 1.0  # initial totals are drawn from the counts


def _normalise_growth(layout: Layout, theta: Array, species: int, target: float) -> None:
    """Scale the fecundities so that the species alone grows by about ``target`` a step."""
    k = layout.form.ages[species]
    offset = sum(layout.form.ages[:species])
    inside = [(r - offset, c - offset, q) for r, c, q, _ in layout.entries]
    inside = [(r, c, q) for r, c, q in inside if 0 <= r < k and 0 <= c < k]
    fecundity = {c: q for r, c, q in inside if r == 0}
    survival = {r: q for r, c, q in inside if r > 0}
    if not fecundity:
        return
    lived = np.cumprod([1.0, *(theta[survival[j]] for j in range(1, k))])
    total = sum(theta[fecundity[j]] * lived[j] * target ** -(j + 1) for j in range(k))
    for q in fecundity.values():
        theta[q] /= total


def ladder(form: Form) -> list[Form]:
    """Simpler forms that are nested in a form, the simplest first; the form itself is left out."""
    if form.kind == ODE:
        flags = [(limited, saturating) for limited in (False, True) for saturating in (False, True)]
        inside = [(a, b) for a, b in flags if a <= form.limited and b <= form.saturating]
        return [replace(form, limited=a, saturating=b) for a, b in inside[:-1]]
    rungs = []
    couples = form.is_linear or form.interaction == "predation"
    kinds = COUPLINGS[: COUPLINGS.index(form.coupling) + 1] if couples else ("scalar",)
    for k in range(1, max(form.ages) + 1):
        ages = tuple(min(k, own) for own in form.ages)
        for kind in kinds:
            if len(set(ages)) > 1 and kind != "full":
                continue
            if k == 1 and kind != kinds[0]:
                continue
            rungs.append(replace(form, ages=ages, coupling=kind))
    return [rung for rung in rungs if rung != form]


def carry_over(theta: Array, simple: Layout, layout: Layout) -> Array:
    """Write the fit of a nested form in the parameters of a larger one, with the same course.

    Classes that are new get no members: survival into them and their share at the start are 0.
    """
    known = {key: float(value) for key, value in zip(simple.keys, theta, strict=True)}
    carried = np.zeros(len(layout.names))
    for j, key in enumerate(layout.keys):
        if key in known:
            carried[j] = known[key]
        elif key[0] == "coupling" and key[2] == key[3]:
            carried[j] = known.get((*key[:2], -1, -1), 0.0)
        elif key[0] == "structure":
            carried[j] = float(key[3] == simple.form.ages[key[2]] - 1)
        elif key[0] in ("effect", "handling"):
            carried[j] = _LITTLE / layout.size[j]
    return np.clip(carried, layout.lower, layout.upper)


def jittered(starts: Sequence[Array], layout: Layout, seed: Sequence[int]) -> list[Array]:
    """Each start as it is, and some starts around it, moved off the bounds."""
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    off = 1e-2 * np.minimum(upper - lower, 1.0)
    spread = []
    for number, start in enumerate(starts):
        rng = np.random.default_rng([*seed, number])
        spread.append(start)
        for j in range(1, _JITTERS + 1):
            moved = start * np.exp(0.4 * j / _JITTERS * rng.normal(size=len(start)))
            moved += np.where(start == 0.0, off * rng.uniform(size=len(start)), 0.0)
            spread.append(np.clip(moved, lower, upper))
    return spread
