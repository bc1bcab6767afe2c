"""The durable copy of every lineage event, written before anything is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from penstock.errors import StoreUnavailable
from penstock.stores import ObjectStore

__all__ = ["Event", "Outbox", "Waiting"]

Event = dict[str, Any]
"""An OpenLineage event as JSON."""

PREFIX = "lineage"
KEY = re.compile(rf"{PREFIX}/(?P<log>[0-9a-f-]+)/(?P<number>\d{{4}})\.(?P<kind>json|sent)")
RACES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An event that was written and not yet sent."""

    log: str
    number: int


class Outbox:
    """Events of many runs, in logs that only grow.

    The events of a run are `lineage/<log>/<nnnn>.json`, each created exclusively: of two writers
    one gets the number, the other one reads again. An empty object `<nnnn>.sent` beside it says
    that the event was sent.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def events(self, log: str) -> list[Event]:
        """Return the events of a log in their order."""
        numbers, _ = self._numbers(log)
        return [self._read(log, number) for number in numbers]

    def append(self, log: str, make: Callable[[Sequence[Event]], Sequence[Event]]) -> list[Event]:
        """Add the events that `make` gives for those so far, and return all.

        `make` is called again when another writer was faster.

        Raises:
            StoreUnavailable: when the store is, or others are faster every time.
        """
        for _ in range(RACES):
            known = self.events(log)
            for event in make(known):
                if not self._store.put(_key(log, len(known) + 1), _encode(event), only_new=True):
                    break
                known.append(event)
            else:
                return known
        raise StoreUnavailable(
            f"Lineage log {log!r} was written to by others {RACES} times in a row.",
            remedy="Try again.",
        )

    def waiting(self, log: str | None = None) -> Iterator[Waiting]:
        """Yield the events that were not sent, log after log, each log in its order."""
        found = self._matches(f"{PREFIX}/" if log is None else f"{PREFIX}/{log}/")
        for name, matches in groupby(found, key=lambda match: match["log"]):
            numbers, sent = _sort_out(matches)
            for number in numbers:
                if number not in sent:
                    yield Waiting(log=name, number=number)

    def read(self, waiting: Waiting) -> Event:
        """Return an event that waits."""
        return self._read(waiting.log, waiting.number)

    def mark_sent(self, waiting: Waiting) -> None:
        """Remember that an event was sent."""
        self._store.put(_key(waiting.log, waiting.number, "sent"), b"", only_new=True)

    def export(self) -> Iterator[str]:
        """Yield every event as a line of JSON, run after run, each run in its order."""
        for match in self._matches(f"{PREFIX}/"):
            if match["kind"] == "json":
                yield _encode(self._read(match["log"], int(match["number"]))).decode()

    def _numbers(self, log: str) -> tuple[list[int], set[int]]:
        return _sort_out(self._matches(f"{PREFIX}/{log}/"))

    def _matches(self, prefix: str) -> Iterator[re.Match[str]]:
        for info in self._store.list(prefix):
            match = KEY.fullmatch(info.key)
            if match is not None:
                yield match

    def _read(self, log: str, number: int) -> Event:
        event: Event = json.loads(self._store.get(_key(log, number)))
        return event


def _sort_out(matches: Iterator[re.Match[str]]) -> tuple[list[int], set[int]]:
    numbers: dict[str, list[int]] = {"json": [], "sent": []}
    for match in matches:
        numbers[match["kind"]].append(int(match["number"]))
    return sorted(numbers["json"]), set(numbers["sent"])


def _key(log: str, number: int, kind: str = "json") -> str:
    return f"{PREFIX}/{log}/{number:04d}.{kind}"


def _encode(event: Event) -> bytes:
    return json.dumps(event, sort_keys=True, ensure_ascii=False, allow_nan=False).encode()
