"""What a contract's drift policy makes of values that fail their cast."""

from __future__ import annotations

import pytest

from penstock.flows import drain
from workbench import CONTRACT, Workbench, good

pytestmark = pytest.mark.timeout(120)

DISCARD = CONTRACT.replace(
    "  - name: orders\n",
    "  - name: orders\n"
    "    customProperties:\n"
    "      - {property: penstock.drift, value: {types: discard_value}}\n",
)
ROWS = [*good(count=30), (31, "item 31", "many"), (32, "item 32", 5)]


def test_a_failed_cast_puts_its_row_aside(bench: Workbench) -> None:
    bench.land("a.csv", ROWS)

    drain("orders")

    (record,) = bench.batches()
    assert bench.published() == [*good(count=30), (32, "item 32", 5)]
    assert (record.rows_published, record.rows_quarantined) == (31, 1)


def test_a_discarded_value_is_published_as_null(bench: Workbench) -> None:
    bench.configure(contract=DISCARD, version=2)
    bench.land("a.csv", ROWS)

    drain("orders")

    assert bench.published() == [*good(count=30), (31, "item 31", None), (32, "item 32", 5)]
    assert bench.batches()[0].rows_quarantined == 0


def test_discarded_values_and_failed_rows_add_up(bench: Workbench) -> None:
    bench.configure(contract=DISCARD, version=2)
    bench.land("a.csv", [*ROWS, (33, "item 33", -1)])

    drain("orders")

    (record,) = bench.batches()
    assert (record.rows_landed, record.rows_published, record.rows_quarantined) == (33, 32, 1)
