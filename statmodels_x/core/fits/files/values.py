"""Values of results <-> JSON and arrays: every kind by hand, and nothing else.

A value is encoded as JSON itself (None, bool, int, finite float, str, list) or as ``{"$": kind, ...}``. The package's
own dataclasses are named ``"survival.fitted:SurvivalFitted"``; only names of :mod:`registry` are ever looked up, their
constructors are not called, and a class whose text could become code (formulas) checks it when it is read.
"""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np

from statmodels_x.core import errors
from statmodels_x.core.errors import DataError
from statmodels_x.core.fits.files import frames, registry

Node = Any
_PLAIN = (bool, int, str, type(None))
_DTYPES = "biufcmMUS"
_DEEPEST = 200


class UnstorableError(Exception):
    """A value that no file can hold; the message says which."""


@dataclass
class Writer:
    """Encodes values; arrays are kept apart, each once."""

    parts: dict[str, bytes] = field(default_factory=dict)
    known: dict[int, tuple[str, Any]] = field(default_factory=dict)

    def node(self, value: Any) -> Node:
        """Return the value as JSON; UnstorableError if it is of no known kind."""
        if type(value) in _PLAIN:
            return value
        if registry.name_of(type(value)) is not None:
            return self._object(value)
        for kind, of in _WRITERS.items():
            if isinstance(value, kind):
                return of(self, value)
        raise UnstorableError(f"a {type(value).__module__}.{type(value).__qualname__}")

    def array(self, value: np.ndarray) -> Node:
        """Encode an array: its bytes go into a part of their own."""
        if value.dtype.kind == "O":
            return {
                "$": "objects",
                "shape": list(value.shape),
                "items": [self.node(entry) for entry in value.ravel()],
            }
        if value.dtype.kind not in _DTYPES or value.dtype.fields is not None:
            raise UnstorableError(f"an array of {value.dtype}")
        if id(value) not in self.known:
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.asarray(value), allow_pickle=False)
            name = f"arrays/{len(self.parts)}.npy"
            self.parts[name] = buffer.getvalue()
            self.known[id(value)] = (name, value)  # the array stays alive, and its id its own
        return {"$": "array", "part": self.known[id(value)][0], "writeable": bool(value.flags.writeable)}

    def _object(self, value: Any) -> Node:
        if hasattr(value, "_to_file"):
            state = value._to_file()
        elif hasattr(value, "stored"):
            state = (
                value.stored().__getstate__()
            )  # what a pickle holds too: without the data, unless they are kept
        else:
            state = _state(value)
        named = {key: self.node(entry) for key, entry in state.items()}
        return {"$": "object", "class": registry.name_of(type(value)), "fields": named}


@dataclass
class Reader:
    """Decodes what a Writer made.

    Attributes
    ----------
    parts : mapping of str to bytes
    given : mapping
        What the user handed over for this file, such as the functions of a family.
    """

    parts: Mapping[str, bytes]
    given: Mapping[str, Any] = field(default_factory=dict)
    known: dict[str, np.ndarray] = field(default_factory=dict)
    depth: int = 0

    def value(self, node: Node) -> Any:
        """Return the value of a node; DataError if it is of no known kind."""
        if type(node) in _PLAIN or isinstance(node, float):
            return node
        self.depth += 1
        if self.depth > _DEEPEST:
            raise DataError("load: the file is nested too deeply.")
        try:
            if isinstance(node, list):
                return [self.value(entry) for entry in node]
            if node["$"] == "object":
                return self._object(node)
            return _READERS[node["$"]](self, node)
        finally:
            self.depth -= 1

    def array(self, node: Node) -> np.ndarray:
        """Decode an array; its declared size is checked before it is made."""
        if node["$"] == "objects":
            items = [self.value(entry) for entry in node["items"]]
            found = np.empty(len(items), object)
            found[:] = items
            return found.reshape(node["shape"])
        part = node["part"]
        if part not in self.known:
            self.known[part] = _npy(self.parts[part])
            self.known[part].flags.writeable = bool(node["writeable"])
        return self.known[part]

    def _object(self, node: Node) -> Any:
        cls = registry.class_of(node["class"])
        state = {key: self.value(entry) for key, entry in node["fields"].items()}
        if hasattr(cls, "_from_file"):
            return cls._from_file(state, self.given)
        names = _names(cls)
        if names is None:
            names = tuple(state)
        if set(state) != set(names):
            differ = ", ".join(sorted(set(state) ^ set(names)))
            raise DataError(f"load: {node['class']} of the file has other fields than here: {differ}.")
        if issubclass(cls, tuple):
            return tuple.__new__(cls, [state[name] for name in names])
        made = object.__new__(cls)
        for key, entry in state.items():
            object.__setattr__(made, key, entry)
        return made


def _state(value: Any) -> dict[str, Any]:
    names = _names(type(value))
    if names is None:
        names = tuple(name for name in vars(value) if not name.startswith("_cached_"))
    return {name: getattr(value, name) for name in names}


