"""State of a fit: labels, estimates and their covariance, what was found, and what is known of the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import pandas as pd

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.errors import DataError, FollowUpWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.fits import inference
from statmodels_x.core.fits.handing_out import cached_copy, handed_out
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.fits.results import Estimates
from statmodels_x.core.scaling import Inner
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitting.estimation import Estimate
from statmodels_x.survival.fitting.findings import Names
from statmodels_x.survival.fitting.identification import identified_covariance
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.reading.facts import PLATEAU_LEVEL, SampleFacts
from statmodels_x.survival.sample import Sample
from statmodels_x.survival.specification import Specification


@dataclass(frozen=True, eq=False, kw_only=True)
class SurvivalFitted(Estimates):
    """The state of a fitted survival regression.

    Attributes
    ----------
    specification : Specification
        The model.
    design_specs : dict of str to DesignSpec
        How to build each parameter's columns from new data. Internal.
    cov_type : str
        ``"observed"``, ``"robust"`` or ``"cluster"``.
    estimate : Estimate
        Where and how the maximum was found, with the evidence. Internal.
    facts : SampleFacts
        Counts of rows, events and dropped rows. Internal.
    inner : Inner, optional
        The fit in centred and scaled columns, where covariates are far from 0. Internal.
    """

    specification: Specification
    design_specs: Mapping[str, DesignSpec] = field(repr=False)
    cov_type: str
    estimate: Estimate = field(repr=False)
    facts: SampleFacts = field(repr=False)
    inner: Inner | None = field(repr=False, default=None)

    @classmethod
    def of(
        cls,
        specification: Specification,
        sample: Sample | PartitionedSample,
        found: Estimate,
        cov_type: str,
        keep_data: bool = False,
    ) -> Self:
        """Label an estimate and compute its covariance."""
        names = sample_names(sample)
        index = pd.MultiIndex.from_tuples(names.labels, names=["parameter", "term"])
        optimum = found.optimum
        covariance = identified_covariance(optimum)
        if cov_type != "observed":
            covariance = inference.sandwich(covariance, *sample.scores(optimum.theta, cov_type == "cluster"))
        facts = sample.facts()
        columns, theta, inner = sample.columns, optimum.theta, None
        if columns is not None:
            inner = Inner(columns, theta, covariance)
            theta, covariance = columns.outer(theta), columns.outer_covariance(covariance)
        return cls(
            coefficients=pd.Series(theta, index, name="estimate"),
            covariance=pd.DataFrame(covariance, index, index),
            inner=inner,
            llf=float(optimum.value),
            nobs=round(facts.weight) if sample.has_frequency_weights else facts.used,
            converged=optimum.converged,
            specification=specification,
            design_specs=dict(sample.design_specs),
            cov_type=cov_type,
            estimate=found,
            facts=facts,
            findings=(*found.said, *_follow_up(specification, sample)),
            sample=sample if isinstance(sample, Sample) else None,
            keep_data=keep_data,
        )

    @property
    def theta(self) -> Array:
        """Coefficients of the columns that the fit computes with."""
        return handed_out(self.coefficients.to_numpy() if self.inner is None else self.inner.theta)

    @property
    def theta_covariance(self) -> Array:
        """Covariance of :attr:`theta`."""
        return handed_out(self.covariance.to_numpy() if self.inner is None else self.inner.covariance)

    @cached_copy
    def bse(self) -> pd.Series:
        """Standard errors; NaN where the data do not determine one."""
        covariance = self.covariance.to_numpy()
        errors = inference.standard_errors(covariance) if self.inner is None else self.inner.errors()
        return pd.Series(errors, self.coefficients.index, name="std_error")

    @property
    def formula(self) -> str:
        """The formula of the main scale."""
        return self.specification.formula

    @property
    def is_regular(self) -> bool:
        """Whether the fit is a proved interior maximum, fit to take part in a ranking."""
        return self.estimate.is_regular

    @property
    def n_events(self) -> int:
        """Number of events, exact or within an interval; with frequency weights the sum of their weights."""
        return self.facts.events

    def need_sample(self, purpose: str = "this") -> Any:
        """Return the data of the fit; DataError where they were not kept, or are in a Dask frame."""
        if self.sample is None and self.facts.partitions:
            raise DataError(
                f"{purpose} needs rows in memory, and this model was fitted to a Dask frame: give new data where a "
                "method takes them, or fit it to a sample of the rows, frame.sample(frac=...).compute()."
            )
        return super().need_sample(purpose)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(_from_0_1(state) if "params" in state else state)


def sample_names(sample: Sample | PartitionedSample) -> Names:
    """Names of the coefficients of a sample's model."""
    return Names.by_part({parameter: spec.names for parameter, spec in sample.design_specs.items()})


def _follow_up(specification: Specification, sample: Sample | PartitionedSample) -> tuple[Finding, ...]:
    """Judge whether follow-up supports the plateau of a cure model."""
    alpha = sample.plateau_alpha() if "cure" in specification.parts else None
    if alpha is None or alpha < PLATEAU_LEVEL:
        return ()
    text = (
        f"Follow-up does not support a plateau (Maller and Zhou's alpha is {alpha:.3g}, not below "
        f"{PLATEAU_LEVEL:g}): the cured fraction rests on the form of the model beyond the last event."
    )
    return (Finding("follow_up", text, "Compare models, and see follow_up().", category=FollowUpWarning),)


def _from_0_1(state: Mapping[str, Any]) -> dict[str, Any]:
    """Translate the state in a file of version 0.1, whose findings were positions and messages."""
    old: Estimate = state["estimate"]
    names = Names.by_part({parameter: spec.names for parameter, spec in state["design_specs"].items()})

    def renewed(finding: Any) -> Finding:
        said = finding.__dict__
        return names.finding(
            said["kind"], said["message"], tuple(names.labels[k] for k in said["parameters"])
        )

    found = replace(
        old,
        findings=tuple(renewed(finding) for finding in old.findings),
        rejected=tuple((value, renewed(finding)) for value, finding in old.rejected),
    )
    kept = {name: value for name, value in state.items() if name not in ("params", "warnings")}
    since = {"reference": NORMAL, "sample": None, "keep_data": False}
    return since | kept | {"coefficients": state["params"], "estimate": found, "findings": found.said}
