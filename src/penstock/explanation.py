"""What happened to a batch, from what was kept: who asked, what ran, what was seen, who decided."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from penstock.errors import NotFound
from penstock.model import (
    BatchRecord,
    Decision,
    Effect,
    Evidence,
    FileRef,
    Outcome,
    Release,
    Request,
    Value,
)
from penstock.tools import Tools

__all__ = ["Explanation", "Moment", "explain_batch"]


class Moment(Value):
    """One entry of the batch's audit trail."""

    at: AwareDatetime
    sequence: int
    kind: str


class Explanation(Value):
    """The six answers about a batch, each with the record that it comes from."""

    record: BatchRecord = Field(description="who asked, when, and how it stands")
    release: Release | None = Field(description="which version ran")
    evidence: Evidence | None = Field(description="which data it saw, which checks passed")
    evidence_ref: FileRef | None
    requests: tuple[Request, ...] = Field(description="what stewards were asked")
    decisions: tuple[Decision, ...] = Field(description="who decided")
    effects: tuple[Effect, ...] = Field(description="what was written, and who was told")
    undo: str = Field(description="how to take it back")
    trail: tuple[Moment, ...] = Field(description="audit records about this batch")


def explain_batch(tools: Tools, text: str) -> Explanation:
    """Explain a batch, given by the beginning of its id or of its claim's digest.

    Raises:
        NotFound: when no batch begins so.
        Tampered: when its evidence is not the bytes that the ledger names.
    """
    ledger = tools.ledger
    record = ledger.batch(text)
    ref = record.evidence
    evidence = None if ref is None else Evidence.decoded(tools.objects.read(ref))
    requests = tuple(
        request for request in ledger.requests(state=None) if request.batch == record.batch
    )
    decided = (
        ledger.decision(evidence=request.evidence, release=request.release) for request in requests
    )
    subjects = [f"claim:{record.claim}", *([f"batch:{record.batch}"] if record.batch else [])]
    trail = sorted(
        (
            Moment(at=audit.at, sequence=audit.sequence, kind=audit.kind)
            for subject in subjects
            for audit in ledger.audit_records(subject=subject)
        ),
        key=lambda moment: moment.sequence,
    )
    try:
        release = None if record.release is None else ledger.release(record.release)
    except NotFound:
        release = None
    return Explanation(
        record=record,
        release=release,
        evidence=evidence,
        evidence_ref=ref,
        requests=requests,
        decisions=tuple(decision for decision in decided if decision is not None),
        effects=tuple(ledger.effects(record.batch)) if record.batch else (),
        undo=_undo(record, evidence),
        trail=tuple(trail),
    )


def _undo(record: BatchRecord, evidence: Evidence | None) -> str:
    if record.snapshot is None or record.batch is None:
        return "Nothing of it is in a published table, so there is nothing to undo."
    table = record.dataset if evidence is None else evidence.dataset
    return (
        f"Delete the rows with _penstock_batch = '{record.batch}' from table {table!r}: they are"
        f" whole data files, added by snapshot {record.snapshot}. While that is the newest"
        " snapshot, rolling back to its parent does the same."
    )


def rules_by_outcome(evidence: Evidence) -> dict[Outcome, int]:
    """Return how many rules passed, failed or are unknown."""
    return {
        outcome: sum(1 for rule in evidence.rules if rule.outcome is outcome) for outcome in Outcome
    }
