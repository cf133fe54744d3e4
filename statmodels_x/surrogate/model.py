"""The public model class: formula, surrogate, data and times, checked; ``fit()``."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from statmodels_x.core.data.formula import Part, right_side
from statmodels_x.core.errors import DataError
from statmodels_x.core.findings import announce
from statmodels_x.core.validation import check_choice, check_count, check_jobs, check_number
from statmodels_x.surrogate.results import SurrogateResults
from statmodels_x.surrogate.sample import read_trial
from statmodels_x.surrogate.specification import (
    AFTER_END,
    EFFECTS,
    STOPPING,
    Choice,
    Question,
    Settings,
    check_settings,
    check_times,
)


class SurrogatePTE:
    r"""Proportion of the treatment effect on survival explained by a surrogate event (PTE).

    The surrogate event, such as progression, is read at a landmark time :math:`t_0`: for each patient who is
    still alive then, it is known whether the event has happened and when. The method looks for the optimal
    transformation :math:`g` of this information. It predicts survival beyond :math:`t` in the treated arm as well
    as possible, under two constraints: its mean in the control arm is right, :math:`E_0[g] = P(T_0 > t)`, and it
    is 0 for patients who have died. The PTE is the treatment effect on :math:`g` divided by the treatment effect
    on survival, :math:`\{E_1[g] - E_0[g]\}/\{P(T_1 > t) - P(T_0 > t)\}`.

    Parameters
    ----------
    formula : str
        Outcome and arm, such as ``"Surv(os_time, death) ~ arm"``. The left side is the time to death or
        censoring. The right side is the one column that tells the arms apart. Arithmetic is allowed, as in
        ``Surv(days / 365.25, died)``.
    surrogate : str
        The surrogate event, in one of two forms. The first is ``"Surv(pfs_time, progressed)"``; where
        ``progressed`` is 0, the time is that of the last follow-up, or missing. The second is the name of one
        column of times, which is missing, infinite or equal to the end of follow-up where the event was not seen.
        A death is not a surrogate event and must not be coded as one.
    data : DataFrame
        One row per patient. A pandas, polars, pyarrow or Dask table, or a mapping of columns. The partitions of a Dask
        frame are read where they are, and only the times, arms, weights and groups are brought together.
    at : float
        Time t of the primary outcome, in the unit of the times.
    landmark : float
        Time t0 at which the surrogate is read. It must be above 0 and at most ``at``.
    treated, control : optional
        Values of the arm column. If the column holds two numbers, or False and True, the larger one is the
        treated arm by default. If it holds two names, one of them must be given. If it holds more than two arms,
        both must be given, and the rows of the other arms are left out.
    weights : str or array_like, optional
        Nonnegative weights, such as inverse probabilities of treatment. They are treated as known. Rows with a
        weight of 0 are left out.
    effect : {"survival", "rmst"}
        The primary effect: the difference in survival at ``at``, or the difference in restricted mean survival
        time up to ``at``.
    propensity : str or array_like, optional
        Probability of the treated arm given covariates. The weights are 1/p in the treated arm and 1/(1 - p) in
        the control arm. A formula such as ``"~ age + stage"`` is fitted here by logistic regression, and fitted
        again in every perturbed sample, so that the standard errors allow for its estimation. A column or an
        array is treated as known. If it holds estimated probabilities, the standard errors are a little too
        large.
    strata : str or array_like, optional
        Groups within which survival, censoring and the distribution of the surrogate are estimated for each arm.
        The estimates of the arms are then averaged over the strata of the whole sample. Use it for stratified
        randomisation, for censoring that depends on the stratum, and to adjust for a confounder with few values.
    cluster : str or array_like, optional
        Groups of patients who may be dependent. All patients of a cluster get the same perturbation weight.
    id : str or array_like, optional
        Identifier of the patient. The data are checked to hold each patient once.
    time_unit : str, optional
        Name of the unit of time, for summaries and axes. By default it is read from ``data.attrs["units"]``.
    trim : float
        Propensities are held within [trim, 1 - trim], and the summary counts how many were held. Without strata,
        weights need not be stabilised: the estimates do not depend on a common factor of an arm's weights.
    stopping : str
        What to do for patients in whom the surrogate event was followed for a shorter time than survival.
        ``"arm"`` leaves out the patients whose surrogate status at the landmark is unknown, and weights the
        others by the distribution of the stopping time in each arm. A formula such as ``"~ age + stage"`` does
        the same with a proportional hazards model of the stopping time in each arm. ``"ignore"`` counts these
        patients as free of the event.
    after_end : {"error", "move", "drop"}
        What to do with surrogate events that are dated after the end of follow-up: raise an error, move them to
        the end of follow-up, or drop the rows.
    by : str or array_like, optional
        Subgroups that were fixed beforehand, for :meth:`SurrogateResults.by_group`.

    Raises
    ------
    FormulaError
        If a formula cannot be read or holds something that is not allowed.
    DataError
        If a column, an arm or an argument cannot be used, or if a surrogate time lies after the end of follow-up
        and ``after_end`` is "error".
    IdentificationError
        If the covariates of ``propensity`` separate the arms completely.

    Warns
    -----
    DataWarning
        If rows are dropped because of missing values, if surrogate events are moved to the end of follow-up, or
        if many patients have exactly the times of another patient.

    Notes
    -----
    Censoring must be independent of both events within each arm (and within each stratum, or as weighted). Only
    patients who are followed beyond t0 and t enter the densities. Censoring therefore enters through one
    Kaplan-Meier probability per arm and time.

    The closed form of g, its bounds and its relation to R_S were derived for this package. They agree with the
    authors' software where that software is free of its errors. See :doc:`/guide/surrogate` for how to use the
    model, and :doc:`/theory/surrogate` for the derivation.

    References
    ----------
    Wang, Cai, Tian and Parast (2025), Model-free approach to evaluate a censored intermediate outcome as a
    surrogate for overall survival, Statistics in Medicine 44, e70268.

    Parast, Cai and Tian (2017), Evaluating surrogate marker information using censored data, Statistics in
    Medicine 36, 1767-1782.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> colon = smx.datasets.load_colon()
    >>> model = smx.SurrogatePTE(
    ...     "Surv(time_death / 365.25, status_death) ~ rx", "Surv(time_recur / 365.25, status_recur)", colon,
    ...     at=5, landmark=2, treated="Lev+5FU", control="Obs", time_unit="years")
    >>> fit = model.fit()
    >>> round(fit.delta, 3)
    0.108
    >>> fit.pte > fit.pte_primary
    True
    """

    def __init__(
        self,
        formula: str,
        surrogate: str,
        data: Any,
        at: float,
        landmark: float,
        treated: Any = None,
        control: Any = None,
        weights: str | ArrayLike | None = None,
        effect: str = "survival",
        propensity: str | ArrayLike | None = None,
        strata: str | ArrayLike | None = None,
        cluster: str | ArrayLike | None = None,
        id: str | ArrayLike | None = None,
        time_unit: str | None = None,
        trim: float = 0.0,
        stopping: str = "arm",
        after_end: str = "error",
        by: str | ArrayLike | None = None,
    ) -> None:
        self.at, self.landmark = check_times(at, landmark)
        self.effect = check_choice("effect", effect, EFFECTS, "SurrogatePTE()")
        if time_unit is not None and not isinstance(time_unit, str):
            raise DataError(f"`time_unit` is {time_unit!r}; give the name of the unit, such as 'years'.")
        self.formula, self.surrogate = formula, surrogate
        columns = dict(weights=weights, propensity=propensity, strata=strata, cluster=cluster, id=id, by=by)
        parts = _parts(columns, stopping)
        trim = check_number("trim", trim, low=0.0, high=0.5, closed=True)
        if trim > 0.0 and propensity is None:
            raise DataError("`trim` holds propensities; give `propensity` too.")
        choice = Choice(
            formula,
            surrogate,
            treated,
            control,
            columns,
            time_unit,
            parts=parts,
            stopping="covariates" if "stopping" in parts else check_choice("stopping", stopping, STOPPING),
            after_end=check_choice("after_end", after_end, AFTER_END),
            trim=trim,
        )
        self.trial, self.facts = read_trial(choice, data)

    def fit(
        self,
        method: str = "crossfit",
        n_perturb: int = 500,
        seed: int = 0,
        n_folds: int = 5,
        n_splits: int = 3,
        bandwidth: float | None = None,
        bias_correction: bool | None = None,
        n_jobs: int = 1,
        progress: bool = False,
        keep_data: bool = False,
        thin_strata: str = "merge",
    ) -> SurrogateResults:
        """Estimate the PTE with its standard error and confidence interval.

        Parameters
        ----------
        method : {"crossfit", "full", "split"}
            How g is learned and evaluated. ``"crossfit"`` learns g on all folds but one and evaluates it on the
            fold that was left out; the result is averaged over folds and repeated splits. ``"full"`` learns and
            evaluates g on the same patients; it is a little less variable, and biased upward. ``"split"`` is the
            published estimator: it divides the sample into two random halves, estimates censoring in each, and
            averages the two ratios. It depends on ``seed`` and takes no bias correction.
        n_perturb : int
            Number of perturbed samples (exponential weights) for standard errors and intervals, at least 20.
        seed : int
            Seed of the folds and of the perturbations.
        n_folds : int
            Number of folds of ``"crossfit"``, from 2 to 50.
        n_splits : int
            Number of repeated splits into folds of ``"crossfit"``.
        bandwidth : float, optional
            Standard deviation of the normal kernel, on the scale of the ranks (0 to 1) of the early surrogate
            times of both arms. The default is 0.459 n^-0.26, where n is the effective number of early events. If
            there are at most 12 distinct times, each time is a bin of its own by default (neighbours are pooled
            where they hold few patients), and nothing is smoothed.
        bias_correction : bool, optional
            Whether the bias of order 1/n of the ratios is removed by Beale's ratio estimator. This bias comes
            from the error of Delta in the denominator. By default it is removed, except for ``"split"``.
        n_jobs : int
            Number of threads. The results do not depend on it.
        progress : bool
            Whether to show a progress bar.
        keep_data : bool
            Whether a pickled or saved result carries the data. After loading,
            :meth:`SurrogateResults.landmark_grid`, :meth:`SurrogateResults.by_group`,
            :meth:`SurrogateResults.fitted_process`, :meth:`SurrogateResults.power` and the plot of survival need
            them.
        thin_strata : {"merge", "drop", "error"}
            What to do with strata in which an arm is missing, or is not followed to the times asked for.
            ``"merge"`` puts them together, with the smallest of the other strata as far as needed. ``"drop"``
            leaves them out. ``"error"`` refuses to fit. Strata that were merged or left out are counted and
            named. If everyone in an arm died before then, survival is known to be 0 and the stratum is not thin.

        Returns
        -------
        SurrogateResults

        Raises
        ------
        DataError
            If an argument cannot be used.
        IdentificationError
            If the data hold too little at these times, for example nobody at risk at ``at`` or too few early
            events.

        Warns
        -----
        IdentificationWarning
            If the effect cannot be told from 0 (the PTE is then undefined) or is negative, if the surrogate times
            of the arms overlap weakly, or if the estimate rests on few events, few patients or few clusters.
        DataWarning
            If the surrogate was followed for a shorter time than survival, or if strata were merged or left out.
        """
        settings = check_settings(
            Settings(method, n_folds, n_splits, bandwidth, seed, bias_correction, thin_strata)
        )
        n_perturb = check_count("n_perturb", n_perturb, 20, most=1_000_000)
        asked = Question(
            self.formula, self.surrogate, self.at, self.landmark, self.effect, settings, n_perturb, seed
        )
        results = SurrogateResults.estimate(
            asked,
            self.trial,
            self.facts,
            n_jobs=check_jobs(n_jobs),
            progress=progress,
            keep_data=keep_data,
        )
        announce(results.findings)
        return results

    def __repr__(self) -> str:
        return (
            f"SurrogatePTE({self.formula!r}, {self.surrogate!r}, at={self.at:g}, landmark={self.landmark:g}, "
            f"n={len(self.trial)})"
        )


def _parts(columns: dict[str, Any], stopping: Any) -> dict[str, Part]:
    """Take the formulas among the arguments, which are no columns then."""
    parts = {}
    if isinstance(columns["propensity"], str) and "~" in columns["propensity"]:
        if columns["weights"] is not None:
            raise DataError("give `weights` or `propensity`, not both.")
        parts["propensity"] = right_side(columns["propensity"], "propensity")
        columns["propensity"] = None
    if isinstance(stopping, str) and "~" in stopping:
        parts["stopping"] = right_side(stopping, "stopping")
    return parts
