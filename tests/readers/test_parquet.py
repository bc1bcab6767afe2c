from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.model import Severity
from penstock.readers import Limits, parquet_file


def _parquet(columns: dict[str, pa.Array], **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, **options)
    return buffer.getvalue()


GOOD = _parquet(
    {
        "id": pa.array([1, 2, None], pa.int32()),
        "name": pa.array(["a", None, "c"]),
        "price": pa.array([Decimal("1.50"), None, Decimal("2.00")], pa.decimal128(12, 2)),
    }
)


def test_rows_are_read_as_they_are(read, plain):
    found = read({"a.parquet": GOOD}, plain)

    assert found.cells("id", "name", "price", "_penstock_record") == [
        (1, "a", Decimal("1.50"), 1),
        (2, None, None, 2),
        (None, "c", Decimal("2.00"), 3),
    ]
    assert found.result.findings == ()


def test_columns_are_matched_by_name(read, plain):
    data = _parquet({"price": pa.array([1]), "id": pa.array([1], pa.int32()), "x": pa.array([1])})

    found = read({"a.parquet": data}, plain)

    assert found.cells("id", "name", "price") == [(1, None, 1)]
    assert set(found.kinds()) == {
        "missing_column",
        "extra_column",
        "reordered_columns",
        "retyped",
    }
    assert found.result.missing_columns == ("name",)


STAMP = datetime(2020, 1, 1, 10, tzinfo=UTC)
ZONED = [STAMP, STAMP.replace(microsecond=5)]

RETYPED = {
    "int-to-decimal": (pa.array([1, 2]), "DECIMAL(12,2)", [1, 2], Severity.LOW),
    "too-big": (pa.array([1, 1 << 40]), "INTEGER", [1], Severity.LOW),
    "float-to-decimal": (pa.array([0.1, 1 / 3]), "DECIMAL(12,2)", [Decimal("0.10")], "medium"),
    "float-to-int": (pa.array([2.0, 2.5]), "INTEGER", [2], Severity.MEDIUM),
    "int-to-float": (pa.array([1, (1 << 53) + 1]), "DOUBLE", [1.0], Severity.LOW),
    "finer-decimal": (
        pa.array([Decimal("1.5000"), Decimal("1.2345")]),
        "DECIMAL(12,2)",
        [Decimal("1.50")],
        Severity.LOW,
    ),
    "text-to-int": (pa.array(["7", "x"]), "INTEGER", [7], Severity.HIGH),
    "int-to-text": (pa.array([7, 8]), "VARCHAR", ["7", "8"], Severity.HIGH),
    "bool-to-date": (pa.array([True, False]), "DATE", [], Severity.HIGH),
    "list-to-int": (pa.array([[1], [2]]), "INTEGER", [], Severity.HIGH),
    "struct-to-text": (pa.array([{"a": 1}, {"a": 2}]), "VARCHAR", [], Severity.HIGH),
    "binary-to-text": (pa.array([b"a\xc3\xa9", b"\xff"]), "VARCHAR", ["aé"], Severity.HIGH),
    "time-to-date": (
        pa.array([datetime(2020, 1, 1), datetime(2020, 1, 1, 5)]),  # noqa: DTZ001 - the type has no zone
        "DATE",
        [date(2020, 1, 1)],
        Severity.HIGH,
    ),
    "nanoseconds": (
        pa.array([1_000, 1_001], pa.timestamp("ns")),
        "TIMESTAMP",
        [datetime(1970, 1, 1, microsecond=1)],  # noqa: DTZ001 - the type has no zone
        None,
    ),
    "zoned": (
        pa.array(ZONED),
        "TIMESTAMP",
        [stamp.replace(tzinfo=None) for stamp in ZONED],
        Severity.LOW,
    ),
    "other-zone": (pa.array(ZONED, pa.timestamp("us", "Asia/Tokyo")), "TIMESTAMPTZ", ZONED, None),
    "dictionary": (pa.array(["a", "b"]).dictionary_encode(), "VARCHAR", ["a", "b"], None),
    "large-text": (pa.array(["a", "b"], pa.large_string()), "VARCHAR", ["a", "b"], None),
    "nothing": (pa.nulls(2), "INTEGER", [None, None], None),
    "half": (pa.array([1.5, 2.5], pa.float16()), "DOUBLE", [1.5, 2.5], Severity.LOW),
}


