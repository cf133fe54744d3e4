"""Cells and options in, an estimated surface with its jump set and the evidence for both out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.parallel import each
from statmodels_x.discontinuity.fitting.record import (
    Estimate,
    Pairs,
    certificate,
    lifted_problem,
    solve_lifted,
)
from statmodels_x.discontinuity.grid.domain import Cells, Points
from statmodels_x.discontinuity.grid.lattice import Mask
from statmodels_x.discontinuity.lifted.polish import join_empty, polish, polish_best
from statmodels_x.discontinuity.lifted.relaxation import LiftedProblem, Relaxation
from statmodels_x.discontinuity.smoothing.correlation import ErrorModel, fit_errors
from statmodels_x.discontinuity.smoothing.mixing import mixing_variance
from statmodels_x.discontinuity.smoothing.noise import noise_of
from statmodels_x.discontinuity.smoothing.sided import SidedPoints
from statmodels_x.discontinuity.smoothing.smoother import Data, JumpSetModel, SecondDifferences
from statmodels_x.discontinuity.specification import Control, Specification
from statmodels_x.discontinuity.tuning.evidence import EvidenceTuning
from statmodels_x.discontinuity.tuning.proposals import PENALTIES, Penalty, Proposal, Proposed
from statmodels_x.discontinuity.tuning.scoring import Scorer


def find_errors(cells: Cells, spec: Specification) -> tuple[ErrorModel, str]:
    """Find the error model before any jump is known, and say where its variance comes from."""
    first, source = independent_errors(cells, spec)
    if spec.noise != "correlated":
        return first, source
    none = np.zeros(cells.lattice.n_edges, bool)
    return fit_errors(cells, none, replace(first, rho=(0.3,) * cells.lattice.n_axes)), "likelihood"


def independent_errors(cells: Cells, spec: Specification) -> tuple[ErrorModel, str]:
    """Find the variance as if the errors were independent."""
    rho = (0.0,) * cells.lattice.n_axes
    if spec.noise == "known":
        return ErrorModel(spec.noise_sd**2, rho), "given"
    found = noise_of(cells)
    return ErrorModel(found.variance, rho), found.source


def estimate(
    cells: Cells,
    points: Points | None,
    spec: Specification,
    control: Control,
    candidates: Pairs | None = None,
) -> Estimate:
    """Estimate the surface and its jump set.

    Parameters
    ----------
    cells : Cells
    points : Points or None
        The scattered observations behind the cells, which cross-validation splits.
    spec : Specification
    control : Control
    candidates : list of (lam, nu), optional
        Pairs from which evidence tuning draws its proposals; its own grid by default.

    Returns
    -------
    Estimate
    """
    if control.tune == "evidence" and is_on_points(cells, points, spec, control):
        from statmodels_x.discontinuity.fitting.on_points import estimate_on_points

        return estimate_on_points(cells, points, spec, control)
    if control.tune == "evidence":
        return _by_evidence(cells, points, spec, control, candidates)
    if control.tune in ("sure", "cv"):
        return _by_criterion(cells, points, spec, control)
    assert spec.lam is not None
    assert spec.nu is not None
    try:
        errors, source = find_errors(cells, spec)
    except DataError:
        errors, source = ErrorModel(np.nan, (0.0,) * cells.lattice.n_axes), "unknown"
    return _at(cells, spec, control, spec.lam, spec.nu, errors, source, None)


def is_on_points(cells: Cells, points: Points | None, spec: Specification, control: Control) -> bool:
    """Whether the border is placed within the cells, by the points in them.

    Raises
    ------
    DataError
        If that was asked for and cannot be.
    """
    possible = cells.lattice.n_axes == 2 and spec.noise != "correlated"
    sided = sided_points(cells, points, spec, control) is not None
    if control.border == "points" and not (possible or sided):
        raise DataError(
            'fit(): border="points" is for scattered observations over two or three covariates, and images, with '
            'independent errors; use border="cells".'
        )
    used = possible and control.border != "cells"
    if control.pixels != "auto" and (points is not None or not used):
        raise DataError(
            f'fit(): pixels="{control.pixels}" is for images (arrays with two axes) with independent errors and a '
            "border within the cells; leave it out."
        )
    return used


def _at(
    cells: Cells, spec: Specification, control: Control, lam: float, nu: float, errors: ErrorModel, source: str,
    tuning: Any,
) -> Estimate:  # fmt: skip
    """Solve and polish one lifted problem."""
    problem = lifted_problem(cells, spec, lam, nu)
    relaxed = solve_lifted(problem, control)
    polished = polish_best(problem, relaxed.surface)
    cut = join_empty(cells.lattice, polished.cut, cells.filled)
    facts = certificate(problem, relaxed, polished)
    return Estimate(polished.surface, cut, lam, nu, errors, source, facts, tuning)


def _by_criterion(cells: Cells, points: Points | None, spec: Specification, control: Control) -> Estimate:
    """Minimise SURE or the cross-validated error over the pairs of weights."""
    from statmodels_x.discontinuity.tuning import folds, search, sure

    errors, source = find_errors(cells, spec)
    if control.tune == "sure":
        around = sure.directions(cells.lattice.n_cells, control.seed)
        task = partial(sure.estimate, errors=errors, cells=cells, around=around)

        def criterion(pairs: Pairs) -> Pairs:
            return parallel(task, [lifted_problem(cells, spec, *pair) for pair in pairs], control)
    else:
        parts = folds.split(cells, points, control.seed)

        def criterion(pairs: Pairs) -> Pairs:
            problems = [
                [(lifted_problem(train, spec, *pair), test) for train, test in parts] for pair in pairs
            ]
            return parallel(folds.validate, problems, control)

    sd = errors.observations(cells).typical_sd
    lam, nu, tuning = search.minimise(str(control.tune), criterion, cells.lattice, sd, spec.lam, spec.nu)
    return _at(cells, spec, control, lam, nu, errors, source, tuning)


def sided_points(cells: Cells, points: Points | None, spec: Specification, control: Control) -> Points | None:
    """Return the scattered points that are each compared with the surface on their own side of a volume's border."""
    possible = cells.lattice.n_axes == 3 and spec.noise != "correlated" and control.border != "cells"
    return points if possible else None


