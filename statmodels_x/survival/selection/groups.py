"""Candidates: the groups of coefficients that enter and leave a model together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.data.formula import Part, right_side, written
from statmodels_x.core.errors import DataError, FormulaError
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.specification import Specification

Keep = str | Sequence[str] | Mapping[str, str | Sequence[str]] | None


@dataclass(frozen=True)
class Group:
    """Coefficients that are in the model, or out of it, as one.

    Attributes
    ----------
    members : tuple of (str, str)
        Parameter and term: one pair, or one for each parameter that a joint group acts on.
    blocks : tuple of (int, tuple of int)
        For each member the position in theta of its parameter's intercept, and those of its own coefficients.
    kept : bool
        Whether it is in every model.
    margins : frozenset of int
        Groups that an interaction stands on.
    """

    members: tuple[tuple[str, str], ...]
    blocks: tuple[tuple[int, tuple[int, ...]], ...]
    kept: bool = False
    margins: frozenset[int] = frozenset()

    @property
    def columns(self) -> tuple[int, ...]:
        """Positions in theta."""
        return tuple(column for _, own in self.blocks for column in own)

    @property
    def size(self) -> int:
        """How many coefficients it has."""
        return sum(len(own) for _, own in self.blocks)

    @property
    def label(self) -> str:
        """``power karno``, or ``karno on aft, power`` of a joint group."""
        if len(self.members) == 1:
            return " ".join(self.members[0])
        return f"{self.members[0][1]} on {', '.join(parameter for parameter, _ in self.members)}"


@dataclass(frozen=True)
class Candidates:
    """All groups of a model, and what always stays in it.

    Attributes
    ----------
    groups : tuple of Group
    intercepts : tuple of int
        Positions in theta that no group has.
    """

    groups: tuple[Group, ...]
    intercepts: tuple[int, ...]

    @property
    def free(self) -> tuple[int, ...]:
        """Groups that are chosen or not."""
        return tuple(k for k, group in enumerate(self.groups) if not group.kept)

    @property
    def smallest(self) -> frozenset[int]:
        """The smallest model."""
        return frozenset(k for k, group in enumerate(self.groups) if group.kept)

    @property
    def n_penalised(self) -> int:
        """How many coefficients are chosen or not."""
        return sum(self.groups[k].size for k in self.free)

    def size(self, chosen: frozenset[int]) -> int:
        """How many coefficients of a model were chosen."""
        return sum(self.groups[k].size for k in chosen if not self.groups[k].kept)

    def columns(self, chosen: frozenset[int]) -> Any:
        """Sorted positions in theta of a model's coefficients."""
        own = [column for k in chosen for column in self.groups[k].columns]
        return np.array(sorted([*self.intercepts, *own]), dtype=np.intp)

    def with_group(self, chosen: frozenset[int], k: int) -> frozenset[int]:
        """Return the model with a group, and the main effects that it stands on."""
        return chosen | {k} | self.groups[k].margins

    def without_group(self, chosen: frozenset[int], k: int) -> frozenset[int]:
        """Return the model without a group, and without the interactions that stand on it."""
        return frozenset(j for j in chosen if j != k and k not in self.groups[j].margins)

    def can_leave(self, chosen: frozenset[int], k: int) -> bool:
        """Whether a group of a model, and what stands on it, may be left out."""
        gone = chosen - self.without_group(chosen, k)
        return not any(self.groups[j].kept for j in gone)

    def closed(self, chosen: frozenset[int]) -> frozenset[int]:
        """Return a model with the main effects of its interactions."""
        return chosen.union(*(self.groups[k].margins for k in chosen))


def candidates_of(
    specification: Specification, specs: Mapping[str, DesignSpec], keep: Keep, joint: bool
) -> Candidates:
    """List the candidates of a model's formulas.

    Raises
    ------
    FormulaError
        If a part has no intercept, or an interaction lacks its main effects.
    DataError
        If there is no candidate, or ``keep`` names none.
    """
    rows, intercepts, first = [], [], 0
    for name in (name for name in PARAMETERS if name in specs):
        found, intercept = _terms_of(specs[name], first, specification.where(name))
        rows += [(name, term, factors, intercept, columns) for term, factors, columns in found]
        intercepts.append(intercept)
        first += len(specs[name].names)
    if not rows:
        raise DataError("select(): there is no candidate; give covariates in the formula, or in power=.")
    kept = _kept_rows(keep, [(name, term) for name, term, *_ in rows])
    margins = [
        frozenset(j for j, other in enumerate(rows) if other[0] == row[0] and other[2] < row[2])
        for row in rows
    ]
    stays = {k for k, row in enumerate(rows) if (row[0], row[1]) in kept}
    stays = stays.union(*(margins[k] for k in stays))
    groups = tuple(
        Group(((name, term),), ((intercept, columns),), k in stays, margins[k])
        for k, (name, term, _, intercept, columns) in enumerate(rows)
    )
    found_groups = Candidates(_joined(groups) if joint else groups, tuple(intercepts))
    if not found_groups.free:
        raise DataError("select(): `keep` holds every candidate; there is nothing to choose.")
    return found_groups


