"""The data of a fit: a frame, in memory or in partitions, read in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import ModelFrame, build_frame, counts_text
from statmodels_x.core.data.partitions import is_dask_frame
from statmodels_x.core.data.surv import RIGHT, Surv, unit_of_time
from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import quiet, warn
from statmodels_x.core.rank import ColumnSums, check_full_rank
from statmodels_x.core.scaling import ColumnMap, far_columns
from statmodels_x.core.typing import Array
from statmodels_x.survival.background.counts import ExternalCounts, check_unit
from statmodels_x.survival.background.rows import extra_columns, years_per_unit
from statmodels_x.survival.distributions.parameters import FACTOR, PARAMETERS
from statmodels_x.survival.kernels.clusters import cluster_sums
from statmodels_x.survival.kernels.joined import joined
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, row_scores
from statmodels_x.survival.partitioned.sample import PartitionedSample, read_partitions
from statmodels_x.survival.reading.arrays import (
    ZERO_WEIGHT,
    anchored,
    checked_weights,
    model_arrays,
    moved_columns,
    positions_of,
    rows_with_weight,
    scores_of_repeated,
    survival_response,
    with_background,
)
from statmodels_x.survival.reading.checks import (
    NoEventsError,
    check_events,
    check_excess,
    check_separation,
    check_terms,
)
from statmodels_x.survival.reading.eventless import rows_of, without_eventless
from statmodels_x.survival.reading.facts import SampleFacts, are_counts, plateau_alpha, sample_facts
from statmodels_x.survival.reading.fingerprint import fingerprint
from statmodels_x.survival.reading.outside import count_arrays, penalty_of
from statmodels_x.survival.specification import Specification


@dataclass(frozen=True)
class Sample:
    """The rows of a fit in memory: what pickling leaves out unless it is asked to keep it."""

    frame: ModelFrame = field(repr=False)
    response: Surv = field(repr=False)
    arrays: SurvivalArrays = field(repr=False)
    specification: Specification
    time_unit: str | None
    columns: ColumnMap | None = None
    """From the columns of the arrays, centred and scaled, to those of the formula; None where they are the same."""
    whole: SampleFacts | None = None
    """Of all rows, where those of levels without events were set aside."""
    external: ExternalCounts | None = None
    """Counts of another cohort: their rows stand in the arrays below those of the frame."""

    @cached_property
    def own(self) -> SurvivalArrays:
        """The arrays of the frame's rows alone, as they are without counts."""
        if self.external is None:
            return self.arrays
        rows, empty = self.arrays.take(np.arange(len(self.response))), np.zeros(0)
        return replace(
            rows,
            log_upper=empty if self.response.is_right_censored else rows.log_upper,
            log_entry=rows.log_entry if self.response.has_entry else empty,
            weight=rows.weight if "weights" in self.frame.columns else empty,
        )

    @cached_property
    def counted(self) -> SurvivalArrays | None:
        """The arrays of the counts."""
        if self.external is None:
            return None
        return self.arrays.take(np.arange(len(self.response), self.arrays.n)).unpenalised

    @property
    def has_frequency_weights(self) -> bool:
        """Whether the weights are whole numbers, and so count observations."""
        return are_counts(self.own.weight)

    @property
    def has_clusters(self) -> bool:
        """Whether rows belong to clusters."""
        return "cluster" in self.frame.columns

    @property
    def design_specs(self) -> dict[str, DesignSpec]:
        """How to build each parameter's columns."""
        return {parameter: design.spec for parameter, design in self.frame.designs.items()}

    def rearranged(self, specification: Specification, sources: Mapping[str, str | float]) -> Sample:
        """Return the same rows under a model whose parameters come from those of this one."""
        designs = {name: self.frame.designs[str(sources[name])] for name in specification.parts}
        arrays = self.arrays.rearranged(*positions_of(sources, specification))
        frame = replace(self.frame, designs=designs)
        columns = moved_columns(self.columns, sources, self.arrays.slices)
        return replace(self, specification=specification, frame=frame, arrays=arrays, columns=columns)

    def in_memory(self) -> Sample:
        """Return the sample, whose rows are in memory."""
        return self

    def scores(self, theta: Array, by_cluster: bool) -> tuple[Array, Any]:
        """Score of each row, and the clusters that they are summed in.

        The persons of a count are as many independent ones.
        """
        own, counted = self.own, self.counted
        scores = row_scores(theta, own)
        if not by_cluster and self.has_frequency_weights:
            scores = scores_of_repeated(scores, own.weight)
        groups = self.frame.columns["cluster"] if by_cluster else None
        if counted is None:
            return scores, groups
        scores = np.vstack([scores, scores_of_repeated(row_scores(theta, counted), counted.weight)])
        if not by_cluster:
            return scores, None
        codes, found = pd.factorize(groups)
        return scores, np.concatenate([codes, len(found) + np.arange(counted.n)])

    def cluster_sums(self, theta: Array) -> tuple[Array, Array]:
        """Score and information of each cluster."""
        codes, _ = pd.factorize(self.frame.columns["cluster"])
        return cluster_sums(theta, self.arrays, codes)

    def plateau_alpha(self) -> float | None:
        """Maller and Zhou's alpha; None for intervals, for which it is not defined."""
        if not self.response.is_right_censored or self.specification.background is not None:
            return None  # with a background deaths go on beyond the plateau
        if self.external is not None and self.external.stop.max() > self.response.time.max():
            return None  # the counts follow beyond the rows
        return plateau_alpha(self.response, self.own.weight)

    def facts(self) -> SampleFacts:
        """Count and summarise the data."""
        facts = _facts(self.frame, self.response, self.own, self.time_unit)
        if self.whole is None:
            return facts
        return replace(self.whole, typical=facts.typical, levels=facts.levels, clusters=facts.clusters)


