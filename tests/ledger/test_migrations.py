"""Bringing a database to the schema of this version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from penstock.errors import ConfigError
from penstock.ledger import Ledger
from penstock.ledger.migrate import VERSION_TABLE
from penstock.ledger.schema import metadata

Sql = Callable[..., list[tuple[Any, ...]]]


def test_the_migrations_make_the_declared_schema(url: str) -> None:
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )

        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_migrating_again_changes_nothing(ledger: Ledger, sql: Sql) -> None:
    ledger.audit(kind="a.b", subject="c:d", body={})
    before = sql("SELECT * FROM penstock_ledger_version")

    ledger.migrate()

    assert sql("SELECT * FROM penstock_ledger_version") == before
    assert len(list(ledger.audit_records())) == 1


def test_a_ledger_that_was_not_migrated_says_so(empty_url: str) -> None:
    with (
        Ledger(empty_url) as ledger,
        pytest.raises(ConfigError, match=r"lacks tables or columns\. Call Ledger\.migrate"),
    ):
        ledger.batches()


def test_a_ledger_of_a_newer_penstock_is_left_alone(empty_url: str) -> None:
    with Ledger(empty_url) as newer:
        newer.migrate()
        engine = create_engine(empty_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE penstock_ledger_version SET version_num = '9999'")
        engine.dispose()

        with pytest.raises(ConfigError, match="has revision 9999, which this version"):
            newer.migrate()


def test_a_shared_database_keeps_the_tables_of_others(empty_url: str) -> None:
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('prefect')")

    with Ledger(empty_url) as ledger:
        ledger.migrate()

    with engine.connect() as connection:
        (row,) = connection.exec_driver_sql("SELECT * FROM alembic_version")
    engine.dispose()
    assert tuple(row) == ("prefect",)
