"""A summary that keeps its blocks: LaTeX with their titles and escaped names, and Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from statsmodels.iolib.summary import Summary

if TYPE_CHECKING:
    from statmodels_x.core.fits.tables import Block

_LATEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
}


def escape_latex(text: str) -> str:
    """Escape what LaTeX would read as a command."""
    return "".join(_LATEX.get(character, character) for character in text)


def escape_markdown(text: str) -> str:
    """Escape what Markdown would read as markup or as the end of a cell."""
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)


class FitSummary(Summary):
    """Summary tables of a fit.

    Parameters
    ----------
    title : str
    facts : sequence of (name, value)
    blocks : sequence of Block
    notes : sequence of str
    """

    def __init__(
        self,
        title: str,
        facts: Sequence[tuple[str, str]],
        blocks: Sequence[Block],
        notes: Sequence[str],
    ) -> None:
        super().__init__()
        self.title, self.facts, self.blocks, self.notes = title, list(facts), list(blocks), list(notes)

    def as_latex(self, label: str = "") -> str:
        r"""Return a LaTeX table: one tabular a block, below its title; names are escaped.

        Parameters
        ----------
        label : str
            For ``\label``; none by default.

        Returns
        -------
        str
            Needs the package booktabs.
        """
        lines = [r"\begin{table}", r"\centering", rf"\caption{{{escape_latex(self.title)}}}"]
        lines += [rf"\label{{{label}}}"] if label else []
        lines += _latex_tabular("ll", [], [[name, value] for name, value in self.facts])
        for block in self.blocks:
            rows = [[name, *cells] for name, cells in zip(block.labels, block.cells, strict=True)]
            lines += [r"\par\medskip", rf"\textit{{{escape_latex(block.title)}}}\par"]
            lines += _latex_tabular("l" + "r" * len(block.headings), ["", *block.headings], rows)
        lines += [rf"\par\smallskip\footnotesize {escape_latex(note)}" for note in self.notes]
        return "\n".join([*lines, r"\end{table}"])

    def as_markdown(self) -> str:
        """Return pipe tables with escaped names, each block below its title.

        Returns
        -------
        str
        """
        facts = _markdown_table(["", ""], [list(fact) for fact in self.facts])
        parts = [f"**{escape_markdown(self.title)}**", facts]
        for block in self.blocks:
            rows = [[name, *cells] for name, cells in zip(block.labels, block.cells, strict=True)]
            parts += [f"*{escape_markdown(block.title)}*", _markdown_table(["", *block.headings], rows)]
        parts += [f"{k}. {escape_markdown(note)}" for k, note in enumerate(self.notes, 1)]
        return "\n\n".join(parts) + "\n"


def _latex_tabular(columns: str, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return " & ".join(escape_latex(cell.strip()) for cell in cells) + r" \\"

    head = [line(headings), r"\midrule"] if headings else []
    body = [line(row) for row in rows]
    return [rf"\begin{{tabular}}{{{columns}}}", r"\toprule", *head, *body, r"\bottomrule", r"\end{tabular}"]


def _markdown_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(escape_markdown(cell.strip()) for cell in cells) + " |"

    rule = "| --- |" + " ---: |" * (len(headings) - 1)
    return "\n".join([line(headings), rule, *(line(row) for row in rows)])
