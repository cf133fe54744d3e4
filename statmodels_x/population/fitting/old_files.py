"""What version 0.1 wrote to files -> the state of today."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x.core.findings import Finding
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.typing import Array
from statmodels_x.population.course.build import after_last_positive
from statmodels_x.population.fitting.assembly import Machinery
from statmodels_x.population.fitting.diagnostics import diagnose
from statmodels_x.population.fitting.identification import Identification, no_error

_KINDS = ("fixed", "not identified", "at its", "not determined")


def state_of_old(state: dict[str, Any]) -> dict[str, Any]:
    """Bring the fields of a result of version 0.1, which always kept its data, into today's."""
    sample, layout, found, old = (state[name] for name in ("sample", "layout", "identification", "problem"))
    problem = old._replace(
        removal=after_last_positive(old.counts, old.row_start, old.row_node),
        follows=np.full(len(old.nodes), -1),
    )
    reasons = {j: no_error(layout, j, _kind(text), text) for j, text in found.reasons.items()}
    reference = Reference(float(max(found.df_resid, 1.0)))
    identification = Identification(
        found.covariance,
        found.spread,
        _root(found.spread, found.scale),
        found.null,
        found.scale,
        found.singular_values,
        reasons,
        found.variance,
        reference,
    )
    machinery = Machinery(
        state["form"],
        sample.facts,
        layout,
        problem,
        state["estimate"],
        identification,
        state["alternatives"],
        state["structural"],
        diagnose(sample, problem, state["estimate"].theta),
        state["settings"],
    )
    notes = state.get("warnings", state.get("fit_warnings", ()))
    return {
        "coefficients": state["params"],
        "covariance": state["covariance"],
        "reference": reference,
        "llf": state["llf"],
        "nobs": state["nobs"],
        "converged": state["converged"],
        "findings": tuple(Finding("noted", text, category=None) for text in notes),
        "sample": sample,
        "keep_data": True,
        "machinery": machinery,
    }


def _root(spread: Array, scale: Array) -> Array:
    """Take a root of a covariance that was stored without one, in the units of the parameters' sizes."""
    size = np.where(scale > 0.0, scale, 1.0)
    values, vectors = np.linalg.eigh(spread / np.outer(size, size))
    return size[:, None] * vectors * np.sqrt(np.maximum(values, 0.0))


def _kind(text: str) -> str:
    """Sort a sentence of version 0.1, which had no kinds."""
    names = dict(zip(_KINDS, ("fixed", "not_identified", "at_bound", "not_determined"), strict=True))
    return next((names[start] for start in _KINDS if text.startswith(start)), "contradicted")
