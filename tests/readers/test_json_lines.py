from __future__ import annotations

import gzip
from dataclasses import dataclass
from decimal import Decimal

import pytest
import zstandard

from penstock.contracts import CsvDialect
from penstock.model import Severity

GOOD = b'{"id": 1, "name": "ann", "price": 2.50}\n'


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", bytes),
        ("a.ndjson", bytes),
        ("a.jsonl.gz", gzip.compress),
        ("a.ndjson.zst", zstandard.compress),
    ],
)
def test_objects_become_rows(read, plain, name, pack):
    data = b"\xef\xbb\xbf" + GOOD + b'{"price":"3","id":2,"name":null}\r\n{"id": 3}\n\n'

    found = read({name: pack(data)}, plain)

    assert found.cells("id", "name", "price") == [
        (1, "ann", Decimal("2.50")),
        (2, None, Decimal("3.00")),
        (3, None, None),
    ]
    assert found.records() == [1, 2, 3]
    assert found.result.findings == ()


def test_numbers_keep_every_digit(read, contract):
    big, exact = "1" * 25, "0." + "1234567890" * 3
    data = f'{{"a": {big}, "b": {exact}, "c": 1.10, "d": true}}\n'.encode()

    found = read(
        {"a.jsonl": data},
        contract({"a": "HUGEINT", "b": "DECIMAL(38,30)", "c": "VARCHAR", "d": "BOOLEAN"}),
    )

    assert found.cells("a", "b", "c", "d") == [(int(big), Decimal(exact), "1.10", True)]


def test_nested_value_where_one_value_is_expected_is_a_failed_cast(read, plain):
    data = GOOD + b'{"id": [1, 2.50], "name": {"first": "bob", "n": 1e400}, "price": 3}\n'

    found = read({"a.jsonl": data}, plain)

    assert found.cells("id") == [(1,)]
    (row,) = found.miscast
    assert row["price"] == 3
    assert row["_penstock_casts"] == [
        {"column": "id", "value": "[1, 2.50]", "reason": "a list where one value is expected"},
        {
            "column": "name",
            "value": '{"first": "bob", "n": 1e400}',
            "reason": "an object where one value is expected",
        },
    ]


def test_nested_types_take_nested_values(read, contract):
    data = b'{"a": [1, 2], "b": {"x": 1.50}, "c": {"k": "v"}}\n{"a": "x", "b": "text"}\n'

    found = read(
        {"a.jsonl": data}, contract({"a": "INTEGER[]", "b": "JSON", "c": "STRUCT(k VARCHAR)"})
    )

    assert found.cells("a", "b", "c") == [([1, 2], '{"x": 1.50}', {"k": "v"})]
    assert [cast["column"] for cast in found.miscast[0]["_penstock_casts"]] == ["a"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    id: str
    line: bytes
    kind: str
    says: str


CASES = [
    Case(id="list", line=b"[1, 2]", kind="not_an_object", says="a list where an object"),
    Case(id="number", line=b"5", kind="not_an_object", says="a number where an object"),
    Case(id="null", line=b"null", kind="not_an_object", says="null where an object"),
    Case(id="cut", line=b'{"id": 1, "na', kind="bad_json", says="at character"),
    Case(id="two", line=b'{"id": 1} {"id": 2}', kind="bad_json", says="at character 11"),
    Case(id="nan", line=b'{"id": NaN}', kind="bad_json", says="NaN is not JSON"),
    Case(id="deep", line=b'{"id": ' + b"[" * 100_000, kind="bad_json", says="too deeply"),
    Case(id="twice", line=b'{"id": 1, "id": 2}', kind="duplicate_key", says="'id' stands twice"),
    Case(
        id="twice-inside",
        line=b'{"id": 1, "name": {"x": 1, "x": 2}}',
        kind="duplicate_key",
        says="'x' stands twice",
    ),
    Case(id="latin-1", line=b'{"name": "jos\xe9"}', kind="encoding", says="byte 14"),
    Case(id="nul", line=b'{"name": "a\\u0000"}', kind="nul", says="NUL"),
    Case(id="surrogate", line=b'{"name": "\\ud800"}', kind="encoding", says="surrogate"),
    Case(id="blank", line=b"  ", kind="blank_line", says="blank line"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bad_line_is_kept_aside_and_the_others_are_read(read, plain, case):
    found = read({"a.jsonl": GOOD + case.line + b"\n" + GOOD}, plain)

    assert found.records() == [1, 3]
    (reject,) = found.rejects
    assert (reject["_penstock_record"], reject["kind"]) == (2, case.kind)
    assert (reject["byte_offset"], reject["raw"]) == (len(GOOD), case.line + b"\n")
    assert case.says in reject["reason"]
    finding = found.finding(case.kind)
    assert finding.severity is Severity.HIGH
    assert "s3://landing/sales/a.jsonl record 2" in finding.message
    assert "land the file again" in finding.message.lower()


@pytest.mark.parametrize("last", [b"", b"\n", b"\n" + GOOD])
def test_line_over_the_limit_is_rejected(read, contract, last):
    csv = CsvDialect(max_line_bytes=1000)
    long = b'{"id": "' + b"x" * (3 << 20) + b'"}'

    found = read({"a.jsonl": b'{"id": 1}\n' + long + last}, contract({"id": "INTEGER"}, csv=csv))

    (reject,) = found.rejects
    assert reject["kind"] == "too_long"
    assert len(reject["raw"]) <= 65_536
    assert found.records() == ([1, 3] if last.endswith(GOOD) else [1])


def test_escaped_backslash_before_u0000_is_text(read, contract):
    found = read({"a.jsonl": b'{"a": "\\\\u0000 \\u00e9"}\n'}, contract({"a": "VARCHAR"}))

    assert found.cells("a") == [("\\u0000 é",)]


def test_extra_keys_are_one_finding_each(read, plain):
    data = GOOD + b'{"id": 2, "note": 1}\n{"id": 3, "note": 2}\n'

    found = read({"a.jsonl": data}, plain)

    finding = found.finding("extra_column")
    assert (finding.column, finding.rows, finding.severity) == ("note", 2, Severity.HIGH)


def test_key_that_no_object_has_is_noted_but_its_rules_see_nulls(read, plain):
    found = read({"a.jsonl": b'{"id": 1, "name": "a"}\n'}, plain)

    finding = found.finding("missing_column")
    assert (finding.column, finding.severity) == ("price", Severity.MEDIUM)
    assert found.result.missing_columns == ()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", "empty_file"),
        (b"\n \n", "empty_file"),
        (b'{"x": 1}\n{"y": 1}\n', "no_known_column"),
        ('{"id": 1}\n'.encode("utf-16"), "wrong_encoding"),
        (gzip.compress(GOOD), "binary_file"),
    ],
)
def test_file_that_cannot_be_read_is_held_as_a_whole(read, plain, data, kind):
    found = read({"a.jsonl": data}, plain)

    assert found.typed == []
    assert found.finding(kind).severity is Severity.CRITICAL
