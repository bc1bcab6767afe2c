"""What every store promises: the same tests run against each of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from penstock.errors import NotAllowed, NotFound
from penstock.stores import ObjectStore, join_uri, open_uri, probe

ODD_NAMES = [
    "plain.csv",
    "with space.csv",
    "100%25 & more+plus.csv",
    "ünïcödé/日本語 🌊.csv",
    "new\nline.csv",
    "quote\"s'and;semi#hash?mark.csv",
    "..two.dots..csv",
]


def test_what_was_put_is_got(store: ObjectStore) -> None:
    assert store.put("a/b.bin", b"\x00\xff")

    assert store.get("a/b.bin") == b"\x00\xff"


def test_put_replaces(store: ObjectStore) -> None:
    store.put("a", b"one")

    assert store.put("a", b"two")

    assert store.get("a") == b"two"


def test_an_absent_object_is_not_found(store: ObjectStore, tmp_path: Path) -> None:
    store.put("folder/object", b"")

    for key in ("absent", "folder", "folder/object/below", "deep/er/absent"):
        with pytest.raises(NotFound, match=key):
            store.get(key)
        with pytest.raises(NotFound):
            store.download(key, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_only_new_leaves_what_exists(store: ObjectStore) -> None:
    assert store.put("claim", b"mine", only_new=True)

    assert not store.put("claim", b"yours", only_new=True)

    assert store.get("claim") == b"mine"


def test_sixteen_racers_have_one_winner(store: ObjectStore) -> None:
    barrier = Barrier(16)

    def race(number: int) -> bool:
        barrier.wait()
        return store.put("race", str(number).encode(), only_new=True)

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(race, range(16)))

    assert sum(won) == 1
    assert store.get("race") == str(won.index(True)).encode()


def test_list_is_sorted_and_limited_to_the_prefix(store: ObjectStore) -> None:
    keys = ["a-b", "a.b/c", "a/b", "a/c/d", "aa", "b"]
    for key in reversed(keys):
        store.put(key, b"x")

    assert [info.key for info in store.list()] == keys
    assert [info.key for info in store.list("a/")] == ["a/b", "a/c/d"]
    assert [info.key for info in store.list("a/c")] == ["a/c/d"]
    assert [info.key for info in store.list("a")] == keys[:-1]
    assert list(store.list("c")) == []


def test_an_empty_store_lists_nothing(store: ObjectStore) -> None:
    assert list(store.list()) == []


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_survive_the_round_trip(store: ObjectStore, name: str, tmp_path: Path) -> None:
    key = f"landing/{name}"
    store.put(key, b"content")

    [info] = store.list()
    opened, opened_key = open_uri(info.uri)

    assert info.key == key
    assert store.get(key) == b"content"
    assert store.download(key, tmp_path / "out") == info
    assert join_uri(store.root, key) == info.uri
    assert opened.get(opened_key) == b"content"


def test_uris_lead_back_to_the_object(store: ObjectStore) -> None:
    store.put("x/y", b"content")

    opened, key = open_uri(f"{store.root}/x/y")

    assert opened.get(key) == b"content"
    assert f"{opened.root}/{key}" == f"{store.root}/x/y"


def test_download_tells_the_version_it_took(store: ObjectStore, tmp_path: Path) -> None:
    store.put("a", b"one")
    [listed] = store.list()

    info = store.download("a", tmp_path / "new folder" / "a")

    assert info == listed
    assert info.size == 3
    assert (tmp_path / "new folder" / "a").read_bytes() == b"one"


def test_download_leaves_nothing_else_behind(store: ObjectStore, tmp_path: Path) -> None:
    store.put("a", b"one")

    store.download("a", tmp_path / "out" / "a")

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a"]


def test_another_content_is_another_version(store: ObjectStore) -> None:
    store.put("a", b"one")
    [before] = store.list()

    store.put("a", b"two!")
    [after] = store.list()

    assert before.version != after.version


def test_upload_is_seen_as_it_says(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)

    info = store.upload(tmp_path / "file", "up/loaded")

    assert list(store.list()) == [info]
    assert store.get("up/loaded") == b"x" * 100_000


def test_an_empty_object_is_an_object(store: ObjectStore, tmp_path: Path) -> None:
    store.put("empty", b"")

    assert store.get("empty") == b""
    assert store.download("empty", tmp_path / "out").size == 0
    assert (tmp_path / "out").read_bytes() == b""


@pytest.mark.parametrize(
    "key",
    ["", "/etc/passwd", "../up", "a/../../b", "a//b", "a/", ".", "nul\0", ".penstock-x", "\ud800"],
)
def test_keys_that_reach_elsewhere_are_refused(
    store: ObjectStore, key: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(NotAllowed, match="cannot be used"):
        store.put(key, b"")
    with pytest.raises(NotAllowed):
        store.put(key, b"", only_new=True)
    with pytest.raises(NotAllowed):
        store.get(key)
    with pytest.raises(NotAllowed):
        store.download(key, tmp_path / "out")
    with pytest.raises(NotAllowed):
        store.upload(tmp_path / "file", key)


def test_the_probe_accepts_it_again_and_again(store: ObjectStore) -> None:
    probe(store)
    probe(store)
