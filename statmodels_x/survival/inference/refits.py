"""Other models of the rows of a fit."""

from __future__ import annotations

from typing import Any

from statmodels_x.core.errors import StatmodelsXError
from statmodels_x.core.findings import quiet
from statmodels_x.survival.fitted import SurvivalFitted, sample_names
from statmodels_x.survival.fitting.estimation import Estimate, estimate
from statmodels_x.survival.fitting.members import at_its_limit
from statmodels_x.survival.sample import Sample, read
from statmodels_x.survival.specification import Specification


def refitted(sample: Sample, model: Specification, cov_type: str = "observed") -> SurvivalFitted | None:
    """Fit another model to the same rows; None where it cannot be had."""
    weights = sample.arrays.weight if len(sample.arrays.weight) else None

    def search(rows: Any) -> Estimate:
        return estimate(rows.arrays, rows.specification.scale, names=sample_names(rows))

    try:
        with quiet():
            rows = read(
                sample.frame.data, model, weights, sample.frame.columns.get("cluster"), sample.time_unit
            )
        rows, found, limit = at_its_limit(rows, search(rows), search)
        return SurvivalFitted.of(rows, found, cov_type, limit=limit)
    except StatmodelsXError:  # a term that cannot stand there, or no estimate
        return None
