"""A fitted matrix model -> the system of the theory, with its closed forms, theorem and trajectories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.population.estimation import course
from statmodels_x.population.invariants import block_matrix
from statmodels_x.population.problem import ODE
from statmodels_x.population.systems import Competition, ComplexPredatorPrey, PredatorPrey

if TYPE_CHECKING:
    from statmodels_x.population.results import InteractionResults


def system_of(fit: InteractionResults) -> Any:
    """See :meth:`InteractionResults.system`."""
    form = fit.form
    if form.kind == ODE:
        raise DataError("system(): Lotka-Volterra runs in continuous time and has no matrices.")
    k = form.ages[0]
    blocks = np.abs(block_matrix(fit.layout, fit.estimate.theta))
    A, B, C, D = blocks[:k, :k], blocks[:k, k:], blocks[k:, :k], blocks[k:, k:]
    if form.interaction == "complex":
        return ComplexPredatorPrey(A, B, names=fit.species)
    crowding = np.array([fit.estimate.theta[q] if q >= 0 else 0.0 for q in fit.layout.density])
    if form.interaction == "competition":
        density = crowding[:4].reshape(2, 2) if form.density else None
        return Competition(A, B, C, D, density=density, names=fit.species)
    if form.density is None:
        return PredatorPrey(A, B, C, D, names=fit.species)
    return PredatorPrey(
        A, B, C, D, density=crowding[[0, 3]], saturation=float(crowding[4]), names=fit.species
    )


def initial_classes(fit: InteractionResults) -> pd.DataFrame:
    """See :attr:`InteractionResults.initial_classes`."""
    rows, first = [], fit.form.ages[0]
    for c, label in enumerate(fit.sample.cultures):
        start = course(fit.problem._replace(nodes=np.ones_like(fit.problem.nodes)), fit.estimate.theta, c)[0][
            0
        ]
        for j, value in enumerate(start):
            s = int(j >= first)
            if fit.problem.present[c, s]:
                rows.append((label, fit.species[s], (j - first if s else j) + 1, float(value)))
    table = pd.DataFrame(rows, columns=["culture", "species", "class", "members"])
    return table if fit.sample.culture_name is not None else table.drop(columns="culture")
