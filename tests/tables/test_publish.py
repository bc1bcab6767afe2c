from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.errors import (
    ConfigError,
    NotAllowed,
    NotConserved,
    NotFound,
    PublishRace,
    StoreUnavailable,
)
from penstock.model import BatchId, hash_bytes
from penstock.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyiceberg.table import Table
    from tests.tables.conftest import Batch, MakeBatch, Publish, PublishedRows


def iceberg(tables: Tables, dataset: str = "orders") -> Table:
    """The table itself, as another program would see it."""
    table = tables._warehouse._load(dataset)  # noqa: SLF001 - looked at from the other side
    assert table is not None
    return table


def at_step(catalog: str, warehouse: str, step: str, act: Callable[[], object]) -> Tables:
    """Tables whose publisher lets something else happen after its first time at a step."""
    pending = [act]

    def on_step(reached: str) -> None:
        if reached == step and pending:
            pending.pop()()

    return Tables(catalog=catalog, warehouse=warehouse, on_step=on_step)


def test_published_batch_is_found_verified_and_read(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    batch = make_batch(rows=5)

    snapshot = publish(tables, batch)

    assert tables.find("orders", batch.id) == snapshot == tables.snapshot("orders")
    assert published_rows(tables) == {batch.id: 5}
    assert tables.names() == ["orders"]
    tables.verify("orders", batch.id, rows=5)


def test_nothing_is_found_before_the_first_publish(tables: Tables, make_batch: MakeBatch) -> None:
    batch = make_batch()

    tables.place("orders", batch.ref, batch.source)

    assert tables.find("orders", batch.id) is None
    assert tables.snapshot("orders") is None
    assert tables.names() == []
    with pytest.raises(NotConserved, match="is not in table 'orders'"):
        tables.verify("orders", batch.id, rows=3)


def test_same_batch_published_twice_is_one_snapshot(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    batch = make_batch()
    first = publish(tables, batch)
    publish(tables, make_batch("b"))

    second = publish(tables, batch)

    assert second == first
    assert published_rows(tables)[batch.id] == 3


def test_snapshot_says_who_brought_it_and_no_branch_is_left(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    batch = make_batch()

    publish(tables, batch, summary={"release": "r7", "decision": "policy", "penstock.rows": "99"})

    table = iceberg(tables)
    current = table.current_snapshot()
    assert current is not None
    assert current.summary is not None
    said = current.summary.additional_properties
    assert said["penstock.batch"] == batch.id
    assert said["penstock.file"] == batch.ref.digest
    assert said["penstock.rows"] == "3"
    assert said["penstock.release"] == "r7"
    assert said["penstock.decision"] == "policy"
    assert list(table.metadata.refs) == ["main"]


def test_published_file_is_the_placed_one_and_not_rewritten(
    tables: Tables, make_batch: MakeBatch, publish: Publish, warehouse: str
) -> None:
    batch = make_batch()

    publish(tables, batch)

    [task] = iceberg(tables).scan().plan_files()
    assert task.file.file_path == f"file://{warehouse}/orders/data/{batch.ref.digest}.parquet"


def test_batch_without_rows_is_published_as_an_empty_snapshot(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    first, second = make_batch("a", rows=0), make_batch("b", rows=0)

    snapshots = [publish(tables, batch) for batch in (first, second, first)]

    assert snapshots[0] == snapshots[2] != snapshots[1]
    assert tables.find("orders", first.id) == snapshots[0]
    tables.verify("orders", first.id, rows=0)


@pytest.mark.parametrize("dataset", ["a.b-c_d", "2026", "x" * 128])
def test_dataset_may_have_any_admitted_name(
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    published_rows: PublishedRows,
    dataset: str,
) -> None:
    batch = make_batch()

    publish(tables, batch, dataset=dataset)

    assert tables.names() == [dataset]
    assert published_rows(tables, dataset) == {batch.id: 3}


@pytest.mark.parametrize("dataset", ["", ".", "..", "a/b", "-a", "a b", 'a"b', "x" * 129, "ä"])
def test_other_names_are_refused(tables: Tables, make_batch: MakeBatch, dataset: str) -> None:
    batch = make_batch()

    with pytest.raises(ConfigError, match="cannot name a table"):
        tables.place(dataset, batch.ref, batch.source)
    with pytest.raises(ConfigError, match="cannot name a table"):
        tables.find(dataset, batch.id)


def test_file_that_was_not_placed_is_refused(tables: Tables, make_batch: MakeBatch) -> None:
    batch = make_batch()

    with pytest.raises(NotAllowed, match="Place the file first"):
        tables.publish("orders", batch.ref, columns=batch.columns, batch=batch.id, summary={})


def test_file_that_vanished_after_placing_is_named(
    tables: Tables, make_batch: MakeBatch, warehouse: str
) -> None:
    batch = make_batch()
    placed = tables.place("orders", batch.ref, batch.source)
    (path,) = Path(warehouse).rglob("*.parquet")
    path.unlink()

    with pytest.raises(NotFound, match=batch.ref.digest):
        tables.publish("orders", placed, columns=batch.columns, batch=batch.id, summary={})


@pytest.mark.parametrize("claimed_rows", [2, 4, 0])
def test_file_with_other_rows_than_claimed_is_not_published(
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    published_rows: PublishedRows,
    claimed_rows: int,
) -> None:
    good = make_batch("good")
    publish(tables, good)

    with pytest.raises(NotConserved):
        publish(tables, make_batch("bad", claimed_rows=claimed_rows))

    assert published_rows(tables) == {good.id: 3}
    assert list(iceberg(tables).metadata.refs) == ["main"]


def test_file_of_another_batch_is_not_published(
    tables: Tables, make_batch: MakeBatch, published_rows: PublishedRows
) -> None:
    batch = make_batch()
    placed = tables.place("orders", batch.ref, batch.source)
    other = BatchId(hash_bytes(b"other"))

    with pytest.raises(NotConserved, match="has 0 rows on its branch"):
        tables.publish("orders", placed, columns=batch.columns, batch=other, summary={})

    assert published_rows(tables) == {}


@pytest.mark.parametrize("step", ["branched", "added", "audited", "compared"])
def test_batch_that_was_overtaken_is_refused_and_arrives_on_the_next_try(
    *,
    catalog: str,
    warehouse: str,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    published_rows: PublishedRows,
    step: str,
) -> None:
    first, second = make_batch("first"), make_batch("second")
    publish(tables, make_batch("zero"))
    slow = at_step(catalog, warehouse, step, lambda: publish(tables, second))

    with slow:
        with pytest.raises(PublishRace, match="moved while batch"):
            publish(slow, first)
        assert tables.find("orders", first.id) is None
        table = iceberg(tables)
        assert list(table.metadata.refs) == ["main"]
        assert len(table.snapshots()) == 3
        publish(slow, first)

    assert published_rows(tables)[first.id] == published_rows(tables)[second.id] == 3


@pytest.mark.parametrize("step", ["looked", "branched", "added", "audited", "compared"])
@pytest.mark.parametrize("rows", [3, 0])
@pytest.mark.parametrize("exists", [True, False])
def test_twin_of_the_same_batch_publishes_it_once(
    *,
    catalog: str,
    warehouse: str,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    step: str,
    rows: int,
    exists: bool,
) -> None:
    batch = make_batch(rows=rows)
    if exists:
        publish(tables, make_batch("before"))
    twins: list[int] = []
    slow = at_step(catalog, warehouse, step, lambda: twins.append(publish(tables, batch)))

    with slow:
        try:
            snapshot = publish(slow, batch)
        except PublishRace:
            snapshot = publish(slow, batch)

    assert [snapshot] == twins
    tables.verify("orders", batch.id, rows=rows)
    carriers = [
        kept
        for kept in iceberg(tables).snapshots()
        if kept.summary and kept.summary.additional_properties.get("penstock.batch") == batch.id
    ]
    assert len(carriers) == 1


@pytest.mark.parametrize("stop", ["branched", "added", "audited"])
def test_branch_of_a_dead_publisher_hinders_nobody(
    *,
    catalog: str,
    warehouse: str,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    published_rows: PublishedRows,
    stop: str,
) -> None:
    dying, living = make_batch("dying"), make_batch("living")
    publish(tables, make_batch("before"))

    def die() -> None:
        raise KeyboardInterrupt

    def fail() -> None:
        with (
            at_step(catalog, warehouse, stop, die) as doomed,
            pytest.raises(KeyboardInterrupt),
        ):
            publish(doomed, dying)

    with at_step(catalog, warehouse, "branched", fail) as slow:
        publish(slow, living)

    assert tables.find("orders", dying.id) is None
    assert len(iceberg(tables).metadata.refs) == 2
    publish(tables, dying)
    assert set(published_rows(tables).values()) == {3}
    assert len(published_rows(tables)) == 3


def test_branch_left_for_more_than_a_day_is_dropped_with_the_next_publish(
    catalog: str, warehouse: str, tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    publish(tables, make_batch("before"))
    with (
        at_step(catalog, warehouse, "added", die) as doomed,
        pytest.raises(KeyboardInterrupt),
    ):
        publish(doomed, make_batch("dying"))
    iceberg(tables).manage_snapshots().create_branch(
        tables.snapshot("orders") or 0, "penstock-of-somebody-else"
    ).commit()
    now = datetime.now(UTC)

    with Tables(
        catalog=catalog, warehouse=warehouse, clock=lambda: now + timedelta(hours=23)
    ) as soon:
        publish(soon, make_batch("soon"))
        left = len(iceberg(tables).metadata.refs)
    with Tables(
        catalog=catalog, warehouse=warehouse, clock=lambda: now + timedelta(hours=25)
    ) as later:
        publish(later, make_batch("later"))

    assert left == 3
    assert sorted(iceberg(tables).metadata.refs) == ["main", "penstock-of-somebody-else"]


def test_publisher_whose_branch_was_dropped_is_told_of_a_race(
    catalog: str, warehouse: str, tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    batch = make_batch()
    publish(tables, make_batch("before"))

    def drop() -> None:
        table = iceberg(tables)
        [branch] = set(table.metadata.refs) - {"main"}
        table.manage_snapshots().remove_branch(branch).commit()

    with at_step(catalog, warehouse, "branched", drop) as robbed, pytest.raises(PublishRace):
        publish(robbed, batch)

    assert tables.find("orders", batch.id) is None
    assert list(iceberg(tables).metadata.refs) == ["main"]


def test_locked_catalog_is_waited_for_within_bounds(
    catalog: str, warehouse: str, make_batch: MakeBatch, publish: Publish
) -> None:
    batch = make_batch()
    with Tables(catalog=f"{catalog}?timeout=0.1", warehouse=warehouse) as tables:
        publish(tables, make_batch("before"))
        lock = sqlite3.connect(catalog.removeprefix("sqlite:///"), isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")

        with pytest.raises(StoreUnavailable, match="database is locked"):
            publish(tables, batch)
        assert tables.find("orders", batch.id) is None

        lock.execute("ROLLBACK")
        lock.close()
        publish(tables, batch)
        tables.verify("orders", batch.id, rows=3)


def test_history_is_kept_short_and_old_batches_are_still_found(
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
    published_rows: PublishedRows,
) -> None:
    monkeypatch.setattr("penstock.tables.publication.KEPT_SNAPSHOTS", 3)
    batches: list[Batch] = [make_batch(str(number)) for number in range(6)]
    snapshots = [publish(tables, batch) for batch in batches]

    again = [publish(tables, batch) for batch in batches]

    assert again == snapshots
    assert len(iceberg(tables).snapshots()) == 3
    assert published_rows(tables) == {batch.id: 3 for batch in batches}


def test_warehouse_that_belongs_to_another_catalog_is_refused(
    *,
    tables: Tables,
    catalog: str,
    tmp_path: Path,
    make_batch: MakeBatch,
    publish: Publish,
) -> None:
    publish(tables, make_batch("before"))

    with (
        Tables(catalog=catalog, warehouse=str(tmp_path / "elsewhere")) as astray,
        pytest.raises(ConfigError, match=r"lies in .*/warehouse/orders, .* in .*/elsewhere/orders"),
    ):
        publish(astray, make_batch())


def test_table_that_penstock_did_not_create_is_refused(
    tables: Tables, make_batch: MakeBatch, publish: Publish, warehouse: str
) -> None:
    publish(tables, make_batch(), dataset="ours")
    table = iceberg(tables, "ours")
    table.catalog.create_table(
        ("penstock", "theirs"), table.schema(), location=f"file://{warehouse}/theirs"
    )

    with pytest.raises(ConfigError, match="'theirs' was not created by Penstock"):
        publish(tables, make_batch(), dataset="theirs")
