"""Processes of progression and death with known truth: to draw trials from, and to plan them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core.errors import DataError
from statmodels_x.core.quadrature import spread_over
from statmodels_x.core.rates import Rates, as_rates
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_count, check_seed
from statmodels_x.surrogate.planning.truth import NODES, Arm, true_transformation, true_values
from statmodels_x.surrogate.sample import Trial
from statmodels_x.surrogate.specification import check_times


@dataclass(frozen=True)
class IllnessDeath:
    """Illness-death process of one arm, with hazards that are constant or piecewise constant.

    Parameters
    ----------
    progression : Rates or float
        Hazard of the surrogate event in patients who are alive without it.
    death : Rates or float
        Hazard of death in patients without the surrogate event.
    death_after : Rates or float
        Hazard of death after the surrogate event. It depends on the time since the start of the trial, not on the
        time since the event.
    """

    progression: Rates | float
    death: Rates | float
    death_after: Rates | float

    @property
    def hazards(self) -> tuple[Rates, Rates, Rates]:
        """Hazards of progression, of death before it and of death after it."""
        names = ("progression", "death", "death_after")
        first, second, third = (as_rates(getattr(self, name), name) for name in names)
        return first, second, third

    def density(self, s: Array, u: float) -> Array:
        """Compute d/ds P(S <= s, T > u), the density of surrogate times among patients alive after u, for s <= u.

        Parameters
        ----------
        s : ndarray
            Times of the surrogate event.
        u : float
            Time after which the patients are alive.

        Returns
        -------
        ndarray
            Of the shape of ``s``.
        """
        progression, death, after = self.hazards
        free = np.exp(-progression.cumulative(s) - death.cumulative(s))
        return np.asarray(progression.at(s) * free * np.exp(after.cumulative(s) - after.cumulative(u)))

    def survival(self, u: float) -> float:
        """Compute the probability of survival P(T > u).

        Parameters
        ----------
        u : float
            The time.

        Returns
        -------
        float
        """
        progression, death, after = self.hazards
        edges = np.unique(np.concatenate([r.breaks for r in (progression, death, after)]))
        nodes, weights = spread_over(0.0, u, edges, NODES)
        free = np.exp(-progression.cumulative(u) - death.cumulative(u))
        return float(free + weights @ self.density(nodes, u))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw times of the surrogate event and of death.

        Parameters
        ----------
        n : int
            Number of patients.
        rng : numpy.random.Generator
            Source of the random numbers.

        Returns
        -------
        surrogate : ndarray of shape (n,)
            Times of the surrogate event, infinite where death comes first.
        death : ndarray of shape (n,)
            Times of death.
        """
        progression, death, after = self.hazards
        ill = progression.invert(rng.standard_exponential(n))
        dead = death.invert(rng.standard_exponential(n))
        seen = ill < dead
        start = np.where(seen, ill, 0.0)
        late = after.invert(after.cumulative(start) + rng.standard_exponential(n))
        return np.where(seen, ill, np.inf), np.where(seen, late, dead)


