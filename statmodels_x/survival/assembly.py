"""An estimate and its sample -> a results object: labels, covariance, and warnings in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from statmodels_x.core.errors import ConvergenceWarning, IdentificationWarning, StatmodelsXWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.fits import inference
from statmodels_x.survival.estimation import Estimate
from statmodels_x.survival.identification import identified_covariance, name_positions
from statmodels_x.survival.likelihood import PARAMETERS, SurvivalRows
from statmodels_x.survival.partitions import PartitionedSample
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.sample import Sample
from statmodels_x.survival.specification import Specification


def build_results(
    specification: Specification,
    sample: Sample | PartitionedSample,
    found: Estimate,
    cov_type: str,
    keep_data: bool,
) -> FlexibleSurvivalResults:
    """Label the estimates and compute their covariance."""
    names = {parameter: spec.names for parameter, spec in sample.design_specs.items()}
    labels = [
        (parameter, name) for parameter in PARAMETERS if parameter in names for name in names[parameter]
    ]
    index = pd.MultiIndex.from_tuples(labels, names=["parameter", "term"])
    optimum, arrays = found.optimum, sample.arrays
    covariance = identified_covariance(optimum)
    if cov_type != "observed":
        covariance = inference.sandwich(covariance, *sample.scores(optimum.theta, cov_type == "cluster"))
    facts = sample.facts()
    return FlexibleSurvivalResults(
        coefficients=pd.Series(optimum.theta, index, name="estimate"),
        covariance=pd.DataFrame(covariance, index, index),
        llf=float(optimum.value),
        nobs=round(facts.weight) if sample.has_frequency_weights else arrays.n,
        converged=optimum.converged,
        specification=specification,
        design_specs=dict(sample.design_specs),
        cov_type=cov_type,
        estimate=found,
        facts=facts,
        findings=_findings(found, arrays, names),
        sample=sample if isinstance(sample, Sample) else None,
        keep_data=keep_data,
    )


def _findings(
    found: Estimate, arrays: SurvivalRows, names: Mapping[str, tuple[str, ...]]
) -> tuple[Finding, ...]:
    said = []
    lost = any(finding.kind == "not_converged" for finding in found.findings)
    for finding in found.findings:
        concerned = name_positions(finding.parameters, arrays, dict(names))
        label = {"weak": "Weakly identified", "not_converged": "Not converged"}.get(
            finding.kind, "Not identified"
        )
        kind: type[StatmodelsXWarning] = ConvergenceWarning if lost else IdentificationWarning
        said.append(
            Finding(
                finding.kind,
                f"{label}{': ' + concerned if concerned else ''}: {finding.message}",
                category=kind,
            )
        )
    highest: dict[str, float] = {}
    for value, finding in found.rejected:
        highest[finding.kind] = max(value, highest.get(finding.kind, -np.inf))
    messages = {finding.kind: finding.message for _, finding in found.rejected}
    for kind, value in highest.items():
        said.append(
            Finding(
                "ridge",
                f"The likelihood is higher ({value:.3f}) on a ridge where no estimate exists; the fit reported is "
                f"{'the best regular maximum' if found.is_regular else 'another end of the search'}. On that ridge, "
                f"{messages[kind]}",
            )
        )
    return tuple(said)
