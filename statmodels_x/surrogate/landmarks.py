"""PTE over a grid of outcome times and landmarks, with bands that hold over the whole grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError, IdentificationError
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.fits.tables import Block, number, summary
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_choice, check_count, check_number
from statmodels_x.surrogate import intervals
from statmodels_x.surrogate.checks import check_support, check_times
from statmodels_x.surrogate.perturbation import build_plan, perturb, point_estimate, sort_for
from statmodels_x.surrogate.quantities import KINDS, PARAMS, Inference, infer
from statmodels_x.surrogate.sample import Trial, TrialFacts

if TYPE_CHECKING:
    from statmodels_x.surrogate.results import Question, SurrogateResults

_MOST_SUBJECTS = 10_000_000


@dataclass(frozen=True, eq=False)
class LandmarkGrid(SummaryText):
    """PTE and its relatives at pairs of times, from common perturbations.

    Attributes
    ----------
    question : Question
        Of the fit that the grid extends.
    facts : TrialFacts
    pairs : list of (float, float)
        Time t and landmark of each pair that was estimated.
    inferences : list of Inference
        One for each pair.
    refused : DataFrame
        ``at``, ``landmark`` and ``reason`` of the pairs at which the data say nothing.
    """

    question: Question
    facts: TrialFacts = field(repr=False)
    pairs: Sequence[tuple[float, float]] = field(repr=False)
    inferences: Sequence[Inference] = field(repr=False)
    refused: pd.DataFrame = field(repr=False)

    def __repr__(self) -> str:
        return f"LandmarkGrid({len(self.pairs)} pairs, {len(self.refused)} refused)"

    def frame(self, quantity: str = "pte", alpha: float = 0.05, kind: str = "simultaneous") -> pd.DataFrame:
        """Estimates with bands, one row a pair of times.

        Parameters
        ----------
        quantity : str
            A name of :attr:`SurrogateResults.params`.
        alpha : float
        kind : {"simultaneous", "quantile", "normal", "fieller"}
            Bands that hold at all pairs at once (estimate and a multiple of the standard error), or
            intervals of each pair on its own.

        Returns
        -------
        DataFrame
            ``at``, ``landmark``, ``estimate``, ``std_error``, ``lower``, ``upper``, ``delta``, ``overlap`` and
            ``is_defined``: whether the effect at t differs from 0, without which proportions are NaN.
        """
        check_choice("quantity", quantity, PARAMS, "frame()")
        check_choice("kind", kind, ("simultaneous", *KINDS), "frame()")
        check_alpha(alpha)
        estimates = np.array([found.estimate(quantity)[0] for found in self.inferences])
        errors = np.array([found.standard_error(quantity) for found in self.inferences])
        if kind == "simultaneous":
            reach = self._factor(quantity, alpha) * errors
            limits = np.column_stack([estimates - reach, estimates + reach])
        else:
            limits = np.array([found.interval(quantity, alpha, kind) for found in self.inferences])
        return pd.DataFrame(
            {
                "at": [at for at, _ in self.pairs],
                "landmark": [landmark for _, landmark in self.pairs],
                "estimate": estimates,
                "std_error": errors,
                "lower": limits[:, 0],
                "upper": limits[:, 1],
                "delta": [found.delta[0] for found in self.inferences],
                "overlap": [found.estimate("overlap")[0] for found in self.inferences],
                "is_defined": [found.is_defined for found in self.inferences],
            }
        )

    def _factor(self, quantity: str, alpha: float, sides: int = 2, at: float | None = None) -> float:
        """Half-width of the simultaneous band in standard errors, over all pairs or those of one time."""
        used = [
            found
            for found, pair in zip(self.inferences, self.pairs, strict=True)
            if at is None or np.isclose(pair[0], at)
        ]
        estimates = np.array([found.estimate(quantity)[0] for found in used])
        errors = np.array([found.standard_error(quantity) for found in used])
        replicates = np.column_stack([found.estimate(quantity)[1] for found in used])
        if sides == 2:
            return intervals.simultaneous_factor(estimates, replicates, errors, alpha)
        return intervals.one_sided_factor(replicates, errors, alpha)

    def earliest_landmark(self, share: float, alpha: float = 0.05) -> pd.DataFrame:
        """Find the earliest landmark that explains at least a share of the effect, for each time t.

        Parameters
        ----------
        share : float
            Between 0 and 1.
        alpha : float
            Error rate of the claim: the lower bounds hold for all landmarks of one time t at once, so that it is
            no matter that the earliest is picked.

        Returns
        -------
        DataFrame
            ``at``; ``by_estimate``, the earliest landmark of the grid whose estimate reaches the share;
            ``by_confidence``, the earliest whose lower bound does. NaN where none does. A later landmark need not
            explain more: look at the whole curve.
        """
        share = check_number("share", share, low=0.0, high=1.0, closed=True)
        check_alpha(alpha)
        table = self.frame("pte", alpha)
        rows = []
        for at, part in table.groupby("at", sort=True):
            factor = self._factor("pte", alpha, sides=1, at=float(at))
            bound = part["estimate"] - factor * part["std_error"]
            rows.append(
                {
                    "at": at,
                    "by_estimate": part.loc[part["estimate"] >= share, "landmark"].min(),
                    "by_confidence": part.loc[bound >= share, "landmark"].min(),
                }
            )
        return pd.DataFrame(rows)

    def plot(self, kind: str = "curves", alpha: float = 0.05, quantity: str = "pte", ax: Any = None) -> Any:
        """Draw the grid.

        Parameters
        ----------
        kind : {"curves", "surface"}
            PTE over the landmark, a curve with its simultaneous band for each time t; or filled contours over
            both times.
        alpha : float
            Error rate of the bands.
        quantity : str
            What to draw; a name of :attr:`SurrogateResults.params`.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.surrogate import plots

        check_choice("kind", kind, ("curves", "surface"), "plot()")
        if kind == "curves":
            return plots.plot_curves(self, quantity, alpha, ax)
        return plots.plot_surface(self, quantity, ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Table of PTE over the grid with simultaneous bands.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        table = self.frame("pte", alpha)
        primary = self.frame("pte_primary", alpha)["estimate"]
        r_s = self.frame("r_s", alpha)["estimate"]
        cells = [
            [number(v) for v in (row["delta"], row["estimate"], row["std_error"], row["lower"], row["upper"])]
            + [number(primary[k]), number(r_s[k]), number(row["overlap"], 2)]
            for k, row in table.iterrows()
        ]
        unit = f" {self.facts.time_unit}" if self.facts.time_unit else ""
        labels = [f"t = {at:g}, t0 = {landmark:g}" for at, landmark in self.pairs]
        headings = [
            "delta",
            "PTE",
            "std err",
            f"[{alpha / 2:g}",
            f"{1 - alpha / 2:g}]",
            "primary",
            "R_S",
            "c",
        ]
        notes = ["The bands hold at all pairs of times at once."]
        if not table["is_defined"].all():
            notes.append("nan: the effect at t cannot be told from 0, there is nothing to explain.")
        notes += [
            f"t = {r['at']:g}, t0 = {r['landmark']:g}: {r['reason']}" for _, r in self.refused.iterrows()
        ]
        facts = [
            ("Treated", self.facts.treated),
            ("Control", self.facts.control),
            ("Subjects", str(self.facts.used)),
            ("Times", f"t and t0{f' in{unit}' if unit else ''}"),
            ("Method", self.question.settings.method),
            ("Effect", self.question.effect),
        ]
        return summary("PTE over landmarks", facts, [Block("", headings, labels, cells)], notes)


def landmark_grid(
    fit: SurrogateResults,
    trial: Trial,
    ats: ArrayLike | None,
    landmarks: ArrayLike | None,
    n_perturb: int | None,
    n_jobs: int,
    progress: bool,
) -> LandmarkGrid:
    """Estimate a grid; see :meth:`SurrogateResults.landmark_grid`."""
    asked = fit.question
    times = _times(asked.at if ats is None else ats, "ats")
    last = times.max()
    early = _times(np.linspace(last / 8.0, last, 8) if landmarks is None else landmarks, "landmarks")
    wanted = [(float(at), float(t0)) for at in times for t0 in early if t0 <= at]
    if not wanted:
        raise DataError("landmark_grid: every landmark is after every time of the outcome.")
    pairs, refused = [], []
    for at, t0 in wanted:
        try:
            check_times(at, t0)
            check_support(trial, fit.facts, at, t0)
            pairs.append((at, t0))
        except IdentificationError as error:
            refused.append({"at": at, "landmark": t0, "reason": str(error)})
    if not pairs:
        raise IdentificationError(f"landmark_grid: no pair of times can be estimated. {refused[0]['reason']}")
    n = asked.n_perturb if n_perturb is None else check_count("n_perturb", n_perturb, 20)
    sample = sort_for(trial, asked.settings)
    # pairs in groups that fit into memory: the same seed gives every group the same weights
    room = max(1, _MOST_SUBJECTS // len(trial))
    found = []
    for start in range(0, len(pairs), room):
        some = pairs[start : start + room]
        plans = [build_plan(sample, asked.settings, at, t0, asked.effect == "rmst") for at, t0 in some]
        batches = perturb(plans, n, asked.seed, n_jobs, progress)
        found += [
            infer(point_estimate(plan), many, fit.inference.is_corrected)
            for plan, many in zip(plans, batches, strict=True)
        ]
    table = pd.DataFrame(refused, columns=["at", "landmark", "reason"])
    return LandmarkGrid(asked, fit.facts, pairs, found, table)


def _times(values: ArrayLike, name: str) -> Array:
    try:
        times = np.unique(np.atleast_1d(np.asarray(values, float)))
    except (TypeError, ValueError):
        raise DataError(f"`{name}` must be a number or a list of numbers, times above 0.") from None
    if not len(times) or not np.isfinite(times).all() or times.min() <= 0.0:
        raise DataError(f"`{name}` must hold finite times above 0.")
    return times