@dataclass(frozen=True)
class LatentWeibull:
    """Exponential time S of the surrogate event, and a Weibull time of death that depends on it.

    Parameters
    ----------
    mean : float
        Mean of the latent surrogate time. A surrogate time after death is never seen.
    shape, level, slope : float
        Given S, the time of death is Weibull with this shape and the scale exp(level + slope log S).
    """

    mean: float
    shape: float
    level: float
    slope: float

    def _alive(self, s: Array, u: float) -> Array:
        with np.errstate(divide="ignore"):
            return np.exp(-((u / (np.exp(self.level) * s**self.slope)) ** self.shape))

    def density(self, s: Array, u: float) -> Array:
        """Compute d/ds P(S <= s, T > u), the density of surrogate times among patients alive after u, for s <= u.

        Parameters
        ----------
        s : ndarray
            Times of the surrogate event.
        u : float
            Time after which the patients are alive.

        Returns
        -------
        ndarray
            Of the shape of ``s``.
        """
        return np.asarray(np.exp(-s / self.mean) / self.mean * self._alive(s, u))

    def survival(self, u: float) -> float:
        """Compute the probability of survival P(T > u).

        Parameters
        ----------
        u : float
            The time.

        Returns
        -------
        float
        """
        # over log s, where the integrand is smooth at both ends
        nodes, weights = spread_over(
            np.log(1e-10), np.log(60.0 * self.mean), np.linspace(-20.0, 5.0, 26), NODES
        )
        s = np.exp(nodes)
        return float(weights @ (s * self.density(s, u)))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """Draw times of the surrogate event and of death.

        Parameters
        ----------
        n : int
            Number of patients.
        rng : numpy.random.Generator
            Source of the random numbers.

        Returns
        -------
        surrogate : ndarray of shape (n,)
            Times of the surrogate event, infinite where death comes first.
        death : ndarray of shape (n,)
            Times of death.
        """
        s = rng.exponential(self.mean, n)
        dead = np.exp(self.level + self.slope * np.log(s)) * rng.weibull(self.shape, n)
        return np.where(s < dead, s, np.inf), dead


