"""The audit chain: how a record is linked to the one before, and how a break is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import Field, JsonValue
from sqlalchemy import Connection, Text, insert, select, type_coerce

from penstock.ledger.schema import AUDIT_BODY_TAG, audit
from penstock.ledger.stored import decode, encode, instant_text
from penstock.model import AuditRecord, Digest, Value, digest_of

__all__ = ["GENESIS", "RAW_COLUMNS", "AuditBreak", "Link", "append", "check"]

GENESIS: Digest = "0" * 64
"""What the first record names as the one before it."""

RECORD_TAG = "penstock/audit/1"

RAW_COLUMNS = tuple(type_coerce(column, Text).label(column.name) for column in audit.c)
"""The columns as stored text, not yet believed."""


class AuditBreak(Value):
    """The first place where the audit chain does not hold."""

    sequence: int = Field(description="the record that is missing, out of place or changed")
    problem: str = Field(description="what is wrong with it, in words")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where the chain stands: the last record's number and digest."""

    sequence: int = 0
    digest: Digest = GENESIS


def append(
    connection: Connection, *, at: datetime, kind: str, subject: str, body: Mapping[str, JsonValue]
) -> AuditRecord:
    """Add a record to the chain's end, in the caller's transaction, which must be a writing one."""
    newest = select(audit.c.sequence, audit.c.digest).order_by(audit.c.sequence.desc()).limit(1)
    head = connection.execute(newest).first()
    last = Link() if head is None else Link(sequence=head.sequence, digest=head.digest)
    unsealed = AuditRecord(
        sequence=last.sequence + 1,
        at=at,
        kind=kind,
        subject=subject,
        # As it will be read back: the encoding fixes the precision of floats.
        body=decode(encode(dict(body), tag=AUDIT_BODY_TAG), tag=AUDIT_BODY_TAG),
        previous=last.digest,
        digest="",
    )
    record = unsealed.model_copy(update={"digest": seal(unsealed)})
    connection.execute(insert(audit).values(dict(record)))
    return record


def seal(record: AuditRecord) -> Digest:
    """Return the digest over everything in the record but the digest itself."""
    content = {name: getattr(record, name) for name in AuditRecord.model_fields if name != "digest"}
    return digest_of(content, tag=RECORD_TAG)


def check(stored: Mapping[str, Any], last: Link) -> AuditBreak | None:
    """Compare a stored record with the link before it; None when it holds."""
    expected, sequence = last.sequence + 1, stored["sequence"]
    if sequence != expected:
        problem = f"it is missing: after record {last.sequence} comes record {sequence}"
        return AuditBreak(sequence=expected, problem=problem)
    try:
        record = _read(stored)
    except (ValueError, TypeError, AttributeError) as error:
        return AuditBreak(sequence=expected, problem=f"it cannot be read: {_first_line(error)}")
    if record.previous != last.digest:
        problem = (
            f"it does not follow record {last.sequence}: it names {record.previous[:12]} as the"
            f" one before, which is {last.digest[:12]}"
        )
        return AuditBreak(sequence=expected, problem=problem)
    if record.digest != seal(record):
        problem = f"its content was changed: it does not have the digest {record.digest[:12]}"
        return AuditBreak(sequence=expected, problem=problem)
    return None


def _read(stored: Mapping[str, Any]) -> AuditRecord:
    body = decode(stored["body"], tag=AUDIT_BODY_TAG)
    record = AuditRecord.model_validate(
        {**stored, "body": body, "at": datetime.fromisoformat(stored["at"])}, strict=True
    )
    if instant_text(record.at) != stored["at"]:
        raise ValueError("its time is not in the stored form")
    return record


def _first_line(error: Exception) -> str:
    # Only the kind of a JSON or pydantic error: their texts quote what they could not read.
    return str(error) if type(error) is ValueError else type(error).__name__
