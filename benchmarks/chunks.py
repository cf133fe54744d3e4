"""Long studies in chunks: seeded, kept as they are made, and gone on with where they stopped.

A chunk appears whole or not at all, and its last line says which repeats of which seed it holds, with a checksum of
the lines above: what is torn, edited or of another study is made again.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from statmodels_x.core.resampling import replicate

RESULTS = Path(__file__).parent / "results"
CHUNKS = RESULTS / "chunks"
Row = dict[str, Any]


@dataclass(frozen=True)
class Study:
    """A task that is repeated with random numbers, and where its rows are kept.

    Attributes
    ----------
    name : str
        Of the files.
    task : callable
        Generator -> a row, or rows.
    repeats, chunk : int
        How many in all, and in one file.
    seed : int
        Repeat k draws the same numbers whatever the chunks and ``n_jobs``.
    n_jobs : int
    number : str, optional
        A column for the number of the repeat.
    folder : Path
    """

    name: str
    task: Callable[[np.random.Generator], Row | Iterable[Row]]
    repeats: int
    seed: int
    chunk: int
    n_jobs: int = 1
    number: str | None = None
    folder: Path = CHUNKS

    @property
    def starts(self) -> range:
        """The first repeat of each chunk."""
        return range(0, self.repeats, self.chunk)

    def path(self, first: int) -> Path:
        """Where the chunk that starts with this repeat is kept."""
        return self.folder / f"{self.name}_{first}_{self._size(first)}.csv"

    def make(self, first: int) -> pd.DataFrame:
        """Rows of one chunk: read if it stands, else made and written."""
        path, mark = (
            self.path(first),
            f"repeats {first} to {first + self._size(first) - 1} of seed {self.seed}",
        )
        kept = read(path, mark)
        if kept is not None:
            return kept
        found = replicate(self.task, self._size(first), seed=self.seed, first=first, n_jobs=self.n_jobs)
        rows = [
            ({self.number: k} if self.number else {}) | row
            for k, group in enumerate(found, first)
            for row in ([group] if isinstance(group, dict) else group)
        ]
        write(pd.DataFrame(rows), path, mark)
        print(path.stem, flush=True)
        made = read(path, mark)
        assert made is not None
        return made

    def rows(self, finished: bool = False) -> pd.DataFrame:
        """Rows of all chunks; with ``finished`` of those that stand, and nothing is made."""
        starts = [first for first in self.starts if not finished or self.path(first).exists()]
        return pd.concat([self.make(first) for first in starts]) if starts else pd.DataFrame()

    def _size(self, first: int) -> int:
        return min(self.chunk, self.repeats - first)


def write(frame: pd.DataFrame, path: Path, mark: str | None = None, **options: Any) -> None:
    """Write a table that appears whole or not at all; ``mark`` and a checksum make up its last line."""
    text = frame.to_csv(None, **{"index": False, **options})
    if mark is not None:
        text += _last_line(text, mark)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".partial")
    try:
        with os.fdopen(handle, "w", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read(path: Path, mark: str) -> pd.DataFrame | None:
    """Return a table that :func:`write` left with this mark; None if there is none, or it is not whole."""
    try:
        text = path.read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    body, found, _ = text.rpartition("# ")
    if not found or text != body + _last_line(body, mark):
        return None
    exact: dict[str, Any] = {"float_precision": "round_trip"} if int(pd.__version__.split(".")[0]) < 3 else {}
    return pd.read_csv(io.StringIO(body), **exact)


def with_kept(made: pd.DataFrame, path: Path, keys: Sequence[str]) -> pd.DataFrame:
    """Put rows in their place in the table that stands; what was not made again stays, new settings come last."""
    if not path.exists():
        return made
    every = pd.concat([pd.read_csv(path), made], ignore_index=True)
    names = every[list(keys)].astype(str).agg("\x1f".join, axis=1)
    place = names.map({name: k for k, name in enumerate(names.unique())})
    last = ~names.duplicated(keep="last")
    return every[last].iloc[np.argsort(place[last], kind="stable")].reset_index(drop=True)


def _last_line(text: str, mark: str) -> str:
    return f"# {mark}, sha256 {hashlib.sha256(text.encode()).hexdigest()}\n"
