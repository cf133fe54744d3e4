"""Named parts <-> the bytes of a file that proves to be whole; files that appear whole or not at all.

The file is a zip without compression. Its comment is the SHA-256 of all bytes before it, so that no changed bit goes
unseen wherever it stands; ``manifest.json`` holds the format's version and the SHA-256 of every other part. Nothing is
read before the sum is right, and no part can be larger than the file.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from statmodels_x.core.errors import DataError

FORMAT = "statmodels_x result"
VERSION = 1
_MANIFEST = "manifest.json"
_DIGITS = 64  # of a SHA-256
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same parts are the same bytes


def pack(parts: Mapping[str, bytes], facts: Mapping[str, Any]) -> bytes:
    """Return the bytes of a file.

    Parameters
    ----------
    parts : mapping of str to bytes
    facts : mapping
        What the manifest says besides, as JSON.
    """
    manifest = {
        "format": FORMAT,
        "format_version": VERSION,
        **facts,
        "parts": {name: _sum(content) for name, content in parts.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as file:
        for name, content in {_MANIFEST: json.dumps(manifest, indent=1).encode(), **parts}.items():
            file.writestr(zipfile.ZipInfo(name, _EPOCH), content)
        file.comment = b"0" * _DIGITS
    whole = buffer.getvalue()[:-_DIGITS]
    return whole + _sum(whole).encode()


def unpack(content: bytes, where: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Return the parts and the manifest of a file.

    Raises
    ------
    DataError
        If the bytes are no such file, or not as they were written.
    """
    if not content.startswith(b"PK"):
        raise DataError(f"load: {where} was not written by statmodels_x.save.")
    if content[-_DIGITS:] != _sum(content[:-_DIGITS]).encode():
        raise DataError(f"load: {where} is damaged or cut off, or was not written by statmodels_x.save.")
    try:
        return _read(content, where)
    except DataError:
        raise
    except Exception as error:  # whatever zipfile and json find wrong with a forged file
        raise DataError(f"load: {where} cannot be read as a saved result ({error}).") from error


def _read(content: bytes, where: str) -> tuple[dict[str, bytes], dict[str, Any]]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        members = file.infolist()
        if any(member.compress_type != zipfile.ZIP_STORED for member in members):  # none can burst
            raise DataError(f"load: {where} holds compressed parts, which statmodels_x.save does not write.")
        if sum(member.file_size for member in members) > len(content):
            raise DataError(f"load: the parts of {where} are larger than the file.")
        parts = {member.filename: file.read(member) for member in members}
    manifest = json.loads(parts.pop(_MANIFEST))
    if manifest["format"] != FORMAT:
        raise DataError(f"load: {where} was not written by statmodels_x.save.")
    if manifest["format_version"] != VERSION:
        raise DataError(
            f"load: {where} has version {manifest['format_version']} of the format, and this statmodels_x reads "
            f"version {VERSION}: load it with the statmodels_x that wrote it ({manifest.get('statmodels_x')})."
        )
    if {name: _sum(part) for name, part in parts.items()} != manifest["parts"]:
        raise DataError(f"load: the parts of {where} are not those that its manifest lists.")
    return parts, manifest


def write_whole(path: str | PathLike[str], content: bytes) -> Path:
    """Write a file that appears whole or not at all, whoever else writes to the same path.

    Raises
    ------
    DataError
        If the folder is missing or may not be written, or the disk is full; nothing is left behind.
    """
    target = _path(path, "save")
    try:
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".partial")
    except (OSError, ValueError) as error:
        raise DataError(
            f"save: {str(target)!r} cannot be written ({error}); does the folder exist?"
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(partial, 0o666 & ~_umask())
        os.replace(partial, target)
    except BaseException as error:
        Path(partial).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise DataError(f"save: {str(target)!r} cannot be written ({error}).") from error
        raise
    return target


def read_whole(path: str | PathLike[str]) -> bytes:
    """Return the bytes of a file; DataError if there is none."""
    source = _path(path, "load")
    try:
        if not source.is_file():
            raise DataError(f"load: there is no file {str(source)!r}.")
        return source.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"load: {str(source)!r} cannot be read ({error}).") from error


def _path(path: Any, verb: str) -> Path:
    try:
        return Path(path)
    except TypeError:
        raise DataError(f"{verb}: `path` is {path!r}; give the name of a file.") from None


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
