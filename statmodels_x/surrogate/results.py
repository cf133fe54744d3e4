"""Estimates -> inference, tables and pictures: thin methods over functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.reference import NORMAL
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_number
from statmodels_x.surrogate import intervals
from statmodels_x.surrogate.estimation import Batch
from statmodels_x.surrogate.perturbation import Settings
from statmodels_x.surrogate.proportions import ProportionResults
from statmodels_x.surrogate.quantities import column
from statmodels_x.surrogate.sample import Trial, TrialFacts

if TYPE_CHECKING:
    from statmodels_x.surrogate.diagnostics import Diagnostics
    from statmodels_x.surrogate.landmarks import LandmarkGrid
    from statmodels_x.surrogate.simulate import IllnessDeathTrial


@dataclass(frozen=True)
class Question:
    """What was asked: formula, times, outcome and estimator.

    Attributes
    ----------
    formula, surrogate : str
    at, landmark : float
    effect : {"survival", "rmst"}
    settings : Settings
    n_perturb, seed : int
    """

    formula: str
    surrogate: str
    at: float
    landmark: float
    effect: str
    settings: Settings
    n_perturb: int
    seed: int


@dataclass(frozen=True, eq=False)
class SurrogateResults(ProportionResults):
    """A fitted :class:`~statmodels_x.SurrogatePTE`.

    Attributes
    ----------
    question : Question
        What was asked.
    names, inference
        See :class:`ProportionResults`: the quantities are ``pte``, ``delta``, ``pte_primary``,
        ``incremental_value``, ``r_s``, ``r_t`` and ``overlap``.
    point, replicates : Batch
        The sums behind them, of the sample and of the perturbed samples.
    points : ndarray of shape (m,)
        Surrogate times at which g is known, in the unit of the data.
    facts : TrialFacts
        Counts of rows, arms, events and dropped rows.
    diagnostics : Diagnostics
        Counts by arm, the constraint on g, the conditions for a PTE within [0, 1], bandwidth.
    warnings : tuple of str
        What a reader must know; empty for an untroubled estimate.
    """

    question: Question
    point: Batch = field(repr=False)
    replicates: Batch = field(repr=False)
    points: Array = field(repr=False)
    facts: TrialFacts = field(repr=False)
    diagnostics: Diagnostics = field(repr=False)
    warnings: tuple[str, ...] = field(repr=False)
    sample: Trial | None = field(repr=False)
    keep_data: bool = field(repr=False)

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name in self.__dataclass_fields__}
        return state if self.keep_data else {**state, "sample": None}

    def __repr__(self) -> str:
        asked = self.question
        return f"SurrogateResults(pte={self.pte:.4f}, at={asked.at:g}, landmark={asked.landmark:g}, n={self.nobs})"

    @property
    def pte(self) -> float:
        """Proportion of the treatment effect that the optimal transformation of the surrogate explains.

        NaN where the effect cannot be told from 0: there is nothing to explain (``is_defined``).
        """
        return float(self.params["pte"])

    @property
    def delta(self) -> float:
        """Effect on the primary outcome: difference in survival at t, or in restricted mean survival."""
        return float(self.params["delta"])

    @property
    def pte_primary(self) -> float:
        """PTE of survival to the landmark alone, without the surrogate event."""
        return float(self.params["pte_primary"])

    @property
    def incremental_value(self) -> float:
        """What the surrogate event adds: ``pte - pte_primary``."""
        return float(self.params["incremental_value"])

    @property
    def r_s(self) -> float:
        """R_S = 1 - Delta_S/Delta of Parast, Cai and Tian, with the same information at the landmark."""
        return float(self.params["r_s"])

    @property
    def r_t(self) -> float:
        """R_T, the same with survival to the landmark alone."""
        return float(self.params["r_t"])

    @property
    def overlap(self) -> float:
        """Overlap c = E_0[L] mu_1(t0)/mu_0(t0)^2, 1 where the arms' surrogate laws agree; large: weak overlap."""
        return float(self.params["overlap"])

    @property
    def raw_ratio(self) -> float:
        """Explained effect over effect as they stand: no bias correction, given even where it means nothing."""
        if "pte" in self.inference.given:
            return self.inference.given["pte"][0]
        return self.inference.numerators["pte"][0] / self.inference.delta[0]

    @property
    def nobs(self) -> int:
        """Number of subjects used."""
        return self.facts.used

    # ---- the transformation

    @cached_property
    def transformation(self) -> pd.DataFrame:
        """The estimated g with pointwise 95 % bands; see :meth:`transformation_bands`."""
        return self.transformation_bands()

    def transformation_bands(self, alpha: float = 0.05, simultaneous: bool = False) -> pd.DataFrame:
        """Return the estimated optimal transformation g with bands.

        Parameters
        ----------
        alpha : float
        simultaneous : bool
            Whether the bands hold at all surrogate times (and for g2) at once.

        Returns
        -------
        DataFrame
            One row for each surrogate time with g1 (``stratum`` "event"), and a last row with g2 for those
            without an event by the landmark (``stratum`` "no event", ``surrogate_time`` missing). Columns
            ``stratum``, ``surrogate_time``, ``estimate``, ``std_error``, ``lower``, ``upper``. Learned from the
            whole sample; g is a prediction of the primary outcome in the treated, and not clipped to [0, 1].
        """
        point, many = self.point, self.replicates
        estimate = np.append(point.g1[0], column(point.values[0], "g2"))
        replicates = np.column_stack([many.g1, column(many.values, "g2")])
        error = np.array([intervals.mad_scale(values) for values in replicates.T])
        z = NORMAL.quantile(alpha)
        if simultaneous:
            z = intervals.simultaneous_factor(estimate, replicates, error, alpha)
        return pd.DataFrame(
            {
                "stratum": ["event"] * len(self.points) + ["no event"],
                "surrogate_time": np.append(self.points, np.nan),
                "estimate": estimate,
                "std_error": error,
                "lower": estimate - z * error,
                "upper": estimate + z * error,
            }
        )

    # ---- other times

    def landmark_grid(
        self,
        ats: ArrayLike | None = None,
        landmarks: ArrayLike | None = None,
        n_perturb: int | None = None,
        n_jobs: int = 1,
        progress: bool = False,
    ) -> LandmarkGrid:
        """PTE over a grid of times, with bands that hold over the whole grid.

        Parameters
        ----------
        ats : float or array_like, optional
            Times of the primary outcome; the fit's own by default.
        landmarks : float or array_like, optional
            Landmarks; eight from an eighth of the largest ``ats`` to the largest by default. Pairs with a
            landmark after the outcome are left out.
        n_perturb : int, optional
            Perturbed replicates, common to all pairs; as many as in the fit by default.
        n_jobs : int
            Threads.
        progress : bool
            Show a bar.

        Returns
        -------
        LandmarkGrid

        Raises
        ------
        DataError
            If the times cannot be used, or the result was loaded without its data.
        IdentificationError
            If no pair can be estimated.
        """
        from statmodels_x.surrogate.landmarks import landmark_grid

        return landmark_grid(self, self.need_sample(), ats, landmarks, n_perturb, n_jobs, progress)

    def need_sample(self) -> Trial:
        """Return the data of the fit; DataError where they were not kept."""
        if self.sample is None:
            raise DataError(
                "this result was loaded without its data; fit with keep_data=True to take them along."
            )
        return self.sample

    def fitted_process(self, n_pieces: int = 4) -> IllnessDeathTrial:
        """Illness-death process with piecewise constant hazards, fitted to the data of both arms.

        Parameters
        ----------
        n_pieces : int
            Pieces of time, with as many events of both arms in each.

        Returns
        -------
        IllnessDeathTrial
            To simulate from, for true values, and for planning (:func:`statmodels_x.surrogate_power`).
        """
        from statmodels_x.surrogate.simulate import fit_illness_death

        return fit_illness_death(self.need_sample(), n_pieces)

    def power(self, n: Sequence[int], **how: Any) -> pd.DataFrame:
        """Precision of PTE at planned sizes, simulated from the process fitted to these data.

        Parameters
        ----------
        n : sequence of int
            Subjects in each arm.
        **how
            As in :func:`statmodels_x.surrogate_power`; times and method are the fit's own by default.

        Returns
        -------
        DataFrame
            See :func:`statmodels_x.surrogate_power`.
        """
        from statmodels_x.surrogate.power import surrogate_power

        asked = self.question
        own = {
            "at": asked.at,
            "landmark": asked.landmark,
            "effect": asked.effect,
            "method": asked.settings.method,
        }
        return surrogate_power(self.fitted_process(), n=n, **{**own, **how})

    # ---- tables and pictures

    def plot(self, kind: str = "transformation", ax: Any = None, **options: Any) -> Any:
        """Draw the result.

        Parameters
        ----------
        kind : {"transformation", "survival"}
            The estimated g with its bands and a rug of surrogate times; or survival by arm (Kaplan-Meier) with
            the landmark and the effect at t.
        ax : matplotlib Axes, optional
        **options
            ``alpha`` (error rate of the bands) and, for the transformation, ``simultaneous``.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.surrogate import plots

        check_choice("kind", kind, ("transformation", "survival"), "plot()")
        draw = plots.plot_transformation if kind == "transformation" else plots.plot_survival
        return draw(self, ax=ax, **options)

    def summary(self, alpha: float = 0.05, kind: str = "fieller") -> Any:
        """Tables of the question, the estimates, the evidence and the warnings.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.
        kind : {"fieller", "normal", "quantile"}
            Kind of the intervals.

        Returns
        -------
        statsmodels.iolib.summary.Summary
            ``as_text()``, ``as_html()``, ``as_latex()``, ``as_csv()``.
        """
        from statmodels_x.surrogate.tables import summary_tables

        return summary_tables(self, alpha, kind)

    def glance(self) -> pd.DataFrame:
        """One row about the fit.

        Returns
        -------
        DataFrame
            ``at``, ``landmark``, ``effect``, ``method``, ``nobs``, ``deaths``, ``early.treated``,
            ``early.control``, ``pte``, ``delta``, ``overlap``, ``n.perturb``, ``defined`` and ``note``.
        """
        asked, early = self.question, self.diagnostics.counts.loc["early events"]
        return pd.DataFrame(
            {
                "at": [asked.at],
                "landmark": [asked.landmark],
                "effect": [asked.effect],
                "method": [asked.settings.method],
                "nobs": [self.nobs],
                "deaths": [sum(self.facts.deaths.values())],
                "early.treated": [int(early["treated"])],
                "early.control": [int(early["control"])],
                "pte": [self.pte],
                "delta": [self.delta],
                "overlap": [self.overlap],
                "n.perturb": [asked.n_perturb],
                "defined": [self.is_defined],
                "note": [self.warnings[0] if self.warnings else ""],
            }
        )

    def share_test(self, share: float) -> pd.Series:
        """Test that the surrogate explains less than a share of the effect, against at least that share.

        Parameters
        ----------
        share : float
            Between 0 and 1.

        Returns
        -------
        Series
            ``share``, ``statistic`` and one-sided ``p.value`` of E[explained] - share Delta, the linear form of
            Fieller: no ratio is taken, so that it also holds where Delta is uncertain.
        """
        share = check_number("share", share, low=0.0, high=1.0, closed=True)
        covariance, contrast = self.inference.covariance("pte"), np.array([1.0, -share])
        gap = float(contrast @ [self.inference.numerators["pte"][0], self.inference.delta[0]])
        error = float(np.sqrt(contrast @ covariance @ contrast))
        z = gap / error if error > 0.0 else np.nan
        from scipy import stats

        return pd.Series({"share": share, "statistic": z, "p.value": float(stats.norm.sf(z))})
