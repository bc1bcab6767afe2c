"""The audit trail as callers see it: append, read, verify."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue
from sqlalchemy import select

from penstock.ledger.audit_chain import RAW_COLUMNS, AuditBreak, Link, check
from penstock.ledger.change import Part, find_all, select_as
from penstock.ledger.schema import audit
from penstock.model import AuditRecord

__all__ = ["AuditTrail"]

PAGE = 500
"""Records read at once; pages, so that no long read is left open however slow the reader."""


class AuditTrail(Part):
    """The append-only, hash-chained record of every change."""

    def audit(self, *, kind: str, subject: str, body: Mapping[str, JsonValue]) -> AuditRecord:
        """Append a record to the chain."""
        with self._change() as change:
            return change.audit(kind, subject, body)

    def audit_records(self, *, subject: str | None = None) -> Iterator[AuditRecord]:
        """Give the records in order, of one subject or of all."""
        query = select_as(audit, AuditRecord).order_by(audit.c.sequence).limit(PAGE)
        if subject is not None:
            query = query.where(audit.c.subject == subject)
        last = 0
        while True:
            with self._database.reading() as connection:
                page = find_all(connection, AuditRecord, query.where(audit.c.sequence > last))
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1].sequence

    def verify_audit(self) -> AuditBreak | None:
        """Walk the chain and return the first record that breaks it, or None when all hold.

        Seen: a changed, missing, moved or forked record. Not seen: records cut off the end, and a
        chain that somebody with the database in hand rewrote from some record on with new digests.
        For those, compare the newest record's digest with one that was kept elsewhere.
        """
        last = Link()
        for stored in self._stored():
            broken = check(stored, last)
            if broken is not None:
                return broken
            last = Link(sequence=stored["sequence"], digest=stored["digest"])
        return None

    def _stored(self) -> Iterator[Mapping[str, Any]]:
        query = select(*RAW_COLUMNS).order_by(audit.c.sequence).limit(PAGE)
        last: int | None = None
        while True:
            after = query if last is None else query.where(audit.c.sequence > last)
            with self._database.reading() as connection:
                page = [dict(row) for row in connection.execute(after).mappings()]
            yield from page
            if len(page) < PAGE:
                return
            last = page[-1]["sequence"]
