"""A sample in the partitions of a Dask frame: arrays that stay on the workers, sums that come to the client.

A search for a maximum asks for sums over rows alone (:class:`SurvivalRows`), and so does not see where they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.data.design import DesignSpec
from statmodels_x.core.data.partitions import partitioned_frame
from statmodels_x.core.data.surv import Surv, unit_of_time
from statmodels_x.core.data.workers import Blocks, positions
from statmodels_x.core.errors import DataError
from statmodels_x.core.rank import ColumnSums, check_full_rank
from statmodels_x.core.scaling import ColumnMap, far_columns
from statmodels_x.core.typing import Array
from statmodels_x.survival.background.rows import extra_columns, years_per_unit
from statmodels_x.survival.distributions.family import Family
from statmodels_x.survival.distributions.parameters import CURE_KINDS, PARAMETERS
from statmodels_x.survival.kernels.likelihood import SurvivalArrays
from statmodels_x.survival.partitioned.block import (
    Block,
    BlockFacts,
    block_cluster_sums,
    clusters_of,
    designs_and_code,
    exact_weight_after,
    few_values,
    joined,
    make_block,
    move_inside,
    on_arrays,
    rearranged,
    rows_of,
    score_sums,
    typical,
    with_columns,
)
from statmodels_x.survival.reading.arrays import NO_WEIGHT, ZERO_WEIGHT, anchored, moved_columns, positions_of
from statmodels_x.survival.reading.checks import (
    check_events,
    check_excess,
    check_separation_of,
    check_terms,
)
from statmodels_x.survival.reading.facts import SampleFacts, coded_columns
from statmodels_x.survival.reading.fingerprint import fingerprint
from statmodels_x.survival.specification import Specification


@dataclass(frozen=True)
class PartitionedArrays:
    """Arrays of a sample in blocks on the workers; see :class:`SurvivalRows`.

    Attributes
    ----------
    blocks : Blocks
    sizes : ndarray of shape (blocks,)
        Rows of each.
    starts, low, high, cure, family
        As in :class:`SurvivalArrays`.
    """

    blocks: Blocks = field(repr=False)
    sizes: NDArray[np.intp] = field(repr=False)
    starts: NDArray[np.int64]
    low: Array = field(repr=False)
    high: Array = field(repr=False)
    cure: int
    family: Family | None
    has_factor: bool = False

    @property
    def n(self) -> int:
        """Number of rows."""
        return int(self.sizes.sum())

    @property
    def n_parameters(self) -> int:
        """Length of theta."""
        return int(self.starts[-1]) + self.has_factor

    @property
    def slices(self) -> tuple[slice, ...]:
        """Where each parameter's coefficients stand in theta."""
        return tuple(slice(int(a), int(b)) for a, b in zip(self.starts[:-1], self.starts[1:], strict=True))

    @property
    def free(self) -> tuple[bool, ...]:
        """Which parameters are estimated."""
        return tuple(part.stop > part.start for part in self.slices)

    def each(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Return ``function(*arguments, arrays)`` for each block."""
        return self.blocks.each(on_arrays, function, self.low, self.high, arguments)

    def take(self, rows: NDArray[np.intp]) -> SurvivalArrays:
        """Bring some rows, given by their sorted positions, to the client."""
        own = [(part,) for part in positions(self.sizes, rows)]
        parts = self.blocks.each_with(rows_of, own)
        return joined([part for part in parts if part.n])

    def rearranged(self, sources: Sequence[int | float], cure: int) -> PartitionedArrays:
        """Return the same sample under a model whose parameters come from those of this one."""
        sizes = np.diff(self.starts)
        moved = [0 if isinstance(k, float) else sizes[k] for k in sources]
        starts = np.concatenate([[0], np.cumsum(moved)]).astype(np.int64)
        blocks = self.blocks.mapped(rearranged, tuple(sources), cure)
        return replace(self, blocks=blocks, starts=starts, cure=cure)

    def with_columns(self, kept: NDArray[np.intp]) -> PartitionedArrays:
        """Return the same sample under the model that has only some of the coefficients, by sorted position."""
        blocks = self.blocks.mapped(with_columns, kept)
        return replace(self, blocks=blocks, starts=np.searchsorted(kept, self.starts))

    def with_limits(self, low: Array, high: Array) -> PartitionedArrays:
        """Return the same sample with other limits of the search."""
        return replace(self, low=low, high=high)


@dataclass(frozen=True)
class PartitionedSample:
    """The data of a fit in a Dask frame: what :class:`Sample` is for rows in memory."""

    arrays: PartitionedArrays = field(repr=False)
    specification: Specification
    design_specs: Mapping[str, DesignSpec]
    block_facts: Sequence[BlockFacts] = field(repr=False)
    n_rows: int
    dropped: Mapping[str, int]
    has_weights: bool
    has_clusters: bool
    time_unit: str | None = None
    columns: ColumnMap | None = None

    @property
    def time_name(self) -> str:
        """Name of the column that holds the time."""
        return self.block_facts[0].time_name

    @property
    def has_frequency_weights(self) -> bool:
        """Whether the weights are whole numbers, and so count observations."""
        return all(block.whole_weights for block in self.block_facts)

    def rearranged(
        self, specification: Specification, sources: Mapping[str, str | float]
    ) -> PartitionedSample:
        """Return the same rows under a model whose parameters come from those of this one."""
        kept = {name: self.design_specs[str(sources[name])] for name in specification.parts}
        arrays = self.arrays.rearranged(*positions_of(sources, specification))
        columns = moved_columns(self.columns, sources, self.arrays.slices)
        return replace(self, specification=specification, design_specs=kept, arrays=arrays, columns=columns)

    def in_memory(self) -> Any:
        """Raise a DataError: the rows are in the partitions."""
        raise DataError("the rows of a Dask frame are in its partitions; this needs them in memory.")

    def scores(self, theta: Array, by_cluster: bool) -> tuple[Array, NDArray[Any] | None]:
        """Scores with the same sum of squares as those of all rows, within clusters if asked for."""
        scores, groups = zip(
            *self.arrays.blocks.each(score_sums, theta, by_cluster, self.has_frequency_weights), strict=True
        )
        return np.vstack(scores), np.concatenate(groups) if by_cluster else None

    def cluster_sums(self, theta: Array) -> tuple[Array, Array]:
        """Score and information of each cluster, over all partitions."""
        labels, scores, informations = zip(*self.arrays.blocks.each(block_cluster_sums, theta), strict=True)
        codes, found = pd.factorize(np.concatenate(labels))
        p = len(theta)
        score, information = np.zeros((len(found), p)), np.zeros((len(found), p, p))
        np.add.at(score, codes, np.concatenate(scores))
        np.add.at(information, codes, np.concatenate(informations))
        return score, information

    def plateau_alpha(self) -> float | None:
        """Maller and Zhou's alpha, as for rows in memory; None for intervals."""
        blocks = self.block_facts
        if self.specification.background is not None:
            return None
        if any(block.counts["left-censored"] or block.counts["interval-censored"] for block in blocks):
            return None
        after = 2.0 * max(b.last_exact for b in blocks) - max(b.last_time for b in blocks)
        log_after = math.log(after) if after > 0.0 else -math.inf
        recent = sum(self.arrays.each(exact_weight_after, log_after))
        n = float(sum(block.weight for block in blocks))
        return float((1.0 - recent / n) ** n)

    def facts(self) -> SampleFacts:
        """Add up what the partitions say."""
        blocks = self.block_facts
        counted = self.has_weights and self.has_frequency_weights
        names = list(blocks[0].covariates)
        coded = coded_columns(spec.part.text for spec in self.design_specs.values())
        return SampleFacts(
            rows=self.n_rows,
            used=sum(block.n for block in blocks),
            dropped=dict(self.dropped),
            counts={kind: sum(block.counts[kind] for block in blocks) for kind in blocks[0].counts},
            weight=float(sum(block.weight for block in blocks)),
            events=round(sum(b.event_weight for b in blocks)) if counted else sum(b.n_events for b in blocks),
            last_time=max(block.last_time for block in blocks),
            last_event=max(block.last_event for block in blocks),
            time_name=self.time_name,
            time_unit=self.time_unit,
            typical={
                name: typical([block.covariates[name] for block in blocks], name in coded) for name in names
            },
            levels={name: few_values([block.covariates[name] for block in blocks]) for name in names},
            partitions=len(blocks),
            fingerprint=tuple(np.sum(self.arrays.each(fingerprint), axis=0).tolist()),
            expected=float(sum(block.expected for block in blocks)),
            clusters=len(set().union(*self.arrays.blocks.each(clusters_of))) if self.has_clusters else 0,
        )


def read_partitions(
    data: Any, specification: Specification, weights: Any, cluster: Any, time_unit: str | None
) -> PartitionedSample:
    """Build the sample of a Dask frame on its workers, and check what a fit needs.

    Raises
    ------
    FormulaError, DataError
        As for rows in memory; and for transforms that need all rows at once, and weights or clusters that are
        not columns.
    """
    source, expression = specification.background, specification.response.expressions[0]
    columns = {"weights": weights, "cluster": cluster} | extra_columns(source)
    units = (unit_of_time(data._meta, name, expression) for name in specification.response.variables)
    known = time_unit or next((unit for unit in units if unit), None)
    per = 1.0 if known is None else years_per_unit(source, known, 0.0)
    frame = partitioned_frame(data, specification.response, specification.parts, columns, {"Surv": Surv})
    blocks = frame.persist(make_block, specification, per)
    summaries = blocks.each(_summary)
    facts = [facts for facts, _ in summaries if facts is not None]
    if not facts:
        raise DataError(NO_WEIGHT)
    weightless = sum(count for _, count in summaries)
    sizes = [len(frame.specs[name].names) if name in frame.specs else 0 for name in PARAMETERS]
    arrays = PartitionedArrays(
        blocks.keep([facts is not None for facts, _ in summaries]),
        np.array([block.n for block in facts]),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.full(5, -np.inf),
        np.full(5, np.inf),
        CURE_KINDS.index(specification.cure_kind),
        specification.own_family,
        specification.background_factor,
    )
    dropped = dict(frame.dropped) | ({ZERO_WEIGHT: weightless} if weightless else {})
    unit = time_unit or unit_of_time(data._meta, facts[0].time_name, expression)
    years_per_unit(source, unit, max(block.last_time for block in facts))
    check_excess(
        specification, sum(block.event_weight for block in facts), sum(block.expected for block in facts)
    )
    sample = PartitionedSample(
        arrays,
        specification,
        frame.specs,
        facts,
        frame.n_rows,
        dropped,
        weights is not None,
        cluster is not None,
        unit,
    )
    sample = _checked(sample, specification)
    specification, arrays = anchored(specification, sample.arrays)
    return replace(sample, specification=specification, arrays=arrays)


def _summary(block: Block) -> tuple[BlockFacts | None, int]:
    return block.facts, block.n_weightless


def _checked(sample: PartitionedSample, specification: Specification) -> PartitionedSample:
    """Check events, ranks and separation as for rows in memory; centre and scale columns far from 0."""
    arrays, blocks = sample.arrays, sample.block_facts
    specs = sample.design_specs
    check_events(arrays.n, sum(block.n_events for block in blocks), arrays.n_parameters)
    sums = ColumnSums.merged([block.columns for block in blocks])
    parts = {name: part for name, part in zip(PARAMETERS, arrays.slices, strict=True) if name in specs}
    for parameter, part in parts.items():
        where, names = specification.where(parameter), specs[parameter].names
        check_terms(names, where)
        check_full_rank(sums.columns(part), names, where)
    columns = far_columns([sums.columns(part) for part in parts.values()], int(arrays.has_factor))
    if columns is not None:
        arrays = replace(arrays, blocks=arrays.blocks.mapped(move_inside, columns))
    for parameter, part in parts.items():

        def each(function: Callable[..., Any], *given: Any, part: slice = part) -> list[Any]:
            return arrays.each(designs_and_code, function, part, given)

        check_separation_of(each, specs[parameter].names, specification.where(parameter))
    return replace(sample, arrays=arrays, columns=columns)
