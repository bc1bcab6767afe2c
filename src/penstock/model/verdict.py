"""What happens to a batch after the evidence: verdict, placed files, published snapshot."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from penstock.model.canonical import Digest
from penstock.model.evidence import Choice, RowCounts
from penstock.model.value import BatchId, FileRef, ReleaseId, Severity, Value

__all__ = ["Disposition", "Notified", "Prepared", "Published", "Reported", "Verdict"]


class Disposition(StrEnum):
    """Which rows of a batch are published."""

    ALL = "all"
    """Every row whose types hold."""
    CLEAN = "clean"
    """Every row that failed no rule of severity medium or above."""
    NOTHING = "nothing"


class Reported(Value):
    """Where the evidence lies."""

    batch: BatchId
    evidence: FileRef = Field(description="canonical JSON; its digest is the evidence digest")
    page: FileRef = Field(description="self-contained HTML page")
    worst: Severity | None


class Verdict(Value):
    """What is to be done with a batch, and on whose word."""

    batch: BatchId
    release: ReleaseId
    evidence: FileRef
    disposition: Disposition
    choice: Choice | None = Field(description="the steward's; None where nobody need be asked")
    decision: str | None = Field(description="id of the decision in the ledger")
    decided_by: str = Field(description="`policy`, or the steward with how it is proved")


class Prepared(Value):
    """The file that will be published, in its final place and proved against the evidence."""

    batch: BatchId
    dataset: str
    release: ReleaseId
    evidence: Digest
    verdict: Verdict
    file: FileRef | None = Field(description="Parquet in the table's folder; None for nothing")
    counts: RowCounts


class Published(Value):
    """What is now in the published table."""

    batch: BatchId
    dataset: str
    table: str
    snapshot: int | None = Field(description="Iceberg snapshot id; None when nothing was published")
    counts: RowCounts
    verdict: Verdict


class Notified(Value):
    """Who was told."""

    batch: BatchId
    sent: tuple[str, ...] = Field(description="targets that took the message")
