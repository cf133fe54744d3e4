"""A directive for tables that a benchmark script has written: the table, or a line that says it is not here."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.directives.tables import CSVTable
from docutils.statemachine import StringList
from sphinx.application import Sphinx

_LONGEST = 9  # rows that are shown without being asked for


class ResultTable(CSVTable):
    """``csv-table`` of a file relative to the docs folder; a note with the script's name if there is no file.

    ``:columns:`` chooses and formats, a line a column: ``heading: {field} +- {other:.2f}``; a column with a missing
    value is a dash. ``:rows:`` keeps the rows with certain values, a line a field: ``field: value; value``. ``:wide:``
    lists the fields that name a row of a long file with ``quantity``, ``value`` and ``mc_se``; its quantities become
    fields, and ``<quantity>_mc_se``.
    """

    optional_arguments = 1
    option_spec = {  # noqa: RUF012
        **CSVTable.option_spec,
        "script": directives.unchanged_required,
        "columns": directives.unchanged_required,
        "rows": directives.unchanged_required,
        "wide": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the table or the note."""
        path = Path(self.state.document.settings.env.srcdir, self.options["file"])
        script = self.options.pop("script")
        link = f":download:`{path.name} </{self.options['file']}>`"
        self.state.document.settings.env.note_dependency(str(path))
        if not path.is_file():
            text = f"This build holds no results of {script}: run the script, and build the site again."
            return [nodes.note("", nodes.paragraph("", text))]
        self.options.setdefault("header-rows", 1)
        if "columns" in self.options:
            del self.options["file"]
            options = (self.options.pop(name, "") for name in ("columns", "rows", "wide"))
            lines = _chosen(path, *options)
            self.content = StringList(lines, source=str(path))
        else:
            self.options["file"] = str(path)
        return self._folded(list(super().run()), f"Table: {script}, ", link)

    def _folded(self, tables: list[nodes.Node], title: str, link: str) -> list[nodes.Node]:
        """Fold a long table under a line that names its script, with the file to download."""
        long = any(
            len(list(table.findall(nodes.row))) > _LONGEST
            for table in tables
            if isinstance(table, nodes.table)
        )
        inline, messages = self.state.inline_text(link, self.lineno)
        source = nodes.paragraph(
            "", "", nodes.Text("The file: " if long else title), *inline, classes=["result-file"]
        )
        if not long:
            return [*tables, source, *messages]
        opening = nodes.raw(
            "", f'<details class="result"><summary>{title.rstrip(", ")}</summary>', format="html"
        )
        return [opening, source, *tables, nodes.raw("", "</details>", format="html"), *messages]


def _chosen(path: Path, columns: str, rows: str, wide: str) -> list[str]:
    """Lines of a CSV file with some columns, formatted, of some rows."""
    templates = dict(line.split(": ", 1) for line in columns.splitlines())
    wanted = {
        field: listed.split("; ") for field, listed in (line.split(": ", 1) for line in rows.splitlines())
    }
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(templates)
    with path.open(newline="") as file:
        kept = [
            row for row in csv.DictReader(file) if all(row[key] in values for key, values in wanted.items())
        ]
    for row in _widened(kept, wide.split(", ")) if wide else kept:
        values = defaultdict(lambda: float("nan"), {name: _value(text) for name, text in row.items()})
        cells = [template.format_map(values) for template in templates.values()]
        writer.writerow(["–" if "nan" in cell else cell for cell in cells])
    return out.getvalue().splitlines()


def _widened(rows: list[dict[str, str]], keys: list[str]) -> list[dict[str, str]]:
    """One row for each combination of the keys, with its quantities as fields."""
    found: dict[tuple[str, ...], dict[str, str]] = {}
    for row in rows:
        one = found.setdefault(tuple(row[key] for key in keys), {key: row[key] for key in keys})
        one |= {
            row["quantity"]: row["value"],
            f"{row['quantity']}_mc_se": row["mc_se"],
            "repeats": row["repeats"],
        }
    return list(found.values())


def _value(text: str) -> float | str:
    try:
        return float(text or "nan")
    except ValueError:
        return " ".join(text.split())  # a line break would end the cell's inline markup


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive ``result-table``."""
    app.add_directive("result-table", ResultTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
