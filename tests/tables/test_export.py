from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from penstock.errors import ConfigError
from penstock.model import Column

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tables.conftest import MakeBatch, Publish

    from penstock.tables import Tables


def test_columns_of_all_batches_are_exported(
    tables: Tables, make_batch: MakeBatch, publish: Publish, tmp_path: Path
) -> None:
    publish(tables, make_batch("a"))
    publish(tables, make_batch("b"))

    rows = tables.export("orders", ["item", "id", "item"], tmp_path / "new" / "out.parquet")

    table = pq.read_table(tmp_path / "new" / "out.parquet")
    assert rows == table.num_rows == 6
    assert table.column_names == ["item", "id"]
    assert sorted(table["id"].to_pylist()) == [0, 0, 1, 1, 2, 2]


def test_export_of_a_snapshot_leaves_later_batches_out(
    tables: Tables, make_batch: MakeBatch, publish: Publish, tmp_path: Path
) -> None:
    snapshot = publish(tables, make_batch("a"))
    publish(tables, make_batch("b"))

    assert tables.export("orders", ["id"], tmp_path / "out.parquet", snapshot=snapshot) == 3


def test_table_that_does_not_exist_gives_no_file(tables: Tables, tmp_path: Path) -> None:
    assert tables.export("orders", ["id"], tmp_path / "out.parquet") is None
    assert not (tmp_path / "out.parquet").exists()


def test_table_without_rows_gives_a_file_without_rows(
    tables: Tables, make_batch: MakeBatch, publish: Publish, tmp_path: Path
) -> None:
    publish(tables, make_batch(rows=0))

    assert tables.export("orders", ["id"], tmp_path / "out.parquet") == 0
    assert pq.read_table(tmp_path / "out.parquet").column_names == ["id"]


def test_column_that_does_not_exist_is_refused_with_those_that_do(
    tables: Tables, make_batch: MakeBatch, publish: Publish, tmp_path: Path
) -> None:
    publish(tables, make_batch())

    with pytest.raises(ConfigError, match=r"'orders' has no column 'nix'; it has \['id', 'item'"):
        tables.export("orders", ["nix"], tmp_path / "out.parquet")


def test_column_with_an_odd_name_is_exported(
    tables: Tables, make_batch: MakeBatch, publish: Publish, tmp_path: Path
) -> None:
    columns = [Column(name="a.b", type="BIGINT"), Column(name="'\"; DROP", type="BIGINT")]
    publish(tables, make_batch(select='i AS "a.b", i AS "\'""; DROP"', columns=columns))

    assert tables.export("orders", [column.name for column in columns], tmp_path / "o.parquet") == 3
