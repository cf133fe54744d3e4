"""Tests about shares of the effect."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test
from statmodels_x.core.validation import check_number
from statmodels_x.surrogate.fitted import SurrogateFitted


def share_test(fit: SurrogateFitted, share: float) -> HypothesisTest:
    """Test that the surrogate explains less than a share of the effect, against at least that share."""
    share = check_number("share", share, low=0.0, high=1.0, closed=True)
    found = fit.inference
    covariance, contrast = found.covariance("pte"), np.array([1.0, -share])
    gap = float(contrast @ [found.numerators["pte"][0], found.delta[0]])
    error = float(np.sqrt(contrast @ covariance @ contrast))
    z = gap / error if error > 0.0 else np.nan
    return hypothesis_test(z, 1, fit.reference.greater(z), f"PTE >= {share:g}", share=share)
