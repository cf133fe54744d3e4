"""Counts of the age classes themselves: each step is a linear regression within bounds, and the problem is convex."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from statmodels_x.core.data.frames import as_pandas, check_columns
from statmodels_x.core.errors import ConvergenceError, DataError, IdentificationError
from statmodels_x.core.fits.results import SummaryText
from statmodels_x.core.fits.tables import Block, number, summary
from statmodels_x.core.typing import Array
from statmodels_x.core.validation import check_alpha, check_choice, numeric_array, rows_text
from statmodels_x.population.form import Form, Layout
from statmodels_x.population.model import read_form
from statmodels_x.population.terms import add_matrices

_AT_BOUND = 1e-7
_CERTIFIED = 1e-6


class ObservedLeslie:
    r"""Two species whose age classes are counted: one step regressed on the one before.

    :math:`w_{n+1} = M w_n + e` with w the classes of both species and M the block matrix of the interaction (see
    :class:`LeslieInteraction`), its entries nonnegative and its survivals at most 1. The sum of squares over the pairs
    of consecutive times is convex, so that its minimum is the global one.

    Parameters
    ----------
    classes : mapping of str to sequence of str
        The columns of each species' classes, youngest first: ``{"prey": ["x1", "x2"], "predator": ["y1", "y2"]}``; for
        predation the prey comes first.
    data : DataFrame
    time : str
        Column of times. Only rows one step apart make a pair; the step is the most frequent gap.
    interaction : {"competition", "predation", "complex"}
    coupling : {"scalar", "diagonal", "full"}
    weights : {"mean", "equal"}
        Whether the errors of each class are divided by its mean.

    Raises
    ------
    DataError
        If a column cannot be used.
    IdentificationError
        If there are too few pairs of consecutive times.

    Notes
    -----
    Errors belong to the step (process noise). Errors of counting bias the entries toward 0, as errors in a regressor
    do; with those, fit the totals by :class:`LeslieInteraction`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> import statmodels_x as smx
    >>> w = [np.array([50.0, 40.0, 30.0])]
    >>> M = np.array([[0.3, 1.0, -0.1], [0.6, 0.0, -0.0], [-0.05, -0.0, 1.05]])
    >>> for _ in range(6):
    ...     w.append(M @ w[-1])
    >>> data = pd.DataFrame(w, columns=["x1", "x2", "y"]).assign(year=range(7))
    >>> fit = smx.ObservedLeslie({"x": ["x1", "x2"], "y": ["y"]}, data, "year", coupling="full").fit()
    >>> fit.params["fecundity"].round(3).to_dict()
    {'x_1': 0.3, 'x_2': 1.0, 'y': 1.05}
    """

    def __init__(
        self,
        classes: Mapping[str, Sequence[str]],
        data: Any,
        time: str,
        interaction: str = "competition",
        coupling: str = "scalar",
        weights: str = "mean",
    ) -> None:
        where = "ObservedLeslie()"
        check_choice("weights", weights, ("mean", "equal"), where)
        if not isinstance(classes, Mapping) or len(classes) != 2:
            raise DataError(f"{where}: `classes` must give the columns of two species.")
        self.species = tuple(map(str, classes))
        columns = [[lists] if isinstance(lists, str) else list(lists) for lists in classes.values()]
        self.columns = tuple(name for names in columns for name in names)
        self.form: Form = read_form(interaction, (len(columns[0]), len(columns[1])), coupling, None)
        frame = as_pandas(data)
        check_columns(frame, [*self.columns, time], where)
        self.counts = np.column_stack([_column(frame, name, where) for name in self.columns])
        self.before, self.after, self.step = _pairs(
            self.counts, numeric_array(frame[time], time, where), time
        )
        self.weights = (
            1.0 / np.nanmean(self.counts, axis=0) if weights == "mean" else np.ones(len(self.columns))
        )
        self.time_name = time

    def fit(self) -> ObservedLeslieResults:
        """Minimise the sum of squares within the bounds, with a certificate of the minimum.

        Returns
        -------
        ObservedLeslieResults

        Raises
        ------
        IdentificationError
            If there are no more pairs than the fullest row of the matrix needs.
        ConvergenceError
            If the solver's answer does not pass the optimality conditions.
        """
        layout = Layout(self.form)
        add_matrices(
            layout, (self.species[0], self.species[1]), np.full(2, np.inf), np.ones(2), strongest=np.inf
        )
        design, response = _regression(layout, self.before, self.after, self.weights)
        if len(response) <= len(layout.names) or np.linalg.matrix_rank(design) < len(layout.names):
            raise IdentificationError(
                f"{len(self.before)} pairs of consecutive times do not determine {len(layout.names)} entries: count "
                "longer, or use a simpler `coupling`."
            )
        theta = _solve(design, response, np.array(layout.lower), np.array(layout.upper))
        return _results(self, layout, design, response, theta)

    def __repr__(self) -> str:
        return f"ObservedLeslie({self.form.interaction!r}, ages={self.form.ages}, pairs={len(self.before)})"


@dataclass(frozen=True, eq=False)
class ObservedLeslieResults(SummaryText):
    """A fitted :class:`ObservedLeslie`.

    Attributes
    ----------
    params : Series
        Entries of the matrices, labelled like those of :class:`LeslieInteraction`.
    covariance : DataFrame
        Of least squares without bounds, so that the errors of the others allow for an entry at a bound being
        elsewhere; NaN for those at a bound.
    matrix : DataFrame
        The signed block matrix.
    rsquared : Series
        Of each class, about its mean.
    ssr : float
        Weighted sum of squares.
    nobs : int
        Counts that a step led to.
    certificate : float
        Largest violation of the optimality conditions, relative to the gradient at 0.
    form : Form
    species : tuple of str
    """

    params: pd.Series
    covariance: pd.DataFrame = field(repr=False)
    matrix: pd.DataFrame = field(repr=False)
    rsquared: pd.Series = field(repr=False)
    ssr: float
    nobs: int
    certificate: float
    form: Form
    species: tuple[str, ...]
    settings: dict[str, str] = field(repr=False)

    @property
    def bse(self) -> pd.Series:
        """Standard errors; NaN for entries at a bound."""
        return pd.Series(np.sqrt(np.diag(self.covariance)), self.params.index, name="std_error")

    @property
    def df_resid(self) -> int:
        """Counts minus entries that are not at a bound."""
        return self.nobs - int(self.bse.notna().sum())

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Student intervals, cut at the bounds.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        DataFrame of shape (p, 2)
        """
        check_alpha(alpha)
        reach = stats.t.ppf(1.0 - alpha / 2.0, max(self.df_resid, 1)) * self.bse
        table = pd.DataFrame({"lower": self.params - reach, "upper": self.params + reach})
        survival = table.index.get_level_values(0) == "survival"
        table["lower"] = table["lower"].clip(lower=0.0)
        table.loc[survival, "upper"] = table.loc[survival, "upper"].clip(upper=1.0)
        return table

    def summary(self, alpha: float = 0.05) -> Any:
        """Tables of the fit.

        Parameters
        ----------
        alpha : float

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
        limits = self.conf_int(alpha)
        rows = zip(self.params.index, self.params, self.bse, limits.to_numpy(), strict=True)
        cells = [
            [number(value), number(error), number(low), number(high)] for _, value, error, (low, high) in rows
        ]
        headings = ["coef", "std err", f"[{alpha / 2:g}", f"{1 - alpha / 2:g}]"]
        entries = Block("Entries", headings, [" ".join(label) for label in self.params.index], cells)
        shares = Block(
            "R2 of each class",
            ["R2"],
            list(self.rsquared.index),
            [[f"{value:.4f}"] for value in self.rsquared],
        )
        facts = [*self.settings.items(), ("Counts", str(self.nobs)), ("Weighted SSE", f"{self.ssr:.4g}")]
        notes = [
            "Global minimum of a convex problem; optimality conditions hold to "
            f"{self.certificate:.1e} of the gradient's size.",
            "Errors are of the step. Errors of counting would bias the entries toward 0.",
        ]
        held = self.bse.isna()
        if held.any():
            names = ", ".join(" ".join(label) for label in self.params.index[held])
            notes.append(f"At a bound, without a standard error: {names}.")
        return summary("Leslie interaction, age classes observed", facts, [entries, shares], notes)


def _column(frame: pd.DataFrame, name: str, where: str) -> Array:
    values = numeric_array(frame[name], name, where)
    for bad, what in ((values < 0.0, "negative"), (np.isinf(values), "infinite")):
        if bad.any():
            raise DataError(f"{where}: '{name}' is {what} in {rows_text(bad)}; counts are 0 or more.")
    if not np.any(values > 0.0):
        raise DataError(f"{where}: '{name}' is never above 0; take the class out.")
    return values


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


def _regression(layout: Layout, before: Array, after: Array, weights: Array) -> tuple[Array, Array]:
    """Stack the weighted regressions of all classes: a row for each pair and class."""
    n, m = before.shape
    design = np.zeros((n, m, len(layout.names)))
    for (row, col, q, _), sign in zip(layout.entries, layout.signs, strict=True):
        design[:, row, q] += sign * before[:, col]
    return (design * weights[:, None]).reshape(n * m, -1), (after * weights).ravel()


def _solve(design: Array, response: Array, lower: Array, upper: Array) -> Array:
    import cvxpy as cp

    scale = np.linalg.norm(design, axis=0)
    theta = cp.Variable(len(scale))
    bounds = [theta >= lower * scale] + [
        theta[j] <= upper[j] * scale[j] for j in np.flatnonzero(np.isfinite(upper))
    ]
    problem = cp.Problem(cp.Minimize(cp.sum_squares((design / scale) @ theta - response)), bounds)
    problem.solve(solver=cp.CLARABEL, tol_gap_abs=1e-13, tol_gap_rel=1e-13, tol_feas=1e-13)
    if theta.value is None:
        raise ConvergenceError(f"the solver stopped with {problem.status!r}; check the counts for outliers.")
    return _polish(design, response, np.clip(theta.value / scale, lower, upper), lower, upper)


def _polish(design: Array, response: Array, theta: Array, lower: Array, upper: Array) -> Array:
    """Solve the regression once more with the entries at their bounds held there exactly."""
    size = np.linalg.norm(response) / np.linalg.norm(design, axis=0)
    low, high = theta - lower <= _AT_BOUND * size, upper - theta <= _AT_BOUND * np.minimum(size, 1.0)
    exact = np.where(low, lower, np.where(high, upper, theta))
    free = ~(low | high)
    exact[free] = np.linalg.lstsq(design[:, free], response - design[:, ~free] @ exact[~free], rcond=None)[0]
    return exact if np.all((exact >= lower) & (exact <= upper)) else theta


def optimality_gap(design: Array, response: Array, theta: Array, lower: Array, upper: Array) -> float:
    """Largest violation of the optimality conditions, relative to the gradient at 0."""
    scale = np.linalg.norm(design, axis=0)
    gradient = design.T @ (design @ theta - response) / scale
    size = np.max(np.abs(design.T @ response / scale))
    wrong = np.abs(gradient)
    wrong[(theta <= lower) & (gradient > 0.0)] = 0.0
    wrong[(theta >= upper) & (gradient < 0.0)] = 0.0
    return float(np.max(wrong) / size)


def _results(
    model: ObservedLeslie, layout: Layout, design: Array, response: Array, theta: Array
) -> ObservedLeslieResults:
    lower, upper = np.array(layout.lower), np.array(layout.upper)
    gap = optimality_gap(design, response, theta, lower, upper)
    if gap > _CERTIFIED:
        raise ConvergenceError(
            f"the minimum is not certified (optimality conditions off by {gap:.1e}); rescale the counts."
        )
    free = (theta > lower) & (theta < upper)
    resid = response - design @ theta
    ssr = float(resid @ resid)
    covariance = np.full((len(theta), len(theta)), np.nan)
    room = len(response) - int(free.sum())
    block = ssr / room * np.linalg.inv(design.T @ design)
    covariance[np.ix_(free, free)] = block[np.ix_(free, free)]
    index = pd.MultiIndex.from_tuples(layout.names, names=["parameter", "term"])
    m = len(model.columns)
    matrix = np.zeros((m, m))
    for (row, col, q, _), sign in zip(layout.entries, layout.signs, strict=True):
        matrix[row, col] += sign * theta[q]
    spread = model.after - model.after.mean(axis=0)
    errors = (resid / np.tile(model.weights, len(model.after))).reshape(model.after.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = 1.0 - np.sum(errors**2, axis=0) / np.sum(spread**2, axis=0)
    names = list(model.columns)
    settings = {
        "Interaction": f"{model.form.interaction}, {model.form.coupling} coupling",
        "Age classes": f"{model.form.ages[0]} and {model.form.ages[1]}",
        "Pairs of times": str(len(model.before)),
        "Step": f"{model.step:g}",
    }
    return ObservedLeslieResults(
        pd.Series(theta, index, name="estimate"), pd.DataFrame(covariance, index, index),
        pd.DataFrame(matrix, names, names), pd.Series(shares, names, name="rsquared"), ssr, len(response), gap,
        model.form, model.species, settings,
    )  # fmt: skip