@pytest.mark.parametrize("case", RETYPED.values(), ids=RETYPED.keys())
def test_retyped_column_is_cast_without_loss_or_not_at_all(read, contract, case):
    array, kind, values, severity = case

    found = read({"a.parquet": _parquet({"x": array})}, contract({"x": kind}))

    assert [x for (x,) in found.cells("x")] == values
    assert len(found.miscast) == 2 - len(values)
    for row in found.miscast:
        (cast,) = row["_penstock_casts"]
        assert cast["column"] == "x"
        assert cast["value"]
        assert cast["reason"]
    if severity is None:
        assert "retyped" not in found.kinds()
    else:
        finding = found.finding("retyped")
        assert finding.severity == severity
        assert "s3://landing/sales/a.parquet has column 'x' as" in finding.message
        assert "Land it again with the contract's type" in finding.message


def test_files_of_several_formats_and_types_are_one_batch(read, plain):
    other = _parquet({"id": pa.array([9]), "name": pa.array(["z"]), "price": pa.array([1.5])})

    found = read(
        {
            "a.parquet": GOOD,
            "b.csv": b"id,name,price\n4,d,1\nfive,e,1\n",
            "c.parquet": other,
            "d.jsonl": b'{"id": 10, "name": [1], "price": 1}\n'
            b'{"id": 11, "name": "q", "price": 1}\n',
        },
        plain,
    )

    assert [row["id"] for row in found.typed] == [1, 2, None, 4, 9, 11]
    assert [row["_penstock_record"] for row in found.miscast] == [2, 1]
    assert [file.records for file in found.result.files] == [3, 2, 1, 2]


def test_file_without_rows_is_noted(read, plain):
    data = _parquet({"id": pa.array([], pa.int32()), "name": pa.array([], pa.string())})

    found = read({"a.parquet": data}, plain)

    assert found.finding("no_records").severity is Severity.HIGH
    assert found.result.files[0].records == 0


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


HELD = {
    "empty": (b"", "empty_file", "is empty"),
    "text": (b"id,name,price\n1,a,2\n", "binary_file", "is not Parquet"),
    "cut": (GOOD[:-10], "truncated_file", "before its Parquet footer"),
    "cut-short": (b"PAR1", "damaged_file", "not an intact Parquet file"),
    "encrypted": (b"PARE" + GOOD[4:-4] + b"PARE", "encrypted_file", "without Parquet encryption"),
    "footer": (_flipped(GOOD, len(GOOD) - 6), "damaged_file", "not an intact Parquet file"),
}


@pytest.mark.parametrize(("data", "kind", "says"), HELD.values(), ids=HELD.keys())
def test_file_that_cannot_be_read_is_held_as_a_whole(read, plain, data, kind, says):
    found = read({"a.parquet": data, "b.parquet": GOOD}, plain)

    assert len(found.typed) == 3
    finding = found.finding(kind)
    assert finding.severity is Severity.CRITICAL
    assert finding.message.startswith("s3://landing/sales/a.parquet ")
    assert says in finding.message


def test_damage_in_the_last_row_group_takes_the_whole_file_back(read, contract):
    data = _parquet(
        {"x": pa.array(range(100_000), pa.int64())},
        row_group_size=10_000,
        use_dictionary=False,
        compression="none",
        write_page_checksum=True,
    )
    at = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(9).column(0).data_page_offset + 5000

    found = read({"a.parquet": _flipped(data, at)}, contract({"x": "BIGINT"}))

    assert found.typed == []
    assert found.result.files[0].records is None
    assert found.finding("damaged_file").severity is Severity.CRITICAL


def test_columns_of_one_name_are_held(read, contract):
    table = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
    buffer = io.BytesIO()
    pq.write_table(table, buffer)

    found = read({"a.parquet": buffer.getvalue()}, contract({"x": "BIGINT"}))

    assert "'x' 2 times, as columns 1 and 2" in found.finding("duplicate_header").message


def test_file_that_unpacks_beyond_the_limit_is_held(read, contract):
    data = _parquet({"x": pa.array(["a" * 1000] * 5000)}, use_dictionary=False)

    found = read(
        {"a.parquet": data}, contract({"x": "VARCHAR"}), limits=Limits(decompressed_bytes=1 << 20)
    )

    assert "raise the limit" in found.finding("too_large").message


def test_rows_are_numbered_over_batches(read, contract, monkeypatch):
    monkeypatch.setattr(parquet_file, "BATCH_ROWS", 7)

    found = read({"a.parquet": _parquet({"x": pa.array(range(1, 101))})}, contract({"x": "BIGINT"}))

    assert found.cells("x") == [(record,) for record in range(1, 101)]
    assert found.records() == list(range(1, 101))
