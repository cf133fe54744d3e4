"""Where modules of version 0.1 stand now, so that files saved before the move still load."""

from __future__ import annotations

import io
import pickle
from typing import Any

MOVED = {
    # core
    "core.design": "core.data.design",
    "core.formula": "core.data.formula",
    "core.frames": "core.data.frames",
    "core.model_frame": "core.data.model_frame",
    "core.partitions": "core.data.partitions",
    "core.surv": "core.data.surv",
    "core.workers": "core.data.workers",
    # survival
    # surrogate
    # discontinuity
    # population
    "population.problem": "population.course.problem",
    "population.form": "population.course.parameters",
    "population.layout": "population.course.layout",
    "population.families": "population.course.families",
    "population.estimation": "population.fitting.estimation",
    "population.alternatives": "population.fitting.alternatives",
    "population.identification": "population.fitting.identification",
    "population.structural": "population.fitting.structural",
    "population.bootstrap": "population.inference.bootstrap",
    "population.one_step": "population.observed",
    "population.matrix": "population.theory.matrices.leslie",
    "population.stochastic": "population.theory.matrices.stochastic",
    "population.perron": "population.theory.perron",
    "population.hamiltonian": "population.theory.hamiltonian",
    "population.trajectory": "population.theory.trajectory",
    "population.dynamics": "population.theory.dynamics",
    "population.growth": "population.theory.growth",
    "population.last_species": "population.theory.last_species",
    "population.leslie_gower": "population.theory.leslie_gower",
    "population.systems": "population.theory.systems",
    "population.two_species": "population.theory.two_species",
}
"""Old name -> new name, below ``statmodels_x``."""


def loads(content: bytes) -> Any:
    """Unpickle what any version of this package has written."""
    return _Unpickler(io.BytesIO(content)).load()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        package, _, rest = module.partition(".")
        if package == "statmodels_x" and rest in MOVED:
            module = f"{package}.{MOVED[rest]}"
        return super().find_class(module, name)
