"""What a border within the cells says: sizes at its crossings, the surface on either side, distances, lengths."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.border.chains import chains, orientation, pieces
from statmodels_x.discontinuity.border.clusters import ClusteredPoints
from statmodels_x.discontinuity.border.model import (
    Border,
    BorderModel,
    carried_on,
    pixel_means,
    seen,
    taylor_rows,
    within_reach,
)
from statmodels_x.discontinuity.border.points import CENTRE, PointData
from statmodels_x.discontinuity.border.sizes import Nearest, contrasts, edge_lengths, limits, nearest, normals
from statmodels_x.discontinuity.fitted import SurfaceFitted, keeps
from statmodels_x.discontinuity.fitting.misfit import without_left_out
from statmodels_x.discontinuity.fitting.on_points import data_of
from statmodels_x.discontinuity.grid import jumps as tables
from statmodels_x.discontinuity.grid.boundary import from_cells, in_cells
from statmodels_x.discontinuity.grid.lattice import Index, Lattice, Mask
from statmodels_x.discontinuity.grid.prediction import interpolate
from statmodels_x.discontinuity.inference.sizes import JumpSizes
from statmodels_x.discontinuity.kernels.banded import Factor

_AT_ONCE = 200  # nodes whose rows are held in memory


def is_placed(fit: SurfaceFitted) -> bool:
    """Whether the border is placed within the cells."""
    return fit.estimate.placed is not None


def border_of(fit: SurfaceFitted) -> Border:
    """Return the border."""
    return fit.estimate.placed.border


def pixels_of(fit: SurfaceFitted) -> str:
    """How the pixels of an image were read; empty for scattered points."""
    return str(getattr(fit.estimate.placed, "pixels", ""))


def pixel_values(fit: SurfaceFitted, natural: Array) -> Array:
    """Averages over the pixels of a surface at their middles, where that is what pixels are; else the surface."""
    if pixels_of(fit) != "averages":
        return natural
    return pixel_means(fit.domain.lattice, border_of(fit), natural)


def points_of(fit: SurfaceFitted, what: str) -> PointData:
    """Return the points as the search saw them, at the variance of the fit, those left out beside the border too."""
    sample = fit.need_sample(what)
    found = fit.__dict__.get("_points")
    if found is None:
        found = data_of(sample.points, sample.cells, fit.specification, pixels_of(fit))
        found = found.with_variance(fit.estimate.placed.variance)
        fit.__dict__["_points"] = found
    return found


def smoothed_points(fit: SurfaceFitted, what: str) -> PointData:
    """Return the points that the surface was smoothed over: those left out beside the border have no weight."""
    data = points_of(fit, what)
    found = fit.__dict__.get("_smoothed_points")
    if found is None:
        found = without_left_out(data, border_of(fit), fit.estimate.placed.left_out)
        fit.__dict__["_smoothed_points"] = found
    return found


def surface_variance(fit: SurfaceFitted) -> Array:
    """Posterior variance of the scaled surface at the nodes, given the border."""
    model = BorderModel(smoothed_points(fit, "surface_std_error"), border_of(fit))
    return model.posterior(fit.estimate.log_precision).inverse_diagonal()


def edge_limits(fit: SurfaceFitted) -> JumpSizes:
    """Limits at the crossings of all cut edges, in the data's units; before is the side of the edge's tail."""
    lattice, border = fit.domain.lattice, border_of(fit)
    return limits_at(fit, border.crossings(lattice), border.edges)


def limits_at(fit: SurfaceFitted, places: Array, edges: Index) -> JumpSizes:
    """Limits at places beside cut edges, in the data's units."""
    lattice, border = fit.domain.lattice, border_of(fit)
    normal = np.eye(2)[lattice.axis[edges]]
    if not len(edges):
        nothing = np.zeros(0)
        return JumpSizes(places, normal, nothing, nothing, np.zeros((0, 0)))
    data = smoothed_points(fit, "the size of a jump")
    before, behind, covariance = limits(
        data, border, fit.estimate.log_precision, places, edges, clustered_points(fit, data)
    )
    return JumpSizes(places, normal, before, behind, covariance).natural(fit.scale)


def clustered_points(fit: SurfaceFitted, data: PointData) -> ClusteredPoints | None:
    """Return the single observations with their clusters, if there are any."""
    sample = fit.need_sample("the size of a jump")
    if sample.cluster is None:
        return None
    points = sample.points
    scaled = fit.scale.scaled(points.y) - CENTRE
    return ClusteredPoints.of(data, in_cells(fit.domain, points.x), scaled, points.weight, sample.cluster)


