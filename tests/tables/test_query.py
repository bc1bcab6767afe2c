from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.errors import ConfigError, NotAllowed, NotFound

if TYPE_CHECKING:
    from tests.tables.conftest import MakeBatch, Publish

    from penstock.tables import Tables


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT count(*) AS n FROM orders", [{"n": 3}]),
        ("SELECT count(*) AS n FROM penstock.orders;", [{"n": 3}]),
        ("FROM Orders SELECT max(amount)::VARCHAR AS n", [{"n": "0.50"}]),
        ('SELECT count(*) AS n FROM "a.b-c" JOIN orders USING (id)', [{"n": 3}]),
        ("SELECT count(*) AS n FROM orders a JOIN orders b ON a.id = b.id", [{"n": 3}]),
        ("WITH big AS (FROM orders WHERE id > 0) SELECT count(*) AS n FROM big", [{"n": 2}]),
        ("SELECT (SELECT max(id) FROM orders) AS n", [{"n": 2}]),
        (
            "SELECT 1 AS n UNION ALL SELECT count(*) FROM query_table('orders')",
            [{"n": 1}, {"n": 3}],
        ),
        ("SELECT item AS n FROM orders WHERE item = 'item 1'", [{"n": "item 1"}]),
        ("VALUES (1)", [{"col0": 1}]),
    ],
)
def test_select_over_published_tables_is_answered(
    filled: Tables, sql: str, expected: list[dict[str, object]]
) -> None:
    assert filled.query(sql).to_pylist() == expected


@pytest.mark.parametrize(
    "sql",
    [
        "",
        ";",
        "-- nothing",
        "SELECT 1; SELECT 2",
        "INSERT INTO orders VALUES (1)",
        "DELETE FROM orders",
        "UPDATE orders SET id = 1",
        "DROP TABLE orders",
        "CREATE TABLE x AS SELECT 1",
        "COPY (SELECT 1) TO 'x.csv'",
        "COPY orders FROM 'x.csv'",
        "EXPORT DATABASE 'x'",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "EXPLAIN ANALYZE SELECT 1",
        "PREPARE x AS SELECT 1",
        "BEGIN",
        "CHECKPOINT",
    ],
)
def test_anything_else_than_one_select_is_refused(filled: Tables, sql: str) -> None:
    with pytest.raises(NotAllowed, match="write a single SELECT statement"):
        filled.query(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM '{path}.csv'",
        "SELECT * FROM read_csv('{path}')",
        "SELECT * FROM read_text('{path}')",
        "SELECT * FROM read_blob('{path}')",
        "SELECT * FROM read_parquet('{path}')",
        "SELECT * FROM read_json('{path}')",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM sniff_csv('{path}')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
        "SELECT * FROM query('SELECT * FROM read_text(''{path}'')')",
        "SELECT * FROM parquet_metadata('{path}')",
    ],
)
def test_function_that_reaches_for_files_is_refused(
    filled: Tables, tmp_path: Path, sql: str
) -> None:
    path = tmp_path / "secret"
    path.write_text("secret")

    with pytest.raises((NotAllowed, NotFound)) as refusal:
        filled.query(sql.format(path=path))

    assert "secret\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM filled", "SELECT * FROM nowhere", "FROM penstock.x"],
)
def test_unknown_table_is_refused_and_the_known_ones_named(filled: Tables, sql: str) -> None:
    with pytest.raises(NotFound, match=r"Published tables are 'a\.b-c', 'orders'"):
        filled.query(sql)


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT nothing FROM orders", "SELECT"])
def test_query_that_cannot_be_understood_says_where(filled: Tables, sql: str) -> None:
    with pytest.raises(ConfigError, match="cannot be understood"):
        filled.query(sql)


def test_failing_query_does_not_repeat_values(filled: Tables) -> None:
    with pytest.raises(ConfigError) as refusal:
        filled.query("SELECT item::BIGINT FROM orders")

    assert "item 0" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_query_sees_what_was_published_since(
    tables: Tables, make_batch: MakeBatch, publish: Publish
) -> None:
    publish(tables, make_batch())
    tables.query("SELECT count(*) AS n FROM orders")
    publish(tables, make_batch("later", rows=4))

    assert tables.query("SELECT count(*) AS n FROM orders").to_pylist() == [{"n": 7}]


def test_table_that_is_not_named_is_not_read(
    tables: Tables, make_batch: MakeBatch, publish: Publish, warehouse: str
) -> None:
    publish(tables, make_batch())
    publish(tables, make_batch(), dataset="lost")
    for path in (Path(warehouse) / "lost").rglob("*.*"):
        path.unlink()

    assert tables.query("SELECT count(*) AS n FROM orders").to_pylist() == [{"n": 3}]
