"""Fits and summaries for other packages' tables: great_tables and maketables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError, MissingPackageError
from statmodels_x.core.fits.blocks import Block

_NUMBERS = ("estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high")
_SHORT = {
    "estimate": "b",
    "std.error": "se",
    "statistic": "t",
    "p.value": "p",
    "conf.low": "ci95l",
    "conf.high": "ci95u",
}
_FACTS = {"N": "nobs", "ll": "logLik", "aic": "AIC", "bic": "BIC", "events": "events", "df": "df"}
_LABELS = {"N": "Observations", "ll": "Log-likelihood", "aic": "AIC", "bic": "BIC", "events": "Events"}


def great_table(
    title: str, facts: Sequence[tuple[str, str]], blocks: Sequence[Block], notes: Sequence[str]
) -> Any:
    """Build a table of great_tables; see :meth:`FitSummary.as_great_table`."""
    try:
        from great_tables import GT  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise MissingPackageError(
            "as_great_table(): the package great_tables is not installed; pip install great_tables."
        ) from error

    columns = max((len(block.headings) for block in blocks), default=0)
    rows, places = [], [f"column {k + 1}" for k in range(columns)]
    for block in blocks:
        spare = [""] * (columns - len(block.headings))
        rows.append([block.title, "", *spare, *block.headings])
        for label, cells in zip(block.labels, block.cells, strict=True):
            rows.append([block.title, label.strip(), *spare, *(cell.strip() for cell in cells)])
    table = GT(
        pd.DataFrame(rows, columns=["block", "label", *places]), rowname_col="label", groupname_col="block"
    )
    table = table.tab_header(title=title).tab_options(column_labels_hidden=True)
    table = table.cols_align(align="right", columns=places)
    table = table.tab_source_note("; ".join(f"{name}: {value}" for name, value in facts if name))
    for note in notes:
        table = table.tab_source_note(note)
    return table


@dataclass(frozen=True)
class TableView:
    """A fit in the form that the package maketables reads. It holds numbers only, not the model or the data.

    The package maketables recognises results of many packages by their attributes. It takes a result of this package
    for one of statsmodels, whose parameters have another shape. Use this view instead.

    Attributes
    ----------
    coefficients : DataFrame
        The columns ``b``, ``se``, ``t``, ``p``, ``ci95l`` and ``ci95u``, indexed by parameter and term.
    facts : dict
        ``N``, ``events``, ``ll``, ``aic``, ``bic`` and ``df``, as far as the fit has them.
    response : str
        The left side of the formula.
    """

    coefficients: pd.DataFrame = field(repr=False)
    facts: Mapping[str, Any]
    response: str

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        return self.coefficients.copy()

    def __maketables_stat__(self, key: str) -> Any:
        return self.facts.get(key)

    @property
    def __maketables_depvar__(self) -> str:
        return self.response

    @property
    def __maketables_fixef_string__(self) -> None:
        return None

    @property
    def __maketables_vcov_info__(self) -> dict[str, Any]:
        return {}

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return dict(_LABELS)

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return [key for key in _LABELS if key in self.facts]


def table_view(fit: Any) -> TableView:
    """Return a fit in the form that the package maketables reads.

    Parameters
    ----------
    fit : object
        A result of this package with ``tidy()`` and ``glance()``.

    Returns
    -------
    TableView
        A view to pass on, as in ``maketables.ETable([table_view(one), table_view(other)])``. Its attribute
        ``coefficients`` is a DataFrame with the columns ``b``, ``se``, ``t``, ``p``, ``ci95l`` and ``ci95u``, and
        ``facts`` is a dict with the number of observations, the log-likelihood and the information criteria.

    Raises
    ------
    DataError
        If the result has no table of estimates.

    Examples
    --------
    >>> import statmodels_x as smx
    >>> data = smx.datasets.load_melanoma()
    >>> fit = smx.FlexibleSurvival("Surv(time, status) ~ treatment", data).fit()
    >>> view = smx.table_view(fit)
    >>> view.coefficients.loc["ph treatment", ["b", "se", "p"]].round(3).tolist()
    [-0.361, 0.143, 0.012]
    >>> view.facts["events"]
    196
    """
    if not hasattr(fit, "tidy") or not hasattr(fit, "glance"):
        raise DataError(
            f"table_view: {type(fit).__name__} has no tidy() and glance(), so there is no table to show."
        )
    table, glance = fit.tidy(), fit.glance().iloc[0]
    labels = [name for name in ("transition", "parameter", "term") if name in table]
    index = table[labels].astype(str).agg(" ".join, axis=1)
    numbers = table.reindex(columns=list(_NUMBERS)).rename(columns=_SHORT).astype(float)
    facts = {key: np.asarray(glance[name]).item() for key, name in _FACTS.items() if name in glance}
    formula = getattr(fit, "formula", "")
    return TableView(
        numbers.set_axis(pd.Index(index, name="Coefficient")), facts, formula.split("~")[0].strip()
    )
