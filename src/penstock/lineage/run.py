"""What lineage tells of a batch: a run, gathered from the values the steps hand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import AwareDatetime, Field

from penstock.model import (
    BatchId,
    BatchRecord,
    Claim,
    Column,
    Digest,
    Evidence,
    Finding,
    Ingested,
    IngestedFile,
    Profile,
    Release,
    ReleaseId,
    RuleResult,
    Scanned,
    Value,
)

__all__ = ["Approval", "LineageRun", "ParentRun"]


class ParentRun(Value):
    """The run that started this one, in another system's lineage."""

    run_id: str
    namespace: str
    job: str


class Approval(Value):
    """Where a batch stands with its stewards."""

    state: Literal["requested", "automatic", "approve", "quarantine", "reject"]
    evidence: Digest | None = None
    request: str | None = None
    decision: str | None = None
    decided_by: str | None = None


class LineageRun(Value):
    """A batch under a release, as far as it is known when an event is written."""

    dataset: str
    claim: Digest
    release: ReleaseId
    batch: BatchId | None = None
    workflow: str | None = None
    contract: str | None = None
    requested_by: str | None = None
    claimed_at: AwareDatetime | None = None
    table: str | None = Field(default=None, description="published table, without namespace")
    files: tuple[IngestedFile, ...] = ()
    columns: tuple[Column, ...] = ()
    rules: tuple[RuleResult, ...] = ()
    findings: tuple[Finding, ...] = ()
    profile: Profile | None = None
    evidence: Digest | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    parent: ParentRun | None = None

    @classmethod
    def of_scan(
        cls,
        *,
        ingested: Ingested,
        scanned: Scanned,
        release: Release,
        claim: Claim,
        table: str,
        tags: Mapping[str, str],
        parent: ParentRun | None = None,
    ) -> Self:
        """Tell of a batch that was just scanned."""
        return cls(
            dataset=ingested.dataset,
            claim=ingested.claim,
            release=release.id,
            batch=ingested.batch,
            workflow=release.workflow,
            contract=release.contract,
            requested_by=claim.requested_by,
            claimed_at=claim.claimed_at,
            table=table,
            files=ingested.files,
            columns=ingested.columns,
            rules=scanned.rules,
            findings=ingested.findings,
            profile=scanned.profile,
            tags=dict(tags),
            parent=parent,
        )

    @classmethod
    def of_evidence(cls, evidence: Evidence, *, table: str | None = None) -> Self:
        """Tell of a batch whose evidence is frozen."""
        return cls(
            dataset=evidence.dataset,
            claim=evidence.claim,
            release=evidence.release,
            batch=evidence.batch,
            workflow=evidence.workflow,
            contract=evidence.contract,
            requested_by=evidence.requested_by,
            table=table,
            files=evidence.files,
            columns=evidence.columns,
            rules=evidence.rules,
            findings=evidence.findings,
            profile=evidence.profile,
            evidence=evidence.digest,
            tags=evidence.tags,
        )

    @classmethod
    def of_record(cls, record: BatchRecord, *, release: Release) -> Self:
        """Tell of a batch of which only the ledger's record is known."""
        return cls(
            dataset=record.dataset,
            claim=record.claim,
            release=release.id,
            batch=record.batch,
            workflow=release.workflow,
            contract=release.contract,
            requested_by=record.requested_by,
            claimed_at=record.claimed_at,
            evidence=None if record.evidence is None else record.evidence.digest,
        )
