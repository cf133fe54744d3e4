"""Whether one model is a case of another, when transitions are fitted together in one and apart in the other.

A model is the set of the linear predictors that its coefficients can give over all rows at risk. One set lies in the
other if its columns, and what is fixed in it, are combinations of the other's columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.multistate.fitted import MultiStateFitted
from statmodels_x.multistate.fitting.estimation import clock_rows
from statmodels_x.multistate.specification import arrow
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.inference.hypotheses import fixed_in
from statmodels_x.survival.inference.prediction import covariate_rows
from statmodels_x.survival.inference.rows import Rows
from statmodels_x.survival.results import FlexibleSurvivalResults

_NOTHING = 1e-8  # of a column's length: what is left of it is rounding
_SCALES = {"aft": "ph", "ph": "aft"}


@dataclass(frozen=True)
class Part:
    """One transition in one of the models."""

    label: str
    fit: FlexibleSurvivalResults = field(repr=False)
    rows: Rows = field(repr=False)


def check_nested(small: MultiStateFitted, large: MultiStateFitted) -> None:
    """Refuse a model that is no case of another.

    Raises
    ------
    DataError
        With the transition and what of the smaller model the larger one cannot say.
    """
    if not _same_rows(small, large):
        raise DataError("lr_test: the two models were fitted to different subjects.")
    ours, theirs = _parts(small), _parts(large)
    fixed = {name: _fixed_values(name, ours[name].fit, theirs[name].fit) for name in ours}
    for j, parameter in enumerate(PARAMETERS):
        _check_parameter(j, parameter, ours, theirs, fixed)


def _same_rows(small: MultiStateFitted, large: MultiStateFitted) -> bool:
    columns = ["id", "from", "to", "start", "stop", "status"]
    one, other = (fit.need_sample("lr_test of a stacked fit").rows[columns] for fit in (small, large))
    return one.reset_index(drop=True).equals(other.reset_index(drop=True))


def _parts(fit: MultiStateFitted) -> dict[str, Part]:
    data, specification, found = fit.need_sample("lr_test of a stacked fit"), fit.specification, {}
    for model in specification.models:
        table = clock_rows(data, specification, model)
        for origin, to in specification.graph.transitions:
            name = arrow(origin, to)
            if name in model.transitions:
                own = table[(table["from"] == origin) & (table["to"] == to)]
                part = fit.fits[model.label]
                found[name] = Part(model.label, part, covariate_rows(part, own, inner=False))
    return found


def _fixed_values(
    name: str, small: FlexibleSurvivalResults, large: FlexibleSurvivalResults
) -> dict[str, float]:
    """Return what is fixed in the smaller model, on the scales of the larger one's family."""
    fixed = fixed_in(small.specification, large.specification)
    if fixed is None or small.specification.cure_kind != large.specification.cure_kind:
        raise DataError(
            f"lr_test: {name!r} is {small.specification.distribution} in the first model and "
            f"{large.specification.distribution} in the second, of which it is no case; compare by AIC."
        )
    return dict(fixed)


def _check_parameter(
    j: int, parameter: str, ours: dict[str, Part], theirs: dict[str, Part], fixed: dict[str, dict[str, float]]
) -> None:
    """Check one linear predictor over the rows of all transitions."""
    inner, outer = _joined(j, ours), _joined(j, theirs)
    base = []
    for name, part in ours.items():
        own = part.rows.base[:, j]
        if part.rows.matrices[j] is None:
            own = np.full(len(own), fixed[name].get(parameter, 0.0))
        gap = own - theirs[name].rows.base[:, j]
        if _is_a_choice(parameter, part, theirs[name]):
            gap = np.zeros(len(own))
        base.append(gap)
    wanted = pd.concat([pd.Series(np.concatenate(base), inner.index, name="").to_frame(), inner], axis=1)
    left = _left_over(wanted.to_numpy(), outer.to_numpy())
    size = np.maximum(np.linalg.norm(wanted.to_numpy(), axis=0), 1e-300)
    bad = np.linalg.norm(left, axis=0) > _NOTHING * np.where(size > 1e-10, size, 1.0)
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        where = wanted.index[int(np.argmax(np.abs(left[:, k])))]
        raise DataError(_said(parameter, wanted.columns[k], where, ours[where], theirs[where]))


def _said(parameter: str, column: str, name: str, small: Part, large: Part) -> str:
    head = f"lr_test: the first model is not nested in the second: in the {parameter} part of {name!r} "
    if column:
        return f"{head}its {column!r} is no combination of the second's columns; compare by AIC."
    remedy = (
        "give both the same `other_scale`, or compare by AIC" if parameter in _SCALES else "compare by AIC"
    )
    return (
        f"{head}it is fixed at another value ({small.fit.specification.distribution}) than the second "
        f"({large.fit.specification.distribution}) or at one that the second cannot take; {remedy}."
    )


def _joined(j: int, parts: dict[str, Part]) -> pd.DataFrame:
    """Columns of one linear predictor: those of a stacked fit go on over its transitions, others are 0 elsewhere."""
    tables = []
    for name, part in parts.items():
        matrix, spec = part.rows.matrices[j], part.fit.design_specs.get(PARAMETERS[j])
        index = pd.Index([name] * len(part.rows.index))
        if matrix is None or spec is None:
            tables.append(pd.DataFrame(index=index))
            continue
        labels = pd.MultiIndex.from_tuples([(part.label, term) for term in spec.names])
        tables.append(pd.DataFrame(matrix, index, labels))
    joined = pd.concat(tables).fillna(0.0)
    joined.columns = [str(label[1]) for label in joined.columns]
    return joined


def _left_over(columns: Array, basis: Array) -> Array:
    """Return what of columns is no combination of others."""
    length = np.linalg.norm(basis, axis=0)
    basis = basis[:, length > 0.0] / length[length > 0.0]
    if not basis.shape[1]:
        return columns
    vectors, sizes, _ = np.linalg.svd(basis, full_matrices=False)
    space = vectors[:, sizes > 1e-11 * sizes[0]]
    left = columns - space @ (space.T @ columns)
    return np.asarray(left - space @ (space.T @ left))


def _is_a_choice(parameter: str, small: Part, large: Part) -> bool:
    """Whether the value of a Weibull's fixed scale only moves the intercept of its main scale.

    It does where the power is the same in all rows of the transition and the larger model has an intercept there.
    """
    if parameter not in _SCALES or not small.fit.specification.is_weibull:
        return False
    main = _SCALES[parameter]
    both = (small, large)
    if any(part.rows.matrices[PARAMETERS.index(parameter)] is not None for part in both):
        return False
    if any(part.fit.specification.scale != main for part in both):
        return False
    power = small.rows.matrices[PARAMETERS.index("power")]
    if power is not None and np.ptp(power, axis=0).any():
        return False
    level = large.rows.matrices[PARAMETERS.index(main)]
    if level is None:
        return False
    one = np.ones((len(level), 1))
    return bool(np.linalg.norm(_left_over(one, level)) < _NOTHING * np.sqrt(len(level)))
