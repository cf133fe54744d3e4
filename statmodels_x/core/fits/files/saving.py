"""Save a result to a file and load it again: values only, no code."""

from __future__ import annotations

from importlib.metadata import version
from os import PathLike
from pathlib import Path
from typing import Any

from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.findings import warn
from statmodels_x.core.fits.files import archive, moved, registry, values
from statmodels_x.core.version import __version__

_PICKLE_MARK = "statmodels_x result"


def save(fit: Any, path: str | PathLike[str]) -> Path:
    """Save a result to a file.

    Parameters
    ----------
    fit : results
        Any fitted result of this package. The file contains the data only if the model was fitted with
        ``keep_data=True``.
    path : path-like
        The file to write. An existing file is replaced.

    Returns
    -------
    pathlib.Path
        The path of the file.

    Raises
    ------
    DataError
        If the object is not a result of this package, or the file cannot be written.

    See Also
    --------
    load : Read the file.

    Notes
    -----
    The file is a zip archive of JSON and of numpy's ``npy`` arrays, with checksums of every part and of the whole
    (see :doc:`/files`). It is written as a whole: if writing fails, an existing file is left as it was. A
    :class:`Family` of your own is saved by its name, without its functions. Pass the family to :func:`load`.
    """
    if registry.name_of(type(fit)) is None:
        raise DataError(
            f"save: a {type(fit).__name__} cannot be saved; give a result of this package, as `fit()` returns it."
        )
    try:
        parts = values.encode(fit)
    except values.UnstorableError as error:
        raise DataError(f"save: the result holds {error}, which a file cannot hold.") from error
    return archive.write_whole(
        path, archive.pack(parts, {"class": registry.name_of(type(fit)), **_versions()})
    )


def load(path: str | PathLike[str], *, family: Any = None, trust: bool = False) -> Any:
    """Load a result that :func:`save` wrote.

    No code in the file is run.

    Parameters
    ----------
    path : path-like
        The file to read.
    family : Family, optional
        The family of your own that the model was fitted with. It is needed because a file holds no functions.
    trust : bool
        Whether to read a file of version 0.1. Such a file is a pickle, which can run code, so load it only from a
        source that you trust. Save the result again to get a file of the new kind. The next version will not read
        the old files.

    Returns
    -------
    results
        An object of the class that was saved.

    Raises
    ------
    DataError
        If the file does not exist, does not hold a result of this package, or was damaged or changed.

    Warns
    -----
    DataWarning
        If the file was written by another version of this package or of formulaic.

    See Also
    --------
    save : Write the file.
    """
    where, content = repr(str(path)), archive.read_whole(path)
    if content[:1] == b"\x80":
        fit, written = _unpickled(content, where, trust)
    else:
        parts, written = archive.unpack(content, where)
        fit = _decoded(parts, {"family": family}, where)
    now = _versions()
    other = [
        f"{name} {written.get(name)} (here {now[name]})" for name in now if written.get(name) != now[name]
    ]
    if other:
        warn(f"load: {where} was written with {', '.join(other)}.", DataWarning)
    return fit


def _decoded(parts: dict[str, bytes], given: dict[str, Any], where: str) -> Any:
    try:
        fit = values.decode(parts, given)
    except DataError:
        raise
    except Exception as error:  # a forged file can be wrong in every way
        raise DataError(f"load: {where} cannot be read as a saved result ({error!r}).") from error
    if registry.name_of(type(fit)) is None:
        raise DataError(f"load: {where} holds no result.")
    return fit


def _unpickled(content: bytes, where: str, trust: bool) -> tuple[Any, dict[str, str]]:
    if trust is not True:
        raise DataError(
            f"load: {where} is a file of version 0.1 or a foreign one: a pickle, which can run code. If you trust who "
            "made it, load(path, trust=True), and save() the result to have a file without code."
        )
    try:
        mark, written, fit = moved.loads(content)
    except Exception as error:
        raise DataError(f"load: {where} cannot be read as a saved result ({error}).") from error
    if mark != _PICKLE_MARK:
        raise DataError(f"load: {where} was not written by statmodels_x.save.")
    return fit, written


def _versions() -> dict[str, str]:
    return {"statmodels_x": __version__, "formulaic": version("formulaic")}
