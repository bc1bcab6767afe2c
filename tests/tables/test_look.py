from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.errors import NotConserved, NotFound, PenstockError, Tampered

if TYPE_CHECKING:
    from pyiceberg.table import Table
    from tests.tables.conftest import MakeBatch, Publish, PublishedRows

    from penstock.tables import Tables


def iceberg(tables: Tables) -> Table:
    table = tables._warehouse._load("orders")  # noqa: SLF001 - changed by another program
    assert table is not None
    return table


def test_rolled_back_batch_is_not_found_and_can_be_published_again(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    kept, withdrawn = make_batch("kept"), make_batch("withdrawn")
    before = publish(tables, kept)
    publish(tables, withdrawn)

    iceberg(tables).manage_snapshots().rollback_to_snapshot(before).commit()
    found = tables.find("orders", withdrawn.id)
    publish(tables, withdrawn)

    assert found is None
    assert published_rows(tables) == {kept.id: 3, withdrawn.id: 3}


def test_one_batch_is_deleted_exactly_and_without_rewriting(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    kept, deleted = make_batch("kept"), make_batch("deleted")
    publish(tables, deleted)
    snapshot = publish(tables, kept)

    iceberg(tables).delete(f"_penstock_batch = '{deleted.id}'")

    assert published_rows(tables) == {kept.id: 3}
    assert tables.find("orders", kept.id) == snapshot
    assert tables.find("orders", deleted.id) is None
    with pytest.raises(NotConserved, match="is not in table"):
        tables.verify("orders", deleted.id, rows=3)


def test_deleted_batch_can_be_published_again(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    batch = make_batch()
    publish(tables, batch)
    iceberg(tables).delete(f"_penstock_batch = '{batch.id}'")

    publish(tables, batch)

    assert published_rows(tables) == {batch.id: 3}
    tables.verify("orders", batch.id, rows=3)


def test_batch_on_a_branch_is_not_found(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    publish(tables, make_batch("before"))
    batch = make_batch("staged")
    placed = tables.place("orders", batch.ref, batch.source)
    table = iceberg(tables)
    table.manage_snapshots().create_branch(tables.snapshot("orders") or 0, "side").commit()
    location = placed.uri
    table.add_files([location], {"penstock.batch": batch.id}, branch="side")

    assert tables.find("orders", batch.id) is None


def test_verify_reads_the_files_and_not_only_what_metadata_says(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    fewer = make_batch(rows=3).source.read_bytes()
    batch = make_batch(rows=4)
    publish(tables, batch)
    [task] = iceberg(tables).scan().plan_files()

    Path(task.file.file_path.removeprefix("file://")).write_bytes(fewer)

    with pytest.raises(NotConserved, match=r"has 3 rows of batch .* \(4 by metadata\)"):
        tables.verify("orders", batch.id, rows=4)


@pytest.mark.parametrize(("damage", "error"), [(b"damaged", Tampered), (None, NotFound)])
def test_verify_names_a_published_file_that_cannot_be_read(
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    damage: bytes | None,
    error: type[PenstockError],
) -> None:
    batch = make_batch()
    publish(tables, batch)
    [task] = iceberg(tables).scan().plan_files()
    path = Path(task.file.file_path.removeprefix("file://"))
    path.unlink() if damage is None else path.write_bytes(damage)

    with pytest.raises(error, match=r"Reading batch '.*' back from table 'orders'"):
        tables.verify("orders", batch.id, rows=3)


def test_verify_refuses_rows_that_are_there_twice(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    batch = make_batch()
    publish(tables, batch)
    [task] = iceberg(tables).scan().plan_files()
    iceberg(tables).add_files([task.file.file_path], check_duplicate_files=False)

    with pytest.raises(NotConserved, match="has 6 rows"):
        tables.verify("orders", batch.id, rows=3)
