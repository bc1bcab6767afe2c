"""Files that appear whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from penstock.stores.store import RESERVED

__all__ = ["make_durable", "make_folder", "staged"]


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to; the caller moves it into place, or it is removed.

    It lies in the same folder, because a rename is atomic within one file system only.
    """
    make_folder(path.parent)
    temporary = path.parent / f"{RESERVED}{uuid4().hex}"
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Create a folder and its parents so that they outlive a power cut."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    make_durable(folder.parent)


def make_durable(path: Path) -> None:
    """Flush a file's content, or a folder's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
