"""Uris and paths name stores and objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import ConfigError
from penstock.stores import LocalStore, join_uri, open_store, open_uri, parse_uri

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="/\0")
NAMES = st.text(LETTERS, min_size=1).filter(
    lambda name: name not in {".", ".."} and not name.startswith(".penstock-")
)


@pytest.mark.parametrize(
    ("uri", "root"),
    [
        ("/a/b", "file:///a/b"),
        ("/a/b/", "file:///a/b"),
        ("file:///a%20b/c", "file:///a%20b/c"),
        ("file://localhost/a", "file:///a"),
        ("/a b/100%", "file:///a%20b/100%25"),
        ("s3://bucket", "s3://bucket"),
        ("s3://bucket/", "s3://bucket"),
        ("S3://bucket/a/b/", "s3://bucket/a/b"),
        ("memory://name", "memory://name"),
    ],
)
def test_a_store_has_one_root(uri: str, root: str) -> None:
    assert open_store(uri).root == root


def test_relative_paths_are_made_absolute() -> None:
    assert open_store("some/../folder").root == LocalStore(Path.cwd() / "folder").root


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://host/a",
        "gs://bucket",
        "s3://",
        "s3:///key",
        "memory://",
        "file://host/a",
        "a\0b",
    ],
)
def test_other_places_are_refused(uri: str) -> None:
    with pytest.raises(ConfigError, match=r"not a place.*s3://bucket/prefix"):
        open_store(uri)


@pytest.mark.parametrize("uri", ["s3://bucket", "s3://bucket/", "/"])
def test_a_store_is_no_object(uri: str) -> None:
    with pytest.raises(ConfigError, match="names no object"):
        parse_uri(uri)


def test_a_memory_store_is_found_by_its_name() -> None:
    store = open_store("memory://shared")
    store.put("a/b", b"content")

    again, key = open_uri("memory://shared/a/b")

    assert again is store
    assert key == "a/b"


@given(names=st.lists(NAMES, min_size=1, max_size=3))
def test_every_name_survives_its_uri(names: list[str]) -> None:
    key = "/".join(names)

    root, last = parse_uri(join_uri("file:///data/x%20y", key))

    assert join_uri(root, last) == join_uri("file:///data/x%20y", key)
    assert last == names[-1]


@given(names=st.lists(NAMES, min_size=1, max_size=3))
def test_every_key_survives_its_s3_uri(names: list[str]) -> None:
    key = "/".join(names)

    assert parse_uri(join_uri("s3://bucket", key)) == ("s3://bucket", key)
