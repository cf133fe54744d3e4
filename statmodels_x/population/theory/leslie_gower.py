"""Where two Leslie-Gower competitors without other coupling end up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.population.theory.dynamics import Parameters
from statmodels_x.population.theory.perron import perron


@dataclass(frozen=True)
class Outcome:
    """Long-run outcome of Leslie-Gower competition.

    Attributes
    ----------
    outcome : str
        ``"coexistence"``, ``"founder control"`` (either species keeps the other out: the start decides), the name of
        the species that excludes the other, or ``"extinction"`` of both.
    capacity : tuple of float
        Equilibrium total of each species alone (K); 0 if it cannot grow, infinite without self-limitation.
    alpha : tuple of float
        a_xy / a_xx and a_yx / a_yy: the weight of an individual of the other species, in own individuals.
    equilibrium : tuple of float
        Totals with both species present; NaN unless both are positive.
    invasion : tuple of float
        Growth factor of each species when rare, with the other at its capacity.
    """

    outcome: str
    capacity: tuple[float, float]
    alpha: tuple[float, float]
    equilibrium: tuple[float, float]
    invasion: tuple[float, float]


def outcome(params: Parameters, names: tuple[str, str]) -> Outcome:
    r"""Classify the outcome by mutual invasion.

    Notes
    -----
    A common denominator leaves the shares of the classes to the Leslie matrix, so that each species approaches its
    stable structure, and the totals the map :math:`N_x' = \lambda_A N_x/(1 + a_{xx}N_x + a_{xy}N_y)`, which is the
    discrete Lotka-Volterra competition of Leslie and Gower. Alone, :math:`K_x = (\lambda_A - 1)/a_{xx}`.
    """
    if params.density is None:
        raise DataError("outcome(): this system is linear; give `density` or use last_species_standing().")
    if params.B.any() or params.C.any():
        raise DataError("outcome(): known only without linear coupling; set B and C to 0, or simulate.")
    rates = perron(params.A).root, perron(params.D).root
    (a_xx, a_xy), (a_yx, a_yy) = (map(float, row) for row in params.density)
    capacity = _capacity(rates[0], a_xx), _capacity(rates[1], a_yy)
    # 0 * inf: a species without limit does not limit the other if their coefficient is 0
    pressure = (a_xy * capacity[1] if a_xy else 0.0), (a_yx * capacity[0] if a_yx else 0.0)
    invasion = rates[0] / (1.0 + pressure[0]), rates[1] / (1.0 + pressure[1])
    both = np.full(2, np.nan)
    determinant = a_xx * a_yy - a_xy * a_yx
    if determinant != 0.0:
        excess = rates[0] - 1.0, rates[1] - 1.0
        solved = np.array(
            [a_yy * excess[0] - a_xy * excess[1], a_xx * excess[1] - a_yx * excess[0]]
        ) / determinant  # fmt: skip
        both = solved if np.all(solved > 0.0) else both
    with np.errstate(divide="ignore", invalid="ignore"):
        alpha = float(np.divide(a_xy, a_xx)), float(np.divide(a_yx, a_yy))
    equilibrium = float(both[0]), float(both[1])
    return Outcome(_name(rates, invasion, names), capacity, alpha, equilibrium, invasion)


def _capacity(rate: float, own: float) -> float:
    if rate <= 1.0:
        return 0.0
    return (rate - 1.0) / own if own > 0.0 else np.inf


def _name(rates: tuple[float, float], invasion: tuple[float, float], names: tuple[str, str]) -> str:
    viable = rates[0] > 1.0, rates[1] > 1.0
    if not any(viable):
        return "extinction"
    if not all(viable):
        return names[0] if viable[0] else names[1]
    enters = invasion[0] > 1.0, invasion[1] > 1.0
    if all(enters):
        return "coexistence"
    if not any(enters):
        return "founder control"
    return names[0] if enters[0] else names[1]
