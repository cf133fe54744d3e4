"""What is modelled: states, the transitions that are allowed between them, and a survival model for each."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from statmodels_x.core.data.formula import right_side
from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import as_list, check_choice

CLOCKS = ("forward", "reset")
RESERVED = ("id", "from", "to", "entered", "start", "stop", "status")
"""Columns of the rows that the transitions' models are fitted to."""
TRANSITION = "transition"
"""The factor of a stacked fit: which transition a row belongs to."""
STACKED = "stacked"


def arrow(origin: str, to: str) -> str:
    """Name of a transition."""
    return f"{origin} -> {to}"


@dataclass(frozen=True)
class Graph:
    """States and the transitions that are allowed between them, without cycles.

    Attributes
    ----------
    states : tuple of str
    transitions : tuple of (str, str)
    start : str
        Where subjects are at time 0.
    """

    states: tuple[str, ...]
    transitions: tuple[tuple[str, str], ...]
    start: str

    @classmethod
    def of(cls, states: Sequence[str], transitions: Iterable[Sequence[str]], start: str) -> Graph:
        """Check states and transitions.

        Raises
        ------
        DataError
            If a state is unknown, a transition stands twice, or transitions form a cycle, which is named.
        """
        names = tuple(str(state) for state in states)
        if not isinstance(start, str):
            raise DataError(f"`start` is {start!r}; give the name of a state.")
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError(f"states: {twice[0]!r} stands more than once.")
        arrows = [name for name in names if "->" in name]
        if arrows:
            raise DataError(
                f"states: {arrows[0]!r} holds an arrow, which stands between the states of a transition."
            )
        if start not in names:
            raise DataError(f"`start` is {start!r}; the states are {', '.join(names)}.")
        pairs = tuple(_pair(entry, names) for entry in as_list("transitions", transitions))
        for pair in pairs:
            if pairs.count(pair) > 1:
                raise DataError(f"transitions: {arrow(*pair)!r} stands more than once.")
        if not pairs:
            raise DataError("transitions: none is given.")
        made = cls(names, pairs, start)
        made._refuse_cycles()
        return made

    @property
    def names(self) -> tuple[str, ...]:
        """Transitions by name, ``"from -> to"``."""
        return tuple(arrow(*pair) for pair in self.transitions)

    def out_of(self, state: str) -> tuple[str, ...]:
        """States that can be reached from a state in one step."""
        return tuple(to for origin, to in self.transitions if origin == state)

    @property
    def absorbing(self) -> tuple[str, ...]:
        """States that nobody leaves."""
        return tuple(state for state in self.states if not self.out_of(state))

    @property
    def transient(self) -> tuple[str, ...]:
        """States that can be left."""
        return tuple(state for state in self.states if self.out_of(state))

    def paths(self, start: str, end: str) -> list[tuple[str, ...]]:
        """Every way from one state to another, as the states on it; ``(start,)`` for a state to itself."""
        if start == end:
            return [(start,)]
        return [(start, *rest) for to in self.out_of(start) for rest in self.paths(to, end)]

    def _refuse_cycles(self) -> None:
        def walk(path: tuple[str, ...]) -> None:
            for to in self.out_of(path[-1]):
                if to in path:
                    cycle = " -> ".join([*path[path.index(to) :], to])
                    raise DataError(
                        f"transitions: {cycle} is a cycle; only models in which no state is entered twice are "
                        "handled: give each further visit a state of its own, such as 'relapse 2'."
                    )
                walk((*path, to))

        for state in self.states:
            walk((state,))


def _pair(entry: Any, states: Sequence[str]) -> tuple[str, str]:
    split = entry.split("->") if isinstance(entry, str) else as_list("transitions", entry)
    pair = tuple(part.strip() if isinstance(part, str) else part for part in split)
    if len(pair) != 2:
        raise DataError(f"transitions: {entry!r} is not a transition; give 'from -> to' or a pair of states.")
    for state in pair:
        if state not in states:
            raise DataError(f"transitions: {state!r} is no state; the states are {', '.join(states)}.")
    if pair[0] == pair[1]:
        raise DataError(f"transitions: a transition from {pair[0]!r} to itself is not allowed.")
    return pair[0], pair[1]


