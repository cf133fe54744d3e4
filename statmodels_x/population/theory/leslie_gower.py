"""Where two Leslie-Gower competitors without other coupling end up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.population.theory.communities import by_invasion, equilibrium, of_competition
from statmodels_x.population.theory.dynamics import Parameters
from statmodels_x.population.theory.perron import perron


@dataclass(frozen=True)
class Outcome:
    """Long-run outcome of Leslie-Gower competition.

    It is made by :meth:`Competition.outcome() <statmodels_x.Competition.outcome>`.

    Attributes
    ----------
    outcome : str
        ``"coexistence"``, ``"founder control"`` (either species can exclude the other, and the start decides), the
        name of the species that excludes the other, or ``"extinction"`` of both.
    capacity : tuple of float
        Carrying capacity K of each species: its equilibrium total when alone. It is 0 if the species cannot grow, and
        infinite without self-limitation.
    alpha : tuple of float
        Competition coefficients a_xy / a_xx and a_yx / a_yy: how many individuals of its own species one individual
        of the other counts for.
    equilibrium : tuple of float
        Equilibrium totals with both species present. NaN unless both are positive.
    invasion : tuple of float
        Growth factor of each species when it is rare and the other is at its carrying capacity.
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
    x, y = names
    rates = np.array([perron(params.A).root, perron(params.D).root])
    values = of_competition(rates, 1.0, params.density, names)
    both = equilibrium(rates - 1.0, params.density)
    return Outcome(
        by_invasion(values, 1.0, names),
        (values[f"K_{x}"], values[f"K_{y}"]),
        (values[f"alpha_{y}_on_{x}"], values[f"alpha_{x}_on_{y}"]),
        (np.nan, np.nan) if both is None else (float(both[0]), float(both[1])),
        (values[f"invasion_{x}"], values[f"invasion_{y}"]),
    )
