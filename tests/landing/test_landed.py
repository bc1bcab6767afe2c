"""Files are fetched as they were claimed, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from penstock.errors import LandedFileChanged, NotFound
from penstock.landing import describe_file, fetch_landed
from penstock.stores import LocalStore, ObjectStore


def path_of(tmp_path: Path) -> Path:
    path = tmp_path / "landing" / "o r%20d\nérs.csv"
    path.parent.mkdir()
    path.write_bytes(b"id\n1\n")
    return path


def test_a_path_and_its_uri_describe_one_file(tmp_path: Path) -> None:
    path = path_of(tmp_path)

    file = describe_file(path)

    assert file.size == 5
    assert file == describe_file(str(path)) == describe_file(file.uri)


def test_a_relative_path_is_described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(tmp_path)
    monkeypatch.chdir(path.parent)

    assert describe_file(path.name) == describe_file(path)


def test_describing_agrees_with_listing(landing: ObjectStore) -> None:
    landing.put("a.csv", b"content")
    landing.put("a.csv.gz", b"another")
    [info, _] = landing.list()

    assert describe_file(info.uri).version == info.version


@pytest.mark.parametrize("name", ["absent.csv", "", "o r"])
def test_what_is_no_file_is_not_found(tmp_path: Path, name: str) -> None:
    path = path_of(tmp_path)

    with pytest.raises(NotFound, match="There is no file"):
        describe_file(path.parent / name)


def test_the_claimed_version_is_fetched(tmp_path: Path) -> None:
    file = describe_file(path_of(tmp_path))

    fetch_landed(file, tmp_path / "scratch" / "copy.csv")

    assert (tmp_path / "scratch" / "copy.csv").read_bytes() == b"id\n1\n"


def test_a_file_that_vanished_has_changed(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    file = describe_file(path)
    path.unlink()

    with pytest.raises(LandedFileChanged) as changed:
        fetch_landed(file, tmp_path / "copy.csv")

    assert file.uri in str(changed.value)
    assert file.version in str(changed.value)
    assert "vanished" in str(changed.value)


def test_a_file_that_grew_has_changed(tmp_path: Path) -> None:
    path = path_of(tmp_path)
    file = describe_file(path)
    with path.open("ab") as more:
        more.write(b"2\n")

    with pytest.raises(LandedFileChanged) as changed:
        fetch_landed(file, tmp_path / "copy.csv")

    for part in (file.uri, file.version, describe_file(path).version, "rename"):
        assert part in str(changed.value)
    assert [entry.name for entry in tmp_path.iterdir()] == ["landing"]


def test_a_file_that_grows_while_it_is_fetched_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = path_of(tmp_path)
    file = describe_file(path)
    copy = shutil.copyfileobj

    def copy_and_grow(*args: object) -> None:
        copy(*args)  # type: ignore[arg-type]  # passed through
        with path.open("ab") as more:
            more.write(b"2\n")

    monkeypatch.setattr(shutil, "copyfileobj", copy_and_grow)

    with pytest.raises(LandedFileChanged) as changed:
        fetch_landed(file, tmp_path / "copy.csv")

    assert f"Version {file.version} was claimed" in str(changed.value)
    assert "while it was read" in str(changed.value)


def test_a_file_replaced_after_it_was_claimed_has_changed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "landing")
    store.put("a.csv", b"one")
    file = describe_file(store.path("a.csv"))
    store.put("a.csv", b"two")
    (tmp_path / "copy.csv").write_bytes(b"before")

    with pytest.raises(LandedFileChanged):
        fetch_landed(file, tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_bytes() == b"before"


def test_an_overwritten_object_has_changed(landing: ObjectStore, tmp_path: Path) -> None:
    landing.put("a.csv", b"one")
    [info] = landing.list()
    file = describe_file(info.uri)
    fetch_landed(file, tmp_path / "copy.csv")
    landing.put("a.csv", b"three")

    with pytest.raises(LandedFileChanged, match="was claimed"):
        fetch_landed(file, tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_bytes() == b"one"
