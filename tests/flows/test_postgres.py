"""Ledger and table catalog in one PostgreSQL database: the same journeys as on SQLite."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import sqlalchemy as sa

from penstock.flows import drain
from penstock.model import Choice
from workbench import Workbench, bad, good

if TYPE_CHECKING:
    from tests.conftest import S3Server

URL = os.environ.get("PENSTOCK_TEST_POSTGRES", "")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not URL, reason="PENSTOCK_TEST_POSTGRES names no PostgreSQL server"),
]


@pytest.fixture
def database() -> Iterator[str]:
    """A database of its own for each test."""
    name = f"penstock_flows_{uuid4().hex}"
    server = sa.create_engine(URL, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield sa.make_url(URL).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def bench(
    prefect_server: None,  # noqa: ARG001 - must be up first
    database: str,
    tmp_path: Path,
    use: Callable[[Workbench], None],
) -> Workbench:
    bench = Workbench(home=tmp_path / "home", root=str(tmp_path), ledger=database, catalog=database)
    use(bench)
    bench.configure()
    return bench


def test_a_good_batch_is_published_with_nothing_kept_in_sqlite(bench: Workbench) -> None:
    bench.land("a.csv", good())

    assert drain("orders") == {"published": 1}

    (record,) = bench.batches()
    assert bench.published() == list(good())
    assert (record.rows_landed, record.rows_published) == (20, 20)
    assert list(bench.home.glob("*.db")) == []
    assert bench.tools.ledger.verify_audit() is None


@pytest.mark.parametrize(
    ("choice", "rows", "counts"),
    [
        (Choice.APPROVE, bad(), (20, 0, 0)),
        (Choice.QUARANTINE, bad()[8:], (12, 8, 0)),
        (Choice.REJECT, [], (0, 0, 20)),
    ],
)
def test_a_decision_publishes_exactly_its_rows(
    bench: Workbench, choice: Choice, rows: list[object], counts: tuple[int, int, int]
) -> None:
    bench.land("a.csv", bad())
    bench.land("b.csv", good(100))
    assert drain("orders") == {"held": 1, "published": 1}
    bench.decide(choice)

    drain("orders")

    record = bench.batches()[0]
    assert bench.published() == [*rows, *good(100)]
    assert (record.rows_published, record.rows_quarantined, record.rows_rejected) == counts
    assert bench.tools.ledger.verify_audit() is None


def test_installations_that_start_at_once_migrate_the_database_together(bench: Workbench) -> None:
    with ThreadPoolExecutor(4) as pool:
        breaks = list(pool.map(lambda _: bench.tools.ledger.verify_audit(), range(4)))

    assert breaks == [None] * 4


def test_production_keeps_rows_in_s3_and_records_in_postgresql(
    prefect_server: None,  # noqa: ARG001 - must be up first
    s3_env: S3Server,
    database: str,
    tmp_path: Path,
    use: Callable[[Workbench], None],
) -> None:
    root = f"s3://{s3_env.bucket}/{uuid4().hex}"
    bench = Workbench(home=tmp_path / "home", root=root, ledger=database, catalog=database)
    use(bench)
    bench.configure()
    bench.land("a.csv", bad())
    bench.land("b.csv", good(100))
    drain("orders")
    bench.decide(Choice.QUARANTINE)

    drain("orders")

    assert bench.states() == ["published", "published"]
    assert bench.published() == [*bad()[8:], *good(100)]
