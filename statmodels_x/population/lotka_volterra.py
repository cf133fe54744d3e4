"""The reference model in continuous time: Lotka and Volterra's equations, fitted like the matrix models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statmodels_x.core.errors import DataError
from statmodels_x.core.validation import check_choice, check_flag
from statmodels_x.population.course.build import check_weights
from statmodels_x.population.results import InteractionResults
from statmodels_x.population.sample import Sample, read_sample
from statmodels_x.population.specification import (
    FAMILIES,
    ODE,
    Form,
    Options,
    describe_family,
    describe_initial,
)


class LotkaVolterra:
    r"""Logistic and Lotka-Volterra models of one to six species, in continuous time and without age classes.

    - one species (``"aurelia ~ day"``): logistic growth, :math:`\dot N = N(r - aN)`, with :math:`K = r/a`,
    - ``"competition"``: :math:`\dot N_i = N_i(r_i - \sum_j a_{ij}N_j)`, with carrying capacities :math:`K_i =
      r_i/a_{ii}` and competition coefficients :math:`\alpha_{ij} = a_{ij}/a_{ii}`,
    - ``"predation"``: :math:`\dot x = x(r - ay),\; \dot y = y(bx - m)`, where the first species is the prey. With
      three or more species each eats the one before it (a food chain), :math:`\dot y = y(bx - m - cz),\; \dot z =
      z(dy - \mu)`.

    Parameters
    ----------
    formula : str
        Columns of counts and a column of times, such as ``"hare + lynx ~ year"``. The times need not be equally
        spaced.
    data : DataFrame
        One row per time. A pandas, polars or pyarrow table, or a mapping of columns. Counts may be missing.
    interaction : {"competition", "predation"}
        How the species act on each other. Leave it out for one species.
    family, weights, culture
        As in :class:`LeslieInteraction`.
    limited : bool
        For predation, whether the growth of the prey is limited by its own density, :math:`r - kx - \ldots`, with
        :math:`K = r/k`. A food chain of three reaches an equilibrium only with it.
    saturating : bool
        For predation by one predator, whether predators take time to handle prey (Holling's type II response).
        Both effects are then divided by :math:`1 + hx`. ``limited`` and ``saturating`` together give the model of
        Rosenzweig and MacArthur.

    Raises
    ------
    FormulaError, DataError
        As for :class:`LeslieInteraction`.

    Notes
    -----
    The differential equations and their sensitivities are integrated together by the classical Runge-Kutta method
    on log densities. The step is halved until the error of the fitted course is below 1e-6 of the mean of the
    series.

    References
    ----------
    Lotka (1925), Elements of Physical Biology. Volterra (1926), Nature 118, 558-560. Gause (1934), The Struggle
    for Existence.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_hare_lynx()
    >>> fit = smx.LotkaVolterra("hare + lynx ~ year", data, "predation").fit(n_starts=20)
    >>> round(fit.rsquared_pooled, 2)
    0.96
    """

    def __init__(
        self,
        formula: str,
        data: Any,
        interaction: str = "competition",
        family: str = "gaussian",
        weights: str | Mapping[str, float] | None = "mean",
        culture: str | None = None,
        limited: bool = False,
        saturating: bool = False,
    ) -> None:
        where = "LotkaVolterra()"
        check_choice("interaction", interaction, ("competition", "predation"), where)
        self.sample: Sample = read_sample(formula, data, culture, None)
        if len(self.sample.species) == 1:
            interaction = _single(interaction, where)
        limited, saturating = check_flag("limited", limited), check_flag("saturating", saturating)
        if (limited or saturating) and interaction != "predation":
            raise DataError(
                f'{where}: `limited` and `saturating` are about prey; give interaction="predation".'
            )
        n = len(self.sample.species)
        if saturating and n > 2:
            raise DataError(
                f"{where}: `saturating` is about one predator and its prey, not {n} species; leave it out."
            )
        self.form = Form(
            ODE, interaction, (1,) * max(n, 2), limited=bool(limited), saturating=bool(saturating)
        )
        self.family = check_choice("family", family, FAMILIES, where)
        self.weights = weights
        check_weights(weights, family, self.sample)

    def fit(
        self,
        initial: str | float = "free",
        n_starts: int = 30,
        seed: int = 0,
        n_jobs: int = 1,
        progress: bool = False,
        bounds: Mapping[Any, Any] | None = None,
        keep_data: bool = False,
        allow_unstable: bool = False,
        gain: float | str = 0.0,
    ) -> InteractionResults:
        """Fit the model by bounded least squares, or by maximum likelihood for the families other than Gaussian.

        Parameters
        ----------
        initial : {"free", "observed"} or float
            Densities at the first time. They are estimated ("free"), set to the counts of the first row
            ("observed"), or estimated up to the upper bound that is given.
        n_starts : int
            Number of random starting points.
        seed, n_jobs, progress
            As in :meth:`LeslieInteraction.fit`.
        bounds : mapping, optional
            Bounds of a group of parameters, such as ``{"rate": (0, 5)}``, or of a single parameter, such as
            ``{("rate", "hare"): (0.2, 0.9)}``.
        keep_data, allow_unstable, gain
            As in :meth:`LeslieInteraction.fit`.

        Returns
        -------
        InteractionResults

        Raises
        ------
        DataError, IdentificationError, ConvergenceError
            As in :meth:`LeslieInteraction.fit`.
        """
        options = Options(
            initial, "free", {} if bounds is None else bounds, n_starts, seed, n_jobs, progress, keep_data=keep_data,
            allow_unstable=allow_unstable, gain=gain,
        )  # fmt: skip
        settings = {
            "model": "Logistic growth" if self.form.interaction == "single" else "Lotka-Volterra",
            "interaction": "none" if self.form.interaction == "single" else self.form.interaction,
            "density": _density(self.form),
            "ages": "none",
            "family": describe_family(self.family, self.weights),
            "initial": describe_initial(initial),
            "structure": "none",
            "step": "continuous time",
        }
        return InteractionResults.fit(self, options, settings)

    def __repr__(self) -> str:
        return f"LotkaVolterra({self.sample.formula!r}, {self.form.interaction!r})"


def _single(interaction: str, where: str) -> str:
    if interaction != "competition":
        raise DataError(f"{where}: one species does not interact; leave `interaction` out.")
    return "single"


def _density(form: Form) -> str:
    if form.interaction != "predation":
        return "in the rates"
    parts = [name for name, on in (("limited prey", form.limited), ("saturating", form.saturating)) if on]
    return ", ".join(parts) or "none"
