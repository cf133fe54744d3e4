"""The public results classes: states with thin verbs over functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.deprecation import settle
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.handing_out import cached_copy
from statmodels_x.core.fits.hypotheses import HypothesisTest
from statmodels_x.core.fits.results import SummaryText, tidy_frame
from statmodels_x.core.validation import check_alpha, check_choice, check_jobs
from statmodels_x.surrogate.fitted import ProportionFitted, SurrogateFitted
from statmodels_x.surrogate.inference.groups import equality_test, fit_groups, group_table
from statmodels_x.surrogate.inference.hypotheses import share_test
from statmodels_x.surrogate.inference.intervals import interval, statistics
from statmodels_x.surrogate.inference.selection import proportion_given_shown
from statmodels_x.surrogate.inference.transformation import transformation_bands
from statmodels_x.surrogate.landmarks.estimation import estimate_grid
from statmodels_x.surrogate.landmarks.results import LandmarkGrid
from statmodels_x.surrogate.planning.simulate import IllnessDeathTrial
from statmodels_x.surrogate.specification import INTERVALS


@dataclass(frozen=True, eq=False, kw_only=True)
class ProportionResults(ProportionFitted, SummaryText):
    """The verbs that results about proportions of an effect share."""

    @property
    def delta(self) -> float:
        """Effect on the primary outcome: difference in survival at t, or in restricted mean survival."""
        return float(self.params["delta"])

    @property
    def r_s(self) -> float:
        """R_S = 1 - Delta_S/Delta of Parast, Cai and Tian (R_Q for restricted means)."""
        return float(self.params["r_s"])

    @property
    def r_t(self) -> float:
        """R_T = 1 - Delta_T/Delta, the same with survival to the landmark alone."""
        return float(self.params["r_t"])

    @property
    def incremental_value(self) -> float:
        """Proportion that the surrogate adds to survival: ``pte - pte_primary`` or ``r_s - r_t``."""
        return float(self.params["incremental_value"])

    def conf_int(self, alpha: float = 0.05, method: str = "fieller", kind: str | None = None) -> pd.DataFrame:
        """Confidence intervals of all estimates.

        Parameters
        ----------
        alpha : float
            Error rate: 0.05 gives 95 % intervals.
        method : {"fieller", "normal", "quantile"}
            Fieller's interval of a ratio, which is (-inf, inf) where the effect cannot be told from 0 at the
            level ``alpha`` (for quantities that are no ratios to Delta it is the normal one); estimate and
            standard error; or quantiles of the perturbed ratios.
        kind : str, optional
            Old name of ``method``.

        Returns
        -------
        DataFrame
            Indexed like ``params``, columns ``lower`` and ``upper``; NaN where a proportion is undefined.

        Raises
        ------
        DataError
            If ``alpha`` or ``method`` is none of these.
        """
        method = check_choice("method", settle("method", method, "kind", kind), INTERVALS, "conf_int()")
        check_alpha(alpha)
        rows = {name: interval(self.inference, name, float(alpha), method) for name in self.names}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["lower", "upper"])

    def tidy(self, alpha: float = 0.05, method: str = "fieller", kind: str | None = None) -> pd.DataFrame:
        """One row per quantity, with the column names of R's broom.

        Parameters
        ----------
        alpha : float
        method : {"fieller", "normal", "quantile"}
            Of the intervals.
        kind : str, optional
            Old name of ``method``.

        Returns
        -------
        DataFrame
            ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value``, ``conf.low``, ``conf.high``. Statistic
            and p-value belong to the interval: Fieller's are those of ``tvalues``, normal ones the estimate
            over its standard error; quantiles of replicates have none (NaN).
        """
        method = settle("method", method, "kind", kind)
        limits, statistic = self.conf_int(alpha, method), statistics(self, method)
        p_value = self.reference.two_sided(statistic)
        labels = pd.DataFrame({"term": list(self.names)})
        return tidy_frame(labels, self.params, self.bse, statistic, p_value, limits)


@dataclass(frozen=True, eq=False, kw_only=True)
class SurrogateResults(SurrogateFitted, ProportionResults):
    """A fitted :class:`~statmodels_x.SurrogatePTE`.

    Its quantities are ``pte``, ``delta``, ``pte_primary``, ``incremental_value``, ``r_s``, ``r_t`` and ``overlap``.
    """

    def __repr__(self) -> str:
        asked = self.question
        return f"SurrogateResults(pte={self.pte:.4f}, at={asked.at:g}, landmark={asked.landmark:g}, n={self.nobs})"

    @property
    def pte(self) -> float:
        """Proportion of the treatment effect that the optimal transformation of the surrogate explains.

        NaN if the effect does not differ significantly from 0 (``is_defined``).
        """
        return float(self.params["pte"])

    @property
    def pte_given_shown(self) -> float:
        """PTE, allowing for its being shown only where the effect differs from 0.

        Among trials that show their effect by a narrow margin ``pte`` is too small, because their effect is too
        large. Here the effect is the median-unbiased one among such trials, and the explained part follows it: less
        bias, and a larger error. NaN where the margin is so narrow that nothing can be said.
        """
        return proportion_given_shown(self.inference)

    @property
    def pte_primary(self) -> float:
        """PTE of survival to the landmark alone, without the surrogate event."""
        return float(self.params["pte_primary"])

    @property
    def overlap(self) -> float:
        """Imbalance E_0[L] mu_1(t0)/mu_0(t0)^2 of the surrogate: 1 where the arms agree, large if they differ."""
        return float(self.params["overlap"])

    @cached_copy
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
        return transformation_bands(self, alpha, simultaneous)

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
        return estimate_grid(LandmarkGrid, self, ats, landmarks, n_perturb, check_jobs(n_jobs), progress)

    def share_test(self, share: float) -> HypothesisTest:
        """Test that the surrogate explains at most a share of the effect, against more.

        Parameters
        ----------
        share : float
            Between 0 and 1.

        Returns
        -------
        HypothesisTest
            ``statistic`` and ``df`` of E[explained] - share Delta in the direction of the effect, the linear form
            of Fieller; ``share``, its one-sided ``p.share``, the two-sided ``p.effect`` of Delta itself, and
            ``p.value``, the larger of the two: without an effect no share of it can be claimed
            (intersection-union).
        """
        return share_test(self, share)

    def by_group(
        self, alpha: float = 0.05, method: str = "fieller", n_jobs: int = 1, progress: bool = False
    ) -> tuple[pd.DataFrame, HypothesisTest]:
        """PTE in the subgroups of the model's ``by``, each estimated on its own, and a test that it is the same.

        Parameters
        ----------
        alpha : float
        method : {"fieller", "normal", "quantile"}
            Of the intervals.
        n_jobs : int
            Threads.
        progress : bool
            Show a bar for each subgroup.

        Returns
        -------
        table : DataFrame
            ``group``, ``nobs``, ``delta``, ``delta_std_error``, ``pte``, ``std_error``, ``lower``, ``upper``,
            ``is_defined``.
        test : HypothesisTest
            Of the linear forms N_g - r Delta_g with a common r, which needs no subgroup's effect to differ from 0;
            ``common.pte`` is that r.

        Raises
        ------
        DataError
            If the model has no subgroups, or the result was loaded without its data.
        IdentificationError
            If a subgroup does not hold enough, with its label.
        """
        check_choice("method", method, INTERVALS, "by_group()")
        fits = fit_groups(self, check_jobs(n_jobs), progress)
        return group_table(fits, check_alpha(alpha), method), equality_test(fits)

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
        from statmodels_x.surrogate.planning.simulate import fit_illness_death

        return fit_illness_death(self.need_sample("fitted_process()"), n_pieces)

    def power(
        self,
        n: int | Sequence[int],
        at: float | None = None,
        landmark: float | None = None,
        effect: str | None = None,
        method: str | None = None,
        at_least: float = 0.5,
        alpha: float = 0.05,
        interval: str = "fieller",
        n_repeats: int = 200,
        n_perturb: int = 200,
        seed: int = 0,
        n_jobs: int = 1,
        progress: bool = False,
    ) -> pd.DataFrame:
        """Precision of PTE at planned sizes, simulated from the process fitted to these data.

        Parameters
        ----------
        n : int or sequence of int
            Subjects in each arm.
        at, landmark : float, optional
            The fit's own by default.
        effect, method : str, optional
            The fit's own by default.
        at_least, alpha, interval, n_repeats, n_perturb, seed, n_jobs, progress
            As in :func:`statmodels_x.surrogate_power`.

        Returns
        -------
        DataFrame
            See :func:`statmodels_x.surrogate_power`.
        """
        from statmodels_x.surrogate.planning.power import surrogate_power

        asked = self.question
        return surrogate_power(
            self.fitted_process(),
            n,
            at=asked.at if at is None else at,
            landmark=asked.landmark if landmark is None else landmark,
            effect=asked.effect if effect is None else effect,
            method=asked.settings.method if method is None else method,
            at_least=at_least,
            alpha=alpha,
            interval=interval,
            n_repeats=n_repeats,
            n_perturb=n_perturb,
            seed=seed,
            n_jobs=n_jobs,
            progress=progress,
        )

    def plot(
        self, kind: str = "transformation", ax: Any = None, alpha: float = 0.05, simultaneous: bool = False
    ) -> Any:
        """Draw the result.

        Parameters
        ----------
        kind : {"transformation", "survival"}
            The estimated g with its bands and a rug of surrogate times; or survival by arm (Kaplan-Meier) with
            the landmark and the effect at t.
        ax : matplotlib Axes, optional
        alpha : float
            Error rate of the bands.
        simultaneous : bool
            Whether the bands of g hold at all times at once.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.surrogate import plots

        check_choice("kind", kind, ("transformation", "survival"), "plot()")
        if kind == "transformation":
            return plots.plot_transformation(self, alpha, simultaneous, ax)
        if simultaneous:
            raise DataError('plot: `simultaneous` belongs to kind="transformation".')
        return plots.plot_survival(self, alpha, ax)

    def summary(self, alpha: float = 0.05, method: str = "fieller", kind: str | None = None) -> Any:
        """Tables of the question, the estimates, the evidence and the warnings.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.
        method : {"fieller", "normal", "quantile"}
            Of the intervals.
        kind : str, optional
            Old name of ``method``.

        Returns
        -------
        statsmodels.iolib.summary.Summary
            ``as_text()``, ``as_html()``, ``as_latex()``, ``as_csv()``.
        """
        from statmodels_x.surrogate.tables import pte_summary

        method = settle("method", method, "kind", kind)
        return pte_summary(self, self.tidy(alpha, method), alpha, method)

    def glance(self) -> pd.DataFrame:
        """One row about the fit.

        Returns
        -------
        DataFrame
            ``at``, ``landmark``, ``effect``, ``method``, ``nobs``, ``deaths``, ``early.treated``,
            ``early.control``, ``pte``, ``delta``, ``overlap``, ``n.perturb``, ``defined`` and ``note``.
        """
        from statmodels_x.surrogate.tables import pte_glance

        return pte_glance(self)
