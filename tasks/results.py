"""Where Prefect keeps the results of steps: Penstock's own object store, shared by all workers."""

from __future__ import annotations

from functools import cache

from prefect.filesystems import WritableFileSystem
from pydantic import PrivateAttr

from penstock.errors import NotFound
from penstock.model import hash_bytes
from penstock.stores import ObjectStore, open_store

__all__ = ["ResultShelf", "result_shelf"]


class ResultShelf(WritableFileSystem):
    """A folder `results/` of an object store, as Prefect's result storage.

    `_sync` is how Prefect says which of a method's two kinds it wants; reading and writing here
    are the same for both.
    """

    _block_type_name = "Penstock result shelf"

    store_uri: str
    _store: ObjectStore | None = PrivateAttr(default=None)

    async def aread_path(self, path: str) -> bytes:
        """Return a kept result."""
        return self._read(path)

    async def awrite_path(self, path: str, content: bytes) -> None:
        """Keep a result."""
        self._write(path, content)

    def read_path(self, path: str, *, _sync: bool = True) -> bytes:  # type: ignore[override]  # Prefect takes both kinds
        """Return a kept result."""
        return self._read(path)

    def write_path(self, path: str, content: bytes, *, _sync: bool = True) -> None:  # type: ignore[override]  # as above
        """Keep a result."""
        self._write(path, content)

    def _read(self, path: str) -> bytes:
        try:
            return self._open().get(f"results/{path}")
        except NotFound as exc:
            raise ValueError(str(exc)) from exc  # NOTE: what Prefect takes as "not cached"

    def _write(self, path: str, content: bytes) -> None:
        self._open().put(f"results/{path}", content)

    def _open(self) -> ObjectStore:
        if self._store is None:
            self._store = open_store(self.store_uri)
        return self._store


@cache
def result_shelf(store_uri: str) -> ResultShelf:
    """Return the shelf of a store, known to the server under a name of its own.

    Prefect accepts only storage that is saved there; the saved block holds the store's place and
    no secret.
    """
    shelf = ResultShelf(store_uri=store_uri)
    shelf.save(f"penstock-{hash_bytes(store_uri.encode())[:12]}", overwrite=True)
    return shelf
