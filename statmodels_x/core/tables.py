"""Blocks of text -> statsmodels Summary objects, and tables that compare fits."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError

_WIDTH = 78
_GAP = 2


@dataclass(frozen=True)
class Block:
    """One table of a summary: a title, column headings, row labels and cells that are already text."""

    title: str
    headings: Sequence[str]
    labels: Sequence[str]
    cells: Sequence[Sequence[str]]


def summary(
    title: str, facts: Sequence[tuple[str, str]], blocks: Sequence[Block], notes: Sequence[str]
) -> Any:
    """Put a summary together.

    Parameters
    ----------
    title : str
    facts : sequence of (name, value)
        Shown in two columns at the top, the first half on the left.
    blocks : sequence of Block
        All as wide as the widest.
    notes : sequence of str
        Numbered below, wrapped to the width of the tables.

    Returns
    -------
    statsmodels.iolib.summary.Summary
        With ``as_text()``, ``as_html()``, ``as_latex()`` and ``as_csv()``.
    """
    from statsmodels.iolib.summary import Summary
    from statsmodels.iolib.table import SimpleTable

    stub = max((len(label) for block in blocks for label in block.labels), default=0)
    widths = [_cell_widths(block) for block in blocks]
    needed = [stub + sum(w) + _GAP * len(w) for w in widths]
    total = max(
        [*needed, *(2 * (len(name) + len(value) + 2) + _GAP for name, value in facts)], default=_WIDTH
    )
    result = Summary()
    result.tables.append(
        SimpleTable(_two_columns(facts, total), title=title, txt_fmt=_format([0, 0], "l", "=", "-"))
    )
    for block, own in zip(blocks, widths, strict=True):
        spare = total - stub - sum(own) - _GAP * len(own)
        own = [width + spare // len(own) + (k < spare % len(own)) for k, width in enumerate(own)]
        table = SimpleTable(
            [[text.rjust(width) for text, width in zip(row, own, strict=True)] for row in block.cells],
            headers=[text.rjust(width) for text, width in zip(block.headings, own, strict=True)],
            stubs=[label.ljust(stub) for label in block.labels],
            title=block.title,
            txt_fmt=_format([stub, *own], "r", "=", "="),
        )
        result.tables.append(table)
    if notes:
        lines = []
        for k, note in enumerate(notes, 1):
            lines += textwrap.wrap(f"[{k}] {note}", total, subsequent_indent="    ")
        result.extra_txt = "Notes:\n" + "\n".join(lines)
    return result


def _cell_widths(block: Block) -> list[int]:
    columns = zip(block.headings, *block.cells, strict=True)
    return [max(len(text) for text in column) for column in columns]


def _two_columns(facts: Sequence[tuple[str, str]], total: int) -> list[list[str]]:
    half = (len(facts) + 1) // 2
    left, right = list(facts[:half]), list(facts[half:])
    right += [("", "")] * (half - len(right))
    wide = (total - _GAP) // 2

    def cell(name: str, value: str, width: int) -> str:
        return f"{name}:{value:>{max(width - len(name) - 1, len(value) + 1)}}" if name else ""

    return [[cell(*a, wide), cell(*b, total - _GAP - wide)] for a, b in zip(left, right, strict=True)]


def _format(widths: list[int], align: str, above: str, below: str) -> dict[str, Any]:
    from statsmodels.iolib.tableformatting import fmt_base

    return {
        **fmt_base,
        "data_aligns": align * len(widths),
        "header_align": "r",
        "stub_align": "l",
        "stubs_align": "l",
        "table_dec_above": above,
        "table_dec_below": below,
        "header_dec_below": "-",
        "colsep": " " * _GAP,
        "colwidths": widths,
        "data_fmts": ["%s"] * len(widths),
    }


def number(value: float, digits: int = 4) -> str:
    """Format a number for a table: fixed point, NaN as ``nan``, extreme sizes in scientific form."""
    if np.isnan(value):
        return "nan"
    if np.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value != 0.0 and not 10.0**-digits <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:.{digits}f}"


def p_value(value: float) -> str:
    """Format a p-value."""
    return "nan" if np.isnan(value) else "<0.001" if value < 0.0005 else f"{value:.3f}"


def compare(*fits: Any, names: Sequence[str] | None = None) -> pd.DataFrame:
    """Tabulate fits of the same data side by side.

    Parameters
    ----------
    *fits : results
        Fitted models with a log-likelihood on the same rows.
    names : sequence of str, optional
        Row labels; the formulas by default.

    Returns
    -------
    DataFrame
        One row a fit, the lowest AIC first: ``logLik``, ``df``, ``AIC``, ``delta_AIC``, ``AICc``, ``BIC``,
        ``regular`` and ``note``; and the likelihood-ratio test against the largest of the fits that is nested
        in it: ``versus``, ``LR`` (chi-squared) and ``p.value``. A fit that is no regular maximum stands last
        with a missing ``delta_AIC``: its likelihood is not one that a ranking may use.

    Raises
    ------
    DataError
        If fewer than two fits are given, or they do not share their observations.
    """
    if len(fits) < 2:
        raise DataError("compare: give at least two fits.")
    if names is not None and len(names) != len(fits):
        raise DataError(f"compare: {len(names)} names for {len(fits)} fits.")
    glances = [fit.glance().iloc[0] for fit in fits]
    for name in ("nobs", "events"):
        if len({glance.get(name) for glance in glances}) > 1:
            raise DataError(f"compare: the fits differ in {name}; likelihoods compare only on the same rows.")
    labels = list(names) if names is not None else [str(fit.formula) for fit in fits]
    table = pd.DataFrame(
        {
            "logLik": [glance["logLik"] for glance in glances],
            "df": [int(glance["df"]) for glance in glances],
            "AIC": [glance["AIC"] for glance in glances],
            "AICc": [glance["AICc"] for glance in glances],
            "BIC": [glance["BIC"] for glance in glances],
            "regular": [bool(glance["regular"]) for glance in glances],
            "note": [str(glance.get("note", "")) for glance in glances],
        },
        index=pd.Index(labels, name="model"),
    )
    for name, values in zip(
        ("versus", "LR", "p.value"), zip(*_ratio_tests(fits, labels), strict=True), strict=True
    ):
        table[name] = list(values)
    ranked = table.sort_values(["regular", "AIC"], ascending=[False, True])
    best = ranked["AIC"].where(ranked["regular"]).min()
    ranked.insert(3, "delta_AIC", (ranked["AIC"] - best).where(ranked["regular"]))
    return ranked


def _ratio_tests(fits: Sequence[Any], labels: Sequence[str]) -> list[tuple[str, float, float]]:
    """Test each fit against the largest of the others that is nested in it."""
    rows = []
    for large in fits:
        smaller = sorted((k for k, fit in enumerate(fits) if fit.df_model < large.df_model),
                         key=lambda k: -fits[k].df_model)  # fmt: skip
        row = ("", np.nan, np.nan)
        for k in smaller:
            try:
                test = fits[k].lr_test(large)
            except DataError:  # not nested, or without a regular maximum
                continue
            row = (labels[k], float(test["statistic"]), float(test["p.value"]))
            break
        rows.append(row)
    return rows
