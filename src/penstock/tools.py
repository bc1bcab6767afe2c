"""The tools through which agents reach the world; each agent is handed only what it may use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn, Protocol
from weakref import finalize

from pydantic import JsonValue

from penstock.errors import NotAllowed, NotFound
from penstock.model import (
    BatchId,
    Clock,
    Decision,
    Digest,
    Effect,
    EffectKind,
    FileRef,
    HistoryEntry,
    LandedFile,
    ReleaseId,
    utc_now,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.ledger import Ledger
    from penstock.lineage import Lineage
    from penstock.notify import Target
    from penstock.settings import Settings
    from penstock.stores import Objects, ObjectStore
    from penstock.tables import Tables

__all__ = ["Decisions", "Effects", "EvidenceShelf", "History", "Tool", "Toolbox", "Tools"]


class Tool(StrEnum):
    """One way out of an agent; an agent's allowlist is a set of these."""

    LANDING = "landing"
    """Fetch landed files."""
    OBJECTS = "objects"
    """Read and add immutable objects."""
    HISTORY = "history"
    """Read accepted batches and earlier deliveries."""
    REFERENCES = "references"
    """Read published tables."""
    LINEAGE = "lineage"
    """Emit lineage events."""
    EVIDENCE = "evidence"
    """Freeze and read evidence."""
    DECISIONS = "decisions"
    """Read stewards' decisions."""
    PUBLISHER = "publisher"
    """Write published tables."""
    EFFECTS = "effects"
    """Record what is intended and what is done."""
    TARGETS = "targets"
    """Send notifications."""


class History(Protocol):
    """What was accepted before."""

    def history(
        self, dataset: str, *, before: int | None, limit: int = 365
    ) -> Sequence[HistoryEntry]:
        """Return accepted batches of claims before this one, oldest first."""

    def deliveries(
        self, dataset: str, digests: Sequence[str], *, before: int | None = None
    ) -> Mapping[str, list[BatchId]]:
        """Return, for each content digest, the batches of earlier claims that brought it."""


class Decisions(Protocol):
    """What stewards decided."""

    def decision(self, *, evidence: Digest, release: ReleaseId) -> Decision | None:
        """Return the decision on exactly this evidence and release."""


class Effects(Protocol):
    """Changes outside the process, recorded before and after."""

    def intend(
        self, *, key: str, batch: BatchId, release: ReleaseId, step: str, kind: EffectKind
    ) -> Effect:
        """Record the intent, or return the effect as it already stands."""

    def complete(self, key: str, result: Mapping[str, JsonValue]) -> Effect:
        """Record that it is done, with what it gave."""


class EvidenceShelf:
    """Evidence by claim and release: written once, by whoever is first.

    The same files landed again are the same batch under another claim, and judged for themselves.
    """

    def __init__(self, store: ObjectStore, objects: Objects) -> None:
        self._store = store
        self._objects = objects

    def find(self, *, claim: Digest, release: ReleaseId) -> FileRef | None:
        """Return what was frozen for a claim under a release."""
        try:
            return FileRef.model_validate_json(self._store.get(_evidence_key(claim, release)))
        except NotFound:
            return None

    def freeze(self, *, claim: Digest, release: ReleaseId, encoded: bytes) -> FileRef:
        """Keep the evidence, or return what was frozen before for the same claim and release."""
        key = _evidence_key(claim, release)
        ref = self._objects.add_bytes(encoded, suffix=".json")
        if self._store.put(key, ref.model_dump_json().encode(), only_new=True):
            return ref
        return FileRef.model_validate_json(self._store.get(key))


