"""Statistical models in the R tradition: a formula, a data frame, ``fit()``, ``summary()``.

Public names are loaded when they are first used, so that ``import statmodels_x`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from statmodels_x.core.version import __version__

_HOMES = {
    "APGW": "statmodels_x.survival.distributions.apgw",
    "Competition": "statmodels_x.population.theory.systems",
    "ComplexPredatorPrey": "statmodels_x.population.theory.systems",
    "EventAssociation": "statmodels_x.surrogate.trial_level.association",
    "Family": "statmodels_x.survival.distributions.family",
    "ExternalCounts": "statmodels_x.survival.background.counts",
    "FlexibleSurvival": "statmodels_x.survival.model",
    "FlexibleSurvivalRegressor": "statmodels_x.survival.sklearn",
    "FreeDiscontinuity": "statmodels_x.discontinuity.model",
    "IllnessDeath": "statmodels_x.surrogate.planning.simulate",
    "IllnessDeathTrial": "statmodels_x.surrogate.planning.simulate",
    "LeslieInteraction": "statmodels_x.population.model",
    "LeslieMatrix": "statmodels_x.population.theory.matrices.leslie",
    "LifeTable": "statmodels_x.survival.background.life_table",
    "LotkaVolterra": "statmodels_x.population.lotka_volterra",
    "MatrixPopulation": "statmodels_x.population.theory.matrices.population",
    "MultiState": "statmodels_x.multistate.model",
    "MultiStateData": "statmodels_x.multistate.sample",
    "ObservedLeslie": "statmodels_x.population.observed",
    "PredatorPrey": "statmodels_x.population.theory.systems",
    "Prior": "statmodels_x.survival.background.prior",
    "Rates": "statmodels_x.core.rates",
    "ResidualEffect": "statmodels_x.surrogate.residual.model",
    "SurrogatePTE": "statmodels_x.surrogate.model",
    "Surv": "statmodels_x.core.data.surv",
    "TrialLevelSurrogacy": "statmodels_x.surrogate.trial_level.model",
    "compare": "statmodels_x.core.fits.comparison",
    "forecast_errors": "statmodels_x.population.forecast",
    "ladder": "statmodels_x.survival.ladder",
    "load": "statmodels_x.core.fits.files.saving",
    "net_survival": "statmodels_x.survival.inference.observed",
    "pool": "statmodels_x.core.fits.pooling",
    "quasi_extinction": "statmodels_x.population.theory.matrices.environments",
    "save": "statmodels_x.core.fits.files.saving",
    "select": "statmodels_x.survival.selection.select",
    "simulate_populations": "statmodels_x.population.theory.matrices.environments",
    "stochastic_growth": "statmodels_x.population.theory.matrices.stochastic",
    "structural_rank": "statmodels_x.population.fitting.structural",
    "surrogate_power": "statmodels_x.surrogate.planning.power",
    "table_view": "statmodels_x.core.fits.exported",
    "trial_effects": "statmodels_x.surrogate.trial_level.effects",
}
_MODULES = {"datasets": "datasets", "errors": "errors", "plotting": "plotting"}

__all__ = [
    "APGW",
    "Competition",
    "ComplexPredatorPrey",
    "EventAssociation",
    "ExternalCounts",
    "Family",
    "FlexibleSurvival",
    "FlexibleSurvivalRegressor",
    "FreeDiscontinuity",
    "IllnessDeath",
    "IllnessDeathTrial",
    "LeslieInteraction",
    "LeslieMatrix",
    "LifeTable",
    "LotkaVolterra",
    "MatrixPopulation",
    "MultiState",
    "MultiStateData",
    "ObservedLeslie",
    "PredatorPrey",
    "Prior",
    "Rates",
    "ResidualEffect",
    "SurrogatePTE",
    "Surv",
    "TrialLevelSurrogacy",
    "__version__",
    "compare",
    "datasets",
    "errors",
    "forecast_errors",
    "ladder",
    "load",
    "net_survival",
    "plotting",
    "pool",
    "quasi_extinction",
    "save",
    "select",
    "simulate_populations",
    "stochastic_growth",
    "structural_rank",
    "surrogate_power",
    "table_view",
    "trial_effects",
]

if TYPE_CHECKING:
    from statmodels_x import datasets, errors, plotting
    from statmodels_x.core.data.surv import Surv
    from statmodels_x.core.fits.comparison import compare
    from statmodels_x.core.fits.exported import table_view
    from statmodels_x.core.fits.files.saving import load, save
    from statmodels_x.core.fits.pooling import pool
    from statmodels_x.core.rates import Rates
    from statmodels_x.discontinuity.model import FreeDiscontinuity
    from statmodels_x.multistate.model import MultiState
    from statmodels_x.multistate.sample import MultiStateData
    from statmodels_x.population.fitting.structural import structural_rank
    from statmodels_x.population.forecast import forecast_errors
    from statmodels_x.population.lotka_volterra import LotkaVolterra
    from statmodels_x.population.model import LeslieInteraction
    from statmodels_x.population.observed import ObservedLeslie
    from statmodels_x.population.theory.matrices.environments import quasi_extinction, simulate_populations
    from statmodels_x.population.theory.matrices.leslie import LeslieMatrix
    from statmodels_x.population.theory.matrices.population import MatrixPopulation
    from statmodels_x.population.theory.matrices.stochastic import stochastic_growth
    from statmodels_x.population.theory.systems import Competition, ComplexPredatorPrey, PredatorPrey
    from statmodels_x.surrogate.model import SurrogatePTE
    from statmodels_x.surrogate.planning.power import surrogate_power
    from statmodels_x.surrogate.planning.simulate import IllnessDeath, IllnessDeathTrial
    from statmodels_x.surrogate.residual.model import ResidualEffect
    from statmodels_x.surrogate.trial_level.association import EventAssociation
    from statmodels_x.surrogate.trial_level.effects import trial_effects
    from statmodels_x.surrogate.trial_level.model import TrialLevelSurrogacy
    from statmodels_x.survival.background.counts import ExternalCounts
    from statmodels_x.survival.background.life_table import LifeTable
    from statmodels_x.survival.background.prior import Prior
    from statmodels_x.survival.distributions.apgw import APGW
    from statmodels_x.survival.distributions.family import Family
    from statmodels_x.survival.inference.observed import net_survival
    from statmodels_x.survival.ladder import ladder
    from statmodels_x.survival.model import FlexibleSurvival
    from statmodels_x.survival.selection.select import select
    from statmodels_x.survival.sklearn import FlexibleSurvivalRegressor


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(f"statmodels_x.{_MODULES[name]}")
    else:
        raise AttributeError(f"module 'statmodels_x' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
