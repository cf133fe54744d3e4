"""State of a fit: labels, estimates and their covariance, what was found, and what is known of the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.errors import DataError, FollowUpWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.fits import inference
from statmodels_x.core.fits.reference import NORMAL, Reference
from statmodels_x.core.fits.results import Estimates
from statmodels_x.core.scaling import Inner
from statmodels_x.core.typing import Array
from statmodels_x.survival.distributions.parameters import FACTOR
from statmodels_x.survival.fitting.estimation import Estimate
from statmodels_x.survival.fitting.findings import Names, is_degenerate
from statmodels_x.survival.fitting.identification import identified_covariance
from statmodels_x.survival.fitting.members import Limit
from statmodels_x.survival.fitting.outside import (
    Outside,
    by_prior,
    disagreement,
    is_counted_otherwise,
    outside_of,
)
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.reading.facts import PLATEAU_LEVEL, SampleFacts
from statmodels_x.survival.reading.fingerprint import are_same
from statmodels_x.survival.sample import Sample
from statmodels_x.survival.specification import Specification

_EVENTS_EACH = 10.0
_FEW_CLUSTERS = 4.0
_CORRECTED = 2_000  # clusters up to which the correction is made: beyond, it changes no printed digit
_MANY_STARTS, _FEW_BEST, _RIDGE_ABOVE = 10, 0.1, 0.5
MORE_STARTS = 40
"""How many more to run where few searches found the maximum."""

_SAME_ANCHOR = 1e-6


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
        Type of the covariance: ``"observed"``, ``"robust"``, ``"cluster"`` or ``"cluster_cr0"``.
    estimate : Estimate
        Where and how the maximum was found, with the evidence. Internal.
    facts : SampleFacts
        Counts of rows, events and dropped rows. Internal.
    limit : Limit or None
        The limit of the family at which the model was fitted, if the search ran to one; otherwise None.
    kept_effects : Effects, optional
        What the summary shows of a fit whose data are gone. Internal.
    outside : Outside or None
        What counts and priors contributed, where there are any. Internal.
    kept_terms : tuple
        The terms of each parameter: parameter, term, its variables, and its first and last column, so that names of
        effects need no formula library. Internal.
    """

    specification: Specification
    design_specs: Mapping[str, DesignSpec] = field(repr=False)
    cov_type: str
    estimate: Estimate = field(repr=False)
    facts: SampleFacts = field(repr=False)
    limit: Limit | None = field(repr=False, default=None)
    kept_effects: Any = field(repr=False, default=None)
    outside: Outside | None = field(repr=False, default=None)
    kept_terms: tuple[tuple[str, str, tuple[str, ...], int, int], ...] = field(repr=False, default=())

    @classmethod
    def of(
        cls,
        sample: Sample | PartitionedSample,
        found: Estimate,
        cov_type: str,
        keep_data: bool = False,
        limit: Limit | None = None,
    ) -> Self:
        """Label an estimate and compute its covariance."""
        names = sample_names(sample)
        index = pd.MultiIndex.from_tuples(names.labels, names=["parameter", "term"])
        optimum, facts = found.optimum, sample.facts()
        if cov_type.startswith("cluster") and facts.clusters < 2:
            raise DataError(
                "`cluster` is the same in every row used: there is one cluster, which has no spread."
            )
        covariance, reference = _covariance(sample, found, cov_type, facts)
        outside = outside_of(sample, optimum)
        columns, theta, inner = sample.columns, optimum.theta, None
        if columns is not None:
            inner = Inner(columns, theta, covariance)
            theta, covariance = columns.outer(theta), columns.outer_covariance(covariance)
        return cls(
            coefficients=pd.Series(theta, index, name="estimate"),
            covariance=pd.DataFrame(covariance, index, index),
            inner=inner,
            reference=reference,
            llf=float(optimum.value) - (outside.log_prior if outside else 0.0),
            nobs=(round(facts.weight) if sample.has_frequency_weights else facts.used)
            + (round(outside.persons) if outside else 0),
            converged=optimum.converged,
            specification=sample.specification,
            design_specs=dict(sample.design_specs),
            cov_type=cov_type,
            estimate=found,
            facts=facts,
            limit=limit,
            findings=(
                *([limit.finding()] if limit else []),
                *found.said,
                *_few_starts(found),
                *_no_events(facts),
                *_few_clusters(names, reference),
                *by_prior(names, outside),
                *disagreement(outside),
                *_few_events(facts, len(theta) + facts.lost, cov_type, outside),
                *_follow_up(sample),
            ),
            sample=sample if isinstance(sample, Sample) else None,
            keep_data=keep_data,
            outside=outside,
            kept_terms=_terms_of(sample.design_specs),
        )

    def with_theta(self, theta: Array) -> Self:
        """Return the same fit under other coefficients of the columns that it computes with. Internal."""
        inner = None if self.inner is None else replace(self.inner, theta=theta)
        outer = theta if inner is None else inner.columns.outer(theta)
        return replace(
            self, coefficients=pd.Series(outer, self.coefficients.index, name="estimate"), inner=inner
        )

    @property
    def terms(self) -> tuple[tuple[str, str, tuple[str, ...], int, int], ...]:
        """For every term: the parameter, the term, its variables, and the range of its columns."""
        return self.kept_terms or _terms_of(self.design_specs)

    @property
    def formula(self) -> str:
        """The formula of the main scale."""
        return self.specification.formula

    @property
    def label(self) -> str:
        """The model in one line: the formula and every argument that is not the default."""
        label, outside = self.specification.label, self.outside
        return f"{label}; {outside.persons:,.10g} persons counted" if outside and outside.persons else label

    def differs_from(self, other: Any) -> str:
        """Describe how the rows of two fits differ; empty if they are the same up to rounding."""
        own, others = self.facts.fingerprint, getattr(other, "facts", self.facts).fingerprint
        if own and others and not are_same(np.array(own), np.array(others)):
            same = self.nobs == other.nobs and self.n_events == other.n_events
            return "their times (another unit, or other rows)" if same else "their rows"
        model = getattr(other, "specification", self.specification)
        if self.specification.background != getattr(model, "background", None):
            return "their background"
        if self.specification.prior != getattr(model, "prior", ()):
            return "their priors"
        if is_counted_otherwise(self.outside, getattr(other, "outside", None)):
            return "their external counts"
        if anchors := self._other_anchor(other):
            return anchors
        return super().differs_from(other)

    def _other_anchor(self, other: Any) -> str:
        """Say where the anchors of two fits stand, if that is not at one time: then their samples are not one."""
        one, two = self.specification, getattr(other, "specification", self.specification)
        if not one.anchored or not two.anchored:
            return ""
        first, second = one.anchor_time, two.anchor_time
        if np.isnan([first, second]).any() or abs(first - second) <= _SAME_ANCHOR * abs(first):
            return ""
        return f"their anchors (median event times {first:.6g} and {second:.6g})"

    @property
    def doubts(self) -> tuple[str, ...]:
        """Reasons not to rank this fit first, even if its AIC is the lowest.

        The reasons are: few start values led to the maximum, a rejected ridge of the likelihood is higher, there are
        few events per parameter, or a covariate is weakly identified. The tuple is empty if there is none.
        """
        found, said = self.estimate, []
        if is_found_by_few(found):
            said.append(f"{found.n_best} of {found.n_starts} starts")
        above = max((value - self.llf_penalised for value, _ in found.rejected), default=0.0)
        if above > _RIDGE_ABOVE:
            said.append(f"ridge +{above:.1f}")
        if any(finding.kind in ("few_events", "overfitted") for finding in self.findings):
            said.append(f"{self.n_events / max(self.df_model, 1):.1f} events per parameter")
        weak = (name for finding in self.findings if finding.kind == "weak" for name in finding.concerns)
        if any(not name.endswith(".Intercept") for name in weak):
            said.append("weak covariates")
        return tuple(said)

    @property
    def is_regular(self) -> bool:
        """Whether the fit is a regular maximum.

        A regular maximum lies in the interior of the parameter space, and the search proved that it is a maximum.
        Standard errors can be computed from it. Whether there are enough events for them to be accurate is in
        ``warnings``. Only regular fits are ranked by :func:`compare`.
        """
        return self.estimate.is_regular and not is_degenerate(self.findings)

    @property
    def df_model(self) -> int:
        """Number of estimated parameters.

        Coefficients of levels without events, which are estimated as minus infinity, are counted.
        """
        return len(self.coefficients) + self.facts.lost

    @property
    def n_criterion(self) -> float:
        """Number of parameters that the information criteria count.

        It equals ``df_model`` without priors. With priors it is the smaller effective number of parameters.
        """
        return self.df_model if self.outside is None else self.facts.lost + self.outside.effective

    @property
    def llf_penalised(self) -> float:
        """The penalised log-likelihood that the fit maximised.

        It is the log-likelihood plus the log density of the priors, without the constant of that density. Without
        priors it equals ``llf``.
        """
        return self.llf + (self.outside.log_prior if self.outside else 0.0)

    @property
    def llf_parts(self) -> pd.Series:
        """Contributions to the log-likelihood.

        The entries ``trial`` (the rows of the data) and ``counts`` (the external counts) add up to ``llf``. Adding
        ``prior`` gives ``llf_penalised``. The entry ``constant`` is the sum of the log binomial coefficients of the
        counts. It is not part of ``llf``; add it to compare with other programs.
        """
        own = self.outside or Outside(llf_trial=self.llf)
        parts = {"trial": own.llf_trial, "counts": own.llf_counts, "prior": own.log_prior}
        return pd.Series({**parts, "constant": own.constant}, name="llf")

    @property
    def n_events(self) -> int:
        """Number of events.

        It includes events that are known within an interval and deaths among external counts. Weights that are whole
        numbers count as repeated rows.
        """
        return self.facts.events + (round(self.outside.deaths) if self.outside else 0)

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


