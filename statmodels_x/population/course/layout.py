"""Which parameters a model has on a sample: the dynamics, the start, and the bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.population.course.parameters import Layout, class_name
from statmodels_x.population.course.problem import FREE, STABLE
from statmodels_x.population.course.terms import add_density, add_flow, add_matrices
from statmodels_x.population.sample import Sample
from statmodels_x.population.specification import ODE, Form

_FECUNDITY = 6.0  # the highest fecundity tried, unless the data grow faster
_SINGLE = 10.0  # times that for a single class, where nothing can make up for a high fecundity
_HIGHEST_START = 10.0  # the largest initial total tried, over the largest count


def build_layout(
    form: Form,
    sample: Sample,
    initial: str | float = "free",
    structure: str | Mapping[str, Any] = "free",
    bounds: Mapping[Any, Any] | None = None,
    strict: bool = True,
    gain: float | str = 0.0,
) -> Layout:
    """Lay the parameters of a form out for a sample.

    Parameters
    ----------
    form : Form
    sample : Sample
    initial : {"free", "observed"} or float
        Totals at the first time: estimated, taken from the first row, or estimated up to a bound.
    structure : {"free", "stable"} or mapping of species to shares
        Age classes at the first time.
    bounds : mapping, optional
        Limits of a block, ``{"fecundity": (0, 10)}``, or of one parameter, ``{("survival", "hare_1"): (0.2, 0.9)}``.
    strict : bool
        Whether bounds for parameters that the form lacks are an error.
    gain : "free" or float
        Share of the way to the counts by which each total is corrected before the next step.
    """
    layout = Layout(form)
    level = np.ones(len(form.ages))
    for s in range(len(sample.species)):
        level[s] = np.nanmean(sample.counts[sample.present[sample.culture, s], s])
    if form.kind == ODE:
        add_flow(layout, sample.species, level, sample.gap)
    else:
        times = np.where(np.array(form.ages) > 1, 1.0, _SINGLE)
        fastest = times * np.maximum(_FECUNDITY, 3.0 * _growth(sample))
        add_matrices(layout, sample.species, fastest, level / level[::-1])
        add_density(layout, sample.species, level)
    _add_initial(layout, sample, initial, structure)
    if gain == "free":
        layout.gain = layout.add("gain", "counts", (), 0.0, 1.0)
    else:
        layout.gain_value = float(gain)
    _apply_bounds(layout, bounds or {}, strict)
    return layout


def _growth(sample: Sample) -> Array:
    """Largest observed growth factor a step of each species."""
    n_species = sample.counts.shape[1]
    largest = np.ones(n_species)
    for c in range(len(sample.cultures)):
        rows = sample.culture == c
        for s in range(n_species):
            y, t = sample.counts[rows, s], sample.time[rows]
            seen = y > 0.0
            if seen.sum() > 1:
                steps = np.diff(t[seen]) / sample.step
                largest[s] = max(largest[s], float(np.max((y[seen][1:] / y[seen][:-1]) ** (1.0 / steps))))
    return largest


def _add_initial(
    layout: Layout, sample: Sample, initial: str | float, structure: str | Mapping[str, Any]
) -> None:
    shape = (len(sample.cultures), len(layout.form.ages))
    most = max(layout.form.ages)
    layout.initial, layout.initial_value = np.full(shape, -1), np.zeros(shape)
    layout.shares, layout.share_value = np.full((*shape, most), -1), np.zeros((*shape, most))
    given = _given_shares(layout, sample, structure)
    for c, label in enumerate(sample.cultures):
        prefix = f"{label}:" if sample.culture_name is not None else ""
        for s, name in enumerate(sample.species):
            if sample.present[c, s]:
                _add_total(layout, sample, c, s, f"{prefix}{name}", initial)
    for c, label in enumerate(sample.cultures):
        prefix = f"{label}:" if sample.culture_name is not None else ""
        for s, name in enumerate(sample.species):
            for j in range(layout.form.ages[s] - 1):
                if given is not None:
                    layout.share_value[c, s, j] = given[s][j]
                elif sample.present[c, s] and structure == "free":
                    term = f"{prefix}{class_name(name, j, layout.form.ages[s])}"
                    layout.shares[c, s, j] = layout.add("structure", term, (c, s, j), 0.0, 1.0)
    layout.structure = STABLE if structure == "stable" else FREE


def _add_total(layout: Layout, sample: Sample, c: int, s: int, term: str, initial: str | float) -> None:
    counts = sample.counts[sample.culture == c, s]
    if initial == "observed":
        if np.isnan(counts[0]):
            raise DataError(
                f'fit(): initial="observed", but {term!r} is missing at the first time; use initial="free".'
            )
        if counts[0] == 0.0:
            raise DataError(
                f'fit(): initial="observed", but {term!r} is 0 at the first time and positive later; use '
                'initial="free".'
            )
        layout.initial_value[c, s] = counts[0]
        return
    highest = _HIGHEST_START * float(np.nanmax(counts)) if isinstance(initial, str) else float(initial)
    lowest = 1e-8 * float(np.nanmean(counts)) if layout.form.kind == ODE else 0.0
    layout.initial[c, s] = layout.add("initial", term, (c, s), lowest, highest)


def _given_shares(layout: Layout, sample: Sample, structure: str | Mapping[str, Any]) -> list[Array] | None:
    """Turn given shares of the classes into shares of what the younger classes leave."""
    if isinstance(structure, str):
        if structure in ("free", "stable"):
            return None
        raise DataError(
            f'fit(): `structure` is {structure!r}; choose "free" or "stable", or give the shares of each species.'
        )
    if not isinstance(structure, Mapping) or set(structure) != set(sample.species):
        raise DataError(f"fit(): `structure` must give shares for {' and '.join(sample.species)}.")
    sticks = []
    for name, k in zip(sample.species, layout.form.ages, strict=True):
        shares = np.asarray(structure[name], float)
        if shares.shape != (k,) or np.any(shares < 0.0) or not np.isclose(shares.sum(), 1.0):
            raise DataError(f"fit(): `structure` of {name!r} must be {k} shares of 0 or more with sum 1.")
        left = 1.0 - np.concatenate([[0.0], np.cumsum(shares)[:-1]])
        sticks.append(np.where(left > 0.0, shares / np.where(left > 0.0, left, 1.0), 0.0))
    return sticks


def _apply_bounds(layout: Layout, bounds: Mapping[Any, Any], strict: bool) -> None:
    for key, limits in bounds.items():
        where = [j for j, name in enumerate(layout.names) if key in (name, name[0])]
        if not where and strict:
            blocks = ", ".join(dict.fromkeys(block for block, _ in layout.names))
            raise DataError(f"fit(): `bounds` names {key!r}, which is no parameter; the blocks are {blocks}.")
        try:
            low, high = (float(limit) for limit in limits)
        except (TypeError, ValueError):
            raise DataError(f"fit(): `bounds` of {key!r} is {limits!r}; give two numbers.") from None
        for j in where:
            most = 1.0 if layout.names[j][0] in ("survival", "structure", "gain") else np.inf
            if not 0.0 <= low <= high <= most:
                raise DataError(
                    f"fit(): `bounds` of {key!r} is ({low:g}, {high:g}); the limits must lie in order between 0 and "
                    f"{'infinity' if most == np.inf else '1'}."
                )
            layout.lower[j], layout.upper[j] = low, high
