"""What keeps the house in order beside import-linter's contracts: no circle, no heap, no long module, one map."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def script(name):
    spec = spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


house, lines = script("house"), script("lines")


@pytest.fixture(scope="module")
def graph():
    return house.imports()


def test_no_modules_import_each_other(graph):
    assert len(graph) > 150
    assert house.circles(graph) == []


def test_circles_are_found():
    assert house.circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [{"a", "b", "c"}]
    assert house.circles({"a": {"b"}, "b": set()}) == []


def test_no_folder_is_a_heap():
    assert {name: count for name, count in house.folders().items() if count > 20} == {}


def test_no_module_is_long():
    assert {name: count for name, count in house.lengths().items() if count > 500} == {}


def test_the_map_shows_the_house_as_it_is(graph):
    assert house.PICTURE.read_text() == house.draw(graph), "run python docs/house.py"


def test_every_folder_says_what_it_is_for():
    for path in (ROOT / "statmodels_x").rglob("__init__.py"):
        assert path.read_text().startswith('"""'), path


def test_lines_of_code_are_counted_without_text_and_imports():
    text = [
        '"""Doc."""',
        "from a import (",
        "    b,",
        ")",
        "",
        "def f(x):",
        '    """Doc',
        '    of two lines."""',
        "    # why",
        "    return g(",
        "        x,",
        "    )",
    ]
    assert lines.code("\n".join(text)) == {6, 10, 11, 12}