def _evidence_key(claim: Digest, release: ReleaseId) -> str:
    return f"evidence/{claim}/{release}.json"


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Every tool of one installation; opened when first used, closed when nobody has it."""

    settings: Settings
    clock: Clock = utc_now

    @cached_property
    def store(self) -> ObjectStore:
        """The object store of everything Penstock keeps."""
        from penstock.stores import open_store  # noqa: PLC0415 - heavy, and not always needed

        return open_store(self.settings.store_uri)

    @cached_property
    def objects(self) -> Objects:
        """Immutable objects by their digest."""
        from penstock.stores import Objects  # noqa: PLC0415 - as above

        return Objects(self.store, self.settings.scratch / "objects")

    @cached_property
    def evidence(self) -> EvidenceShelf:
        """Frozen evidence."""
        return EvidenceShelf(self.store, self.objects)

    @cached_property
    def ledger(self) -> Ledger:
        """The store of record."""
        from penstock.ledger import Ledger  # noqa: PLC0415 - as above

        self.settings.home.mkdir(parents=True, exist_ok=True)
        ledger = Ledger(self.settings.ledger_url, clock=self.clock)
        finalize(self, ledger.close)
        ledger.migrate()
        return ledger

    @cached_property
    def tables(self) -> Tables:
        """The published tables."""
        from penstock.tables import Tables  # noqa: PLC0415 - as above

        tables = Tables(catalog=self.settings.catalog_url, warehouse=self.settings.warehouse_uri)
        finalize(self, tables.close)
        return tables

    @cached_property
    def lineage(self) -> Lineage:
        """The lineage outbox with its transport."""
        from penstock.lineage import Lineage  # noqa: PLC0415 - as above

        return Lineage(
            self.store,
            self.settings.lineage_transport,
            clock=self.clock,
            warehouse=self.settings.warehouse_uri,
        )

    @contextmanager
    def toolbox(self, allowed: frozenset[Tool], *, targets: Sequence[Target]) -> Iterator[Toolbox]:
        """Give an agent its tools, and a folder that is gone afterwards."""
        self.settings.scratch.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.settings.scratch, prefix="step-") as folder:
            yield Toolbox(self, allowed, targets=targets, scratch=Path(folder))


class Toolbox:
    """What one agent may use during one call; anything else raises `NotAllowed`."""

    def __init__(
        self, tools: Tools, allowed: frozenset[Tool], *, targets: Sequence[Target], scratch: Path
    ) -> None:
        self._tools = tools
        self._allowed = allowed
        self._targets = tuple(targets)
        self.scratch = scratch

    def fetch(self, file: LandedFile, to: Path) -> None:
        """Copy a landed file, exactly the version that was claimed."""
        self._require(Tool.LANDING)
        from penstock.landing import fetch_landed  # noqa: PLC0415 - opens stores

        fetch_landed(file, to)

    @property
    def objects(self) -> Objects:
        """Immutable objects by their digest."""
        self._require(Tool.OBJECTS)
        return self._tools.objects

    @property
    def history(self) -> History:
        """Accepted batches."""
        self._require(Tool.HISTORY)
        return self._tools.ledger

    @property
    def references(self) -> Tables:
        """Published tables, to look into."""
        self._require(Tool.REFERENCES)
        return self._tools.tables

    @property
    def lineage(self) -> Lineage:
        """The lineage outbox."""
        self._require(Tool.LINEAGE)
        return self._tools.lineage

    @property
    def evidence(self) -> EvidenceShelf:
        """Frozen evidence."""
        self._require(Tool.EVIDENCE)
        return self._tools.evidence

    @property
    def decisions(self) -> Decisions:
        """Stewards' decisions."""
        self._require(Tool.DECISIONS)
        return self._tools.ledger

    @property
    def publisher(self) -> Tables:
        """Published tables, to write."""
        self._require(Tool.PUBLISHER)
        return self._tools.tables

    @property
    def effects(self) -> Effects:
        """Intents and results."""
        self._require(Tool.EFFECTS)
        return self._tools.ledger

    @property
    def targets(self) -> tuple[Target, ...]:
        """Notification targets of the workflow."""
        self._require(Tool.TARGETS)
        return self._targets

    def _require(self, tool: Tool) -> None:
        if tool not in self._allowed:
            self._refuse(tool)

    def _refuse(self, tool: Tool) -> NoReturn:
        allowed = ", ".join(sorted(self._allowed)) or "nothing"
        raise NotAllowed(
            f"An agent reached for {tool.value!r}; it may use {allowed}.",
            remedy="Add the tool to the agent's allowlist, which makes a new release.",
        )
