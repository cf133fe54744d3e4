"""Counts of the age classes themselves: each step is a linear regression within bounds, and the problem is convex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import DataError, FormulaError, IdentificationError
from statmodels_x.core.findings import Finding, warn
from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.handing_out import handed_out
from statmodels_x.core.fits.reference import Reference
from statmodels_x.core.fits.results import LikelihoodResults
from statmodels_x.core.fits.tables import summary
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import as_list, check_choice, numeric_array, rows_text
from statmodels_x.population.course.invariants import block_matrix
from statmodels_x.population.course.parameters import Layout
from statmodels_x.population.course.terms import add_matrices
from statmodels_x.population.fitting.regression import Regression, regress
from statmodels_x.population.sample import read_counts
from statmodels_x.population.specification import Form, read_form
from statmodels_x.population.tables import estimate_block


class ObservedLeslie:
    """Leslie model of one or two species whose age classes are counted.

    The model is :math:`w_{n+1} = M w_n + e`, where w holds the classes of all species and M is the block matrix
    of the interaction (see :class:`LeslieInteraction`). Its entries are nonnegative and its survival
    probabilities are at most 1. The numbers of one time are regressed on those of the time before. The sum of
    squares over the pairs of consecutive times is convex, so that its minimum is the global one.

    Parameters
    ----------
    formula : str
        The columns of each species' classes, youngest first, and the column of times, such as ``"x1 + x2 | y1 +
        y2 ~ year"``. For predation the prey comes first. ``"x1 + x2 ~ year"`` is a model of one species.
    data : DataFrame
        One row per time. A pandas, polars or pyarrow table, or a mapping of columns. Only rows that are one step
        apart make a pair. The step is the most frequent gap between times.
    time : str, optional
        Deprecated: the column of times, if ``formula`` is a mapping of species to columns.
    interaction : {"competition", "predation", "complex"}
        How the species act on each other, as in :class:`LeslieInteraction`.
    coupling : {"scalar", "diagonal", "full"}
        Form of the blocks B and C, as in :class:`LeslieInteraction`.
    weights : {"mean", "equal"}
        Whether the errors of each class are divided by its mean.
    names : sequence of str, optional
        Names of the species. The default is what the names of their columns have in common.

    Raises
    ------
    FormulaError
        If the formula cannot be read.
    DataError
        If a column or an option cannot be used.
    IdentificationError
        If no two consecutive rows are complete.

    Notes
    -----
    The errors are errors of the step (process noise). Errors of counting would bias the entries towards 0, as
    errors in a regressor do. If there are such errors, fit the totals by :class:`LeslieInteraction`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import statmodels_x as smx
    >>> w = [np.array([50.0, 40.0, 30.0])]
    >>> M = np.array([[0.3, 1.0, -0.1], [0.6, 0.0, -0.0], [-0.05, -0.0, 1.05]])
    >>> for _ in range(6):
    ...     w.append(M @ w[-1])
    >>> data = pd.DataFrame(w, columns=["x1", "x2", "y"]).assign(year=range(7))
    >>> fit = smx.ObservedLeslie("x1 + x2 | y ~ year", data, coupling="full").fit()
    >>> fit.params["fecundity"].round(3).to_dict()
    {'x_1': 0.3, 'x_2': 1.0, 'y': 1.05}
    """

    def __init__(
        self,
        formula: str | Mapping[str, Sequence[str]],
        data: Any,
        time: str | None = None,
        interaction: str = "competition",
        coupling: str = "scalar",
        weights: str = "mean",
        names: Sequence[str] | None = None,
    ) -> None:
        where = "ObservedLeslie()"
        check_choice("weights", weights, ("mean", "equal"), where)
        if isinstance(formula, Mapping):
            columns, time, names = _from_mapping(formula, time, where)
        else:
            columns, time = _from_formula(formula)
        self.species = _species(columns, names, where)
        self.columns = tuple(name for names in columns for name in names)
        ages = tuple(len(part) for part in columns)
        self.form: Form = read_form(interaction, ages, coupling, None, len(columns))
        frame = as_pandas(data)
        check_columns(frame, [*self.columns, time], where)
        self.counts = np.column_stack(
            [read_counts(frame[name], name, len(frame), where) for name in self.columns]
        )
        never = ~np.any(self.counts > 0.0, axis=0)
        if never.any():
            name = self.columns[int(np.argmax(never))]
            raise DataError(f"{where}: '{name}' is never above 0; take the class out.")
        self.before, self.after, self.step = _pairs(
            self.counts, numeric_array(frame[time], time, where), time
        )
        self.weights = (
            1.0 / np.nanmean(self.counts, axis=0) if weights == "mean" else np.ones(len(self.columns))
        )
        self.time_name = time

    def fit(self) -> ObservedLeslieResults:
        """Minimise the sum of squares within the bounds, and verify the minimum.

        Returns
        -------
        ObservedLeslieResults

        Raises
        ------
        IdentificationError
            If there are not more pairs of times than free entries in the fullest row of the matrix.
        ConvergenceError
            If the solution does not meet the optimality conditions.
        """
        layout = Layout(self.form)
        add_matrices(layout, self.species, np.full(2, np.inf), np.ones(2), strongest=np.inf)
        found = regress(layout, self.before, self.after, self.weights)
        m = len(self.columns)
        matrix = pd.DataFrame(
            block_matrix(layout, found.theta)[:m, :m], list(self.columns), list(self.columns)
        )
        index = pd.MultiIndex.from_tuples(layout.names, names=["parameter", "term"])
        n, ssr = len(found.resid), float(found.resid @ found.resid)
        df = n - int(found.free.sum())
        log_weights = len(self.after) * float(np.sum(np.log(self.weights)))
        return ObservedLeslieResults(
            coefficients=pd.Series(found.theta, index, name="estimate"),
            covariance=pd.DataFrame(found.covariance, index, index),
            reference=Reference(float(max(df, 1))),
            llf=-0.5 * n * (np.log(2.0 * np.pi * max(ssr, 1e-300) / n) + 1.0) + log_weights,
            nobs=n,
            converged=True,
            findings=_findings(layout, found),
            ssr=ssr,
            certificate=found.certificate,
            species=self.species,
            machinery=ObservedMachinery(matrix, self._shares(found), self._settings()),
        )

    def _shares(self, found: Regression) -> pd.Series:
        spread = self.after - self.after.mean(axis=0)
        errors = (found.resid / np.tile(self.weights, len(self.after))).reshape(self.after.shape)
        total = np.sum(spread**2, axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(total > 0.0, 1.0 - np.sum(errors**2, axis=0) / total, np.nan)
        return pd.Series(shares, list(self.columns), name="rsquared")

    def _settings(self) -> dict[str, str]:
        one = len(self.species) == 1
        return {
            "Interaction": "none" if one else f"{self.form.interaction}, {self.form.coupling} coupling",
            "Age classes": " and ".join(map(str, self.form.ages[: len(self.species)])),
            "Pairs of times": str(len(self.before)),
            "Step": f"{self.step:g}",
        }

    def __repr__(self) -> str:
        return f"ObservedLeslie({self.form.interaction!r}, ages={self.form.ages}, pairs={len(self.before)})"


@dataclass(frozen=True, eq=False)
class ObservedMachinery:
    """Internal: what the results hand out copies of, and what the summary says."""

    matrix: pd.DataFrame
    rsquared: pd.Series
    settings: dict[str, str]


@dataclass(frozen=True, eq=False, kw_only=True)
class ObservedLeslieResults(LikelihoodResults):
    """Results of :meth:`ObservedLeslie.fit() <statmodels_x.ObservedLeslie.fit>`; they hold no data.

    The estimates in ``params`` are the entries of the matrices, labelled like those of
    :class:`LeslieInteraction`. The covariance matrix is that of least squares without bounds. The errors of the
    other entries therefore allow for an entry at a bound being elsewhere. Entries at a bound have no standard
    error (NaN).

    Attributes
    ----------
    ssr : float
        Weighted sum of squares.
    nobs : int
        Number of counts that a step led to.
    certificate : float
        Largest violation of the optimality conditions, relative to the gradient at 0.
    species : tuple of str
        Names of the species.
    machinery : ObservedMachinery
        The matrix, R2 and settings behind the tables. Internal.
    """

    ssr: float
    certificate: float
    species: tuple[str, ...]
    machinery: ObservedMachinery = field(repr=False)

    def __repr__(self) -> str:
        return f"ObservedLeslieResults({' and '.join(self.species)}, n={self.nobs}, ssr={self.ssr:.4g})"

    @property
    def matrix(self) -> pd.DataFrame:
        """The fitted block matrix M, with the signs of the interaction."""
        return handed_out(self.machinery.matrix)

    @property
    def rsquared(self) -> pd.Series:
        """Share of the variance of each class about its mean that the step explains."""
        return handed_out(self.machinery.rsquared)

    @property
    def df_resid(self) -> int:
        """Number of counts minus the number of entries that are not at a bound."""
        return self.nobs - int(self.bse.notna().sum())

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Compute confidence intervals from Student's t distribution, cut at the bounds.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame of shape (p, 2)
            Columns ``lower`` and ``upper``, indexed like ``params``.
        """
        table = super().conf_int(alpha)
        survival = table.index.get_level_values(0) == "survival"
        table["lower"] = table["lower"].clip(lower=0.0)
        table.loc[survival, "upper"] = table.loc[survival, "upper"].clip(upper=1.0)
        return table

    def summary(self, alpha: float = 0.05) -> Any:
        """Return tables of the fit.

        Parameters
        ----------
        alpha : float
            One minus the confidence level of the intervals.

        Returns
        -------
        FitSummary
        """
        table = pd.concat([self.coefficients, self.bse, self.conf_int(alpha)], axis=1)
        entries = estimate_block("Entries", table.set_axis(map(" ".join, table.index)), alpha)
        shares = Block(
            "R2 of each class",
            ["R2"],
            list(self.rsquared.index),
            [[f"{value:.4f}"] for value in self.rsquared],
        )
        facts = [
            *self.machinery.settings.items(), ("Counts", str(self.nobs)), ("Weighted SSE", f"{self.ssr:.4g}")
        ]  # fmt: skip
        notes = [
            "Global minimum of a convex problem; optimality conditions hold to "
            f"{self.certificate:.1e} of the gradient's size.",
            "Errors are of the step. Errors of counting would bias the entries toward 0.",
            *self.warnings,
        ]
        return summary("Leslie interaction, age classes observed", facts, [entries, shares], notes)

    def glance(self) -> pd.DataFrame:
        """Return one row about the fit, with the column names of R's broom where it has them.

        Returns
        -------
        DataFrame
            Columns ``nobs``, ``df``, ``df.residual``, ``ssr``, ``logLik``, ``AIC``, ``BIC`` and ``converged``.
        """
        row = {"nobs": self.nobs, "df": self.df_model, "df.residual": self.df_resid, "ssr": self.ssr}
        row |= {"logLik": self.llf, "AIC": self.aic, "BIC": self.bic, "converged": self.converged}
        return pd.DataFrame([row])


