"""What the judging steps give to each other: scan, validation, anomaly detection, tags."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from penstock.model.finding import Finding, RuleResult
from penstock.model.profile import Profile
from penstock.model.value import BatchId, FileRef, Severity, Value

__all__ = ["Judged", "ReferenceUse", "Scanned", "Split", "Tagged", "Validated"]


class ReferenceUse(Value):
    """A published table that a rule looked into, as it was then."""

    table: str
    snapshot: int | None = Field(description="Iceberg snapshot id; None when it had none")
    rows: int


class Scanned(Value):
    """Rule counts and profile of the typed batch, from one pass over it."""

    batch: BatchId
    rules: tuple[RuleResult, ...]
    profile: Profile
    references: tuple[ReferenceUse, ...] = ()


class Split(Value):
    """The typed batch in two halves, with the reasons: clean + failed = typed."""

    clean: FileRef | None = Field(description="None when nothing failed: typed is clean")
    failed: FileRef | None = Field(
        description="rows failing a rule of severity medium or above, and miscast rows, with"
        " `_penstock_reasons`, a list of {rule, column, value, severity, reason}"
    )
    rows_clean: int
    rows_failed: int = Field(description="typed rows that failed, miscast ones not counted")


class Judged(Value):
    """Findings of one judging step."""

    batch: BatchId
    step: str
    agent: str = Field(description="name and version, as in `detect/1`")
    state: Literal["judged", "learning", "warning"] = Field(
        default="judged", description="`learning` and `warning` can not hold a batch"
    )
    history: tuple[BatchId, ...] = Field(
        default=(), description="accepted batches it was compared with, oldest first"
    )
    findings: tuple[Finding, ...] = ()
    score: float | None = Field(default=None, description="higher is worse")


class Validated(Judged):
    """Findings of the contract's rules, and the batch split into its halves.

    `remainder` is the clean half scanned again, None where nothing failed.
    """

    split: Split
    remainder: Scanned | None = None


class Tagged(Value):
    """Tags of the batch, and the lineage run they were emitted under."""

    batch: BatchId
    tags: dict[str, str]
    lineage_run: str
    worst: Severity | None
