"""Landed files: described as they are now, fetched as they were when they were claimed."""

from __future__ import annotations

from pathlib import Path

from penstock.errors import LandedFileChanged, NotFound
from penstock.model import LandedFile
from penstock.stores import ObjectInfo, open_uri
from penstock.stores.staging import staged

__all__ = ["as_landed", "describe_file", "fetch_landed", "is_unchanged"]

REMEDY = (
    "Let the producer write each file under another name and rename it when it is complete; what"
    " lies there now is claimed as a new file."
)


def as_landed(info: ObjectInfo) -> LandedFile:
    """Return an object's version as a landed file."""
    return LandedFile(
        uri=info.uri, version=info.version, size=info.size, modified_at=info.modified_at
    )


def describe_file(path_or_uri: str | Path) -> LandedFile:
    """Return the version of a file that lies there now, or raise `NotFound`."""
    store, key = open_uri(path_or_uri)
    for info in store.list(key):
        if info.key == key:
            return as_landed(info)
        break  # keys are sorted, and none comes before the prefix itself
    raise NotFound(
        f"There is no file {str(path_or_uri)!r}.",
        remedy="Check the name; a folder is not a file.",
    )


def is_unchanged(file: LandedFile) -> bool:
    """Return whether the version that was claimed still lies there."""
    try:
        return describe_file(file.uri).version == file.version
    except NotFound:
        return False


def fetch_landed(file: LandedFile, to: Path) -> None:
    """Copy exactly the claimed version of a file; `to` is left alone when it is gone.

    Raises:
        LandedFileChanged: it vanished, was overwritten, or is still being written to.
    """
    store, key = open_uri(file.uri)
    with staged(to) as temporary:
        try:
            seen = store.download(key, temporary)
        except NotFound as error:
            raise LandedFileChanged(
                f"{file.uri} vanished after version {file.version} was claimed.", remedy=REMEDY
            ) from error
        except LandedFileChanged as error:
            raise LandedFileChanged(
                f"Version {file.version} was claimed, but {error.what}", remedy=REMEDY
            ) from error
        if seen.version != file.version:
            raise LandedFileChanged(
                f"{file.uri} is now version {seen.version}; version {file.version} was claimed.",
                remedy=REMEDY,
            )
        temporary.replace(to)
