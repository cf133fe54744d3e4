"""What a fit says without parameters: differences of survival and of mean time, and where it may be wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import chi2

from statmodels_x.core.data.formula import right_side
from statmodels_x.core.errors import DataError, StatmodelsXError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import as_list, check_number, is_among
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted, sample_names
from statmodels_x.survival.fitting.estimation import Estimate, estimate
from statmodels_x.survival.fitting.members import at_its_limit
from statmodels_x.survival.inference.naming import uses_of
from statmodels_x.survival.inference.prediction import Options
from statmodels_x.survival.inference.standardisation import standardise
from statmodels_x.survival.kernels.likelihood import loglik
from statmodels_x.survival.sample import Sample, read
from statmodels_x.survival.specification import Specification, specify

_LEVELS = (2, 4)
_MOST = 3
_ROWS = 2_000
_POINTER_LEVEL = 0.05


@dataclass(frozen=True)
class Effects:
    """The effects of a fit's covariates, beside those of a model in which they act on the power, too.

    Attributes
    ----------
    horizon : float
        The time at which survival is compared, and to which the mean time runs.
    table : DataFrame
        ``effect``, ``quantity``, then ``estimate``, ``lower``, ``upper`` of this model and ``wide_estimate``,
        ``wide_lower``, ``wide_upper`` of the other, and ``moves``:
        whether the two differ by more than a standard error.
    pointers : DataFrame
        Score tests of each term on the power: ``term``, ``statistic``, ``df``, ``p.value``, ``holm``.
    other_scale : tuple of (str, float)
        The other scale and its log-likelihood with as many parameters; NaN where there is no such model.
    """

    horizon: float
    table: pd.DataFrame = field(repr=False)
    pointers: pd.DataFrame = field(repr=False)
    other_scale: tuple[str, float]


def effects_of(
    fit: SurvivalFitted, variables: Sequence[str] | None = None, at: float | None = None, alpha: float = 0.05
) -> Effects:
    """Compute the effects; see :meth:`FlexibleSurvivalResults.effects`."""
    sample: Sample = fit.need_sample("effects")
    horizon = _horizon(sample.response.time) if at is None else check_number("at", at, low=0.0, high=np.inf)
    rows = _effect_rows(fit, sample, _chosen(fit, sample, variables), horizon, alpha)
    columns = [
        "effect",
        "quantity",
        "estimate",
        "lower",
        "upper",
        "wide_estimate",
        "wide_lower",
        "wide_upper",
        "moves",
    ]
    return Effects(
        horizon, pd.DataFrame(rows, columns=columns), _pointers(fit, sample), _other_scale(fit, sample)
    )


def _horizon(times: Array) -> float:
    """Return the 90 % point of the observed times, rounded down to half a leading digit."""
    point = float(np.quantile(times, 0.9, method="inverted_cdf"))
    unit = 10.0 ** math.floor(math.log10(point))
    return math.floor(point / unit * 2.0) / 2.0 * unit


def _chosen(fit: SurvivalFitted, sample: Sample, variables: Sequence[str] | None) -> list[str]:
    """Return the covariates to compare: those asked for, or the first with two to four levels."""
    if variables is not None:
        for name in (wanted := as_list("variables", variables)):
            if not is_among(name, fit.facts.levels):
                raise DataError(f"effects: {name!r} is no covariate; they are {', '.join(fit.facts.levels)}.")
        return wanted
    data = sample.frame.data
    few = [name for name in uses_of(fit) if _LEVELS[0] <= data[name].nunique() <= _LEVELS[1]]
    return few[:_MOST]


def _effect_rows(
    fit: SurvivalFitted, sample: Sample, variables: list[str], horizon: float, alpha: float
) -> list[tuple[Any, ...]]:
    found = []
    data = sample.frame.data
    over, weight = data, sample.arrays.weight if len(sample.arrays.weight) else np.ones(len(data))
    if len(data) > _ROWS:
        spread = np.linspace(0, len(data) - 1, _ROWS).astype(int)
        over, weight = data.iloc[spread], weight[spread]
    options = Options(alpha)
    for name in variables:
        wide = _wider(fit, sample, name)
        levels = fit.facts.levels[name]
        for kind, word in (("survival", "survival at"), ("rmst", "mean time to")):
            tables = [
                None
                if one is None
                else standardise(one, kind, [horizon], name, levels, over, weight, "difference", options)
                for one in (fit, wide)
            ]
            first, second = tables
            assert first is not None
            for k, row in first.iterrows():
                other = (
                    [math.nan] * 3
                    if second is None
                    else second.loc[k, ["estimate", "lower", "upper"]].tolist()
                )
                moves = second is not None and abs(other[0] - row["estimate"]) > row["std_error"]
                own = [row["estimate"], row["lower"], row["upper"]]
                found.append((f"{name}: {row[name]}", f"{word} {horizon:g}", *own, *other, bool(moves)))
    return found


def _wider(fit: SurvivalFitted, sample: Sample, name: str) -> SurvivalFitted | None:
    """Fit the proportional hazards model with a covariate on the power, too; None where that cannot be had."""
    model = fit.specification
    term = next(use.term for use in uses_of(fit)[name])
    power = model.parts.get("power")
    text = f"~ {power.text} + {term}" if power is not None and power.variables else f"~ {term}"
    if model.cure_kind == "none" and model.family.is_compiled:
        wide = specify(model.formula, power=text)
    else:
        parts = {**model.parts, "power": right_side(text, "power")}
        ordered = {part: parts[part] for part in PARAMETERS if part in parts}
        fixed = {part: value for part, value in model.fixed.items() if part != "power"}
        wide = replace(model, parts=ordered, fixed=fixed)
    return _fitted(sample, wide)


def _other_scale(fit: SurvivalFitted, sample: Sample) -> tuple[str, float]:
    model = fit.specification
    other = "aft" if model.scale == "ph" else "ph"
    if not model.anchored or not model.family.is_compiled or model.cure_kind != "none":
        return other, math.nan
    natural = {"power": math.exp, "shape": math.expm1}
    same: dict[str, Any] = {
        name: f"~ {model.parts[name].text}" if name in model.parts else natural[name](model.fixed[name])
        for name in natural
    }
    found = _fitted(sample, specify(model.formula, scale=other, **same))
    return other, math.nan if found is None else found.llf


def _fitted(sample: Sample, model: Specification) -> SurvivalFitted | None:
    """Fit another model to the same rows."""
    weights = sample.arrays.weight if len(sample.arrays.weight) else None

    def search(rows: Any) -> Estimate:
        return estimate(rows.arrays, rows.specification.scale, names=sample_names(rows))

    try:
        rows = read(sample.frame.data, model, weights, None, sample.time_unit)
        rows, found, limit = at_its_limit(rows, search(rows), search)
        return SurvivalFitted.of(rows, found, "observed", limit=limit)
    except StatmodelsXError:  # a term that cannot stand there, or no estimate
        return None


def _pointers(fit: SurvivalFitted, sample: Sample) -> pd.DataFrame:
    """Test each term of the main scale on the power, where it is not there yet: Rao's test, with Holm's correction."""
    arrays, main = sample.arrays, fit.specification.scale
    spec = fit.design_specs[main].model_spec
    present = (
        set(map(str, fit.design_specs["power"].model_spec.term_slices))
        if "power" in fit.design_specs
        else set()
    )
    own = np.asarray(arrays.designs[PARAMETERS.index(main)])
    rows = []
    for term, part in spec.term_slices.items():
        if str(term) in present | {"1"}:
            continue
        statistic, df = _score(fit, sample, own[:, part])
        rows.append((str(term), statistic, df, float(chi2.sf(statistic, df))))
    table = pd.DataFrame(rows, columns=["term", "statistic", "df", "p.value"])
    return table.assign(holm=_holm(table["p.value"].to_numpy(float)))


def _score(fit: SurvivalFitted, sample: Sample, columns: Array) -> tuple[float, int]:
    arrays, theta = sample.arrays, fit.theta
    designs = list(arrays.designs)
    power = designs[2]
    designs[2] = columns if power is None else np.column_stack([power, columns])
    offsets = tuple(float(row[0]) if len(row) == 1 else row for row in arrays.offsets)
    larger = arrays.with_model(tuple(designs), offsets)
    place = larger.slices[2].stop - columns.shape[1]
    point = np.insert(theta, [place] * columns.shape[1], 0.0)
    _, score, hessian = loglik(point, larger)
    values, vectors = np.linalg.eigh(-hessian)
    if not values[0] > 0.0:
        return math.nan, columns.shape[1]
    return float(np.sum((vectors.T @ score) ** 2 / values)), columns.shape[1]


def _holm(p_values: Array) -> Array:
    adjusted, worst = np.full(len(p_values), np.nan), 0.0
    known = np.flatnonzero(np.isfinite(p_values))
    for rank, k in enumerate(known[np.argsort(p_values[known])]):
        worst = max(worst, min(1.0, (len(known) - rank) * p_values[k]))
        adjusted[k] = worst
    return adjusted
