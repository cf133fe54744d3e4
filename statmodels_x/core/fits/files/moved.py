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
    "survival.estimation": "survival.fitting.estimation",
    "survival.families": "survival.distributions.family",
    "survival.identification": "survival.fitting.identification",
    # surrogate
    "surrogate.diagnostics": "surrogate.fitting.diagnostics",
    "surrogate.estimation": "surrogate.fitting.estimation",
    "surrogate.landmarks": "surrogate.landmarks.results",
    "surrogate.perturbation": "surrogate.fitting.perturbation",
    "surrogate.perturbation.Settings": "surrogate.specification",
    "surrogate.quantities": "surrogate.fitting.proportions",
    "surrogate.residual_results": "surrogate.residual.results",
    "surrogate.results.Question": "surrogate.specification",
    "surrogate.simulate": "surrogate.planning.simulate",
    "surrogate.simulate.Rates": "core.rates",
    "surrogate.planning.simulate.Rates": "core.rates",
    # discontinuity
    "discontinuity.lattice": "discontinuity.grid.lattice",
    "discontinuity.grid": "discontinuity.grid.domain",
    "discontinuity.boundary": "discontinuity.grid.boundary",
    "discontinuity.extension": "discontinuity.grid.extension",
    "discontinuity.jumps": "discontinuity.grid.jumps",
    "discontinuity.prediction": "discontinuity.grid.prediction",
    "discontinuity.posterior": "discontinuity.inference.posterior",
    "discontinuity.sizes": "discontinuity.inference.sizes",
    "discontinuity.uncertainty": "discontinuity.inference.uncertainty",
    "discontinuity.bootstrap": "discontinuity.inference.on_points",
    "discontinuity.resampled": "discontinuity.inference.resampled",
    "discontinuity.held_out": "discontinuity.inference.held_out",
    "discontinuity.kernels": "discontinuity.kernels.lifted",
    "discontinuity.banded": "discontinuity.kernels.banded",
    "discontinuity.relaxation": "discontinuity.lifted.relaxation",
    "discontinuity.polish": "discontinuity.lifted.polish",
    "discontinuity.reference": "discontinuity.lifted.reference",
    "discontinuity.line": "discontinuity.line.fit",
    "discontinuity.line_data": "discontinuity.line.data",
    "discontinuity.line_evidence": "discontinuity.line.evidence",
    "discontinuity.line_kernels": "discontinuity.line.kernels.recursions",
    "discontinuity.line_posterior": "discontinuity.line.posterior",
    "discontinuity.line_result": "discontinuity.line.record",
    "discontinuity.line_search": "discontinuity.line.search",
    "discontinuity.line_string": "discontinuity.line.string",
    "discontinuity.line_sure": "discontinuity.line.criteria",
    "discontinuity.line_uncertainty": "discontinuity.line.uncertainty",
    "discontinuity.curve": "discontinuity.line.results",
    "discontinuity.smoother": "discontinuity.smoothing.smoother",
    "discontinuity.correlation": "discontinuity.smoothing.correlation",
    "discontinuity.noise": "discontinuity.smoothing.noise",
    "discontinuity.mixing": "discontinuity.smoothing.mixing",
    "discontinuity.evidence": "discontinuity.tuning.evidence",
    "discontinuity.sure": "discontinuity.tuning.sure",
    "discontinuity.folds": "discontinuity.tuning.folds",
    "discontinuity.search": "discontinuity.tuning.search",
    "discontinuity.estimation": "discontinuity.fitting.record",
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
"""Old module -> new module, below ``statmodels_x``; a class that left its module has a line of its own."""


def loads(content: bytes) -> Any:
    """Unpickle what any version of this package has written."""
    return _Unpickler(io.BytesIO(content)).load()


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        package, _, rest = module.partition(".")
        if package == "statmodels_x":
            module = f"{package}.{MOVED.get(f'{rest}.{name}', MOVED.get(rest, rest))}"
        return super().find_class(module, name)