def _terms_of(
    specs: Mapping[str, DesignSpec],
) -> tuple[tuple[str, str, tuple[str, ...], int, int], ...]:
    rows = []
    for parameter, spec in specs.items():
        known, model = set(spec.part.variables), spec.model_spec
        for term, part in model.term_slices.items():
            variables = sorted({str(name) for name in model.term_variables[term]} & known)
            rows.append((parameter, str(term), tuple(variables), int(part.start), int(part.stop)))
    return tuple(rows)


def sample_names(sample: Sample | PartitionedSample) -> Names:
    """Names of the coefficients of a sample's model; a factor on the background comes last."""
    own = Names.by_part({parameter: spec.names for parameter, spec in sample.design_specs.items()})
    return Names((*own.labels, FACTOR)) if sample.specification.background_factor else own


def _covariance(
    sample: Sample | PartitionedSample, found: Estimate, cov_type: str, facts: SampleFacts
) -> tuple[Array, Reference]:
    """Covariance of the coefficients, and the distribution of an estimate over its error."""
    theta, bread = found.optimum.theta, identified_covariance(found.optimum)
    if cov_type == "observed":
        return bread, NORMAL
    if cov_type == "cluster" and np.isfinite(bread).all() and facts.clusters <= _CORRECTED:
        scores, informations = sample.cluster_sums(theta)
        contrasts = np.eye(len(theta)) if sample.columns is None else sample.columns.matrix
        covariance, df, lost = inference.corrected_sandwich(bread, scores, informations, contrasts)
        covariance[lost, :] = np.nan
        covariance[:, lost] = np.nan
        return covariance, Reference(each=tuple(np.where(lost, np.nan, np.maximum(df, 1.0))))
    return inference.sandwich(bread, *sample.scores(theta, cov_type.startswith("cluster"))), NORMAL


