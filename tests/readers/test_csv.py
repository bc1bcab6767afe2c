from __future__ import annotations

from decimal import Decimal

import pytest

from penstock.contracts import CsvDialect
from penstock.errors import ConfigError
from penstock.model import Severity
from penstock.readers import delimited

HEADER = b"id,name,price\n"


def test_rows_carry_batch_file_and_record(read, plain):
    found = read({"a.csv": HEADER + b"1,ann,2.50\n2,bob,3\n"}, plain)

    assert found.typed == [
        {
            "id": number,
            "name": name,
            "price": price,
            "_penstock_batch": "b" * 64,
            "_penstock_file": "s3://landing/sales/a.csv",
            "_penstock_record": number,
        }
        for number, name, price in [(1, "ann", Decimal("2.50")), (2, "bob", Decimal("3.00"))]
    ]
    assert found.result.findings == ()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_every_kind_of_line_end_is_understood(read, plain, end):
    data = end.join([b"id,name,price", b'1,"a' + end + b'b",2', b'2,"say ""hi""",3', b""])

    found = read({"a.csv": data}, plain)

    assert found.cells("id", "name") == [(1, f"a{end.decode()}b"), (2, 'say "hi"')]
    assert found.result.findings == ()


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_last_record_without_line_end_is_read_and_noted(read, plain, end):
    found = read({"a.csv": b"id,name,price" + end + b"1,a,2" + end + b"2,b,3"}, plain)

    assert found.cells("id", "price") == [(1, 2), (2, 3)]
    assert found.finding("no_last_line_end").severity is Severity.LOW


def test_unquoted_nothing_is_null_and_quoted_nothing_is_text(read, contract):
    found = read(
        {"a.csv": b'a,b\n,""\nNA,"NA"\n'},
        contract({"a": "VARCHAR", "b": "VARCHAR"}, csv=CsvDialect(nulls=("", "NA"))),
    )

    assert found.cells("a", "b") == [(None, ""), (None, "NA")]


def test_nothing_stays_text_when_the_contract_says_so(read, contract):
    found = read(
        {"a.csv": b"a,b\n,-\n"},
        contract({"a": "VARCHAR", "b": "INTEGER"}, csv=CsvDialect(nulls=("-",))),
    )

    assert found.cells("a", "b") == [("", None)]


def test_tsv_has_tabs_unless_the_contract_names_a_delimiter(read, contract):
    columns = {"a": "VARCHAR", "b": "VARCHAR"}

    tabs = read({"a.tsv": b"a\tb\n1,5\t2\n"}, contract(columns))
    semicolons = read({"a.tsv": b"a;b\n1;2\n"}, contract(columns, csv=CsvDialect(delimiter=";")))

    assert tabs.cells("a", "b") == [("1,5", "2")]
    assert semicolons.cells("a", "b") == [("1", "2")]


def test_records_without_header_take_the_contract_s_order(read, contract):
    found = read(
        {"a.csv": b"1,x\n2,y\n"},
        contract({"a": "INTEGER", "b": "VARCHAR"}, csv=CsvDialect(header=False)),
    )

    assert found.cells("a", "b", "_penstock_record") == [(1, "x", 1), (2, "y", 2)]


def test_escape_character_is_honoured_inside_and_outside_quotes(read, contract):
    dialect = CsvDialect(escape="\\", nulls=("\\N",))
    data = b'a,b\nx\\,y,"say \\"hi\\"\\\\"\n\\N,"\\N"\nplain,text\n'

    found = read({"a.csv": data}, contract({"a": "VARCHAR", "b": "VARCHAR"}, csv=dialect))

    assert found.cells("a", "b") == [("x,y", 'say "hi"\\'), (None, "N"), ("plain", "text")]


def test_dialect_without_quotes_takes_quotes_as_text(read, contract):
    dialect = CsvDialect(quote="", escape="")

    found = read(
        {"a.csv": b'a,b\n5" pipe,"x\n'}, contract({"a": "VARCHAR", "b": "VARCHAR"}, csv=dialect)
    )

    assert found.cells("a", "b") == [('5" pipe', '"x')]


def test_three_megabytes_in_one_field_are_read(read, plain):
    text = b"x" * (3 << 20)

    found = read({"a.csv": HEADER + b'1,"' + text + b'",2\n2,b,3\n'}, plain)

    assert [len(name) for (name,) in found.cells("name")] == [3 << 20, 1]


def test_byte_order_mark_inside_the_data_is_kept(read, contract, monkeypatch):
    monkeypatch.setattr(delimited, "WINDOW_MAX", 16)
    rows = [f"\ufeff{number},x" for number in range(20)]

    found = read(
        {"a.csv": "\n".join(["a,b", *rows, ""]).encode()},
        contract({"a": "VARCHAR", "b": "VARCHAR"}),
    )

    assert [a for (a,) in found.cells("a")] == [f"\ufeff{number}" for number in range(20)]


def test_blank_lines_at_the_end_are_no_records(read, plain):
    found = read({"a.csv": HEADER + b"1,a,2\n\n\r\n\n"}, plain)

    assert found.records() == [1]
    assert found.result.findings == ()


def test_blank_line_between_records_is_a_reject(read, plain):
    found = read({"a.csv": HEADER + b"1,a,2\n\n2,b,3\n"}, plain)

    assert found.records() == [1, 3]
    assert found.finding("blank_line").severity is Severity.HIGH


def test_blank_line_of_a_single_column_is_a_null(read, contract):
    found = read({"a.csv": b'a\nx\n\n""\n'}, contract({"a": "VARCHAR"}))

    assert found.cells("a") == [("x",), (None,), ("",)]


@pytest.mark.parametrize(
    ("dialect", "word"),
    [
        (CsvDialect(delimiter="||"), "delimiter"),
        (CsvDialect(delimiter='"'), "quote"),
        (CsvDialect(quote="«"), "quote"),
        (CsvDialect(encoding="utf-99"), "utf-99"),
        (CsvDialect(encoding="base64"), "base64"),
    ],
)
def test_dialect_without_one_meaning_is_refused(read, contract, dialect, word):
    with pytest.raises(ConfigError, match=word) as caught:
        read({"a.csv": b"a\n1\n"}, contract({"a": "VARCHAR"}, csv=dialect))

    assert "sales.odcs.yaml" in str(caught.value)
    assert caught.value.remedy
