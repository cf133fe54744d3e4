"""The jump set as tables: cut edges with the values on both sides, connected segments, regions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from statmodels_x.core.typing import Array
from statmodels_x.discontinuity.grid.domain import Domain
from statmodels_x.discontinuity.grid.lattice import Lattice, Mask


def edge_table(
    domain: Domain,
    surface: Array,
    cut: Mask,
    before: Array,
    behind: Array,
    std_error: Array,
    placed: tuple[Array, Array] | None = None,
) -> pd.DataFrame:
    """One row for each cut edge.

    Parameters
    ----------
    domain : Domain
    surface : ndarray of shape (cells,)
        In the data's units.
    cut : ndarray of shape (edges,)
    before, behind, std_error : ndarray of shape (cut edges,)
        Limits of the surface at the boundary, and the standard error of their difference; where they are NaN,
        the values in the two cells stand for them.
    placed : (ndarray of shape (cut edges, d), ndarray of shape (cut edges,)), optional
        Where the boundary crosses the edges, and its length there; by default the middles and whole faces.

    Returns
    -------
    DataFrame
        The coordinates of the middle of the edge under the covariates' names; ``across``, the covariate along
        which it jumps; ``from`` and ``to``, the surface before and behind it; ``size``, to minus from, and its
        ``std_error``; ``stability``, NaN until there are resamples; ``length`` of the face in the covariates'
        units; ``segment``, numbered from the longest on.
    """
    lattice = domain.lattice
    edges = np.flatnonzero(cut)
    axes = lattice.axis[edges]
    middle, length = (domain.edge_midpoints()[edges], domain.face_sizes()[axes]) if placed is None else placed
    known = np.isfinite(before + behind)
    before = np.where(known, before, surface[lattice.tail[edges]])
    behind = np.where(known, behind, surface[lattice.head[edges]])
    table = pd.DataFrame({name: middle[:, k] for k, name in enumerate(domain.names)})
    names = np.array(domain.names, dtype=object)
    sides = {"across": names[axes], "from": before, "to": behind, "size": behind - before}
    segment = segment_ranks(lattice, cut)
    return table.assign(**sides, std_error=std_error, stability=np.nan, length=length, segment=segment)


def segment_ranks(lattice: Lattice, cut: Mask) -> NDArray[np.intp]:
    """Return the rank of each cut edge's segment, 1 for the one with most edges."""
    return _largest_first(*lattice.segments(cut))


def segment_of_edges(lattice: Lattice, cut: Mask) -> NDArray[np.intp]:
    """Return the rank of every edge's segment, 0 where it is not cut."""
    rank = np.zeros(lattice.n_edges, int)
    rank[cut] = segment_ranks(lattice, cut)
    return rank


def open_segments(lattice: Lattice, cut: Mask) -> list[int]:
    """Return the ranks of the segments that have an end inside a surface over two covariates, in order."""
    if lattice.n_axes != 2 or not cut.any():
        return []
    rank = segment_of_edges(lattice, cut)
    ends = lattice.squares[cut[lattice.squares].sum(1) == 1]
    return np.unique(rank[ends].max(1, initial=0)).tolist()


def _largest_first(count: int, label: NDArray[np.intp]) -> NDArray[np.intp]:
    """Renumber groups from 1 by their size."""
    order = np.argsort(-np.bincount(label, minlength=count), kind="stable")
    rank = np.empty(count, int)
    rank[order] = np.arange(1, count + 1)
    return rank[label]


def observed_edges(lattice: Lattice, cut: Mask, filled: Mask) -> Mask:
    """Whether there are data on both sides of each cut edge: in the cell there, or in a neighbour on its side."""
    close = filled.copy()
    kept = np.flatnonzero(~cut)
    for one, other in ((lattice.tail, lattice.head), (lattice.head, lattice.tail)):
        close[one[kept[filled[other[kept]]]]] = True
    return np.asarray(close[lattice.tail[cut]] & close[lattice.head[cut]])


def told_edges(segment: NDArray[np.intp], observed: Mask) -> Mask:
    """Edges over which a segment's sizes are averaged: those with data on both sides, all where there are none."""
    return np.asarray(observed | ~np.isin(segment, segment[observed]))


def segment_table(table: pd.DataFrame, names: tuple[str, ...], observed: Mask) -> pd.DataFrame:
    """One row for each connected segment: edges, length, mean and largest absolute size, where it lies.

    Parameters
    ----------
    table : DataFrame
        Of :func:`edge_table`.
    names : tuple of str
        Covariates.
    observed : ndarray of bool
        Edges with data on both sides, over which sizes are averaged; their share of the length is a column.
    """
    told = told_edges(table["segment"].to_numpy(), observed)
    groups = table.assign(
        absolute=table["size"].abs().where(told), observed=table["length"].where(observed, 0.0)
    ).groupby("segment")
    size = groups["absolute"]
    columns = {"edges": groups.size(), "length": groups["length"].sum()}
    columns |= {"mean_size": size.mean(), "largest_size": size.max()}
    for name in names:
        columns[f"{name}_min"], columns[f"{name}_max"] = groups[name].min(), groups[name].max()
    return pd.DataFrame(columns).assign(observed=groups["observed"].sum() / columns["length"])


def groups(lattice: Lattice, cut: Mask) -> list[NDArray[np.intp]]:
    """List connected groups of cut edges between the same two regions (or inside one), the smallest first."""
    edges = np.flatnonzero(cut)
    if not edges.size:
        return []
    count, label = lattice.regions(cut)
    ends = np.sort(np.column_stack([label[lattice.tail[edges]], label[lattice.head[edges]]]), axis=1)
    pair = ends[:, 0] * count + ends[:, 1]
    found = []
    for key in np.unique(pair):
        member = np.zeros(lattice.n_edges, bool)
        member[edges[pair == key]] = True
        n, part = lattice.segments(member)
        own = np.flatnonzero(member)
        found += [own[part == k] for k in range(n)]
    return sorted(found, key=len)


def region_labels(domain: Domain, cut: Mask) -> NDArray[np.intp]:
    """Label each cell's connected region, 1 for the largest; shape of the grid."""
    return _largest_first(*domain.lattice.regions(cut)).reshape(domain.shape)


def region_table(
    regions: NDArray[np.intp], surface: Array, count: NDArray[Any], mean: Array, weight: Array
) -> pd.DataFrame:
    """One row for each region: cells, points, means of the surface and of the data, both weighted by the data.

    Of a region without data the mean is that over its cells: the surface is extrapolated there.
    """
    flat = regions.ravel()
    size = np.bincount(flat)[1:]
    total = np.bincount(flat, weight)[1:]
    told = np.where(total[flat - 1] > 0.0, weight, 1.0)
    with np.errstate(invalid="ignore"):
        data_mean = np.where(total > 0.0, np.bincount(flat, weight * mean)[1:] / total, np.nan)
    return pd.DataFrame(
        {
            "cells": size,
            "points": np.bincount(flat, count)[1:].astype(int),
            "surface_mean": np.bincount(flat, told * surface)[1:] / np.bincount(flat, told)[1:],
            "data_mean": data_mean,
        },
        index=pd.RangeIndex(1, len(size) + 1, name="region"),
    )