def _few_clusters(names: Names, reference: Reference) -> tuple[Finding, ...]:
    """Name the coefficients of which few clusters tell."""
    df = np.array(reference.each)
    if not len(df):
        return ()
    found = []
    few, none = df < _FEW_CLUSTERS, np.isnan(df)
    if none.any():
        about = names.at(none)
        text = f"{names.text(about)}: determined by a single cluster, so that there is no standard error."
        found.append(Finding("one_cluster", text, concerns=tuple(".".join(label) for label in about)))
    if few.any():
        about = names.at(few)
        free = max(df[few].min(), 1.0)
        text = f"{names.text(about)}: determined by few clusters (about {free:.1f} degrees of freedom)."
        remedy = "With two or three clusters an effect that is constant within them has no usable interval."
        found.append(Finding("few_clusters", text, remedy, tuple(".".join(label) for label in about)))
    return tuple(found)


def is_found_by_few(found: Estimate) -> bool:
    """Whether few of many searches ended at the maximum, so that another may be higher."""
    return found.n_starts >= _MANY_STARTS and found.n_best < _FEW_BEST * found.n_starts


def _few_starts(found: Estimate) -> tuple[Finding, ...]:
    if not found.is_regular or not is_found_by_few(found):
        return ()
    text = f"{found.n_best} of {found.n_starts} searches ended at this maximum: another may be higher."
    remedy = f"Run {MORE_STARTS} more starts: fit(n_starts={found.n_random + MORE_STARTS})."
    return (Finding("few_starts", text, remedy, category=None),)


