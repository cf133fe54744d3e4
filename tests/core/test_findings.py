"""Findings become warnings that name the user's line, notes and columns."""

import textwrap
import warnings
from pathlib import Path

import pytest

from statmodels_x.core import findings as kit
from statmodels_x.core.errors import ConvergenceWarning, DataWarning, IdentificationWarning
from statmodels_x.core.findings import Finding, announce, kinds, texts, warn

WEAK = Finding("weak", "The data say little about a.", "Give a prior.", ("a",))
LOST = Finding("not_converged", "The search stopped.", category=ConvergenceWarning)
NOTE = Finding("note", "Only a note.", category=None)


def inside(monkeypatch, tmp_path, depth):
    """A function of a module below a made-up home of the package, whose call ends in warn() that many frames below."""
    path = tmp_path / "ours" / "deep.py"
    path.parent.mkdir()
    path.write_text(
        textwrap.dedent(
            """
            from statmodels_x.core.errors import DataWarning
            from statmodels_x.core.findings import warn

            def fall(depth):
                if depth:
                    return fall(depth - 1)
                warn("text", DataWarning)
            """
        )
    )
    monkeypatch.setattr(kit, "_HOME", str(path.parent))
    space = {}
    exec(compile(path.read_text(), str(path), "exec"), space)
    return lambda: space["fall"](depth)


@pytest.mark.parametrize("depth", [0, 1, 7, 60])
def test_a_warning_names_the_line_of_the_user_from_any_depth(monkeypatch, tmp_path, depth):
    fall = inside(monkeypatch, tmp_path, depth)
    with pytest.warns(DataWarning, match="^text$") as caught:
        fall()
    assert caught[0].filename == __file__
    line = Path(__file__).read_text().splitlines()[caught[0].lineno - 1]
    assert line.strip().startswith("return lambda")  # the first frame that is not the package's


def test_a_direct_call_names_its_own_line():
    with pytest.warns(DataWarning) as caught:
        warn("text", DataWarning)
    assert caught[0].filename == __file__


def test_announcing_warns_with_the_category_of_each():
    with pytest.warns() as caught:
        announce([WEAK, LOST, NOTE])
    assert [(entry.category, str(entry.message)) for entry in caught] == [
        (IdentificationWarning, "The data say little about a. Give a prior."),
        (ConvergenceWarning, "The search stopped."),
    ]
    assert {entry.filename for entry in caught} == {__file__}


def test_nothing_to_say_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        announce([NOTE])
        announce([])


def test_notes_and_columns():
    assert texts([WEAK, NOTE]) == ("The data say little about a. Give a prior.", "Only a note.")
    assert kinds([LOST, WEAK, LOST]) == "not_converged, weak"
    assert kinds([]) == ""
