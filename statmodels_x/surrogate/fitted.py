"""What was estimated: frozen values that inference, tables and pictures take."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from statmodels_x.core.findings import Finding
from statmodels_x.core.fits.handing_out import cached_copy, handed_out
from statmodels_x.core.fits.reference import NORMAL, Reference
from statmodels_x.core.fits.results import Fitted
from statmodels_x.core.typing import Array
from statmodels_x.surrogate.fitting import spread
from statmodels_x.surrogate.fitting.diagnostics import Diagnostics, diagnose
from statmodels_x.surrogate.fitting.estimation import Batch
from statmodels_x.surrogate.fitting.findings import find
from statmodels_x.surrogate.fitting.perturbation import Plan, build_plan, perturb, point_estimate, sort_for
from statmodels_x.surrogate.fitting.proportions import PARAMS, Inference, column, infer
from statmodels_x.surrogate.fitting.strata import settle_strata
from statmodels_x.surrogate.fitting.support import check_support
from statmodels_x.surrogate.sample import Trial, TrialFacts
from statmodels_x.surrogate.specification import Question


@dataclass(frozen=True, eq=False, kw_only=True)
class ProportionFitted(Fitted):
    """Proportions of an effect, with errors from perturbed replicates.

    Attributes
    ----------
    inference : Inference
        Estimates and their replicates; internal.
    facts : TrialFacts
        Counts of rows, arms, events and dropped rows.
    """

    names: ClassVar[tuple[str, ...]]
    reference: ClassVar[Reference] = NORMAL

    inference: Inference = field(repr=False)
    facts: TrialFacts = field(repr=False)

    @cached_copy
    def params(self) -> pd.Series:
        """Estimates of all quantities, indexed by name.

        The proportions are NaN if the effect on the primary outcome does not differ significantly from 0.
        """
        return pd.Series({name: self.inference.estimate(name)[0] for name in self.names}, name="estimate")

    @cached_copy
    def bse(self) -> pd.Series:
        """Standard errors of ``params``.

        The standard error of ``delta`` is the standard deviation of the perturbed estimates. The standard error
        of each other quantity is their median absolute deviation, scaled to the standard deviation of a normal
        distribution. It is NaN where a proportion is undefined.
        """
        return pd.Series({name: self.inference.standard_error(name) for name in self.names}, name="std_error")

    @property
    def nobs(self) -> int:
        """Number of patients used."""
        return self.facts.used

    @property
    def is_defined(self) -> bool:
        """Whether the effect on the primary outcome differs from 0 (two-sided test at the 5 % level)."""
        return self.inference.is_defined

    @cached_copy
    def tvalues(self) -> pd.Series:
        """Test statistics of the hypothesis that each quantity is 0 (for ``overlap``, that it is 1).

        The statistic of a proportion is the explained part of the effect divided by its standard error. Fieller's
        interval inverts the same linear form, so that p < 0.05 exactly where the 95 % interval leaves out 0. The
        statistic is NaN where a proportion is undefined.
        """
        return pd.Series({name: self.inference.statistic(name) for name in self.names}, name="statistic")

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of ``tvalues``, from the normal distribution."""
        z = self.tvalues
        return pd.Series(self.reference.two_sided(z.to_numpy()), z.index, name="p_value")

    def cov_params(self) -> pd.DataFrame:
        """Compute the covariance matrix of the estimates over the perturbed samples.

        Values further than six scaled median absolute deviations from the median are pulled in to that distance
        first, because single replicates run off where the treated arm has few early events.

        Returns
        -------
        DataFrame
            A square matrix, labelled like ``params``.
        """
        columns = [self.inference.estimate(name)[1] for name in self.names]
        return pd.DataFrame(spread.robust_covariance(*columns), list(self.names), list(self.names))

    def __setstate__(self, state: dict[str, Any]) -> None:
        # version 0.1 kept sentences instead of findings, and the names with every result
        if "warnings" in state:
            state = {**state, "findings": tuple(Finding("earlier", text) for text in state["warnings"])}
            state = {name: value for name, value in state.items() if name not in ("warnings", "names")}
        self.__dict__.update({"sample": None, "keep_data": False, **self._from_old(state)})

    @staticmethod
    def _from_old(state: dict[str, Any]) -> dict[str, Any]:
        return state


