from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass

import pytest
import zstandard

from penstock.contracts import ContractColumn, CsvDialect, DriftMode, DriftPolicy
from penstock.model import Severity
from penstock.readers import Limits

TEXT = b"id,name,price\n1,ann,2.50\n2,bob,3\n"


def _garbage(seed: int, size: int) -> bytes:
    return hashlib.shake_128(bytes([seed])).digest(size)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv.gz", gzip.compress(TEXT)),
        ("a.csv.gz", gzip.compress(TEXT[:20]) + gzip.compress(TEXT[20:])),
        ("a.csv.zst", zstandard.compress(TEXT)),
        ("a.csv.zst", zstandard.compress(TEXT[:20]) + zstandard.compress(TEXT[20:])),
        ("A.CSV", TEXT),
        ("a.csv", b"\xef\xbb\xbf" + TEXT),
    ],
)
def test_compressed_and_marked_files_are_read(read, plain, name, data):
    found = read({name: data}, plain)

    assert found.cells("id", "name") == [(1, "ann"), (2, "bob")]
    assert found.result.findings == ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    id: str
    name: str = "a.csv"
    data: bytes
    kind: str
    says: str
    remedy: str
    records: int | None = None


HELD = [
    Held(id="empty", data=b"", kind="empty_file", says="is empty", remedy="transfer", records=0),
    Held(
        id="only-line-ends",
        data=b"\n\r\n\n",
        kind="empty_file",
        says="no text",
        remedy="export failed",
        records=0,
    ),
    Held(
        id="empty-gz",
        name="a.csv.gz",
        data=gzip.compress(b""),
        kind="empty_file",
        says="is empty",
        remedy="land the file again",
        records=0,
    ),
    Held(
        id="cut-gz",
        name="a.csv.gz",
        data=gzip.compress(TEXT)[:-12],
        kind="truncated_file",
        says="middle of its gzip data",
        remedy="whole",
    ),
    Held(
        id="cut-zst",
        name="a.csv.zst",
        data=zstandard.compress(TEXT * 50)[:-3],
        kind="truncated_file",
        says="middle of its zstd data",
        remedy="whole",
    ),
    Held(
        id="flipped-gz",
        name="a.csv.gz",
        data=gzip.compress(TEXT)[:-6] + b"\0\0\0\0\0\0",
        kind="damaged_file",
        says="not intact gzip",
        remedy="Land the file again",
    ),
    Held(
        id="not-zst",
        name="a.csv.zst",
        data=TEXT,
        kind="damaged_file",
        says="not intact zstd",
        remedy="Land the file again",
    ),
    Held(
        id="gz-named-csv",
        data=gzip.compress(TEXT),
        kind="binary_file",
        says="is gzip data",
        remedy="Name the file after what it is",
    ),
    Held(
        id="spreadsheet",
        data=b"PK\x03\x04" + _garbage(7, 5000),
        kind="binary_file",
        says="spreadsheet",
        remedy="Supported: .csv",
    ),
    Held(
        id="nul-header",
        data="id,name,price\n1,ann,2\n".encode("utf-16-le"),
        kind="binary_file",
        says="NUL byte in its header line, at byte 2",
        remedy="UTF-16",
    ),
    Held(
        id="utf-16",
        data="id,name,price\n1,ann,2\n".encode("utf-16"),
        kind="wrong_encoding",
        says="UTF-16 byte order mark, while utf-8 is declared",
        remedy="penstock.csv",
    ),
    Held(
        id="latin-1-header",
        data="id,naïve,price\n".encode("latin-1"),
        kind="wrong_encoding",
        says="header line that is not utf-8",
        remedy="penstock.csv.encoding",
    ),
    Held(
        id="twice",
        data=b"id,name,name\n1,a,b\n",
        kind="duplicate_header",
        says="'name' 2 times, as columns 2 and 3",
        remedy="its own name",
    ),
    Held(
        id="quoted-header",
        data=b'id,na"me,price\n1,a,2\n',
        kind="bad_header",
        says="unquoted field 2",
        remedy="header line",
    ),
    Held(
        id="no-header",
        data=b"1,ann,2.50\n2,bob,3\n",
        kind="no_known_column",
        says="none of the contract's columns",
        remedy="Expected: 'id', 'name', 'price'",
    ),
    Held(
        id="other-delimiter",
        data=b"id;name;price\n1;ann;2\n",
        kind="no_known_column",
        says="'id;name;price'",
        remedy="delimiter",
    ),
    Held(
        id="one-line",
        data=b"x" * (9 << 20),
        kind="binary_file",
        says="no line end in its first",
        remedy="line ends",
    ),
    Held(
        id="suffix",
        name="a.xlsx",
        data=TEXT,
        kind="unknown_format",
        says="supported suffix",
        remedy=".csv, .tsv, .jsonl, .ndjson (each also with .gz or .zst) and .parquet",
    ),
    Held(
        id="parquet-gz",
        name="a.parquet.gz",
        data=TEXT,
        kind="unknown_format",
        says="supported suffix",
        remedy=".parquet",
    ),
]


