"""Likelihood-ratio and score tests, and proportional hazards against accelerated time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.hypotheses import HypothesisTest, hypothesis_test, wald_test
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.family import FAMILIES
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.fitting.starts import constant_coefficients
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, loglik
from statmodels_x.survival.specification import Specification

_ROUNDING = 1e-9
_NEAR_WEIBULL = 2.0  # kappa within this many standard errors of 1: the two scales are one


def is_nested(small: SurvivalFitted, large: SurvivalFitted) -> bool:
    """Whether every linear predictor of one model can be had in the other, as an interior point.

    A fixed value is nested in a part with an intercept, and columns in a part that holds them all by name. No
    cured fraction is not nested in a cure model: it lies on its boundary. Two baselines must be the same, or
    one a known case of the other.
    """
    one, other = small.specification, large.specification
    if one.cure_kind != other.cure_kind or small.df_model >= large.df_model:
        return False
    fixed = fixed_in(one, other)
    return fixed is not None and all(_part_nested(small, large, fixed, parameter) for parameter in PARAMETERS)


def fixed_in(small: Specification, large: Specification) -> Mapping[str, float] | None:
    """Return a model's fixed values on the scales of another's family; None if its baseline is no case of that."""
    one, other = small.family, large.family
    same = (one.cumulative_hazard, one.log_hazard, one.shape_link) == (
        other.cumulative_hazard, other.log_hazard, other.shape_link,
    )  # fmt: skip
    if same:
        return small.fixed
    if other == FAMILIES["gengamma"]:
        if one == FAMILIES["lognormal"]:
            return {**small.fixed, "shape": 0.0}
        if one.is_compiled and small.fixed.get("shape") == np.log(2.0):  # the Weibull
            return {**small.fixed, "shape": 1.0}
    return None


def _part_nested(
    small: SurvivalFitted,
    large: SurvivalFitted,
    fixed: Mapping[str, float],
    parameter: str,
) -> bool:
    inner, outer = small.design_specs.get(parameter), large.design_specs.get(parameter)
    if inner is None:
        value = fixed.get(parameter)
        if outer is None:
            same = _is_same(value, large.specification.fixed.get(parameter))
            return same or _intercept_takes_up(small.specification, small.design_specs, parameter)
        return value is not None and np.isfinite(value) and "Intercept" in outer.names
    return (
        outer is not None and set(inner.names) <= set(outer.names) and inner.part.offset == outer.part.offset
    )


def _is_same(one: float | None, other: float | None) -> bool:
    """Whether two fixed values are one, up to the rounding of times on which an anchor depends."""
    if one is None or other is None:
        return one is other
    return one == other or abs(one - other) <= _ROUNDING * max(1.0, abs(one))


def _intercept_takes_up(model: Specification, specs: Mapping[str, DesignSpec], parameter: str) -> bool:
    """Whether another value of a Weibull's fixed scale only moves the intercept of its main scale."""
    is_other_scale = parameter in ("aft", "ph") and parameter != model.scale
    return is_other_scale and model.has_free_other_scale and "Intercept" in specs[model.scale].names


def likelihood_ratio(small: SurvivalFitted, large: SurvivalFitted) -> HypothesisTest:
    """Test a model against a larger one that holds it.

    Returns
    -------
    HypothesisTest

    Raises
    ------
    DataError
        If the models are not nested, differ in their data, or one of them is no regular maximum.
    """
    _refuse_penalised("lr_test", small.specification, large.specification)
    if apart := small.differs_from(large):
        raise DataError(f"lr_test: the fits differ in {apart}; likelihoods compare only on the same rows.")
    if not is_nested(small, large):
        raise DataError("lr_test: the first model is not nested in the second; compare them by AIC or BIC.")
    if not (small.is_regular and large.is_regular):
        raise DataError("lr_test: a fit on a ridge has no likelihood-ratio test; see its `warnings`.")
    statistic = max(2.0 * (large.llf - small.llf), 0.0)
    df = large.df_model - small.df_model
    return hypothesis_test(statistic, df, NORMAL.joint(statistic, df)[1], "LR test")


