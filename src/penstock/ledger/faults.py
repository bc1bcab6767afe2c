"""What went wrong in the database, as Penstock's errors; no password and no row in a message."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from penstock.errors import ConfigError, Conflict, PenstockError, StoreRefused, StoreUnavailable

__all__ = ["translated"]

MIGRATE = "Call Ledger.migrate() with this version of Penstock, then try again."
RETRY = "Try again; if it stays, look at the database server and its log."

PASSING_STATES = ("08", "40", "53", "55P03", "57P", "25006", "25P03")
"""SQLSTATEs (or their classes) of PostgreSQL that may pass: connection, serialization, resources,
lock timeout, shutdown, a standby after fail-over, a session that idled in its transaction."""

LOGIN_PHRASES = (
    "authentication failed",
    "no password supplied",
    "no pg_hba.conf entry",
    "does not exist",
    "permission denied for database",
)
"""What libpq says when it was let in by the network but not by the server; it gives no SQLSTATE."""


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Raise the database's errors as Penstock's, naming the place.

    `StoreUnavailable` where a retry may succeed, `ConfigError` where a person must change
    something, `Conflict` for a broken constraint and `StoreRefused` for the rest.
    """
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreUnavailable(
            f"All connections to ledger {place} are in use.", remedy=RETRY
        ) from error
    except exc.IntegrityError as error:
        raise Conflict(
            f"Ledger {place} refused a row that breaks one of its constraints.",
            remedy="Look at what is recorded already before recording it again.",
        ) from error
    except sqlite3.Error as error:
        raise _sqlite_fault(place, error) from error
    except exc.DBAPIError as error:
        driver = error.orig
        if isinstance(driver, sqlite3.Error):
            raise _sqlite_fault(place, driver) from error
        raise _postgresql_fault(place, error) from error


def _sqlite_fault(place: str, error: sqlite3.Error) -> PenstockError:
    name = getattr(error, "sqlite_errorname", "SQLITE_ERROR")
    match name.split("_")[1]:
        case "BUSY" | "LOCKED" | "FULL" | "IOERR" | "NOMEM":
            return StoreUnavailable(
                f"Ledger {place} did not take the change ({name}).",
                remedy="Try again; if it stays, look for a full disk or a process that holds it.",
            )
        case "CANTOPEN" | "READONLY" | "PERM" | "AUTH":
            return ConfigError(
                f"Ledger {place} cannot be opened for writing ({name}).",
                remedy="Create its folder and let this user write to the folder and the file, or"
                " point the ledger's URL elsewhere.",
            )
        case "NOTADB" | "CORRUPT":
            return ConfigError(
                f"Ledger {place} is not a readable SQLite database ({name}).",
                remedy="Restore it from a backup, or point the ledger's URL at another file.",
            )
        case _ if "no such table" in str(error) or "no such column" in str(error):
            return ConfigError(f"Ledger {place} lacks tables or columns.", remedy=MIGRATE)
        case _:
            return _refused(place, name)


def _postgresql_fault(place: str, error: exc.DBAPIError) -> PenstockError:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return _lost_connection(place, error)
    if state.startswith(PASSING_STATES) or error.connection_invalidated:
        return StoreUnavailable(
            f"Ledger {place} did not take the change (SQLSTATE {state}).", remedy=RETRY
        )
    if state in {"42P01", "42703"}:
        return ConfigError(f"Ledger {place} lacks tables or columns.", remedy=MIGRATE)
    if state.startswith("28") or state in {"3D000", "42501"}:
        return _no_entry(place, f"SQLSTATE {state}")
    return _refused(place, f"SQLSTATE {state}")


def _lost_connection(place: str, error: exc.DBAPIError) -> PenstockError:
    if not isinstance(error, exc.OperationalError):
        return _refused(place, type(error.orig).__name__)
    # libpq's words hold hosts, roles and databases, no secrets.
    reason = " ".join(str(error.orig).split())
    if any(phrase in reason for phrase in LOGIN_PHRASES):
        return _no_entry(place, reason)
    return StoreUnavailable(f"Ledger {place} did not answer: {reason}.", remedy=RETRY)


def _no_entry(place: str, reason: str) -> ConfigError:
    return ConfigError(
        f"Ledger {place} did not let us in: {reason}.",
        remedy="Check database, role, password and grants in the ledger's URL.",
    )


def _refused(place: str, reason: str) -> StoreRefused:
    return StoreRefused(
        f"Ledger {place} refused a statement ({reason}).",
        remedy="Look at the database's log; the error this came from names the statement.",
    )
