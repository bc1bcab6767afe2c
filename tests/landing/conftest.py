"""A clock that is moved by hand, and stores with a landing beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from penstock.landing import ClaimLog
from penstock.stores import LocalStore, ObjectStore, open_store
from penstock.stores.s3 import S3Store

_numbers = count(1)


class ManualClock:
    """Time stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(
    params=["memory", "local", pytest.param("s3", marks=pytest.mark.integration)],
)
def open_place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], ObjectStore]:
    """Open the store of a name; the same name is the same place."""
    places: dict[str, ObjectStore] = {}
    number = next(_numbers)
    server: Any = request.getfixturevalue("s3_env") if request.param == "s3" else None

    def open_(name: str) -> ObjectStore:
        match request.param:
            case "memory":
                return places.setdefault(name, open_store(f"memory://claims-{number}-{name}"))
            case "local":
                return LocalStore(tmp_path / name)
            case _:
                return S3Store(server.bucket, f"claims-{number}/{name}")

    return open_


@pytest.fixture
def landing(open_place: Callable[[str], ObjectStore]) -> ObjectStore:
    return open_place("landing")


@pytest.fixture
def open_log(
    open_place: Callable[[str], ObjectStore], clock: ManualClock
) -> Callable[[], ClaimLog]:
    """Open the claims of `orders` as another process would."""
    return lambda: ClaimLog(open_place("state"), "orders", clock=clock)


@pytest.fixture
def log(open_log: Callable[[], ClaimLog]) -> ClaimLog:
    return open_log()
