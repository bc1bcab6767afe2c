"""Evidence: everything a decision is made on, frozen under one digest."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Self

from pydantic import Field

from penstock.errors import Tampered
from penstock.model.batch import Column, IngestedFile
from penstock.model.canonical import Digest, canonical, digest_of
from penstock.model.finding import Finding, RuleResult
from penstock.model.judgement import ReferenceUse, Split
from penstock.model.profile import Profile
from penstock.model.value import BatchId, FileRef, ReleaseId, Severity, Value

__all__ = ["EVIDENCE_TAG", "Choice", "Condition", "Evidence", "Option", "RowCounts"]

EVIDENCE_TAG = "penstock/evidence/1"


class Choice(StrEnum):
    """A steward's verdict about a held batch."""

    APPROVE = "approve"
    QUARANTINE = "quarantine"
    REJECT = "reject"


class RowCounts(Value):
    """Where the landed records go; they add up or the batch is held."""

    landed: int | None = Field(description="None when they could not be counted")
    published: int = Field(ge=0)
    quarantined: int = Field(ge=0)
    rejected: int = Field(ge=0)

    @property
    def is_conserved(self) -> bool:
        """True when landed = published + quarantined + rejected."""
        return self.landed == self.published + self.quarantined + self.rejected


class Option(Value):
    """A choice that is open to the steward, and what it would do to the rows."""

    choice: Choice
    rows: RowCounts


class Condition(Value):
    """A condition under which the gate asks: structured data, never text to be interpreted."""

    field: str
    op: str
    value: str | float | int | tuple[str, ...] = Field(description="several for `in`")


class SampleRow(Value):
    """A failed row as text, cell by cell, with its reasons."""

    file: str
    record: int
    cells: dict[str, str | None]
    reasons: tuple[str, ...]


class Evidence(Value):
    """The frozen statement about one batch under one release."""

    batch: BatchId
    release: ReleaseId
    dataset: str
    workflow: str = Field(description="name and version, as in `retail@3`")
    contract: str = Field(description="id and version, as in `retail@1.0.0`")
    claim: Digest
    requested_by: str
    files: tuple[IngestedFile, ...]
    columns: tuple[Column, ...]
    typed: FileRef
    miscast: FileRef | None
    rejects: FileRef | None
    split: Split
    rules: tuple[RuleResult, ...]
    findings: tuple[Finding, ...] = Field(description="worst first")
    agents: tuple[str, ...] = Field(description="judging steps, as `detect=detect/1:learning`")
    profile: Profile
    history: tuple[BatchId, ...] = Field(description="what it was compared with, oldest first")
    references: tuple[ReferenceUse, ...]
    remainder_worst: Severity | None = Field(
        description="worst finding of the clean half judged again"
    )
    samples: tuple[SampleRow, ...]
    tags: dict[str, str]
    gate: tuple[Condition, ...]
    asks: tuple[str, ...] = Field(
        description="why a steward must be asked, one sentence each; empty when nobody need be"
    )
    automatic: RowCounts | None = Field(description="rows if nobody need be asked")
    options: tuple[Option, ...] = Field(description="what a steward may choose, if asked")

    @property
    def worst(self) -> Severity | None:
        """Severity of the worst finding."""
        return max((f.severity for f in self.findings), key=lambda s: s.rank, default=None)

    def encoded(self) -> bytes:
        """Return the canonical bytes that are stored, and whose SHA-256 is the digest."""
        return canonical(self, tag=EVIDENCE_TAG)

    @property
    def digest(self) -> Digest:
        """SHA-256 of the canonical encoding."""
        return digest_of(self, tag=EVIDENCE_TAG)

    @classmethod
    def decoded(cls, encoded: bytes) -> Self:
        """Read evidence back from its canonical bytes.

        Raises:
            Tampered: when the bytes are not evidence of this version.
        """
        try:
            document = json.loads(encoded)
            if document["tag"] == EVIDENCE_TAG:
                return cls.model_validate(document["value"])
            found = repr(document["tag"])
        except (ValueError, KeyError, TypeError) as exc:
            found = type(exc).__name__
        raise Tampered(
            f"Stored evidence is not {EVIDENCE_TAG!r}: {found}.",
            remedy="Restore the object from a backup, or judge the batch again.",
        )
