"""The public model class: formula, data and options, checked; ``fit()``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice
from statmodels_x.population.course.build import check_weights
from statmodels_x.population.fitting.ridge import read_ridge
from statmodels_x.population.results import InteractionResults
from statmodels_x.population.sample import Sample, read_sample
from statmodels_x.population.specification import (
    FAMILIES,
    Form,
    Options,
    describe_family,
    describe_initial,
    read_form,
)


class LeslieInteraction:
    r"""Matrix models of species with age classes that compete or prey on each other, fitted to counts of their totals.

    With age vectors x and y, totals :math:`N_x, N_y` and Leslie matrices A and D, a step of time is

    - ``"competition"``: :math:`x' = Ax - By,\; y' = Dy - Cx`; with ``density="leslie-gower"``
      :math:`x' = Ax/(1 + a_{xx}N_x + a_{xy}N_y)` and likewise y,
    - ``"predation"``: :math:`x' = Ax - By,\; y' = Dy + Cx`; with ``density="leslie-gower"``
      :math:`x' = (Ax - By)/(1 + a_{xx}N_x),\; y' = Dy/(1 + a_{yy}N_y) + Cx/(1 + cN_x)`,
    - ``"complex"``: :math:`z' = (A + iB)z` with z = x + iy, which is predation with D = A and C = B.

    All matrix entries are nonnegative, survivals are at most 1, and totals may not fall below 0 at any step. One
    species alone grows by its matrix, or with ``density="beverton-holt"`` or ``"ricker"``; three to six compete under
    ``density="leslie-gower"``.

    Parameters
    ----------
    formula : str
        ``"aurelia + caudatum ~ day"``: columns of counts and one of times. For predation the prey comes first.
    data : DataFrame
        pandas, polars, pyarrow, or a mapping of columns. Times need not be equally spaced, but their gaps must be
        multiples of a common step; counts may be missing.
    interaction : {"competition", "predation", "complex"}
    ages : int or sequence of int
        Age classes, of all species or of each.
    coupling : {"scalar", "diagonal", "full"}
        B = b I, B diagonal, or every entry free; likewise C. Leslie-Gower competition couples through the totals and
        has none.
    density : None or "leslie-gower"
        None is the linear system, which can only grow or die out in the long run.
    family : {"gaussian", "lognormal", "poisson", "negativebinomial"}
        Distribution of the counts about the totals.
    weights : "mean", "equal", or mapping of species to numbers
        Of the Gaussian residuals: ``"mean"`` divides by the mean of the series, so that both species count alike.
    culture : str, optional
        Column that marks several series with the same parameters and initial totals of their own. A species that is
        missing (or 0) throughout a culture is absent from it.
    step : float, optional
        Length of a step; by default the largest of which all gaps between times are multiples.

    Raises
    ------
    FormulaError
        If the formula is not two columns and a time.
    DataError
        If a column or an option cannot be used. The message names it and the remedy.

    Notes
    -----
    The linear forms and the rule of the last species standing are derived from the block recursion; the sources are
    the matrix models of Leslie and the density-dependent form of Leslie and Gower.

    How the residuals are weighted is part of the model. Counts of a growing culture span two orders of magnitude, and
    K and alpha move by more than their intervals between weights, so that it is worth a look at
    ``family="negativebinomial"`` beside the default.

    The first fit after an installation compiles for about half a minute; the result is kept on disk.

    References
    ----------
    Leslie (1945), Biometrika 33, 183-212. Leslie and Gower (1958), Biometrika 45, 316-330. Gause (1934), The Struggle
    for Existence, Williams and Wilkins.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_paramecium()
    >>> model = smx.LeslieInteraction("aurelia_mixed + caudatum_mixed ~ day", data, density="leslie-gower")
    >>> fit = model.fit()
    >>> round(fit.wss, 4)
    0.9085
    >>> fit.rsquared.round(3).to_dict()
    {'aurelia_mixed': 0.958, 'caudatum_mixed': 0.923}
    """

    def __init__(
        self,
        formula: str,
        data: Any,
        interaction: str = "competition",
        ages: int | Sequence[int] = 1,
        coupling: str = "scalar",
        density: str | None = None,
        family: str = "gaussian",
        weights: str | Mapping[str, float] | None = "mean",
        culture: str | None = None,
        step: float | None = None,
    ) -> None:
        self.sample: Sample = read_sample(formula, data, culture, step)
        self.form: Form = read_form(interaction, ages, coupling, density, len(self.sample.species))
        self.family = check_choice("family", family, FAMILIES, "LeslieInteraction()")
        if np.isnan(self.sample.step):
            raise DataError(
                f"'{self.sample.time_name}': the gaps have no common step, which a matrix model needs; round the times "
                "to a grid, or use LotkaVolterra, which runs in continuous time."
            )
        self.weights = weights
        check_weights(weights, family, self.sample)

    def fit(
        self,
        initial: str | float = "free",
        structure: str | Mapping[str, Any] = "free",
        n_starts: int = 60,
        seed: int = 0,
        n_jobs: int = 1,
        progress: bool = False,
        bounds: Mapping[Any, Any] | None = None,
        life_table: Mapping[str, Any] | None = None,
        ridge: float = 0.0,
        warm_starts: bool = True,
        keep_data: bool = False,
        allow_unstable: bool = False,
        gain: float | str = 0.0,
    ) -> InteractionResults:
        """Fit the totals by bounded least squares, or by maximum likelihood for the other families.

        Parameters
        ----------
        initial : {"free", "observed"} or float
            Totals at the first time: estimated, taken from the first row as known, or estimated up to a bound.
        structure : {"free", "stable"} or mapping of species to shares
            Age classes at the first time: free, each species' stable age distribution, or given shares.
        n_starts : int
            Random starts, besides those carried over from simpler models.
        seed : int
            Of the starts; the same seed gives the same fit whatever ``n_jobs``.
        n_jobs : int
            Threads.
        progress : bool
            Show a bar.
        bounds : mapping, optional
            Limits of a group of parameters, ``{"fecundity": (0, 10)}``, or of one,
            ``{("survival", "hare_1"): (0.2, 0.9)}``; equal limits fix a parameter.
        life_table : mapping, optional
            For each species (or one of them) a :class:`LeslieMatrix` or ``(fecundity, survival)`` to shrink toward.
        ridge : float
            Weight of the squared distance from the life table, in units of squared residuals. Estimates and standard
            errors are then those of a penalised fit.
        warm_starts : bool
            Whether to fit simpler models first (fewer classes, simpler coupling) and start from them too.
        keep_data : bool
            Whether a saved or pickled result carries the counts; without them it still predicts and summarises.
        allow_unstable : bool
            Whether a needle may be chosen: a course that spends more than five digits of its parameters on an unstable
            equilibrium. It has no standard errors and no period, and fits better than it foresees.
        gain : float or "free"
            Share of the way from the total to the count by which the state is corrected at every count before the
            next step: 0 is a course left alone (errors of counting), 1 starts every step at the last count (errors of
            the step).

        Returns
        -------
        InteractionResults

        Raises
        ------
        IdentificationError
            If there are more parameters than counts.
        ConvergenceError
            If no start gave a finite course.

        Warns
        -----
        IdentificationWarning
            If totals cannot determine all parameters, or few starts reached the best fit.
        ConvergenceWarning
            If the best end is not stationary.
        """
        options = Options(
            initial, structure, {} if bounds is None else bounds, n_starts, seed, n_jobs, progress,
            warm_starts, keep_data, allow_unstable, gain,
        )  # fmt: skip
        penalty, text = read_ridge(life_table, ridge, self.form, self.sample)
        settings = self._settings(initial, structure) | ({"ridge": text} if text else {})
        return InteractionResults.fit(self, options, settings, penalty)

    def _settings(self, initial: str | float, structure: Any) -> dict[str, str]:
        form, sample = self.form, self.sample
        unit = f" {sample.time_unit}" if sample.time_unit else ""
        unit = unit.removesuffix("s") if sample.step == 1.0 else unit
        k, single = form.ages, form.interaction == "single"
        coupling = "" if form.is_uncoupled else f", {form.coupling} coupling"
        return {
            "model": _title(form),
            "interaction": "none" if single else form.interaction + coupling,
            "density": _DENSITIES[form.density, single],
            "ages": str(k[0]) if single else " and ".join(map(str, k)),
            "family": describe_family(self.family, self.weights),
            "initial": describe_initial(initial),
            "structure": "one class" if max(k) == 1 else structure if isinstance(structure, str) else "given",
            "step": f"{sample.step:g}{unit}",
        }

    def __repr__(self) -> str:
        return f"LeslieInteraction({self.sample.formula!r}, {self.form.interaction!r}, ages={self.form.ages})"


_DENSITIES = {
    (None, False): "none (linear)",
    (None, True): "none (linear)",
    ("leslie-gower", False): "leslie-gower",
    ("leslie-gower", True): "Beverton-Holt",
    ("saturating", False): "saturating",
    ("ricker", True): "Ricker",
}


def _title(form: Form) -> str:
    if form.interaction == "single":
        return "Leslie model of one species"
    return {None: "Leslie interaction", "saturating": "Leslie predation, saturating"}.get(
        form.density, "Leslie-Gower interaction"
    )
