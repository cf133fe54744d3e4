"""A summary as a LaTeX table with the rules of booktabs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from statmodels_x.core.fits.blocks import Block

_WIDEST = 84  # characters of the facts in two columns; wider ones stand below each other
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"$\sim$",
    "^": r"\textasciicircum{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
}


def escape_latex(text: str) -> str:
    """Escape what LaTeX would read as a command."""
    return "".join(_SPECIAL.get(character, character) for character in text)


def latex_table(
    title: str, facts: Sequence[tuple[str, str]], blocks: Sequence[Block], notes: Sequence[str], label: str
) -> str:
    """Return a table; blocks that follow each other under the same headings are aligned with each other."""
    lines = [r"\begin{table}", r"\centering\footnotesize", rf"\caption{{{escape_latex(title)}}}"]
    lines += [rf"\label{{{label}}}"] if label else []
    lines += _facts(facts)
    for headings, alike in groupby(blocks, key=lambda block: tuple(block.headings)):
        lines += ["", r"\medskip", *_aligned(headings, list(alike))]
    for note in notes:
        lines += ["", r"\smallskip", rf"\parbox{{\linewidth}}{{\raggedright {escape_latex(note)}}}"]
    return "\n".join([*lines, r"\end{table}"])


def _facts(facts: Sequence[tuple[str, str]]) -> list[str]:
    """Return what is known of the fit, in two columns where these are not too wide."""
    half = (len(facts) + 1) // 2
    rows: list[tuple[str, ...]] = list(facts)
    left, right = facts[:half], [*facts[half:], *[("", "")] * (2 * half - len(facts))]
    if sum(max((len(a) + len(b) for a, b in side), default=0) for side in (left, right)) <= _WIDEST:
        rows = [(*one, *other) for one, other in zip(left, right, strict=True)]
    columns = len(rows[0]) if rows else 2
    start = [rf"\begin{{tabular}}{{{'l' * columns}}}", r"\toprule"]
    return [*start, *(_row(row) for row in rows), r"\bottomrule", r"\end{tabular}"]


def _row(cells: Sequence[str]) -> str:
    texts = [re.sub(r"(?<![\w$])-(?=[\d.])", "$-$", escape_latex(cell.strip())) for cell in cells]
    if texts and texts[0].startswith("["):  # a line break would read it as its option
        texts[0] = f"{{{texts[0]}}}"
    return " & ".join(texts) + r" \\"


def _aligned(headings: Sequence[str], blocks: Sequence[Block]) -> list[str]:
    """Return one tabular, with the headings below the first title; columns without any text are left out."""
    shown = [
        k for k, name in enumerate(headings) if name or any(row[k] for one in blocks for row in one.cells)
    ]
    lines = [rf"\begin{{tabular}}{{l{'r' * len(shown)}}}", r"\toprule"]
    for number, block in enumerate(blocks):
        # a long title must not widen a column
        title = rf"\makebox[0pt][l]{{\textit{{{escape_latex(block.title)}}}}}"
        lines += [*([r"\midrule"] if number else []), rf"\multicolumn{{{len(shown) + 1}}}{{l}}{{{title}}} \\"]
        if not number:
            lines += [_row(["", *(headings[k] for k in shown)]), rf"\cmidrule(lr){{2-{len(shown) + 1}}}"]
        rows = zip(block.labels, block.cells, strict=True)
        lines += [_row([name, *(cells[k] for k in shown)]) for name, cells in rows]
    return [*lines, r"\bottomrule", r"\end{tabular}"]
