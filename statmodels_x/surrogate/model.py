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
    r"""Proportion of the treatment effect on survival that is explained by a surrogate event (PTE).

    For each patient who is alive at the landmark :math:`t_0` it is known whether and when the surrogate event (such as
    progression) happened. The optimal transformation :math:`g` of this information predicts survival beyond
    :math:`t` in the treated as well as possible, subject to the right mean in the controls,
    :math:`E_0[g] = P(T_0 > t)`, and to :math:`g = 0` after death. The effect on :math:`g` over the effect on
    survival is PTE :math:`= \{E_1[g] - E_0[g]\}/\{P(T_1 > t) - P(T_0 > t)\}`.

    Parameters
    ----------
    formula : str
        ``"Surv(os_time, death) ~ arm"``: time to death or censoring, and the one column that tells the arms
        apart. Arithmetic is allowed, such as ``Surv(days / 365.25, died)``.
    surrogate : str
        ``"Surv(pfs_time, progressed)"``: time of the surrogate event; where ``progressed`` is 0 the time is
        that of last follow-up or missing. Or one column of times, missing, infinite or equal to the end of
        follow-up where the event was not seen. A death is not a surrogate event and must not be coded as one.
    data : DataFrame
        pandas, polars, pyarrow, or a mapping of columns; one row per patient. Of a Dask frame each partition is read
        where it is, and only the times, arms, weights and groups come together.
    at : float
        Time t of the primary outcome, in the unit of the times.
    landmark : float
        Time t0 at which the surrogate is read, at most ``at``.
    treated, control : optional
        Values of the arm column. Of two numbers, or False and True, the larger is the treated by default; of two
        names one must be given; of more arms both, and the others are left out.
    weights : str or array_like, optional
        Weights, not negative, such as inverse probabilities of treatment. They are taken as known.
    effect : {"survival", "rmst"}
        The primary effect: difference in survival at ``at``, or in mean survival time up to ``at``.
    propensity : str or array_like, optional
        Probability of the treated arm given covariates: weights of 1/p in the treated and 1/(1 - p) in the
        controls. A formula ``"~ age + stage"`` is a logistic regression fitted here, and again in every
        perturbation, so that standard errors allow for it. A column or an array is taken as known, which for
        estimated probabilities makes standard errors a little too large.
    strata : str or array_like, optional
        Groups within which survival, censoring and surrogate distributions of each arm are estimated; the arms are then
        averaged over the strata of the whole sample. For stratified randomisation, for censoring that depends
        on the stratum, and to adjust for a confounder with few values.
    cluster : str or array_like, optional
        Groups within which subjects may be dependent: each shares its perturbation.
    id : str or array_like, optional
        Subjects, checked to stand in the data once.
    time_unit : str, optional
        Name of the unit of time, for summaries and axes; by default what ``data.attrs["units"]`` says.
    trim : float
        Propensities are held within [trim, 1 - trim]; the summary counts what was held. Weights are stabilised
        as they are: each arm's add up to its share.
    stopping : str
        What to do where the surrogate event was looked for during less time than survival: ``"arm"`` leaves out
        whom it is not known of at the landmark and weights the others by the distribution of the stopping time in
        each arm; a formula ``"~ age + stage"`` does so by a proportional-hazards model of it in each arm;
        ``"ignore"`` takes these subjects as without the event.
    after_end : {"error", "move", "drop"}
        What to do with surrogate events that are dated after the end of follow-up.
    by : str or array_like, optional
        Subgroups fixed beforehand, for :meth:`SurrogateResults.by_group`.

    Raises
    ------
    FormulaError
        If a formula cannot be read or holds what is not allowed.
    DataError
        If a column, an arm or an argument cannot be used, or a surrogate time lies after the end of follow-up.

    Warns
    -----
    DataWarning
        About dropped rows, surrogate follow-up that ended early, and copies of subjects.

    Notes
    -----
    Censoring must be independent of both events within each arm (and stratum, or as weighted). Only subjects
    followed beyond t0 and t enter the densities, so that censoring is one Kaplan-Meier scalar per arm and time.
    The closed form of g, its bounds and the identity with R_S were derived for this package; they agree with
    the authors' software where that is free of its errors.

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
        """Estimate PTE with its standard error and intervals.

        Parameters
        ----------
        method : {"crossfit", "full", "split"}
            ``"crossfit"`` learns g on all folds but one and evaluates it on that one, averaged over folds and
            splits. ``"full"`` learns and evaluates on the same subjects: a little less variable, biased upward.
            ``"split"`` is the published estimator: two random halves, censoring estimated in each, the mean of
            the two ratios; it depends on ``seed`` and takes no bias correction.
        n_perturb : int
            Replicates with exponential weights, for standard errors and intervals.
        seed : int
            Of the folds and the perturbations.
        n_folds, n_splits : int
            Folds and repeated splits of ``"crossfit"``.
        bandwidth : float, optional
            Standard deviation of the normal kernel over the ranks (0 to 1) of the early surrogate times of both
            arms. By default 0.459 n^-0.26 for n early events; few distinct times (at most 12) are bins of their
            own, not smoothed.
        bias_correction : bool, optional
            Whether ratios are freed of their bias of order 1/n (Beale's ratio estimator), which comes from the
            noise of Delta below the line. By default yes, except for ``"split"``.
        n_jobs : int
            Threads; the numbers do not depend on them.
        progress : bool
            Show a bar.
        keep_data : bool
            Whether a pickled result carries the data, which :meth:`SurrogateResults.landmark_grid` needs.
        thin_strata : {"merge", "drop", "error"}
            What to do with strata in which an arm is missing or not followed to the times asked: put them together
            (with the smallest others, as far as needed), leave them out, or refuse. Merged and left out strata are
            counted and named. Where all of an arm died by then, survival is known to be 0.

        Returns
        -------
        SurrogateResults

        Raises
        ------
        DataError
            If an argument cannot be used.
        IdentificationError
            If the data do not hold enough at these times: nobody at risk at ``at``, too few early events.

        Warns
        -----
        IdentificationWarning
            If the effect cannot be told from 0 (PTE is then undefined), is negative, or overlap is weak.
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
