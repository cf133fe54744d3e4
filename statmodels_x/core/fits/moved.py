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
    "surrogate.diagnostics": "surrogate.fitting.diagnostics",
    "surrogate.estimation": "surrogate.fitting.estimation",
    "surrogate.landmarks": "surrogate.landmarks.results",
    "surrogate.perturbation": "surrogate.fitting.perturbation",
    "surrogate.perturbation.Settings": "surrogate.specification",
    "surrogate.quantities": "surrogate.fitting.proportions",
    "surrogate.residual_results": "surrogate.residual.results",
    "surrogate.results.Question": "surrogate.specification",
    "surrogate.simulate": "surrogate.planning.simulate",
    # discontinuity
    # population
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
