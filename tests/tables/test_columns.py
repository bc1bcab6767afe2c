from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.errors import ConfigError
from penstock.model import Column, hash_file

if TYPE_CHECKING:
    from tests.tables.conftest import MakeBatch, Publish, PublishedRows

    from penstock.tables import Tables

ID = Column(name="id", type="BIGINT")


def test_new_column_is_added_and_is_null_in_older_batches(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    note = Column(name='a.b "; DROP', type="VARCHAR")
    publish(tables, make_batch("old", select="i AS id", columns=[ID]))

    publish(
        tables,
        make_batch("new", select="""i AS id, 'n' AS "a.b ""; DROP" """, columns=[ID, note]),
    )

    answer = tables.query('SELECT id, "a.b ""; DROP" AS note FROM orders ORDER BY ALL')
    assert answer.to_pylist() == [
        {"id": number, "note": note} for number in range(3) for note in ("n", None)
    ]


def test_dropped_column_is_refused_by_name(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    kept = make_batch("kept")
    publish(tables, kept)

    with pytest.raises(ConfigError, match=r"Table 'orders' has a column 'item' \(string\)"):
        publish(tables, make_batch("bad", select="i AS id", columns=[ID]))

    assert published_rows(tables) == {kept.id: 3}


@pytest.mark.parametrize(
    ("former", "later", "named"),
    [
        ("BIGINT", "VARCHAR", "long, the batch brings string"),
        ("INTEGER", "BIGINT", "int, the batch brings long"),
        ("DECIMAL(12,2)", "DECIMAL(14,2)", r"decimal\(12, 2\), the batch brings decimal\(14, 2\)"),
        ("TIMESTAMP", "TIMESTAMPTZ", "timestamp, the batch brings timestamptz"),
        ("BIGINT[]", "VARCHAR[]", r"list<long>, the batch brings list<string>"),
    ],
)
def test_retyped_column_is_refused_with_both_types(
    *,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    published_rows: PublishedRows,
    former: str,
    later: str,
    named: str,
) -> None:
    def brought(name: str, kind: str) -> int:
        column = Column(name="x", type=kind)
        return publish(tables, make_batch(name, select=f"NULL::{kind} AS x", columns=[column]))

    brought("former", former)

    with pytest.raises(ConfigError, match=rf"Column 'x' of table 'orders' has the type {named}"):
        brought("later", later)

    assert len(published_rows(tables)) == 1


def test_every_column_is_optional_whatever_the_file_says(
    tables: Tables, make_batch: MakeBatch, publish: Publish, published_rows: PublishedRows
) -> None:
    full = make_batch("full", select="7 AS id", columns=[Column(name="id", type="INTEGER")])
    table = pq.read_table(full.source)
    assert not table.schema.field("id").nullable
    empty = make_batch("empty", select="NULL::INTEGER AS id", columns=full.columns)

    publish(tables, full)
    publish(tables, empty)

    assert published_rows(tables) == {full.id: 3, empty.id: 3}


KINDS = {
    "TINYINT": "i",
    "SMALLINT": "i",
    "UTINYINT": "i",
    "USMALLINT": "i",
    "INTEGER": "i",
    "BIGINT": "i",
    "FLOAT": "i / 8",
    "DOUBLE": "i / 8",
    "DECIMAL(12,2)": "i / 4",
    "DECIMAL(38,9)": "i / 8",
    "BOOLEAN": "i % 2 = 0",
    "VARCHAR": "'ä' || i",
    "BLOB": "('b' || i)::BLOB",
    "DATE": "DATE '2026-11-20'",
    "TIME": "TIME '10:11:12.131415'",
    "TIMESTAMP": "TIMESTAMP '2026-11-20 10:11:12.131415'",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '2026-11-20 10:11:12.131415+02'",
    "UUID": "'00000000-0000-0000-0000-00000000000a'",
    "BIGINT[]": "[i, NULL]",
    "STRUCT(x BIGINT, y VARCHAR)": "{'x': i, 'y': NULL}",
    "MAP(VARCHAR, BIGINT)": "MAP {'k': i}",
}


def test_every_type_is_read_as_it_was_published(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    select = ", ".join(
        f'CASE WHEN i <> 1 THEN ({value})::{kind} END AS "{kind}"' for kind, value in KINDS.items()
    )
    batch = make_batch(select=select, columns=[Column(name=kind, type=kind) for kind in KINDS])

    publish(tables, batch)

    answer = tables.query("SELECT * FROM orders ORDER BY _penstock_record")
    source = pq.read_table(batch.source)
    for kind in KINDS:
        published, prepared = answer[kind].to_pylist(), source[kind].to_pylist()
        assert answer[kind].null_count == 1, kind
        assert [str(value) for value in published] == [str(value) for value in prepared], kind


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        ("HUGEINT", "DECIMAL"),
        ("UINTEGER", "BIGINT"),
        ("UBIGINT", "DECIMAL"),
        ("TIMESTAMP_NS", "TIMESTAMP"),
        ("INTERVAL", "BIGINT"),
        ("JSON", "VARCHAR"),
    ],
)
def test_type_that_would_be_changed_is_refused_with_another(
    tables: Tables, make_batch: MakeBatch, publish: Publish, kind: str, instead: str
) -> None:
    batch = make_batch(select=f"NULL::{kind} AS x", columns=[Column(name="x", type=kind)])

    with pytest.raises(ConfigError, match=rf"Column 'x'.* {kind},.* Declare it as {instead}"):
        publish(tables, batch)

    assert tables.names() == []


def test_type_that_iceberg_does_not_know_is_refused(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    batch = make_batch(
        select="NULL::TIMESTAMP_NS AS x", columns=[Column(name="x", type="TIMESTAMP")]
    )

    with pytest.raises(ConfigError, match=r"Column 'x' of dataset 'orders'.*timestamp\[ns\]"):
        publish(tables, batch)


def test_file_with_other_columns_than_said_is_refused(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    batch = make_batch(select="i AS id, i AS more", columns=[ID, Column(name="y", type="BIGINT")])

    with pytest.raises(ConfigError, match=r"lacks the columns \['y'\] and has \['more'\]"):
        publish(tables, batch)


def test_file_that_is_no_parquet_is_refused(tables: Tables, make_batch: MakeBatch) -> None:
    batch = make_batch()
    batch.source.write_text("id,item\n1,a\n")
    ref = batch.ref.model_copy(
        update={"digest": hash_file(batch.source), "size": batch.source.stat().st_size}
    )
    placed = tables.place("orders", ref, batch.source)

    with pytest.raises(ConfigError, match="no Parquet file"):
        tables.publish("orders", placed, columns=batch.columns, batch=batch.id, summary={})


def test_column_order_of_a_file_does_not_matter(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    text = Column(name="text", type="VARCHAR")
    publish(tables, make_batch("a", select="i AS id, 'a' AS text", columns=[ID, text]))

    publish(tables, make_batch("b", select="'b' AS text, i AS id", columns=[ID, text]))

    answer = tables.query("SELECT sum(id) AS id, max(text) AS text FROM orders")
    assert answer.to_pylist() == [{"id": 6, "text": "b"}]
    assert isinstance(answer, pa.Table)
