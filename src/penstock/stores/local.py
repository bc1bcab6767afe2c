"""Objects as files of a local folder."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from penstock.errors import LandedFileChanged, NotFound, StoreRefused, StoreUnavailable
from penstock.stores.staging import make_durable, staged
from penstock.stores.store import RESERVED, ObjectInfo, check_key

__all__ = ["LocalStore"]

log = logging.getLogger(__name__)

PASSING = {errno.EIO, errno.EAGAIN, errno.ENOSPC, errno.EDQUOT, errno.ESTALE, errno.EMFILE}
ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class LocalStore:
    """A folder, created when it is first written to.

    A new object is a complete and flushed file that is then linked (`only_new`) or renamed into
    place. Symbolic links to files are followed, links to folders are not.
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would rename links

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self._folder

    @property
    def root(self) -> str:
        """The folder's uri."""
        return f"file://{quote(str(self._folder))}"

    def path(self, key: str) -> Path:
        """Return the file an object is in."""
        return self._folder / check_key(key)

    def get(self, key: str) -> bytes:
        """Return an object's bytes."""
        with self._explained("read", key):
            return self.path(key).read_bytes()

    def put(self, key: str, data: bytes, *, only_new: bool = False) -> bool:
        """Write an object as a whole, unless it is there and must be new."""
        path = self.path(key)
        with self._explained("write", key), staged(path) as temporary:
            temporary.write_bytes(data)
            return _settle(temporary, path, only_new=only_new)

    def download(self, key: str, path: Path) -> ObjectInfo:
        """Copy an object's file, and notice when it is written to meanwhile."""
        with (
            self._explained("read", key),
            self.path(key).open("rb") as source,
            staged(path) as temporary,
        ):
            before = os.fstat(source.fileno())
            with temporary.open("wb") as target:
                shutil.copyfileobj(source, target, 1 << 20)
            after, copied = os.fstat(source.fileno()), temporary.stat().st_size
            if _version(before) != _version(after) or copied != after.st_size:
                raise LandedFileChanged(
                    f"{self._uri(key)} was written to while it was read: version"
                    f" {_version(before)} became {_version(after)}.",
                    remedy="Write files under another name and rename them when they are complete.",
                )
            temporary.replace(path)
        return self._info(key, before)

    def upload(self, path: Path, key: str) -> ObjectInfo:
        """Copy a file in, replacing what is there."""
        target = self.path(key)
        with self._explained("write", key), staged(target) as temporary:
            shutil.copyfile(path, temporary)
            info = self._info(key, temporary.stat())
            _settle(temporary, target, only_new=False)
        return info

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """Yield the files whose path begins with a prefix."""
        return self._walk("", prefix)

    def _walk(self, parent: str, prefix: str) -> Iterator[ObjectInfo]:
        with self._explained("list", parent):
            try:
                with os.scandir(self._folder / parent) as entries:
                    # The slash gives folders the place that their objects have among all keys.
                    found = sorted((_sort_key(entry), entry) for entry in entries)
            except FileNotFoundError:
                return
        for name, entry in found:
            key = parent + name
            if name.startswith(RESERVED) or not (key.startswith(prefix) or prefix.startswith(key)):
                continue
            if name.endswith("/"):
                yield from self._walk(key, prefix)
            elif key.startswith(prefix) and (status := self._status(entry)):
                yield self._info(key, status)

    def _status(self, entry: os.DirEntry[str]) -> os.stat_result | None:
        try:
            entry.name.encode()
            status = entry.stat()
        except UnicodeEncodeError:
            log.warning("%r has a name that is not UTF-8: rename it.", os.fsencode(entry.path))
            return None
        except OSError as error:
            if error.errno in {errno.ENOENT, errno.ELOOP}:  # removed meanwhile, or a dead link
                return None
            raise StoreRefused(
                f"Cannot look at {entry.path}: {error.strerror}.",
                remedy="Check the folder's permissions.",
            ) from error
        return status if stat.S_ISREG(status.st_mode) else None

    def _uri(self, key: str) -> str:
        return f"file://{quote(str(self._folder / key))}"

    def _info(self, key: str, status: os.stat_result) -> ObjectInfo:
        return ObjectInfo(
            key=key,
            uri=self._uri(key),
            size=status.st_size,
            version=_version(status),
            modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
        )

    @contextmanager
    def _explained(self, verb: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            uri = self._uri(key)
            if verb == "read" and isinstance(error, ABSENT):
                raise NotFound(
                    f"There is no file {uri}.", remedy="Check the name and whether it was moved."
                ) from error
            what = f"Cannot {verb} {uri}: {error.strerror}."
            if error.errno in PASSING:
                raise StoreUnavailable(what, remedy="Check the disk, then try again.") from error
            raise StoreRefused(
                what,
                remedy=f"Check that {self._folder} is a folder which this user may read and write,"
                " on a file system with hard links.",
            ) from error


def _sort_key(entry: os.DirEntry[str]) -> str:
    return f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name


def _settle(temporary: Path, path: Path, *, only_new: bool) -> bool:
    make_durable(temporary)
    if only_new:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
    else:
        temporary.replace(path)
    make_durable(path.parent)
    return True


def _version(status: os.stat_result) -> str:
    return f"{status.st_size}-{status.st_mtime_ns}-{status.st_ino}"