def _refuse_penalised(test: str, *models: Specification) -> None:
    if any(model.prior for model in models):
        raise DataError(
            f"{test}: a penalised fit is no maximum of the likelihood, so that the test has no chi-squared "
            "distribution; fit without `prior`, or see wald_test()."
        )


def score_test(fit: SurvivalFitted, larger: Specification, arrays: SurvivalArrays) -> HypothesisTest:
    """Rao's test of a larger model without fitting it: its score and information at the smaller maximum.

    Parameters
    ----------
    fit : SurvivalFitted
    larger : Specification
        The larger model, not fitted.
    arrays : SurvivalArrays
        The same rows under it.

    Returns
    -------
    HypothesisTest
        NaN if the information is not positive definite there.
    """
    _refuse_penalised("score_test", fit.specification, larger)
    sample = fit.need_sample("score_test")
    if arrays.n != sample.arrays.n or not _same_rows(arrays, sample.arrays):
        raise DataError(
            "score_test: the larger model uses other rows, another order of rows, another unit of time, other weights "
            "or counts, or another background."
        )
    if fit.limit is not None:
        raise DataError(
            f"score_test: the fit is at a limit of the family, {fit.limit.value}, the edge of every larger model."
        )
    fixed = fixed_in(fit.specification, larger)
    if fixed is None or not all(_is_same(v, fit.specification.fixed.get(k)) for k, v in fixed.items()):
        raise DataError("score_test: the larger model has another baseline; compare the fits by AIC or BIC.")
    eta = _at_the_fixed_scale(fit, sample.arrays.linear_predictors(fit.theta), arrays)
    theta = np.zeros(arrays.n_parameters)
    for j, (design, part) in enumerate(zip(arrays.designs, arrays.slices, strict=True)):
        if design is None:
            continue
        target = eta[j] - (arrays.offsets[j] if arrays.offsets.shape[1] > 1 else arrays.offsets[j, 0])
        theta[part] = constant_coefficients(design, target)
        if not np.allclose(design @ theta[part], target, atol=1e-6):
            raise DataError(
                f"score_test: the {PARAMETERS[j]} part of the fit is not nested in the larger model."
            )
    if arrays.has_factor:
        theta[-1] = fit.theta[-1]
    _, score, hessian = loglik(theta, arrays)
    df = arrays.n_parameters - len(fit.coefficients)
    if df < 1:
        raise DataError("score_test: the model given is not larger than the fit.")
    values, vectors = np.linalg.eigh(-hessian)
    if not values[0] > 0.0:
        note = (
            "not testable here: the information of the larger model is not positive definite; fit it instead"
        )
        return hypothesis_test(np.nan, df, np.nan, "score test", note=note)
    statistic = float(np.sum((vectors.T @ score) ** 2 / values))
    return hypothesis_test(statistic, df, NORMAL.joint(statistic, df)[1], "score test")


def _at_the_fixed_scale(fit: SurvivalFitted, eta: Array, arrays: SurvivalArrays) -> Array:
    """Return the linear predictors of a fit with its other scale where a larger model fixes it.

    For a Weibull without covariates on the power that is a choice of the intercept's meaning: lambda phi^gamma stays.
    """
    model = fit.specification
    other = "ph" if model.scale == "aft" else "aft"
    place, main = PARAMETERS.index(other), PARAMETERS.index(model.scale)
    if arrays.designs[place] is not None:
        return eta
    moved = arrays.offsets[place] - eta[place]
    if not np.any(np.abs(moved) > _ROUNDING * (1.0 + np.abs(eta[place]))):
        return eta
    if not model.has_free_other_scale:
        raise DataError(
            "score_test: the larger model fixes the other scale elsewhere; give both the same other_scale."
        )
    found = eta.copy()
    found[place] += moved
    found[main] -= moved * np.exp(-eta[2] if model.scale == "aft" else eta[2])
    return found


