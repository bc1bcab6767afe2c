"""Bring a database to the schema of this version of Penstock, with Alembic."""

from __future__ import annotations

from pathlib import Path

import tenacity
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from penstock.errors import ConfigError, StoreUnavailable
from penstock.ledger.engine import WAIT_S, Database
from penstock.ledger.schema import metadata

__all__ = ["migrate"]

SCRIPTS = Path(__file__).parent / "migrations"

VERSION_TABLE = "penstock_ledger_version"
"""Not Alembic's default name, which Prefect uses too and may share the database with us."""


def migrate(database: Database) -> None:
    """Upgrade to the newest revision, all or nothing; do nothing when it is there already.

    Raises:
        ConfigError: when the database was migrated by a newer Penstock, or can't hold Unicode.
    """
    scripts = ScriptDirectory(SCRIPTS, version_locations=[SCRIPTS])
    with database.reading() as connection:
        if _is_current(connection, scripts, place=database.place):
            return
    if database.is_sqlite:
        _use_wal(database)
    with database.writing() as connection:
        if not database.is_sqlite:
            _require_unicode(connection, place=database.place)
        if not _is_current(connection, scripts, place=database.place):
            _upgrade(connection, scripts)


def _is_current(connection: Connection, scripts: ScriptDirectory, *, place: str) -> bool:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    found = set(context.get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    if found - known:
        raise ConfigError(
            f"Ledger {place} has revision {', '.join(sorted(found - known))}, which this version"
            " of Penstock does not know.",
            remedy="Use the newer Penstock that migrated it, or restore an older backup.",
        )
    return found == set(scripts.get_heads())


def _upgrade(connection: Connection, scripts: ScriptDirectory) -> None:
    def steps(current: tuple[str, ...], _: MigrationContext) -> list[MigrationStep]:
        missing = list(scripts.iterate_revisions("heads", current))
        return [
            MigrationStep.upgrade_from_script(scripts.revision_map, script)
            for script in reversed(missing)
        ]

    # The scripts run in the caller's transaction and lock: no env.py, which would open its own.
    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(
            connection=connection, target_metadata=metadata, version_table=VERSION_TABLE
        )
        environment.run_migrations()


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(StoreUnavailable),
    wait=tenacity.wait_random(0.01, 0.1),
    stop=tenacity.stop_after_delay(WAIT_S),
    reraise=True,
)
def _use_wal(database: Database) -> None:
    # The file keeps the mode. SQLite does not always wait for others here, so we do.
    database.pragma("journal_mode = WAL")


def _require_unicode(connection: Connection, *, place: str) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise ConfigError(
            f"Ledger {place} is encoded in {encoding}.",
            remedy="Create the database with ENCODING 'UTF8' TEMPLATE template0.",
        )
