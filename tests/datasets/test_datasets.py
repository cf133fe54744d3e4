"""The bundled data: what is in them, where they are found, and whether the files are the published ones."""

from __future__ import annotations

import doctest
import hashlib
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from statmodels_x import datasets
from statmodels_x.core.errors import DataError
from statmodels_x.datasets.catalogue import CATALOGUE

DATA = Path(__file__).resolve().parents[2] / "data"
needs_checkout_data = pytest.mark.skipif(
    not (DATA / "README.md").is_file(), reason="the data folder of the source checkout is not here"
)

LOADERS = {
    "melanoma": datasets.load_melanoma,
    "veteran": datasets.load_veteran,
    "lung": datasets.load_lung,
    "colon": datasets.load_colon,
}
SHAPES = {"melanoma": (284, 5), "veteran": (137, 8), "lung": (228, 10), "colon": (929, 16)}
EVENTS = {
    "melanoma": {"status": 196},
    "veteran": {"status": 128},
    "lung": {"status": 165},
    "colon": {"status_recur": 468, "status_death": 452},
}
TIMES = {
    "melanoma": {"time": "years"},
    "veteran": {"time": "days"},
    "lung": {"time": "days"},
    "colon": {"time_recur": "days", "time_death": "days"},
}
TEXT = {
    "melanoma": {},
    "veteran": {
        "treatment": {"standard": 69, "test": 68},
        "celltype": {"smallcell": 48, "squamous": 35, "adeno": 27, "large": 27},
    },
    "lung": {},
    "colon": {"rx": {"Obs": 315, "Lev": 310, "Lev+5FU": 304}},
}
MISSING = {
    "melanoma": {},
    "veteran": {},
    "lung": {"inst": 1, "ph_ecog": 1, "ph_karno": 1, "pat_karno": 3, "meal_cal": 47, "wt_loss": 14},
    "colon": {"nodes": 18, "differ": 23},
}
FLOATS = {
    "melanoma": {"time", "age"},
    "veteran": set(),
    "lung": set(MISSING["lung"]),
    "colon": {"nodes", "differ"},
}

every_dataset = pytest.mark.parametrize("name", sorted(LOADERS))


@every_dataset
def test_shape_and_columns_are_those_of_the_catalogue(name: str) -> None:
    frame = LOADERS[name]()
    assert frame.shape == SHAPES[name]
    assert list(frame.columns) == list(CATALOGUE[name].columns)


@every_dataset
def test_event_counts_are_the_published_ones(name: str) -> None:
    frame = LOADERS[name]()
    for column, events in EVENTS[name].items():
        assert set(frame[column]) == {0, 1}
        assert frame[column].sum() == events


@every_dataset
def test_times_are_positive(name: str) -> None:
    assert (LOADERS[name]()[list(TIMES[name])] > 0).all(axis=None)


@every_dataset
def test_dtypes_are_plain_text_integers_and_floats(name: str) -> None:
    for column, values in LOADERS[name]().items():
        if column in TEXT[name]:
            assert pd.api.types.is_string_dtype(values)
        else:
            assert values.dtype == ("float64" if column in FLOATS[name] else "int64"), column


@every_dataset
def test_text_columns_have_the_known_levels(name: str) -> None:
    frame = LOADERS[name]()
    for column, counts in TEXT[name].items():
        assert frame[column].value_counts().to_dict() == counts


@every_dataset
def test_only_the_documented_values_are_missing(name: str) -> None:
    missing = LOADERS[name]().isna().sum()
    assert missing[missing > 0].to_dict() == MISSING[name]


@every_dataset
def test_attrs_say_where_the_data_come_from(name: str) -> None:
    attrs = LOADERS[name]().attrs
    assert set(attrs) == {"name", "title", "source", "reference", "licence", "units", "columns"}
    assert attrs["name"] == name
    assert all(attrs.values())
    assert "Copyright (c) 2026 Richard Iannone" in attrs["licence"]


@every_dataset
def test_attrs_describe_every_column_and_give_units(name: str) -> None:
    frame = LOADERS[name]()
    assert list(frame.attrs["columns"]) == list(frame.columns)
    assert set(frame.attrs["units"]) <= set(frame.columns)
    assert frame.attrs["units"]["age"] == "years"
    assert frame.attrs["units"].items() >= TIMES[name].items()


@every_dataset
def test_each_call_returns_a_fresh_frame(name: str) -> None:
    first, pristine = LOADERS[name](), LOADERS[name]()
    first.iloc[:, 0] = first.iloc[::-1, 0].to_numpy()
    first["extra"] = 1
    first.attrs["units"].clear()
    second = LOADERS[name]()
    pd.testing.assert_frame_equal(second, pristine)
    assert second.attrs == pristine.attrs


