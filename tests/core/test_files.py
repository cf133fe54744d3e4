"""Files without code: what is not as it was written, or was made by a stranger, is an error of the package."""

import hashlib
import io
import json
import os
import pickle
import threading
import zipfile
from importlib import import_module

import numpy as np
import pandas as pd
import pytest

import statmodels_x as smx
from statmodels_x.core.findings import Finding
from statmodels_x.core.fits.files import archive, registry, values
from statmodels_x.core.fits.reference import Reference
from statmodels_x.errors import ConvergenceWarning, DataError, DataWarning

REFERENCE = Reference(7.0)
RAN = []


@pytest.fixture
def path(tmp_path):
    return smx.save(REFERENCE, tmp_path / "value.smx")


def forged(path, change, facts=None, compress=zipfile.ZIP_STORED):
    """A file with other parts, whose sums are right all the same."""
    parts, manifest = archive.unpack(path.read_bytes(), "here")
    change(parts)
    manifest = {
        **manifest,
        "parts": {name: archive._sum(part) for name, part in parts.items()},
        **(facts or {}),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compress) as file:
        file.writestr("manifest.json", json.dumps(manifest))
        for name, part in parts.items():
            file.writestr(name, part)
        file.comment = b"0" * 64
    whole = buffer.getvalue()[:-64]
    path.write_bytes(whole + hashlib.sha256(whole).hexdigest().encode())
    return path


def node(path, value, **parts):
    def change(found):
        found["value.json"] = json.dumps(value).encode()
        found.update({f"arrays/{name}.npy": content for name, content in parts.items()})

    return forged(path, change)


# ---- what goes in comes out

VALUES = [
    None,
    True,
    3,
    -(10**30),
    0.1,
    np.inf,
    -np.inf,
    np.nan,
    "a\x00é",
    [1, [2.0]],
    (1, (2,)),
    {"a": (1,), 2: None, (1, "b"): 3.5},
    {1, 2},
    frozenset({"x"}),
    b"\x00\xff",
    slice(1, None, 2),
    np.float64(0.3),
    np.bool_(True),
    np.int8(-3),
    np.str_("s"),
    np.arange(6).reshape(2, 3),
    np.asfortranarray(np.random.default_rng(0).normal(size=(3, 4))),
    np.array([], float),
    np.array(5.0),
    np.array(["a", "bc"]),
    np.array([None, "x", 1.5], object),
    np.array(["2020-01-01"], "M8[D]"),
    np.array([1 + 2j]),
    np.zeros((0, 3)),
    Finding("weak", "text", "remedy", ("a",), ConvergenceWarning),
    ConvergenceWarning,
]


def equal(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        same = a.dtype == b.dtype and a.shape == b.shape and a.flags.f_contiguous == b.flags.f_contiguous
        return same and all(x == y for x, y in zip(a.ravel(), b.ravel(), strict=True))
    return a == b or (a != a and b != b)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:40])
def test_values(value):
    assert equal(values.decode(values.encode(value), {}), value)


FRAMES = [
    pd.DataFrame({"a": [1.0, np.nan], "b": [2.0, 3.0]}, index=pd.Index(["x", "y"], name="row")),
    pd.DataFrame({"a": [1, 2], "b": ["u", None], "c": pd.Categorical(["p", "q"], ["q", "p"], ordered=True)}),
    pd.DataFrame({("s", "estimate"): [1.0], ("s", "lower"): [0.5]}),
    pd.DataFrame(
        {
            "d": pd.date_range("2020-01-01", periods=2, tz="Europe/Dublin"),
            "e": pd.date_range("2020", periods=2),
        }
    ),
    pd.DataFrame(
        {"i": pd.array([1, None], "Int64"), "s": pd.array(["a", None], "string"), "f": np.float32([1, 2])}
    ),
    pd.DataFrame(index=range(3)),
    pd.DataFrame({0: [1.0], "0": [2.0]}),
]
SERIES = [
    pd.Series(
        [1.0, 2.0],
        pd.MultiIndex.from_tuples([("aft", "x"), ("power", "x")], names=["parameter", "term"]),
        name="p",
    ),
    pd.Series([], dtype=float, index=pd.Index([], dtype=object)),
    pd.Series(["a", "b"], index=[2.5, np.nan], name=("a", 1)),
]


@pytest.mark.parametrize("frame", FRAMES, ids=range(len(FRAMES)))
def test_frames(frame):
    pd.testing.assert_frame_equal(values.decode(values.encode(frame), {}), frame, check_exact=True)


