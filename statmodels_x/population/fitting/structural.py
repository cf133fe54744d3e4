"""How many parameters of a Leslie system the totals can determine: exact ranks in a finite field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_count
from statmodels_x.population.fitting.finite_field import PRIME, Jet, RowSpace, apply, product, reciprocal

_POINTS = 2  # random points: a rank found at one of them is never above the generic rank
INTERACTIONS = ("competition", "predation", "complex", "single")
COUPLINGS = ("scalar", "diagonal", "full")
INITIALS = ("free", "stable", "totals", "given")
MATRICES, SPECIES = "ADEFGH", "xyzuvw"  # names of the species' own matrices, and of the species


@dataclass(frozen=True)
class StructuralRank:
    """How many combinations of parameters a design determines, and which parameters are among them.

    It is made by :func:`~statmodels_x.structural_rank`.

    Attributes
    ----------
    n_params : int
        Number of free parameters: matrix entries, couplings, density coefficients and initial values.
    rank : int
        Number of independent combinations of them that exact totals determine.
    n_series : int
        Number of series of totals that are observed.
    names : tuple of str
        Names of the parameters. Examples are ``A[1,2]`` (row and column, counted from 1; A, D, E, ... are the
        species' own matrices), ``B`` (a scalar coupling), ``a_xy``, ``x0[1]`` and ``x0`` (an initial total).
        ``x_alone[1]`` is an initial value of a culture alone.
    identified : tuple of bool
        For each parameter, whether the totals determine it by itself, at least locally.
    """

    n_params: int
    rank: int
    n_series: int
    names: tuple[str, ...]
    identified: tuple[bool, ...]

    @property
    def deficit(self) -> int:
        """Dimension of the set of parameters that give the same totals: ``n_params`` minus ``rank``."""
        return self.n_params - self.rank


def structural_rank(
    interaction: str,
    ages: Sequence[int],
    coupling: str = "scalar",
    density: str | None = None,
    initial: str = "free",
    *,
    alone: bool = False,
    observed: Sequence[int] | None = None,
    seed: int = 0,
) -> StructuralRank:
    """Compute how many combinations of the parameters of a Leslie system its exact totals determine.

    Parameters
    ----------
    interaction : {"competition", "predation", "complex", "single"}
        How the species act on each other. ``"single"`` is one species without another.
    ages : sequence of int
        Number of age classes of each species. Three to six species are possible in Leslie-Gower competition only.
    coupling : {"scalar", "diagonal", "full"}
        Form of B (and likewise of C): a multiple of the identity matrix, a diagonal matrix, or a matrix in which
        every entry is free. It is not used by ``"single"`` and by Leslie-Gower competition, which couples through
        the densities.
    density : None or "leslie-gower"
        Density dependence. ``None`` is the linear system.
    initial : {"free", "stable", "totals", "given"}
        What is unknown of the initial values. ``"free"``: every class. ``"stable"``: the totals, which are spread
        as the species' own stable age distribution. ``"totals"``: the totals, which are spread in known shares.
        ``"given"``: nothing.
    alone : bool
        Whether each species is also observed alone, from initial values of its own.
    observed : sequence of int, optional
        Steps at which totals are observed, counted from 0. The default is as many as can add to the rank.
    seed : int
        Seed of the random points at which the derivatives are taken.

    Returns
    -------
    StructuralRank

    Raises
    ------
    DataError
        If an option is unknown or does not go with the others.

    Notes
    -----
    The totals are polynomial or rational functions of the parameters. Their derivatives are computed at random
    parameters modulo a prime, without rounding. The rank found is never above the generic rank. It is below only
    if the random point happens to be a root of a polynomial; the odds are about one to a hundred thousand,
    squared because two points are taken. Measurement error is not considered: real data may not determine a
    combination that exact totals determine.

    Examples
    --------
    >>> found = structural_rank("competition", (2, 2), "full")
    >>> found.n_params, found.rank, found.deficit
    (18, 12, 6)
    >>> [name for name, known in zip(found.names, found.identified) if known]
    []
    """
    sizes = _check(interaction, ages, coupling, density, initial, alone)
    design = _Design(interaction, sizes, coupling, density, initial, alone)
    n_params = _count(design)
    steps = range(n_params + sum(sizes) + 1) if observed is None else _steps(observed)
    rng = np.random.default_rng(seed)
    best: StructuralRank | None = None
    for _ in range(_POINTS):
        found = _rank_at_random_point(design, n_params, steps, rng)
        if best is None or found.rank > best.rank:
            best = found
    assert best is not None
    return best


def _check(
    interaction: str, ages: Sequence[int], coupling: str, density: str | None, initial: str, alone: bool
) -> tuple[int, ...]:
    where = "structural_rank()"
    check_choice("interaction", interaction, INTERACTIONS, where)
    check_choice("coupling", coupling, COUPLINGS, where)
    check_choice("initial", initial, INITIALS, where)
    if density is not None:
        check_choice("density", density, ("leslie-gower",), where)
    many = interaction == "competition" and density is not None
    wanted = (1,) if interaction == "single" else range(2, len(SPECIES) + 1) if many else (2,)
    if not isinstance(ages, Sequence) or isinstance(ages, str) or len(ages) not in wanted:
        number = f"{wanted[0]} to {wanted[-1]}" if many else wanted[0]
        raise DataError(f"{where}: `ages` is {ages!r}; give {number} number(s) of age classes.")
    sizes = tuple(check_count("ages", k, 1) for k in ages)
    if interaction == "complex":
        if density is not None:
            raise DataError(f'{where}: the interaction "complex" has no density-dependent member.')
        if sizes[0] != sizes[1]:
            raise DataError(f'{where}: the interaction "complex" needs two equal `ages`, not {sizes}.')
    if alone and interaction in ("complex", "single"):
        raise DataError(f'{where}: `alone` does not go with the interaction "{interaction}".')
    return sizes


def _steps(observed: Sequence[int]) -> list[int]:
    steps = [check_count("observed", step, 0) for step in observed]
    if not steps or any(later <= earlier for earlier, later in pairwise(steps)):
        raise DataError("structural_rank(): `observed` must hold increasing whole numbers from 0.")
    return steps


# ---- a design: which parameters there are, and the totals they give


@dataclass(frozen=True)
class _Design:
    interaction: str
    sizes: tuple[int, ...]
    coupling: str
    density: str | None
    initial: str
    alone: bool


class _Parameters:
    """Hands out parameters as jets with random values, and remembers what it handed out."""

    def __init__(self, n_params: int, rng: np.random.Generator | None) -> None:
        self.n_params, self.rng = n_params, rng
        self.names: list[str] = []
        self.jets: list[Jet] = []
        self.taken = 0

    def constant(self, value: int | None = None) -> Jet:
        jet = np.zeros(1 + self.n_params, dtype=np.int64)
        jet[0] = (self.rng.integers(1, PRIME) if self.rng is not None else 1) if value is None else value
        return jet

    def new(self, name: str | None) -> Jet:
        jet = self.constant()
        self.taken += 1
        if self.taken <= self.n_params:  # while counting there is no room for derivatives
            jet[self.taken] = 1
        if name is not None:
            self.report(name, jet)
        return jet

    def report(self, name: str, jet: Jet) -> None:
        self.names.append(name)
        self.jets.append(jet)

    def zeros(self, *shape: int) -> Jet:
        return np.zeros((*shape, 1 + self.n_params), dtype=np.int64)


def _count(design: _Design) -> int:
    counter = _Parameters(0, None)
    _systems(design, counter)
    return counter.taken


def _leslie(own: _Parameters, name: str, k: int, solved: bool) -> tuple[Jet, Jet]:
    """Jets of a Leslie matrix and of its stable age distribution (the latter 0 unless ``solved``).

    The stable distribution is rational in the growth rate and the survivals, so that ``solved`` takes the
    growth rate as a parameter in place of the last fecundity, which follows from the characteristic equation.
    """
    matrix, shape = own.zeros(k, k), own.zeros(k)
    for j in range(k - solved):
        matrix[0, j] = own.new(f"{name}[1,{j + 1}]")
    for i in range(1, k):
        matrix[i, i - 1] = own.new(f"{name}[{i + 1},{i}]")
    if solved:
        growth = own.new(None)
        inverse = reciprocal(growth)
        shape[0] = own.constant(1)
        for i in range(1, k):
            shape[i] = product(product(matrix[i, i - 1], shape[i - 1]), inverse)
        left = (growth - apply(matrix[:1], shape)[0]) % PRIME
        matrix[0, k - 1] = product(left, reciprocal(shape[k - 1]))
        own.report(f"{name}[1,{k}]", matrix[0, k - 1])
        total = reciprocal(shape.sum(axis=0) % PRIME)
        shape = product(shape, total[None])
    return matrix, shape


def _coupling(own: _Parameters, name: str, rows: int, columns: int, kind: str) -> Jet:
    matrix = own.zeros(rows, columns)
    if kind == "full":
        for i in range(rows):
            for j in range(columns):
                matrix[i, j] = own.new(f"{name}[{i + 1},{j + 1}]")
        return matrix
    shared = own.new(name) if kind == "scalar" else None
    for i in range(min(rows, columns)):
        matrix[i, i] = own.new(f"{name}[{i + 1},{i + 1}]") if shared is None else shared
    return matrix


def _start(own: _Parameters, name: str, k: int, initial: str, stable: Jet) -> Jet:
    if initial == "given":
        return np.stack([own.constant() for _ in range(k)])
    if initial == "free":
        return np.stack([own.new(f"{name}[{j + 1}]") for j in range(k)])
    shares = stable if initial == "stable" else np.stack([own.constant() for _ in range(k)])
    return product(own.new(name)[None], shares)


_Limits = dict[
    tuple[int, int], list[Jet | None]
]  # (to, from) -> coefficients of the totals in the denominator


@dataclass(frozen=True)
class _System:
    """A start, and the step that goes on from there; species are blocks of rows."""

    blocks: list[Jet]
    matrices: list[list[Jet | None]]
    limits: _Limits


def _systems(design: _Design, own: _Parameters) -> list[_System]:
    k = design.sizes
    solved = design.initial == "stable"
    pairs = [_leslie(own, "A", k[0], solved)]
    if design.interaction == "complex":
        pairs *= 2
    pairs += [_leslie(own, MATRICES[i], k[i], solved) for i in range(len(pairs), len(k))]
    own_matrices, shapes = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    matrices, limits = _matrices(design, own, own_matrices), _limits(design, own)
    names = SPECIES[: len(k)]
    blocks = [_start(own, f"{s}0", k[i], design.initial, shapes[i]) for i, s in enumerate(names)]
    systems = [_System(blocks, matrices, limits)]
    for i, species in enumerate(names if design.alone else ""):
        block = _start(own, f"{species}_alone", k[i], design.initial, shapes[i])
        crowding: _Limits = {(0, 0): [limits[i, i][i]]} if limits else {}
        systems.append(_System([block], [[own_matrices[i]]], crowding))
    return systems


def _matrices(design: _Design, own: _Parameters, alone: list[Jet]) -> list[list[Jet | None]]:
    k = design.sizes
    if len(alone) == 1 or (design.interaction == "competition" and design.density is not None):
        return [[A if i == j else None for j in range(len(alone))] for i, A in enumerate(alone)]
    A, D = alone
    B = _coupling(own, "B", k[0], k[1], design.coupling)
    minus_b = -B % PRIME
    if design.interaction == "complex":
        return [[A, minus_b], [B, D]]
    C = _coupling(own, "C", k[1], k[0], design.coupling)
    return [[A, minus_b], [-C % PRIME if design.interaction == "competition" else C, D]]


def _limits(design: _Design, own: _Parameters) -> _Limits:
    if design.density is None:
        return {}
    if design.interaction in ("competition", "single"):
        names = SPECIES[: len(design.sizes)]
        return {(i, i): [own.new(f"a_{on}{by}") for by in names] for i, on in enumerate(names)}
    a_xx, a_yy, c = own.new("a_xx"), own.new("a_yy"), own.new("c")
    return {(0, 0): [a_xx, None], (0, 1): [a_xx, None], (1, 1): [None, a_yy], (1, 0): [c, None]}


def _step(system: _System, own: _Parameters, blocks: list[Jet]) -> list[Jet]:
    totals = [block.sum(axis=0) % PRIME for block in blocks]
    out = []
    for i, row in enumerate(system.matrices):
        new = np.zeros_like(blocks[i])
        for j, matrix in enumerate(row):
            if matrix is None:
                continue
            part = apply(matrix, blocks[j])
            if (i, j) in system.limits:
                crowding = own.constant(1)
                for coefficient, total in zip(system.limits[i, j], totals, strict=True):
                    if coefficient is not None:
                        crowding = (crowding + product(coefficient, total)) % PRIME
                part = product(part, reciprocal(crowding)[None])
            new = (new + part) % PRIME
        out.append(new)
    return out


# ---- the rank


def _rank_at_random_point(
    design: _Design, n_params: int, steps: Sequence[int], rng: np.random.Generator
) -> StructuralRank:
    own = _Parameters(n_params, rng)
    systems = _systems(design, own)
    space, wanted = RowSpace(), set(steps)
    for system in systems:
        blocks = system.blocks
        for step in range(max(wanted) + 1):
            if step in wanted:
                for block in blocks:
                    space.add((block.sum(axis=0) % PRIME)[1:])
            blocks = _step(system, own, blocks)
    known = tuple(jet[1:] in space for jet in own.jets)
    n_series = sum(len(system.blocks) for system in systems)
    return StructuralRank(n_params, len(space), n_series, tuple(own.names), known)
