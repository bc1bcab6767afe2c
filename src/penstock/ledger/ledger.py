"""The ledger: one object in front of its parts."""

from __future__ import annotations

from typing import Self

from penstock.ledger.audit import AuditTrail
from penstock.ledger.batches import Batches
from penstock.ledger.catalogue import Catalogue
from penstock.ledger.effects import Effects
from penstock.ledger.engine import Database
from penstock.ledger.gate import Gate
from penstock.ledger.history import History
from penstock.ledger.lookup import Lookup
from penstock.model import Clock, utc_now

__all__ = ["Ledger"]


class Ledger(Catalogue, Batches, Lookup, History, Gate, Effects, AuditTrail):
    """The store of record, on SQLite (`sqlite:////folder/ledger.db`) or PostgreSQL.

    Every change is one transaction with its audit record: both are kept, or neither. Changes are
    made one at a time, also by many processes. Making a ledger opens nothing; every call may raise
    `StoreUnavailable` (a retry may succeed) or `ConfigError` (a person must change something).

    Audit subjects: `claim:<digest>` for the states of a claim, `batch:<id>` for its profile,
    requests, decisions and effects, `release:<id>` and `workflow:<name>@<version>`.
    """

    def __init__(self, url: str, *, clock: Clock = utc_now) -> None:
        self._database = Database(url)
        self._clock = clock

    @property
    def place(self) -> str:
        """Where the ledger is kept, without user and password."""
        return self._database.place

    def migrate(self) -> None:
        """Bring the database to this version's schema; safe when several do so at once."""
        from penstock.ledger.migrate import migrate  # noqa: PLC0415 - Alembic takes 0.3 s to import

        migrate(self._database)

    def close(self) -> None:
        """Close the connections that are kept; the next call opens new ones."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
