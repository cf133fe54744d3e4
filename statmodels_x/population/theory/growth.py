"""Growth factor of two coupled species: exact, and to first order in the coupling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.population.theory.dynamics import Parameters
from statmodels_x.population.theory.perron import ordered_eigenvalues, perron, spectral_radius

_REAL = 1e-10
_WIDEST = 0.25


@dataclass(frozen=True)
class GrowthFactor:
    """Growth factor per step of a linear system of two species, and an approximation of it.

    It is made by the method ``growth_factor()`` of a system.

    Attributes
    ----------
    exact : float or complex
        Eigenvalue of the system with the largest modulus. Of a complex pair it is the one with a positive imaginary
        part.
    first_order : float
        Growth rate of the leading species alone, corrected for the other species to first order. NaN if no species
        leads.
    zeroth_order : float
        Growth rate of the leading species alone.
    leader : str
        Species that grows faster alone.
    valid : bool
        Whether the approximation can be trusted.
    reason : str
        Why it can or cannot be trusted.
    """

    exact: float | complex
    first_order: float
    zeroth_order: float
    leader: str
    valid: bool
    reason: str

    @property
    def relative_error(self) -> float:
        """Distance of the first-order value from the exact one, relative to the modulus of the exact one."""
        return float(abs(self.first_order - self.exact) / abs(self.exact))


def growth_factor(matrix: Array, params: Parameters, names: tuple[str, str]) -> GrowthFactor:
    r"""Compute the growth factor of a linear system.

    Notes
    -----
    The eigenvalues solve :math:`\det\{\lambda I - A \mp B(\lambda I - D)^{-1}C\} = 0` (the Schur complement), with
    - for competition and + for predation, so that to first order in B and C

    .. math::

        \lambda \approx \lambda_A \pm \frac{l_A B (\lambda_A I - D)^{-1} C r_A}{l_A r_A},

    + for competition, if the growth rate of A lies above all eigenvalues of D; if D leads, the roles are exchanged.
    For a single class each, the expansion in the coupling converges if the correction is less than a quarter of the
    gap between the two growth rates; that bound is used for every number of classes.
    """
    exact = _leading_eigenvalue(matrix)
    alone = spectral_radius(params.A), spectral_radius(params.D)
    lead = 0 if alone[0] >= alone[1] else 1
    blocks = (params.A, params.B, params.C, params.D)
    own, out, back, other = blocks if lead == 0 else blocks[::-1]
    zeroth, gap = alone[lead], alone[lead] - alone[1 - lead]
    if gap <= 1e-12 * zeroth:
        return GrowthFactor(
            exact, np.nan, zeroth, names[lead], False, "both species grow at the same rate alone: none leads"
        )
    try:
        vectors = perron(own)
    except DataError:
        why = f"the growth rate of {names[lead]} alone is not a simple eigenvalue"
        return GrowthFactor(exact, np.nan, zeroth, names[lead], False, why)
    correction = float(
        vectors.left @ out @ np.linalg.solve(zeroth * np.eye(len(other)) - other, back @ vectors.right)
    )
    ratio = correction / gap
    valid = ratio < _WIDEST
    reason = (
        f"the correction is {ratio:.2g} of the gap between the species' own growth rates, "
        f"{'below' if valid else 'not below'} {_WIDEST:g}"
    )
    first = zeroth - correction if params.predation else zeroth + correction
    return GrowthFactor(exact, first, zeroth, names[lead], valid, reason)


def _leading_eigenvalue(matrix: Array) -> float | complex:
    top = ordered_eigenvalues(matrix)[0]
    return float(top.real) if abs(top.imag) <= _REAL * abs(top) else complex(top)
