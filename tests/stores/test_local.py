"""What is particular to local folders."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.errors import LandedFileChanged, StoreRefused, StoreUnavailable
from penstock.stores import LocalStore, probe, probe_landing


def test_files_being_written_are_invisible(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / ".penstock-0123").write_bytes(b"half")
    (tmp_path / "a" / "b").write_bytes(b"whole")

    assert [info.key for info in LocalStore(tmp_path).list()] == ["a/b"]


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = LocalStore(tmp_path)
    store.put("a", b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(StoreUnavailable, match="No space left"):
        store.put("a", b"after")
    assert store.get("a") == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_file_system_without_links_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)

    with pytest.raises(StoreRefused, match="hard links"):
        probe(LocalStore(tmp_path))


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = LocalStore(tmp_path / "file")

    with pytest.raises(StoreRefused, match=r"file/probe.*is a folder"):
        probe(store)
    with pytest.raises(StoreRefused):
        list(store.list())


def test_a_landing_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreRefused, match="absent is not a folder"):
        probe_landing(LocalStore(tmp_path / "absent"))

    assert not (tmp_path / "absent").exists()


def test_probing_a_landing_writes_nothing(tmp_path: Path) -> None:
    probe_landing(LocalStore(tmp_path))

    assert list(tmp_path.iterdir()) == []


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"content")
    landing = tmp_path / "landing"
    landing.mkdir()
    (landing / "file").symlink_to(tmp_path / "real" / "a")
    (landing / "folder").symlink_to(tmp_path / "real")
    (landing / "dead").symlink_to(tmp_path / "absent")
    (landing / "loop").symlink_to(landing / "loop")
    os.mkfifo(landing / "pipe")

    assert [info.key for info in LocalStore(landing).list()] == ["file"]


def test_a_name_that_is_not_utf8_is_left_out_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.csv")).write_bytes(b"")
    (tmp_path / "plain.csv").write_bytes(b"")

    with caplog.at_level(logging.WARNING):
        keys = [info.key for info in LocalStore(tmp_path).list()]

    assert keys == ["plain.csv"]
    assert r"caf\xe9.csv" in caplog.text


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _rewrite(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"!" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


@pytest.mark.parametrize("change", [_grow, _rewrite])
def test_a_file_written_to_while_it_is_read_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None]
) -> None:
    store = LocalStore(tmp_path / "landing")
    store.put("a.csv", b"some rows")
    copy = __import__("shutil").copyfileobj

    def copy_and_change(*args: object) -> None:
        copy(*args)
        change(store.path("a.csv"))

    monkeypatch.setattr("shutil.copyfileobj", copy_and_change)

    with pytest.raises(LandedFileChanged, match=r"a\.csv was written to .*version 9-"):
        store.download("a.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_replaced_while_it_is_read_is_read_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = LocalStore(tmp_path / "landing")
    store.put("a.csv", b"old")
    [listed] = store.list()
    copy = __import__("shutil").copyfileobj

    def copy_and_replace(*args: object) -> None:
        copy(*args)
        store.put("a.csv", b"new")

    monkeypatch.setattr("shutil.copyfileobj", copy_and_replace)

    assert store.download("a.csv", tmp_path / "out") == listed
    assert (tmp_path / "out").read_bytes() == b"old"


def test_names_with_backslashes_are_names(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("back\\slash.csv", b"content")

    assert [info.key for info in store.list()] == ["back\\slash.csv"]
