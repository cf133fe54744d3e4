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
    # discontinuity
    # population
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
