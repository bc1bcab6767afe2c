"""Open the SQL catalog that says which metadata file is each table's present one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError

from penstock.errors import ConfigError
from penstock.tables.faults import translated

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import URL

__all__ = ["NAMESPACE", "ensure_namespace", "io_properties", "open_catalog"]

NAMESPACE = "penstock"
CATALOG = "penstock"
LOCK_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 10
REQUEST_TIMEOUT_S = 60
OPENING_ATTEMPTS = 5


def open_catalog(url: str, *, warehouse: str) -> SqlCatalog:
    """Open the catalog at a SQLAlchemy URL, creating its two tables when they are not there.

    A locked SQLite catalog is waited for up to `LOCK_TIMEOUT_S` (`?timeout=` in the URL says
    otherwise); several processes may open a new catalog at once.
    """
    address = _with_timeouts(_parse(url))
    properties = {
        "uri": address.render_as_string(hide_password=False),
        "warehouse": warehouse,
        "pool_pre_ping": "true",
        **io_properties(os.environ),
    }
    with translated("Opening the table catalog"):
        catalog = _construct(properties)
        if address.get_backend_name() == "sqlite":
            _log_ahead(catalog)
    return catalog


def ensure_namespace(catalog: SqlCatalog) -> None:
    """Create the namespace of published tables unless somebody did."""
    try:
        if not catalog.namespace_exists(NAMESPACE):
            catalog.create_namespace(NAMESPACE)
    except (NamespaceAlreadyExistsError, IntegrityError):
        return


def io_properties(environ: Mapping[str, str]) -> dict[str, str]:
    """Translate the standard AWS_* environment into the properties of Iceberg's file access.

    They stay in memory: what is stored in table metadata never holds credentials.
    """
    found = {
        "s3.endpoint": environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL"),
        "s3.region": environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        "s3.access-key-id": environ.get("AWS_ACCESS_KEY_ID"),
        "s3.secret-access-key": environ.get("AWS_SECRET_ACCESS_KEY"),
        "s3.session-token": environ.get("AWS_SESSION_TOKEN"),
        "s3.connect-timeout": str(CONNECT_TIMEOUT_S),
        "s3.request-timeout": str(REQUEST_TIMEOUT_S),
        "py-io-impl": "pyiceberg.io.pyarrow.PyArrowFileIO",
    }
    return {name: value for name, value in found.items() if value}


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
        address.get_dialect()
    except (ArgumentError, ImportError) as exc:
        raise _unusable() from exc
    if address.get_backend_name() not in {"sqlite", "postgresql"}:
        raise _unusable()
    if address.get_backend_name() == "sqlite":
        if not address.database or address.database == ":memory:":
            raise _unusable()
        with translated("Opening the table catalog"):
            Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    return address


def _unusable() -> ConfigError:
    return ConfigError(
        "The URL of the table catalog is not one of a SQLite file or a PostgreSQL database.",
        remedy="Write it as `sqlite:////folder/tables.db` or `postgresql+psycopg://user@host/name`.",
    )


def _with_timeouts(address: URL) -> URL:
    name, seconds = (
        ("timeout", LOCK_TIMEOUT_S)
        if address.get_backend_name() == "sqlite"
        else ("connect_timeout", CONNECT_TIMEOUT_S)
    )
    return address if name in address.query else address.update_query_dict({name: str(seconds)})


def _construct(properties: dict[str, str]) -> SqlCatalog:
    """Construct the catalog; losing the race to create its tables is no reason to fail."""
    for _ in range(OPENING_ATTEMPTS - 1):
        try:
            return SqlCatalog(CATALOG, **properties)
        except (IntegrityError, OperationalError, ProgrammingError) as exc:
            if not isinstance(exc, IntegrityError) and "already exists" not in str(exc):
                raise
    return SqlCatalog(CATALOG, **properties)


def _log_ahead(catalog: SqlCatalog) -> None:
    """Let readers of a SQLite catalog go on while somebody writes."""
    with catalog.engine.connect() as connection:
        if connection.exec_driver_sql("PRAGMA journal_mode").scalar() != "wal":
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
