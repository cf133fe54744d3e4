"""What counts and priors contributed to a fit: its books beside those of the rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from statmodels_x.core.findings import Finding
from statmodels_x.core.optimize import Optimum
from statmodels_x.core.typing import Array
from statmodels_x.survival.fitting.findings import Names
from statmodels_x.survival.kernels.likelihood import loglik
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.reading.fingerprint import are_same, fingerprint
from statmodels_x.survival.reading.outside import untold
from statmodels_x.survival.sample import Sample

_LEAST_SHARE = 0.05


@dataclass(frozen=True, kw_only=True)
class Outside:
    """The books of what is outside the rows of a fit.

    Attributes
    ----------
    llf_trial, llf_counts, log_prior : float
        Parts of what was maximised.
    constant : float
        Sum of the logarithms of the counts' binomial coefficients, which is in none of the parts.
    counts : int
        How many counts there are.
    persons, deaths, expected : float
        At risk, died, and expected to die from the background, over all counts.
    first, last : float
        Earliest and latest time of the counts.
    untold : int
        How many coefficients the counts say nothing of.
    effective : float
        How many parameters the likelihood determines: trace of (I + P)^-1 I.
    shares : tuple of float
        How much of the information on each coefficient is the likelihood's; empty without priors.
    fingerprint : tuple of float
        Sums that tell counts apart.
    """

    llf_trial: float
    llf_counts: float = 0.0
    log_prior: float = 0.0
    constant: float = 0.0
    counts: int = 0
    persons: float = 0.0
    deaths: float = 0.0
    expected: float = 0.0
    first: float = 0.0
    last: float = 0.0
    untold: int = 0
    effective: float = 0.0
    shares: tuple[float, ...] = ()
    fingerprint: tuple[float, ...] = field(repr=False, default=())


def outside_of(sample: Sample | PartitionedSample, optimum: Optimum) -> Outside | None:
    """Return the books of a fit; None where nothing but its rows was used."""
    if not isinstance(sample, Sample) or (sample.external is None and sample.arrays.penalty is None):
        return None
    theta, penalty, counts = optimum.theta, sample.arrays.penalty, sample.external
    prior = (0.0, np.zeros(0), np.zeros((len(theta), len(theta)))) if penalty is None else penalty(theta)
    effective, shares = float(len(theta)), np.zeros(0)
    if penalty is not None:
        effective, shares = _information(optimum.information, -prior[2])
    books = Outside(
        llf_trial=float(optimum.value) - prior[0],
        log_prior=prior[0],
        effective=effective,
        shares=tuple(shares.tolist()),
    )
    if counts is None or sample.counted is None:
        return books
    counted = sample.counted
    from_counts = loglik(theta, counted)[0]
    return replace(
        books,
        llf_trial=books.llf_trial - from_counts,
        llf_counts=from_counts,
        constant=counts.constant,
        counts=len(counts.start),
        persons=counts.persons,
        deaths=counts.deaths,
        expected=counted.n_expected,
        first=float(counts.start.min()),
        last=float(counts.stop.max()),
        untold=untold(counted),
        fingerprint=tuple(fingerprint(counted).tolist()),
    )


def is_counted_otherwise(one: Outside | None, two: Outside | None) -> bool:
    """Whether two fits use different counts, or one of them none."""
    first, second = (() if own is None else own.fingerprint for own in (one, two))
    return not are_same(np.array(first), np.array(second))


def by_prior(names: Names, outside: Outside | None) -> tuple[Finding, ...]:
    """Name the coefficients that the priors determine, and not the data."""
    if outside is None or not outside.shares:
        return ()
    told = np.array(outside.shares) < _LEAST_SHARE
    if not told.any():
        return ()
    about = names.at(told)
    text = (
        f"Determined by the prior: {names.text(about)}: less than {_LEAST_SHARE:.0%} of the information is from the "
        "data, so that estimate and error are those that the prior has put in."
    )
    return (Finding("by_prior", text, concerns=tuple(".".join(label) for label in about)),)


def _information(both: Array, prior: Array) -> tuple[float, Array]:
    """Return how many parameters the likelihood determines, and its share of the information on each.

    The share is the variance of the coefficient over the one that the likelihood alone would give, 0 where that has
    none.
    """
    try:
        covariance = np.linalg.inv(both)
    except np.linalg.LinAlgError:
        return np.nan, np.full(len(both), np.nan)
    own = both - prior
    values, vectors = np.linalg.eigh(own)
    with np.errstate(divide="ignore"):
        alone = (vectors**2 / np.maximum(values, 0.0)).sum(axis=1)
    return float(np.sum(covariance * own)), np.clip(np.diag(covariance) / alone, 0.0, 1.0)