def _findings(layout: Layout, found: Regression) -> tuple[Finding, ...]:
    names = tuple(" ".join(layout.names[j]) for j in np.flatnonzero(~found.free))
    text = f"At a bound, without a standard error: {', '.join(names)}."
    return (Finding("at_bound", text, concerns=names, category=None),) if names else ()


def _from_formula(formula: str) -> tuple[list[list[str]], str]:
    left, tilde, right = str(formula).partition("~")
    columns = [[name.strip().strip("`") for name in part.split("+")] for part in left.split("|")]
    time = right.strip().strip("`")
    if (
        not tilde
        or not time
        or "+" in time
        or len(columns) > 2
        or any(not name for part in columns for name in part)
    ):
        raise FormulaError(
            f"formula {formula!r}: give the columns of each species' classes and of the times, as in "
            "'x1 + x2 | y1 + y2 ~ year'."
        )
    return columns, time


def _from_mapping(
    classes: Mapping[str, Sequence[str]], time: str | None, where: str
) -> tuple[list[list[str]], str, list[str]]:
    """Read the form of version 0.1."""
    if len(classes) != 2 or not isinstance(time, str):
        raise DataError(f"{where}: give a formula such as 'x1 + x2 | y1 + y2 ~ year'.")
    warn(
        f"{where} takes a formula, such as 'x1 + x2 | y1 + y2 ~ year', with `names`; the mapping goes with the next "
        "version.",
        DeprecationWarning,
    )
    columns = [[lists] if isinstance(lists, str) else list(lists) for lists in classes.values()]
    return columns, time, list(map(str, classes))


