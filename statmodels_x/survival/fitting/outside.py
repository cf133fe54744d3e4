"""What counts and priors contributed to a fit: its books beside those of the rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import chi2

from statmodels_x.core.errors import DataWarning
from statmodels_x.core.findings import Finding
from statmodels_x.core.optimize import Optimum
from statmodels_x.core.typing import Array
from statmodels_x.survival.background.penalty import Penalty
from statmodels_x.survival.fitting.findings import Names
from statmodels_x.survival.kernels.likelihood import SurvivalArrays, loglik, row_scores
from statmodels_x.survival.partitioned.sample import PartitionedSample
from statmodels_x.survival.reading.arrays import scores_of_repeated
from statmodels_x.survival.reading.fingerprint import are_same, fingerprint
from statmodels_x.survival.reading.outside import untold
from statmodels_x.survival.sample import Sample

_LEAST_SHARE = 0.05
_NO_INFORMATION = 1e-8
_NULL, _NULL_SHARE = 1e-9, 1e-6
_FAR_OFF = 3.0
_DISAGREE = 1e-3


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
    contradicted : tuple of (str, float)
        Priors from which the estimate is far, in their standard deviations.
    fingerprint : tuple of float
        Sums that tell counts apart.
    statistic : float
        Score test that rows and counts have the same coefficients; NaN where there is none.
    df : int
        Its degrees of freedom.
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
    contradicted: tuple[tuple[str, float], ...] = ()
    fingerprint: tuple[float, ...] = field(repr=False, default=())
    statistic: float = np.nan
    df: int = 0

    @property
    def p_value(self) -> float:
        """Of the score test."""
        return float(chi2.sf(self.statistic, self.df)) if self.df else np.nan


def outside_of(sample: Sample | PartitionedSample, optimum: Optimum) -> Outside | None:
    """Return the books of a fit; None where nothing but its rows was used."""
    if not isinstance(sample, Sample) or (sample.external is None and sample.arrays.penalty is None):
        return None
    theta, penalty, counts = optimum.theta, sample.arrays.penalty, sample.external
    prior = (0.0, np.zeros(0), np.zeros((len(theta), len(theta)))) if penalty is None else penalty(theta)
    effective, shares = float(len(theta)), np.zeros(0)
    if penalty is not None:
        effective, shares = _information(optimum, -prior[2])
    books = Outside(
        llf_trial=float(optimum.value) - prior[0],
        log_prior=prior[0],
        effective=effective,
        shares=tuple(shares.tolist()),
        contradicted=_contradicted(sample, theta),
    )
    if counts is None or sample.counted is None:
        return books
    counted = sample.counted
    from_counts = loglik(theta, counted)[0]
    statistic, df = _agreement(sample, theta) if penalty is None else (np.nan, 0)
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
        statistic=statistic,
        df=df,
    )


def _agreement(sample: Sample, theta: Array) -> tuple[float, int]:
    """Test that the rows alone would give the coefficients that rows and counts give together.

    The rows' score s at the common maximum has the covariance I_T - I_T (I_T + I_C)^-1 I_T, which is 0 along what the
    counts say nothing of. Not for rows that are dependent, or whose weights count nothing.
    """
    if sample.has_clusters or not sample.has_frequency_weights or sample.counted is None:
        return np.nan, 0
    _, score, hessian = loglik(theta, sample.own)
    own = -hessian
    if not (np.isfinite(own).all() and np.linalg.eigvalsh(own)[0] > 0.0):  # far from where the rows would be
        own = _products(theta, sample.own)
    unit = np.sqrt(np.diag(own))
    if not np.all(unit > 0.0):
        return np.nan, 0
    both = own + _products(theta, sample.counted)
    try:
        spread = (own - own @ np.linalg.solve(both, own)) / np.outer(unit, unit)
    except np.linalg.LinAlgError:
        return np.nan, 0
    values, vectors = np.linalg.eigh(0.5 * (spread + spread.T))
    some = values > _NO_INFORMATION
    return float(np.sum((vectors[:, some].T @ (score / unit)) ** 2 / values[some])), int(some.sum())


def _products(theta: Array, arrays: SurvivalArrays) -> Array:
    """Sum of the products of the scores of all persons: an information that no direction makes negative."""
    scores = scores_of_repeated(row_scores(theta, arrays), arrays.weight)
    return np.asarray(scores.T @ scores)


def disagreement(outside: Outside | None) -> tuple[Finding, ...]:
    """Say that rows and counts contradict each other under the model."""
    if outside is None or not outside.p_value < _DISAGREE:
        return ()
    text = (
        f"Rows and external counts contradict each other under this model (score test {outside.statistic:.1f} "
        f"on {outside.df} df, p {outside.p_value:.2g}): estimates lie between them, nearer to the larger, and "
        "standard errors do not account for the contradiction."
    )
    remedy = "Compare distributions, look at who was counted, and at the unit of time."
    return (Finding("counts_disagree", text, remedy, category=DataWarning),)


def is_counted_otherwise(one: Outside | None, two: Outside | None) -> bool:
    """Whether two fits use different counts, or one of them none."""
    first, second = (() if own is None else own.fingerprint for own in (one, two))
    return not are_same(np.array(first), np.array(second))


def by_prior(names: Names, outside: Outside | None) -> tuple[Finding, ...]:
    """Name the coefficients that the priors determine, and not the data."""
    if outside is None or not outside.shares:
        return ()
    found = [
        Finding(
            "prior_contradicted",
            f"The data, or another prior, contradict the prior {text}: the estimate is {distance:.1f} of its standard "
            "deviations away, between the two, and standard errors do not account for the contradiction.",
            category=DataWarning,
        )
        for text, distance in outside.contradicted
    ]
    told = np.array(outside.shares) < _LEAST_SHARE
    if not told.any():
        return tuple(found)
    about = names.at(told)
    text = (
        f"Determined by the prior: {names.text(about)}: less than {_LEAST_SHARE:.0%} of the information is from the "
        "data, so that the estimate and its standard error reflect the prior."
    )
    return (*found, Finding("by_prior", text, concerns=tuple(".".join(label) for label in about)))


def _information(optimum: Optimum, prior: Array) -> tuple[float, Array]:
    """Return how many parameters the likelihood determines, and its share of the information on each.

    The share is the variance of the coefficient over the one that the likelihood alone would give, 0 where that has
    none. Where priors hold the estimate far from the data its curvature can be negative: what counts is its size.
    """
    both, unit = optimum.information, optimum.transform
    try:
        covariance = np.linalg.inv(both)
    except np.linalg.LinAlgError:
        return np.nan, np.full(len(both), np.nan)
    own = both - prior
    values, vectors = np.linalg.eigh(unit.T @ own @ unit)
    size, vectors = np.abs(values), unit @ vectors
    null = size <= _NULL * size.max()
    alone = (vectors[:, ~null] ** 2 / size[~null]).sum(axis=1)
    lost = (vectors[:, null] ** 2).sum(axis=1) > _NULL_SHARE * (vectors**2).sum(axis=1)
    shares = np.where(lost, 0.0, np.diag(covariance) / np.where(lost, 1.0, alone))
    return float(np.sum(covariance * own)), np.clip(shares, 0.0, 1.0)


def _contradicted(sample: Sample, theta: Array) -> tuple[tuple[str, float], ...]:
    """Return the priors that stand far from the estimate, with the distance in their standard deviations."""
    penalty = sample.arrays.penalty
    terms = penalty.terms if isinstance(penalty, Penalty) else ()
    if len(terms) != len(sample.specification.prior):  # of a limit of the family
        return ()
    far = [(prior.text, float(np.sqrt(-2.0 * term(theta)[0])))
           for prior, term in zip(sample.specification.prior, terms, strict=True)]  # fmt: skip
    return tuple((text, distance) for text, distance in far if distance > _FAR_OFF)
