"""State of a residual-effect fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from statmodels_x.surrogate.fitted import ProportionFitted

NAMES = ("r_s", "delta", "delta_s", "delta_t", "r_t", "incremental_value")


@dataclass(frozen=True, eq=False, kw_only=True)
class ResidualFitted(ProportionFitted):
    """Estimates of a residual effect.

    Attributes
    ----------
    formula, surrogate, effect, kind, smoother : str
        The arguments of the model and of ``fit``.
    at, landmark : float
        Time t of the outcome and landmark t0.
    """

    names: ClassVar[tuple[str, ...]] = NAMES

    formula: str = field(repr=False)
    surrogate: str = field(repr=False)
    at: float
    landmark: float
    effect: str
    kind: str
    smoother: str
