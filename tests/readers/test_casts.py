from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import inf, isnan

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from penstock.contracts import ContractColumn, DriftMode, DriftPolicy, Rule, RuleKind
from penstock.errors import ConfigError
from penstock.model import Severity
from penstock.readers import row_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    type: str
    text: str
    value: object = None
    """None where the cast must fail."""
    format: str | None = None


CASES = [
    Case(type="INTEGER", text="7", value=7),
    Case(type="INTEGER", text=" -7 ", value=-7),
    Case(type="INTEGER", text="17850.0", value=17850),
    Case(type="INTEGER", text="1e3", value=1000),
    Case(type="INTEGER", text="1.5"),
    Case(type="INTEGER", text="1_000"),
    Case(type="INTEGER", text="0x1F"),
    Case(type="INTEGER", text="2147483648"),
    Case(type="INTEGER", text="5 pieces"),
    Case(type="HUGEINT", text="9" * 30, value=int("9" * 30)),
    Case(type="UBIGINT", text="-1"),
    Case(type="DECIMAL(12,2)", text="2.50", value=Decimal("2.50")),
    Case(type="DECIMAL(12,2)", text="2.5000", value=Decimal("2.50")),
    Case(type="DECIMAL(12,2)", text="-.5", value=Decimal("-0.50")),
    Case(type="DECIMAL(12,2)", text="1.555e1", value=Decimal("15.55")),
    Case(type="DECIMAL(12,2)", text="2.555"),
    Case(type="DECIMAL(12,2)", text="1e-5"),
    Case(type="DECIMAL(12,2)", text="1,50"),
    Case(type="DECIMAL(12,2)", text="12345678901.5"),
    Case(type="DOUBLE", text="1.5e3", value=1500.0),
    Case(type="DOUBLE", text="-Infinity", value=-inf),
    Case(type="DOUBLE", text="1e999"),
    Case(type="DOUBLE", text="1_0"),
    Case(type="BOOLEAN", text="yes", value=True),
    Case(type="BOOLEAN", text="maybe"),
    Case(type="DATE", text="2020-02-29", value=date(2020, 2, 29)),
    Case(type="DATE", text="2020-01-01 00:00:00", value=date(2020, 1, 1)),
    Case(type="DATE", text="2020-01-01 10:00:00"),
    Case(type="DATE", text="2021-02-29"),
    Case(type="DATE", text="infinity"),
    Case(type="DATE", text="epoch"),
    Case(type="DATE", text="31.12.2020", format="%d.%m.%Y", value=date(2020, 12, 31)),
    Case(type="DATE", text="2020-12-31", format="%d.%m.%Y"),
    Case(type="DATE", text="31.12.2020 07", format="%d.%m.%Y %H"),
    Case(type="TIME", text="10:30", value=time(10, 30)),
    Case(type="TIME", text="24:00:00"),
    Case(type="TIMESTAMP", text="2020-01-01T10:00", value=datetime(2020, 1, 1, 10)),  # noqa: DTZ001 - the type has no zone
    Case(type="TIMESTAMP", text="2020-01-01T10:00Z", value=datetime(2020, 1, 1, 10)),  # noqa: DTZ001 - the type has no zone
    Case(type="TIMESTAMP", text="2020-01-01 10:00:00+02"),
    Case(type="TIMESTAMP", text="2020-01-01 10:00:00.1234567"),
    Case(type="TIMESTAMP", text="2020-01-01 1.000000500", format="%Y-%m-%d %S.%n"),
    Case(
        type="TIMESTAMP",
        text="2020-01-01 1.000005000",
        format="%Y-%m-%d %S.%n",
        value=datetime(2020, 1, 1, 0, 0, 1, 5),  # noqa: DTZ001 - the type has no zone
    ),
    Case(
        type="TIMESTAMP WITH TIME ZONE",
        text="2020-01-01 10:00:00+02:00",
        value=datetime(2020, 1, 1, 8, tzinfo=UTC),
    ),
    Case(type="UUID", text="no uuid"),
    Case(type="JSON", text='{"a": 1}', value='{"a": 1}'),
    Case(type="JSON", text="{a}"),
    Case(type="INTEGER[]", text="[1, 2]", value=[1, 2]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.type}:{case.text}")
def test_text_is_cast_without_loss_or_not_at_all(read, contract, case):
    columns = [
        ContractColumn(name="n", type="VARCHAR", severity=Severity.LOW),
        ContractColumn(name="x", type=case.type, format=case.format, severity=Severity.LOW),
    ]
    quoted = '"' + case.text.replace('"', '""') + '"'

    found = read({"a.csv": f"n,x\n1,{quoted}\n2,\n".encode()}, contract(columns))

    if case.value is not None:
        assert found.cells("x") == [(case.value,), (None,)]
        return
    assert found.cells("n", "x") == [("2", None)]
    (row,) = found.miscast
    assert (row["n"], row["x"]) == ("1", None)
    (cast,) = row["_penstock_casts"]
    assert (cast["column"], cast["value"]) == ("x", case.text)
    assert cast["reason"].startswith("not a")


def test_not_a_number_is_a_float(read, contract):
    found = read({"a.csv": b"x\nNaN\n"}, contract({"x": "DOUBLE"}))

    assert isnan(found.typed[0]["x"])


def test_a_row_names_all_its_failed_casts(read, contract):
    columns = {"a": "INTEGER", "b": "DATE", "c": "VARCHAR"}

    found = read({"a.csv": b"a,b,c\n1,2020-01-01,x\none,today,y\n"}, contract(columns))

    (row,) = found.miscast
    assert [(cast["column"], cast["value"]) for cast in row["_penstock_casts"]] == [
        ("a", "one"),
        ("b", "today"),
    ]
    assert (row["c"], row["_penstock_record"]) == ("y", 2)


def test_failed_cast_is_a_finding_where_no_rule_tells_of_it(read, contract):
    columns = {"a": "INTEGER", "b": "INTEGER"}
    rule = Rule(id="b.type", kind=RuleKind.TYPE, columns=("b",), severity=Severity.HIGH)

    found = read({"a.csv": b"a,b\n1,1\nx,y\n"}, contract(columns, rules=(rule,)))

    finding = found.finding("type")
    assert (finding.column, finding.rows, finding.severity) == ("a", 1, Severity.MEDIUM)
    assert "s3://landing/sales/a.csv has 'a' in record 2" in finding.message
    assert finding.examples[0].value == "x"


def test_sensitive_values_are_masked_in_findings(read, contract):
    columns = [ContractColumn(name="a", type="INTEGER", severity=Severity.HIGH, sensitive=True)]

    found = read({"a.csv": b"a\nsecret\n"}, contract(columns))

    assert found.finding("type").examples[0].value == "•••"
    assert "secret" not in found.finding("type").message


def test_discarded_values_leave_typed_rows_and_their_record(read, contract):
    drift = DriftPolicy(types=DriftMode.DISCARD_VALUE)

    found = read(
        {"a.csv": b"a,b\n1,x\ntwo,y\n3,z\n"},
        contract({"a": "INTEGER", "b": "VARCHAR"}, drift=drift),
    )

    assert found.cells("a", "b") == [(1, "x"), (None, "y"), (3, "z")]
    (file,) = found.result.files
    assert (file.rows_typed, file.rows_miscast) == (3, 0)
    assert found.miscast[0]["_penstock_casts"][0]["value"] == "two"


@pytest.mark.parametrize(
    ("kind", "style", "word"),
    [
        ("INTEGER); DROP TABLE x", None, "not known"),
        ("NUMBER9", None, "not known"),
        ("INTERVAL", None, "cannot be read"),
        ("INTEGER", "%d", "no meaning"),
        ("DATE", "%Q", "strptime"),
    ],
)
def test_type_that_cannot_be_used_is_a_config_error(read, contract, kind, style, word):
    column = ContractColumn(name="x", type=kind, format=style, severity=Severity.LOW, line=12)

    with pytest.raises(ConfigError, match=word) as caught:
        read({"a.csv": b"x\n1\n"}, contract([column]))

    assert "sales.odcs.yaml:12: Column 'x'" in str(caught.value)


def test_penstock_s_own_column_names_are_refused(read, contract):
    with pytest.raises(ConfigError, match="_penstock_"):
        read({"a.csv": b"x\n1\n"}, contract({"_penstock_file": "VARCHAR"}))


def test_typed_file_has_even_row_groups_in_order(read, contract, monkeypatch):
    monkeypatch.setattr(row_groups, "ROW_GROUP", 1000)
    rows = b"".join(b"%d,2020-01-01 10:00:00\n" % number for number in range(1, 2501))

    found = read(
        {"a.csv": b"a,t\n" + rows[:3000], "b.csv": b"a,t\n"},
        contract({"a": "INTEGER", "t": "TIMESTAMP"}),
    )
    whole = read({"a.csv": b"a,t\n" + rows}, contract({"a": "INTEGER", "t": "TIMESTAMP"}))

    file = pq.ParquetFile(whole.result.typed)
    groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
    assert [group.num_rows for group in groups] == [1000, 1000, 500]
    assert groups[0].column(0).compression == "ZSTD"
    assert file.schema_arrow.field("t").type == pa.timestamp("us")
    assert all(field.nullable for field in file.schema_arrow)
    assert whole.cells("a") == [(number,) for number in range(1, 2501)]
    assert found.result.typed.exists()


def test_the_same_files_give_the_same_bytes(read, plain):
    files = {"a.csv": b"id,name,price\n1,a,2\nx,b,3\n", "b.csv": b"id,name,price\n2,c\n"}

    first, second = read(files, plain).result, read(files, plain).result

    for name in ("typed", "miscast", "rejects"):
        assert getattr(first, name).read_bytes() == getattr(second, name).read_bytes()
