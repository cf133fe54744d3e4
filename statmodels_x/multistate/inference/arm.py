"""A fitted illness-death model as the distribution of surrogate event and death in one arm of a trial."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.multistate.inference.intensities import Intensities, Stay
from statmodels_x.multistate.inference.paths import From, way
from statmodels_x.multistate.inference.simulation import simulate
from statmodels_x.multistate.specification import Graph


@dataclass(frozen=True)
class FittedArm:
    """Distribution of the surrogate event and of death in one arm, from a fitted illness-death model.

    It is returned by :meth:`MultiStateResults.arm`, and :class:`IllnessDeathTrial` takes it as an arm. S is the time
    of the surrogate event and T the time of death.

    Attributes
    ----------
    states : (str, str, str)
        Names of the starting state, the surrogate event and death.
    """

    states: tuple[str, str, str]
    hazards: Intensities = field(repr=False)

    def density(self, s: Array, u: float) -> Array:
        """Density of the surrogate event at s among those alive at u: d/ds P(S <= s, T > u) for s <= u.

        Parameters
        ----------
        s : ndarray of shape (n,)
            Times of the surrogate event.
        u : float
            Time until which subjects live.

        Returns
        -------
        ndarray of shape (n,)
        """
        start, ill, _ = self.states
        times = np.asarray(s, float)
        n = len(times)
        places, zero = np.zeros(n, np.intp), np.zeros(n)
        value = np.zeros(n)
        first = Stay(places, zero, zero, times, times)
        self.hazards.add_survival(start, first, value, None)
        self.hazards.add_log_hazard((start, ill), first, value, None)
        until = np.full(n, float(u))
        self.hazards.add_survival(ill, Stay(places, times, times, until, until - times), value, None)
        return np.asarray(np.exp(value))

    def survival(self, u: float) -> float:
        """Survival probability P(T > u).

        Parameters
        ----------
        u : float
            Time.

        Returns
        -------
        float
        """
        start, ill, _ = self.states
        origin, place, time = (
            From(start, np.zeros(1), np.zeros(1)),
            np.zeros(1, np.intp),
            np.array([float(u)]),
        )
        return float(
            sum(
                way(self.hazards, states, origin, place, time, True).value[0]
                for states in ((start,), (start, ill))
            )
        )

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw times of the surrogate event and of death.

        Parameters
        ----------
        n : int
            Number of subjects.
        rng : numpy.random.Generator
            Source of the random numbers.

        Returns
        -------
        surrogate : ndarray of shape (n,)
            Infinite if death comes first.
        death : ndarray of shape (n,)
        """
        start, ill, dead = self.states
        paths = simulate(self.hazards, From(start, np.zeros(1), np.zeros(1)), n, rng, np.inf)
        surrogate, death = np.full(n, np.inf), np.full(n, np.inf)
        for values, state in ((surrogate, ill), (death, dead)):
            part = paths[paths["to"] == state]
            values[part["path"].to_numpy()] = part["stop"].to_numpy()
        return surrogate, death


def arm(hazards: Intensities) -> FittedArm:
    """Check that the model is an illness-death model with one row of covariates."""
    if len(hazards.index) != 1:
        raise DataError(f"arm: give one row of covariates, that of the arm, not {len(hazards.index)}.")
    return FittedArm(illness_death_states(hazards.graph), hazards)


def illness_death_states(graph: Graph) -> tuple[str, str, str]:
    """Return start, illness and death; DataError for another graph."""
    middle = [state for state in graph.transient if state != graph.start]
    if len(graph.states) == 3 and len(middle) == 1 and len(graph.transitions) == 3:
        return graph.start, middle[0], graph.absorbing[0]
    raise DataError(
        "arm: a surrogate needs an illness-death model, with the transitions from the start to the surrogate event, "
        f"from the start to death, and from the surrogate event to death; this one has {', '.join(graph.names)}."
    )
