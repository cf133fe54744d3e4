"""Which parameters a model has: their names, their bounds, and where they stand in the recursion."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.population.problem import FREE, LESLIE, ODE, STABLE
from statmodels_x.population.sample import Sample

Array = NDArray[np.float64]

COUPLINGS = ("scalar", "diagonal", "full")
INTERACTIONS = ("competition", "predation", "complex")
BLOCKS = (
    "fecundity",
    "survival",
    "coupling",
    "crowding",
    "saturation",
    "rate",
    "effect",
    "initial",
    "structure",
)

_FECUNDITY = 6.0  # the highest fecundity tried, unless the data grow faster
_COUPLING = 3.0  # the strongest coupling tried, in units of the two species' levels
_CROWDING = 1e3  # the strongest crowding tried, over the mean count
_HIGHEST_START = 10.0  # the largest initial total tried, over the largest count


@dataclass(frozen=True)
class Form:
    """The form of a model, apart from data.

    Attributes
    ----------
    kind : int
        ``LESLIE`` or ``ODE``.
    interaction : str
    ages : tuple of (int, int)
    coupling : str
    density : str or None
    """

    kind: int
    interaction: str
    ages: tuple[int, int] = (1, 1)
    coupling: str = "scalar"
    density: str | None = None

    @property
    def is_linear(self) -> bool:
        """Whether the recursion is linear in the state."""
        return self.kind == LESLIE and self.density is None


@dataclass
class Layout:
    """Parameters of a form on a sample, in order, with their places in the recursion.

    Attributes
    ----------
    form : Form
    names : list of (str, str)
        Block and term of each parameter.
    keys : list of tuple
        Block and place of each parameter, by which nested forms find it.
    size : list of float
        Count that a density effect is multiplied by, on average; 1 for other parameters.
    lower, upper : list of float
    entries, signs : list
        See :class:`~statmodels_x.population.problem.Problem`.
    density, rates, effects, initial, shares : ndarray of int
    rate_signs, effect_signs, initial_value, share_value : ndarray
    structure : int
    """

    form: Form
    names: list[tuple[str, str]] = field(default_factory=list)
    keys: list[tuple[Any, ...]] = field(default_factory=list)
    size: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, int, int]] = field(default_factory=list)
    signs: list[float] = field(default_factory=list)
    density: NDArray[np.int64] = field(default_factory=lambda: np.full(5, -1))
    rates: NDArray[np.int64] = field(default_factory=lambda: np.full(2, -1))
    rate_signs: Array = field(default_factory=lambda: np.ones(2))
    effects: NDArray[np.int64] = field(default_factory=lambda: np.full((2, 2), -1))
    effect_signs: Array = field(default_factory=lambda: -np.ones((2, 2)))
    initial: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    initial_value: Array = field(default_factory=lambda: np.zeros((0, 2)))
    shares: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2, 1), np.int64))
    share_value: Array = field(default_factory=lambda: np.zeros((0, 2, 1)))
    structure: int = FREE

    def add(
        self, block: str, term: str, place: tuple[int, ...], lower: float, upper: float, size: float = 1.0
    ) -> int:
        """Append a parameter and return its number."""
        self.names.append((block, term))
        self.keys.append((block, *place))
        self.size.append(size)
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.names) - 1

    def block(self, name: str) -> NDArray[np.int64]:
        """Numbers of the parameters of a block."""
        return np.array([j for j, (block, _) in enumerate(self.names) if block == name], np.int64)


def build_layout(
    form: Form,
    sample: Sample,
    initial: str | float = "free",
    structure: str | Mapping[str, Any] = "free",
    bounds: Mapping[Any, Any] | None = None,
    strict: bool = True,
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
    """
    layout = Layout(form)
    level = np.array([np.nanmean(sample.counts[sample.present[sample.culture, s], s]) for s in range(2)])
    if form.kind == ODE:
        _add_flow(layout, sample.species, level)
    else:
        _add_matrices(layout, sample, level)
        _add_density(layout, sample.species, level)
    _add_initial(layout, sample, initial, structure)
    _apply_bounds(layout, bounds or {}, strict)
    return layout