@pytest.mark.parametrize("series", SERIES, ids=range(len(SERIES)))
def test_series(series):
    found = values.decode(values.encode(series), {})
    pd.testing.assert_series_equal(found, series, check_exact=True)
    found.iloc[:1] = found.iloc[:1]  # what comes back can be written into


def test_an_array_is_stored_once_and_keeps_whether_it_may_be_written():
    array = np.arange(1000.0)
    locked = array.copy()
    locked.flags.writeable = False
    parts = values.encode([array, {"again": array}, locked])
    assert len(parts) == 3
    first, again, second = values.decode(parts, {})
    assert first is again["again"]
    assert first.flags.writeable
    assert not second.flags.writeable


def test_the_same_value_is_the_same_bytes(tmp_path):
    first, second = (smx.save(REFERENCE, tmp_path / name).read_bytes() for name in "ab")
    assert first == second


def test_every_class_of_the_registry_is_there():
    for module, names in registry._MODULES.items():
        for name in names.split():
            cls = registry.class_of(f"{module}:{name}")
            assert registry.name_of(cls) == f"{module}:{name}"
            assert cls.__module__ == f"statmodels_x.{module}"
            assert getattr(import_module(cls.__module__), name) is cls


# ---- what cannot be saved


@pytest.mark.parametrize(
    "value", [42, "text", None, {}, [REFERENCE], pd.DataFrame(), np.zeros(3), object(), Reference]
)
def test_only_values_of_the_package_are_saved(value, tmp_path):
    with pytest.raises(DataError, match="cannot be saved; give a result"):
        smx.save(value, tmp_path / "a.smx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [lambda: 0, object(), io.BytesIO(), pd.Period("2020"), DataError("x"), int])
def test_what_a_file_cannot_hold(value, tmp_path):
    with pytest.raises(DataError, match=r"holds .* which a file cannot hold"):
        smx.save(Reference(value), tmp_path / "a.smx")
    assert list(tmp_path.iterdir()) == []


# ---- files that are not as they were written


def test_a_changed_bit_is_seen_wherever_it_stands(path):
    raw = path.read_bytes()
    for place in range(len(raw)):
        bad = bytearray(raw)
        bad[place] ^= 1 << (place % 8)
        path.write_bytes(bad)
        with pytest.raises(DataError, match=r"^load: "):
            smx.load(path)


def test_a_file_that_was_cut_off_or_grew(path):
    raw = path.read_bytes()
    for bad in (b"", raw[:1], raw[:-1], raw[: len(raw) // 2], raw[1:], raw + b"\n", b"x" + raw, raw * 2):
        path.write_bytes(bad)
        with pytest.raises(DataError, match=r"^load: "):
            smx.load(path)


@pytest.mark.parametrize(
    "content", [b"not a zip", b"\x80", b"\x80\x05", b"PK\x05\x06" + b"\0" * 18, b"PK", b"\x93NUMPY"]
)
def test_files_of_others(tmp_path, content):
    path = tmp_path / "other"
    path.write_bytes(content)
    for trust in (False, True):
        with pytest.raises(DataError, match=r"^load: "):
            smx.load(path, trust=trust)


def test_paths():
    for bad in ("/nowhere/at/all", "", ".", "a\x00b", 3.5, None, [], b"\xff"):
        with pytest.raises(DataError, match=r"^load: "):
            smx.load(bad)
    for bad in ("/nowhere/at/all", "", "/", "a\x00b", 3.5, None):
        with pytest.raises(DataError, match=r"^save: "):
            smx.save(REFERENCE, bad)


def test_a_file_of_a_later_format(path):
    forged(path, lambda parts: None, {"format_version": 2, "statmodels_x": "7.0"})
    with pytest.raises(DataError, match=r"version 2 of the format.*reads version 1.*7\.0"):
        smx.load(path)


def test_another_version_of_the_package_is_announced(path):
    forged(path, lambda parts: None, {"statmodels_x": "0.0.9"})
    with pytest.warns(DataWarning, match=r"statmodels_x 0\.0\.9") as caught:
        assert smx.load(path) == REFERENCE
    assert caught[0].filename == __file__


# ---- files of a stranger, whose sums are right


def npy(shape, dtype="<f8", data=b"\0" * 8, version=b"\x01\x00"):
    header = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return b"\x93NUMPY" + version + len(header).to_bytes(2, "little") + header + data


STRANGE = [
    {"$": "object", "class": "os:system", "fields": {"command": "true"}},
    {"$": "object", "class": "core.parallel:each", "fields": {}},
    {"$": "object", "class": "core.fits.reference:NORMAL", "fields": {}},
    {"$": "object", "class": "..os:system", "fields": {}},
    {"$": "object", "class": ["core.fits.reference:Reference"], "fields": {}},
    {"$": "object", "class": "core.fits.reference:Reference", "fields": {}},
    {"$": "object", "class": "core.fits.reference:Reference", "fields": {"df": 1.0, "__class__": 1}},
    {
        "$": "object",
        "class": "core.data.formula:Response",
        "fields": {
            "expressions": {"$": "tuple", "items": ["__import__('os').system('true')"]},
            "variables": {"$": "tuple", "items": []},
        },
    },
    {"$": "object", "class": "core.data.formula:Part", "fields": {"text": "x + open('/etc/passwd')"}},
    {"$": "error", "name": "sys"},
    {"$": "error", "name": "Exception"},
    {"$": "unknown"},
    {"$": 3},
    {},
    {"a": 1},
    42,
    [],
    "text",
    {"$": "array", "part": "arrays/9.npy", "writeable": True},
    {"$": "array", "part": "../../etc/passwd", "writeable": True},
    {"$": "array", "part": "arrays/huge.npy", "writeable": True},
    {"$": "array", "part": "arrays/object.npy", "writeable": True},
    {"$": "array", "part": "arrays/negative.npy", "writeable": True},
    {"$": "array", "part": "arrays/code.npy", "writeable": True},
    {"$": "array", "part": "arrays/version.npy", "writeable": True},
    {"$": "array", "part": "arrays/struct.npy", "writeable": True},
    {"$": "dict", "items": [[{"$": "dict", "items": []}, 1]]},
    {"$": "float", "text": "1e5"},
    {"$": "bytes", "base64": "!"},
    {"$": "column", "dtype": "os.system", "items": []},
    {"$": "objects", "shape": [10**12], "items": []},
]


@pytest.mark.parametrize("value", STRANGE, ids=lambda value: json.dumps(value)[:60])
def test_no_file_of_a_stranger_is_taken(path, value, monkeypatch):
    monkeypatch.setattr(os, "system", RAN.append)
    node(
        path,
        value,
        huge=npy((10**11,)),
        object=npy((1,), "|O", pickle.dumps(os.getcwd)),
        negative=npy((-1,)),
        code=npy((1,)).replace(b"(1,)", b"f()+"),
        version=npy((1,), version=b"\x03\x00"),
        struct=npy((1,), [("a", "<f8")]),
    )
    with pytest.raises(DataError, match=r"load: |file|not allowed"):
        smx.load(path)
    assert RAN == []


def test_depth(path):
    for depth in (300, 200_000):
        deep = b"[" * depth + b"1" + b"]" * depth
        forged(path, lambda parts, deep=deep: parts.update({"value.json": deep}))
        with pytest.raises(DataError, match=r"nested too deeply|cannot be read"):
            smx.load(path)


def test_a_zip_that_bursts_is_not_opened(path):
    forged(path, lambda parts: parts.update(zeros=b"\0" * 10**7), compress=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match="compressed parts"):
        smx.load(path)


def test_parts_that_the_manifest_does_not_list(path):
    forged(path, lambda parts: parts.update(more=b"x"), {"parts": {}})
    with pytest.raises(DataError, match="not those that its manifest lists"):
        smx.load(path)


class Payload:
    def __reduce__(self):
        return RAN.append, ("ran",)


def test_a_pickle_runs_only_when_trusted(tmp_path):
    path = tmp_path / "old"
    path.write_bytes(pickle.dumps(Payload()))
    for trust in (False, 1, "yes", None):
        with pytest.raises(DataError, match=r"can run code.*trust=True"):
            smx.load(path, trust=trust)
    assert RAN == []


# ---- writing


def test_threads_that_save_to_one_path(tmp_path):
    path, faults = tmp_path / "one.smx", []

    def work(k):
        try:
            for _ in range(20):
                smx.save(Reference(float(k)), path)
                assert smx.load(path).df in range(1, 5)
        except Exception as error:
            faults.append(error)

    workers = [threading.Thread(target=work, args=(k,)) for k in range(1, 5)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    assert faults == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["one.smx"]


@pytest.mark.parametrize("step", ["fsync", "replace", "chmod"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_what_was_there(path, monkeypatch, step, error):
    before = path.read_bytes()

    def fail(*_):
        raise error

    monkeypatch.setattr(archive.os, step, fail)
    with pytest.raises(DataError if isinstance(error, OSError) else KeyboardInterrupt):
        smx.save(Reference(1.0), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
