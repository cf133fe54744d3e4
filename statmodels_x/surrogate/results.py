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
        """Effect on the primary outcome: difference in survival at t, or in restricted mean survival time."""
        return float(self.params["delta"])

    @property
    def r_s(self) -> float:
        r"""Proportion explained by the residual effect, :math:`R_S = 1 - \Delta_S/\Delta` of Parast, Cai and Tian.

        :math:`\Delta_S` is the effect that would remain if the surrogate information of the survivors at the
        landmark had the control arm's distribution in both arms. For restricted means it is called :math:`R_Q`.
        """
        return float(self.params["r_s"])

    @property
    def r_t(self) -> float:
        r"""Proportion explained by survival to the landmark alone, :math:`R_T = 1 - \Delta_T/\Delta`.

        :math:`\Delta_T` is the residual effect given survival to the landmark, without the surrogate.
        """
        return float(self.params["r_t"])

    @property
    def incremental_value(self) -> float:
        """Proportion that the surrogate explains beyond survival to the landmark.

        It is ``pte - pte_primary`` for a PTE, and ``r_s - r_t`` for a residual effect.
        """
        return float(self.params["incremental_value"])

    def conf_int(self, alpha: float = 0.05, method: str = "fieller", kind: str | None = None) -> pd.DataFrame:
        """Compute confidence intervals of all estimates.

        Parameters
        ----------
        alpha : float
            One minus the confidence level: 0.05 gives 95 % intervals.
        method : {"fieller", "normal", "quantile"}
            ``"fieller"`` is Fieller's interval of a ratio. It is (-inf, inf) where the effect cannot be told from
            0 at the level ``alpha``. Quantities that are not ratios to Delta get the normal interval.
            ``"normal"`` is the estimate plus or minus a multiple of its standard error. ``"quantile"`` takes
            quantiles of the perturbed estimates.
        kind : str, optional
            Deprecated name of ``method``.

        Returns
        -------
        DataFrame
            Columns ``lower`` and ``upper``, indexed like ``params``. With ``"normal"`` and ``"quantile"`` the
            limits are NaN where a proportion is undefined.

        Raises
        ------
        DataError
            If ``alpha`` or ``method`` is not allowed.
        """
        method = check_choice("method", settle("method", method, "kind", kind), INTERVALS, "conf_int()")
        check_alpha(alpha)
        rows = {name: interval(self.inference, name, float(alpha), method) for name in self.names}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["lower", "upper"])

    def tidy(self, alpha: float = 0.05, method: str = "fieller", kind: str | None = None) -> pd.DataFrame:
        """Return the estimates with one row per quantity and the column names of R's broom.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.
        method : {"fieller", "normal", "quantile"}
            Kind of the intervals, as in :meth:`conf_int`.
        kind : str, optional
            Deprecated name of ``method``.

        Returns
        -------
        DataFrame
            Columns ``term``, ``estimate``, ``std.error``, ``statistic``, ``p.value``, ``conf.low`` and
            ``conf.high``. The statistic and the p-value belong to the interval. With ``"fieller"`` they are those
            of ``tvalues``. With ``"normal"`` the statistic is the estimate divided by its standard error (for
            ``overlap``, the distance from 1). With ``"quantile"`` they are NaN.
        """
        method = settle("method", method, "kind", kind)
        limits, statistic = self.conf_int(alpha, method), statistics(self, method)
        p_value = self.reference.two_sided(statistic)
        labels = pd.DataFrame({"term": list(self.names)})
        return tidy_frame(labels, self.params, self.bse, statistic, p_value, limits)