def _by_evidence(
    cells: Cells, points: Points | None, spec: Specification, control: Control, candidates: Pairs | None
) -> Estimate:
    """Propose jump sets at many pairs of weights, choose by evidence, and certify the pair that proposed it."""
    from statmodels_x.discontinuity.tuning.evidence import choose_placed, pairs
    from statmodels_x.discontinuity.tuning.steps import proposed_by_steps

    errors, source = independent_errors(cells, spec)
    data: Data = errors.observations(cells)
    sided = sided_points(cells, points, spec, control)
    if sided is not None:
        data = SidedPoints.of(cells, sided, errors.variance)
    weights = candidates or pairs(cells.lattice, data, spec.lam, spec.nu)
    problems = [lifted_problem(cells, spec, lam, nu) for lam, nu in weights]
    cuts, relaxed = _proposals(problems, control)
    proposed = [Proposed(lam, nu, cut) for (lam, nu), cut in zip(weights, cuts, strict=True)]
    penalty = PENALTIES[control.sensitivity]
    filtered = proposed_by_steps(cells.lattice, data) if cells.lattice.n_axes == 3 else []
    is_single = bool((cells.count <= 1).all())
    choice = partial(choose_placed, proposed=proposed, penalty=penalty, filtered=filtered)
    chosen, tuning = choice(Scorer(cells.lattice, data, is_single))
    if spec.noise == "correlated":
        chosen, tuning, errors = _with_correlation(cells, choice, penalty, chosen, errors)
        source = "likelihood"
    problem = lifted_problem(cells, spec, chosen.lam, chosen.nu)
    relaxed = relaxed or solve_lifted(problem, control)
    facts = certificate(problem, relaxed, polish(problem, relaxed.surface))
    found = Estimate(
        chosen.smoothed.surface, chosen.cut, chosen.lam, chosen.nu, errors, source, facts, tuning,
        chosen.smoothed.log_precision, sided=sided is not None, within=chosen.within,
    )  # fmt: skip
    return _allowing_for_mixing(cells, found) if chosen.cut.any() and sided is None else found


def _proposals(problems: list[LiftedProblem], control: Control) -> tuple[list[list[Mask]], Relaxation | None]:
    """Jump sets of lifted problems; a single one is solved as far as its certificate asks, once for both."""
    from statmodels_x.discontinuity.tuning.evidence import cuts_of, propose

    if len(problems) > 1:
        return parallel(propose, problems, control), None
    relaxed = solve_lifted(problems[0], control)
    return [cuts_of(problems[0], relaxed)], relaxed


def _allowing_for_mixing(cells: Cells, found: Estimate) -> Estimate:
    """Smooth once more, with a variance of their own for cells that the border crosses."""
    differences = SecondDifferences.of(cells.lattice)
    data, t = found.errors.observations(cells), found.log_precision
    variance = mixing_variance(differences, data, found.cut, t)
    surface = JumpSetModel(differences, data.noisier(variance), found.cut).smooth(t).surface
    return replace(found, mixing=variance, surface=surface)


def _with_correlation(
    cells: Cells,
    choice: Callable[[Scorer], tuple[Proposal, EvidenceTuning]],
    penalty: Penalty,
    first: Proposal,
    errors: ErrorModel,
) -> tuple[Proposal, EvidenceTuning, ErrorModel]:
    """Choose anew with correlated errors, whose parameters are fitted with and without the jumps.

    Jumps that are not yet known look like correlation, and correlation like jumps: so the jump set found as if
    the errors were independent is where to begin, and each of the two stories is told with its own errors.
    """
    start = replace(errors, rho=(0.3,) * cells.lattice.n_axes)
    none = np.zeros(cells.lattice.n_edges, bool)
    without = fit_errors(cells, none, start)
    smooth = Scorer(cells.lattice, without.observations(cells)).score(none)
    alone = Proposal(first.lam, first.nu, none, smooth)
    if not first.cut.any():
        chosen, tuning = choice(Scorer(cells.lattice, without.observations(cells)))
        return chosen, replace(tuning, errors=without), without
    with_jumps = fit_errors(cells, first.cut, start)
    chosen, tuning = choice(Scorer(cells.lattice, with_jumps.observations(cells)))
    gain = -np.inf
    if chosen.cut.any():
        with_jumps = fit_errors(cells, chosen.cut, with_jumps)
        smoothed = Scorer(cells.lattice, with_jumps.observations(cells)).score(chosen.cut)
        chosen = replace(chosen, smoothed=smoothed)
        gain = smooth.deviance - chosen.cost(cells.lattice, penalty)
    tuning = replace(tuning, gain=gain, smooth=smooth, errors=without)
    if gain > penalty.gate:
        return chosen, tuning, with_jumps
    return alone, tuning, without


def parallel(task: Callable[[Any], Any], items: Sequence[Any], control: Control) -> list[Any]:
    """Call a task on every item, in threads: the kernels release the interpreter's lock."""
    return list(each(task, items, n_jobs=control.n_jobs, progress=control.progress, prefer="threads"))
