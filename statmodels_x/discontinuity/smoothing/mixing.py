"""Cells that a border crosses: their means lie between the surfaces on both sides, not on either.

A surface that has not seen them has whole jumps; where they are used, they get a variance of their own.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.lattice import Mask
from statmodels_x.discontinuity.smoothing.smoother import Data, JumpSetModel, Observations, SecondDifferences


def unseen_border(differences: SecondDifferences, data: Data, cut: Mask) -> JumpSetModel | None:
    """Model of the surface that has not seen what may lie on either side of the jump; None if nothing else is there."""
    clear = data.clear_of(differences.lattice, cut)
    return JumpSetModel(differences, clear, cut) if (clear.precision > 0.0).any() else None


def mixing_variance(
    differences: SecondDifferences, data: Observations, cut: Mask, log_precision: float
) -> Array:
    """Variance that cells beside the jump have beyond that of their errors, by how far they lie from what is expected.

    What is expected of them comes from all cells that are not beside the jump. A cell's own variance is then the
    most likely one, 0 where the cell lies within one standard deviation.

    Parameters
    ----------
    differences : SecondDifferences
    data : Observations
    cut : ndarray of shape (edges,)
    log_precision : float
        Of the smoother.

    Returns
    -------
    ndarray of shape (cells,)
        Scaled; 0 for cells away from the jump, and for all if every cell with data lies beside it.
    """
    beside = differences.lattice.near(cut) & (data.precision > 0.0)
    variance = np.zeros(data.f.size)
    model = unseen_border(differences, data, cut) if beside.any() else None
    if model is None:
        return variance
    expected = model.smooth(log_precision).surface
    known = model.precision_factor(log_precision).inverse_diagonal()[beside] + 1.0 / data.precision[beside]
    variance[beside] = np.maximum((data.f - expected)[beside] ** 2 - known, 0.0)
    return variance
