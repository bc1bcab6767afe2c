"""Uris of stores and of objects."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote
from weakref import WeakValueDictionary

from penstock.errors import ConfigError
from penstock.stores.local import LocalStore
from penstock.stores.memory import MemoryStore
from penstock.stores.store import ObjectStore

__all__ = ["join_uri", "open_store", "open_uri", "parse_uri"]

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)

_memory: WeakValueDictionary[str, MemoryStore] = WeakValueDictionary()


def open_store(uri: str | Path) -> ObjectStore:
    """Open the store at a path, `file://`, `s3://bucket/prefix` or `memory://name`.

    Nothing is contacted or created yet: see `probe`. A memory store lives as long as somebody
    holds it; the same name gives the same store.
    """
    scheme, rest = _split(str(uri))
    match scheme:
        case "file":
            return LocalStore(rest)
        case "s3":
            from penstock.stores.s3 import S3Store  # noqa: PLC0415 - boto3 takes 0.3 s to import

            bucket, _, prefix = rest.strip("/").partition("/")
            return S3Store(bucket, prefix)
        case _:
            name = rest.strip("/")
            return _memory.setdefault(name, MemoryStore(name))


def open_uri(uri: str | Path) -> tuple[ObjectStore, str]:
    """Open the store that an object is in, and return it with the object's key."""
    root, key = parse_uri(uri)
    return open_store(root), key


def parse_uri(uri: str | Path) -> tuple[str, str]:
    """Split an object's uri or path into a store's root and a key."""
    scheme, rest = _split(str(uri))
    if scheme == "file":
        path = Path(os.path.abspath(rest))  # noqa: PTH100 - resolve() would rename links
        root, key = LocalStore(path.parent).root, path.name
    else:
        name, _, key = rest.partition("/")
        root = f"{scheme}://{name}"
    if not key:
        raise ConfigError(f"{str(uri)!r} names no object.", remedy="Add the object's name.")
    return root, key


def join_uri(root: str, key: str) -> str:
    """Return the uri of an object, as a store would."""
    scheme, rest = _split(root)
    if scheme == "file":
        return LocalStore(LocalStore(rest).path(key)).root
    return f"{root}/{key}"


def _split(uri: str) -> tuple[str, str]:
    found = SCHEME.fullmatch(uri)
    scheme, rest = (found[1].lower(), found[2]) if found else ("file", uri)
    if found and scheme == "file":
        rest = unquote(rest.removeprefix("localhost"))
        usable = rest.startswith("/")
    else:
        usable = scheme == "file" or (scheme in {"s3", "memory"} and rest[:1] not in {"", "/"})
    if not usable or not rest or "\0" in rest:
        raise ConfigError(
            f"{uri!r} is not a place Penstock can reach.",
            remedy="Use a path, file:///folder, s3://bucket/prefix or memory://name.",
        )
    return scheme, rest