@dataclass(frozen=True)
class TransitionModel:
    """The survival model of a transition, or of several in one stacked fit.

    Attributes
    ----------
    transitions : tuple of str
        Names of the transitions that the fit describes; one without stacking.
    formula : str
        Right side, ``"~ terms"``.
    distribution : object
        As FlexibleSurvival takes it, or ``"auto"``.
    options : dict
        Further arguments of FlexibleSurvival.
    """

    transitions: tuple[str, ...]
    formula: str
    distribution: Any
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How the fit is named: by its transition, or as stacked."""
        return self.transitions[0] if len(self.transitions) == 1 else STACKED

    @property
    def variables(self) -> tuple[str, ...]:
        """Columns that any part of the model uses."""
        texts = {"formula": self.formula, **self.options}
        parts = [
            right_side(text, name)
            for name, text in texts.items()
            if isinstance(text, str) and text.strip().startswith("~")
        ]
        return tuple(dict.fromkeys(name for part in parts for name in part.variables))

    @property
    def uses_entry(self) -> bool:
        """Whether a hazard depends on when its state was entered."""
        return "entered" in self.variables


@dataclass(frozen=True)
class Specification:
    """A multi-state model before it meets data.

    Attributes
    ----------
    formula : str
        As the user wrote it, for all transitions without one of their own.
    graph : Graph
    clocks : dict of str to str
        ``"forward"`` or ``"reset"`` by transition.
    models : tuple of TransitionModel
    """

    formula: str
    graph: Graph
    clocks: Mapping[str, str]
    models: tuple[TransitionModel, ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """Covariates of any transition."""
        return tuple(dict.fromkeys(name for model in self.models for name in model.variables))

    def model_of(self, transition: str) -> TransitionModel:
        """Return the model that describes a transition."""
        return next(model for model in self.models if transition in model.transitions)

    @property
    def needs_entry(self) -> tuple[str, ...]:
        """Transient states beyond the start whose hazards need the time at which the state was entered."""
        found = []
        for origin, to in self.graph.transitions:
            name = arrow(origin, to)
            if origin != self.graph.start and (
                self.clocks[name] == "reset" or self.model_of(name).uses_entry
            ):
                found.append(origin)
        return tuple(dict.fromkeys(found))


def specify(
    graph: Graph,
    formula: str,
    clock: Any = "forward",
    distribution: Any = "apgw",
    transitions: Mapping[str, Mapping[str, Any]] | None = None,
    stacked: bool | Sequence[str] = False,
    options: Mapping[str, Any] | None = None,
) -> Specification:
    """Resolve the arguments of a model.

    Raises
    ------
    DataError, FormulaError
        If an option is unknown, or names a transition that the data do not have.
    """
    right_side(formula, "formula")
    shared, own = dict(options or {}), _own_options(graph, transitions)
    _check_options(shared, "MultiState()")
    together = _stacked(graph, stacked)
    models, clocks = [], {}
    for name in graph.names:
        given = own.get(name, {})
        clocks[name] = _clock(name, given.get("clock", _shared_clock(graph, clock, name)))
        if name in together and set(given) - {"clock"}:
            raise DataError(
                f"transitions: {name!r} is part of the stacked fit and has no options of its own."
            )
        if name in together and name != together[0]:
            continue
        more = {key: value for key, value in given.items() if key not in ("clock", "formula", "distribution")}
        text = given.get("formula", formula)
        right_side(text, "formula")
        members = together if name in together else (name,)
        models.append(
            TransitionModel(members, text, given.get("distribution", distribution), {**shared, **more})
        )
    _check_factor(models)
    return Specification(formula, graph, clocks, tuple(models))


def _check_factor(models: Sequence[TransitionModel]) -> None:
    """Refuse the factor of a stacked fit where nothing is stacked."""
    for model in models:
        if len(model.transitions) == 1 and TRANSITION in model.variables:
            raise DataError(
                f"formula: {TRANSITION!r} tells the transitions of a stacked fit apart, and {model.label!r} is not "
                f"stacked: stack it, or give it a formula of its own, transitions={{{model.label!r}: "
                "{'formula': '~ 1'}}."
            )


def _own_options(graph: Graph, transitions: Any) -> dict[str, Mapping[str, Any]]:
    if transitions is None:
        return {}
    if not isinstance(transitions, Mapping):
        raise DataError("`transitions` must map 'from -> to' to a dict of options of that transition.")
    known = {_spaced(name): name for name in graph.names}
    found = {}
    for key, given in transitions.items():
        name = known.get(_spaced(key)) if isinstance(key, str) else None
        if name is None:
            raise DataError(f"`transitions` names {key!r}; the transitions are {', '.join(graph.names)}.")
        if not isinstance(given, Mapping):
            raise DataError(f"transitions[{name!r}] is {given!r}; give a dict of options.")
        extra = {k: v for k, v in given.items() if k not in ("clock", "formula", "distribution")}
        _check_options(extra, f"transitions[{name!r}]")
        found[name] = given
    return found


def _spaced(name: str) -> str:
    return " -> ".join(part.strip() for part in name.split("->"))


def _shared_clock(graph: Graph, clock: Any, name: str) -> Any:
    if not isinstance(clock, Mapping):
        return clock
    known = {_spaced(entry): entry for entry in graph.names}
    for key in clock:
        if not isinstance(key, str) or _spaced(key) not in known:
            raise DataError(f"`clock` names {key!r}; the transitions are {', '.join(graph.names)}.")
    return next((value for key, value in clock.items() if _spaced(key) == name), "forward")


def _clock(name: str, value: Any) -> str:
    return check_choice(f"clock[{name!r}]", value, CLOCKS, "MultiState()")


def _stacked(graph: Graph, stacked: Any) -> tuple[str, ...]:
    if isinstance(stacked, bool):
        return graph.names if stacked else ()
    known = {_spaced(entry): entry for entry in graph.names}
    wanted = as_list("stacked", stacked)
    for key in wanted:
        if not isinstance(key, str) or _spaced(key) not in known:
            raise DataError(f"`stacked` names {key!r}; the transitions are {', '.join(graph.names)}.")
    if len(wanted) < 2:
        raise DataError("`stacked` needs at least two transitions, or True for all.")
    return tuple(name for name in graph.names if name in {known[_spaced(key)] for key in wanted})


def _check_options(options: Mapping[str, Any], where: str) -> None:
    from statmodels_x.survival.model import FlexibleSurvival

    taken = {"self", "formula", "data", "distribution", "weights", "cluster", "time_unit"}
    known = [name for name in inspect.signature(FlexibleSurvival.__init__).parameters if name not in taken]
    for name in options:
        if name not in known:
            raise DataError(
                f"{where}: `{name}` is no option of a transition; choose among formula, clock, distribution, "
                f"{', '.join(known)}."
            )