def _add_flow(layout: Layout, species: tuple[str, str], level: Array) -> None:
    x, y = species
    fastest = 50.0
    for s, name in enumerate(species):
        layout.rates[s] = layout.add("rate", name, (s,), 0.0, fastest)
    if layout.form.interaction == "competition":
        for i in range(2):
            for j in range(2):
                term = f"{species[j]}_on_{species[i]}"
                layout.effects[i, j] = layout.add("effect", term, (i, j), 0.0, _CROWDING / level[j], level[j])
    else:
        layout.rate_signs[1] = -1.0
        layout.effects[0, 1] = layout.add(
            "effect", f"{y}_on_{x}", (0, 1), 0.0, _CROWDING / level[1], level[1]
        )
        layout.effects[1, 0] = layout.add(
            "effect", f"{x}_on_{y}", (1, 0), 0.0, _CROWDING / level[0], level[0]
        )
        layout.effect_signs[1, 0] = 1.0


def class_name(species: str, j: int, k: int) -> str:
    """Name of class j (from 0) of k."""
    return species if k == 1 else f"{species}_{j + 1}"


def _add_matrices(layout: Layout, sample: Sample, level: Array) -> None:
    form = layout.form
    fastest = np.maximum(_FECUNDITY, 3.0 * _growth(sample))
    if form.interaction == "complex":
        highest = float(fastest.max())
        first = _add_leslie(layout, "both", form.ages[0], 0, 0, highest)
        for row, col, q, _ in list(first):
            layout.entries.append((row + form.ages[0], col + form.ages[0], q, 1))
            layout.signs.append(1.0)
        places = _add_coupling(layout, "both", "both", 1.0, 0, form.ages[0], 0, -1.0)
        for i, j, q in places:
            layout.entries.append((form.ages[0] + i, j, q, 2))
            layout.signs.append(1.0)
        return
    x, y = sample.species
    _add_leslie(layout, x, form.ages[0], 0, 0, float(fastest[0]))
    _add_leslie(layout, y, form.ages[1], form.ages[0], 1, float(fastest[1]))
    if form.density is not None and form.interaction == "competition":
        return
    ratio = level[0] / level[1]
    gain = -1.0 if form.interaction == "competition" else 1.0
    _add_coupling(layout, x, y, ratio, 0, form.ages[0], 0, -1.0)
    _add_coupling(layout, y, x, 1.0 / ratio, form.ages[0], 0, 2 if gain > 0 else 1, gain)


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
    layout: Layout, on: str, by: str, ratio: float, row: int, col: int, group: int, sign: float
) -> list[tuple[int, int, int]]:
    """Add the effect of ``by`` on ``on``; return its places within the block and their parameters."""
    form = layout.form
    k_on, k_by = form.ages if row == 0 else form.ages[::-1]
    strongest = _COUPLING * max(1.0, ratio)
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


def _add_density(layout: Layout, species: tuple[str, str], level: Array) -> None:
    form = layout.form
    if form.density is None:
        return
    x, y = species
    if form.interaction == "competition":
        for i in range(2):
            for j in range(2):
                term = f"{species[j]}_on_{species[i]}"
                layout.density[2 * i + j] = layout.add(
                    "crowding", term, (i, j), 0.0, _CROWDING / level[j], level[j]
                )
        return
    layout.density[0] = layout.add("crowding", f"{x}_on_{x}", (0, 0), 0.0, _CROWDING / level[0], level[0])
    layout.density[3] = layout.add("crowding", f"{y}_on_{y}", (1, 1), 0.0, _CROWDING / level[1], level[1])
    layout.density[4] = layout.add("saturation", x, (0,), 0.0, _CROWDING / level[0], level[0])


def _growth(sample: Sample) -> Array:
    """Largest observed growth factor a step of each species."""
    largest = np.ones(2)
    for c in range(len(sample.cultures)):
        rows = sample.culture == c
        for s in range(2):
            y, t = sample.counts[rows, s], sample.time[rows]
            seen = y > 0.0
            if seen.sum() > 1:
                steps = np.diff(t[seen]) / sample.step
                largest[s] = max(largest[s], float(np.max((y[seen][1:] / y[seen][:-1]) ** (1.0 / steps))))
    return largest


def _add_initial(
    layout: Layout, sample: Sample, initial: str | float, structure: str | Mapping[str, Any]
) -> None:
    n = len(sample.cultures)
    most = max(layout.form.ages)
    layout.initial, layout.initial_value = np.full((n, 2), -1), np.zeros((n, 2))
    layout.shares, layout.share_value = np.full((n, 2, most), -1), np.zeros((n, 2, most))
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
            most = 1.0 if layout.names[j][0] in ("survival", "structure") else np.inf
            if not 0.0 <= low <= high <= most:
                raise DataError(
                    f"fit(): `bounds` of {key!r} is ({low:g}, {high:g}); the limits must lie in order between 0 and "
                    f"{'infinity' if most == np.inf else '1'}."
                )
            layout.lower[j], layout.upper[j] = low, high
