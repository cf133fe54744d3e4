"""Long studies: what stands is kept, what is torn is made again, and the numbers do not depend on either."""

import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pandas as pd
import pytest

PATH = Path(__file__).parents[2] / "benchmarks" / "chunks.py"
spec = spec_from_file_location("chunks", PATH)
chunks = sys.modules["chunks"] = module_from_spec(spec)  # its dataclass looks its module up
spec.loader.exec_module(chunks)
MADE = []


def task(rng):
    MADE.append(1)
    return [{"name": "a, # b", "x": rng.normal() / 3.0}, {"name": "c", "x": rng.normal() * 1e-300}]


@pytest.fixture
def study(tmp_path):
    MADE.clear()
    return chunks.Study(
        "study", task, repeats=7, seed=5, chunk=3, number="repeat", folder=tmp_path / "deep" / "er"
    )


def test_rows_are_the_same_made_or_read_and_by_any_chunks(study):
    made = study.rows()
    assert len(made) == 14
    assert made["repeat"].tolist() == sorted([*range(7)] * 2)
    assert len(MADE) == 7
    pd.testing.assert_frame_equal(study.rows(), made)
    assert len(MADE) == 7  # nothing was made twice
    other = replace(study, chunk=5, name="other").rows()
    pd.testing.assert_frame_equal(other.reset_index(drop=True), made.reset_index(drop=True))
    assert sorted(path.name for path in study.folder.glob("study*")) == [
        "study_0_3.csv",
        "study_3_3.csv",
        "study_6_1.csv",
    ]


@pytest.mark.parametrize("keep", [0, 1, 40, -1, -30])
def test_a_torn_chunk_is_made_again(study, keep):
    whole = study.rows()
    path = study.path(3)
    path.write_bytes(path.read_bytes()[:keep])
    pd.testing.assert_frame_equal(study.rows(), whole)
    assert len(MADE) == 10


def test_a_chunk_with_one_changed_digit_or_of_another_seed_is_made_again(study):
    whole = study.rows()
    path = study.path(0)
    path.write_text(path.read_text().replace("1", "2", 1))
    pd.testing.assert_frame_equal(study.rows(), whole)
    assert len(MADE) == 10
    assert not replace(study, seed=6).rows().equals(whole)


def test_an_interrupted_write_leaves_nothing(study, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(chunks.os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        study.make(0)
    assert list(study.folder.iterdir()) == []
    assert study.rows(finished=True).empty


def test_what_stands_can_be_read_alone(study):
    study.make(3)
    assert study.rows(finished=True)["repeat"].unique().tolist() == [3, 4, 5]


def test_rows_made_again_take_their_place_and_the_others_stay(tmp_path):
    path, keys = tmp_path / "table.csv", ["study", "n"]
    first = pd.DataFrame(
        {"study": ["a", "b", "c"], "n": [5, 5, 5], "x": [1.0, 2.0, 3.0], "only": [7.0, 8.0, 9.0]}
    )
    chunks.with_kept(first, path, keys).to_csv(path, index=False)
    made = pd.DataFrame({"study": ["d", "b"], "n": [5, 5], "x": [5.0, 4.0]})
    table = chunks.with_kept(made, path, keys)
    assert table["study"].tolist() == ["a", "b", "c", "d"]
    assert table["x"].tolist() == [1.0, 4.0, 3.0, 5.0]
    assert table["only"].iloc[[0, 2]].tolist() == [7.0, 9.0]
    assert (
        table["only"].iloc[[1, 3]].isna().all()
    )  # what was made without a column does not keep the old one's
