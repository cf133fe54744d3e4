"""Series, frames and indexes <-> JSON and arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.errors import DataError

_NULLABLE = {"boolean", "string", *(f"{kind}{bits}" for kind in ("Int", "UInt") for bits in (8, 16, 32, 64)),
             "Float32", "Float64"}  # fmt: skip


def _values(writer: Any, values: Any) -> Any:
    """Encode a column or the values of an index, whatever its type."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype):
        return writer.array(np.asarray(values))
    if isinstance(dtype, pd.CategoricalDtype):
        values = pd.Categorical(values)
        return {"$": "categorical", "codes": writer.array(np.asarray(values.codes)), "ordered": bool(values.ordered),
                "categories": _index(writer, values.categories)}  # fmt: skip
    if isinstance(dtype, pd.DatetimeTZDtype):
        return {"$": "dates", "zone": str(dtype.tz), "array": writer.array(pd.DatetimeIndex(values).asi8),
                "unit": dtype.unit}  # fmt: skip
    # nullable and arrow types: what they hold, as plain objects
    entries = [None if entry is pd.NA else entry for entry in np.asarray(values, dtype=object)]
    name = str(dtype) if str(dtype) in _NULLABLE else "object"
    return {"$": "column", "dtype": name, "items": [writer.node(entry) for entry in entries]}


def _read_values(reader: Any, node: Any) -> Any:
    if node["$"] == "categorical":
        codes = reader.array(node["codes"])
        return pd.Categorical.from_codes(
            codes, _read_index(reader, node["categories"]), ordered=node["ordered"]
        )
    if node["$"] == "dates":
        moments = pd.DatetimeIndex(reader.array(node["array"]).view(f"M8[{node['unit']}]"))
        return moments.tz_localize("UTC").tz_convert(node["zone"])
    if node["$"] == "column":
        if node["dtype"] not in (*_NULLABLE, "object"):
            raise DataError(f"load: the file names an unknown type of column, {node['dtype']!r}.")
        return pd.array([reader.value(entry) for entry in node["items"]], dtype=node["dtype"])
    return reader.array(node)


def _index(writer: Any, index: pd.Index) -> Any:
    if isinstance(index, pd.MultiIndex):
        return {"$": "multiindex", "names": [writer.node(name) for name in index.names],
                "levels": [_index(writer, level) for level in index.levels],
                "codes": [writer.array(np.asarray(codes)) for codes in index.codes]}  # fmt: skip
    if isinstance(index, pd.RangeIndex):
        return {
            "$": "range",
            "name": writer.node(index.name),
            "limits": [index.start, index.stop, index.step],
        }
    if isinstance(index, pd.PeriodIndex | pd.IntervalIndex):
        index = index.astype(str)
    return {"$": "index", "name": writer.node(index.name), "values": _values(writer, index)}


def _read_index(reader: Any, node: Any) -> pd.Index:
    if node["$"] == "multiindex":
        levels = [_read_index(reader, level) for level in node["levels"]]
        codes = [reader.array(part) for part in node["codes"]]
        return pd.MultiIndex(levels, codes, names=[reader.value(name) for name in node["names"]])
    if node["$"] == "range":
        return pd.RangeIndex(*node["limits"], name=reader.value(node["name"]))
    return pd.Index(_read_values(reader, node["values"]), name=reader.value(node["name"]), copy=True)


def _series(writer: Any, series: pd.Series) -> Any:
    return {"$": "series", "name": writer.node(series.name), "index": _index(writer, series.index),
            "values": _values(writer, series)}  # fmt: skip


def _read_series(reader: Any, node: Any) -> pd.Series:
    values = _read_values(reader, node["values"])
    return pd.Series(values, _read_index(reader, node["index"]), name=reader.value(node["name"]), copy=True)


def _frame(writer: Any, frame: pd.DataFrame) -> Any:
    if frame.shape[1] and all(dtype.kind == "f" and dtype.itemsize == 8 for dtype in frame.dtypes):
        body = {"block": writer.array(frame.to_numpy())}
    else:
        body = {"columns": [_values(writer, frame.iloc[:, k]) for k in range(frame.shape[1])]}
    return {
        "$": "frame",
        "index": _index(writer, frame.index),
        "names": _index(writer, frame.columns),
        **body,
    }


def _read_frame(reader: Any, node: Any) -> pd.DataFrame:
    index, names = _read_index(reader, node["index"]), _read_index(reader, node["names"])
    if "block" in node:
        return pd.DataFrame(reader.array(node["block"]).copy(order="K"), index, names)
    columns = {k: _read_values(reader, column) for k, column in enumerate(node["columns"])}
    return pd.DataFrame(columns, index=index).set_axis(names, axis=1)


WRITERS: dict[Any, Callable[[Any, Any], Any]] = {pd.DataFrame: _frame, pd.Series: _series, pd.Index: _index}
READERS: dict[str, Callable[[Any, Any], Any]] = {
    "frame": _read_frame,
    "series": _read_series,
    **dict.fromkeys(("index", "multiindex", "range"), _read_index),
}