def _same_rows(one: SurvivalArrays, other: SurvivalArrays) -> bool:
    exact = all(np.array_equal(getattr(one, k), getattr(other, k)) for k in ("code", "weight"))
    names = ("log_lower", "log_other", "expected")
    pairs = [(getattr(one, name), getattr(other, name)) for name in names]
    return exact and all(
        len(a) == len(b) and np.allclose(a, b, rtol=0.0, atol=1e-12, equal_nan=True) for a, b in pairs
    )


def term_tests(fit: SurvivalFitted) -> pd.DataFrame:
    """Test each term of each parameter; see :meth:`FlexibleSurvivalResults.wald_test_terms`."""
    rows = {}
    for (parameter, term), columns in _columns_of_terms(fit).items():
        if term != "1":
            test = _wald(fit, np.eye(len(fit.coefficients))[columns])
            rows[parameter, term] = test["statistic"], len(columns), test["p.value"]
    index = pd.MultiIndex.from_tuples(list(rows), names=["parameter", "term"]) if rows else None
    return pd.DataFrame(list(rows.values()), index=index, columns=["statistic", "df", "p.value"])


def _columns_of_terms(fit: SurvivalFitted) -> dict[tuple[str, str], list[int]]:
    """Where the coefficients of each term of each parameter stand among all."""
    ends = np.cumsum([0, *(len(spec.names) for spec in fit.design_specs.values())])
    first = dict(zip(fit.design_specs, ends.tolist(), strict=False))
    return {
        (parameter, term): list(range(first[parameter] + a, first[parameter] + b))
        for parameter, term, _, a, b in fit.terms
    }


def _wald(fit: SurvivalFitted, matrix: Array) -> HypothesisTest:
    """Test that combinations of coefficients are 0."""
    return wald_test(fit.coefficients, fit.covariance, matrix, 0.0, fit.reference, fit.inner)


def joint_test(fit: SurvivalFitted, terms: Sequence[tuple[str, str]]) -> HypothesisTest:
    """Test that all coefficients of some terms, each of a parameter, are 0."""
    columns = _columns_of_terms(fit)
    rows = [k for term in columns if term in terms for k in columns[term]]
    return _wald(fit, np.eye(len(fit.coefficients))[rows])


def scale_tests(fit: SurvivalFitted) -> pd.DataFrame:
    """Proportional hazards against accelerated time, inside a model with the same covariates on both scales.

    Returns
    -------
    DataFrame
        Rows ``"ph"`` (no covariate acts on log phi) and ``"aft"`` (none acts on log lambda): ``statistic``,
        ``df``, ``p.value``, ``valid``, ``note``. Near the Weibull (kappa = 1) the two scales are one and the
        tests mean nothing; then ``valid`` is False.

    Raises
    ------
    DataError
        If the model does not have covariates on both scales.
    """
    index = fit.coefficients.index
    rows: dict[str, Any] = {}
    doubt = _scale_doubt(fit)
    for name, tested in (("ph", "aft"), ("aft", "ph")):
        positions = [
            k for k, (parameter, term) in enumerate(index) if parameter == tested and term != "Intercept"
        ]
        if not positions:
            raise DataError(
                "scale_tests: fit a model with the covariates on both scales (other_scale='~ x')."
            )
        test = _wald(fit, np.eye(len(index))[positions])
        rows[name] = (test["statistic"], len(positions), test["p.value"], not doubt, doubt)
    frame = pd.DataFrame.from_dict(
        rows, orient="index", columns=["statistic", "df", "p.value", "valid", "note"]
    )
    return frame.rename_axis("hypothesis")


def _scale_doubt(fit: SurvivalFitted) -> str:
    if not fit.is_regular:
        return "the fit is no regular maximum"
    if any(finding.kind == "weak" for finding in fit.findings):
        return "weakly identified"
    if fit.specification.own_family is not None:
        return ""
    if "shape" not in fit.design_specs:
        return "" if fit.specification.fixed["shape"] != np.log(2.0) else "a Weibull has only one scale"
    shape = fit.coefficients["shape"].iloc[0]
    error = fit.bse["shape"].iloc[0]
    return "kappa is not told apart from 1" if abs(shape - np.log(2.0)) < _NEAR_WEIBULL * error else ""