@every_dataset
def test_numbers_keep_every_digit_of_the_file(name: str) -> None:
    text = pd.read_csv(datasets.data_path(name), dtype=str, keep_default_na=False)
    for column, values in LOADERS[name]().select_dtypes("number").items():
        expected = [float(value or "nan") for value in text[column]]
        pd.testing.assert_series_equal(
            values.astype(float), pd.Series(expected), check_names=False, rtol=0, atol=0
        )


def test_melanoma_ages_are_centred() -> None:
    assert datasets.load_melanoma()["age"].mean() == pytest.approx(0, abs=1e-10)


def test_colon_recurrence_never_follows_the_end_of_follow_up() -> None:
    colon = datasets.load_colon()
    assert colon["id"].is_unique
    assert (colon["time_recur"] <= colon["time_death"]).all()
    censored = colon[colon["status_recur"] == 0]
    assert (censored["time_recur"] == censored["time_death"]).all()


def test_colon_oddities_are_as_documented() -> None:
    colon = datasets.load_colon()
    assert ((colon["status_recur"] == 0) & (colon["status_death"] == 1)).sum() == 38
    assert ((colon["status_recur"] == 1) & (colon["time_recur"] == colon["time_death"])).sum() == 7
    counted = colon.dropna(subset="nodes")
    assert ((counted["node4"] == 1) != (counted["nodes"] > 4)).sum() == 12


COUNTS = {
    "paramecium": (datasets.load_paramecium, (25, 5)),
    "paramecium_buffered": (lambda: datasets.load_paramecium(table=4), (34, 6)),
    "hare_lynx": (datasets.load_hare_lynx, (21, 3)),
    "melanoma_trials": (datasets.load_melanoma_trials, (14, 9)),
}
every_count = pytest.mark.parametrize("name", sorted(COUNTS))


@every_count
def test_counts_are_complete_and_described(name: str) -> None:
    load, shape = COUNTS[name]
    frame = load()
    assert frame.shape == shape
    assert list(frame.columns) == list(CATALOGUE[name].columns) == list(frame.attrs["columns"])
    assert int(frame.isna().sum().sum()) == (9 if name == "paramecium_buffered" else 0)
    assert (frame.select_dtypes("number").fillna(0) >= 0).all(axis=None)
    assert frame.attrs["reference"]
    assert frame.attrs["licence"]


@needs_checkout_data
@every_count
def test_checksum_of_counts_is_the_one_in_the_readme(name: str) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {name}\.csv \|.*`([0-9a-f]{{64}})` \|$", readme, re.MULTILINE)
    assert row is not None
    assert hashlib.sha256((DATA / f"{name}.csv").read_bytes()).hexdigest() == row[1]


def test_paramecium_days_and_totals() -> None:
    frame = datasets.load_paramecium()
    assert frame["day"].tolist() == [0, *range(2, 26)]
    assert frame.drop(columns="day").sum().tolist() == [10040, 3710, 6377, 1287]
    assert frame.iloc[13].tolist() == [14, 593, 182, 387, 67]


def test_paramecium_rations() -> None:
    both = datasets.load_paramecium(table=4)
    half = datasets.load_paramecium(table=4, ration="half loop")
    assert both["ration"].value_counts().to_dict() == {"one loop": 17, "half loop": 17}
    assert half.index.tolist() == list(range(17))
    assert half.iloc[16].tolist() == ["half loop", 16, 249.0, 57.0, 220.0, 0.0]


def test_paramecium_in_long_form() -> None:
    wide, long = datasets.load_paramecium(), datasets.load_paramecium(shape="long")
    assert long.columns.tolist() == ["culture", "day", "aurelia", "caudatum"]
    assert long.attrs["units"]["day"] == "days"
    assert list(long.attrs["columns"]) == long.columns.tolist()
    alone = long[long["culture"] == "aurelia alone"]
    assert alone["aurelia"].tolist() == wide["aurelia"].tolist()
    assert alone["caudatum"].isna().all()
    assert long.loc[long["culture"] == "mixed", "caudatum"].tolist() == wide["caudatum_mixed"].tolist()
    assert datasets.load_paramecium(table=4, shape="long").shape == (102, 5)


@pytest.mark.parametrize(
    ("how", "match"),
    [
        ({"table": 5}, "`table` is 5"),
        ({"shape": "tall"}, "`shape` is 'tall'"),
        ({"ration": "one loop"}, "table 3 has none"),
        ({"table": 4, "ration": "two loops"}, "choose one of 'one loop', 'half loop'"),
    ],
)
def test_paramecium_options(how: dict, match: str) -> None:
    with pytest.raises(DataError, match=match):
        datasets.load_paramecium(**how)


def test_melanoma_trials_are_the_published_ones() -> None:
    """Their correlation weighted by size is the published .89; every ratio lies within its limits."""
    frame = datasets.load_melanoma_trials()
    x, y = np.log(frame["hr_pfs"]), np.log(frame["hr_os"])
    weights = frame["n_treated"] + frame["n_control"]
    moments = np.cov(x, y, aweights=weights)
    assert moments[0, 1] / np.sqrt(moments[0, 0] * moments[1, 1]) == pytest.approx(0.89, abs=0.005)
    for name in ("pfs", "os"):
        assert frame[f"hr_{name}"].between(frame[f"lower_{name}"], frame[f"upper_{name}"]).all()


