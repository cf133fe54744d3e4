"""Residual treatment effect of Parast, Cai and Tian: the model and its fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError, DataWarning, IdentificationError, IdentificationWarning
from statmodels_x.core.findings import Finding, announce
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice, check_count, check_jobs, check_number, check_seed
from statmodels_x.surrogate.fitting.findings import undefined
from statmodels_x.surrogate.fitting.proportions import Draws, Inference
from statmodels_x.surrogate.fitting.stopping import plan_stopping
from statmodels_x.surrogate.fitting.support import check_support
from statmodels_x.surrogate.residual.estimation import (
    Prepared,
    Problem,
    perturb_residual,
    prepare,
    residual_effects,
)
from statmodels_x.surrogate.residual.results import ResidualResults
from statmodels_x.surrogate.sample import Trial, read_trial
from statmodels_x.surrogate.specification import EFFECTS, Choice, check_times

MANY_OUTSIDE = 0.15
_SCALES = ("log", "identity", "normal")


class ResidualEffect:
    r"""Proportion of a treatment effect explained by a surrogate, from the residual effect of Parast, Cai and Tian.

    The residual effect :math:`\Delta_S` is the treatment effect that would remain if the surrogate information of
    the survivors at the landmark had the control arm's distribution in both arms. The proportion explained is
    :math:`R_S = 1 - \Delta_S/\Delta`. If the outcome is the restricted mean, it is called :math:`R_Q`. If
    survival to the landmark is the only information, it is :math:`R_T`. The difference of :math:`R_S` and
    :math:`R_T` is the incremental value of the surrogate.

    Parameters
    ----------
    formula : str
        Outcome and arm, such as ``"Surv(os_time, death) ~ arm"``.
    surrogate : str
        The surrogate. With ``kind="event"`` it is ``"Surv(pfs_time, progressed)"`` or a column of times, as for
        :class:`~statmodels_x.SurrogatePTE`. With ``kind="marker"`` it is the column of a marker that is measured
        at the landmark in the patients alive then.
    data : DataFrame
        One row per patient. A pandas, polars, pyarrow or Dask table, or a mapping of columns.
    at, landmark : float
        Time t of the outcome and landmark t0, in the unit of the times, with 0 < t0 <= t.
    effect : {"survival", "rmst"}
        The primary effect: the difference in survival at t, or the difference in restricted mean survival time up
        to t.
    kind : {"event", "marker"}
        Whether the surrogate is the time of an event or a marker.
    treated, control : optional
        Values of the arm column, as for :class:`~statmodels_x.SurrogatePTE`.
    weights : str or array_like, optional
        Nonnegative weights, which are treated as known. Rows with a weight of 0 are left out.
    time_unit : str, optional
        Name of the unit of time, for summaries and axes.

    Raises
    ------
    FormulaError, DataError
        If a formula, a column or an argument cannot be used.

    Warns
    -----
    DataWarning
        If rows are dropped because of missing values, or if many patients have exactly the times of another
        patient.

    References
    ----------
    Parast, Cai and Tian (2017), Evaluating surrogate marker information using censored data, Statistics in
    Medicine 36, 1767-1782.

    Parast, Tian and Cai (2020), Assessing the value of a censored surrogate outcome, Lifetime Data Analysis 26,
    245-265.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> colon = smx.datasets.load_colon()
    >>> model = smx.ResidualEffect(
    ...     "Surv(time_death / 365.25, status_death) ~ rx", "Surv(time_recur / 365.25, status_recur)", colon,
    ...     at=5, landmark=2, effect="rmst", treated="Lev+5FU", control="Obs", time_unit="years")
    >>> fit = model.fit(n_perturb=100)
    >>> round(fit.delta, 3)
    0.305
    """

    def __init__(
        self,
        formula: str,
        surrogate: str,
        data: Any,
        at: float,
        landmark: float,
        effect: str = "survival",
        kind: str = "event",
        treated: Any = None,
        control: Any = None,
        weights: str | ArrayLike | None = None,
        time_unit: str | None = None,
    ) -> None:
        self.at, self.landmark = check_times(at, landmark)
        self.effect = check_choice("effect", effect, EFFECTS, "ResidualEffect()")
        self.kind = check_choice("kind", kind, ("event", "marker"), "ResidualEffect()")
        self.formula, self.surrogate = formula, surrogate
        choice = Choice(
            formula, surrogate, treated, control, {"weights": weights}, time_unit, self.kind == "marker"
        )
        self.trial, self.facts = read_trial(choice, data)

    def fit(
        self,
        smoother: str = "kernel",
        curves: str = "step",
        scale: str | None = None,
        n_grid: int | None = None,
        bandwidth: float | None = None,
        n_perturb: int = 500,
        seed: int = 0,
        n_jobs: int = 1,
        progress: bool = False,
    ) -> ResidualResults:
        """Estimate the residual effect and the proportions explained.

        Parameters
        ----------
        smoother : {"kernel", "cox"}
            How the survival of treated patients given the surrogate is estimated: by kernel-weighted cumulative
            hazards, or by a proportional hazards model of the surrogate (semiparametric).
        curves : {"step", "linear"}
            Whether the Kaplan-Meier curves are step functions, or are interpolated linearly between the times of
            the data as in the authors' software.
        scale : {"log", "identity", "normal"}, optional
            Scale on which the surrogate is smoothed. The default is the logarithm for the time of an event, and
            the identity for a marker. ``"normal"`` maps the surrogate by a normal distribution function.
        n_grid : int, optional
            For restricted means, the number of intervals of the trapezoidal rule between the landmark and t (the
            authors' software takes 40). By default the step functions are integrated exactly.
        bandwidth : float, optional
            Bandwidth of the normal kernel, on the scale of smoothing. The default is Scott's bandwidth times
            n^-0.11.
        n_perturb : int
            Number of perturbed samples (exponential weights) for standard errors and intervals, at least 20.
        seed : int
            Seed of the perturbations.
        n_jobs : int
            Number of processes. The results do not depend on it.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        ResidualResults

        Raises
        ------
        DataError
            If an argument cannot be used.
        IdentificationError
            If the data hold too little at these times.

        Warns
        -----
        IdentificationWarning
            If the effect cannot be told from 0 or is negative, or if predictions had to be extrapolated because
            no treated patient has a similar surrogate value.
        DataWarning
            If the surrogate event was followed for a shorter time than survival.
        """
        check_choice("smoother", smoother, ("kernel", "cox"), "fit()")
        check_choice("curves", curves, ("step", "linear"), "fit()")
        if scale is None:
            scale = "log" if self.kind == "event" else "identity"
        check_choice("scale", scale, _SCALES, "fit()")
        n_grid = n_grid if n_grid is None else check_count("n_grid", n_grid, 2)
        n_perturb, seed = check_count("n_perturb", n_perturb, 20), check_seed(seed)
        if bandwidth is not None:
            bandwidth = check_number("bandwidth", bandwidth, low=0.0, high=np.inf)
        self._check_support(scale)
        trial = _in_order(self.trial)
        control, treated = (trial.take(trial.arm == code) for code in (0, 1))
        weights = (control.weight, treated.weight)
        prepared = prepare(
            Problem(
                arms=(control, treated),
                at=self.at,
                landmark=self.landmark,
                is_area=self.effect == "rmst",
                is_marker=self.kind == "marker",
                scale=scale,
                smoother=smoother,
                is_linear=curves == "linear",
                n_grid=n_grid,
                bandwidth=bandwidth,
            ),
            plan_stopping(trial, self.landmark),
        )
        point, n_borrowed = residual_effects(prepared, weights)
        replicates = perturb_residual(prepared, weights, n_perturb, seed, check_jobs(n_jobs), progress)
        inference = _infer(point, replicates)
        notes = tuple(_findings(inference, n_borrowed, prepared))
        announce(notes)
        return ResidualResults(
            inference=inference,
            formula=self.formula,
            surrogate=self.surrogate,
            at=self.at,
            landmark=self.landmark,
            effect=self.effect,
            kind=self.kind,
            smoother=smoother,
            facts=self.facts,
            findings=notes,
        )

    def _check_support(self, scale: str) -> None:
        trial, alive = self.trial, self.trial.time > self.landmark
        if self.kind == "event":
            check_support(trial, self.facts, self.at, self.landmark)
        else:
            measured = alive & np.isfinite(trial.surrogate)
            for code, arm in enumerate((self.facts.control, self.facts.treated)):
                if np.count_nonzero(measured & (trial.arm == code)) < 3:
                    raise IdentificationError(
                        f"landmark={self.landmark:g}: fewer than 3 subjects of arm {arm!r} are alive then with a value "
                        "of the surrogate."
                    )
                if not np.any((trial.arm == code) & (trial.time > self.at)):
                    raise IdentificationError(
                        f"at={self.at:g}: nobody in arm {arm!r} is followed beyond that time; choose an earlier `at`."
                    )
        finite = trial.surrogate[alive & np.isfinite(trial.surrogate)]
        if scale == "log" and np.any(finite <= 0.0):
            raise DataError(
                f"surrogate: '{self.facts.surrogate_name}' is 0 or negative in some rows, which has no logarithm; "
                'fit with scale="identity".'
            )

    def __repr__(self) -> str:
        return f"ResidualEffect({self.formula!r}, {self.surrogate!r}, at={self.at:g}, landmark={self.landmark:g})"


def _in_order(trial: Trial) -> Trial:
    """Return the control and then the treated arm, each by time with deaths before censorings at ties."""
    return trial.take(np.lexsort((~trial.died, trial.time, trial.arm)))


def _infer(point: Array, replicates: Array) -> Inference:
    def draws(row: list[float]) -> Draws:
        return float(point @ row), replicates @ np.array(row)

    return Inference(
        delta=draws([1.0, 0.0, 0.0]),
        numerators={
            "r_s": draws([1.0, -1.0, 0.0]),
            "r_t": draws([1.0, 0.0, -1.0]),
            "incremental_value": draws([0.0, -1.0, 1.0]),
        },
        others={"delta_s": draws([0.0, 1.0, 0.0]), "delta_t": draws([0.0, 0.0, 1.0])},
        given={},
        is_corrected=False,
    )


def _findings(inference: Inference, n_borrowed: int, prepared: Prepared) -> Iterator[Finding]:
    if not inference.is_defined:
        yield undefined(inference)
    elif inference.delta[0] < 0.0:
        yield Finding(
            "negative_effect", "delta is negative:", "swap `treated` and `control` to explain a benefit."
        )
    if n_borrowed:
        yield Finding(
            "borrowed",
            f"no treated subject is near the surrogate value of {n_borrowed} control subjects; their predictions "
            "were borrowed from the nearest value.",
        )
    elif prepared.n_outside:
        is_much = prepared.n_outside >= MANY_OUTSIDE * len(prepared.scaled[0])
        yield Finding(
            "extrapolated",
            f"the surrogate values of {prepared.n_outside} control subjects are further than three bandwidths from all "
            "treated ones; their predictions are extrapolated from the nearest.",
            "Choose a later landmark, or a wider `bandwidth`.",
            category=IdentificationWarning if is_much else None,
        )
    if prepared.stopping is not None:
        yield Finding(
            "stopping_weighted",
            "the surrogate event was followed for a shorter time than survival in some subjects. Those whose status at "
            "the landmark is unknown are represented by the others, weighted by the distribution of the stopping time "
            "in each arm.",
            category=DataWarning,
        )