def read(
    data: Any,
    specification: Specification,
    weights: Any = None,
    cluster: Any = None,
    time_unit: str | None = None,
    external: ExternalCounts | None = None,
) -> Sample | PartitionedSample:
    """Read what a model needs of a frame, check it, and put it into arrays.

    Parameters
    ----------
    data : DataFrame
        pandas, polars, pyarrow, a mapping of columns, or a Dask frame, whose rows stay in its partitions.
    specification : Specification
    weights, cluster : str or array_like, optional
        A column, or (for rows in memory) an array.
    time_unit : str, optional
        By default what the attributes of the frame say.
    external : ExternalCounts, optional
        Counts of another cohort.

    Raises
    ------
    FormulaError, DataError
        If a column cannot be used, or the rows cannot determine the parameters. The message names it.

    Warns
    -----
    DataWarning
        If rows are dropped because covariates, weights or clusters are missing.
    """
    if is_dask_frame(data):
        _refuse_outside(specification, external)
        partitions = read_partitions(data, specification, weights, cluster, time_unit)
        _warn_of_dropped(partitions.n_rows, partitions.arrays.n, partitions.dropped)
        return partitions
    return _read_rows(as_pandas(data), specification, weights, cluster, time_unit, external)


def _refuse_outside(specification: Specification, external: ExternalCounts | None) -> None:
    """Refuse what a Dask frame does not take."""
    for argument, given in (("external", external is not None), ("prior", bool(specification.prior))):
        if given:
            raise DataError(
                f"`{argument}` needs rows in memory, and the data are a Dask frame: fit to a sample of the rows, "
                "frame.sample(frac=...).compute()."
            )


def _read_rows(
    frame: pd.DataFrame,
    specification: Specification,
    weights: Any,
    cluster: Any,
    time_unit: str | None,
    external: ExternalCounts | None = None,
) -> Sample:
    columns = {"weights": weights, "cluster": cluster} | extra_columns(specification.background)
    model = specification.response, specification.parts
    rows = build_frame(frame, *model, columns, {"Surv": Surv}, borrowed=True)
    rows, counts = rows_with_weight(rows, checked_weights(rows))
    response = survival_response(rows)
    unit = time_unit or unit_of_time(frame, response.time_name, specification.response.expressions[0])
    far = _check_designs(specification, rows, response)
    per = years_per_unit(specification.background, unit, float(response.time.max()))
    arrays = model_arrays(specification, rows.designs, response, counts)
    arrays = with_background(arrays, specification, rows.columns, response, per)
    specs = {name: design.spec for name, design in rows.designs.items()}
    rows = rows.with_matrices(_shared(arrays, rows))
    if far is not None:
        far.move(arrays.matrix.T)
    with_counts = arrays
    if external is not None:
        check_unit(external, float(response.time.max()))
        with_counts = joined(arrays, count_arrays(external, specification, specs, far, per))
    check_excess(specification, _n_events(with_counts), with_counts.n_expected)
    try:
        if not specification.prior:  # which say where a coefficient is that the events do not hold
            _check_separation(with_counts, specification, rows)
    except NoEventsError:
        found = None if external is not None else without_eventless(frame, specification, rows, response)
        if found is None:
            raise
        part = frame.loc[found.keep]
        own = [rows_of(*one, frame, found.keep) for one in (("weights", weights), ("cluster", cluster))]
        with quiet():  # what was dropped is said of all rows
            rest = _read_rows(part, found.specification, own[0], own[1], unit)
        _warn_of_dropped(rows.n_rows, len(response), rows.dropped)
        lost = arrays.n_parameters - rest.arrays.n_parameters
        whole = _facts(rows, response, anchored(specification, arrays)[1], unit)
        inner = rest.whole or rest.facts()
        whole = replace(whole, aside=(*found.aside, *inner.aside), lost=lost + inner.lost)
        return replace(_anchored_as(rest, specification, arrays), whole=whole)
    specification, arrays = anchored(specification, arrays)  # where it is without the counts
    if external is not None:
        arrays = joined(arrays, count_arrays(external, specification, specs, far, per))
    labels = [(name, term) for name, spec in specs.items() for term in spec.names]
    labels += [FACTOR] if specification.background_factor else []
    arrays = replace(arrays, penalty=penalty_of(specification, specs, labels, far, per))
    _warn_of_dropped(rows.n_rows, len(response), rows.dropped)
    rows = _with_columns(rows.with_matrices(_shared(arrays, rows)).owned(), specification)
    return Sample(rows, response, arrays, specification, unit, far, external=external)


