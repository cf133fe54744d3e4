"""Compiled reduction of one weighted sample: Kaplan-Meier scalars and binned sums of early surrogate events.

Arrays in, arrays out; no names, no options. Subjects stand in groups (an arm within a stratum, within a half of the
sample for the split estimator), in each group by time with deaths before censorings at ties. A group is a row of
six integers: part, arm, stratum, start, early stop (first subject with time > t0), late stop (first with time > t),
stop. Within a group the Kaplan-Meier estimate at u is the product of (weight still at risk)/(weight at risk) over
deaths by u, and

    mu(u) x (share of the weight at risk after u)

estimates any probability of the kind P(S in bin, T > u): censoring enters by a scalar alone.

Every function here is plain Python before it is compiled: ``function.py_func``, or all of them at once with
``NUMBA_DISABLE_JIT=1``.
"""

from __future__ import annotations

import numpy as np

from statmodels_x.core.compiled import kernel

PART, ARM, STRATUM, START, EARLY, LATE, STOP = range(7)


@kernel
def walk_back(weight, time, died, risk, start, stop, begin, end):
    """Kaplan-Meier factor and restricted mean over (begin, end], for the subjects with times within.

    ``risk[stop]`` must hold the weight at risk after ``end``; ``risk[i]`` is filled with the weight at risk just
    before subject i. Both values are relative to survival at ``begin``.
    """
    factor = 1.0
    area = end - (time[stop - 1] if stop > start else begin)
    for i in range(stop - 1, start - 1, -1):
        risk[i] = risk[i + 1] + weight[i]
        if died[i]:
            keep = risk[i + 1] / risk[i]
            factor *= keep
            area *= keep
        area += time[i] - (time[i - 1] if i > start else begin)
    return factor, area


@kernel
def group_scalars(weight, known, layout, risk, scalars):
    """Fill for each group: weight in all, at risk after t0, at risk after t; survival and areas; known weight at risk.

    ``known`` is the weight with which a subject stands for what is known of the surrogate; rows 0 and 1 of ``risk``
    are filled with ``weight`` and ``known`` at risk.
    """
    time, died, groups, t0, t = layout.time, layout.died, layout.groups, layout.landmark, layout.at
    for g in range(groups.shape[0]):
        start, early, late, stop = groups[g, START], groups[g, EARLY], groups[g, LATE], groups[g, STOP]
        # risk has a place more than there are subjects in each group, so that groups do not share an end
        shift = g
        view, known_view = risk[0, shift:], risk[1, shift:]
        total, known_total = 0.0, 0.0
        for i in range(stop - 1, late - 1, -1):
            total += weight[i]
            known_total += known[i]
        view[late], known_view[late] = total, known_total
        scalars[g, 2], scalars[g, 8] = total, known_total
        for i in range(late - 1, early - 1, -1):
            known_view[i] = known_view[i + 1] + known[i]
        scalars[g, 7] = known_view[early]
        after, area_after = walk_back(weight, time, died, view, early, late, t0, t)
        scalars[g, 1] = view[early]
        before, area_before = walk_back(weight, time, died, view, start, early, 0.0, t0)
        scalars[g, 0] = view[start]
        scalars[g, 3] = before
        scalars[g, 4] = before * after
        scalars[g, 5] = area_before
        scalars[g, 6] = before * area_after


@kernel
def add_margins(groups, scalars, strata, margins):
    """Average the groups' survival and areas over strata, by the strata's shares of the part's weight.

    ``strata[part, stratum]`` is filled with these shares.
    """
    for g in range(groups.shape[0]):
        strata[groups[g, PART], groups[g, STRATUM]] += scalars[g, 0]
    for p in range(strata.shape[0]):
        total = 0.0
        for s in range(strata.shape[1]):
            total += strata[p, s]
        for s in range(strata.shape[1]):
            strata[p, s] /= total
    for g in range(groups.shape[0]):
        share = strata[groups[g, PART], groups[g, STRATUM]]
        for k in range(4):
            margins[groups[g, PART], groups[g, ARM], k] += share * scalars[g, 3 + k]


