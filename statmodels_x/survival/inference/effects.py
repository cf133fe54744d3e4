"""What a fit says without parameters: differences of survival and of mean time, and where it may be wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.formula import right_side, typed_term
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import as_list, check_number, is_among
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.averages import AVERAGED, Populations
from statmodels_x.survival.inference.averaging import Average, refitted
from statmodels_x.survival.inference.naming import uses_of
from statmodels_x.survival.inference.natural import levels_of
from statmodels_x.survival.inference.prediction import Options
from statmodels_x.survival.inference.standardisation import averaged, like, people_of
from statmodels_x.survival.inference.units import checked_units
from statmodels_x.survival.kernels.likelihood import loglik
from statmodels_x.survival.reading.facts import coded_columns, is_number
from statmodels_x.survival.sample import Sample
from statmodels_x.survival.specification import Specification, specify

_LEVELS = (2, 4)
_MOST = 3
_ROWS = 2_000
_LEAST_LEFT = 0.02
_ROUNDING = 1e-9
_NOT_TESTABLE = "not testable here: the data hold no information on it beside the rest of the model"
_NUMBERS = ["estimate", "lower", "upper"]
NOT_REACHED = "not reached"


@dataclass(frozen=True)
class Effects:
    """The effects of a fit's covariates, beside those of a model in which they act on the power, too.

    Attributes
    ----------
    horizon : float
        The time at which survival is compared, and to which the mean time runs.
    table : DataFrame
        ``effect``, ``quantity``, then ``estimate``, ``lower``, ``upper`` of this model and ``wide_estimate``,
        ``wide_lower``, ``wide_upper`` of the other, ``moves``: whether the two differ by more than a standard error,
        and ``note``: "not reached" where a median lies beyond the last event.
    pointers : DataFrame
        Score tests of each term on the power, and on the shape where kappa < 0: ``term``, ``parameter``,
        ``statistic``, ``df``, ``p.value``, ``holm``, ``note``.
    other_scale : tuple of (str, float)
        The other scale and its log-likelihood with as many parameters; NaN where there is no such model.
    median : tuple of three float
        Median of the rows' mean survival curve with its limits; NaN where it lies beyond the last event.
    between_quartiles : tuple of str
        Numbers that are compared between their quartiles.
    """

    horizon: float
    table: pd.DataFrame = field(repr=False)
    pointers: pd.DataFrame = field(repr=False)
    other_scale: tuple[str, float]
    median: tuple[float, float, float] | None = None
    between_quartiles: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Comparison:
    """Worlds to compare: each but the first against the first."""

    variable: str
    labels: tuple[str, ...]
    worlds: tuple[pd.DataFrame, ...]
    at_quartiles: bool = False


def effects_of(
    fit: SurvivalFitted,
    variables: Sequence[str] | None = None,
    at: float | None = None,
    alpha: float = 0.05,
    per: Mapping[str, float] | None = None,
    average: Average = (),
) -> Effects:
    """Compute the effects; see :meth:`FlexibleSurvivalResults.effects`."""
    sample: Sample = fit.need_sample("effects")
    units = checked_units(fit, per)
    horizon = _horizon(sample.response.time) if at is None else check_number("at", at, low=0.0, high=np.inf)
    options = Options(alpha, average=average)
    over, weight = _people(sample)
    rows, quartiles = [], list[str]()
    for name in _chosen(fit, sample, variables, units):
        comparison = _comparison(fit, over, name, units.get(name))
        quartiles += [name] if comparison.at_quartiles else []
        rows += _effect_rows(fit, _wider(fit, sample, name), comparison, weight, horizon, options)
    middle = averaged(fit, "median", None, lambda one: _those(one, [over], weight), options=options).iloc[0]
    median = (math.nan,) * 3 if middle["note"] else tuple(float(middle[name]) for name in _NUMBERS)
    columns = ["effect", "quantity", *_NUMBERS, *(f"wide_{name}" for name in _NUMBERS), "moves", "note"]
    return Effects(
        horizon,
        pd.DataFrame(rows, columns=columns),
        _pointers(fit, sample),
        _other_scale(fit, sample),
        (median[0], median[1], median[2]),
        tuple(quartiles),
    )


def _horizon(times: Array) -> float:
    """Return the 90 % point of the observed times, rounded down to half a leading digit."""
    point = float(np.quantile(times, 0.9, method="inverted_cdf"))
    unit = 10.0 ** math.floor(math.log10(point))
    return math.floor(point / unit * 2.0) / 2.0 * unit


def _chosen(
    fit: SurvivalFitted, sample: Sample, variables: Sequence[str] | None, units: Mapping[str, float]
) -> list[str]:
    """Return the covariates to compare: those asked for, or the first with two to four levels, then numbers."""
    known = uses_of(fit)
    if variables is not None:
        for name in (wanted := as_list("variables", variables)):
            if not is_among(name, known):
                raise DataError(
                    f"effects: {name!r} is no covariate of this model; it has {', '.join(known) or 'none'}."
                )
        return wanted
    data = sample.frame.data
    few = [name for name in known if name not in units and _has_few_levels(data[name])]
    numbers = [
        name for name in known if name not in few and is_number(data[name]) and not _is_coded(fit, name)
    ]
    asked = [name for name in known if name in units]
    rest = [name for name in numbers if name not in units]
    return [*few[: max(_MOST - len(asked), 0)], *asked, *rest][: max(_MOST, len(asked))]


def _short(value: float) -> str:
    text = f"{value:.4g}" if abs(value) < 10_000.0 else f"{value:.0f}"
    return f"({text})" if value < 0.0 else text


def _is_coded(fit: SurvivalFitted, name: str) -> bool:
    return name in coded_columns(spec.part.text for spec in fit.design_specs.values())


def _has_few_levels(column: pd.Series) -> bool:
    return bool(_LEVELS[0] <= column.nunique() <= _LEVELS[1])


def _people(sample: Sample) -> tuple[pd.DataFrame, Array]:
    """Return the rows to average over, with their weights: an even choice among many."""
    data, own = sample.frame.data, sample.own.weight
    weight = own if len(own) else np.ones(len(data))
    if len(data) <= _ROWS:
        return data, weight
    spread = np.linspace(0, len(data) - 1, _ROWS).astype(int)
    return data.iloc[spread], weight[spread]


def _comparison(fit: SurvivalFitted, over: pd.DataFrame, name: str, unit: float | None) -> _Comparison:
    """Compare the levels of a factor; a number between its quartiles, or with itself and a unit more."""
    column = over[name]
    if unit is not None:
        return _Comparison(name, (f"{name}: {unit:+g}",), (over, over.assign(**{name: column + unit})))
    levels, at_quartiles = list[Any](levels_of(fit, name)), False
    if is_number(column) and not _is_coded(fit, name) and not _has_few_levels(column):
        levels = [float(q) for q in np.quantile(column.to_numpy(float), [0.25, 0.75], method="nearest")]
        at_quartiles = levels[0] < levels[1]
        if not at_quartiles:  # a number that is nearly always the same
            levels = [float(column.min()), float(column.max())]
        shown = [_short(level) for level in levels]
    else:
        shown = [str(level) for level in levels]
    worlds = tuple(over.assign(**{name: like(column, level)}) for level in levels)
    return _Comparison(name, tuple(f"{name}: {own} - {shown[0]}" for own in shown[1:]), worlds, at_quartiles)


def _effect_rows(
    fit: SurvivalFitted,
    wide: SurvivalFitted | None,
    comparison: _Comparison,
    weight: Array,
    horizon: float,
    options: Options,
) -> list[tuple[Any, ...]]:
    found = []
    first = _differences(fit, comparison, weight, horizon, options)
    alone = replace(options, average=())
    second = None if wide is None else _differences(wide, comparison, weight, horizon, alone)
    net = "" if fit.specification.background is None else "net "
    words = {"survival": f"{net}survival at {horizon:g}", "rmst": f"{net}mean time to {horizon:g}"}
    words["median"] = f"{net}median"
    for k, label in enumerate(comparison.labels):
        for kind, word in words.items():
            row = first[kind].iloc[k]
            own = row[_NUMBERS].tolist()
            other = [math.nan] * 3 if second is None else second[kind].iloc[k][_NUMBERS].tolist()
            moves = second is not None and abs(other[0] - own[0]) > row["std_error"]
            found.append((label, word, *own, *other, bool(moves), row["note"]))
    return found


def _those(fit: SurvivalFitted, worlds: Sequence[pd.DataFrame], weight: Array) -> Populations:
    """Return people to compare; without the background of a fit that has one: its effects are net."""
    net = fit.specification.background is not None
    return people_of(fit, worlds, weight, kind="net_survival" if net else "survival")


def _differences(
    fit: SurvivalFitted, comparison: _Comparison, weight: Array, horizon: float, options: Options
) -> dict[str, pd.DataFrame]:
    """Compare all levels with the first, in one pass; medians that are not reached have no number."""
    people = _those(fit, comparison.worlds, weight)

    def of(one: SurvivalFitted) -> Populations:
        return people if one is fit else _those(one, comparison.worlds, weight)

    tables = {
        kind: averaged(fit, kind, at, of, "difference", options).assign(note="")
        for kind, at in (("survival", [horizon]), ("rmst", [horizon]), ("median", None))
    }
    times = AVERAGED["median"](np.array([math.nan]), people).estimate
    beyond = times > fit.facts.last_event
    lost = beyond[1:] | beyond[0]
    tables["median"].loc[lost, [*_NUMBERS, "std_error"]] = math.nan
    tables["median"].loc[lost, "note"] = NOT_REACHED
    return tables


def is_widened_to_ph(model: Specification) -> bool:
    """Say whether the wider model is of proportional hazards; otherwise it keeps the form of the model."""
    return model.cure_kind == "none" and model.family.is_compiled


def _wider(fit: SurvivalFitted, sample: Sample, name: str) -> SurvivalFitted | None:
    """Fit the wider model, with a covariate on the power, too; None where that cannot be had."""
    model = fit.specification
    use = uses_of(fit)[name][0]
    term, power = typed_term(model.parts[use.parameter], use.term), model.parts.get("power")
    text = f"~ {power.text} + {term}" if power is not None and power.variables else f"~ {term}"
    if is_widened_to_ph(model):
        wide = _under_same_background(model, specify(model.formula, power=text))
    else:
        parts = {**model.parts, "power": right_side(text, "power")}
        ordered = {part: parts[part] for part in PARAMETERS if part in parts}
        fixed = {part: value for part, value in model.fixed.items() if part != "power"}
        wide = replace(model, parts=ordered, fixed=fixed)
    return refitted(sample, wide)


def _under_same_background(model: Specification, other: Specification) -> Specification:
    """Return another model of the same deaths: with the background and the priors of the first."""
    return replace(
        other, background=model.background, background_factor=model.background_factor, prior=model.prior
    )


def _other_scale(fit: SurvivalFitted, sample: Sample) -> tuple[str, float]:
    model = fit.specification
    other = "aft" if model.scale == "ph" else "ph"
    if not model.anchored or not model.family.is_compiled or model.cure_kind != "none" or model.prior:
        return other, math.nan
    natural = {"power": math.exp, "shape": math.expm1}
    same: dict[str, Any] = {
        name: f"~ {model.parts[name].text}" if name in model.parts else natural[name](model.fixed[name])
        for name in natural
    }
    found = refitted(sample, _under_same_background(model, specify(model.formula, scale=other, **same)))
    return other, math.nan if found is None else found.llf


def _pointers(fit: SurvivalFitted, sample: Sample) -> pd.DataFrame:
    """Test each term of the main scale where it does not act yet: Rao's test, with Holm's correction.

    On the power, and on the shape where kappa < 0. A test that the data cannot give says so.
    """
    main = fit.specification.scale
    columns = ["term", "parameter", "statistic", "df", "p.value", "note"]
    if fit.specification.prior:  # whose score is not 0 at the mode
        return pd.DataFrame(columns=[*columns[:5], "holm", "note"]).astype({"holm": float})
    own = np.asarray(sample.arrays.designs[PARAMETERS.index(main)])
    rows = []
    for parameter in ("power", *(["shape"] if _has_plateau(fit) else [])):
        present = {term for part, term, *_ in fit.terms if part == parameter}
        for part, term, _, a, b in fit.terms:
            if part != main or term in present | {"1"}:
                continue
            statistic = _score(fit, sample, PARAMETERS.index(parameter), own[:, a:b])
            note = _NOT_TESTABLE if math.isnan(statistic) else ""
            rows.append((term, parameter, statistic, b - a, NORMAL.joint(statistic, b - a)[1], note))
    table = pd.DataFrame(rows, columns=columns)
    table.insert(5, "holm", _holm(table["p.value"].to_numpy(float)))
    return table


def _has_plateau(fit: SurvivalFitted) -> bool:
    """Whether an estimated constant shape lies below 0, where one plateau holds for all."""
    values = fit.coefficients.get("shape")
    own = fit.specification.own_family is None and values is not None
    return own and len(values) == 1 and float(values.iloc[0]) < 0.0


def _score(fit: SurvivalFitted, sample: Sample, parameter: int, columns: Array) -> float:
    """Rao's statistic of some more columns of a parameter; NaN where little information on them is left."""
    arrays, theta, q = sample.arrays, fit.theta, columns.shape[1]
    designs = list(arrays.designs)
    present = designs[parameter]
    designs[parameter] = columns if present is None else np.column_stack([present, columns])
    offsets = tuple(float(row[0]) if len(row) == 1 else row for row in arrays.offsets)
    larger = arrays.with_model(tuple(designs), offsets)
    place = larger.slices[parameter].stop - q
    _, score, hessian = loglik(np.insert(theta, [place] * q, 0.0), larger)
    tested = np.zeros(len(score), bool)
    tested[place : place + q] = True
    own = np.zeros(len(score), bool)
    own[larger.slices[parameter]] = True
    try:
        # beside the other coefficients of its parameter, so that the origin of a covariate does not matter
        marginal = _beside(-hessian, tested, own & ~tested)
        efficient = _beside(-hessian, tested, ~tested)
        root = np.linalg.inv(np.linalg.cholesky(marginal))
        values, vectors = np.linalg.eigh(root @ efficient @ root.T)
    except np.linalg.LinAlgError:
        return math.nan
    # near a Weibull a shape is no more than a scale; the power is what it is as long as there is any information
    if not values[0] > (_LEAST_LEFT if PARAMETERS[parameter] == "shape" else _ROUNDING):
        return math.nan
    return float(np.sum((vectors.T @ root @ score[tested]) ** 2 / values))


def _beside(information: Array, tested: NDArray[np.bool_], others: NDArray[np.bool_]) -> Array:
    """Return the information on some coefficients that is left beside others."""
    between = information[np.ix_(tested, others)]
    rest = information[np.ix_(others, others)]
    return np.asarray(information[np.ix_(tested, tested)] - between @ np.linalg.solve(rest, between.T))


def _holm(p_values: Array) -> Array:
    adjusted, worst = np.full(len(p_values), np.nan), 0.0
    known = np.flatnonzero(np.isfinite(p_values))
    for rank, k in enumerate(known[np.argsort(p_values[known])]):
        worst = max(worst, min(1.0, (len(known) - rank) * p_values[k]))
        adjusted[k] = worst
    return adjusted
