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
        """Plot predicted curves, a forest plot, effects, or calibration.

        Parameters
        ----------
        kind : str
            The figure to draw:

            - a kind of :meth:`predict` over times (``"survival"``, ``"hazard"``, ...), ``"quantile"``, or a
              difference or ratio of these: curves with confidence bands;
            - ``"forest"``: a forest plot of the coefficients that can be read as ratios, such as hazard ratios;
            - ``"survival_effects"``, ``"rmst_effects"``: a forest plot of :meth:`effects` on survival or on mean
              time;
            - ``"calibration"``: Kaplan-Meier estimates against predicted survival at one time, in groups.

            In a model with a background, curves for all causes are averages over the patients unless ``newdata`` is
            given. The expected survival of their population is drawn beside survival.
        by : str, optional
            Covariate with one curve for each of its values. The other covariates are held at their mean, or at their
            most frequent value, as the legend says. If the curves are averages over the patients of a model with a
            background, any column of the model can be given, and each curve is the average over the patients with
            that value. (For differences and ratios, and for numbers with many values, it is the average over all
            patients as if they had that value.) With ``kind="calibration"`` it is the column whose values are the
            groups.
        newdata : DataFrame, optional
            For curves: covariates, one curve per row. Give either ``newdata`` or ``by``. For calibration: rows with
            the response and the covariates, which can be other patients than those of the fit.
        at : array_like, optional
            Times of the curves. The default is a fine grid up to the end of follow-up. For effects and calibration,
            one time.
        reference : DataFrame, optional
            What differences and ratios compare with. The default is the covariates of the first curve.
        alpha : float
            Significance level of bands and intervals. The default gives 95 % confidence intervals.
        kaplan_meier : bool, optional
            Whether to draw Kaplan-Meier curves with their intervals beside survival or the cumulative hazard. By
            default they are drawn if the data are at hand and ``by`` names the only covariate (or there is no
            covariate), and beside averages over patients. If the model has further covariates, its curves
            hold them at one value, which the legend names. Step functions that you ask for are then those of all
            patients of a group, and there is a warning.
        simultaneous : bool
            Whether a band covers the whole curve at once.
        ax : matplotlib Axes, optional
            Axes to draw on. The default is a new figure.
        censored : bool, optional
            Whether to mark censored times on Kaplan-Meier curves. By default they are marked on curves with up to
            500 of them.
        at_risk : bool
            Whether to write the numbers at risk under the time axis, one row for each curve.
        variables : sequence of str, optional
            Covariates whose effects are drawn.
        groups : int, optional
            Number of groups of predicted survival for calibration. The default is 5.
        pohar_perme : bool, optional
            Whether to draw the nonparametric estimate :meth:`net_survival` with ``kind="net_survival"``. By default
            it is drawn under the same conditions as Kaplan-Meier curves, for up to 10,000 rows.
        model : bool
            Whether to draw the curves of the model. False draws Kaplan-Meier (or net survival) curves alone.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument does not belong to the kind of figure, or the figure needs data that are not at hand.

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
        """Plot residuals.

        Quantile residuals are drawn against normal quantiles. Cox-Snell residuals are drawn as a cumulative hazard
        against the diagonal. Other residuals are drawn against time or against a column. For ``"score"``,
        ``"dfbeta"`` and ``"dfbetas"`` the three largest are labelled with their row.

        Parameters
        ----------
        kind : {"quantile", "cox-snell", "martingale", "deviance", "p_excess", "score", "dfbeta", "dfbetas"}
            The type of residual, as in :meth:`residuals`.
        against : str, optional
            A column of the model to draw against, instead of time. It is available for the kinds that are drawn against
            time, except ``"p_excess"``.
        seed : int
            Seed of the draws of quantile residuals.
        ax : matplotlib Axes, optional
            Axes to draw on. The default is a new figure.
        term : str or tuple, optional
            The coefficient whose score or change is drawn, such as ``"ph.age"``. The default is the first covariate
            of the main scale.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        DataError
            If an argument does not belong to the kind, or the fit was saved without its data.
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
