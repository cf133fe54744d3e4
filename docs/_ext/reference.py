"""What the pages of classes show beside their docstrings.

- Attributes of a class and of the states that it stands on, each once: properties and internal fields are left out.
- A running example for every method, from ``docs/api/examples/<Class>.txt`` (``docs/examples.py`` reads these files),
  and a picture of what it draws (``pictured.py``).
- The pages of the gallery that use a method.
- In the listings of the source, links back to the page of each object, under whatever name it is public.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

DOCS = Path(__file__).parents[1]
sys.path.insert(0, str(DOCS))

from members import INTERNAL  # noqa: E402
from pictured import picture  # noqa: E402

from examples import read  # noqa: E402

# public by name, for other modules of the package only
MACHINERY = {
    "LifeTable": {"beyond", "check_inside", "check_names", "codes", "integrals", "rates_at"},
    "Family": {"first_terms", "log_z_at", "plateau", "terms"},
    "SelectedSurvivalResults": {"after"},
    "MultiStateData": {"of"},
    "ExternalCounts": {"rows"},
    "TrialLevelFitted": {"correlation_interval", "mixture"},
    "TrialLevelResults": {"correlation_interval", "mixture"},
}
_STATES = ("Fitted", "Results", "Grid", "Estimates", "Pictures", "Predictions", "FitSummary")
_MOST_LINKS = 5


def is_internal(owner: str, name: str, doc: str) -> bool:
    """Whether a member of a class is left out of its page."""
    if "Internal." in doc or doc.startswith("Old name") or name in MACHINERY.get(owner, ()):
        return True
    return owner.endswith(_STATES) and name in INTERNAL | {
        "stored",
        "with_theta",
        "with_params",
        "differs_from",
    }


def _skip(_app: Sphinx, _what: str, name: str, member: Any, skip: bool, _options: Any) -> bool | None:
    function = member.fget if isinstance(member, property) else getattr(member, "func", member)
    function = getattr(function, "__func__", function)
    owner = getattr(function, "__qualname__", "").rpartition(".")[0]
    return True if is_internal(owner, name, inspect.getdoc(member) or "") else None


def public_classes(page: Path = DOCS / "api.rst") -> dict[str, str]:
    """Full names of the classes that the page of the API lists, by the names that docstrings use for them."""
    text = page.read_text(encoding="utf-8")
    full = re.findall(r"^   ((?:\w+\.)*[A-Z]\w+)$", text, re.MULTILINE)
    short = [name.rpartition(".")[2] for name in full]
    return {
        name: f"statmodels_x.{path}" for name, path in zip(short, full, strict=True) if short.count(name) == 1
    }


# -- Attributes ----------------------------------------------------------------------------------------------
def sections(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Split a docstring into its numpydoc sections, the first without a title."""
    found: list[tuple[str, list[str]]] = [("", [])]
    k = 0
    while k < len(lines):
        under = lines[k + 1].strip() if k + 1 < len(lines) else ""
        if lines[k].strip() and len(under) > 2 and set(under) == {"-"}:
            found.append((lines[k].strip(), []))
            k += 2
        else:
            found[-1][1].append(lines[k])
            k += 1
    return found


def _joined(parts: list[tuple[str, list[str]]]) -> list[str]:
    """Put sections together again."""
    return [line for title, body in parts for line in (["", title, "-" * len(title)] if title else []) + body]


def entries(lines: list[str]) -> Iterator[tuple[list[str], str, list[str]]]:
    """Yield names, type and description of each entry of a section."""
    head: str | None = None
    body: list[str] = []
    for line in [*lines, "end"]:
        if line and not line[0].isspace():
            if head is not None:
                names, _, kind = head.partition(" : ")
                yield [name.strip() for name in names.split(",")], kind, body
            head, body = line, []
        else:
            body.append(line)


def attributes(cls: type) -> dict[str, tuple[str, list[str]]]:
    """Fields of a class and of what it stands on, by name: type and description."""
    found: dict[str, tuple[str, list[str]]] = {}
    for owner in cls.__mro__:
        if not owner.__module__.startswith("statmodels_x"):
            continue
        for title, lines in sections(inspect.cleandoc(owner.__doc__ or "").splitlines()):
            if title != "Attributes":
                continue
            for names, kind, body in entries(lines):
                for name in names:
                    shown = inspect.getattr_static(cls, name, None)
                    is_member = (
                        isinstance(shown, property) or hasattr(shown, "func") or inspect.isroutine(shown)
                    )
                    if not is_member and not is_internal(cls.__name__, name, " ".join(body)):
                        found.setdefault(name, (kind, body))
    return found


def _with_attributes(cls: type, lines: list[str]) -> None:
    kept = [(title, body) for title, body in sections(lines) if title != "Attributes"]
    given = {
        name for title, body in kept if title == "Parameters" for names, *_ in entries(body) for name in names
    }
    lines[:] = _joined(kept)
    listed = {name: entry for name, entry in attributes(cls).items() if name not in given}
    if listed:
        lines += ["", "Attributes", "----------"]
        for name, (kind, body) in listed.items():
            lines += [f"{name} : {kind}" if kind else name, *body]
        lines.append("")


def _without_fields(_app: Sphinx, what: str, name: str, *_: Any) -> tuple[str, str] | None:
    """Leave the fields of a state out of the heading of a result: fit() makes it, not the user."""
    return ("", "") if what == "class" and name.endswith(_STATES) else None


