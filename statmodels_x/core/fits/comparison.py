"""Fits of the same data side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import kinds
from statmodels_x.core.fits.results import Estimates


def compare(*fits: Any, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Compare fits of the same data in one table.

    Parameters
    ----------
    *fits : results
        At least two fitted models with a log-likelihood, for the same rows.
    names : sequence of str, optional
        Labels of the rows. The default is the ``label`` of each fit: its formula and the arguments that are not the
        default.

    Returns
    -------
    DataFrame
        One row per fit, with the columns

        - ``logLik``, ``df``, ``AIC``, ``delta_AIC``, ``AICc`` and ``BIC``;
        - ``regular``: whether the fit is a regular maximum;
        - ``note``: the kinds of the fit's findings and its doubts;
        - ``versus``, ``LR`` and ``p.value``: the likelihood-ratio test (chi-squared) against the largest of the
          other fits that is nested in it;
        - ``starts`` and ``ridge``, as in ``glance()``, if all fits have them.

        The fits are sorted by AIC in three groups: first regular fits without doubts, then regular fits with doubts,
        and last fits that are not a regular maximum. ``delta_AIC`` is the difference from the best fit of the first
        group (of the second if the first is empty). It is missing for fits that are not regular, because their
        likelihood cannot be ranked.

    Raises
    ------
    DataError
        If there are fewer than two fits, one of them has no likelihood, or they were fitted to different data.
    """
    _check_likelihoods(fits)
    if len(fits) < 2:
        raise DataError("compare: give at least two fits.")
    if names is not None and len(names) != len(fits):
        raise DataError(f"compare: {len(names)} names for {len(fits)} fits.")
    glances = [fit.glance().iloc[0] for fit in fits]
    for fit in fits[1:]:
        if apart := fits[0].differs_from(fit):
            raise DataError(
                f"compare: the fits differ in {apart}; likelihoods compare only on the same rows."
            )
    labels = list(names) if names is not None else [fit.label for fit in fits]
    table = pd.DataFrame(
        {
            "logLik": [glance["logLik"] for glance in glances],
            "df": [int(glance["df"]) for glance in glances],
            "AIC": [glance["AIC"] for glance in glances],
            "AICc": [glance["AICc"] for glance in glances],
            "BIC": [glance["BIC"] for glance in glances],
            "regular": [
                bool(glance.get("regular", fit.converged)) for fit, glance in zip(fits, glances, strict=True)
            ],
            "note": [", ".join(filter(None, [kinds(fit.findings), *fit.doubts])) for fit in fits],
        },
        index=pd.Index(labels, name="model"),
    )
    for name, values in zip(
        ("versus", "LR", "p.value"), zip(*_ratio_tests(fits, labels), strict=True), strict=True
    ):
        table[name] = list(values)
    for name in ("starts", "ridge"):
        if all(name in glance for glance in glances):
            table[name] = [glance[name] for glance in glances]
    sound = table["regular"] & np.array([not fit.doubts for fit in fits])
    order = pd.DataFrame({"sound": sound, "regular": table["regular"], "AIC": table["AIC"]})
    ranked = table.iloc[np.lexsort((order["AIC"], ~order["regular"], ~order["sound"]))]
    crowned = sound if sound.any() else table["regular"]
    best = table["AIC"].where(crowned).min()
    ranked.insert(3, "delta_AIC", (ranked["AIC"] - best).where(ranked["regular"]))
    return ranked


def _check_likelihoods(fits: Sequence[Any]) -> None:
    for place, fit in enumerate(fits, 1):
        if not isinstance(fit, Estimates):
            raise DataError(
                f"compare: argument {place} is a {type(fit).__name__}, which has no likelihood, and likelihoods are "
                "what is compared; put the `glance()` of such results side by side with pandas.concat."
            )


def _ratio_tests(fits: Sequence[Any], labels: Sequence[str]) -> list[tuple[str, float, float]]:
    """Test each fit against the largest of the others that is nested in it."""
    rows = []
    for large in fits:
        smaller = sorted((k for k, fit in enumerate(fits) if fit.df_model < large.df_model),
                         key=lambda k: -fits[k].df_model)  # fmt: skip
        row = ("", np.nan, np.nan)
        for k in smaller:
            try:
                test = fits[k].lr_test(large)
            except DataError:  # not nested, or without a regular maximum
                continue
            row = (labels[k], float(test["statistic"]), float(test["p.value"]))
            break
        rows.append(row)
    return rows
