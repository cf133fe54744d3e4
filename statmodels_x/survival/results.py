"""Estimates -> inference, predictions and tables: thin methods over functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from statmodels_x.core import inference
from statmodels_x.core.design import DesignSpec, ModelFrame
from statmodels_x.core.errors import DataError
from statmodels_x.core.results import LikelihoodResults
from statmodels_x.core.surv import Surv
from statmodels_x.survival.identification import identified_covariance, name_positions
from statmodels_x.survival.likelihood import PARAMETERS, SurvivalArrays, row_scores
from statmodels_x.survival.specification import Specification

if TYPE_CHECKING:
    from statmodels_x.survival.estimation import Estimate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """The data of a fit: what pickling leaves out unless it is asked to keep it."""

    frame: ModelFrame = field(repr=False)
    response: Surv = field(repr=False)
    arrays: SurvivalArrays = field(repr=False)
    time_unit: str | None


@dataclass(frozen=True)
class SampleFacts:
    """What summaries say of the data, kept with every result.

    Attributes
    ----------
    rows, used : int
        Rows given and rows used.
    dropped : dict of str to int
        Missing values by column.
    counts : dict of str to int
        Rows by kind of observation.
    weight : float
        Sum of the weights.
    last_time, last_event : float
        The longest follow-up, and the last time at which an event was seen.
    time_name, time_unit : str or None
    typical : dict
        Mean of each numeric covariate and the most frequent level of each other one.
    levels : dict
        Sorted values of each covariate with few values.
    """

    rows: int
    used: int
    dropped: Mapping[str, int]
    counts: Mapping[str, int]
    weight: float
    last_time: float
    last_event: float
    time_name: str
    time_unit: str | None
    typical: Mapping[str, Any]
    levels: Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True, eq=False)
class FlexibleSurvivalResults(LikelihoodResults):
    """A fitted :class:`FlexibleSurvival`.

    Attributes
    ----------
    specification : Specification
        The model.
    design_specs : dict of str to DesignSpec
        How to build each parameter's columns from new data.
    cov_type : str
        ``"observed"``, ``"robust"`` or ``"cluster"``.
    estimate : Estimate
        Where and how the maximum was found, with the evidence.
    facts : SampleFacts
        Counts of rows, events and dropped rows.
    warnings : tuple of str
        What is not determined, and the remedy; empty for a regular fit.
    """

    specification: Specification
    design_specs: Mapping[str, DesignSpec] = field(repr=False)
    cov_type: str
    estimate: Estimate = field(repr=False)
    facts: SampleFacts = field(repr=False)
    warnings: tuple[str, ...] = field(repr=False)
    sample: Sample | None = field(repr=False)
    keep_data: bool = field(repr=False)

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name in self.__dataclass_fields__}
        return state if self.keep_data else {**state, "sample": None}

    def __repr__(self) -> str:
        return f"FlexibleSurvivalResults({self.formula!r}, n={self.facts.used}, llf={self.llf:.4f})"

    @property
    def formula(self) -> str:
        """The formula of the main scale."""
        return self.specification.formula

    @property
    def is_regular(self) -> bool:
        """Whether the fit is a proved interior maximum, fit to take part in a ranking."""
        return self.estimate.is_regular

    @property
    def n_events(self) -> int:
        """Rows in which the event is known to have happened."""
        return self.facts.used - self.facts.counts["right-censored"]

    @cached_property
    def natural_params(self) -> pd.DataFrame:
        """Estimates on the natural scale: phi, lambda, gamma, kappa, and ratios for covariates.

        Returns
        -------
        DataFrame
            Indexed like ``params``, with ``quantity``, ``estimate``, ``lower`` and ``upper`` (95 %).
        """
        from statmodels_x.survival.tables import natural_scale

        return natural_scale(self)

    def predict(
        self,
        newdata: Any = None,
        kind: str = "survival",
        at: ArrayLike | None = None,
        reference: Any = None,
        alpha: float = 0.05,
        given: ArrayLike | None = None,
        method: str = "delta",
        simultaneous: bool = False,
        n_draws: int = 2000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Predict with standard errors and intervals.

        Parameters
        ----------
        newdata : DataFrame, optional
            Covariates; the training rows by default.
        kind : str
            At the times ``at``: ``"survival"``, ``"cumulative_hazard"``, ``"hazard"``, ``"density"``,
            ``"odds"`` (of the event, (1 - S)/S), ``"rmst"`` (mean time lived up to a horizon). At the
            probabilities ``at``: ``"quantile"``. Without ``at``: ``"median"``, ``"mean"`` (infinite with a
            cured fraction), ``"cure_fraction"`` (0 without an error where the law has none), ``"link"`` (the
            linear predictors). With ``_difference`` or
            ``_ratio`` added (``"hazard_ratio"``, ``"survival_difference"``, ``"quantile_ratio"``, ...): against
            ``reference``.
        at : array_like of shape (k,), optional
            Times in the unit of the data, or probabilities.
        reference : DataFrame, optional
            One row, or as many as ``newdata``: what to compare with.
        alpha : float
            Error rate of the intervals.
        given : float or array_like of shape (m,), optional
            Time already survived: every prediction is conditional on it (times still count from 0).
        method : {"delta", "simulation"}
            Delta method on a scale that respects the bounds (log cumulative hazard for survival and cure
            fraction, log for the others), or quantiles over coefficients drawn from their estimated law.
        simultaneous : bool
            Whether the bands of each row hold at all its points at once.
        n_draws, seed : int
            For ``method="simulation"`` and for simultaneous bands.

        Returns
        -------
        DataFrame
            One row for each row of ``newdata`` and each value of ``at``: ``row`` (index label of ``newdata``),
            ``time`` or ``probability``, ``estimate``, ``std_error``, ``lower``, ``upper``; for times also
            ``extrapolated``: whether the time lies beyond the longest follow-up.

        Raises
        ------
        DataError
            If a covariate is missing or has an unseen level, or an argument does not suit ``kind``.
        """
        from statmodels_x.survival.prediction import Options, predict

        options = Options(alpha, method, n_draws, seed, simultaneous)
        return predict(self, newdata, kind, at, reference, given, options)

    def standardise(
        self,
        kind: str = "survival",
        at: ArrayLike | None = None,
        by: str | None = None,
        levels: Sequence[Any] | None = None,
        over: Any = None,
        weights: ArrayLike | None = None,
        contrast: str | None = None,
        alpha: float = 0.05,
        method: str = "delta",
        simultaneous: bool = False,
        n_draws: int = 2000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Average predictions over a population, with ``by`` set to each of its levels (g-formula).

        Parameters
        ----------
        kind : {"survival", "rmst", "cure_fraction"}
        at : array_like, optional
            Times or horizons.
        by : str, optional
            Covariate that is set to each of ``levels`` for everybody; none for the population as it is.
        levels : sequence, optional
            Values of ``by``; those seen in the fit by default.
        over : DataFrame, optional
            The population; the training rows (with their weights) by default.
        weights : array_like, optional
            Weight of each row of the population.
        contrast : {"difference", "ratio"}, optional
            Compare each level with the first.
        alpha, method, simultaneous, n_draws, seed
            As in :meth:`predict`.

        Returns
        -------
        DataFrame
            ``by``, ``time``, ``estimate``, ``std_error``, ``lower``, ``upper``. The errors are those of the
            coefficients; the population is taken as given.
        """
        from statmodels_x.survival.prediction import Options, standardise

        options = Options(alpha, method, n_draws, seed, simultaneous)
        return standardise(self, kind, at, by, levels, over, weights, contrast, options)

    def plot(
        self,
        kind: str = "survival",
        by: str | None = None,
        newdata: Any = None,
        at: ArrayLike | None = None,
        reference: Any = None,
        alpha: float = 0.05,
        kaplan_meier: bool | None = None,
        simultaneous: bool = False,
        ax: Any = None,
    ) -> Any:
        """Draw predicted curves with bands.

        Parameters
        ----------
        kind : str
            Any kind of :meth:`predict` over times, or ``"quantile"``.
        by : str, optional
            Covariate with a curve for each value; the others are held at their mean or most frequent level,
            which the legend says.
        newdata : DataFrame, optional
            Covariates, a curve for each row; instead of ``by``.
        at : array_like, optional
            Times; a fine grid to the end of follow-up by default.
        reference : DataFrame, optional
            For differences and ratios; the first curve's covariates by default.
        alpha : float
            Error rate of the bands.
        kaplan_meier : bool, optional
            Whether to draw Kaplan-Meier curves under survival or cumulative hazard; by default where ``by``
            names the only covariate, or there is none, and the data are at hand.
        simultaneous : bool
            Whether a band holds over the whole curve at once.
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        from statmodels_x.survival.plots import plot

        return plot(self, kind, by, newdata, at, reference, alpha, kaplan_meier, simultaneous, ax)

    def summary(self, alpha: float = 0.05) -> Any:
        """Tables of the model, the estimates on both scales, and the warnings.

        Parameters
        ----------
        alpha : float
            Error rate of the intervals.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        from statmodels_x.survival.tables import summary_tables

        return summary_tables(self, alpha)

    def glance(self) -> pd.DataFrame:
        """One row of facts about the fit, with the column names of R's broom where it has them.

        Returns
        -------
        DataFrame
            ``distribution``, ``scale``, ``nobs``, ``events``, ``df``, ``logLik``, ``AIC``, ``AICc``, ``BIC``,
            ``converged``, ``regular``, ``note``.
        """
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in self.estimate.findings))
        row = {
            "distribution": self.specification.distribution,
            "scale": "both" if self.specification.has_both_scales else self.specification.scale,
            "nobs": self.nobs,
            "events": self.n_events,
            "df": self.df_model,
            "logLik": self.llf,
            "AIC": self.aic,
            "AICc": self.aicc,
            "BIC": self.bic,
            "converged": self.converged,
            "regular": self.is_regular,
            "note": kinds,
        }
        return pd.DataFrame([row])

    def wald_test_terms(self) -> pd.DataFrame:
        """Test each term of each parameter: all its coefficients are 0.

        Returns
        -------
        DataFrame
            Indexed by (parameter, term): ``statistic`` (chi-squared), ``df``, ``p.value``.
        """
        rows = {}
        for parameter, spec in self.design_specs.items():
            first = self.params.index.get_loc(parameter)
            start = first.start if isinstance(first, slice) else int(np.flatnonzero(first)[0])
            for term, part in spec.model_spec.term_slices.items():
                if str(term) == "1":
                    continue
                matrix = np.eye(len(self.params))[start + part.start : start + part.stop]
                test = inference.wald_test(self.params, self.covariance, matrix)
                rows[parameter, str(term)] = (
                    float(test.statistic),
                    part.stop - part.start,
                    float(test.pvalue),
                )
        index = pd.MultiIndex.from_tuples(list(rows), names=["parameter", "term"]) if rows else None
        return pd.DataFrame(list(rows.values()), index=index, columns=["statistic", "df", "p.value"])

    def sample_params(self, n: int, seed: int | np.random.Generator = 0) -> pd.DataFrame:
        """Draw from the estimated normal law of the estimates.

        Parameters
        ----------
        n : int
        seed : int or numpy.random.Generator

        Returns
        -------
        DataFrame of shape (n, p)

        Raises
        ------
        DataError
            If a standard error is missing.
        """
        if self.bse.isna().any():
            raise DataError("sample_params: some parameters have no standard error; see `warnings`.")
        rng = np.random.default_rng(seed)
        draws = rng.multivariate_normal(
            self.params.to_numpy(), self.covariance.to_numpy(), size=n, method="eigh"
        )
        return pd.DataFrame(draws, columns=self.params.index)


def build_results(
    specification: Specification, sample: Sample, found: Estimate, cov_type: str, keep_data: bool
) -> FlexibleSurvivalResults:
    """Label the estimates and compute their covariance."""
    designs = sample.frame.designs
    names = {parameter: design.names for parameter, design in designs.items()}
    labels = [
        (parameter, name) for parameter in PARAMETERS if parameter in names for name in names[parameter]
    ]
    index = pd.MultiIndex.from_tuples(labels, names=["parameter", "term"])
    optimum, arrays = found.optimum, sample.arrays
    covariance = identified_covariance(optimum)
    if cov_type != "observed":
        groups = sample.frame.columns.get("cluster") if cov_type == "cluster" else None
        covariance = inference.sandwich(covariance, row_scores(optimum.theta, arrays), groups)
    weight = float(arrays.weight.sum()) if len(arrays.weight) else float(arrays.n)
    whole = not len(arrays.weight) or bool(np.all(arrays.weight == np.round(arrays.weight)))
    return FlexibleSurvivalResults(
        params=pd.Series(optimum.theta, index, name="estimate"),
        covariance=pd.DataFrame(covariance, index, index),
        llf=float(optimum.value),
        nobs=round(weight) if whole else arrays.n,
        converged=optimum.converged,
        specification=specification,
        design_specs={parameter: design.spec for parameter, design in designs.items()},
        cov_type=cov_type,
        estimate=found,
        facts=_sample_facts(sample, weight),
        warnings=_warning_texts(found, arrays, names),
        sample=sample,
        keep_data=keep_data,
    )


def _warning_texts(
    found: Estimate, arrays: SurvivalArrays, names: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    texts = []
    for finding in found.findings:
        concerned = name_positions(finding.parameters, arrays, dict(names))
        label = {"weak": "Weakly identified", "not_converged": "Not converged"}.get(
            finding.kind, "Not identified"
        )
        texts.append(f"{label}{': ' + concerned if concerned else ''}: {finding.message}")
    highest: dict[str, float] = {}
    for value, finding in found.rejected:
        highest[finding.kind] = max(value, highest.get(finding.kind, -np.inf))
    messages = {finding.kind: finding.message for _, finding in found.rejected}
    for kind, value in highest.items():
        texts.append(
            f"The likelihood is higher ({value:.3f}) on a ridge where no estimate exists; the fit reported is "
            f"{'the best regular maximum' if found.is_regular else 'another end of the search'}. On that ridge, "
            f"{messages[kind]}"
        )
    return tuple(texts)


def _sample_facts(sample: Sample, weight: float) -> SampleFacts:
    frame, response = sample.frame, sample.response
    events = response.code != 0
    covariates = sorted({name for design in frame.designs.values() for name in design.spec.part.variables})
    return SampleFacts(
        rows=frame.n_rows,
        used=len(response),
        dropped=dict(frame.dropped),
        counts=response.counts(),
        weight=weight,
        last_time=float(response.time.max()),
        last_event=float(response.time[events].max()),
        time_name=response.time_name,
        time_unit=sample.time_unit,
        typical={name: _typical(frame.data[name]) for name in covariates},
        levels={name: _few_values(frame.data[name]) for name in covariates},
    )


def _is_number(series: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(series.dtype) and not pd.api.types.is_bool_dtype(series.dtype)


def _typical(series: pd.Series) -> Any:
    return float(series.mean()) if _is_number(series) else series.mode().iloc[0]


def _few_values(series: pd.Series, most: int = 7) -> tuple[Any, ...]:
    """All values if they are few; quartiles of a continuous column."""
    if isinstance(series.dtype, pd.CategoricalDtype):
        return tuple(series.cat.categories.tolist())
    values: Sequence[Any] = sorted(series.unique().tolist())
    if len(values) <= most or not _is_number(series):
        return tuple(values)
    return tuple(float(q) for q in series.quantile([0.25, 0.5, 0.75]))