def _n_events(arrays: SurvivalArrays) -> float:
    seen = arrays.code != RIGHT
    return float(arrays.weight[seen].sum() if len(arrays.weight) else np.count_nonzero(seen))


def _check_separation(arrays: SurvivalArrays, specification: Specification, rows: ModelFrame) -> None:
    """Check every parameter, in the arrays' columns: far from 0 every difference looks like none."""
    for parameter, part in rows.designs.items():
        design = np.asarray(arrays.designs[PARAMETERS.index(parameter)])
        check_separation(design, part.names, arrays.code, specification.where(parameter))


def _shared(arrays: SurvivalArrays, rows: ModelFrame) -> dict[str, Array]:
    """Return the design matrices of a frame as they stand in arrays: one copy of them is enough."""
    n = len(rows.data)
    return {name: np.asarray(arrays.designs[PARAMETERS.index(name)])[:n] for name in rows.designs}


def _with_columns(rows: ModelFrame, specification: Specification) -> ModelFrame:
    """Return the frame with the columns of the background among its data, so that its rows can be predicted."""
    extra = extra_columns(specification.background)
    new = {column: rows.columns[name] for name, column in extra.items() if column not in rows.data.columns}
    return replace(rows, data=rows.data.assign(**new)) if new else rows


def _facts(rows: ModelFrame, response: Surv, arrays: SurvivalArrays, unit: str | None) -> SampleFacts:
    clusters = len(pd.unique(rows.columns["cluster"])) if "cluster" in rows.columns else 0
    return sample_facts(
        rows,
        response,
        arrays.weight,
        unit,
        lambda: fingerprint(arrays),
        clusters=clusters,
        expected=arrays.n_expected,
    )


def _anchored_as(rest: Sample, specification: Specification, arrays: SurvivalArrays) -> Sample:
    """Anchor the rest where all rows have their anchor: fits with and without the levels then compare."""
    name = specification.anchored
    if not name:
        return rest
    whole, _ = anchored(specification, arrays)
    model = rest.specification.with_anchor(whole.fixed[name], whole.anchor_time)
    sources: dict[str, str | float] = {own: own for own in PARAMETERS} | {name: whole.fixed[name]}
    return replace(rest, specification=model, arrays=rest.arrays.rearranged(*positions_of(sources, model)))


def _check_designs(specification: Specification, rows: ModelFrame, response: Surv) -> ColumnMap | None:
    """Check that the rows can determine the coefficients; return what centres and scales the columns."""
    parts = rows.designs
    check_events(len(response), response.n_events, sum(part.matrix.shape[1] for part in parts.values()))
    sums: dict[str, ColumnSums] = {}
    for parameter, design in parts.items():
        text, where = design.spec.part.text, specification.where(parameter)
        check_terms(design.names, where)
        sums[text] = (
            sums[text] if text in sums else ColumnSums.of(design.matrix)
        )  # equal parts have one matrix
        check_full_rank(sums[text], design.names, where)
    own = [sums[parts[name].spec.part.text] for name in PARAMETERS if name in parts]
    return far_columns(own, int(specification.background_factor))


def _warn_of_dropped(n_rows: int, n_used: int, dropped: Mapping[str, int]) -> None:
    missing = {name: count for name, count in dropped.items() if name != ZERO_WEIGHT}
    if missing:
        warn(
            f"{n_rows - n_used} of {n_rows} rows were dropped; missing values: {counts_text(missing)}",
            DataWarning,
        )
