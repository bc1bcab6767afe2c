"""Objects in memory: the twin of the other stores, for tests and trials."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import NamedTuple
from uuid import uuid4

from penstock.errors import NotFound
from penstock.model import Clock, utc_now
from penstock.stores.staging import staged
from penstock.stores.store import ObjectInfo, check_key

__all__ = ["MemoryStore"]


class _Entry(NamedTuple):
    data: bytes
    version: int
    modified_at: datetime


class MemoryStore:
    """A dictionary that behaves like a store, and fails when it is told to."""

    def __init__(self, name: str | None = None, *, clock: Clock = utc_now) -> None:
        self._root = f"memory://{name or uuid4().hex}"
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._writes = 0
        self._lock = Lock()
        self._failures: defaultdict[str, list[tuple[Exception, bool]]] = defaultdict(list)

    @property
    def root(self) -> str:
        """The store's uri."""
        return self._root

    def fail_next(self, method: str, error: Exception, *, after: bool = False) -> None:
        """Let the next call of a method raise: instead of its work, or `after` it was done."""
        self._failures[method].append((error, after))

    def get(self, key: str) -> bytes:
        """Return an object's bytes."""
        self._fail("get")
        return self._entry(key).data

    def put(self, key: str, data: bytes, *, only_new: bool = False) -> bool:
        """Write an object as a whole, unless it is there and must be new."""
        self._fail("put")
        with self._lock:
            written = not (only_new and check_key(key) in self._entries)
            if written:
                self._write(key, bytes(data))
        self._fail("put", after=True)
        return written

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Copy an object into a file."""
        self._fail("download")
        entry = self._entry(key)
        with staged(path) as temporary:
            temporary.write_bytes(entry.data)
            temporary.replace(path)
        return self._info(key, entry)

    def upload(self, path: Path, key: str) -> ObjectInfo:
        """Copy a file in, replacing what is there."""
        self._fail("upload")
        with self._lock:
            info = self._info(key, self._write(key, path.read_bytes()))
        self._fail("upload", after=True)
        return info

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key begins with a prefix."""
        self._fail("list")
        with self._lock:
            found = sorted(item for item in self._entries.items() if item[0].startswith(prefix))
        return (self._info(key, entry) for key, entry in found)

    def _write(self, key: str, data: bytes) -> _Entry:
        self._writes += 1
        entry = _Entry(data=data, version=self._writes, modified_at=self._clock())
        self._entries[check_key(key)] = entry
        return entry

    def _entry(self, key: str) -> _Entry:
        with self._lock:
            entry = self._entries.get(check_key(key))
        if entry is None:
            raise NotFound(f"There is no object {self._root}/{key}.", remedy="Check the name.")
        return entry

    def _info(self, key: str, entry: _Entry) -> ObjectInfo:
        return ObjectInfo(
            key=key,
            uri=f"{self._root}/{key}",
            size=len(entry.data),
            version=str(entry.version),
            modified_at=entry.modified_at,
        )

    def _fail(self, method: str, *, after: bool = False) -> None:
        planned = self._failures[method]
        if planned and planned[0][1] is after:
            raise planned.pop(0)[0]
