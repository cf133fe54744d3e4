"""The grid of models: one scale or both, special cases, and which parameters carry the covariates."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from statmodels_x.core.errors import ConvergenceError, DataError
from statmodels_x.core.findings import quiet
from statmodels_x.core.fits.comparison import compare
from statmodels_x.core.parallel import each
from statmodels_x.survival.background.prior import Prior, priors_of
from statmodels_x.survival.fitted import MORE_STARTS, is_found_by_few


def ladder_forms(right_side: str) -> dict[str, dict[str, Any]]:
    """Arguments of every model of the grid, by a name that says what carries the covariates."""
    x = f"~ {right_side}"
    forms: dict[str, dict[str, Any]] = {
        "exponential": {"distribution": "exponential"},
        "weibull": {"distribution": "weibull"},
        "weibull, aft + power": {"distribution": "weibull", "scale": "aft", "power": x},
        "weibull, ph + power": {"distribution": "weibull", "scale": "ph", "power": x},
        "gompertz": {"distribution": "gompertz"},
        "loglogistic": {"distribution": "loglogistic"},
        "loglogistic + power": {"distribution": "loglogistic", "power": x},
        "lognormal": {"distribution": "lognormal"},
        "lognormal + power": {"distribution": "lognormal", "power": x},
        "gengamma": {"distribution": "gengamma"},
        "burr12, aft": {"distribution": "burr12", "scale": "aft"},
        "burr12, ph": {"distribution": "burr12", "scale": "ph"},
    }
    for scale in ("aft", "ph"):
        forms[scale] = {"scale": scale}
        forms[f"{scale} + power"] = {"scale": scale, "power": x}
        forms[f"{scale} + shape"] = {"scale": scale, "shape": x}
        forms[f"{scale} + power + shape"] = {"scale": scale, "power": x, "shape": x}
        forms[f"both, {scale}"] = {"scale": scale, "other_scale": "~ 1"}
        forms[f"both, {scale} + power"] = {"scale": scale, "other_scale": "~ 1", "power": x}
        forms[f"both, {scale} + shape"] = {"scale": scale, "other_scale": "~ 1", "shape": x}
    forms["both, aft + ph"] = {"scale": "aft", "other_scale": x}
    forms["both, aft + ph + power"] = {"scale": "aft", "other_scale": x, "power": x}
    return forms


def ladder(
    formula: str, data: Any, *, n_jobs: int = 1, progress: bool = False, **options: Any
) -> pd.DataFrame:
    """Fit the models that have the same covariates and compare them in a table.

    The models differ in the distribution, in the scale that carries the covariates (PH, AFT or both), and in whether
    the power and the shape depend on the covariates too.

    Parameters
    ----------
    formula : str
        A formula such as ``"Surv(time, status) ~ x + z"``. The terms of the right side are used for each parameter
        in turn.
    data : DataFrame
        As in :class:`FlexibleSurvival`.
    n_jobs : int
        Number of parallel processes (joblib).
    progress : bool
        Whether to show a progress bar.
    **options
        Further arguments of :class:`FlexibleSurvival` that all models share, such as ``weights``, ``cluster``,
        ``background`` or ``external``. A prior of survival (:meth:`Prior.survival`) is allowed. A :class:`Prior` of
        a coefficient is not, because a coefficient has a different meaning in each model.

    Returns
    -------
    DataFrame
        The table of :func:`compare`, with the lowest AIC first. The name of a row says which parameters carry the
        covariates: the scale first, and then the others. Fits without a regular maximum come last, with the reason
        in ``note``. If few of the start values led to the maximum of a model, the model is fitted again with 40
        more.

    Raises
    ------
    FormulaError, DataError
        As in :class:`FlexibleSurvival`, or if ``prior`` is a prior of a coefficient.
    """
    if any(isinstance(one, Prior) for one in priors_of(options.get("prior"))):
        raise DataError(
            "ladder(): `prior` is of a coefficient, which means another thing in each model; give Prior.survival(...), "
            "or fit the models one by one."
        )
    forms = ladder_forms(formula.split("~", 1)[-1].strip())
    calls = [{**form, **options} for form in forms.values()]
    results = each(partial(_fit_form, formula, data), calls, n_jobs=n_jobs, progress=progress)
    fits = dict(zip(forms, results, strict=True))
    kept = {name: fit for name, fit in fits.items() if fit is not None}
    return compare(*kept.values(), names=list(kept))


def _fit_form(formula: str, data: Any, form: dict[str, Any]) -> Any:
    from statmodels_x.survival.model import FlexibleSurvival

    with quiet():  # the table has a column for what they say
        try:
            model = FlexibleSurvival(formula, data, **form)
            fit = model.fit()
            if is_found_by_few(fit.estimate):  # more starts once, before the ranking doubts it
                fit = model.fit(n_starts=fit.estimate.n_random + MORE_STARTS)
            return fit
        except ConvergenceError:
            return None
