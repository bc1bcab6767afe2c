"""Objects are known by their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from penstock.errors import NotFound, Tampered
from penstock.model import FileRef
from penstock.stores import LocalStore, MemoryStore, Objects, ObjectStore


@pytest.fixture
def objects(store: ObjectStore, tmp_path: Path) -> Objects:
    return Objects(store, tmp_path / "scratch")


def test_bytes_are_read_back(objects: Objects) -> None:
    ref = objects.add_bytes(b"evidence", suffix=".json")

    assert objects.read(ref) == b"evidence"
    assert ref.digest == hashlib.sha256(b"evidence").hexdigest()
    assert ref.uri.endswith(f"/objects/{ref.digest[:2]}/{ref.digest}.json")
    assert ref.size == 8


def test_a_file_and_its_bytes_are_one_object(
    objects: Objects, store: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "table.parquet").write_bytes(b"PAR1")

    ref = objects.add_file(tmp_path / "table.parquet", rows=3, suffix=".parquet")
    again = objects.add_bytes(b"PAR1", suffix=".parquet")

    assert ref == again.model_copy(update={"rows": 3})
    assert objects.path(ref).read_bytes() == b"PAR1"
    assert objects.path(ref).suffix == ".parquet"
    assert len(list(store.list())) == 1


def test_a_file_that_is_there_is_not_uploaded_again(tmp_path: Path) -> None:
    store = MemoryStore()
    objects = Objects(store, tmp_path / "scratch")
    (tmp_path / "a").write_bytes(b"content")
    objects.add_file(tmp_path / "a")
    store.fail_next("upload", AssertionError("uploaded twice"))

    objects.add_file(tmp_path / "a")


def test_changed_content_is_tampered(store: ObjectStore, tmp_path: Path) -> None:
    ref = Objects(store, tmp_path / "scratch").add_bytes(b"approved")
    [info] = store.list()
    store.put(info.key, b"replaced")
    objects = Objects(store, tmp_path / "scratch")

    with pytest.raises(Tampered, match=ref.digest):
        objects.read(ref)
    with pytest.raises(Tampered, match=ref.digest):
        objects.path(ref)
    assert not [path for path in (tmp_path / "scratch").glob("*") if path.is_file()]


def test_a_local_file_changed_after_it_was_verified_is_tampered(tmp_path: Path) -> None:
    objects = Objects(LocalStore(tmp_path / "store"), tmp_path / "scratch")
    ref = objects.add_bytes(b"approved")
    path = objects.path(ref)
    path.write_bytes(b"replaced")

    with pytest.raises(Tampered):
        objects.path(ref)


def test_a_local_store_s_file_is_used_where_it_lies(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    ref = Objects(store, tmp_path / "scratch").add_bytes(b"content")

    path = Objects(store, tmp_path / "scratch").path(ref)

    assert path.is_relative_to(store.folder)
    assert not (tmp_path / "scratch").exists()


def test_a_damaged_copy_is_fetched_again(tmp_path: Path) -> None:
    objects = Objects(MemoryStore(), tmp_path / "scratch")
    ref = objects.add_bytes(b"content")
    objects.path(ref).write_bytes(b"damaged")

    assert objects.path(ref).read_bytes() == b"content"


def test_a_reference_into_another_store_is_read_there(tmp_path: Path) -> None:
    ref = Objects(LocalStore(tmp_path / "table"), tmp_path / "scratch").add_bytes(b"rows")
    objects = Objects(MemoryStore(), tmp_path / "scratch")

    assert objects.read(ref) == b"rows"
    assert objects.path(ref).read_bytes() == b"rows"


def test_an_absent_object_is_not_found(objects: Objects, store: ObjectStore) -> None:
    ref = FileRef(uri=f"{store.root}/objects/ab/{'ab' * 32}", digest="ab" * 32, size=1)

    with pytest.raises(NotFound):
        objects.read(ref)
    with pytest.raises(NotFound):
        objects.path(ref)
