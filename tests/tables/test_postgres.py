from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.tables.conftest import MakeBatch, Publish, PublishApart, PublishedRows

    from penstock.tables import Tables

URL = os.environ.get("PENSTOCK_TEST_POSTGRES", "")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not URL, reason="PENSTOCK_TEST_POSTGRES names no PostgreSQL server"),
]


@pytest.fixture
def catalog() -> Iterator[str]:
    """A database of its own for each test."""
    name = f"penstock_tables_{uuid4().hex}"
    server = sa.create_engine(URL, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    try:
        yield sa.make_url(URL).set(database=name).render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))


def test_batch_is_published_once_and_found(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    batch = make_batch()

    snapshot = publish(tables, batch)

    assert publish(tables, batch) == snapshot == tables.find("orders", batch.id)
    assert tables.names() == ["orders"]
    tables.verify("orders", batch.id, rows=3)


@pytest.mark.parametrize("count", [2, 6])
def test_batches_published_by_processes_at_once_all_arrive_once(
    tables: Tables,
    make_batch: MakeBatch,
    publish_apart: PublishApart,
    published_rows: PublishedRows,
    count: int,
) -> None:
    batches = [make_batch(str(number), rows=3 + number) for number in range(count)]

    codes = publish_apart(*batches)

    assert codes == [0] * count
    assert published_rows(tables) == {batch.id: batch.rows for batch in batches}


@pytest.mark.parametrize("step", ["created", "branched", "added", "audited", "swapped"])
def test_batch_of_a_killed_publisher_arrives_once_when_published_again(
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    publish_apart: PublishApart,
    step: str,
) -> None:
    batch = make_batch()

    publish_apart(batch, die_at=step)
    publish(tables, batch)

    tables.verify("orders", batch.id, rows=3)