@pytest.mark.parametrize("case", HELD, ids=lambda case: case.id)
def test_file_that_cannot_be_read_is_held_as_a_whole(read, plain, case):
    found = read({case.name: case.data, "good.csv": TEXT}, plain)

    assert [file.records for file in found.result.files] == [case.records, 2]
    assert found.cells("id") == [(1,), (2,)]
    finding = found.finding(case.kind)
    assert finding.severity is Severity.CRITICAL
    assert finding.message.startswith(f"s3://landing/sales/{case.name} ")
    assert case.says in finding.message
    assert case.remedy in finding.message


def test_binary_garbage_never_becomes_rows(read, plain):
    for seed in range(20):
        found = read({"a.csv": _garbage(seed, 20_000)}, plain)

        assert found.typed == []
        assert found.result.findings[0].severity is Severity.CRITICAL


def test_header_without_records_is_noted(read, plain):
    found = read({"a.csv": b"id,name,price\n"}, plain)

    assert found.result.files[0].records == 0
    finding = found.finding("no_records")
    assert finding.severity is Severity.HIGH
    assert "s3://landing/sales/a.csv has columns but no records" in finding.message


@pytest.mark.parametrize(
    ("name", "pack"), [("a.csv.gz", gzip.compress), ("a.csv.zst", zstandard.compress)]
)
def test_decompression_bomb_is_held_at_the_limit(read, plain, name, pack):
    bomb = pack(b"id,name,price\n" + b"1,a,2\n" * 2_000_000)

    found = read({name: bomb}, plain, limits=Limits(decompressed_bytes=1 << 20))

    finding = found.finding("too_large")
    assert found.result.files[0].records is None
    assert "more than 1048576 bytes" in finding.message
    assert "raise the limit" in finding.message


def test_fault_after_many_rows_takes_all_of_them_back(read, plain):
    rows = b"".join(b"%d,a,2\n" % number for number in range(100_000))

    found = read(
        {"a.csv": b"id,name,price\n" + rows + b'1,"a,2\n', "b.csv": TEXT},
        plain,
        limits=Limits(staged_bytes=1 << 16),
    )

    assert [file.records for file in found.result.files] == [None, 2]
    assert found.cells("id") == [(1,), (2,)]


def test_rows_staged_on_disk_come_back_in_order(read, contract):
    rows = b"".join(b"%d,x\n" % n if n % 1000 else b"%d\n" % n for n in range(1, 50_001))

    found = read(
        {"a.csv": b"a,b\n" + rows},
        contract({"a": "INTEGER", "b": "VARCHAR"}),
        limits=Limits(staged_bytes=1000),
    )

    assert found.cells("a") == [(record,) for record in found.records()]
    assert len(found.typed) == 49_950


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "utf-16", "utf-16-be", "shift_jis"])
def test_declared_encoding_is_read(read, contract, encoding):
    text = "a,b\n1,ソ\\\n" if encoding == "shift_jis" else 'a,b\n1,é\n2,"ü,\nö"\n'

    found = read(
        {"a.csv": text.encode(encoding)},
        contract({"a": "INTEGER", "b": "VARCHAR"}, csv=CsvDialect(encoding=encoding)),
    )

    expected = [(1, "ソ\\")] if encoding == "shift_jis" else [(1, "é"), (2, "ü,\nö")]
    assert found.cells("a", "b") == expected
    assert found.result.findings == ()