# -- Examples and links to the gallery -----------------------------------------------------------------------
def _process(app: Sphinx, what: str, name: str, obj: Any, _options: Any, lines: list[str]) -> None:
    """Add attributes and examples, before numpydoc reads the docstring."""
    if what in ("class", "exception") and inspect.isclass(obj):
        if not issubclass(obj, BaseException):
            _with_attributes(obj, lines)
        owner, member = name.rpartition(".")[2], ""
    elif what in ("method", "property", "attribute"):
        owner, member = name.split(".")[-2:]
    elif what == "function":
        owner, member = "functions", name.rpartition(".")[2]
    else:
        return
    room = name.split(".")[1]
    for place in (DOCS / "api" / "examples" / f"{one}.txt" for one in (f"{room}.{owner}", owner)):
        if place.is_file():  # a page is made again when its examples change
            app.env.note_dependency(str(place))
    example = (read(f"{room}.{owner}") or read(owner)).get(member, [])
    example = [*example, *picture(f"{owner}.{member}")]
    if not example:
        return
    parts = sections(lines)
    own = [body for title, body in parts if title == "Examples"]
    if own:
        own[0] += ["", *example, ""]
    else:
        parts.append(("Examples", [*example, ""]))
    lines[:] = _joined(parts)


def _link(app: Sphinx, what: str, name: str, obj: Any, _options: Any, lines: list[str]) -> None:
    """Name the pages of the gallery that use a method, after numpydoc has written the docstring."""
    if what not in ("method", "property"):
        return
    lines += _again(name, lines)
    folder = Path(app.srcdir, app.config.sphinx_gallery_conf["backreferences_dir"])
    places = (folder / f"{full}.examples" for full in (name, _short(name)))
    for place in places:
        if place.is_file():
            pages = dict.fromkeys(re.findall(r":doc:`(/gallery/[^`]+)`", place.read_text(encoding="utf-8")))
            links = ", ".join(f":doc:`{page}`" for page in list(pages)[:_MOST_LINKS])
            if links:
                lines += ["", f".. container:: gallery-links\n\n   In the gallery: {links}", ""]
                lines[:] = "\n".join(lines).split("\n")
            return


def _again(name: str, lines: list[str]) -> list[str]:
    """Make the object of the page again, unseen, after examples of a docstring that may call theirs the same."""
    place, owner, member = name.rsplit(".", 2)
    examples = read(f"{name.split('.')[1]}.{owner}") or read(owner)
    if member in examples or not any(">>>" in line for line in lines):
        return []
    cls = getattr(import_module(place), owner, None) if place.startswith("statmodels_x") else None
    shown = [*inspect.cleandoc(cls.__doc__ or "").splitlines(), *examples.get("", [])] if cls else []
    made = [line for line in shown if line.startswith((">>> ", "... "))]
    code = [line[4:] for line in made if not line.startswith(">>> print(")]
    return ["", ".. testcode::", "   :hide:", "", *(f"   {line}" for line in code), ""] if code else []


def _short(name: str) -> str:
    return ".".join(["statmodels_x", *name.split(".")[-2:]])


# -- Short names -------------------------------------------------------------------------------------------
def _inherited(target: str) -> str:
    """Name a member by the class that it comes from: its page is the one that shows it."""
    owner: Any = import_module("statmodels_x")
    for part in target.removeprefix("statmodels_x.").split("."):
        owner = getattr(owner, part, None)
    return str(getattr(owner, "__qualname__", ""))


def _by_short_name(app: Sphinx, env: Any, node: Any, content: Any) -> Any:
    """Find what a docstring calls by its short name, if only one object is called so."""
    if node.get("refdomain") != "py":
        return None
    objects = env.get_domain("py").objects
    target = node["reftarget"]
    for tail in (target, target.removeprefix("statmodels_x.").removeprefix("errors."), _inherited(target)):
        found = {
            (entry.docname, entry.node_id) for name, entry in objects.items() if name.endswith(f".{tail}")
        }
        if tail and len(found) == 1:
            docname, place = found.pop()
            return make_refnode(app.builder, node["refdoc"], docname, place, content, target)
    return None


# -- Links back from the source ------------------------------------------------------------------------------
def _mend_backlinks(app: Sphinx, pagename: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Point to the name under which an object stands: viewcode knows one name of its module only."""
    if not pagename.startswith("_modules/") or "body" not in context:
        return
    objects = app.env.get_domain("py").objects
    known = {entry.node_id for entry in objects.values()}

    def mended(found: re.Match[str]) -> str:
        page, place = found[1], found[2]
        if place in known:
            return found[0]
        docname = page.removesuffix(".html").split("api/generated/")[-1]
        parts = place.split(".")
        for start in range(1, len(parts)):
            end = "." + ".".join(parts[start:])
            for entry in objects.values():
                if entry.docname.endswith(docname) and entry.node_id.endswith(end):
                    return f'href="{page}#{entry.node_id}"'
        return found[0]

    context["body"] = re.sub(r'href="([^"#]+)#(statmodels_x[\w.]+)"', mended, context["body"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to autodoc, around numpydoc, and to the pages of the source."""
    app.connect("autodoc-skip-member", _skip)
    app.connect("autodoc-process-signature", _without_fields)
    app.connect("autodoc-process-docstring", _process, priority=300)
    app.connect("autodoc-process-docstring", _link, priority=900)
    app.connect("missing-reference", _by_short_name)
    app.connect("html-page-context", _mend_backlinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
