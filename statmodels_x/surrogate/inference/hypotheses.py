"""Tests about shares of the effect."""

from __future__ import annotations

import numpy as np

from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test
from statmodels_x.core.validation import check_number
from statmodels_x.surrogate.fitted import SurrogateFitted


def share_test(fit: SurrogateFitted, share: float) -> HypothesisTest:
    """Test that the surrogate explains at most a share of the effect, against more.

    A claim of a share has two parts, that there is an effect and that the explained part of it is larger than the
    share of it, in the effect's own direction. Both must be shown: the p-value is the larger of the two
    (intersection-union), two-sided for the effect, whose direction is that of the estimate.
    """
    share = check_number("share", share, low=0.0, high=1.0, closed=True)
    found = fit.inference
    covariance, contrast = found.covariance("pte"), np.array([1.0, -share])
    delta = found.delta[0]
    gap = float(np.sign(delta) * (contrast @ [found.numerators["pte"][0], delta]))
    error = float(np.sqrt(contrast @ covariance @ contrast))
    z = gap / error if error > 0.0 else np.nan
    of_share = fit.reference.greater(z)
    of_effect = float(fit.reference.two_sided(delta / found.delta_error))
    return hypothesis_test(
        z,
        1,
        float(np.maximum(of_share, of_effect)),
        f"PTE > {share:g}",
        **{"share": share, "p.share": of_share, "p.effect": of_effect},
    )
