"""The database behind the ledger: SQLite or PostgreSQL, with one way to read and one to write."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError

from penstock.errors import ConfigError
from penstock.ledger.faults import translated

__all__ = ["Database"]

WAIT_S = 30
"""How long a writer waits for its turn before it gives up with `StoreUnavailable`."""

WRITE_LOCK = int.from_bytes(b"penstock", "big")
"""Key of the PostgreSQL advisory lock under which every change is made."""

FORMS = "sqlite:////folder/ledger.db or postgresql+psycopg://user@host:5432/database"


class Database:
    """A database that lets many read and one write.

    A change sees everything committed before it, commits as a whole or not at all, and waits its
    turn: on SQLite by `BEGIN IMMEDIATE`, on PostgreSQL by a transaction-wide advisory lock.
    """

    def __init__(self, url: str) -> None:
        self._url = _parse(url)
        self.place = _place(self._url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self.engine = _sqlite(self._url) if self.is_sqlite else _postgresql(self._url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that reads what is committed."""
        with translated(self.place), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are committed at the end, or undone on an exception."""
        with translated(self.place), self.engine.connect() as connection:
            connection.execution_options(penstock_writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    _take_turn(connection)
                yield connection

    def pragma(self, text: str) -> None:
        """Set what SQLite lets nobody set inside a transaction."""
        with translated(self.place), closing(self.engine.raw_connection()) as connection:
            connection.cursor().execute(f"PRAGMA {text}")

    def close(self) -> None:
        """Close the connections that are kept; the next use opens new ones."""
        self.engine.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # NOTE: neither the text nor the cause is shown, a password may stand anywhere in it.
        raise ConfigError("The ledger's URL cannot be read.", remedy=f"Use {FORMS}.") from None
    match parsed.drivername:
        case "sqlite" | "sqlite+pysqlite":
            return _parse_sqlite(parsed)
        case "postgresql" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise ConfigError(f"The ledger cannot be kept in {other!r}.", remedy=f"Use {FORMS}.")


def _parse_sqlite(url: URL) -> URL:
    path = (url.database or ":memory:").removeprefix("file:")
    if path == ":memory:" or url.query.get("mode") == "memory":
        raise ConfigError(
            f"The ledger cannot be kept in {path!r}: each connection would see another one.",
            remedy="Name a file, as in sqlite:////folder/ledger.db.",
        )
    if not Path(path).is_absolute():
        raise ConfigError(
            f"The ledger's file {path!r} depends on the working directory.",
            remedy="Name it from the root, with four slashes: sqlite:////folder/ledger.db.",
        )
    return url


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return URL.create(
        url.drivername, host=url.host, port=url.port, database=url.database
    ).render_as_string()


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args=_unless_in(url, {"timeout": WAIT_S})
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver's own BEGIN comes too late, see `begin`
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        # NOTE: without it, INSERT OR REPLACE deletes rows behind the back of delete triggers.
        connection.execute("PRAGMA recursive_triggers = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("penstock_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgresql(url: URL) -> Engine:
    settings = {"connect_timeout": 10, "application_name": "penstock"}
    return create_engine(
        url, hide_parameters=True, pool_pre_ping=True, connect_args=_unless_in(url, settings)
    )


def _unless_in(url: URL, settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in url.query}


def _take_turn(connection: Connection) -> None:
    # A writer that stopped in the middle is cut off, so that the others get their turn.
    connection.execute(text(f"SET LOCAL lock_timeout = '{WAIT_S}s'"))
    connection.execute(text(f"SET LOCAL idle_in_transaction_session_timeout = '{2 * WAIT_S}s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITE_LOCK})
