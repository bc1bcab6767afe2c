"""Leases: who works on a claim, as a log of records that are each created once."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from threading import Lock

from pydantic import AwareDatetime, Field, ValidationError

from penstock.errors import Conflict, Tampered
from penstock.model import Clock, Value
from penstock.stores import ObjectStore

__all__ = ["Lease", "acquire"]


class _Record(Value):
    attempt: int = Field(ge=1)
    owner: str
    until: AwareDatetime
    released: bool = False


class Lease:
    """The right to work on a claim until an instant.

    Taking, renewing and releasing each create the next record exclusively, so an owner that was
    taken over finds out when it renews, whatever the clocks say.
    """

    def __init__(
        self,
        store: ObjectStore,
        prefix: str,
        *,
        number: int,
        record: _Record,
        clock: Clock,
        lease_s: float,
    ) -> None:
        self._store = store
        self._prefix = prefix
        self._number = number
        self._record = record
        self._clock = clock
        self._lease_s = lease_s
        self._lock = Lock()

    @property
    def attempt(self) -> int:
        """How often the claim was taken up, this time included."""
        return self._record.attempt

    @property
    def owner(self) -> str:
        """Who holds it."""
        return self._record.owner

    @property
    def until(self) -> datetime:
        """When it runs out."""
        return self._record.until

    def renew(self) -> None:
        """Hold on for another term, or raise `Conflict` when the claim was taken over."""
        until = self._clock() + timedelta(seconds=self._lease_s)
        if self._record.released or not self._follow_with({"until": until}):
            raise Conflict(
                f"The lease of {self.owner!r} on {self._store.root}/{self._prefix}"
                f"{self._number:06d} is no longer held: attempt {self.attempt} was released or"
                " taken over.",
                remedy="Stop working on this claim.",
            )

    def release(self) -> None:
        """Give the claim back; nothing happens when it was given back or taken over before."""
        if not self._record.released:
            self._follow_with({"released": True})

    def _follow_with(self, change: dict[str, object]) -> bool:
        with self._lock:
            record = self._record.model_copy(update=change)
            if not _create(self._store, self._prefix, self._number + 1, record):
                return False
            self._number, self._record = self._number + 1, record
            return True


def acquire(
    store: ObjectStore, prefix: str, *, owner: str, clock: Clock, lease_s: float
) -> Lease | None:
    """Take the lease whose records begin with a prefix; None while another owner holds it."""
    number, last = _latest(store, prefix)
    now = clock()
    if last and not last.released and last.until > now and last.owner != owner:
        return None
    record = _Record(
        attempt=last.attempt + 1 if last else 1,
        owner=owner,
        until=now + timedelta(seconds=lease_s),
    )
    if not _create(store, prefix, number + 1, record):
        return None
    return Lease(store, prefix, number=number + 1, record=record, clock=clock, lease_s=lease_s)


def _create(store: ObjectStore, prefix: str, number: int, record: _Record) -> bool:
    return store.put(f"{prefix}{number:06d}.json", record.model_dump_json().encode(), only_new=True)


def _latest(store: ObjectStore, prefix: str) -> tuple[int, _Record | None]:
    keys = [info.key for info in store.list(prefix)]
    if not keys:
        return 0, None
    key = keys[-1]
    number = re.fullmatch(r"(\d+)\.json", key.removeprefix(prefix))
    try:
        record = _Record.model_validate_json(store.get(key))
    except ValidationError:
        record = None
    if number is None or record is None:
        raise Tampered(
            f"{store.root}/{key} is not a record of a lease.",
            remedy="Remove it if it was put there by hand, otherwise restore it from a backup.",
        )
    return int(number[1]), record