def sizes_near(fit: SurfaceFitted, places: Array) -> JumpSizes:
    """Limits at the points of the border nearest to places (in cells)."""
    lattice, border = fit.domain.lattice, border_of(fit)
    if not border.cut.any():
        missing = np.full(len(places), np.nan)
        return JumpSizes(places, np.full(places.shape, np.nan), missing, missing, np.diag(missing))
    found = nearest(lattice, border, places, np.ones(2))
    return limits_at(fit, found.point, found.edge)


def edge_places(fit: SurfaceFitted) -> tuple[Array, Array]:
    """Crossings in the covariates' units, and the length of the border at each."""
    lattice, border = fit.domain.lattice, border_of(fit)
    return (
        from_cells(fit.domain, border.crossings(lattice)),
        edge_lengths(lattice, border, fit.domain.widths),
    )


def mean_weights(fit: SurfaceFitted, sizes: Array, length: Array, observed: Mask) -> Array:
    """Weights of the edges' sizes in the mean size of each segment, rows in the order of the segments' numbers.

    Edges without data on both sides count only in a segment that has no other. Sizes point from tail to head; along a
    slanted border that alternates. They are turned to one side of each chain before the mean over its length, and
    chains to the side on which their mean is positive.
    """
    lattice, border = fit.domain.lattice, border_of(fit)
    label = tables.segment_ranks(lattice, border.cut)
    weight = np.zeros((label.max(initial=0), len(label)))
    length = np.where(tables.told_edges(label, observed), length, 0.0)
    for chain in chains(lattice, border):
        own = np.searchsorted(border.edges, chain.edges)
        turned = orientation(lattice, border, chain) * length[own]
        weight[label[own[0]] - 1, own] = turned * (np.sign(turned @ sizes[own]) or 1.0)
    total = np.abs(weight).sum(1)
    return np.asarray(weight / total[:, None])


def boundary_rows(fit: SurfaceFitted, found: JumpSizes, jumps: pd.DataFrame, observed: Mask) -> pd.DataFrame:
    """One row for each segment, with the mean size over its length and its standard error."""
    table = tables.segment_table(jumps, fit.domain.names, observed)
    if table.empty:
        return table.assign(std_error=np.zeros(0))
    weight = mean_weights(fit, found.size, jumps["length"].to_numpy(), observed)
    return table.assign(
        mean_size=weight @ found.size,
        std_error=np.sqrt(np.einsum("ij,jk,ik->i", weight, found.covariance, weight)),
    )


