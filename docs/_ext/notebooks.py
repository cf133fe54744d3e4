"""Notebooks of the gallery in plain Markdown: what only Sphinx understands is written out."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

_ROLE = re.compile(r":(?:py:)?(\w+(?::\w+)?):`([^`]+)`")
_LITERAL = re.compile(r"(?<!`)``(?!`)([^`]+)``(?!`)")
_TABLE = re.compile(r"^\.\. list-table::[^\n]*\n((?: +[^\n]*\n|\n)*(?: +[^\n]*(?:\n|\Z)))", re.MULTILINE)
_BIB = Path(__file__).parents[1] / "references.bib"


@cache
def _labels() -> dict[str, tuple[str, str]]:
    """Return authors and year of each reference."""
    from pybtex.database import parse_file

    found = {}
    for key, entry in parse_file(str(_BIB)).entries.items():
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [" ".join([*person.prelast_names, *person.last_names]).strip("{}") for person in people]
        who = (
            names[0] if len(names) == 1 else " and ".join(names) if len(names) == 2 else f"{names[0]} et al."
        )
        found[key] = (who if names else key, entry.fields.get("year", ""))
    return found


def _written_out(found: re.Match[str]) -> str:
    role, text = found[1], found[2]
    if role.startswith("cite"):
        labels = [_labels().get(key.strip(), (key, "")) for key in text.split(",")]
        if role == "cite:t":
            return ", ".join(f"{who} ({year})" for who, year in labels)
        return "(" + "; ".join(f"{who} {year}" for who, year in labels) + ")"
    title, _, target = text.partition(" <")
    if target and role not in ("class", "func", "meth", "attr", "math"):
        return title
    if role in ("doc", "ref"):
        return "*" + text.rpartition("/")[2].removeprefix("plot_").replace("_", " ") + "*"
    if role == "math":
        return f"${text}$"
    return f"`{(title if target else text.rpartition('.')[2] if text.startswith('~') else text)}`"


def _table(found: re.Match[str]) -> str:
    """Write a list-table out; its first row is the heading."""
    cells = [re.split(r"\n {5}- ", row) for row in re.split(r"^ {3}\* - ", found[1], flags=re.MULTILINE)[1:]]
    rows = ["| " + " | ".join(" ".join(cell.split()) for cell in row) + " |" for row in cells]
    return "\n".join([rows[0], "|" + " --- |" * len(cells[0]), *rows[1:]]) + "\n"


def markdown(text: str) -> str:
    """Write tables, roles and literals out."""
    text = _TABLE.sub(_table, text).replace("\\ ", "")
    return _LITERAL.sub(r"`\1`", _ROLE.sub(_written_out, text))


def setup(app: Sphinx) -> dict[str, Any]:
    """Put it before the gallery's own conversion, which leaves roles as they are."""
    from sphinx_gallery import notebook

    if not hasattr(notebook.rst2md, "wrapped"):
        convert = notebook.rst2md

        def rst2md(text: str, *arguments: Any, **options: Any) -> str:
            return markdown(convert(text, *arguments, **options))

        rst2md.wrapped = convert  # type: ignore[attr-defined]
        notebook.rst2md = rst2md
    return {"parallel_read_safe": True, "parallel_write_safe": True}
