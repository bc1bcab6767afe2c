"""New files become claims, each version of a file in one of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from penstock.errors import ConfigError, Conflict, NotAllowed, NotFound, StoreUnavailable, Tampered
from penstock.landing import ClaimLog, as_landed, claims
from penstock.model import Claim
from penstock.stores import MemoryStore, ObjectStore


def names(claim: Claim | None) -> list[str]:
    return [file.uri.rpartition("/")[2] for file in claim.files] if claim else []


def claim_new(log: ClaimLog, landing: ObjectStore, **limits: Any) -> Claim | None:
    return log.claim_new(landing, pattern="*.csv", requested_by="watcher@here", **limits)


def fill(store: ObjectStore, *keys: str) -> None:
    for key in keys:
        store.put(key, key.encode())


def test_new_files_become_one_claim(log: ClaimLog, landing: ObjectStore) -> None:
    fill(landing, "a.csv", "b.csv", "c.txt", "folder/d.csv")

    claim = claim_new(log, landing)

    assert claim
    assert sorted(names(claim)) == ["a.csv", "b.csv"]
    assert (claim.dataset, claim.sequence, claim.requested_by) == ("orders", 1, "watcher@here")
    assert log.read(1) == claim
    assert log.sequences() == [1]


def test_claimed_files_are_not_claimed_again(
    open_log: Callable[[], ClaimLog], landing: ObjectStore
) -> None:
    fill(landing, "a.csv")
    claim_new(open_log(), landing)
    fill(landing, "b.csv")

    second = claim_new(open_log(), landing)

    assert second
    assert (second.sequence, names(second)) == (2, ["b.csv"])
    assert claim_new(open_log(), landing) is None


def test_a_file_that_landed_anew_is_claimed_anew(log: ClaimLog, landing: ObjectStore) -> None:
    landing.put("a.csv", b"one")
    first = claim_new(log, landing)
    landing.put("a.csv", b"corrected")

    second = claim_new(log, landing)

    assert first
    assert second
    assert first.files[0].uri == second.files[0].uri
    assert first.files[0].version != second.files[0].version


def test_an_empty_landing_gives_no_claim(log: ClaimLog, landing: ObjectStore) -> None:
    assert claim_new(log, landing) is None
    assert log.sequences() == []


def test_overlapping_logs_never_claim_a_file_twice(
    open_log: Callable[[], ClaimLog], landing: ObjectStore
) -> None:
    fill(landing, *(f"{number:02}.csv" for number in range(20)))
    barrier = Barrier(8)

    def drain(_: int) -> list[str]:
        log, claimed = open_log(), []
        barrier.wait()
        while claim := claim_new(log, landing, max_files=3):
            claimed += names(claim)
        return claimed

    with ThreadPoolExecutor(8) as pool:
        claimed = [name for names in pool.map(drain, range(8)) for name in names]

    assert sorted(claimed) == [f"{number:02}.csv" for number in range(20)]
    log = open_log()
    assert log.sequences() == list(range(1, len(log.sequences()) + 1))
    assert sorted(name for n in log.sequences() for name in names(log.read(n))) == sorted(claimed)


def test_one_of_sixteen_racers_gets_the_only_file(
    open_log: Callable[[], ClaimLog], landing: ObjectStore
) -> None:
    fill(landing, "a.csv")
    barrier = Barrier(16)

    def race(_: int) -> Claim | None:
        log = open_log()
        barrier.wait()
        return claim_new(log, landing)

    with ThreadPoolExecutor(16) as pool:
        won = [claim for claim in pool.map(race, range(16)) if claim]

    assert len(won) == 1
    assert open_log().sequences() == [1]


def test_one_log_may_be_shared_by_threads(log: ClaimLog, landing: ObjectStore) -> None:
    fill(landing, "a.csv", "b.csv", "c.csv", "d.csv")

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: claim_new(log, landing, max_files=1), range(8)))

    assert sorted(name for claim in found for name in names(claim)) == [
        "a.csv",
        "b.csv",
        "c.csv",
        "d.csv",
    ]


def test_the_oldest_files_come_first(clock: Any) -> None:
    landing, log = MemoryStore(clock=clock), ClaimLog(MemoryStore(), "orders", clock=clock)
    for key in ("z.csv", "m.csv", "a.csv"):
        fill(landing, key)
        clock.advance(1)

    assert names(claim_new(log, landing, max_files=2)) == ["z.csv", "m.csv"]
    assert names(claim_new(log, landing)) == ["a.csv"]


def test_a_claim_stays_within_its_bytes() -> None:
    landing, log = MemoryStore(), ClaimLog(MemoryStore(), "orders")
    for key, size in [("a.csv", 60), ("b.csv", 40), ("c.csv", 1), ("huge.csv", 500), ("z.csv", 1)]:
        landing.put(key, b"x" * size)

    found = [names(claim_new(log, landing, max_bytes=100)) for _ in range(5)]

    assert found == [["a.csv", "b.csv"], ["c.csv"], ["huge.csv"], ["z.csv"], []]


def test_a_claim_of_no_files_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_files is 0"):
        claim_new(ClaimLog(MemoryStore(), "orders"), MemoryStore(), max_files=0)
    with pytest.raises(ConfigError, match="no files"):
        ClaimLog(MemoryStore(), "orders").claim_files([], requested_by="me")


def test_a_file_written_to_lately_is_left_for_later(clock: Any) -> None:
    landing, log = MemoryStore(clock=clock), ClaimLog(MemoryStore(), "orders", clock=clock)
    fill(landing, "a.csv")

    clock.advance(9)
    assert claim_new(log, landing, quiet_s=10) is None
    clock.advance(1)
    assert names(claim_new(log, landing, quiet_s=10)) == ["a.csv"]


def test_a_file_from_the_future_is_claimed(clock: Any) -> None:
    landing, log = MemoryStore(clock=clock), ClaimLog(MemoryStore(), "orders", clock=clock)
    clock.advance(1_000_000)
    fill(landing, "a.csv")
    clock.advance(-1_000_000)

    assert names(claim_new(log, landing, quiet_s=10)) == ["a.csv"]


def test_unfinished_files_are_no_files(log: ClaimLog, landing: ObjectStore) -> None:
    unfinished = ["a.csv.part", ".hidden.csv", "_SUCCESS", "_temporary/0/a.csv", "b.tmp", "c.csv~"]
    fill(landing, *unfinished, "deep/.staging/d.csv", "deep/e.csv")

    claim = log.claim_new(landing, pattern="**", requested_by="me")

    assert names(claim) == ["e.csv"]


def test_asking_for_the_same_versions_gives_the_same_claim(
    open_log: Callable[[], ClaimLog], landing: ObjectStore, clock: Any
) -> None:
    fill(landing, "a.csv", "b.csv")
    files = [as_landed(info) for info in landing.list()]
    first = open_log().claim_files(files, requested_by="me@here")
    clock.advance(60)

    again = open_log().claim_files([*reversed(files), *files], requested_by="you@there")

    assert again == first
    assert open_log().sequences() == [1]


def test_a_file_of_another_claim_is_in_conflict(log: ClaimLog, landing: ObjectStore) -> None:
    fill(landing, "a.csv", "b.csv")
    claim_new(log, landing)
    [a, b] = [as_landed(info) for info in landing.list()]

    with pytest.raises(Conflict, match=r"a\.csv .* claim 1 of 'orders'"):
        log.claim_files([a], requested_by="me")
    assert log.claim_files([b, a], requested_by="me").sequence == 1


def test_files_asked_for_are_not_claimed_by_the_watcher(
    open_log: Callable[[], ClaimLog], landing: ObjectStore
) -> None:
    fill(landing, "a.csv", "b.csv")
    a = as_landed(next(iter(landing.list())))
    open_log().claim_files([a], requested_by="me")

    assert names(claim_new(open_log(), landing)) == ["b.csv"]


def test_datasets_do_not_share_claims() -> None:
    landing, state = MemoryStore(), MemoryStore()
    fill(landing, "a.csv")

    assert claim_new(ClaimLog(state, "orders"), landing)
    assert claim_new(ClaimLog(state, "returns"), landing)


@pytest.mark.parametrize(
    "dataset", ["", "..", ".", "../x", "a/b", "a\\b", "/a", "a\n", ".a", "-a", "a b", "x" * 101]
)
def test_a_dataset_cannot_reach_other_keys(dataset: str) -> None:
    with pytest.raises(NotAllowed, match="Dataset name"):
        ClaimLog(MemoryStore(), dataset)


def test_a_dataset_may_have_a_name_of_any_language() -> None:
    landing = MemoryStore()
    fill(landing, "a.csv")

    assert claim_new(ClaimLog(MemoryStore(), "Aufträge_2026.q4"), landing)


def test_a_claim_that_was_never_made_is_not_found(log: ClaimLog) -> None:
    with pytest.raises(NotFound, match="'orders' has no claim 7"):
        log.read(7)
    with pytest.raises(NotFound, match="no claim 7"):
        log.acquire(7, owner="me")


def test_a_new_process_reads_pages_instead_of_manifests(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(claims, "PAGE", 3)
    landing, state = MemoryStore(), MemoryStore()
    fill(landing, *(f"{number}.csv" for number in range(8)))
    first = ClaimLog(state, "orders")
    while claim_new(first, landing, max_files=1):
        pass

    late = ClaimLog(_WithoutManifests(state, range(1, 7)), "orders")

    assert late.sequences() == list(range(1, 9))
    assert claim_new(late, landing) is None
    files = [as_landed(info) for info in landing.list()][:1]
    assert ClaimLog(state, "orders").claim_files(files, requested_by="me").sequence == 1


class _WithoutManifests(MemoryStore):
    """A store in which some manifests must not be read."""

    def __init__(self, store: MemoryStore, sequences: range) -> None:
        super().__init__()
        self._below = store
        self._forbidden = {f"claims/orders/{number:010d}/manifest.json" for number in sequences}

    def get(self, key: str) -> bytes:
        assert key not in self._forbidden
        return self._below.get(key)


def test_a_process_that_missed_pages_catches_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "PAGE", 3)
    landing, state = MemoryStore(), MemoryStore()
    slow, fast = ClaimLog(state, "orders"), ClaimLog(state, "orders")
    fill(landing, *(f"{number}.csv" for number in range(10)))
    claim_new(slow, landing, max_files=2)
    while claim_new(fast, landing, max_files=1):
        pass

    assert slow.sequences() == list(range(1, 10))
    assert claim_new(slow, landing) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"not json", b'{"dataset": "\xff"}'])
def test_a_damaged_manifest_stops_the_dataset(content: bytes) -> None:
    landing, state = MemoryStore(), MemoryStore()
    fill(landing, "a.csv")
    state.put("claims/orders/0000000001/manifest.json", content)

    with pytest.raises(Tampered, match="0000000001/manifest"):
        claim_new(ClaimLog(state, "orders"), landing)


def test_a_manifest_in_the_wrong_place_is_tampered() -> None:
    landing, state = MemoryStore(), MemoryStore()
    fill(landing, "a.csv")
    claim_new(ClaimLog(state, "orders"), landing)
    state.put(
        "claims/returns/0000000001/manifest.json",
        state.get("claims/orders/0000000001/manifest.json"),
    )

    with pytest.raises(Tampered):
        ClaimLog(state, "returns").sequences()


def test_a_damaged_page_is_tampered() -> None:
    state = MemoryStore()
    state.put("claims/orders/pages/00000000.json", b"[]")

    with pytest.raises(Tampered, match="pages/00000000"):
        ClaimLog(state, "orders").sequences()


def test_a_claim_whose_answer_was_lost_is_found_again() -> None:
    landing, state = MemoryStore(), MemoryStore()
    fill(landing, "a.csv")
    state.fail_next("put", StoreUnavailable("Cut.", remedy="Try again."), after=True)
    log = ClaimLog(state, "orders")
    with pytest.raises(StoreUnavailable):
        claim_new(log, landing)

    assert claim_new(log, landing) is None
    assert log.sequences() == [1]
    assert names(log.read(1)) == ["a.csv"]


def test_a_claim_that_could_not_be_written_is_made_later() -> None:
    landing, state = MemoryStore(), MemoryStore()
    fill(landing, "a.csv")
    state.fail_next("put", StoreUnavailable("Down.", remedy="Try again."))
    log = ClaimLog(state, "orders")
    with pytest.raises(StoreUnavailable):
        claim_new(log, landing)

    assert names(claim_new(log, landing)) == ["a.csv"]


def test_a_store_that_hides_what_it_has_ends_the_try() -> None:
    class Hiding(MemoryStore):
        def put(self, key: str, data: bytes, *, only_new: bool = False) -> bool:  # noqa: ARG002
            return False

    landing = MemoryStore()
    fill(landing, "a.csv")

    with pytest.raises(StoreUnavailable, match="cannot be read"):
        claim_new(ClaimLog(Hiding(), "orders"), landing)