def test_hare_and_lynx() -> None:
    frame = datasets.load_hare_lynx()
    assert frame["year"].tolist() == list(range(1900, 1921))
    assert frame[["hare", "lynx"]].sum().round(1).tolist() == [715.7, 423.5]


@needs_checkout_data
@every_dataset
def test_checksum_is_the_one_in_the_readme(name: str) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {name}\.csv \|.*`([0-9a-f]{{64}})` \|$", readme, re.MULTILINE)
    assert row is not None
    assert hashlib.sha256((DATA / f"{name}.csv").read_bytes()).hexdigest() == row[1]


def make_folder(path: Path, text: str) -> Path:
    path.mkdir()
    (path / "lung.csv").write_text(text, encoding="utf-8")
    return path


def test_packaged_folder_is_used_when_it_exists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged, checkout = (
        make_folder(tmp_path / "wheel", "time\n1\n"),
        make_folder(tmp_path / "tree", "time\n2\n"),
    )
    monkeypatch.setattr(datasets, "_packaged_folder", lambda: packaged)
    monkeypatch.setattr(datasets, "_checkout_folder", lambda: checkout)
    assert datasets.data_path("lung") == packaged / "lung.csv"
    assert datasets.load_lung()["time"].tolist() == [1]


def test_checkout_folder_is_used_otherwise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkout = make_folder(tmp_path / "tree", "time\n2\n")
    monkeypatch.setattr(datasets, "_packaged_folder", lambda: tmp_path / "absent")
    monkeypatch.setattr(datasets, "_checkout_folder", lambda: checkout)
    assert datasets.data_path("lung.csv") == checkout / "lung.csv"
    assert datasets.load_lung()["time"].tolist() == [2]


def test_the_two_folders_lie_in_and_beside_the_package() -> None:
    package = Path(datasets.__file__).resolve().parent
    assert Path(str(datasets._packaged_folder())).resolve() == package / "data"
    assert datasets._checkout_folder() == package.parents[1] / "data"


def test_unknown_file_names_the_file_and_the_remedy() -> None:
    with pytest.raises(DataError, match=r"'titanic\.csv'.*colon, hare_lynx, lung.*install statmodels_x"):
        datasets.data_path("titanic")


def test_missing_data_is_a_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "_packaged_folder", lambda: tmp_path / "absent")
    monkeypatch.setattr(datasets, "_checkout_folder", lambda: tmp_path / "absent too")
    with pytest.raises(DataError, match=r"'lung\.csv'.*absent too"):
        datasets.load_lung()


def test_import_does_not_import_pandas() -> None:
    # The root package may have reasons of its own to import pandas; what counts is what this room adds.
    code = (
        "import sys, statmodels_x; before = set(sys.modules); import statmodels_x.datasets; "
        "sys.exit('pandas' in set(sys.modules) - before)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_examples_in_the_docstrings_run() -> None:
    outcome = doctest.testmod(datasets)
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.fixture(scope="module")
def make_data() -> ModuleType:
    script = DATA / "make_data.py"
    if not script.is_file():
        pytest.skip("the data folder of the source checkout is not here")
    spec = importlib.util.spec_from_file_location("make_data", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def colon_record(module: ModuleType, **values: str) -> dict[str, str]:
    return dict.fromkeys(module.COLON_COVARIATES, "1") | values


def test_script_lays_the_two_colon_records_side_by_side(make_data: ModuleType) -> None:
    death = colon_record(make_data, etype="2", time="30", status="1")
    recurrence = colon_record(make_data, etype="1", time="20", status="0")
    (patient,) = make_data.make_colon([death, recurrence])
    assert list(patient) == list(CATALOGUE["colon"].columns)
    assert list(patient.values())[-4:] == ["20", "0", "30", "1"]


def test_script_refuses_colon_records_that_disagree(make_data: ModuleType) -> None:
    death = colon_record(make_data, etype="2", time="30", status="1")
    recurrence = colon_record(make_data, etype="1", time="20", status="0", age="2")
    with pytest.raises(ValueError, match="patient 1 differ"):
        make_data.make_colon([death, recurrence])


def test_script_recodes_status_and_treatment(make_data: ModuleType) -> None:
    (lung,) = make_data.make_lung([{"status": "2", "ph.ecog": ""}])
    assert lung == {"status": "1", "ph_ecog": ""}
    (veteran,) = make_data.make_veteran([{"trt": "2", "time": "5"}])
    assert veteran == {"treatment": "test", "time": "5"}


def test_script_refuses_another_wheel(make_data: ModuleType, tmp_path: Path) -> None:
    wheel = tmp_path / "other.whl"
    wheel.write_bytes(b"not the wheel")
    assert make_data.main([str(wheel)]) == 1
