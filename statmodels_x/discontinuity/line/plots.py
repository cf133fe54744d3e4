"""State of a curve -> matplotlib axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError
from statmodels_x.discontinuity.inference.uncertainty import normal_limits
from statmodels_x.discontinuity.line.fitted import CurveFitted, jump_table
from statmodels_x.discontinuity.plots import Drawer, draw, pieces_plot, sizes_plot, tuning_plot

_CRITERIA = {"evidence": "-2 log likelihood + costs", "sure": "SURE", "cv": "Cross-validated squared error"}


def plot(fit: CurveFitted, kind: str, ax: Any, **options: Any) -> Any:
    """Draw a curve; see ``CurveResults.plot``."""
    drawers: dict[str, Drawer] = {
        "curve": (_curve, ("alpha",)),
        "jumps": (_jumps, ("alpha",)),
        "tuning": (_tuning, ()),
    }
    return draw(drawers, fit, "curve" if isinstance(kind, str) and kind == "surface" else kind, ax, options)


def _curve(fit: CurveFitted, ax: Any, alpha: float = 0.05) -> Any:
    pieces = []
    for x in fit.line.places():
        value, std_error = fit.line.predict(x)
        pieces.append((fit.facts.dated(x), value, *normal_limits(value, std_error, alpha)))
    return pieces_plot(ax, fit, pieces, jump_table(fit), alpha)


def _jumps(fit: CurveFitted, ax: Any, alpha: float = 0.05) -> Any:
    table = jump_table(fit)
    if table.empty:
        raise DataError("plot: the curve has no jump.")
    name = fit.facts.domain.names[0]
    ax = sizes_plot(ax, table[name], table["size"], table["std_error"], alpha, name, fit.facts.response)
    domain = fit.facts.domain.breaks[0]
    ax.set_xlim(*fit.facts.dated(domain[[0, -1]]))  # of the data, not of the jumps
    return ax


def _tuning(fit: CurveFitted, ax: Any) -> Any:
    tuning = fit.line.tuning
    if tuning is None:
        raise DataError("plot: nothing was tuned; lam and nu were given.")
    table = pd.DataFrame({"lam": tuning.lam, "nu": tuning.nu, "value": np.asarray(tuning.criterion)})
    return tuning_plot(ax, table, _CRITERIA[str(fit.control.tune)], (fit.lam, fit.nu))
