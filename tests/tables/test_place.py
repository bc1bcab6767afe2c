from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.errors import ConfigError, Tampered
from penstock.tables import Tables

if TYPE_CHECKING:
    from tests.tables.conftest import MakeBatch, Publish, PublishedRows


def test_placed_file_lies_in_the_table_under_its_digest(
    tables: Tables, make_batch: MakeBatch, warehouse: str
) -> None:
    batch = make_batch()

    placed = tables.place("orders", batch.ref, batch.source)

    path = Path(warehouse) / "orders" / "data" / f"{batch.ref.digest}.parquet"
    assert placed == batch.ref.model_copy(update={"uri": path.as_uri()})
    assert path.read_bytes() == batch.source.read_bytes()


def test_placing_again_writes_nothing(
    tables: Tables, make_batch: MakeBatch, warehouse: str
) -> None:
    batch = make_batch()
    first = tables.place("orders", batch.ref, batch.source)
    [path] = Path(warehouse).rglob("*.parquet")
    before = path.stat()

    second = tables.place("orders", batch.ref, batch.source)

    assert second == first
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_placed_file_survives_changes_of_its_source(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    batch = make_batch()
    publish(tables, batch)

    batch.source.write_bytes(b"")

    assert published_rows(tables) == {batch.id: 3}


def test_source_with_another_digest_is_refused(
    tables: Tables, make_batch: MakeBatch, warehouse: str
) -> None:
    batch = make_batch()
    batch.source.write_bytes(batch.source.read_bytes() + b"x")

    with pytest.raises(Tampered, match="has the digest"):
        tables.place("orders", batch.ref, batch.source)

    assert not Path(warehouse).exists()


@pytest.mark.parametrize("damage", [b"", b"half", None])
def test_damaged_file_in_its_place_is_replaced(
    tables: Tables, make_batch: MakeBatch, warehouse: str, damage: bytes | None
) -> None:
    batch = make_batch()
    tables.place("orders", batch.ref, batch.source)
    [path] = Path(warehouse).rglob("*.parquet")
    path.write_bytes(bytes(batch.ref.size) if damage is None else damage)

    tables.place("orders", batch.ref, batch.source)

    assert path.read_bytes() == batch.source.read_bytes()


@pytest.mark.parametrize("form", ["path", "uri"])
def test_warehouse_folder_may_have_spaces_umlauts_and_percent_signs(
    tmp_path: Path,
    make_batch: MakeBatch,
    publish: Publish,
    published_rows: PublishedRows,
    form: str,
) -> None:
    folder = tmp_path / "größe 100%20"
    warehouse = str(folder) if form == "path" else folder.as_uri()
    batch = make_batch()

    with Tables(catalog=f"sqlite:///{folder}/catalog.db", warehouse=warehouse) as tables:
        publish(tables, batch)

        assert published_rows(tables) == {batch.id: 3}
    assert {path.name for path in folder.iterdir()} >= {"catalog.db", "orders"}
    assert {path.name for path in (folder / "orders").iterdir()} == {"data", "metadata"}


@pytest.mark.parametrize("warehouse", ["memory://tables", "{folder}/a#b", "{folder}/a?b"])
def test_warehouse_that_cannot_hold_tables_is_refused(
    catalog: str, make_batch: MakeBatch, publish: Publish, warehouse: str, tmp_path: Path
) -> None:
    folder = tmp_path / "tables"

    with (
        Tables(catalog=catalog, warehouse=warehouse.format(folder=folder)) as tables,
        pytest.raises(ConfigError, match="cannot hold tables"),
    ):
        publish(tables, make_batch())

    assert not folder.exists()