def _no_events(facts: SampleFacts) -> tuple[Finding, ...]:
    """Name the levels in which no event was seen."""
    found = []
    for name, level, count in facts.aside:
        text = (
            f"{name} = {level!r}: no event in {count} row{'' if count == 1 else 's'}, so that the hazard there is "
            "estimated as 0 (a coefficient of minus infinity, without an error). The rest is fitted, and averaged "
            "over, without these rows."
        )
        remedy = "Merge that level with another for an estimate."
        found.append(Finding("no_events", text, remedy, concerns=(name,)))
    return tuple(found)


def _few_events(
    facts: SampleFacts, p: int, cov_type: str, outside: Outside | None = None
) -> tuple[Finding, ...]:
    """Say how many events there are for each parameter, where they are few: counts tell of some parameters alone."""
    count = min(facts.events, 5 * facts.clusters) if cov_type.startswith("cluster") else facts.events
    about = ""
    if outside is not None and outside.persons:
        count, p = (count, outside.untold) if outside.untold else (count + round(outside.deaths), p)
        about = " of which the counts say nothing" if outside.untold else ""
    each = count / max(p, 1)
    if outside is not None and outside.shares:  # what priors hold needs no events
        each = max(each, count / max(outside.effective, 0.1))
        if each >= 0.5 * _EVENTS_EACH:
            return ()
    if each >= _EVENTS_EACH:
        return ()
    parameters = f"{p} parameter{'' if p == 1 else 's'}{about}"
    said = f"{count} event{'' if count == 1 else 's'} for {parameters}, {each:.1f} each"
    if facts.events > count:
        said = f"{facts.clusters} clusters of dependent rows count as {said}"
    if each < 2.0:
        text = f"{said}: the coefficients follow the noise."
        return (Finding("overfitted", text, "Take covariates out, or fix parameters."),)
    if each < 0.5 * _EVENTS_EACH:
        text = f"{said}: 95 % intervals cover 83 to 90 %."
        return (Finding("few_events", text, "Take covariates out, or fix parameters."),)
    return (Finding("few_events", f"{said}: intervals are a little too short.", category=None),)


def _follow_up(sample: Sample | PartitionedSample) -> tuple[Finding, ...]:
    """Judge whether follow-up supports the plateau of a cure model."""
    alpha = sample.plateau_alpha() if "cure" in sample.specification.parts else None
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
    since = {
        "reference": NORMAL,
        "sample": None,
        "keep_data": False,
        "limit": None,
        "inner": None,
        "kept_effects": None,
    }
    return since | kept | {"coefficients": state["params"], "estimate": found, "findings": found.said}
