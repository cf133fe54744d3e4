"""What the data determine: ranks, covariance, and the reason wherever there is no standard error."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from statmodels_x.core.findings import Finding
from statmodels_x.core.fits.reference import NORMAL, Reference
from statmodels_x.core.typing import Array
from statmodels_x.population.course.courses import fitted_rows
from statmodels_x.population.course.families import scale_variance
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.problem import Problem, row_culture
from statmodels_x.population.fitting.structural import MATRICES, SPECIES, StructuralRank
from statmodels_x.population.specification import GAUSSIAN, LOGNORMAL

_NULL = 1e-11  # singular values below this share of the largest are rounding errors
_ORTHOGONAL = 1e-3  # a function is determined if no more of its gradient lies in the null space
_BOUND = 1e-9
_KNOWN = 2.0  # a direction is known if its error is below half of its size
_USELESS = 10.0  # a density effect this strong at the mean count is beyond all that is seen


@dataclass(frozen=True, eq=False)
class Identification:
    """Local evidence about the parameters at a fit.

    Attributes
    ----------
    covariance : ndarray of shape (p, p)
        NaN for a parameter that is not determined.
    spread : ndarray of shape (p, p)
        Covariance within the directions that the data determine. A parameter at a bound of the search is treated as
        free here, so that the errors of the others allow for its being elsewhere; one that bounds fix has none.
    root : ndarray of shape (p, r)
        ``spread`` is ``root @ root.T``.
    null : ndarray of shape (p, q)
        Directions that the data do not determine.
    scale : ndarray of shape (p,)
        Size of each parameter, by which sensitivities are scaled.
    singular_values : ndarray
        Of the scaled sensitivities over the error's standard deviation, largest first: 2 is a direction known to
        half of its size.
    reasons : dict of int to Finding
        Why a parameter has no standard error: kinds ``"fixed"``, ``"not_identified"``, ``"at_bound"``,
        ``"not_determined"`` and ``"contradicted"``.
    variance : float
        Of a weighted residual.
    reference : Reference
        Student's distribution where the error variance is estimated, with the observations minus the rank as its
        degrees of freedom.
    """

    covariance: Array
    spread: Array
    root: Array
    null: Array
    scale: Array
    singular_values: Array
    reasons: dict[int, Finding]
    variance: float
    reference: Reference

    @property
    def rank(self) -> int:
        """Rank of the sensitivities: parameters or combinations that the data determine at all."""
        return len(self.singular_values) - self.null.shape[1]

    @property
    def practical_rank(self) -> int:
        """Directions that the data determine to half of their size or better."""
        return int(np.sum(self.singular_values > _KNOWN))

    def standard_error(self, gradient: Array) -> float:
        """Error of a function by the delta method; NaN if it depends on what is not determined.

        By the root, since the quadratic form in ``spread`` cancels where some directions are hardly known: at singular
        values that span ten decades it has no digit right.
        """
        pull = gradient * self.scale
        size = np.linalg.norm(pull)
        if not np.isfinite(size):
            return np.nan
        if size == 0.0:
            return 0.0
        if self.null.shape[1] and np.linalg.norm(self.null.T @ pull) > _ORTHOGONAL * size:
            return np.nan
        return float(np.linalg.norm(gradient @ self.root))

    def without(self, reasons: dict[int, Finding]) -> Identification:
        """Return the same without the standard errors of some parameters."""
        covariance, lost = self.covariance.copy(), list(reasons)
        covariance[lost, :] = covariance[:, lost] = np.nan
        return replace(self, covariance=covariance, reasons=self.reasons | reasons)

    def unstable(self, layout: Layout, digits: float) -> Identification:
        """Return the same without any error: the course spends too many digits of its parameters."""
        text = f"the course stays at an unstable equilibrium and depends on {digits:.1f} digits of its parameters"
        reasons = {j: no_error(layout, j, "unstable", text) for j in range(len(layout.names))}
        nothing = np.full_like(self.covariance, np.nan)
        return replace(
            self, covariance=nothing, spread=nothing, root=np.full_like(self.root, np.nan), reasons=reasons
        )


def sensitivities(problem: Problem, theta: Array) -> tuple[Array, Array]:
    """Weighted residuals of all observed counts and their derivatives (n, p), in the order of the rows."""
    from statmodels_x.population.kernels.objective import FLOOR, residual

    mean, slope = fitted_rows(problem, theta, slopes=True)
    culture = row_culture(problem)
    values, rows = [], []
    for row, s in zip(*np.nonzero(~np.isnan(problem.counts) & ~np.isnan(mean)), strict=True):
        c = culture[row]
        r, d = residual(
            problem.family, problem.dispersion, problem.counts[row, s], mean[row, s], problem.weights[c, s],
            FLOOR * problem.level[c, s],
        )  # fmt: skip
        values.append(r)
        rows.append(d * slope[row, s])
    return np.array(values), np.array(rows).reshape(len(values), len(theta))


def information_rows(problem: Problem, theta: Array) -> tuple[Array, Array]:
    """Residuals, and rows whose squares sum to the expected information over the error variance's inverse.

    For the discrete distributions the slope of a deviance residual is replaced by its expectation's root.
    """
    residuals, rows = sensitivities(problem, theta)
    if problem.family in (GAUSSIAN, LOGNORMAL):
        return residuals, rows
    mean, slope = fitted_rows(problem, theta, slopes=True)
    seen = ~np.isnan(problem.counts) & ~np.isnan(mean)
    mu = np.maximum(mean[seen], 1e-12)
    return residuals, slope[seen] / np.sqrt(mu * (1.0 + problem.dispersion * mu))[:, None]


def identify(
    problem: Problem, layout: Layout, theta: Array, structural: StructuralRank | None = None
) -> Identification:
    """Find ranks and covariance at a fit; parameters that totals cannot determine at all count as not determined."""
    p = len(theta)
    free = np.array(layout.lower) < np.array(layout.upper)
    residuals, rows = information_rows(problem, theta)
    scale = parameter_scale(layout, theta)
    penalised = problem.ridge > 0.0
    if penalised.any():
        rows = np.vstack([rows, np.diag(np.sqrt(problem.ridge))[penalised]])
    _, values, directions = np.linalg.svd((rows * scale)[:, free], full_matrices=True)
    n_free = int(free.sum())
    values = np.append(values, np.zeros(n_free))[:n_free]
    rank = int(np.sum(values > _NULL * values[0])) if n_free else 0
    basis = np.zeros((p, n_free))
    basis[free] = directions.T
    variance = scale_variance(problem.family, residuals, rank)
    root = np.sqrt(variance) * basis[:, :rank] / values[:rank] * scale[:, None]
    spread = root @ root.T
    null = basis[:, rank:]
    singular = values / np.sqrt(variance) if variance > 0 else np.full(n_free, np.inf)
    unknown = (
        hidden_parameters(layout, structural) if structural is not None and not penalised.any() else set()
    )
    determined = structural is not None and structural.deficit == 0
    reasons = _reasons(layout, theta, null, spread, unknown, determined)
    covariance = spread.copy()
    lost = list(reasons)
    covariance[lost, :] = covariance[:, lost] = np.nan
    estimated = problem.family in (GAUSSIAN, LOGNORMAL)
    reference = Reference(float(max(len(residuals) - rank, 1))) if estimated else NORMAL
    return Identification(covariance, spread, root, null, scale, singular, reasons, variance, reference)


def parameter_scale(layout: Layout, theta: Array) -> Array:
    """Size of each parameter: 1 for what lies between 0 and 1, else its value, or a small part of its range."""
    scale = np.ones(len(theta))
    for j, (block, _) in enumerate(layout.names):
        if block not in ("survival", "structure"):
            scale[j] = max(abs(theta[j]), 1e-3 * useful_range(layout, j))
    return scale


def useful_range(layout: Layout, j: int) -> float:
    """Width within which knowing a parameter means anything."""
    block = layout.names[j][0]
    width = layout.upper[j] - layout.lower[j]
    if block in ("crowding", "effect", "saturation"):
        return min(width, _USELESS / layout.size[j])
    return width


def hidden_parameters(layout: Layout, structural: StructuralRank) -> set[int]:
    """Parameters that totals do not determine whatever the data, by the exact rank of the form."""
    known = dict(zip(structural.names, structural.identified, strict=True))
    hidden = set()
    for j, key in enumerate(layout.keys):
        names = structural_names(layout, key)
        if not all(known.get(name, True) for name in names):
            hidden.add(j)
    return hidden


def structural_names(layout: Layout, key: tuple[Any, ...]) -> list[str]:
    """Names under which the exact rank knows a parameter; a share is known if the classes up to its own are."""
    block, place = key[0], key[1:]
    if block == "fecundity":
        return [f"{MATRICES[place[0]]}[1,{place[1] + 1}]"]
    if block == "survival":
        return [f"{MATRICES[place[0]]}[{place[1] + 2},{place[1] + 1}]"]
    if block == "coupling":
        name = "B" if layout.form.interaction == "complex" else "BC"[place[0]]
        return [name if place[1] < 0 else f"{name}[{place[1] + 1},{place[2] + 1}]"]
    if block == "crowding":
        return [f"a_{SPECIES[place[0]]}{SPECIES[place[1]]}"]
    if block == "saturation":
        return ["c"]
    if block == "structure":
        mixed = bool((layout.initial[place[0]] >= 0).all()) or len(layout.initial) == 1
        start = f"{SPECIES[place[1]]}{'0' if mixed else '_alone'}"
        return [f"{start}[{j + 1}]" for j in range(place[2] + 1)]
    return []  # an initial total is seen itself, or moves every total


def _reasons(
    layout: Layout, theta: Array, null: Array, spread: Array, hidden: set[int], determined: bool
) -> dict[int, Finding]:
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    room = np.where(np.isfinite(upper), upper, np.maximum(theta, 1.0)) - lower
    found = {}
    for j in range(len(theta)):
        at_lower, at_upper = theta[j] - lower[j] <= _BOUND * room[j], upper[j] - theta[j] <= _BOUND * room[j]
        if lower[j] == upper[j]:
            found[j] = "fixed", f"fixed at {theta[j]:.4g} by bounds"
        elif j in hidden or (null.shape[1] and np.linalg.norm(null[j]) > _ORTHOGONAL):
            why = (
                "at this fit, where some are at their bounds, others make"
                if determined
                else "other parameters make"
            )
            found[j] = "not_identified", f"not identified: {why} up for it exactly"
        elif at_lower or at_upper:
            found[j] = "at_bound", f"at its {'lower' if at_lower else 'upper'} bound {theta[j]:.4g}"
        elif 1.96 * np.sqrt(spread[j, j]) > useful_range(layout, j):
            found[j] = "not_determined", "not determined: the data allow almost all of its range"
    return {j: no_error(layout, j, kind, text) for j, (kind, text) in found.items()}


def no_error(layout: Layout, j: int, kind: str, text: str) -> Finding:
    """Say why parameter ``j`` has no standard error; the summary's notes group such findings."""
    return Finding(kind, text, concerns=(" ".join(layout.names[j]),), category=None)
