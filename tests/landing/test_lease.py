"""One owner works on a claim at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from penstock.errors import Conflict, Tampered
from penstock.landing import ClaimLog, Lease
from penstock.stores import MemoryStore, ObjectStore


@pytest.fixture
def log(open_log: Callable[[], ClaimLog], landing: ObjectStore) -> ClaimLog:
    """A claim was made; nobody took it up, as when the claimer was killed."""
    landing.put("a.csv", b"")
    open_log().claim_new(landing, pattern="*.csv", requested_by="killed@here")
    return open_log()


def take(log: ClaimLog, owner: str) -> Lease:
    lease = log.acquire(1, owner=owner)
    assert lease
    return lease


def test_a_claim_whose_claimer_was_killed_can_be_taken_up(log: ClaimLog, clock: Any) -> None:
    lease = take(log, "worker-1")

    assert (lease.attempt, lease.owner) == (1, "worker-1")
    assert lease.until == clock() + timedelta(seconds=900)


def test_a_held_claim_is_not_given_to_another(
    log: ClaimLog, open_log: Callable[[], ClaimLog], clock: Any
) -> None:
    take(log, "worker-1")
    clock.advance(899)

    assert open_log().acquire(1, owner="worker-2") is None


def test_a_lease_that_ran_out_is_taken_over(log: ClaimLog, clock: Any) -> None:
    dead = take(log, "worker-1")
    clock.advance(900)

    lease = take(log, "worker-2")

    assert (lease.attempt, lease.owner) == (2, "worker-2")
    with pytest.raises(Conflict, match=r"'worker-1'.*Stop working"):
        dead.renew()


def test_a_renewed_lease_is_held_longer(log: ClaimLog, clock: Any) -> None:
    lease = take(log, "worker-1")
    clock.advance(600)
    lease.renew()
    clock.advance(600)

    assert log.acquire(1, owner="worker-2") is None
    assert lease.attempt == 1
    clock.advance(300)
    assert take(log, "worker-2").attempt == 2


def test_a_lease_that_ran_out_unnoticed_may_be_renewed(log: ClaimLog, clock: Any) -> None:
    lease = take(log, "worker-1")
    clock.advance(2000)

    lease.renew()

    assert log.acquire(1, owner="worker-2") is None


def test_a_released_claim_is_free_at_once(log: ClaimLog) -> None:
    lease = take(log, "worker-1")
    lease.release()
    lease.release()

    assert take(log, "worker-2").attempt == 2
    with pytest.raises(Conflict):
        lease.renew()


def test_releasing_what_was_taken_over_changes_nothing(log: ClaimLog, clock: Any) -> None:
    dead = take(log, "worker-1")
    clock.advance(900)
    take(log, "worker-2")

    dead.release()

    assert log.acquire(1, owner="worker-3") is None


def test_an_owner_that_came_back_need_not_wait(log: ClaimLog) -> None:
    before = take(log, "flow-run-1")

    assert take(log, "flow-run-1").attempt == 2
    with pytest.raises(Conflict):
        before.renew()


def test_sixteen_owners_race_for_one_lease(
    log: ClaimLog, open_log: Callable[[], ClaimLog], clock: Any
) -> None:
    take(log, "dead")
    clock.advance(900)
    barrier = Barrier(16)

    def race(number: int) -> Lease | None:
        log = open_log()
        barrier.wait()
        return log.acquire(1, owner=f"worker-{number}")

    with ThreadPoolExecutor(16) as pool:
        won = [lease for lease in pool.map(race, range(16)) if lease]

    assert [lease.attempt for lease in won] == [2]


def test_renewing_races_with_taking_over(
    log: ClaimLog, open_log: Callable[[], ClaimLog], clock: Any
) -> None:
    for _ in range(10):
        holder = take(log, "holder")
        clock.advance(900)
        barrier = Barrier(2)

        def renew(lease: Lease = holder, barrier: Barrier = barrier) -> bool:
            barrier.wait()
            try:
                lease.renew()
            except Conflict:
                return False
            return True

        def take_over(barrier: Barrier = barrier) -> Lease | None:
            other = open_log()
            barrier.wait()
            return other.acquire(1, owner="other")

        with ThreadPoolExecutor(2) as pool:
            renewed, taken = pool.submit(renew), pool.submit(take_over)

        assert renewed.result() is (taken.result() is None)
        clock.advance(900)


def test_a_damaged_record_is_tampered(clock: Any) -> None:
    landing, state = MemoryStore(), MemoryStore()
    landing.put("a.csv", b"")
    log = ClaimLog(state, "orders", clock=clock)
    log.claim_new(landing, pattern="*.csv", requested_by="me")
    state.put("claims/orders/0000000001/attempt-000001.json", b"{}")

    with pytest.raises(Tampered, match="attempt-000001"):
        log.acquire(1, owner="me")
