"""Association of the two times of one subject: whether an early surrogate event means an early death."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.formula import split_formula
from statmodels_x.core.data.frames import as_pandas
from statmodels_x.core.data.model_frame import build_frame
from statmodels_x.core.errors import IdentificationError
from statmodels_x.core.findings import Finding, announce
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.fits.results import Fitted, SummaryText
from statmodels_x.core.fits.tables import summary
from statmodels_x.core.resampling import percentile_limits, replicate
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import (
    check_alpha,
    check_choice,
    check_count,
    check_jobs,
    check_number,
    check_seed,
)
from statmodels_x.surrogate.reading import arms, events
from statmodels_x.surrogate.reading.rows import FUNCTIONS, check_any_time, rows_of
from statmodels_x.surrogate.specification import AFTER_END, Choice
from statmodels_x.surrogate.tables import estimate_block
from statmodels_x.surrogate.trial_level.association_estimation import (
    Exposure,
    death_ratio,
    expose,
    kendall,
    kendall_within,
    sojourn_test,
    two_sided,
)

QUANTITIES = ("tau", "tau_horizon", "overlap_only", "hazard_ratio")
_LABELS = {
    "tau": "tau",
    "tau_horizon": "tau, deaths by the horizon",
    "overlap_only": "tau if progression meant nothing",
    "hazard_ratio": "death hazard after / before",
}
_LEAST = 5
_BATCH = 50


class EventAssociation:
    """Kendall's tau of the time of a surrogate event (or death) and the time of death, by arm, in one trial.

    The first of the two times is progression-free survival: the surrogate event or death, whichever comes first.
    Death cuts progression off, and a patient who dies without progression has two equal times. For this reason
    tau is not 0 if progression means nothing for death. The results therefore give two more numbers: the tau that
    would be seen in that case, and the ratio of the death hazards after and before progression, which would then
    be 1.

    Parameters
    ----------
    outcome : str
        Outcome and arm, such as ``"Surv(os_time, death) ~ arm"``. With ``~ 1`` all patients are analysed
        together, and the association then includes the effect of the treatment.
    surrogate : str
        ``"Surv(pfs_time, progressed)"`` or a column of times, as for :class:`~statmodels_x.SurrogatePTE`. Deaths
        that are coded as events of a composite endpoint are recognised.
    data : DataFrame
        One row per patient. A pandas, polars or pyarrow table, or a mapping of columns.
    horizon : float, optional
        Horizon of the second tau, which compares the pairs of patients whose first death falls by the horizon,
        and so extrapolates nothing. The default is the smallest of the arms' last death times.
    after_end : {"error", "move", "drop"}
        What to do with surrogate events that are dated after the end of follow-up: raise an error, move them to
        the end of follow-up, or drop the rows.

    Raises
    ------
    FormulaError, DataError
        If a formula, a column or an argument cannot be used.
    IdentificationError
        If an arm has fewer than five surrogate events or five deaths, or if nobody dies after ``horizon`` in an
        arm.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> colon = smx.datasets.load_colon()
    >>> model = smx.EventAssociation("Surv(time_death / 365.25, status_death) ~ rx",
    ...                              "Surv(time_recur / 365.25, status_recur)", colon, horizon=5)
    >>> fit = model.fit(n_perturb=50)
    >>> round(float(fit.table.loc["Obs", "tau"]), 2)
    0.79
    """

    def __init__(
        self, outcome: str, surrogate: str, data: Any, horizon: float | None = None, after_end: str = "error"
    ) -> None:
        self.outcome, self.surrogate = outcome, surrogate
        check_choice("after_end", after_end, AFTER_END, "EventAssociation()")
        frame = as_pandas(data)
        response, part = split_formula(outcome)
        has_arms = any(str(term) != "1" for term in part.formula)
        choice = Choice(outcome, surrogate, None, None, {}, None, after_end=after_end)
        read = events.evaluate_surrogate(choice, frame)
        beside: dict[str, Any] = {"seen": read.seen, "until": read.until}
        if has_arms:
            beside["arm"] = arms.arm_column(part, outcome)
        rows = rows_of(build_frame(frame, response, {}, beside, FUNCTIONS), read)
        survival = rows.survival
        check_any_time(survival)
        keep = np.isfinite(survival.time)
        settled = events.settle(choice, rows.surrogate, survival, keep)
        keep &= ~settled.lost
        self.dropped = rows.n_rows - int(keep.sum())
        groups = pd.Series(rows.columns["arm"] if has_arms else np.full(len(keep), "all"))[keep]
        self.labels = [str(label) for label in sorted(pd.unique(groups), key=str)]
        self._parts = {
            str(label): (
                survival.time[keep][groups == label],
                survival.died[keep][groups == label],
                settled.seen[keep][groups == label],
                None if settled.watched is None else settled.watched[keep][groups == label],
            )
            for label in pd.unique(groups)
        }
        for label, (_, died, seen, _) in self._parts.items():
            n_seen, n_died = int(np.isfinite(seen).sum()), int(died.sum())
            if n_seen < _LEAST or n_died < _LEAST:
                raise IdentificationError(
                    f"EventAssociation: arm {label} has {n_seen} surrogate events and {n_died} deaths; at least "
                    f"{_LEAST} of each are needed."
                )
        self.horizon = self._horizon(horizon)

    def _horizon(self, given: float | None) -> float:
        last = min(float(time[died].max()) for time, died, _, _ in self._parts.values())
        if given is None:
            return last
        horizon = check_number("horizon", given, low=0.0, high=np.inf)
        if horizon > last:
            raise IdentificationError(
                f"horizon={horizon:g}: in an arm nobody died after {last:g}; choose an earlier horizon."
            )
        return horizon

    def fit(
        self, n_pieces: int = 4, n_perturb: int = 500, seed: int = 0, n_jobs: int = 1, progress: bool = False
    ) -> EventAssociationResults:
        """Fit an illness-death process with piecewise constant hazards to each arm.

        Parameters
        ----------
        n_pieces : int
            Number of pieces of time. Each holds about the same number of events (surrogate events and deaths of
            all arms). The hazards of the last piece are extrapolated without end.
        n_perturb : int
            Number of perturbed samples (exponential weights) for standard errors and intervals, at least 20.
        seed : int
            Seed of the perturbations.
        n_jobs : int
            Number of threads. The results do not depend on it.
        progress : bool
            Whether to show a progress bar.

        Returns
        -------
        EventAssociationResults

        Raises
        ------
        DataError
            If an argument cannot be used.
        """
        n_pieces, n_perturb = check_count("n_pieces", n_pieces, 1), check_count("n_perturb", n_perturb, 20)
        seed, n_jobs = check_seed(seed), check_jobs(n_jobs)
        found: list[tuple[str, Array, Array]] = []
        notes: list[Finding] = []
        parts = self._parts.values()
        moments = np.concatenate(
            [np.append(seen[np.isfinite(seen)], time[died]) for time, died, seen, _ in parts]
        )
        breaks = np.unique(np.quantile(moments, np.arange(1, n_pieces) / n_pieces))
        for label in self.labels:
            time, died, seen, watched = self._parts[label]
            exposure = expose(time, died, seen, watched, breaks[breaks > 0.0])
            point = quantities(exposure, np.ones((1, len(time))), self.horizon)[0]
            task = partial(_perturbed, exposure=exposure, horizon=self.horizon, n=len(time))
            batches = -(-n_perturb // _BATCH)
            draws = replicate(task, batches, seed=seed, n_jobs=n_jobs, progress=progress, prefer="threads")
            many = np.concatenate(draws)[:n_perturb]
            point.flags.writeable = many.flags.writeable = False
            found.append((label, point, many))
            z, ratio = sojourn_test(exposure, time)
            if abs(z) > 1.96:
                notes.append(
                    Finding(
                        "sojourn",
                        f"in arm {label} death after the event depends on the time since (hazard ratio late to early "
                        f"{ratio:.2f}, p {two_sided(z):.3g}); the fitted process lets it depend on the time since the "
                        "start only.",
                        category=None,
                    )
                )
        sizes = tuple((label, len(self._parts[label][0])) for label in self.labels)
        announce(notes)
        return EventAssociationResults(
            findings=tuple(notes), outcome=self.outcome, surrogate=self.surrogate, horizon=self.horizon,
            estimates=tuple(found), sizes=sizes, dropped=self.dropped,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"EventAssociation({self.outcome!r}, {self.surrogate!r}, horizon={self.horizon:g})"


def quantities(exposure: Exposure, weight: Array, horizon: float) -> Array:
    """Compute ``QUANTITIES`` under weights of shape (B, n): an array of shape (B, 4)."""
    a, b, c = exposure.hazards(weight)
    breaks = exposure.breaks
    return np.stack(
        [
            kendall(breaks, a, b, c),
            kendall_within(breaks, a, b, c, horizon),
            kendall(breaks, a, b, b),
            death_ratio(exposure, weight, b),
        ],
        axis=-1,
    )


def _perturbed(rng: np.random.Generator, exposure: Exposure, horizon: float, n: int) -> Array:
    return quantities(exposure, rng.standard_exponential((_BATCH, n)), horizon)


@dataclass(frozen=True, eq=False, kw_only=True)
class EventAssociationResults(Fitted, SummaryText):
    """Results of :meth:`EventAssociation.fit() <statmodels_x.EventAssociation.fit>`.

    They hold no row of the data.

    Attributes
    ----------
    outcome, surrogate : str
        The arguments of the model.
    horizon : float
        Horizon of ``tau_horizon``, in the unit of the times.
    estimates : tuple of (str, ndarray, ndarray)
        Arm, its quantities and their perturbed replicates. Internal.
    sizes : tuple of (str, int)
        The numbers behind :attr:`counts`. Internal.
    dropped : int
        Number of rows that were left out.
    """

    outcome: str
    surrogate: str
    horizon: float
    estimates: tuple[tuple[str, Array, Array], ...] = field(repr=False)
    sizes: tuple[tuple[str, int], ...] = field(repr=False)
    dropped: int = field(repr=False)

    def __repr__(self) -> str:
        taus = ", ".join(f"{label} {point[0]:.3f}" for label, point, _ in self.estimates)
        return f"EventAssociationResults(tau: {taus}; n={self.nobs})"

    @property
    def counts(self) -> dict[str, int]:
        """Number of patients in each arm."""
        return dict(self.sizes)

    @property
    def nobs(self) -> int:
        """Number of patients used."""
        return sum(self.counts.values())

    @property
    def table(self) -> pd.DataFrame:
        """Estimates with one row per arm.

        ``tau`` is Kendall's tau, ``tau_horizon`` is tau of the pairs whose first death falls by the horizon,
        ``overlap_only`` is the tau that would be seen if progression meant nothing for death, and
        ``hazard_ratio`` is the hazard of death after progression divided by that before.
        """
        rows = {label: point for label, point, _ in self.estimates}
        return handed_out(pd.DataFrame.from_dict(rows, orient="index", columns=list(QUANTITIES)))

    @property
    def bse(self) -> pd.DataFrame:
        """Standard errors of ``table``: the standard deviations over the perturbed samples.

        That of ``hazard_ratio`` is on the scale of the ratio, not of its logarithm.
        """
        with np.errstate(invalid="ignore"):  # a ratio to no death before progression is infinite: no error
            rows = {label: np.std(draws, axis=0, ddof=1) for label, _, draws in self.estimates}
        return pd.DataFrame.from_dict(rows, orient="index", columns=list(QUANTITIES))

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute percentile intervals from the perturbed samples.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            One row per arm and quantity (a MultiIndex), with the columns ``lower`` and ``upper``.
        """
        check_alpha(alpha)
        parts = {}
        for label, _, draws in self.estimates:
            low, high = percentile_limits(draws, alpha)
            for k, name in enumerate(QUANTITIES):
                parts[label, name] = (float(low[k]), float(high[k]))
        return pd.DataFrame.from_dict(parts, orient="index", columns=["lower", "upper"]).set_axis(
            pd.MultiIndex.from_tuples(list(parts), names=["arm", "quantity"])
        )

    def tidy(self, alpha: float = 0.05) -> pd.DataFrame:
        """Return the estimates with one row per arm and quantity and the column names of R's broom.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        DataFrame
            Columns ``arm``, ``term``, ``estimate``, ``std.error``, ``conf.low`` and ``conf.high``. There is no
            p-value, because 0 is not the value of tau without an association.
        """
        limits = self.conf_int(alpha)
        rows = [
            {
                "arm": arm,
                "term": name,
                "estimate": self.table.loc[arm, name],
                "std.error": self.bse.loc[arm, name],
                "conf.low": limits.loc[(arm, name), "lower"],
                "conf.high": limits.loc[(arm, name), "upper"],
            }
            for arm, name in limits.index
        ]
        return pd.DataFrame(rows)

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit.

        Returns
        -------
        DataFrame
            Columns ``nobs``, ``arms``, ``horizon`` and ``note`` (the first warning).
        """
        note = self.warnings[0] if self.warnings else ""
        return pd.DataFrame(
            {"nobs": [self.nobs], "arms": [len(self.counts)], "horizon": [self.horizon], "note": [note]}
        )

    def summary(self, alpha: float = 0.05) -> Any:
        """Return a table of the associations by arm.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        FitSummary
        """
        table = self.tidy(alpha)
        blocks = [
            estimate_block(part, _LABELS, alpha, f"{arm} ({self.counts[str(arm)]} subjects)")
            for arm, part in table.groupby("arm", sort=False)
        ]
        facts = [
            ("Outcome", self.outcome.split("~")[0].strip()),
            ("Surrogate", self.surrogate),
            ("Subjects", str(self.nobs)),
            ("Horizon", f"{self.horizon:g}"),
            ("Dropped rows", str(self.dropped)),
        ]
        notes = [
            "The first of the two times is the surrogate event or death, whichever comes first. If the event means "
            "nothing for death, tau is not 0 but has the value in the third line, and the ratio of the hazards is 1.",
            *self.warnings,
        ]
        return summary("Association of surrogate event and death", facts, blocks, notes)