@pytest.mark.parametrize(
    ("encoding", "bad"),
    [
        ("cp1252", b"2,b\x81b\n"),
        ("ascii", b"2,b\xe9b\n"),
        ("utf-16-le", "2,b".encode("utf-16-le") + b"\x00\xd8" + "b\n".encode("utf-16-le")),
    ],
)
def test_bytes_outside_the_declared_encoding_are_kept_as_they_landed(read, contract, encoding, bad):
    before, after = "a,b\n1,x\n".encode(encoding), "3,y\n".encode(encoding)

    found = read(
        {"a.csv": before + bad + after},
        contract({"a": "INTEGER", "b": "VARCHAR"}, csv=CsvDialect(encoding=encoding)),
    )

    assert found.cells("a", "_penstock_record") == [(1, 1), (3, 3)]
    (reject,) = found.rejects
    assert (reject["raw"], reject["byte_offset"]) == (bad, len(before))
    assert encoding in reject["reason"]


def test_text_that_ends_in_half_a_character_is_held(read, contract):
    data = "a,b\n1,x\n".encode("utf-16")[:-1]

    found = read(
        {"a.csv": data},
        contract({"a": "INTEGER", "b": "VARCHAR"}, csv=CsvDialect(encoding="utf-16")),
    )

    assert found.finding("wrong_encoding").severity is Severity.CRITICAL


def test_reordered_columns_are_matched_by_name(read, plain):
    found = read({"a.csv": b"price,id,name\n2,1,ann\n"}, plain)

    assert found.cells("id", "name", "price") == [(1, "ann", 2)]
    finding = found.finding("reordered_columns")
    assert finding.severity is Severity.LOW
    assert finding.observed == "'price', 'id', 'name'"


def test_missing_column_is_null_and_high(read, plain):
    found = read({"a.csv": b"id,Name\n1,ann\n"}, plain)

    assert found.cells("id", "name", "price") == [(1, None, None)]
    assert found.result.missing_columns == ("name", "price")
    finding = next(one for one in found.result.findings if one.column == "name")
    assert finding.kind == "missing_column"
    assert finding.severity is Severity.HIGH
    assert "no column 'name' (it has 'Name')" in finding.message


def test_missing_column_is_as_severe_as_the_contract_says(read, contract):
    columns = [
        ContractColumn(name="a", type="INTEGER", severity=Severity.LOW),
        ContractColumn(name="b", type="INTEGER", severity=Severity.CRITICAL),
    ]

    found = read({"a.csv": b"a\n1\n"}, contract(columns))

    assert found.finding("missing_column").severity is Severity.CRITICAL


@pytest.mark.parametrize(
    ("mode", "severity"),
    [(DriftMode.FREEZE, Severity.HIGH), (DriftMode.DISCARD_VALUE, Severity.LOW)],
)
def test_extra_column_follows_the_drift_policy(read, contract, mode, severity):
    found = read(
        {"a.csv": b"a,note,b\n1,x,2\n"},
        contract({"a": "INTEGER", "b": "INTEGER"}, drift=DriftPolicy(columns=mode)),
    )

    assert found.cells("a", "b") == [(1, 2)]
    assert "note" not in found.typed[0]
    finding = found.finding("extra_column")
    assert (finding.severity, finding.column) == (severity, "note")
    assert "Add it to the contract" in finding.message


def test_the_same_in_many_files_is_one_finding(read, plain):
    files = {f"{name}.csv": b"id,name,price\n1\n" for name in "abcdef"}

    found = read(files, plain)

    finding = found.finding("ragged")
    assert finding.rows == 6
    assert finding.rows_share == 1
    assert "5 more of the files: s3://landing/sales/b.csv" in finding.message
    assert len(finding.examples) == 5


def test_column_named_like_sql_is_read(read, contract):
    name = 'x"; DROP TABLE staged; --'

    found = read(
        {"a.csv": b'"x""; DROP TABLE staged; --",b\n1,2\n'},
        contract({name: "INTEGER", "b": "INTEGER"}),
    )

    assert found.cells(name, "b") == [(1, 2)]
