"""A directive for tables that a benchmark script has written: the table, or a line that says it is not here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.directives.tables import CSVTable
from sphinx.application import Sphinx


class ResultTable(CSVTable):
    """``csv-table`` of a file relative to the docs folder; a note with the script's name if there is no file."""

    optional_arguments = 1
    option_spec = {**CSVTable.option_spec, "script": directives.unchanged_required}  # noqa: RUF012

    def run(self) -> list[nodes.Node]:
        """Return the table or the note."""
        path = Path(self.state.document.settings.env.srcdir, self.options["file"])
        script = self.options.pop("script")
        self.state.document.settings.env.note_dependency(str(path))
        if not path.is_file():
            text = f"This build holds no results of {script}: run the script, and build the site again."
            return [nodes.note("", nodes.paragraph("", text))]
        self.options["file"] = str(path)
        self.options.setdefault("header-rows", 1)
        return list(super().run())


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive ``result-table``."""
    app.add_directive("result-table", ResultTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
