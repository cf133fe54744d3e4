"""A summary as one HTML table whose columns are aligned, with a style of its own that suits light and dark pages."""

from __future__ import annotations

import html
from collections.abc import Sequence

from statmodels_x.core.fits.blocks import Block

_LEAST = 3
_STYLE = """
.smx-summary {border-collapse: collapse; font-variant-numeric: tabular-nums; color: inherit; background: none;
  margin: 0.5em 0; width: auto; border: none; font-size: 0.92em}
.smx-summary caption {caption-side: top; font-weight: bold; text-align: left; padding: 0.2em 0.6em; color: inherit}
.smx-summary tr, .smx-summary tr:nth-child(even), .smx-summary tr:nth-child(odd) {background: none; border: none}
.smx-summary th, .smx-summary td {padding: 0.15em 0.6em; border: none; text-align: right; vertical-align: top;
  white-space: nowrap; font-weight: normal; background: none; color: inherit}
.smx-summary th {text-align: left}
.smx-summary tbody {border: none; border-top: 1px solid currentColor}
.smx-summary .smx-title th {padding-top: 0.5em; font-style: italic}
.smx-summary .smx-head th {text-align: right; opacity: 0.75; border-bottom: 1px solid rgba(128, 128, 128, 0.5)}
.smx-summary .smx-facts td:nth-child(3) {text-align: left; padding-left: 1.6em}
.smx-summary tfoot {border-top: 1px solid currentColor}
.smx-summary tfoot td {text-align: left; white-space: normal; font-size: 0.92em}
.smx-summary tfoot div {width: 0; min-width: 100%}
"""


def html_table(
    title: str, facts: Sequence[tuple[str, str]], blocks: Sequence[Block], notes: Sequence[str]
) -> str:
    """Return one table: facts in two columns, a body for each block, and the notes below; names are escaped.

    All rows share the columns of the widest block. Where a block has fewer, its widest cells reach over several.
    """
    columns = 1 + max([_LEAST, *(len(block.headings) for block in blocks)])
    parts = [f'<div style="overflow-x: auto"><style>{_STYLE}</style>', '<table class="smx-summary">']
    parts += [f"<caption>{html.escape(title)}</caption>", *_facts(facts, columns)]
    for block in blocks:
        parts += _body(block, columns)
    if notes:
        rows = [
            f'<tr><td colspan="{columns}"><div>[{k}] {html.escape(note)}</div></td></tr>'
            for k, note in enumerate(notes, 1)
        ]
        parts += ["<tfoot>", *rows, "</tfoot>"]
    return "\n".join([*parts, "</table></div>"])


def _spans(rows: Sequence[Sequence[str]], columns: int) -> list[int]:
    """Share out columns among cells: what is to spare goes to the cells that are widest for what they have."""
    widths = [max(len(text.strip()) for text in column) for column in zip(*rows, strict=True)]
    spans = [1] * len(widths)
    for _ in range(columns - len(widths)):
        wide = [width / span for width, span in zip(widths, spans, strict=True)]
        spans[wide.index(max(wide))] += 1
    return spans


def _row(cells: Sequence[str], spans: Sequence[int], first: str, rest: str = "td", kind: str = "") -> str:
    tags = [first, *[rest] * (len(cells) - 1)]
    text = "".join(
        f"<{tag}{f' colspan={chr(34)}{span}{chr(34)}' if span > 1 else ''}>{html.escape(cell.strip())}</{tag}>"
        for tag, cell, span in zip(tags, cells, spans, strict=True)
    )
    return f'<tr class="{kind}">{text}</tr>' if kind else f"<tr>{text}</tr>"


def _facts(facts: Sequence[tuple[str, str]], columns: int) -> list[str]:
    half = (len(facts) + 1) // 2
    right = [*facts[half:], *[("", "")] * (2 * half - len(facts))]
    rows = [[*one, *other] for one, other in zip(facts[:half], right, strict=True)]
    if not rows:
        return []
    spans = _spans(rows, columns)
    return ['<tbody class="smx-facts">', *(_row(row, spans, "th") for row in rows), "</tbody>"]


def _body(block: Block, columns: int) -> list[str]:
    rows = [[label, *cells] for label, cells in zip(block.labels, block.cells, strict=True)]
    heads = ["", *block.headings]
    spans = _spans([heads, *rows], columns)
    return [
        "<tbody>",
        _row([block.title], [columns], "th", kind="smx-title"),
        _row(heads, spans, "th", "th", "smx-head"),
        *(_row(row, spans, "th") for row in rows),
        "</tbody>",
    ]
