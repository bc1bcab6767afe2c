"""What the ledger keeps: batches, requests, decisions, effects, audit."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import AwareDatetime, Field, JsonValue

from penstock.model.canonical import Digest
from penstock.model.evidence import Choice
from penstock.model.value import BatchId, FileRef, ReleaseId, Severity, Value

__all__ = [
    "AuditRecord",
    "BatchRecord",
    "BatchState",
    "Decision",
    "Effect",
    "EffectKind",
    "Release",
    "Request",
    "WorkflowRecord",
]


class BatchState(StrEnum):
    """Where a batch is in its life."""

    RUNNING = "running"
    HELD = "held"
    PUBLISHED = "published"
    REJECTED = "rejected"
    DEAD = "dead"
    """Could not be judged at all (dead letter); its files stay where they landed."""

    @property
    def is_settled(self) -> bool:
        """True when nothing more will happen to the batch by itself."""
        return self in {BatchState.PUBLISHED, BatchState.REJECTED, BatchState.DEAD}


class WorkflowRecord(Value):
    """A loaded version of a workflow definition: a pointer, not the definition."""

    id: str
    name: str
    version: str
    config_path: str = Field(description="uri of the definition's file")
    object_version: str | None = Field(
        description="version of that object, where the store has one"
    )
    digest: Digest
    created_at: AwareDatetime


class Release(Value):
    """Code, workflow and contract under one id, each with its digest."""

    id: ReleaseId
    code: Digest
    code_version: str
    workflow: str = Field(description="name and version, as in `retail@3`")
    workflow_digest: Digest
    contract: str = Field(description="id and version")
    contract_digest: Digest
    libraries: dict[str, str] = Field(description="versions of libraries that shape results")


class BatchRecord(Value):
    """A claim and the batch it became. `batch` is None until its content was read."""

    claim: Digest
    dataset: str
    sequence: int
    batch: BatchId | None
    state: BatchState
    release: ReleaseId | None
    requested_by: str
    claimed_at: AwareDatetime
    flow_run: str | None = Field(description="Prefect run that works or worked on it")
    attempts: int = Field(description="since it was claimed or last held")
    evidence: FileRef | None
    page: FileRef | None
    snapshot: int | None
    rows_landed: int | None
    rows_published: int | None
    rows_quarantined: int | None
    rows_rejected: int | None
    reason: str | None = Field(description="why it is held, rejected or dead")
    updated_at: AwareDatetime


class Request(Value):
    """A question to stewards about one batch and one evidence digest."""

    id: str
    dataset: str
    claim: Digest
    batch: BatchId
    release: ReleaseId
    evidence: Digest
    evidence_ref: FileRef
    page: FileRef
    options: tuple[Choice, ...]
    severity: Severity
    summary: str = Field(description="why it stopped, in one paragraph")
    state: Literal["open", "decided", "superseded"]
    flow_run: str | None = Field(description="Prefect run to wake after a decision")
    wake_ups: int = Field(ge=0, description="how often the run woke up without a decision")
    opened_at: AwareDatetime


class Decision(Value):
    """A steward's verdict about one request."""

    id: str
    request: str
    batch: BatchId
    evidence: Digest
    release: ReleaseId
    choice: Choice
    note: str
    by: str = Field(description="who is said to have decided, as in `ann@desk-3` or `prefect-ui`")
    proof: Literal["not proved"] = "not proved"
    at: AwareDatetime


EffectKind = Literal["publish", "notify"]


class Effect(Value):
    """A change outside the process: recorded as intended, then as done."""

    key: str = Field(description="intent key, from batch, release, step and content digest")
    batch: BatchId
    release: ReleaseId
    step: str
    kind: EffectKind
    state: Literal["intended", "done"]
    result: dict[str, JsonValue] | None
    intended_at: AwareDatetime
    done_at: AwareDatetime | None


class AuditRecord(Value):
    """One link of the audit chain."""

    sequence: int = Field(ge=1)
    at: AwareDatetime
    kind: str = Field(description="what happened, as in `decision.recorded`")
    subject: str = Field(description="what it happened to, as in `batch:<id>`")
    body: dict[str, JsonValue]
    previous: Digest
    digest: Digest
