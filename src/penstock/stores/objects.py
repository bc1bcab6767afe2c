"""Content-addressed objects: written once, known by their digest, verified when read."""

from __future__ import annotations

from pathlib import Path

from penstock.errors import Tampered
from penstock.model import Digest, FileRef, hash_bytes, hash_file
from penstock.stores.local import LocalStore
from penstock.stores.staging import staged
from penstock.stores.store import ObjectStore
from penstock.stores.uris import join_uri, open_uri

__all__ = ["Objects"]


class Objects:
    """Immutable objects of a store under `objects/<2 hex>/<digest><suffix>`.

    `scratch` is a folder for verified copies, which this and later processes use again; whoever
    owns it may empty it between runs.
    """

    def __init__(self, store: ObjectStore, scratch: Path) -> None:
        self._store = store
        self._scratch = scratch
        self._verified: dict[Path, tuple[Digest, tuple[int, ...]]] = {}

    def add_bytes(self, data: bytes, *, suffix: str = "") -> FileRef:
        """Keep bytes; the same bytes again are the same object."""
        digest = hash_bytes(data)
        key = _key(digest, suffix)
        self._store.put(key, data, only_new=True)
        return FileRef(uri=join_uri(self._store.root, key), digest=digest, size=len(data))

    def add_file(self, path: Path, *, rows: int | None = None, suffix: str = "") -> FileRef:
        """Keep a file's content, uploading it only when it is not there yet."""
        digest, size = hash_file(path), path.stat().st_size
        key = _key(digest, suffix)
        if not any(info.key == key and info.size == size for info in self._store.list(key)):
            self._store.upload(path, key)
        return FileRef(uri=join_uri(self._store.root, key), digest=digest, size=size, rows=rows)

    def read(self, ref: FileRef) -> bytes:
        """Return the bytes of any reference, or raise `Tampered` when they are not its own."""
        store, key = self._locate(ref)
        data = store.get(key)
        _verify(ref, hash_bytes(data))
        return data

    def path(self, ref: FileRef) -> Path:
        """Return a local file with the verified content of any reference; never write to it."""
        store, key = self._locate(ref)
        if isinstance(store, LocalStore):
            own = store.path(key)
            if own.is_file():
                self._verify_file(ref, own)
                return own
        copy = self._scratch / f"{ref.digest}{_suffixes(key)}"
        if not (copy.is_file() and self._is_intact(ref, copy)):
            with staged(copy) as temporary:
                store.download(key, temporary)
                _verify(ref, hash_file(temporary))
                temporary.replace(copy)
        return copy

    def _locate(self, ref: FileRef) -> tuple[ObjectStore, str]:
        root = f"{self._store.root}/"
        if ref.uri.startswith(f"{root}objects/"):
            return self._store, ref.uri.removeprefix(root)
        return open_uri(ref.uri)

    def _is_intact(self, ref: FileRef, path: Path) -> bool:
        try:
            self._verify_file(ref, path)
        except Tampered:
            return False
        return True

    def _verify_file(self, ref: FileRef, path: Path) -> None:
        status = path.stat()
        seen = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        if self._verified.get(path) != (ref.digest, seen):
            _verify(ref, hash_file(path))
            self._verified[path] = (ref.digest, seen)


def _key(digest: Digest, suffix: str) -> str:
    return f"objects/{digest[:2]}/{digest}{suffix}"


def _suffixes(key: str) -> str:
    _, dot, suffixes = key.rpartition("/")[2].partition(".")
    return dot + suffixes


def _verify(ref: FileRef, digest: Digest) -> None:
    if digest != ref.digest:
        raise Tampered(
            f"{ref.uri} has digest {digest}, not {ref.digest}.",
            remedy="Restore it from a backup; do not use what is there.",
        )