@dataclass(frozen=True, eq=False, kw_only=True)
class SurrogateResults(SurrogateFitted, ProportionResults):
    """Results of :meth:`SurrogatePTE.fit() <statmodels_x.SurrogatePTE.fit>`.

    The estimated quantities are ``pte``, ``delta``, ``pte_primary``, ``incremental_value``, ``r_s``, ``r_t`` and
    ``overlap``. Each has an entry in ``params``, ``bse`` and :meth:`conf_int`, and a property of its own that
    explains it.
    """

    def __repr__(self) -> str:
        asked = self.question
        return f"SurrogateResults(pte={self.pte:.4f}, at={asked.at:g}, landmark={asked.landmark:g}, n={self.nobs})"

    @property
    def pte(self) -> float:
        """Proportion of the treatment effect that the optimal transformation of the surrogate explains.

        It is NaN if the effect does not differ significantly from 0 (see ``is_defined``).
        """
        return float(self.params["pte"])

    @property
    def pte_given_shown(self) -> float:
        """PTE with a correction for being shown only where the effect differs significantly from 0.

        In trials that show their effect by a narrow margin the effect is too large on average, and ``pte`` is too
        small. This estimate replaces the effect by the one that is median-unbiased among such trials, and moves
        the explained part along with it. It has less bias and a larger error than ``pte``. It is NaN where the
        effect is not significant, or where the margin is so narrow that no proportion can be given.
        """
        return proportion_given_shown(self.inference)

    @property
    def pte_primary(self) -> float:
        """PTE of survival to the landmark alone, without the surrogate event."""
        return float(self.params["pte_primary"])

    @property
    def overlap(self) -> float:
        r"""Imbalance of the surrogate between the arms, :math:`E_0[L]\,\mu_1(t_0)/\mu_0(t_0)^2`.

        L is the ratio of the control arm's surrogate density to the treated arm's, and :math:`\mu_a(t_0)` is
        survival to the landmark in arm a. The imbalance is 1 where the survivors of both arms have the same
        distribution of the surrogate, and large where the distributions differ.
        """
        return float(self.params["overlap"])

    @cached_copy
    def transformation(self) -> pd.DataFrame:
        """The estimated transformation g with pointwise 95 % bands; see :meth:`transformation_bands`."""
        return self.transformation_bands()

    def transformation_bands(self, alpha: float = 0.05, simultaneous: bool = False) -> pd.DataFrame:
        """Return the estimated optimal transformation g with confidence bands.

        The transformation is learned from the whole sample. It predicts the primary outcome in the treated arm
        and is not clipped to [0, 1].

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the bands.
        simultaneous : bool
            Whether the bands hold at all surrogate times (and for g2) at once. By default they hold at each time
            by itself.

        Returns
        -------
        DataFrame
            One row per surrogate time for g1 (``stratum`` "event"), and a last row for g2, the value for patients
            without an event by the landmark (``stratum`` "no event", ``surrogate_time`` missing). The columns are
            ``stratum``, ``surrogate_time``, ``estimate``, ``std_error``, ``lower`` and ``upper``.
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
        """Estimate the PTE over a grid of times, with bands that hold over the whole grid.

        Parameters
        ----------
        ats : float or array_like, optional
            Times t of the primary outcome. The default is the time of the fit.
        landmarks : float or array_like, optional
            Landmark times t0. The default is eight equidistant landmarks up to the largest of ``ats``, beginning
            at an eighth of it. Pairs in which the landmark is later than the outcome are left out.
        n_perturb : int, optional
            Number of perturbed samples, which all pairs of times share. The default is the number of the fit.
        n_jobs : int
            Number of threads.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        LandmarkGrid

        Raises
        ------
        DataError
            If the times cannot be used, or if the result was loaded without its data.
        IdentificationError
            If no pair of times can be estimated.
        """
        return estimate_grid(LandmarkGrid, self, ats, landmarks, n_perturb, check_jobs(n_jobs), progress)

    def share_test(self, share: float) -> HypothesisTest:
        """Test the hypothesis that the surrogate explains at most a given share of the effect.

        The alternative is that it explains more. A claim about a share needs an effect, so both the share and the
        effect are tested, and the p-value is the larger of the two (an intersection-union test).

        Parameters
        ----------
        share : float
            The share, between 0 and 1.

        Returns
        -------
        HypothesisTest
            ``statistic`` and ``df`` belong to the explained part minus ``share`` times Delta, in the direction of
            the effect. This is the linear form that Fieller's interval inverts. ``p.share`` is its one-sided
            p-value, ``p.effect`` is the two-sided p-value of Delta, and ``p.value`` is the larger of these.
            ``share`` is the share that was tested.

        Raises
        ------
        DataError
            If ``share`` is not between 0 and 1.
        """
        return share_test(self, share)

    def by_group(
        self, alpha: float = 0.05, method: str = "fieller", n_jobs: int = 1, progress: bool = False
    ) -> tuple[pd.DataFrame, HypothesisTest]:
        """Estimate the PTE in each subgroup of the model's ``by``, and test whether it is the same in all.

        Each subgroup is estimated on its own.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.
        method : {"fieller", "normal", "quantile"}
            Kind of the intervals, as in :meth:`conf_int`.
        n_jobs : int
            Number of threads.
        progress : bool
            Whether to show a progress bar for each subgroup.

        Returns
        -------
        table : DataFrame
            One row per subgroup, with the columns ``group``, ``nobs``, ``delta``, ``delta_std_error``, ``pte``,
            ``std_error``, ``lower``, ``upper`` and ``is_defined``.
        test : HypothesisTest
            Test that all subgroups have the same ratio r of explained effect and effect. It uses the linear forms
            N_g - r Delta_g, so that the effect of a subgroup need not differ from 0. ``common.pte`` is the common
            r.

        Raises
        ------
        DataError
            If the model has no subgroups, or if the result was loaded without its data.
        IdentificationError
            If a subgroup holds too little to be estimated. The message names the subgroup.
        """
        check_choice("method", method, INTERVALS, "by_group()")
        fits = fit_groups(self, check_jobs(n_jobs), progress)
        return group_table(fits, check_alpha(alpha), method), equality_test(fits)

    def fitted_process(self, n_pieces: int = 4) -> IllnessDeathTrial:
        """Fit an illness-death process with piecewise constant hazards to the data of each arm.

        Parameters
        ----------
        n_pieces : int
            Number of pieces of time. Each piece holds about the same number of events (surrogate events and
            deaths of both arms).

        Returns
        -------
        IllnessDeathTrial
            A process to simulate from, to compute true values of, and to plan a trial with
            (:func:`statmodels_x.surrogate_power`).

        Raises
        ------
        DataError
            If the result was loaded without its data.
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
        """Simulate the precision of the PTE in planned trials, from the process fitted to these data.

        Parameters
        ----------
        n : int or sequence of int
            Number of patients in each arm.
        at, landmark : float, optional
            Time of the outcome and landmark. The defaults are those of the fit.
        effect, method : str, optional
            Effect and estimation method. The defaults are those of the fit.
        at_least, alpha, interval, n_repeats, n_perturb, seed, n_jobs, progress
            As in :func:`statmodels_x.surrogate_power`.

        Returns
        -------
        DataFrame
            One row per size; see :func:`statmodels_x.surrogate_power` for the columns.

        Raises
        ------
        DataError
            If an argument cannot be used, or if the result was loaded without its data.
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
        """Plot the transformation, or survival in both arms.

        Parameters
        ----------
        kind : {"transformation", "survival"}
            ``"transformation"`` draws the estimated g with its bands and a rug of the surrogate times.
            ``"survival"`` draws the Kaplan-Meier curves of the arms with the landmark and the effect at t.
        ax : matplotlib Axes, optional
            Axes to draw on. A new figure is made by default.
        alpha : float
            One minus the confidence level of the bands.
        simultaneous : bool
            Whether the bands of g hold at all times at once. Only for ``kind="transformation"``.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument does not belong to the kind, or if survival is to be drawn from a result that was
            loaded without its data.
        """
        from statmodels_x.surrogate import plots

        check_choice("kind", kind, ("transformation", "survival"), "plot()")
        if kind == "transformation":
            return plots.plot_transformation(self, alpha, simultaneous, ax)
        if simultaneous:
            raise DataError('plot: `simultaneous` belongs to kind="transformation".')
        return plots.plot_survival(self, alpha, ax)

    def summary(self, alpha: float = 0.05, method: str = "fieller", kind: str | None = None) -> Any:
        """Return tables of the design, the estimates, the diagnostics and the warnings.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.
        method : {"fieller", "normal", "quantile"}
            Kind of the intervals, as in :meth:`conf_int`.
        kind : str, optional
            Deprecated name of ``method``.

        Returns
        -------
        FitSummary
            Print it, or convert it with ``as_text()``, ``as_html()``, ``as_latex()``, ``as_markdown()`` or
            ``as_csv()``.
        """
        from statmodels_x.surrogate.tables import pte_summary

        method = settle("method", method, "kind", kind)
        return pte_summary(self, self.tidy(alpha, method), alpha, method)

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit.

        Returns
        -------
        DataFrame
            Columns ``at``, ``landmark``, ``effect``, ``method``, ``nobs``, ``deaths``, ``early.treated``,
            ``early.control`` (early surrogate events by arm), ``pte``, ``delta``, ``overlap``, ``n.perturb``,
            ``defined`` and ``note`` (the first warning).
        """
        from statmodels_x.surrogate.tables import pte_glance

        return pte_glance(self)
