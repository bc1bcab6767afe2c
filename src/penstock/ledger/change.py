"""What every part of the ledger stands on: a change with its audit record, and typed reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from pydantic import JsonValue
from sqlalchemy import ColumnElement, Connection, Select, Table, insert, select, update

from penstock.errors import NotFound
from penstock.ledger.audit_chain import append
from penstock.ledger.engine import Database
from penstock.model import AuditRecord, Clock, Value

__all__ = ["Change", "Part", "begins", "find", "find_all", "require_prefix", "select_as"]

M = TypeVar("M", bound=Value)

DIGEST_LENGTH = 64
PREFIX = re.compile(r"[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One transaction that changes the ledger, and the instant it is recorded under."""

    connection: Connection
    at: datetime

    def insert(self, table: Table, values: Mapping[str, object]) -> None:
        """Add a row."""
        self.connection.execute(insert(table).values(dict(values)))

    def update(
        self, table: Table, where: ColumnElement[bool], values: Mapping[str, object]
    ) -> None:
        """Change the rows that match."""
        self.connection.execute(update(table).where(where).values(dict(values)))

    def audit(self, kind: str, subject: str, body: Mapping[str, JsonValue]) -> AuditRecord:
        """Append the audit record of this change to the chain."""
        return append(self.connection, at=self.at, kind=kind, subject=subject, body=body)


class Part:
    """A part of the ledger: some tables and what may be done with them."""

    _database: Database
    _clock: Clock

    @contextmanager
    def _change(self) -> Iterator[Change]:
        with self._database.writing() as connection:
            yield Change(connection=connection, at=self._clock())


def select_as(table: Table, model: type[Value]) -> Select[tuple[object, ...]]:
    """Select the columns that are the model's fields."""
    return select(*(table.c[name] for name in model.model_fields))


def find(connection: Connection, model: type[M], query: Select[tuple[object, ...]]) -> M | None:
    """Return the first row as a model, or None."""
    row = connection.execute(query.limit(1)).mappings().first()
    return None if row is None else model.model_validate(dict(row))


def find_all(connection: Connection, model: type[M], query: Select[tuple[object, ...]]) -> list[M]:
    """Return every row as a model."""
    return [model.model_validate(dict(row)) for row in connection.execute(query).mappings()]


def begins(column: ColumnElement[str], prefix: str) -> ColumnElement[bool]:
    """Compare a digest column with a whole digest (by its index) or the beginning of one."""
    return column == prefix if len(prefix) == DIGEST_LENGTH else column.startswith(prefix)


def require_prefix(text: str, *, what: str) -> str:
    """Return the text if it can be an id or its beginning.

    Raises:
        NotFound: when it is no run of 6 to 64 hexadecimal characters.
    """
    if PREFIX.fullmatch(text) is None:
        raise NotFound(
            f"There is no {what} {text!r}.",
            remedy="Give its id, or at least the first 6 of its hexadecimal characters.",
        )
    return text
