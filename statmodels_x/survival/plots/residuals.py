"""Pictures of residuals and of the influence of single rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from statmodels_x import plotting
from statmodels_x.core.errors import DataError
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_choice
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.inference.residuals import INFLUENCE, KINDS, residuals
from statmodels_x.survival.plots.curves import axis_labels
from statmodels_x.survival.plots.forest import readable

_NAMED = 3
_NEAR = np.array([0.07, 0.04])
_AGAINST = ("martingale", "deviance", *INFLUENCE)


def plot_residuals(fit: SurvivalFitted, kind: str, against: str | None, term: Any, seed: int, ax: Any) -> Any:
    """Draw residuals; see :meth:`FlexibleSurvivalResults.plot_residuals`."""
    check_choice("kind", kind, KINDS, "plot_residuals()")
    if against is not None and kind not in _AGAINST:
        raise DataError(
            f'plot_residuals: `against` belongs to residuals that are drawn against something, not to "{kind}".'
        )
    if term is not None and kind not in INFLUENCE:
        raise DataError(
            f'plot_residuals: `term` belongs to kinds with a value for each term, not to "{kind}".'
        )
    if kind in INFLUENCE:
        return _plot_influence(fit, kind, against, term, seed, ax)
    values = np.asarray(residuals(fit, kind, seed), dtype=float)
    ax = plotting.get_axes(ax)
    if kind == "quantile":
        return _plot_quantiles(ax, values)
    if kind == "cox-snell":
        return _plot_cox_snell(ax, fit, values)
    x, label = _against(fit, against)
    _draw_by_status(ax, fit, x, values)
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    plotting.finish(ax, label, f"{kind.capitalize()} residual")
    plotting.legend_above(ax)
    return ax


def _plot_quantiles(ax: Any, values: Array) -> Any:
    from scipy.special import ndtri

    expected = ndtri((np.arange(len(values)) + 0.5) / len(values))
    ax.plot(expected, np.sort(values), "o", markersize=3, color=plotting.COLOURS[0])
    ax.plot(expected, expected, color="0.4", linewidth=0.8)
    return plotting.finish(ax, "Standard normal quantile", "Quantile residual")


def _plot_cox_snell(ax: Any, fit: SurvivalFitted, values: Array) -> Any:
    """Draw the Nelson-Aalen curve of the residuals, which is the diagonal under the model."""
    event = fit.need_sample().response.code == 1
    order = np.argsort(values, kind="stable")
    steps = np.cumsum(event[order] / np.arange(len(values), 0, -1))
    x, y = np.concatenate([[0.0], values[order]]), np.concatenate([[0.0], steps])
    ax.step(x, y, where="post", color=plotting.COLOURS[0], label="residuals")
    end = float(values.max())
    ax.plot([0.0, end], [0.0, end], color="0.4", linewidth=0.8, label="under the model")
    return plotting.finish(ax, "Cox-Snell residual", "Nelson-Aalen cumulative hazard")


def _plot_influence(
    fit: SurvivalFitted, kind: str, against: str | None, term: Any, seed: int, ax: Any
) -> Any:
    """Draw what each row does to one coefficient, and name the rows that do most."""
    table = residuals(fit, kind, seed)
    label = _label_of(fit, term)
    values = table[label].to_numpy(float)
    x, name = _against(fit, against)
    ax = plotting.get_axes(ax)
    ax.vlines(x, 0.0, values, color="0.75", linewidth=0.6, zorder=1)
    _draw_by_status(ax, fit, x, values)
    ax.axhline(0.0, color="0.4", linewidth=0.8)
    if kind == "dfbetas":
        _draw_threshold(ax, 2.0 / np.sqrt(len(values)))
    _name_largest(ax, x, values, table.index)
    words = {
        "score": "Score",
        "dfbeta": "Change by the row",
        "dfbetas": "Change by the row in standard errors",
    }
    plotting.finish(ax, name, f"{words[kind]}\n{label[0]}.{readable(label[1])}")
    plotting.legend_above(ax)
    return ax


def _name_largest(ax: Any, x: Array, values: Array, names: Any) -> None:
    """Write the index of the rows with the largest values, one at a place."""
    if not np.issubdtype(np.asarray(x).dtype, np.number):
        x = np.unique(x, return_inverse=True)[1].astype(float)
    spans = (np.ptp(x) or 1.0, np.nanmax(values) - np.nanmin(values) or 1.0)
    named: list[Array] = []
    for place in np.argsort(-np.abs(np.nan_to_num(values))):
        point = np.array([x[place] / spans[0], values[place] / spans[1]])
        if len(named) == _NAMED or values[place] == 0.0:
            return
        if all(np.any(np.abs(point - other) > _NEAR) for other in named):
            named.append(point)
            ax.annotate(
                str(names[place]), (x[place], values[place]), (4, 4 if values[place] > 0 else -9),
                textcoords="offset points", fontsize="small",
            )  # fmt: skip


def _draw_threshold(ax: Any, height: float) -> None:
    for k, level in enumerate((height, -height)):
        ax.axhline(level, color="0.4", linewidth=0.8, linestyle="--", label="2/sqrt(n)" if k == 0 else None)


def _label_of(fit: SurvivalFitted, term: Any) -> tuple[str, str]:
    """Find the coefficient: as asked for, or the first covariate's on the main scale."""
    labels: list[tuple[str, str]] = fit.coefficients.index.to_list()
    if term is None:
        main = fit.specification.scale
        return next((one for one in labels if one[0] == main and one[1] != "Intercept"), labels[0])
    for one in labels:
        if term in (one, ".".join(one)):
            return one
    known = ", ".join(repr(".".join(one)) for one in labels)
    raise DataError(
        f"plot_residuals: `term` is {term!r}, which is no term of this model; its terms are: {known}."
    )


def _against(fit: SurvivalFitted, against: str | None) -> tuple[Array, str]:
    """Return what residuals are drawn against: a column, the time, or for intervals the row."""
    sample = fit.need_sample("residuals")
    if against is not None:
        if against not in sample.frame.data.columns:
            raise DataError(f"plot_residuals: `against` is {against!r}, which is no column of this model.")
        return np.asarray(sample.frame.data[against]), against
    if sample.response.is_right_censored:
        return sample.response.time, axis_labels(fit, "survival")[0]
    return np.arange(len(sample.response), dtype=float), "Row"


def _draw_by_status(ax: Any, fit: SurvivalFitted, x: Array, values: Array) -> None:
    seen = fit.need_sample("residuals").response.code != 0
    for k, (inside, label) in enumerate(((seen, "event"), (~seen, "censored"))):
        ax.plot(
            x[inside],
            values[inside],
            "ox"[k],
            markersize=4,
            label=label,
            alpha=0.8,
            color=plotting.COLOURS[k],
        )