@keeps
def near_covariance(fit: SurfaceFitted) -> tuple[Index, Array]:
    """Nodes of the blocks that the border meets, and the covariance of value and slopes at each (3 x 3), scaled."""
    lattice, border = fit.domain.lattice, border_of(fit)
    met = border.cut[lattice.squares].any(1)
    corner = lattice.block_corners(0, 1)[met]
    step = lattice.strides
    inner = np.concatenate([corner, corner + step[0], corner + step[1], corner + step.sum()])
    nodes = np.unique(np.concatenate([inner, lattice.tail[border.cut], lattice.head[border.cut]]))
    if not len(nodes):
        return nodes, np.zeros((0, 3, 3))
    data = smoothed_points(fit, "predict()")
    factor = BorderModel(data, border).posterior(fit.estimate.log_precision)
    parts = np.array_split(nodes, max(1, len(nodes) // _AT_ONCE))
    return nodes, np.concatenate([_node_covariance(lattice, border, factor, part) for part in parts])


def _node_covariance(lattice: Lattice, border: Border, factor: Factor, nodes: Index) -> Array:
    """Covariance of value and slopes at nodes; shape (m, 3, 3)."""
    at = np.column_stack(np.unravel_index(nodes, lattice.shape)).astype(float)
    value = taylor_rows(lattice, border, at, nodes)
    rows = np.stack(
        [value, *(taylor_rows(lattice, border, at + way, nodes) - value for way in np.eye(2))], axis=1
    )
    flat = rows.reshape(-1, lattice.n_cells)
    solved = factor.solve(flat.T).T.reshape(rows.shape)
    return np.asarray(np.einsum("nac,nbc->nab", rows, solved))


def values(fit: SurfaceFitted, points: Array, natural: Array, std_error: Array) -> tuple[Array, Array]:
    """Surface and its standard error at points: from the node that each sees where the border is near.

    Elsewhere the surface is interpolated between the centres. NaN outside of the grid.
    """
    domain, border = fit.domain, border_of(fit)
    lattice, cell = domain.lattice, domain.cell_of(points)
    value = interpolate(domain, natural, border.cut, points)
    error = np.where(cell < 0, np.nan, std_error[np.maximum(cell, 0)])
    inside = np.flatnonzero(cell >= 0)
    place = in_cells(domain, points[inside])
    near = _beside(lattice, border, place)
    rows, at = inside[near], place[near]
    if not len(rows):
        return value, error
    node = seen(lattice, border, at)
    offset = np.column_stack([np.ones(len(at)), at - np.column_stack(np.unravel_index(node, lattice.shape))])
    value[rows] = carried_on(lattice, border, natural, at, node)
    nodes, covariance = near_covariance(fit)
    k = np.searchsorted(nodes, node)
    error[rows] = np.sqrt(np.einsum("na,nab,nb->n", offset, covariance[k], offset)) * fit.scale.range
    return value, error


def _beside(lattice: Lattice, border: Border, place: Array) -> Array:
    """Whether the border meets the block of centres in which each place lies."""
    nx, ny = lattice.shape
    low = np.floor(within_reach(lattice, place)).astype(int)
    (x0, y0), (x1, y1) = np.maximum(low, 0).T, np.minimum(low + 1, [nx - 1, ny - 1]).T
    cut = np.append(border.cut, False)  # edge -1 is none
    down, across = (table.reshape(lattice.shape) for table in lattice.edge_from)
    wide, high = x0 != x1, y0 != y1
    return (wide & (cut[down[x0, y0]] | cut[down[x0, y1]])) | (
        high & (cut[across[x0, y0]] | cut[across[x1, y0]])
    )


def regions(fit: SurfaceFitted, points: Array) -> Array:
    """Return the number of the region on whose side of the border each point lies; 0 outside of the grid."""
    labels = tables.region_labels(fit.domain, border_of(fit).cut).ravel()
    inside = fit.domain.cell_of(points) >= 0
    node = seen(fit.domain.lattice, border_of(fit), in_cells(fit.domain, points))
    return np.where(inside, labels[node], 0)


def signed_distance(fit: SurfaceFitted, points: Array) -> pd.DataFrame:
    """Distance of points from the border; see ``SurfaceResults.signed_distance``."""
    if not is_placed(fit):
        raise DataError(
            "signed_distance(): the border runs along sides of cells; fit scattered points on a plane, or an image."
        )
    lattice, border = fit.domain.lattice, border_of(fit)
    if not border.cut.any():
        return pd.DataFrame({"distance": np.full(len(points), np.nan), "segment": 0})
    found: Nearest = nearest(lattice, border, in_cells(fit.domain, points), fit.domain.widths)
    before, behind = contrasts(lattice, border, found.point, found.edge)
    rises = np.sign((behind - before) @ fit.estimate.surface)
    label = tables.segment_of_edges(lattice, border.cut)
    sign = found.side * np.where(rises == 0.0, 1.0, rises)
    return pd.DataFrame({"distance": sign * found.distance, "segment": label[found.edge]})


def way_across(lattice: Lattice, border: Border, edges: Index) -> Array:
    """Return the unit normals of the border at cut edges, from tail to head; shape (m, 2)."""
    return normals(lattice, border)[np.searchsorted(border.edges, edges)]


def drawn_pieces(fit: SurfaceFitted) -> list[Array]:
    """Straight pieces of the border in the covariates' units, for pictures."""
    found = pieces(fit.domain.lattice, border_of(fit))
    ends = (from_cells(fit.domain, found.start), from_cells(fit.domain, found.stop))
    return [np.stack(pair) for pair in zip(*ends, strict=True)]


@dataclass(frozen=True)
class PointSampler:
    """Points about surfaces drawn from the posterior given a border, at the places of the data."""

    data: PointData = field(repr=False)
    rows: Index = field(repr=False)
    surface: Array = field(repr=False)
    factor: Any = field(repr=False)

    @classmethod
    def of(cls, data: PointData, border: Border, t: float) -> PointSampler:
        """Sample about the surface of a border."""
        model = BorderModel(data, border)
        return cls(
            data, seen(data.lattice, border, data.place), model.surface(t) - CENTRE, model.posterior(t)
        )

    def draw(self, border: Border, rng: np.random.Generator) -> tuple[PointData, Array]:
        """Draw a surface, and responses about it; returns the points and the surface at the nodes."""
        truth = self.surface + self.factor.half_solve(rng.standard_normal(self.surface.size))
        data = self.data
        value = carried_on(data.lattice, border, truth, data.place, self.rows)
        if data.averages:
            value = pixel_means(data.lattice, border, truth)[data.cell]
        used = data.weight > 0.0
        noise = rng.standard_normal(len(value)) / np.sqrt(np.where(used, data.weight, 1.0))
        return replace(data, y=value + noise), truth
