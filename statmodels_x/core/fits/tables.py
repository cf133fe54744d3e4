"""Blocks of text -> statsmodels Summary objects, and tables that compare fits."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

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
        With ``as_text()``, ``as_html()``, ``as_latex()``, ``as_csv()`` and ``as_markdown()``.
    """
    from statsmodels.iolib.table import SimpleTable

    from statmodels_x.core.fits.summary import FitSummary

    stub = max((len(label) for block in blocks for label in block.labels), default=0)
    widths = [_cell_widths(block) for block in blocks]
    needed = [stub + sum(w) + _GAP * len(w) for w in widths]
    total = max(
        [*needed, *(2 * (len(name) + len(value) + 2) + _GAP for name, value in facts)], default=_WIDTH
    )
    result = FitSummary(title, facts, blocks, notes)
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
