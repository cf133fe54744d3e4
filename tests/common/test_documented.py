"""The pages of the API: every public name once, every method with an example, the gallery by public names only."""

import ast
import inspect
import re
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest

import statmodels_x as smx

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
INTERNAL = {"machinery", "facts", "sample", "question", "layout"}
if not DOCS.is_dir():
    pytest.skip("this copy has no docs", allow_module_level=True)


@pytest.fixture(scope="module")
def reference():
    """The extension of the site that decides what a page shows."""
    pytest.importorskip("sphinx")
    sys.path[:0] = [str(DOCS / "_ext"), str(DOCS)]
    try:
        yield import_module("reference")
    finally:
        del sys.path[:2]


def listed():
    """Names that the page of the API lists, in full, with the template of their page."""
    found, module, template = [], "statmodels_x", ""
    inside = False
    for line in (DOCS / "api.rst").read_text().splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        elif line.startswith(".. autosummary::"):
            inside, template = True, ""
        elif inside and line.strip().startswith(":template:"):
            template = line.split("/")[-1]
        elif inside and line.startswith("   ") and not line.strip().startswith(":"):
            found.append((f"{module}.{line.strip()}", template))
        elif line and not line.startswith(" "):
            inside = False
    return found


def resolve(full):
    parts = full.split(".")
    for end in range(len(parts) - 1, 0, -1):
        try:
            found = import_module(".".join(parts[:end]))
        except ImportError:
            continue
        for part in parts[end:]:
            found = getattr(found, part)
        return found
    raise AssertionError(full)


def test_every_public_name_is_listed_once():
    objects = Counter(id(resolve(full)) for full, _ in listed())
    assert max(objects.values()) == 1
    public = {name: getattr(smx, name) for name in smx.__all__}
    public |= {f"datasets.{name}": getattr(smx.datasets, name) for name in smx.datasets.__all__}
    public |= {f"errors.{name}": getattr(smx.errors, name) for name in smx.errors.__all__}
    public |= {
        f"plotting.{name}": value
        for name, value in vars(smx.plotting).items()
        if inspect.isfunction(value) and value.__module__ == "statmodels_x.plotting" and name[0] != "_"
    }
    missing = [
        name
        for name, value in public.items()
        if not inspect.ismodule(value) and not isinstance(value, str) and id(value) not in objects
    ]
    assert missing == []


def methods(cls, own_only):
    """Public methods of the package that the page of a class shows."""
    for name in dir(cls):
        owner = next(base for base in cls.__mro__ if name in base.__dict__)
        static = inspect.getattr_static(cls, name)
        function = getattr(static, "__func__", static)
        if name.startswith("_") or not inspect.isfunction(function) or (own_only and owner is not cls):
            continue
        if owner.__module__.startswith("statmodels_x"):
            yield name, function


def test_every_method_has_an_example(reference):
    without = []
    for full, template in listed():
        cls = resolve(full)
        if not inspect.isclass(cls) or template == "plain.rst" or issubclass(cls, BaseException):
            continue
        examples = reference.read(f"{cls.__module__.split('.')[1]}.{cls.__name__}") or reference.read(
            cls.__name__
        )
        for name, function in methods(cls, template == "own.rst"):
            doc = inspect.getdoc(function) or ""
            owner = function.__qualname__.rpartition(".")[0]
            if reference.is_internal(owner, name, doc) or ">>>" in doc or name in examples:
                continue
            without.append(f"{cls.__name__}.{name}")
    assert without == []


def test_every_function_has_an_example(reference):
    functions = [one for one in (resolve(full) for full, _ in listed()) if inspect.isfunction(one)]
    shown = reference.read("functions")
    without = [
        one.__name__ for one in functions if ">>>" not in (one.__doc__ or "") and one.__name__ not in shown
    ]
    assert without == []


def test_examples_are_of_methods_that_exist(reference):
    classes = {full.rpartition(".")[2] for full, _ in listed()}
    members = {full.rpartition(".")[2]: [] for full, _ in listed()}
    for full, _ in listed():
        members[full.rpartition(".")[2]] += dir(resolve(full))
    classes.add("functions")
    members["functions"] = [full.rpartition(".")[2] for full, _ in listed()]
    for place in reference.DOCS.glob("api/examples/*.txt"):
        name = place.stem.rpartition(".")[2]
        assert name in classes, place
        assert set(reference.read(place.stem)) - {""} <= set(members[name]), place


def test_the_gallery_uses_public_names_only():
    bad = []
    for path in sorted((ROOT / "examples").rglob("*.py")):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("statmodels_x"):
                bad.append(f"{path.name}: from {node.module} import ...")
            elif isinstance(node, ast.Import):
                bad += [
                    f"{path.name}: import {one.name}"
                    for one in node.names
                    if one.name.startswith("statmodels_x.")
                ]
            elif isinstance(node, ast.Attribute) and node.attr in INTERNAL:
                bad.append(f"{path.name}: .{node.attr}")
    assert bad == []


def test_pages_of_the_gallery_are_in_an_order_of_ours():
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        order = import_module("gallery_order")
    except ImportError:
        pytest.skip("Sphinx is not installed")
    finally:
        del sys.path[0]
    folders = {path.parent.name for path in (ROOT / "examples").glob("*/plot_*.py")}
    assert folders == set(order.SECTIONS)
    for folder in folders:
        pages = set(re.findall(r"\w+", order.PAGES[folder]))
        assert pages <= {
            path.stem.removeprefix("plot_") for path in (ROOT / "examples" / folder).glob("plot_*.py")
        }