@dataclass(frozen=True)
class IllnessDeathTrial:
    """A randomised trial with known distributions, to simulate data from and to compute true values.

    Parameters
    ----------
    control, treated : IllnessDeath or LatentWeibull
        Distributions of the two arms.
    censoring : float or Rates, or a pair of these
        Hazard of censoring in both arms, or a pair (control, treated). 0 means that nobody is censored.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> control, treated = smx.IllnessDeath(1.0, 0.10, 0.55), smx.IllnessDeath(0.5, 0.08, 0.45)
    >>> process = smx.IllnessDeathTrial(control, treated, censoring=0.08)
    >>> truth = process.true_values(at=3, landmark=1)
    >>> round(truth["pte"], 4), round(truth["r_s"], 4)
    (0.5734, 0.5242)
    >>> process.simulate(n=100, seed=1).columns.tolist()
    ['arm', 'time', 'status', 'surrogate_time', 'surrogate_status']
    """

    control: Arm
    treated: Arm
    censoring: Rates | float | tuple[Rates | float, Rates | float] = 0.0

    def _censoring(self, arm: int) -> Rates:
        value = self.censoring[arm] if isinstance(self.censoring, tuple) else self.censoring
        return as_rates(value, "censoring")

    @property
    def breaks(self) -> Array:
        """Times at which a hazard of either arm changes."""
        arms = [arm for arm in (self.control, self.treated) if isinstance(arm, IllnessDeath)]
        return np.unique(
            np.concatenate([np.zeros(0), *(rates.breaks for arm in arms for rates in arm.hazards)])
        )

    def true_values(self, at: float, landmark: float, effect: str = "survival") -> dict[str, float]:
        """Compute true values by numerical integration.

        Parameters
        ----------
        at, landmark : float
            Time t of the outcome and landmark t0.
        effect : {"survival", "rmst"}
            The primary effect: the difference in survival at t, or in restricted mean survival time up to t.

        Returns
        -------
        dict of str to float
            The quantities of ``SurrogateResults.params``, and what they are computed from: ``g2`` (g without an
            event by the landmark), ``lam``, ``mean_ratio``, ``mean_forecast``, and ``early_treated``,
            ``early_control``, ``target_treated`` and ``target_control`` (survival to the landmark and at t).
        """
        at, landmark = check_times(at, landmark)
        return true_values((self.control, self.treated), at, landmark, effect == "rmst", self.breaks)

    def true_transformation(self, times: ArrayLike, at: float, landmark: float) -> Array:
        """Compute the optimal transformation g1 of the surrogate time, for the difference in survival.

        Parameters
        ----------
        times : array_like of shape (n,)
            Times of the surrogate event, between 0 and the landmark.
        at, landmark : float
            Time t of the outcome and landmark t0.

        Returns
        -------
        ndarray of shape (n,)
            The value of g at each of these times.

        Raises
        ------
        DataError
            If a time is not between 0 and the landmark.
        """
        at, landmark = check_times(at, landmark)
        s = np.atleast_1d(np.asarray(times, dtype=float))
        if not ((s >= 0.0) & (s <= landmark)).all():
            raise DataError(
                f"true_transformation(): `times` must lie between 0 and the landmark ({landmark:g})."
            )
        return true_transformation((self.control, self.treated), at, landmark, s, self.breaks)

    def effect_correlation(
        self,
        effect: str = "log_hr",
        at: float | None = None,
        composite: bool = True,
        n: int = 50_000,
        seed: int = 0,
    ) -> float:
        """Estimate the correlation of the estimated effects on surrogate and survival within a trial of this process.

        :class:`~statmodels_x.TrialLevelSurrogacy` needs this correlation, and papers do not report it. Hazards
        for the process can be derived from published medians. One large trial is drawn, and the correlation is
        estimated from it.

        Parameters
        ----------
        effect : {"log_hr", "rmst", "survival"}
            The effect, as in :func:`~statmodels_x.trial_effects`.
        at : float, optional
            Time of the second and third effect, which need it.
        composite : bool
            Whether a death counts as a surrogate event, as in progression-free survival.
        n : int
            Number of patients in each arm of the trial that is drawn.
        seed : int
            Seed of the draw.

        Returns
        -------
        float

        Raises
        ------
        DataError
            If an argument cannot be used.
        """
        from statmodels_x.surrogate.planning.correlation import effect_correlation

        check_choice("effect", effect, ("log_hr", "rmst", "survival"), "effect_correlation()")
        if effect != "log_hr" and at is None:
            raise DataError(f'effect_correlation: effect="{effect}" needs the time `at`.')
        trial = self.draw(check_count("n", n, 100), np.random.default_rng(check_seed(seed)))
        return effect_correlation(trial, effect, np.inf if at is None else float(at), composite)

    def draw(self, n: int | tuple[int, int], rng: np.random.Generator) -> Trial:
        """Draw a trial as arrays.

        Parameters
        ----------
        n : int or (int, int)
            Number of patients in each arm, or in the control arm and in the treated arm.
        rng : numpy.random.Generator
            Source of the random numbers.

        Returns
        -------
        Trial
            The arrays that the estimators take; see :meth:`simulate` for a data frame.
        """
        sizes = n if isinstance(n, tuple) else (n, n)
        parts = []
        for arm, distribution in enumerate((self.control, self.treated)):
            size = check_count("n", sizes[arm], 1)
            surrogate, death = distribution.draw(size, rng)
            end = self._censoring(arm).invert(rng.standard_exponential(size))
            time = np.minimum(death, end)
            if np.isinf(time).any():
                raise DataError(
                    "simulate: a subject neither dies nor is censored; give a positive censoring rate."
                )
            parts.append(
                (time, death <= end, np.where(surrogate <= time, surrogate, np.inf), np.full(size, arm))
            )
        time, died, surrogate, arms = (np.concatenate(column) for column in zip(*parts, strict=True))
        ones = np.ones(len(time))
        return Trial(time, died, surrogate, arms.astype(np.int64), np.zeros(len(time), np.int64), ones, None)

    def simulate(self, n: int | tuple[int, int], seed: int = 0) -> pd.DataFrame:
        """Draw a trial as a data frame.

        Parameters
        ----------
        n : int or (int, int)
            Number of patients in each arm, or in the control arm and in the treated arm.
        seed : int
            Seed of the draw.

        Returns
        -------
        DataFrame
            One row per patient, with the columns ``arm`` (0 control, 1 treated), ``time``, ``status``,
            ``surrogate_time`` (the end of follow-up where the event was not seen) and ``surrogate_status``.

        Raises
        ------
        DataError
            If a patient neither dies nor is censored.
        """
        trial = self.draw(n, np.random.default_rng(check_seed(seed)))
        seen = np.isfinite(trial.surrogate)
        return pd.DataFrame(
            {
                "arm": trial.arm,
                "time": trial.time,
                "status": trial.died.astype(int),
                "surrogate_time": np.where(seen, trial.surrogate, trial.time),
                "surrogate_status": seen.astype(int),
            }
        )


