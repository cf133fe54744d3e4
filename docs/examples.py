"""Examples of the methods, one file a class in ``docs/api/examples``: ``python docs/examples.py [Class ...]``.

A file begins with what makes the object; then each method has its name, underlined, and lines after ``>>>``. They
are shown on the page of the class and run by ``make docs-test``. This script runs the files (all, or those named) and
writes what was printed below each line: read the difference before you commit it.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import sys
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "api" / "examples"
HEADING = re.compile(r"^(\w+)\n-+\n", re.MULTILINE)


@cache
def read(name: str) -> dict[str, list[str]]:
    """Return the lines of each method of a class, and under "" those that make the object."""
    place = FOLDER / f"{name}.txt"
    if not place.is_file():
        return {}
    parts = HEADING.split(place.read_text(encoding="utf-8"))
    pairs = zip(["", *parts[1::2]], parts[0::2], strict=True)
    return {member: text.strip("\n").splitlines() for member, text in pairs if text.strip()}


def documented(name: str) -> Any:
    """Return the class of this name that the page of the API lists."""
    import statmodels_x as smx

    if name in smx.__all__:
        return getattr(smx, name)
    found = re.search(
        rf"^ +([\w.]+)\.{name}$", (FOLDER.parents[1] / "api.rst").read_text(encoding="utf-8"), re.MULTILINE
    )
    return getattr(import_module(f"statmodels_x.{found[1]}"), name) if found else None


def filled(text: str, name: str) -> str:
    """Run the examples of a file, after those of the class's own docstring, and put what they print below them."""
    import matplotlib as mpl
    import numpy as np
    import pandas as pd

    import statmodels_x as smx

    mpl.use("agg")
    pd.set_option("display.width", 100, "display.max_columns", 20)
    known: dict[str, Any] = {
        "np": np,
        "pd": pd,
        "smx": smx,
        **{one: getattr(smx, one) for one in smx.__all__},
    }
    out: list[str] = []
    own = documented(name.rpartition(".")[2])
    with contextlib.redirect_stdout(io.StringIO()):
        for example in doctest.DocTestParser().get_examples(getattr(own, "__doc__", None) or ""):
            exec(compile(example.source, "<docstring>", "single"), known)
    for part in doctest.DocTestParser().parse(text):
        if isinstance(part, str):
            out.append(part)
            continue
        first, *more = part.source.rstrip("\n").split("\n")
        out.append("\n".join([f">>> {first}", *(f"... {line}".rstrip() for line in more)]) + "\n")
        if doctest.SKIP in part.options:
            out.append(part.want)
            continue
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(part.source, "<example>", "single"), known)
        out += [
            line.rstrip() + "\n" if line.strip() else "<BLANKLINE>\n" for line in said.getvalue().splitlines()
        ]
    return "".join(out)


def main() -> None:
    """Fill the files."""
    wanted = sys.argv[1:] or [place.stem for place in sorted(FOLDER.glob("*.txt"))]
    for name in wanted:
        place = FOLDER / f"{name}.txt"
        place.write_text(filled(place.read_text(encoding="utf-8"), name), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
