"""The likelihood-ratio test, where its law holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from statmodels_x.core.errors import DataError

if TYPE_CHECKING:
    from statmodels_x.population.results import InteractionResults


def likelihood_ratio(smaller: InteractionResults, larger: InteractionResults) -> pd.Series:
    """See :meth:`InteractionResults.lr_test`."""
    same_counts = (
        smaller.sample.counts.shape == larger.sample.counts.shape
        and np.array_equal(smaller.sample.counts, larger.sample.counts, equal_nan=True)
        and smaller.family == larger.family
    )
    if not same_counts:
        raise DataError("lr_test: the models must be fitted to the same counts with the same family.")
    free, more = _free(smaller), _free(larger)
    if smaller.form != larger.form or not free < more:
        raise DataError(
            "lr_test: the smaller model must be of the same form with parameters held by bounds or by "
            'initial="observed"; fewer classes or a simpler coupling lie on the boundary of the larger model, where '
            "the chi-squared law does not hold."
        )
    statistic, df = 2.0 * (larger.llf - smaller.llf), len(more) - len(free)
    p_value = float(stats.chi2.sf(max(statistic, 0.0), df))
    return pd.Series({"statistic": statistic, "df": df, "p.value": p_value}, name="likelihood ratio")


def _free(fit: InteractionResults) -> set[tuple[str, str]]:
    layout = fit.layout
    return {
        name for name, low, high in zip(layout.names, layout.lower, layout.upper, strict=True) if low < high
    }