def _common(names: Sequence[str]) -> str:
    """Return the beginning that all names share."""
    letters = zip(*names, strict=False)
    return "".join(group[0] for group in takewhile(lambda group: len(set(group)) == 1, letters))


def _species(columns: list[list[str]], names: Sequence[str] | None, where: str) -> tuple[str, ...]:
    if names is None:
        common = [_common(part).rstrip("_0123456789") or "xy"[s] for s, part in enumerate(columns)]
        names = common if len(set(common)) == len(common) else list("xy")
    names = as_list("names", names)
    if (
        len(names) != len(columns)
        or not all(isinstance(name, str) for name in names)
        or len(set(names)) != len(columns)
    ):
        raise DataError(f"{where}: `names` must give {len(columns)} different name(s).")
    return tuple(map(str, names))


def _pairs(counts: Array, time: Array, name: str) -> tuple[Array, Array, float]:
    if not np.all(np.isfinite(time)):
        raise DataError(
            f"ObservedLeslie(): '{name}' is missing or infinite in {rows_text(~np.isfinite(time))}."
        )
    gaps = np.diff(time)
    if not len(gaps) or np.any(gaps <= 0.0):
        raise DataError(f"ObservedLeslie(): '{name}' must increase, and there must be two rows or more.")
    sizes, frequency = np.unique(np.round(gaps, 9), return_counts=True)
    step = float(sizes[np.argmax(frequency)])
    whole = (
        np.isclose(gaps, step, rtol=1e-6)
        & ~np.isnan(counts[:-1]).any(axis=1)
        & ~np.isnan(counts[1:]).any(axis=1)
    )
    if not whole.any():
        raise IdentificationError("ObservedLeslie(): no two consecutive rows are complete.")
    return counts[:-1][whole], counts[1:][whole], step
