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

    With age vectors x and y, totals :math:`N_x, N_y` and Leslie matrices A and D, one step of time is

    - ``"competition"``: :math:`x' = Ax - By,\; y' = Dy - Cx`; with ``density="leslie-gower"`` :math:`x' = Ax/(1 +
      a_{xx}N_x + a_{xy}N_y)`, and likewise for y,
    - ``"predation"``: :math:`x' = Ax - By,\; y' = Dy + Cx`; with ``density="leslie-gower"`` :math:`x' = (Ax -
      By)/(1 + a_{xx}N_x),\; y' = Dy/(1 + a_{yy}N_y) + Cx/(1 + cN_x)`,
    - ``"complex"``: :math:`z' = (A + iB)z` with z = x + iy, which is predation with D = A and C = B.

    All matrix entries are nonnegative, survival probabilities are at most 1, and totals may not fall below 0 at
    any step. A single species grows by its own matrix, with or without density dependence. Three to six species
    can compete with ``density="leslie-gower"``.

    Parameters
    ----------
    formula : str
        Columns of counts and a column of times, such as ``"aurelia + caudatum ~ day"``. For predation the prey
        comes first.
    data : DataFrame
        One row per time. A pandas, polars or pyarrow table, or a mapping of columns. The times need not be
        equally spaced, but their gaps must be multiples of a common step. Counts may be missing.
    interaction : {"competition", "predation", "complex"}
        How the species act on each other. Leave it out for one species.
    ages : int or sequence of int
        Number of age classes, one number for all species or one for each.
    coupling : {"scalar", "diagonal", "full"}
        Form of B (and likewise of C): a multiple of the identity matrix, a diagonal matrix, or a matrix in which
        every entry is free. Leslie-Gower competition acts through the totals and has no such matrices.
    density : {None, "leslie-gower", "saturating", "beverton-holt", "ricker"}
        Density dependence. ``None`` gives the linear system, which can only grow or die out in the long run.
        ``"leslie-gower"`` is for two or more species, as above. ``"saturating"`` is predation in which predators
        take a proportion of the prey. ``"beverton-holt"`` and ``"ricker"`` are for one species.
    family : {"gaussian", "lognormal", "poisson", "negativebinomial"}
        Distribution of the counts about the totals.
    weights : "mean", "equal", or mapping of species to numbers
        Weights of the Gaussian residuals. ``"mean"`` divides each residual by the mean of its series, so that all
        species have the same influence.
    culture : str, optional
        Column that marks several series (cultures). They share their parameters, and each has initial totals of
        its own. A species that is missing (or 0) throughout a culture is absent from it.
    step : float, optional
        Length of a step. The default is the largest step of which all gaps between times are multiples.

    Raises
    ------
    FormulaError
        If the formula cannot be read as columns of counts and a column of times.
    DataError
        If a column or an option cannot be used. The message names it and says what to do.

    Notes
    -----
    The linear forms and the theorem of the last species standing are derived from the block recursion. They build
    on the matrix models of Leslie and on the density-dependent form of Leslie and Gower. See
    :doc:`/guide/population` for how to use the model.

    The weighting of the residuals is part of the model. The counts of a growing culture span two orders of
    magnitude, and the estimates of K and alpha can change by more than the width of their intervals if the
    weights are changed. It is therefore worth fitting ``family="negativebinomial"`` beside the default.

    The first fit after an installation takes about half a minute longer, because functions are compiled. The
    result is kept on disk.

    References
    ----------
    Leslie (1945), Biometrika 33, 183-212. Leslie and Gower (1958), Biometrika 45, 316-330. Gause (1934), The
    Struggle for Existence, Williams and Wilkins.

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
        """Fit the model by bounded least squares, or by maximum likelihood for the families other than Gaussian.

        Parameters
        ----------
        initial : {"free", "observed"} or float
            Totals at the first time. They are estimated ("free"), set to the counts of the first row
            ("observed"), or estimated up to the upper bound that is given.
        structure : {"free", "stable"} or mapping of species to shares
            Age structure at the first time. It is estimated ("free"), set to each species' stable age
            distribution ("stable"), or set to the shares that are given.
        n_starts : int
            Number of random starting points, besides those carried over from simpler models.
        seed : int
            Seed of the starting points. The same seed gives the same fit whatever ``n_jobs``.
        n_jobs : int
            Number of threads.
        progress : bool
            Whether to show a progress bar.
        bounds : mapping, optional
            Bounds of a group of parameters, such as ``{"fecundity": (0, 10)}``, or of a single parameter, such as
            ``{("survival", "hare_1"): (0.2, 0.9)}``. Two equal bounds fix a parameter.
        life_table : mapping, optional
            For one or more species, a :class:`LeslieMatrix` or a pair ``(fecundity, survival)`` to shrink the
            estimates towards.
        ridge : float
            Weight of the squared distance from the life table, in units of squared residuals. The estimates and
            standard errors are then those of a penalised fit.
        warm_starts : bool
            Whether to fit simpler models first (fewer classes, simpler coupling) and to start from their
            estimates too.
        keep_data : bool
            Whether a saved or pickled result carries the counts. A result without them can still predict and
            summarise.
        allow_unstable : bool
            Whether a solution may be chosen that follows an unstable equilibrium and depends on more than five
            digits of its parameters (a needle). Such a solution has no standard errors and no period. It fits
            better than it predicts.
        gain : float or "free"
            How far the state is corrected towards each count before the next step, as a share of the difference
            between total and count. With 0 the course is never corrected (all errors are errors of counting).
            With 1 every step starts at the last count (all errors are errors of the step). ``"free"`` estimates
            the gain.

        Returns
        -------
        InteractionResults

        Raises
        ------
        DataError
            If an argument cannot be used.
        IdentificationError
            If there are more parameters than counts.
        ConvergenceError
            If no starting point led to a finite course.

        Warns
        -----
        IdentificationWarning
            If the totals do not determine all parameters, or if few of the searches reached the best fit.
        ConvergenceWarning
            If the best solution is not stationary.
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
