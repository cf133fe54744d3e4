"""Save a fitted result to a file and load it again, with the version that wrote it."""

from __future__ import annotations

import pickle
import warnings
from os import PathLike
from pathlib import Path
from typing import Any

from statmodels_x.core.errors import DataError, DataWarning
from statmodels_x.core.fits import moved
from statmodels_x.core.version import __version__

_MARK = "statmodels_x result"


def save(fit: Any, path: str | PathLike[str]) -> Path:
    """Write a result to a file.

    Parameters
    ----------
    fit : results
        Any fitted result of this package; its data go along only if it was fitted with ``keep_data=True``.
    path : path-like

    Returns
    -------
    pathlib.Path
        Where it was written. The file appears whole or not at all.

    Raises
    ------
    DataError
        If the result holds functions that cannot be stored, as those of a user's own family may be.
    """
    from formulaic import __version__ as formulaic_version

    target = Path(path)
    versions = {"statmodels_x": __version__, "formulaic": formulaic_version}
    partial = target.with_name(target.name + ".partial")
    try:
        content = pickle.dumps((_MARK, versions, fit), protocol=5)
    except (AttributeError, TypeError, pickle.PicklingError) as error:
        raise DataError(
            f"save: the result holds what cannot be stored ({error}); functions of a family of your own must be "
            "defined at the top level of a module."
        ) from error
    partial.write_bytes(content)
    partial.replace(target)
    return target


def load(path: str | PathLike[str]) -> Any:
    """Read a result that :func:`save` wrote.

    Parameters
    ----------
    path : path-like
        Only from a source you trust: the file is a pickle, and loading a pickle can run code.

    Returns
    -------
    results

    Raises
    ------
    DataError
        If there is no such file, or it is no result of this package.

    Warns
    -----
    DataWarning
        If another version of this package or of formulaic wrote the file.
    """
    from formulaic import __version__ as formulaic_version

    source = Path(path)
    if not source.is_file():
        raise DataError(f"load: there is no file {str(source)!r}.")
    try:
        mark, versions, fit = moved.loads(source.read_bytes())
    except Exception as error:
        raise DataError(f"load: {str(source)!r} cannot be read as a saved result ({error}).") from error
    if mark != _MARK:
        raise DataError(f"load: {str(source)!r} was not written by statmodels_x.save.")
    now = {"statmodels_x": __version__, "formulaic": formulaic_version}
    older = [f"{name} {versions.get(name)} (here {version})" for name, version in now.items()
             if versions.get(name) != version]  # fmt: skip
    if older:
        warnings.warn(
            f"load: {str(source)!r} was written with {', '.join(older)}.", DataWarning, stacklevel=2
        )
    return fit
