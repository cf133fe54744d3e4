"""Limits of the family at which a search can end, and the model that each limit is: fitted in place of the ridge."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from scipy.optimize import brentq

from statmodels_x.core.errors import ConvergenceError
from statmodels_x.core.findings import Finding
from statmodels_x.survival.distributions.parameters import PARAMETERS
from statmodels_x.survival.fitting.estimation import Estimate
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.sample import Sample
from statmodels_x.survival.specification import Specification

Data = Sample | PartitionedSample
Search = Callable[[Data], Estimate]

_GAP = 0.01  # of log-likelihood, between the ridge and its limit
_LEVEL = 3.841458820694124  # 95 % quantile of chi-squared with one degree of freedom
_WEIBULL = math.log(2.0)
_SOURCES: dict[str, str | float] = {name: name for name in PARAMETERS}


@dataclass(frozen=True)
class Limit:
    """The limit of the family that a fit is given.

    Attributes
    ----------
    kind : str
        What the search had found: ``"kappa_inf"``, ``"kappa_zero"``, ``"kappa_minus_one"``, ``"cure_zero"``,
        ``"weibull"``.
    value : str
        The limit in words, such as ``"kappa = infinity"``.
    ridge_llf, llf : float
        Log-likelihood at the end of the search, and of the limit.
    weibull_ratio : float
        Likelihood-ratio statistic of a Weibull within the limit's neighbours; NaN where it says nothing.
    kappa_low : float
        Lower 95 % likelihood bound of kappa; NaN likewise.
    """

    kind: str
    value: str
    ridge_llf: float
    llf: float
    weibull_ratio: float = math.nan
    kappa_low: float = math.nan

    def finding(self) -> Finding:
        """Say what the fit is given, and what the data say of the limit."""
        text = f"The search ran to a limit of the family. All results are for the model with {self.value}."
        if not math.isnan(self.weibull_ratio):
            word = "fits as well" if self.weibull_ratio < _LEVEL else "is rejected"
            text += f" A Weibull {word} (LR {self.weibull_ratio:.1f})"
            text += (
                f"; the likelihood allows kappa from {self.kappa_low:.2g} on."
                if math.isfinite(self.kappa_low)
                else "."
            )
        if abs(self.llf - self.ridge_llf) > _GAP:
            text += f" Its log-likelihood is {self.llf:.3f}, that of the ridge {self.ridge_llf:.3f}."
        return Finding("at_limit", text, concerns=("shape",) if "kappa" in self.kind else ("cure",))


def at_its_limit(sample: Data, found: Estimate, search: Search) -> tuple[Data, Estimate, Limit | None]:
    """Fit the limiting member of the family where a search ended on a ridge that leads to one.

    Parameters
    ----------
    sample : Sample or PartitionedSample
    found : Estimate
    search : callable
        Sample -> Estimate.

    Returns
    -------
    sample, found : as given, or those of the limit
    limit : Limit or None
    """
    kinds = [finding.kind for finding in found.findings]
    members = [_member(kind, sample.specification) for kind in kinds]
    made = members[0] if members and None not in members else None
    if made is None:
        return sample, found, None
    value, specification, sources = made
    reduced = sample.rearranged(specification, sources)
    try:
        refitted = search(reduced)
    except ConvergenceError:
        return sample, found, None
    if not refitted.is_regular:  # at a limit of its own, where a cured fraction and kappa run off together
        reduced, refitted, further = at_its_limit(reduced, refitted, search)
        if further is None:
            return sample, found, None
        value = f"{value} and {further.value}"
    limit = Limit(kinds[0], value, found.optimum.value, refitted.optimum.value)
    if limit.kind == "kappa_inf":
        ratio, low = _against_finite_shapes(sample, refitted.optimum.value, search)
        limit = replace(limit, weibull_ratio=ratio, kappa_low=low)
    return reduced, refitted, limit


def _member(kind: str, model: Specification) -> tuple[str, Specification, dict[str, str | float]] | None:
    """Return the limit in words, its model, and where each of its parameters comes from; None where it has none."""
    constant = {name for name, part in model.parts.items() if not part.variables}
    if kind in ("kappa_inf", "kappa_zero") and "shape" in constant:
        shape = math.inf if kind == "kappa_inf" else 0.0
        sources = {**_SOURCES, "shape": shape}
        return f"kappa = {'infinity' if shape else '0'}", _moved(model, sources), sources
    if kind == "cure_zero" and "cure" in constant:
        sources = {**_SOURCES, "cure": 0.0}
        return "no cured fraction", replace(_moved(model, sources), cure_kind="none"), sources
    other = "ph" if model.scale == "aft" else "aft"
    moving = {"shape", "power"} & (set(model.parts) - constant)
    if kind == "weibull" and {other, "shape"} <= constant and not moving:
        sources = {**_SOURCES, other: 0.0, "shape": _WEIBULL}
        return "kappa = 1, a Weibull", _moved(model, sources), sources
    if kind == "kappa_minus_one" and "shape" in constant and "ph" in model.parts and not model.own_family:
        scale = "aft" if "aft" in model.parts else "shape"  # the shape's design is a constant
        sources = {"aft": scale, "ph": 0.0, "power": "power", "shape": 0.0, "cure": "ph"}
        limit = replace(_moved(model, sources), scale="aft", cure_kind="promotion", anchored="")
        return (
            "kappa = -1, a log-logistic promotion time model with the hazard's covariates on theta",
            limit,
            sources,
        )
    return None


def _moved(model: Specification, sources: dict[str, str | float]) -> Specification:
    parts, fixed = {}, {}
    for name, source in sources.items():
        if isinstance(source, float):
            fixed[name] = source
        elif source in model.parts:
            parts[name] = model.parts[source]
        elif source in model.fixed:
            fixed[name] = model.fixed[source]
    if "cure" in fixed:
        fixed.pop("cure")
    return replace(model, parts=parts, fixed=fixed)


def _against_finite_shapes(sample: Data, best: float, search: Search) -> tuple[float, float]:
    """Compare the limit with finite shapes: the Weibull, and the smallest that the likelihood allows."""

    def drop(nu: float) -> float:
        sources = {**_SOURCES, "shape": nu}
        return 2.0 * (
            best - search(sample.rearranged(_moved(sample.specification, sources), sources)).optimum.value
        )

    try:
        weibull = drop(_WEIBULL)
        low, high = (-3.0, _WEIBULL) if weibull < _LEVEL else (_WEIBULL, 7.0)
        if sample.specification.cure_kind != "none":
            low = max(low, 0.0)
        bound = (
            brentq(lambda nu: drop(nu) - _LEVEL, low, high, xtol=0.01) if drop(low) > _LEVEL else -math.inf
        )
    except (ConvergenceError, ValueError):
        return math.nan, math.nan
    return weibull, math.expm1(bound)