@dataclass(frozen=True)
class Setting:
    """A process with the times at which it is looked at."""

    process: IllnessDeathTrial
    at: float
    landmark: float


def _markov(
    progression: Sequence[float], death: Sequence[float], after: Sequence[float], censoring: float = 0.08
) -> IllnessDeathTrial:
    control, treated = (IllnessDeath(*rates) for rates in zip(progression, death, after, strict=True))
    return IllnessDeathTrial(control, treated, censoring)


PROCESSES: Mapping[str, Setting] = {
    "A illness-death": Setting(_markov([1.0, 0.5], [0.10, 0.08], [0.55, 0.45]), 3.0, 1.0),
    "B strong surrogate": Setting(_markov([1.2, 0.5], [0.10, 0.10], [0.65, 0.65]), 3.0, 1.5),
    "C latent Weibull": Setting(
        IllnessDeathTrial(LatentWeibull(1.0, 1.5, 0.9, 0.5), LatentWeibull(1.7, 1.5, 1.05, 0.5), 0.08),
        3.0,
        1.0,
    ),
    "D weak surrogate": Setting(_markov([0.8, 0.7], [0.30, 0.10], [0.55, 0.25]), 3.0, 1.0),
    "E useless surrogate": Setting(_markov([1.0, 0.5], [0.45, 0.25], [0.45, 0.25]), 3.0, 1.0),
    "F heavy censoring": Setting(_markov([1.0, 0.5], [0.10, 0.08], [0.55, 0.45], 0.35), 3.0, 1.0),
}
"""Processes of the simulation study: in E death does not depend on progression; F is A with one in three followed
to t."""


def fit_illness_death(trial: Trial, n_pieces: int = 4) -> IllnessDeathTrial:
    """Fit piecewise constant hazards to a trial: events over time at risk in each piece.

    Parameters
    ----------
    trial : Trial
    n_pieces : int
        Pieces with as many events (surrogate events and deaths of both arms) in each.

    Returns
    -------
    IllnessDeathTrial
    """
    n_pieces = check_count("n_pieces", n_pieces, 1)
    ill = np.where(np.isfinite(trial.surrogate), trial.surrogate, trial.time)
    events = np.concatenate([ill[np.isfinite(trial.surrogate)], trial.time[trial.died]])
    shares = np.arange(1, n_pieces) / n_pieces
    breaks = np.unique(np.quantile(events, shares)) if len(events) else np.zeros(0)
    breaks = breaks[breaks > 0.0]
    arms, censoring = [], []
    for code in (0, 1):
        part = trial.take(trial.arm == code)
        seen = np.isfinite(part.surrogate)
        # where the surrogate event was looked for during less time, what comes after tells nothing of it
        watched = part.time if part.watched is None else np.minimum(part.watched, part.time)
        until = np.where(seen, part.surrogate, watched)
        dies = part.died & ~seen & (watched >= part.time)
        zero = np.zeros(len(part))
        arms.append(
            IllnessDeath(
                _occurrence(zero, until, seen, part.weight, breaks),
                _occurrence(zero, until, dies, part.weight, breaks),
                _occurrence(until, part.time, part.died & seen, np.where(seen, part.weight, 0.0), breaks),
            )
        )
        censoring.append(_occurrence(zero, part.time, ~part.died, part.weight, breaks))
    return IllnessDeathTrial(arms[0], arms[1], (censoring[0], censoring[1]))


def _occurrence(start: Array, stop: Array, event: NDArray[np.bool_], weight: Array, breaks: Array) -> Rates:
    """Events over exposure in each piece; 0 where nobody was at risk."""
    edges = np.concatenate([[0.0], breaks, [np.inf]])
    values = np.zeros(len(edges) - 1)
    for k, (low, high) in enumerate(pairwise(edges)):
        exposure = weight @ np.maximum(np.minimum(stop, high) - np.maximum(start, low), 0.0)
        inside = event & (stop > low) & (stop <= high)
        values[k] = weight[inside].sum() / exposure if exposure > 0.0 else 0.0
    return Rates(breaks, values)
