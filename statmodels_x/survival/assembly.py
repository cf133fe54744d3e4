"""An estimate and its sample -> a results object: labels, covariance, and warnings in words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from statmodels_x.core import inference
from statmodels_x.survival.estimation import Estimate
from statmodels_x.survival.identification import identified_covariance, name_positions
from statmodels_x.survival.likelihood import PARAMETERS, SurvivalArrays, row_scores
from statmodels_x.survival.results import FlexibleSurvivalResults
from statmodels_x.survival.sample import Sample, sample_facts
from statmodels_x.survival.specification import Specification


def build_results(
    specification: Specification, sample: Sample, found: Estimate, cov_type: str, keep_data: bool
) -> FlexibleSurvivalResults:
    """Label the estimates and compute their covariance."""
    designs = sample.frame.designs
    names = {parameter: design.names for parameter, design in designs.items()}
    labels = [
        (parameter, name) for parameter in PARAMETERS if parameter in names for name in names[parameter]
    ]
    index = pd.MultiIndex.from_tuples(labels, names=["parameter", "term"])
    optimum, arrays = found.optimum, sample.arrays
    covariance = identified_covariance(optimum)
    if cov_type != "observed":
        groups = sample.frame.columns.get("cluster") if cov_type == "cluster" else None
        covariance = inference.sandwich(covariance, row_scores(optimum.theta, arrays), groups)
    facts = sample_facts(sample)
    return FlexibleSurvivalResults(
        params=pd.Series(optimum.theta, index, name="estimate"),
        covariance=pd.DataFrame(covariance, index, index),
        llf=float(optimum.value),
        nobs=round(facts.weight) if sample.has_frequency_weights else arrays.n,
        converged=optimum.converged,
        specification=specification,
        design_specs={parameter: design.spec for parameter, design in designs.items()},
        cov_type=cov_type,
        estimate=found,
        facts=facts,
        warnings=_warning_texts(found, arrays, names),
        sample=sample,
        keep_data=keep_data,
    )


def _warning_texts(
    found: Estimate, arrays: SurvivalArrays, names: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    texts = []
    for finding in found.findings:
        concerned = name_positions(finding.parameters, arrays, dict(names))
        label = {"weak": "Weakly identified", "not_converged": "Not converged"}.get(
            finding.kind, "Not identified"
        )
        texts.append(f"{label}{': ' + concerned if concerned else ''}: {finding.message}")
    highest: dict[str, float] = {}
    for value, finding in found.rejected:
        highest[finding.kind] = max(value, highest.get(finding.kind, -np.inf))
    messages = {finding.kind: finding.message for _, finding in found.rejected}
    for kind, value in highest.items():
        texts.append(
            f"The likelihood is higher ({value:.3f}) on a ridge where no estimate exists; the fit reported is "
            f"{'the best regular maximum' if found.is_regular else 'another end of the search'}. On that ridge, "
            f"{messages[kind]}"
        )
    return tuple(texts)