@dataclass(frozen=True)
class Sums:
    """What the estimates were computed from.

    Attributes
    ----------
    point, replicates : Batch
        Of the sample and of the perturbed samples.
    points : ndarray of shape (m,)
        Surrogate times at which g is known, in the unit of the data.
    """

    point: Batch
    replicates: Batch
    points: Array


@dataclass(frozen=True, eq=False, kw_only=True)
class SurrogateFitted(ProportionFitted):
    """A fitted PTE.

    Attributes
    ----------
    question : Question
        What was asked.
    sums : Sums
        What the estimates were computed from; internal.
    evidence : Diagnostics
        What :attr:`diagnostics` hands out copies of.
    """

    names: ClassVar[tuple[str, ...]] = PARAMS

    question: Question
    sums: Sums = field(repr=False)
    evidence: Diagnostics = field(repr=False)

    @classmethod
    def estimate(
        cls,
        question: Question,
        trial: Trial,
        facts: TrialFacts,
        *,
        n_jobs: int = 1,
        progress: bool = False,
        keep_data: bool = False,
    ) -> Self:
        """Estimate PTE at one pair of times.

        Raises
        ------
        IdentificationError
            If the data do not hold enough at these times.
        """
        settings, times = question.settings, (question.at, question.landmark)
        check_support(trial, facts, *times)
        trial, thin = settle_strata(trial, *times, settings.thin_strata, settings.n_parts)
        if thin is not None:
            facts = facts.counted(trial)
            check_support(trial, facts, *times)
        plan = build_plan(sort_for(trial, settings), settings, *times, question.effect == "rmst")
        replicates = perturb([plan], question.n_perturb, question.seed, n_jobs, progress)[0]
        point = point_estimate(plan)
        found = infer(point, replicates, settings.corrects)
        evidence = diagnose(plan, point, replicates, _if_ignored(plan, found))
        return cls(
            inference=found,
            facts=facts,
            question=question,
            sums=Sums(point, replicates, plan.smoother.points),
            evidence=evidence,
            findings=find(found, evidence, facts, thin),
            sample=trial,
            keep_data=keep_data,
        )

    @property
    def diagnostics(self) -> Diagnostics:
        """Evidence behind the estimate, as a :class:`~statmodels_x.surrogate.fitting.diagnostics.Diagnostics`.

        It holds the counts by arm, the constraint on g, the conditions for a PTE between 0 and 1, and the
        bandwidth.
        """
        found = self.evidence
        tables = ("counts", "constraint", "conditions")
        return replace(found, **{name: handed_out(getattr(found, name)) for name in tables})

    @property
    def raw_ratio(self) -> float:
        """Explained effect divided by the effect, without the bias correction.

        It is given even where the PTE is undefined.
        """
        if "pte" in self.inference.given:
            return self.inference.given["pte"][0]
        return self.inference.numerators["pte"][0] / self.inference.delta[0]

    @staticmethod
    def _from_old(state: dict[str, Any]) -> dict[str, Any]:
        if "point" not in state:
            return state
        kept = {name: value for name, value in state.items() if name not in ("point", "replicates", "points")}
        sums = Sums(state["point"], state["replicates"], np.asarray(state["points"]))
        kept["evidence"] = kept.pop("diagnostics")
        return {**kept, "sums": sums}


def _if_ignored(plan: Plan, found: Inference) -> float | None:
    """PTE that takes those whose surrogate event was no more looked for as without it."""
    if plan.stopping is None or not found.is_defined:
        return None
    ignoring = point_estimate(replace(plan, stopping=None)).values[0]
    return float(column(ignoring, "explained") / column(ignoring, "delta"))
