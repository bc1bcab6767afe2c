from __future__ import annotations

import re
from dataclasses import dataclass, field

import pytest

from penstock.contracts import ContractColumn, CsvDialect
from penstock.model import Severity
from penstock.readers import delimited

HEADER = b"id,name,price\n"
FIRST = b"1,ann,2.50\n"
LAST = b"3,cyd,4.50\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    id: str
    kind: str
    raw: bytes
    says: str
    csv: CsvDialect = field(default_factory=CsvDialect)


CASES = [
    Case(id="short", kind="ragged", raw=b"2,bob\n", says="2 fields instead of 3"),
    Case(id="long", kind="ragged", raw=b"2,bob,3,4\n", says="4 fields instead of 3"),
    Case(id="empty-last", kind="ragged", raw=b"2,bob,3,\n", says="4 fields instead of 3"),
    Case(id="doubled-separator", kind="ragged", raw=b"2,,bob,3\n", says="4 fields instead of 3"),
    Case(id="quote-in-text", kind="stray_quote", raw=b'2,5" pipe,3\n', says="unquoted field 2"),
    Case(
        id="separator-lost-before-quotes",
        kind="stray_quote",
        raw=b'2"bob, jr",3,4\n',
        says="unquoted field 1",
    ),
    Case(
        id="text-after-quotes",
        kind="stray_quote",
        raw=b'2,"the "big" one",3\n',
        says="follows the closing quote of field 2",
    ),
    Case(
        id="latin-1",
        kind="encoding",
        raw="2,josé,3\n".encode("latin-1"),
        says="byte 6 of the record is not utf-8",
    ),
    Case(id="nul", kind="nul", raw=b"2,b\0b,3\n", says="NUL at byte 4"),
    Case(
        id="over-long",
        kind="too_long",
        raw=b"2," + b"x" * 100 + b",3\n",
        says="105 bytes long, more than the 80 allowed",
        csv=CsvDialect(max_line_bytes=80),
    ),
    Case(id="bare-return", kind="line_break", raw=b"2,b\rb,3\n", says="line break"),
    Case(id="blank", kind="blank_line", raw=b"\n", says="blank line"),
    Case(id="only-separators", kind="ragged", raw=b",\n", says="2 fields"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bad_record_is_kept_aside_and_the_others_are_read(read, contract, case):
    columns = {"id": "INTEGER", "name": "VARCHAR", "price": "DECIMAL(12,2)"}
    data = HEADER + FIRST + case.raw + LAST

    found = read({"a.csv": data}, contract(columns, csv=case.csv))

    assert found.cells("id", "_penstock_record") == [(1, 1), (3, 3)]
    (reject,) = found.rejects
    assert (reject["_penstock_record"], reject["kind"]) == (2, case.kind)
    assert (reject["byte_offset"], reject["raw"]) == (len(HEADER + FIRST), case.raw)
    assert case.says in reject["reason"]
    finding = found.finding(case.kind)
    assert finding.severity is Severity.HIGH
    assert finding.rows == 1
    assert "s3://landing/sales/a.csv" in finding.message
    assert "record 2 (byte 25)" in finding.message
    assert case.says in finding.message
    assert "published" in finding.message
    assert [example.record for example in finding.examples] == [2]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bad_records_are_found_one_at_a_time_as_well(read, contract, case):
    """The careful way must say what the fast way says."""
    columns = {"id": "INTEGER", "name": "VARCHAR", "price": "DECIMAL(12,2)"}
    csv = case.csv.model_copy(update={"escape": "\\"})
    data = HEADER + b'9,"\\"",9\n' + b"\\1,ann,2.50\n" + case.raw + b'3,"\\c",4.50\n'

    found = read({"a.csv": data}, contract(columns, csv=csv))

    assert found.cells("id", "name") == [(9, '"'), (1, "ann"), (3, "c")]
    assert [(reject["kind"], reject["raw"]) for reject in found.rejects] == [(case.kind, case.raw)]


def test_records_are_numbered_through_many_rejects(read, contract):
    rows = [b"%d,x" % number if number % 3 else b"%d" % number for number in range(1, 5001)]

    found = read(
        {"a.csv": b"\n".join([b"a,b", *rows, b""])}, contract({"a": "INTEGER", "b": "VARCHAR"})
    )

    assert found.cells("a") == [(record,) for record in found.records()]
    assert [int(reject["raw"]) for reject in found.rejects] == list(range(3, 5001, 3))
    assert found.finding("ragged").rows == 1666
    assert "so do 1665 more" in found.finding("ragged").message


def test_faults_in_quoting_are_found_in_every_part_of_a_large_file(read, contract, monkeypatch):
    monkeypatch.setattr(delimited, "WINDOW_MAX", 64)
    monkeypatch.setattr(delimited, "WINDOW_MIN", 16)
    rows = [b'%d,"a ""b"", c"' % n if n % 7 else b'%d,x"y' % n for n in range(1, 400)]

    found = read(
        {"a.csv": b"\n".join([b"a,b", *rows, b""])}, contract({"a": "INTEGER", "b": "VARCHAR"})
    )

    assert found.cells("a", "b") == [(n, 'a "b", c') for n in range(1, 400) if n % 7]
    assert [reject["_penstock_record"] for reject in found.rejects] == list(range(7, 400, 7))


def test_record_far_over_the_limit_is_rejected_without_being_held_in_memory(
    read, contract, monkeypatch
):
    monkeypatch.setattr(delimited, "WINDOW_MAX", 4096)
    csv = CsvDialect(max_line_bytes=10_000)
    long = b'1,"' + b'x"",\n' * 20_000 + b'"\n'

    found = read(
        {"a.csv": b"a,b\n" + long + b"2,y\n"}, contract({"a": "INTEGER", "b": "VARCHAR"}, csv=csv)
    )

    assert found.cells("a", "_penstock_record") == [(2, 2)]
    (reject,) = found.rejects
    assert f"{len(long)} bytes long" in reject["reason"]
    assert long.startswith(reject["raw"])
    assert len(reject["raw"]) <= 65_536


def test_file_of_bad_records_only_is_critical(read, plain):
    found = read({"a.csv": HEADER + b"1;a;2\n2;b;3\n"}, plain)

    assert found.typed == []
    assert found.finding("ragged").severity is Severity.CRITICAL
    assert found.result.files[0].records == 2


def test_sensitive_columns_keep_rejected_records_out_of_findings(read, contract):
    columns = [
        ContractColumn(name="a", type="VARCHAR", severity=Severity.HIGH, sensitive=True),
        ContractColumn(name="b", type="INTEGER", severity=Severity.HIGH),
    ]

    found = read({"a.csv": b"a,b\nsecret\nsecret,x\n"}, contract(columns))

    assert "secret" not in "".join(map(str, found.result.findings))
    assert found.rejects[0]["raw"] == b"secret\n"


UNCLEAR = {
    "never-closed": b'1,"ann,2.50\n2,bob,3\n',
    "first-record": b'"1,ann,2.50\n2,bob,3\n',
    "closed-by-another-s-quote": b'1,"ann,2.50\n2,"bob",3\n',
    "odd-quotes-on-a-line": b'1,"5" pipe",2\n2,bob,3\n',
    "at-the-very-end": b'1,ann,2\n2,bob,"3',
    "only-a-quote": b'"',
    "stray-quote-after-a-field-of-two-lines": b'1,"ann\nann",2\n2,5" pipe,3\n',
    "stray-quote-before-a-field-of-two-lines": b'2,5" pipe,3\n1,"ann\nann",2\n',
    "swallowed-record": b'1,"ann,2\n2,",\nx",3\n',
    "stray-quote-in-a-record-of-two-lines": b'1,"ann\n,",2"\n',
}


@pytest.mark.parametrize("data", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_file_is_held_where_it_cannot_be_told_where_records_end(read, plain, data):
    found = read({"good.csv": HEADER + FIRST, "bad.csv": HEADER + FIRST + data}, plain)

    good, bad = found.result.files
    assert (good.records, bad.records) == (1, None)
    assert found.cells("id") == [(1,)]
    assert found.rejects == []
    finding = found.finding("unterminated_quote")
    assert finding.severity is Severity.CRITICAL
    assert "s3://landing/sales/bad.csv" in finding.message
    assert re.search(r"record \d \(byte \d+\)", finding.message)
    assert "it cannot be told where records end" in finding.message
    assert "Close the quote" in finding.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_bad_last_record_is_kept_without_the_line_end_it_never_had(read, contract, encoding):
    csv = CsvDialect(encoding=encoding)

    found = read(
        {"a.csv": "a,b\n1,x\n2".encode(encoding)},
        contract({"a": "INTEGER", "b": "VARCHAR"}, csv=csv),
    )

    assert found.rejects[0]["raw"] == "2".encode(encoding)
