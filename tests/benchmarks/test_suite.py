"""The benchmark suite: ratios to ours, peers that are missing by name, results that the docs page can show."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def suite(monkeypatch):
    if not (ROOT / "benchmarks" / "suite.py").is_file():
        pytest.skip("the benchmarks are not part of an installation")
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "STATMODELS_X_THREADS"):
        monkeypatch.setenv(name, "1")
    import suite

    yield suite
    for name in ("suite", "survival", "import_time"):
        sys.modules.pop(name, None)


def test_ratios_are_to_ours(suite, capsys):
    found = {"peer": ([4.0, 2.0, 3.0], 1.5), "statmodels_x": ([1.0, 0.5, 2.0], 1.5)}
    peer, own = suite.rows_of("family", "work", 10, found)
    assert (peer["median"], peer["low"], peer["high"], peer["ratio"]) == (3.0, 2.0, 4.0, 3.0)
    assert own["ratio"] == 1.0


def test_what_is_not_installed_is_named(suite, capsys):
    def missing() -> None:
        import no_such_package_at_all  # noqa: F401

    def wrong() -> None:
        raise ValueError("it does not run")

    calls = {"statmodels_x": lambda: 1.0, "absent": missing, "broken": wrong}
    rows = suite.rows_of("family", "work", 1, suite.interleaved(calls, 2))
    notes = {row["program"]: row.get("note") for row in rows}
    assert notes["statmodels_x"] is None
    assert notes["absent"] == "skipped: no_such_package_at_all is not installed"
    assert "it does not run" in notes["broken"]
    assert rows[0]["repeats"] == 2


def test_the_page_shows_a_row(suite):
    pytest.importorskip("docutils")
    pytest.importorskip("sphinx")
    from bench_tables import _cells

    row = {
        "family": "f",
        "work": "w",
        "n": 1000,
        "program": "p",
        "median": 0.01234,
        "low": 0.01,
        "high": 0.02,
        "repeats": 3,
        "ratio": 2.0,
    }
    cells = _cells(row)
    assert cells["median"] == "0.0123"
    assert cells["spread"] == "0.01 to 0.02"
    assert cells["n"] == "1,000"
    assert _cells({**row, "repeats": 1}).get("spread") is None