@kernel
def add_to_bins(sums, row, folds, i, bin_, fraction, value):
    """Share a subject's value between two neighbouring bins, for each split within the subject's fold."""
    last = sums.shape[3] - 1
    for r in range(folds.shape[1]):
        k = folds[i, r]
        if bin_ < 0:
            sums[row, r, k, last] += value
        else:
            sums[row, r, k, bin_] += value * (1.0 - fraction)
            sums[row, r, k, bin_ + 1] += value * fraction


@kernel
def add_survivors(known, layout, risk, scalars, strata, sums):
    """Add the survivors of t0 to the bins: rows 0 and 1 control and treated at t0, row 2 treated at t.

    With ``is_area`` row 2 holds the integral over (t0, t] instead of the value at t: a subject counts with
    the integral of mu(u)/(known weight at risk after u) up to the end of follow-up. Where all is known, deaths leave
    that ratio as it is; only a censoring changes it. A group of which nobody is left adds nothing.
    """
    time, died, groups, t0, t = layout.time, layout.died, layout.groups, layout.landmark, layout.at
    bins, fractions, folds = layout.bins, layout.fractions, layout.folds
    for g in range(groups.shape[0]):
        early, late, stop = groups[g, EARLY], groups[g, LATE], groups[g, STOP]
        arm = groups[g, ARM]
        share = strata[groups[g, PART], groups[g, STRATUM]]
        at_t0 = share * scalars[g, 3] / scalars[g, 7] if scalars[g, 7] > 0.0 else 0.0
        at_t = share * scalars[g, 4] / scalars[g, 8] if scalars[g, 8] > 0.0 else 0.0
        view, known_view = risk[0, g:], risk[1, g:]
        is_partial = scalars[g, 7] != scalars[g, 1] or scalars[g, 8] != scalars[g, 2]
        ratio, integral, before = at_t0, 0.0, t0
        for i in range(early, stop):
            add_to_bins(sums, arm, folds, i, bins[i], fractions[i], known[i] * at_t0)
            if arm == 0:
                continue
            if not layout.is_area:
                if i >= late:
                    add_to_bins(sums, 2, folds, i, bins[i], fractions[i], known[i] * at_t)
                continue
            until = time[i] if i < late else t
            integral += ratio * (until - before)
            before = until
            if i < late and known_view[i + 1] > 0.0:
                if not died[i]:
                    ratio *= known_view[i] / known_view[i + 1]
                elif is_partial:
                    ratio *= view[i + 1] / view[i] * (known_view[i] / known_view[i + 1])
            elif i < late:
                ratio = 0.0
            add_to_bins(sums, 2, folds, i, bins[i], fractions[i], known[i] * integral)


@kernel
def reduce_sample(weight, known, layout):
    """Reduce a weighted sample to its margins and binned sums.

    Parameters
    ----------
    weight, known : arrays of shape (n,)
    layout : Layout
        Of :mod:`~statmodels_x.surrogate.fitting.perturbation`.

    Returns
    -------
    margins : array of shape (parts, 2, 4)
        Survival at t0 and at t, its integrals over (0, t0] and (t0, t].
    sums : array of shape (3, R, folds, bins + 1)
        The last bin is "no event by t0".
    """
    n_groups, n_parts = len(layout.groups), layout.groups[:, PART].max() + 1
    risk, scalars = np.empty((2, len(weight) + n_groups)), np.empty((n_groups, 9))
    strata, margins = np.zeros((n_parts, layout.groups[:, STRATUM].max() + 1)), np.zeros((n_parts, 2, 4))
    sums = np.zeros((3, layout.folds.shape[1], layout.n_folds, layout.n_points + 1))
    group_scalars(weight, known, layout, risk, scalars)
    add_margins(layout.groups, scalars, strata, margins)
    add_survivors(known, layout, risk, scalars, strata, sums)
    return margins, sums