def _names(cls: Any) -> tuple[str, ...] | None:
    """Return the fields of a dataclass or of a named tuple, or the slots of another class; None if it has none."""
    if issubclass(cls, tuple):
        return tuple(cls._fields)
    return tuple(entry.name for entry in fields(cls)) if is_dataclass(cls) else vars(cls).get("__slots__")


def _npy(content: bytes) -> np.ndarray:
    buffer = io.BytesIO(content)
    version = np.lib.format.read_magic(buffer)
    if version != (1, 0):
        raise DataError("load: an array of the file is written in an unknown way.")
    shape, _, dtype = np.lib.format.read_array_header_1_0(buffer)
    if dtype.kind not in _DTYPES or math.prod(shape) * dtype.itemsize != len(content) - buffer.tell():
        raise DataError("load: an array of the file is not of the size that it says.")
    buffer.seek(0)
    return np.lib.format.read_array(buffer, allow_pickle=False)


# ---- kinds that are not JSON's own


def _float(_: Writer, value: float) -> Node:
    return value if math.isfinite(value) else {"$": "float", "text": repr(value)}


def _scalar(writer: Writer, value: np.generic) -> Node:
    return {"$": "scalar", "array": writer.array(np.asarray(value))}


def _dict(writer: Writer, value: Mapping[Any, Any]) -> Node:
    return {"$": "dict", "items": [[writer.node(key), writer.node(entry)] for key, entry in value.items()]}


def _sequence(kind: str) -> Callable[[Writer, Any], Node]:
    def of(writer: Writer, value: Any) -> Node:
        if type(value) not in (tuple, list, set, frozenset):
            raise UnstorableError(f"a {type(value).__name__}")
        entries = value if kind in ("tuple", "list") else sorted(value, key=repr)
        made = [writer.node(entry) for entry in entries]
        return made if kind == "list" else {"$": kind, "items": made}

    return of


def _error_class(_: Writer, value: type) -> Node:
    if getattr(errors, value.__name__, None) is not value:
        raise UnstorableError(f"the class {value.__qualname__}")
    return {"$": "error", "name": value.__name__}


def _read_error_class(_: Reader, node: Node) -> type:
    found = getattr(errors, node["name"], None)
    if not (
        isinstance(found, type) and issubclass(found, errors.StatmodelsXError | errors.StatmodelsXWarning)
    ):
        raise DataError(f"load: the file names an unknown kind of finding, {node['name']!r}.")
    return found


def _sparse(writer: Writer, value: Any) -> Node:
    arrays = [writer.array(part) for part in (value.data, value.indices, value.indptr)]
    return {"$": "csr_array", "shape": list(value.shape), "arrays": arrays}


def _read_sparse(reader: Reader, node: Node) -> Any:
    from scipy.sparse import csr_array

    arrays = tuple(reader.array(part) for part in node["arrays"])
    found = csr_array(arrays, shape=tuple(node["shape"]))
    found.check_format()
    return found


def _is_sparse(value: Any) -> bool:
    return type(value).__module__.startswith("scipy.sparse") and type(value).__name__ == "csr_array"


class _Sparse(type):
    def __instancecheck__(cls, value: Any) -> bool:
        return _is_sparse(value)


class _CsrArray(metaclass=_Sparse):
    """Stands for scipy's class, which is not imported to see that a value is none."""


_WRITERS: dict[Any, Callable[[Writer, Any], Node]] = {
    np.generic: _scalar,  # before float: float64 is one
    float: _float,
    np.ndarray: Writer.array,
    dict: _dict,
    tuple: _sequence("tuple"),
    list: _sequence("list"),
    set: _sequence("set"),
    frozenset: _sequence("frozenset"),
    bytes: lambda _, value: {"$": "bytes", "base64": base64.b64encode(value).decode()},
    slice: lambda _, value: {"$": "slice", "items": [value.start, value.stop, value.step]},
    type: _error_class,
    _CsrArray: _sparse,
    **frames.WRITERS,
}
_READERS: dict[str, Callable[[Reader, Node], Any]] = {
    "float": lambda _, node: {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[node["text"]],
    "scalar": lambda reader, node: reader.array(node["array"])[()],
    "array": Reader.array,
    "objects": Reader.array,
    "dict": lambda reader, node: {reader.value(key): reader.value(entry) for key, entry in node["items"]},
    "tuple": lambda reader, node: tuple(reader.value(entry) for entry in node["items"]),
    "set": lambda reader, node: {reader.value(entry) for entry in node["items"]},
    "frozenset": lambda reader, node: frozenset(reader.value(entry) for entry in node["items"]),
    "bytes": lambda _, node: base64.b64decode(node["base64"], validate=True),
    "slice": lambda _, node: slice(*node["items"]),
    "error": _read_error_class,
    "csr_array": _read_sparse,
    **frames.READERS,
}


def encode(value: Any) -> dict[str, bytes]:
    """Return the parts that hold a value; UnstorableError if something in it is of no known kind."""
    writer = Writer()
    node = writer.node(value)
    return {"value.json": json.dumps(node, allow_nan=False).encode(), **writer.parts}


def decode(parts: Mapping[str, bytes], given: Mapping[str, Any]) -> Any:
    """Return the value that the parts hold."""
    return Reader(parts, given).value(json.loads(parts["value.json"]))
