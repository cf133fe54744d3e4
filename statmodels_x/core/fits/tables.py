"""What a fit prints: blocks of text -> a summary as text, HTML, LaTeX, Markdown and CSV; numbers as text."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from statmodels_x.core.fits.blocks import Block
from statmodels_x.core.fits.exported import great_table
from statmodels_x.core.fits.html import html_table
from statmodels_x.core.fits.latex import latex_table

_WIDTH = 78
_GAP = 2


@dataclass(frozen=True, repr=False)
class FitSummary:
    """Summary tables of a fit.

    It is returned by ``summary()`` of every result. Printing it shows the tables as text, and notebooks show them as
    HTML.

    Attributes
    ----------
    title : str
        Heading of the summary.
    facts : sequence of (name, value)
        Facts about the fit. They are shown in two columns at the top, the first half on the left.
    blocks : sequence of Block
        The tables. All are as wide as the widest of them.
    notes : sequence of str
        Notes, which are numbered and shown below the tables.
    """

    title: str
    facts: Sequence[tuple[str, str]]
    blocks: Sequence[Block]
    notes: Sequence[str]

    @property
    def tables(self) -> list[Any]:
        """The facts and each table, as SimpleTable objects of statsmodels."""
        return list(_laid_out(self).tables)

    def as_text(self) -> str:
        """Return the tables as plain text.

        Returns
        -------
        str
        """
        return str(_laid_out(self).as_text())

    __str__ = __repr__ = as_text

    def as_html(self) -> str:
        """Return one HTML table with aligned columns and its own light style.

        Returns
        -------
        str
            Names are escaped.
        """
        return html_table(self.title, self.facts, self.blocks, self.notes)

    _repr_html_ = as_html

    def as_csv(self) -> str:
        """Return the cells of the tables, separated by commas.

        Returns
        -------
        str
        """
        return str(_laid_out(self).as_csv())

    def as_latex(self, label: str = "") -> str:
        r"""Return a LaTeX table with the facts, the tables and the notes.

        Parameters
        ----------
        label : str
            Text for ``\label``. By default there is no label.

        Returns
        -------
        str
            LaTeX code that needs the package booktabs. Names are escaped.
        """
        return latex_table(self.title, self.facts, self.blocks, self.notes, label)

    def as_great_table(self) -> Any:
        """Return a table of the package great_tables, which must be installed.

        Returns
        -------
        great_tables.GT
            A table with a group of rows for each block. The facts and the notes stand below it. The cells hold text,
            as they are printed.

        Raises
        ------
        MissingPackageError
            If great_tables is not installed.

        Examples
        --------
        >>> fit.summary().as_great_table()  # doctest: +SKIP
        """
        return great_table(self.title, self.facts, self.blocks, self.notes)

    def as_markdown(self) -> str:
        """Return the tables as Markdown, each below its title.

        Returns
        -------
        str
            Names are escaped.
        """
        facts = _markdown_table(["", ""], [list(fact) for fact in self.facts])
        parts = [f"**{escape_markdown(self.title)}**", facts]
        for block in self.blocks:
            rows = [[name, *cells] for name, cells in zip(block.labels, block.cells, strict=True)]
            parts += [f"*{escape_markdown(block.title)}*", _markdown_table(["", *block.headings], rows)]
        parts += [f"{k}. {escape_markdown(note)}" for k, note in enumerate(self.notes, 1)]
        return "\n\n".join(parts) + "\n"

    def _repr_latex_(self) -> str:
        return self.as_latex()


def summary(
    title: str, facts: Sequence[tuple[str, str]], blocks: Sequence[Block], notes: Sequence[str]
) -> FitSummary:
    """Put a summary together (see :class:`FitSummary`)."""
    return FitSummary(title, list(facts), list(blocks), list(notes))


def _laid_out(found: FitSummary) -> Any:
    """Lay the tables out in a Summary of statsmodels, which is imported only when something is printed."""
    from statsmodels.iolib.summary import Summary
    from statsmodels.iolib.table import SimpleTable

    facts, blocks = found.facts, found.blocks
    stub = max((len(label) for block in blocks for label in block.labels), default=0)
    widths = [_cell_widths(block) for block in blocks]
    needed = [stub + sum(w) + _GAP * len(w) for w in widths]
    total = max(
        [*needed, *(2 * (len(name) + len(value) + 2) + _GAP for name, value in facts)], default=_WIDTH
    )
    result = Summary()
    result.tables.append(
        SimpleTable(_two_columns(facts, total), title=found.title, txt_fmt=_format([0, 0], "l", "=", "-"))
    )
    for block, own in zip(blocks, widths, strict=True):
        result.tables.append(_block_table(block, own, stub, total))
    if found.notes:
        lines = []
        for k, note in enumerate(found.notes, 1):
            lines += textwrap.wrap(f"[{k}] {note}", total, subsequent_indent="    ")
        result.extra_txt = "Notes:\n" + "\n".join(lines)
    return result


def _block_table(block: Block, own: list[int], stub: int, total: int) -> Any:
    from statsmodels.iolib.table import SimpleTable

    spare = total - stub - sum(own) - _GAP * len(own)
    own = [width + spare // len(own) + (k < spare % len(own)) for k, width in enumerate(own)]
    return SimpleTable(
        [[text.rjust(width) for text, width in zip(row, own, strict=True)] for row in block.cells],
        headers=[text.rjust(width) for text, width in zip(block.headings, own, strict=True)],
        stubs=[label.ljust(stub) for label in block.labels],
        title=block.title,
        txt_fmt=_format([stub, *own], "r", "=", "="),
    )


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


def statistic(value: float) -> str:
    """Format a test statistic: two digits after the point, however small it is."""
    if not np.isfinite(value) or abs(value) >= 1e6:
        return number(value, 2)
    return f"{round(value, 2) + 0.0:.2f}"  # no minus before 0.00


def together(values: Sequence[float], spread: float, digits: int = 3) -> list[str]:
    """Format an estimate and its limits with as many decimals as show the spread to some significant digits.

    So 1.0000342 (1.0000101 to 1.0000583) and 157.4 (108.8 to 227.5), never 1.0000 (1.0000 to 1.0001). A number that has
    no digit then, or is far larger than the others, has its own significant digits.

    Parameters
    ----------
    values : sequence of float
    spread : float
        The standard error, or half the length of the interval; NaN where there is none.
    """
    finite = [abs(value) for value in values if np.isfinite(value) and value != 0.0]
    size = spread if np.isfinite(spread) and spread > 0.0 else min(finite, default=1.0)
    decimals = _decimals(size, digits)
    return [_placed(value, decimals, digits) for value in values]


def _decimals(size: float, digits: int) -> int:
    return min(max(digits - 1 - int(np.floor(np.log10(size))), 0), 12)


def _placed(value: float, decimals: int, digits: int) -> str:
    if not np.isfinite(value):
        return "nan" if np.isnan(value) else "inf" if value > 0 else "-inf"
    text = f"{value:.{decimals}f}"
    if value != 0.0 and (float(text) == 0.0 or abs(value) >= 10.0 ** max(7 - decimals, 4)):
        return f"{value:.{digits}g}"
    return text


def place(value: float, step: float, digits: int) -> str:
    """Format a place on an axis: to some significant digits, or as many as tell a tenth of a step.

    So 0.35 and 45.2, but 4512345.2 and 4512345.6 on an axis of northings whose points lie a metre apart.
    """
    if np.isfinite(value) and value != 0.0 and step > 0.0:
        digits = min(max(digits, int(np.floor(np.log10(abs(value))) - np.floor(np.log10(step))) + 2), 15)
    return f"{value:.{digits}g}"


def p_value(value: float) -> str:
    """Format a p-value: four digits after the point, as tests print them."""
    return "nan" if np.isnan(value) else "<0.0001" if value < 0.00005 else f"{value:.4f}"


def escape_markdown(text: str) -> str:
    """Escape what Markdown would read as markup or as the end of a cell."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


def _markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(escape_markdown(cell.strip()) for cell in cells) + " |"

    rule = "| --- |" + " ---: |" * (len(headings) - 1)
    return "\n".join([line(headings), rule, *(line(row) for row in rows)])
