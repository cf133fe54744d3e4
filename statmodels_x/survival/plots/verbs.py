"""The verbs of results that draw: which arguments belong to which picture, and who draws it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import ArrayLike

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import as_list, check_choice, check_flag
from statmodels_x.survival.fitted import SurvivalFitted
from statmodels_x.survival.plots.calibration import plot_calibration
from statmodels_x.survival.plots.curves import CURVES, plot_curves
from statmodels_x.survival.plots.forest import plot_effects, plot_forest
from statmodels_x.survival.plots.overlays import Data
from statmodels_x.survival.plots.residuals import plot_residuals

_GROUPS = 5
_OF_CURVES = frozenset(
    "by newdata at reference kaplan_meier pohar_perme simultaneous censored at_risk model".split()
)
_OWN = dict.fromkeys(CURVES, _OF_CURVES) | {
    "forest": frozenset(),
    "survival_effects": frozenset({"variables", "at"}),
    "rmst_effects": frozenset({"variables", "at"}),
    "calibration": frozenset({"at", "by", "groups", "newdata"}),
}


class SurvivalPictures(SurvivalFitted):
    """What a fit can draw."""

    def plot(
        self,
        kind: str = "survival",
        by: str | None = None,
        newdata: Any = None,
        at: ArrayLike | None = None,
        reference: Any = None,
        alpha: float = 0.05,
        kaplan_meier: bool | None = None,
        simultaneous: bool = False,
        ax: Any = None,
        censored: bool | None = None,
        at_risk: bool = False,
        variables: Sequence[str] | None = None,
        groups: int | None = None,
        pohar_perme: bool | None = None,
        model: bool = True,
    ) -> Any:
        """Draw predicted curves with bands, coefficients, effects, or calibration.

        Parameters
        ----------
        kind : str
            A kind of :meth:`predict` over times, ``"quantile"``, or a difference or ratio of these: curves. Without
            ``newdata``, those of all causes of a model with a background are means over its patients, with the
            expected survival of their population beside survival.
            ``"forest"``: the coefficients that have a name, as ratios. ``"survival_effects"``,
            ``"rmst_effects"``: :meth:`effects` on survival or on mean time. ``"calibration"``: Kaplan-Meier
            against predicted survival at one time, in groups.
        by : str, optional
            Covariate with a curve for each value; the others are held at their mean or most frequent level,
            which the legend says. With a background and all causes: any column of the model, with the mean over the
            patients of each value, or (differences and ratios, and numbers with many values) over all of them as if
            they had it. For calibration a column whose values are the groups.
        newdata : DataFrame, optional
            For curves: covariates, a curve for each row, instead of ``by``. For calibration: rows with the
            response, which need not be those of the fit.
        at : array_like, optional
            Times of the curves; a fine grid to the end of follow-up by default. For effects and calibration the
            one time at which they are taken.
        reference : DataFrame, optional
            For differences and ratios; the first curve's covariates by default.
        alpha : float
            Error rate of bands and intervals.
        kaplan_meier : bool, optional
            Whether to draw Kaplan-Meier curves, with their intervals, under survival or cumulative hazard; by
            default where ``by`` names the only covariate, or there is none, and the data are at hand; under means
            over patients always. With further covariates the model's curves hold these at one value (the legend says
            at which), and the steps, if you ask for them, are of all patients of a group, with a warning.
        simultaneous : bool
            Whether a band holds over the whole curve at once.
        ax : matplotlib Axes, optional
        censored : bool, optional
            Whether to mark censored times on Kaplan-Meier curves; by default up to 500 of them a curve.
        at_risk : bool
            Whether to write the numbers at risk under the time axis, a row for each value of ``by``.
        variables : sequence of str, optional
            Covariates of the effects.
        groups : int, optional
            Of predicted survival, for calibration; 5 by default.
        pohar_perme : bool, optional
            Whether to draw net survival without a model, :meth:`net_survival`, under ``"net_survival"``; by default
            where it estimates the same, as for ``kaplan_meier``, up to 10,000 rows.
        model : bool
            Whether to draw the curves of the model; False for a figure of Kaplan-Meier (or net survival) curves alone.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument does not belong to the kind, or what it needs is not in the data.

        Examples
        --------
        >>> import statmodels_x as smx
        >>> data = smx.datasets.load_melanoma()
        >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
        >>> ax = fit.plot("survival", by="treatment", at_risk=True)
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['0', '1', '95 % band of the model', 'Kaplan-Meier (data)', 'its 95 % interval', 'censored']
        >>> fit.plot("forest").get_xlabel()
        'Hazard ratio (95 % interval)'
        """
        check_choice("kind", kind, tuple(_OWN), "plot()")
        check_flag("simultaneous", simultaneous), check_flag("at_risk", at_risk), check_flag("model", model)
        given = {
            "by": by, "newdata": newdata, "at": at, "reference": reference, "kaplan_meier": kaplan_meier,
            "simultaneous": simultaneous or None, "censored": censored, "at_risk": at_risk or None,
            "variables": variables, "groups": groups, "pohar_perme": pohar_perme,
            "model": None if model else False,
        }  # fmt: skip
        for name, value in given.items():
            if value is not None and name not in _OWN[kind]:
                homes = ", ".join(f'"{one}"' for one in _homes(name))
                raise DataError(f'plot: `{name}` belongs to {homes}, not to kind="{kind}".')
        if kind == "forest":
            return plot_forest(self, alpha, ax)
        if kind in ("survival_effects", "rmst_effects"):
            chosen = None if variables is None else as_list("variables", variables)
            return plot_effects(self, kind, chosen, _one_time(at, kind), alpha, ax)
        if kind == "calibration":
            if at is None:
                raise DataError(
                    'plot: kind="calibration" needs `at`, the time at which survival is compared.'
                )
            return plot_calibration(
                self, _one_time(at, kind), by, _GROUPS if groups is None else groups, newdata, alpha, ax
            )
        shown = Data(kaplan_meier, pohar_perme, censored, at_risk, model)
        return plot_curves(self, kind, by, newdata, at, reference, alpha, simultaneous, shown, ax)

    def plot_residuals(
        self,
        kind: str = "quantile",
        against: str | None = None,
        seed: int = 0,
        ax: Any = None,
        term: str | tuple[str, str] | None = None,
    ) -> Any:
        """Draw residuals.

        Parameters
        ----------
        kind : str
            A kind of :meth:`residuals`. Quantile residuals are drawn against normal quantiles, Cox-Snell residuals
            as a cumulative hazard against the diagonal, the others against time or a column; of ``"score"``,
            ``"dfbeta"`` and ``"dfbetas"`` the three largest are named by their index.
        against : str, optional
            A column of the model, instead of time.
        seed : int
        ax : matplotlib Axes, optional
        term : str or tuple, optional
            Whose score or change, such as ``"ph.age"``; by default the first covariate's on the main scale.

        Returns
        -------
        matplotlib.axes.Axes
        """
        return plot_residuals(self, kind, against, term, seed, ax)


def _homes(name: str) -> list[str]:
    """List kinds to which an argument belongs, the usual ones first."""
    found = [kind for kind, own in _OWN.items() if name in own]
    return found if len(found) < len(CURVES) else ["survival", "hazard", "hazard_ratio", "..."]


def _one_time(at: Any, kind: str) -> float | None:
    if at is None:
        return None
    try:
        return float(at)
    except (TypeError, ValueError):
        raise DataError(f'plot: `at` is {at!r}; kind="{kind}" takes one time.') from None
