"""What happened to a batch, from what was kept: who asked, what ran, what was seen, who decided."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import AwareDatetime, Field

from penstock.errors import NotFound
from penstock.landing import ClaimLog
from penstock.model import (
    BatchRecord,
    Decision,
    Effect,
    Evidence,
    FileRef,
    LandedFile,
    Outcome,
    Release,
    Request,
    Value,
)
from penstock.tools import Tools

__all__ = ["Explanation", "Moment", "explain_batch", "rules_by_outcome"]


class Moment(Value):
    """One entry of the batch's audit trail."""

    at: AwareDatetime
    sequence: int
    kind: str


class Explanation(Value):
    """The six answers about a batch, each with the record that it comes from."""

    record: BatchRecord = Field(description="who asked, when, and how it stands")
    claimed: tuple[LandedFile, ...] = Field(
        description="what was claimed, from the claim's manifest; empty where that is gone"
    )
    release: Release | None = Field(description="which version ran")
    evidence: Evidence | None = Field(description="which data it saw, which checks passed")
    evidence_ref: FileRef | None
    requests: tuple[Request, ...] = Field(description="what stewards were asked")
    decisions: tuple[Decision, ...] = Field(description="who decided")
    effects: tuple[Effect, ...] = Field(description="what was written, and who was told")
    undo: str = Field(description="how to take it back")
    trail: tuple[Moment, ...] = Field(description="audit records about this batch")


def explain_batch(tools: Tools, text: str) -> Explanation:
    """Explain a batch, given by the beginning of its id or its claim's digest, or `dataset#5`.

    Raises:
        NotFound: when no batch begins so.
        Tampered: when its evidence is not the bytes that the ledger names.
    """
    ledger = tools.ledger
    record = ledger.batch(_claim_at(tools, text) or text)
    ref = record.evidence
    evidence = None if ref is None else Evidence.decoded(tools.objects.read(ref))
    requests = ledger.requests(state=None, batch=record.batch) if record.batch else []
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
    effects = ledger.effects(record.batch) if record.batch else []
    return Explanation(
        record=record,
        claimed=_claimed(tools, record),
        release=release,
        evidence=evidence,
        evidence_ref=ref,
        requests=tuple(requests),
        decisions=tuple(decision for decision in decided if decision is not None),
        effects=tuple(effects),
        undo=_undo(record, effects),
        trail=tuple(trail),
    )


def _claim_at(tools: Tools, text: str) -> str | None:
    """Return the claim's digest for a position as flow runs are named by, as in `orders#5`."""
    dataset, mark, sequence = text.rpartition("#")
    if not mark or not sequence.isdecimal():
        return None
    return ClaimLog(tools.store, dataset).read(int(sequence)).digest


def _claimed(tools: Tools, record: BatchRecord) -> tuple[LandedFile, ...]:
    try:
        claim = ClaimLog(tools.store, record.dataset).read(record.sequence)
    except NotFound:
        return ()
    return claim.files if claim.digest == record.claim else ()


def _undo(record: BatchRecord, effects: Sequence[Effect]) -> str:
    if record.snapshot is None or record.batch is None:
        return "Nothing of it is in a published table, so there is nothing to undo."
    published = (effect.result for effect in effects if effect.kind == "publish" and effect.result)
    table = next((result["table"] for result in published), record.dataset)
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
