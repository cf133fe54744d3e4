"""Directives for the results of ``make bench``: a table of a family, and the machine with its versions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import Directive, directives
from sphinx.application import Sphinx

_FILE = "../benchmarks/results/bench.json"
_HEADINGS = {
    "work": "work",
    "n": "n",
    "program": "program",
    "median": "seconds",
    "spread": "least to largest",
    "ratio": "times ours",
    "exponent": "exponent",
    "megabytes": "MB",
    "note": "",
}


def _results(directive: Directive) -> dict[str, Any] | None:
    environment = directive.state.document.settings.env
    path = Path(environment.srcdir, _FILE)
    environment.note_dependency(str(path))
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _missing() -> list[nodes.Node]:
    text = "This build holds no results of make bench: run it, and build the site again."
    return [nodes.note("", nodes.paragraph("", text))]


class BenchmarkTable(Directive):
    """The rows of a family."""

    required_arguments = 1
    option_spec = {"columns": directives.unchanged}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the table, or a note that there are no results."""
        found = _results(self)
        rows = [row for row in (found or {}).get("rows", []) if row["family"] == self.arguments[0]]
        if not rows:
            return _missing()
        cells = [_cells(row) for row in rows]
        columns = [name for name in _HEADINGS if any(name in row for row in cells)]
        table = nodes.table(classes=["wide-table"])
        group = nodes.tgroup(cols=len(columns))
        group += [nodes.colspec(colwidth=3 if name == "work" else 1) for name in columns]
        head, body = nodes.thead(), nodes.tbody()
        head += _row([_HEADINGS[name] for name in columns])
        body += [_row([row.get(name, "") for name in columns]) for row in cells]
        group += [head, body]
        table += group
        return [table]


def _cells(row: dict[str, Any]) -> dict[str, str]:
    found = {"work": str(row["work"]), "n": f"{row['n']:,}", "program": str(row["program"])}
    for name, form in (("median", ".3g"), ("ratio", ".2f"), ("exponent", ".2f"), ("megabytes", ".0f")):
        if row.get(name) is not None:
            found[name] = format(row[name], form)
    if row.get("repeats", 0) > 1:
        found["spread"] = f"{row['low']:.3g} to {row['high']:.3g}"
    if row.get("note"):
        found["note"] = str(row["note"])
    return found


def _row(texts: list[str]) -> nodes.row:
    row = nodes.row()
    row += [nodes.entry("", nodes.paragraph("", text)) for text in texts]
    return row


class BenchmarkMachine(Directive):
    """A paragraph on the machine and the versions of a run."""

    def run(self) -> list[nodes.Node]:
        """Return the paragraph, or a note that there are no results."""
        found = _results(self)
        if found is None:
            return _missing()
        machine = found["machine"]
        versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
        where = f"{machine['processors']} processors ({machine['processor']}, {machine['system']})"
        begun = f"one thread, load {machine['load']} when it began"
        text = f"A {found['mode']} run on {where}, {begun}. {versions}."
        return [nodes.paragraph("", text)]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("benchmark-table", BenchmarkTable)
    app.add_directive("benchmark-machine", BenchmarkMachine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
