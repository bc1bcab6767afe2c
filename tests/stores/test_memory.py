"""The twin fails where a test tells it to."""

from __future__ import annotations

import pytest

from penstock.errors import StoreUnavailable
from penstock.stores import MemoryStore


def test_a_failure_before_the_write_leaves_nothing() -> None:
    store = MemoryStore()
    store.fail_next("put", StoreUnavailable("Down.", remedy="Try again."))

    with pytest.raises(StoreUnavailable):
        store.put("a", b"one")

    assert list(store.list()) == []
    assert store.put("a", b"one")


def test_a_failure_after_the_write_leaves_the_object() -> None:
    store = MemoryStore()
    store.fail_next("put", StoreUnavailable("Cut.", remedy="Try again."), after=True)

    with pytest.raises(StoreUnavailable):
        store.put("a", b"one", only_new=True)

    assert store.get("a") == b"one"
    assert not store.put("a", b"one", only_new=True)
