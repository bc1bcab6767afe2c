"""The one protocol that every object store speaks, and the keys it accepts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pydantic import AwareDatetime, Field

from penstock.errors import NotAllowed
from penstock.model import Value

__all__ = ["RESERVED", "ObjectInfo", "ObjectStore", "check_key", "is_key"]

RESERVED = ".penstock-"
"""Names of files that are still being written begin with it; no key may."""

KEY_BYTES = 1024


class ObjectInfo(Value):
    """One version of one object."""

    key: str = Field(description="path below the store's root, parts joined by `/`")
    uri: str
    size: int = Field(ge=0, description="bytes")
    version: str = Field(
        description="changes whenever the object is written: on disk `size-mtime_ns-inode`,"
        " on S3 `etag@seconds`"
    )
    modified_at: AwareDatetime


class ObjectStore(Protocol):
    """Whole objects under keys, written atomically and seen by everybody at once.

    Every method raises `NotAllowed` for a key that `check_key` refuses, `StoreUnavailable` when
    a retry may help, and `StoreRefused` when it will not.
    """

    @property
    def root(self) -> str:
        """The uri that keys are relative to, without a slash at its end."""

    def get(self, key: str) -> bytes:
        """Return an object's bytes, or raise `NotFound`."""

    def put(self, key: str, data: bytes, *, only_new: bool = False) -> bool:
        """Write an object as a whole; True when it was written.

        With `only_new`, an object that exists is left as it is and False is returned: of several
        writers at the same moment exactly one gets True.
        """

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Copy an object into a file and return the version that is now in it.

        Raises:
            NotFound: there is no such object; the file is left alone.
            LandedFileChanged: it was written to while it was read; the file is left alone.
        """

    def upload(self, path: Path, key: str) -> ObjectInfo:
        """Write a file's content as an object, replacing what is there."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key begins with a prefix, in the order of their keys.

        What others put there under a name that is no key is left out with a warning in the log.
        """


def is_key(key: str) -> bool:
    """Tell whether a key means the same in every store."""
    return (
        not any(part in {"", ".", ".."} or part.startswith(RESERVED) for part in key.split("/"))
        and "\0" not in key
        and not any("\ud800" <= letter <= "\udfff" for letter in key)
        and len(key.encode()) <= KEY_BYTES
    )


def check_key(key: str) -> str:
    """Return a key that means the same in every store, and refuse all others."""
    if not is_key(key):
        raise NotAllowed(
            f"Object key {key!r} cannot be used.",
            remedy=f"Use UTF-8 text of at most {KEY_BYTES} bytes: names joined by '/', none of"
            f" them empty, '.', '..' or beginning with {RESERVED!r}.",
        )
    return key
