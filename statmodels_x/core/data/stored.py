"""Formulaic's encoding of terms <-> plain values, so that a file needs no pickle.

The terms themselves are stored as the user's text and read by the same checks as a formula that a user gives: what a
file says can choose among the factors of that text, and can be no code of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statmodels_x.core.errors import DataError

_CONTRASTS = ("Treatment", "SAS", "Sum", "Helmert", "Diff", "Poly", "Custom")


def plain_spec(model_spec: Any) -> dict[str, Any]:
    """Return a formulaic.ModelSpec as dicts, lists, numbers, text and arrays, without its terms."""
    terms = list(model_spec.formula)
    structure = [
        {
            "term": terms.index(entry.term),
            "scoped": [
                {
                    "scale": scoped.scale,
                    "factors": [_plain_factor(part) for part in scoped.factors],
                }
                for scoped in entry.scoped_terms
            ],
            "columns": [str(column) for column in entry.columns],
        }
        for entry in model_spec.structure
    ]
    encoders = {
        str(expression): [kind.value, {name: _plain_state(value) for name, value in state.items()}]
        for expression, (kind, state) in model_spec.encoder_state.items()
    }
    return {
        "materializer": model_spec.materializer,
        "structure": structure,
        "transform_state": model_spec.transform_state,
        "encoder_state": encoders,
    }


def model_spec(part: Any, stored: Mapping[str, Any]) -> Any:
    """Build the formulaic.ModelSpec of some terms from what :func:`plain_spec` returned."""
    from formulaic import ModelSpec
    from formulaic.materializers.base import EncodedTermStructure
    from formulaic.materializers.types import EvaluatedFactor, ScopedFactor, ScopedTerm
    from formulaic.parser.types import Factor

    terms = list(part.formula)
    factors = {factor.expr: factor for term in terms for factor in term.factors}
    structure = [
        EncodedTermStructure(
            terms[entry["term"]],
            [
                ScopedTerm(
                    [
                        ScopedFactor(
                            EvaluatedFactor(factors[expression], None, _variables(names)), bool(reduced)
                        )
                        for expression, reduced, names in scoped["factors"]
                    ],
                    scoped["scale"],
                )
                for scoped in entry["scoped"]
            ],
            list(entry["columns"]),
        )
        for entry in stored["structure"]
    ]
    encoders = {
        expression: (Factor.Kind(kind), {name: _state(value) for name, value in state.items()})
        for expression, (kind, state) in stored["encoder_state"].items()
    }
    return ModelSpec(
        part.formula,
        materializer=stored["materializer"],
        materializer_params={},
        ensure_full_rank=True,
        na_action="ignore",
        output="numpy",
        structure=structure,
        transform_state=dict(stored["transform_state"]),
        encoder_state=encoders,
    )


def _plain_factor(part: Any) -> list[Any]:
    used = part.factor.variables or ()
    names = sorted([str(name), sorted(role.value for role in name.roles), name.source] for name in used)
    return [part.factor.expr, part.reduced, names]


def _variables(names: list[Any]) -> Any:
    from formulaic.utils.variables import Variable

    return {Variable(str(name), roles=tuple(roles), source=source) for name, roles, source in names}


def _plain_state(value: Any) -> Any:
    contrasts = getattr(value, "contrasts", None)
    if contrasts is None:
        return value
    settings = {name: entry for name, entry in vars(contrasts).items() if not _is_unset(entry)}
    name = type(contrasts).__name__.removesuffix("Contrasts")
    return {"contrasts": name, "settings": settings, "levels": list(value.levels)}


def _state(value: Any) -> Any:
    if not isinstance(value, dict) or set(value) != {"contrasts", "settings", "levels"}:
        return value
    from formulaic.transforms import contrasts

    if value["contrasts"] not in _CONTRASTS:
        raise DataError(f"load: the file names unknown contrasts, {value['contrasts']!r}.")
    cls = getattr(contrasts, f"{value['contrasts']}Contrasts")
    made = cls.__new__(cls)
    for name in ("base", "reverse", "scale", "backward", "scores", "contrasts", "contrast_names"):
        if name in value["settings"]:
            setattr(made, name, value["settings"][name])
        elif name == "base" and hasattr(cls, "base"):
            made.base = contrasts.UNSET
    return contrasts.ContrastsState(made, value["levels"])


def _is_unset(value: Any) -> bool:
    from formulaic.utils.sentinels import UNSET

    return value is UNSET
