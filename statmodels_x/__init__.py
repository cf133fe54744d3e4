"""Statistical models in the R tradition: a formula, a data frame, ``fit()``, ``summary()``.

Public names are loaded when they are first used, so that ``import statmodels_x`` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "APGW": "statmodels_x.survival.family",
    "FlexibleSurvival": "statmodels_x.survival.model",
    "FlexibleSurvivalRegressor": "statmodels_x.survival.sklearn",
    "FreeDiscontinuity": "statmodels_x.discontinuity.model",
    "Surv": "statmodels_x.core.surv",
    "compare": "statmodels_x.core.comparison",
    "ladder": "statmodels_x.survival.ladder",
    "load": "statmodels_x.core.files",
    "save": "statmodels_x.core.files",
}
_MODULES = ("datasets",)

__all__ = [
    "APGW",
    "FlexibleSurvival",
    "FlexibleSurvivalRegressor",
    "FreeDiscontinuity",
    "Surv",
    "__version__",
    "compare",
    "datasets",
    "ladder",
    "load",
    "save",
]

if TYPE_CHECKING:
    from statmodels_x import datasets
    from statmodels_x.core.comparison import compare
    from statmodels_x.core.files import load, save
    from statmodels_x.core.surv import Surv
    from statmodels_x.discontinuity.model import FreeDiscontinuity
    from statmodels_x.survival.family import APGW
    from statmodels_x.survival.ladder import ladder
    from statmodels_x.survival.model import FlexibleSurvival
    from statmodels_x.survival.sklearn import FlexibleSurvivalRegressor


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in _MODULES:
        value = import_module(f"statmodels_x.{name}")
    else:
        raise AttributeError(f"module 'statmodels_x' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