def _terms_of(
    spec: DesignSpec, first: int, where: str
) -> tuple[list[tuple[str, frozenset[str], tuple[int, ...]]], int]:
    """Name, factors and columns of each term, and the column of the intercept."""
    found, intercept = [], None
    for term, part in spec.model_spec.term_slices.items():
        columns = tuple(range(first + part.start, first + part.stop))
        if str(term) == "1":
            intercept = columns[0]
        else:
            found.append((str(term), frozenset(str(f.expr) for f in term.factors), columns))
    if intercept is None:
        raise FormulaError(
            f"select(): {where} has no intercept, which no candidate can replace; take out '0 +'."
        )
    known = {factors for _, factors, _ in found}
    for name, factors, _ in found:
        for lower in combinations(sorted(factors), len(factors) - 1):
            if lower and frozenset(lower) not in known:
                missing = ":".join(lower)
                raise FormulaError(
                    f"select(): {where}: the interaction {name!r} stands without {missing!r}, so that its coding "
                    f"would depend on what is chosen; add {missing!r} to the candidates."
                )
    return found, intercept


def _kept_rows(keep: Keep, rows: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which (parameter, term) `keep` names."""
    asked = keep if isinstance(keep, Mapping) else {"": keep}
    kept: set[tuple[str, str]] = set()
    for parameter, terms in asked.items():
        if parameter and parameter not in {name for name, _ in rows}:
            listed = ", ".join(dict.fromkeys(name for name, _ in rows))
            raise DataError(
                f"select(): `keep` names the parameter {parameter!r}, which has no candidate; there are {listed}."
            )
        for term in _terms_in(terms):
            found = {row for row in rows if row[1] == term and parameter in ("", row[0])}
            if not found:
                listed = ", ".join(dict.fromkeys(name for _, name in rows))
                where = f" of {parameter}" if parameter else ""
                raise DataError(
                    f"select(): `keep` names {term!r}, which is no candidate{where}; the terms are {listed}."
                )
            kept |= found
    return kept


def _terms_in(terms: Any) -> list[str]:
    if terms is None:
        return []
    texts = [terms] if isinstance(terms, str) else terms
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) and text.strip() for text in texts):
        raise DataError(
            f"select(): `keep` is {terms!r}; give a term, a list of terms, or a mapping such as "
            "{'power': 'treatment'}."
        )
    parsed = (right_side(f"~ {text.strip().lstrip('~')}", "keep") for text in texts)
    return [str(term) for part in parsed for term in part.formula if str(term) != "1"]


def _joined(groups: Sequence[Group]) -> tuple[Group, ...]:
    """Put the same term of all parameters into one group."""
    terms = list(dict.fromkeys(group.members[0][1] for group in groups))
    place = {group.members[0]: terms.index(group.members[0][1]) for group in groups}
    joined: list[Group] = []
    for term in terms:
        own = [group for group in groups if group.members[0][1] == term]
        stands_on = {place[groups[j].members[0]] for group in own for j in group.margins}
        joined.append(
            Group(
                tuple(member for group in own for member in group.members),
                tuple(block for group in own for block in group.blocks),
                any(group.kept for group in own),
                frozenset(stands_on),
            )
        )
    needed = {j for group in joined if group.kept for j in group.margins}
    return tuple(replace(g, kept=g.kept or k in needed) for k, g in enumerate(joined))


def formula_text(part: Part, chosen: Sequence[str]) -> str:
    """Write the right side that has only the chosen terms of a part, and its offset."""
    texts = [written(term.factors) for term in part.formula if str(term) in chosen]
    texts += [f"offset({part.offset})"] if part.offset else []
    return " + ".join(texts) or "1"
