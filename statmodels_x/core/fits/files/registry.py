"""Which classes of the package a file may hold: what is not listed here is never looked up."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from statmodels_x.core.errors import DataError

_MODULES: dict[str, str] = {
    # core
    "core.data.design": "Design DesignSpec",
    "core.data.formula": "Part Response",
    "core.data.model_frame": "ModelFrame",
    "core.data.surv": "Surv",
    "core.findings": "Finding",
    "core.fits.pooling": "PooledResults",
    "core.fits.reference": "Reference",
    "core.optimize": "Optimum",
    "core.rates": "Rates",
    "core.scaling": "ColumnMap Inner",
    # discontinuity
    "discontinuity.border.model": "Border",
    "discontinuity.fitting.misfit": "LeftOut",
    "discontinuity.fitting.on_points": "BorderTuning Placed",
    "discontinuity.fitting.record": "Certificate Estimate",
    "discontinuity.grid.dates": "DateAxis",
    "discontinuity.grid.domain": "Cells Domain Points Scale",
    "discontinuity.inference.averaged": "BorderEffect",
    "discontinuity.inference.on_points": "Resamples",
    "discontinuity.inference.resampled": "BootstrapResults",
    "discontinuity.inference.sizes": "JumpSizes",
    "discontinuity.line.criteria": "Surface",
    "discontinuity.line.data": "LineData",
    "discontinuity.line.evidence": "Bend Noise Shape Smoothing",
    "discontinuity.line.posterior": "LocationPosterior",
    "discontinuity.line.record": "Course LineFit LineJumps LineOptions",
    "discontinuity.line.results": "CurveResults",
    "discontinuity.line.uncertainty": "CurveBootstrap",
    "discontinuity.results": "SurfaceResults",
    "discontinuity.sample": "Facts Sample",
    "discontinuity.smoothing.correlation": "ErrorModel",
    "discontinuity.smoothing.places": "Within",
    "discontinuity.smoothing.smoother": "Smoothed",
    "discontinuity.specification": "Control Specification",
    "discontinuity.tuning.evidence": "EvidenceTuning",
    "discontinuity.tuning.search": "CriterionTuning",
    # multistate
    "multistate.fitted": "Facts",
    "multistate.results": "MultiStateResults",
    "multistate.sample": "MultiStateData",
    "multistate.specification": "Graph Specification TransitionModel",
    # population
    "population.course.parameters": "Layout",
    "population.course.problem": "Problem",
    "population.fitting.alternatives": "Alternatives",
    "population.fitting.assembly": "Machinery",
    "population.fitting.diagnostics": "Diagnostics",
    "population.fitting.estimation": "Estimate",
    "population.fitting.gains": "Feedback",
    "population.fitting.identification": "Identification",
    "population.fitting.structural": "StructuralRank",
    "population.inference.bootstrap": "BootstrapResults Refits",
    "population.observed": "ObservedLeslieResults ObservedMachinery",
    "population.results": "InteractionResults",
    "population.sample": "Facts Sample",
    "population.specification": "Form",
    "population.theory.matrices.leslie": "LeslieMatrix",
    "population.theory.systems": "Competition ComplexPredatorPrey PredatorPrey",
    # surrogate
    "surrogate.fitted": "Sums",
    "surrogate.fitting.diagnostics": "Diagnostics",
    "surrogate.fitting.estimation": "Batch",
    "surrogate.fitting.proportions": "Inference",
    "surrogate.landmarks.results": "LandmarkGrid",
    "surrogate.planning.simulate": "IllnessDeath IllnessDeathTrial LatentWeibull",
    "surrogate.reading.propensity": "Propensity",
    "surrogate.residual.results": "ResidualResults",
    "surrogate.results": "SurrogateResults",
    "surrogate.sample": "Trial TrialFacts",
    "surrogate.specification": "Question Settings",
    "surrogate.trial_level.association": "EventAssociationResults",
    "surrogate.trial_level.data": "Effects",
    "surrogate.trial_level.estimation": "Criterion Optimum",
    "surrogate.trial_level.reading": "TrialTable",
    "surrogate.trial_level.results": "TrialLevelResults",
    # survival
    "survival.background.counts": "ExternalCounts",
    "survival.background.life_table": "LifeTable TableMatch",
    "survival.background.penalty": "Combination Level Penalty",
    "survival.background.prior": "Prior SurvivalPrior",
    "survival.background.sources": "ColumnOfRates CurvesOfRates",
    "survival.distributions.apgw": "APGW",
    "survival.distributions.family": "Family",
    "survival.fitting.estimation": "Estimate",
    "survival.fitting.findings": "Names",
    "survival.fitting.members": "Limit",
    "survival.fitting.outside": "Outside",
    "survival.inference.effects": "Effects",
    "survival.kernels.likelihood": "SurvivalArrays",
    "survival.reading.facts": "SampleFacts",
    "survival.results": "FlexibleSurvivalResults",
    "survival.sample": "Sample",
    "survival.selection.chosen": "AfterSelection SelectedSurvivalResults",
    "survival.selection.fitted": "SearchFacts",
    "survival.selection.groups": "Candidates Group",
    "survival.selection.results": "SelectionResults",
    "survival.selection.search": "Question",
    "survival.selection.stability": "SelectionStability",
    "survival.specification": "Specification",
}
"""Module below ``statmodels_x`` -> its classes that results hold."""


def name_of(cls: type) -> str | None:
    """Return the name under which a file holds objects of a class; None for a class that it may not hold."""
    package, _, module = cls.__module__.partition(".")
    listed = package == "statmodels_x" and cls.__qualname__ in _MODULES.get(module, "").split()
    return f"{module}:{cls.__qualname__}" if listed else None


def class_of(name: str) -> Any:
    """Return the class of a name; DataError unless it is listed."""
    module, _, wanted = name.partition(":") if isinstance(name, str) else ("", "", "")
    if wanted not in _MODULES.get(module, "").split():
        raise DataError(f"load: the file holds {name!r}, which is no class that a result may hold.")
    return getattr(import_module(f"statmodels_x.{module}"), wanted)
