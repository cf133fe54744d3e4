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
    """Tabulate fits of the same data side by side.

    Parameters
    ----------
    *fits : results
        Fitted models with a log-likelihood on the same rows.
    names : sequence of str, optional
        Row labels; the formulas by default.

    Returns
    -------
    DataFrame
        One row per fit, the lowest AIC first: ``logLik``, ``df``, ``AIC``, ``delta_AIC``, ``AICc``, ``BIC``,
        ``regular`` and ``note`` (the kinds of the fit's findings); and the likelihood-ratio test against the
        largest of the fits that is nested in it: ``versus``, ``LR`` (chi-squared) and ``p.value``. A fit that is
        no regular maximum stands last with a missing ``delta_AIC``: its likelihood is not one that a ranking may
        use.

    Raises
    ------
    DataError
        If fewer than two fits are given, one has no likelihood, or they do not share their observations.
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
