"""Say what a catalog, a warehouse or Iceberg meant by its exception."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from penstock.errors import (
    ConfigError,
    NotFound,
    PenstockError,
    StoreRefused,
    StoreUnavailable,
    Tampered,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["translated"]

UNREADABLE = "file is not a database"
UNOPENED = ("unable to open database file", UNREADABLE)
READ_ONLY = ("readonly database", "read-only")
DENIED = ("ACCESS_DENIED", "AccessDenied", "SIGNATURE_DOES_NOT_MATCH", "INVALID_ACCESS_KEY_ID")


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn errors of the database and the file system into Penstock's, naming the action."""
    try:
        yield
    except PenstockError:
        raise
    except (OperationalError, InterfaceError, PoolTimeout) as exc:
        raise _of_catalog(exc, action) from exc
    except DBAPIError as exc:
        if not exc.connection_invalidated and UNREADABLE not in str(exc):
            raise
        raise _of_catalog(exc, action) from exc
    except pa.ArrowInvalid as exc:
        raise Tampered(
            f"{action}: a file of the warehouse is not what was published ({_first_line(exc)}).",
            remedy="Restore it from a backup, or roll the table back to a snapshot without it.",
        ) from exc
    except FileNotFoundError as exc:
        raise NotFound(
            f"{action}: a file of the warehouse is missing ({_first_line(exc)}).",
            remedy="Restore it from a backup, or roll the table back to a snapshot without it.",
        ) from exc
    except PermissionError as exc:
        raise _refused(exc, action) from exc
    except OSError as exc:
        if any(word in str(exc) for word in DENIED):
            raise _refused(exc, action) from exc
        raise StoreUnavailable(
            f"{action}: the warehouse did not answer ({_first_line(exc)}).",
            remedy="Try again; check the warehouse's address and the network if it stays so.",
        ) from exc


def _of_catalog(exc: Exception, action: str) -> PenstockError:
    text = str(getattr(exc, "orig", exc)).strip().lower()
    if any(word in text for word in UNOPENED):
        return ConfigError(
            f"{action}: the table catalog cannot be opened ({_first_line(exc)}).",
            remedy="Point the catalog's URL at a database in a folder that can be written to.",
        )
    if any(word in text for word in READ_ONLY):
        return StoreRefused(
            f"{action}: the table catalog may not be written to.",
            remedy="Give this user the right to write to the catalog's database.",
        )
    return StoreUnavailable(
        f"{action}: the table catalog did not answer in time ({_first_line(exc)}).",
        remedy="Try again; check the catalog's database if it stays so.",
    )


def _refused(exc: OSError, action: str) -> StoreRefused:
    return StoreRefused(
        f"{action}: the warehouse denied access ({_first_line(exc)}).",
        remedy="Give these credentials the right to read, write and list the warehouse.",
    )


def _first_line(exc: Exception) -> str:
    """Return an error's first line, without the statement and its parameters."""
    text = str(getattr(exc, "orig", None) or exc).strip()
    return text.splitlines()[0][:200] if text else type(exc).__name__
