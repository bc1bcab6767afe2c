"""`penstock query`: one SELECT over published tables, and no way out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench import Workbench, good

if TYPE_CHECKING:
    from tests.cli.conftest import Command

pytestmark = pytest.mark.timeout(120)


def test_rows_are_printed_as_a_table(penstock: Command, installed: Workbench) -> None:
    answer = penstock("query", "SELECT id, item FROM orders ORDER BY id LIMIT 2")

    assert answer.code == 0
    assert answer.out.splitlines() == ["id  item", "--  ------", " 1  item 1", " 2  item 2"]
    assert installed.batches()


def test_rows_are_given_as_json(penstock: Command, installed: Workbench) -> None:
    found = penstock("query", "SELECT id, item, pieces FROM orders ORDER BY id", "--json").json

    assert found["columns"] == ["id", "item", "pieces"]
    assert [tuple(row.values()) for row in found["rows"]] == list(good())
    assert installed.batches()


def test_values_without_a_json_form_are_given_as_text(
    penstock: Command, installed: Workbench
) -> None:
    sql = "SELECT DATE '2026-11-20' AS day, 1.50 AS price, 'nan'::DOUBLE AS x, NULL AS missing"

    found = penstock("query", sql, "--json").json

    assert found["rows"] == [{"day": "2026-11-20", "price": "1.50", "x": None, "missing": None}]
    assert installed.batches()


def test_columns_of_one_name_are_all_shown(penstock: Command, installed: Workbench) -> None:
    found = penstock("query", "SELECT 1 AS a, 2 AS a", "--json").json

    assert list(found["rows"][0].values()) == [1, 2]
    assert installed.batches()


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("DROP TABLE orders", "not one SELECT"),
        ("SELECT 1; SELECT 2", "not one SELECT"),
        ("COPY (SELECT 1) TO '/tmp/penstock-must-not-exist.csv'", "not one SELECT"),
        ("ATTACH '/tmp/x.db'", "not one SELECT"),
        ("", "not one SELECT"),
        ("SELECT * FROM nothing", "'orders'"),
        ("SELECT * FROM '/etc/passwd'", "'orders'"),
        ("SELECT * FROM read_csv('/etc/passwd')", "outside the published tables"),
        ("SELECT * FROM read_text('/etc/passwd')", "outside the published tables"),
        ("SELECT nothing FROM orders", "nothing"),
        ("SELEC", "cannot be understood"),
        ("SELECT item::INT FROM orders", "TRY_CAST"),
    ],
)
def test_what_is_not_a_readable_select_is_refused(
    penstock: Command, installed: Workbench, sql: str, says: str
) -> None:
    error = penstock("query", sql).error

    assert says in error
    assert "root:" not in error
    assert installed.batches()


def test_nothing_published_yet_is_said_so(penstock: Command, configured: Workbench) -> None:
    error = penstock("query", "SELECT * FROM orders").error

    assert "none yet" in error
    assert configured.batches() == []
