"""One table of a summary, before it is laid out as text, HTML or LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """One table of a summary: a title, column headings, row labels and cells that are already text."""

    title: str
    headings: Sequence[str]
    labels: Sequence[str]
    cells: Sequence[Sequence[str]]
