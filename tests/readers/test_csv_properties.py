from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from penstock.contracts import Contract, CsvDialect
from penstock.readers import delimited

SLOW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DAMAGE = settings(SLOW, max_examples=60)

TEXT = st.text(
    st.one_of(
        st.sampled_from(list("\"',;\t|\\ \n\r\ufeffé\u2028")),
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    ),
    max_size=8,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    data: bytes
    rows: list[list[str]]
    dialect: CsvDialect


@st.composite
def written_tables(draw: st.DrawFn) -> Written:
    width = draw(st.integers(1, 4))
    rows = draw(st.lists(st.lists(TEXT, min_size=width, max_size=width), max_size=8))
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    doubled = draw(st.booleans())
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    if end != "\r\n" and quoting == csv.QUOTE_MINIMAL:  # the writer would not quote the other one
        other = "\r" if end == "\n" else "\n"
        rows = [[cell.replace(other, "") for cell in row] for row in rows]
    options = {"delimiter": delimiter, "doublequote": doubled, "escapechar": "\\"}
    if doubled:
        del options["escapechar"]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=end, quoting=quoting, **options)
    writer.writerow([f"c{index}" for index in range(width)])
    writer.writerows(rows)
    text.seek(0)
    assume(list(csv.reader(text, **options))[1:] == rows)  # the writer has its own faults
    encoding = draw(st.sampled_from(["utf-8", "utf-16", "utf-32"]))
    dialect = CsvDialect(
        delimiter=delimiter, escape='"' if doubled else "\\", nulls=(), encoding=encoding
    )
    return Written(data=text.getvalue().encode(encoding), rows=rows, dialect=dialect)


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(delimited, "WINDOW_MIN", 8)
    monkeypatch.setattr(delimited, "WINDOW_MAX", 32)


@SLOW
@given(table=written_tables())
@pytest.mark.usefixtures("small_windows")
def test_what_python_writes_comes_back_record_by_record(
    read: Callable, contract: Callable[..., Contract], table: Written
):
    width = len(table.rows[0]) if table.rows else 1
    names = [f"c{index}" for index in range(width)]
    assume(table.rows)

    found = read(
        {"a.csv": table.data}, contract(dict.fromkeys(names, "VARCHAR"), csv=table.dialect)
    )

    assert found.cells(*names) == [tuple(row) for row in table.rows]
    assert found.records() == list(range(1, len(table.rows) + 1))
    assert set(found.kinds()) <= {"no_records"}


@st.composite
def damaged_tables(draw: st.DrawFn) -> tuple[list[tuple[str, ...]], bytes, str]:
    cell = st.text(st.sampled_from('ab",\n'), max_size=5)
    rows = draw(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=12))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n", quoting=draw(st.sampled_from([0, 1])))
    writer.writerow(["c0", "c1", "c2"])
    start = len(text.getvalue())
    writer.writerows(rows)
    data = text.getvalue().encode()
    at = draw(st.integers(start, len(data) - 1))
    byte = draw(st.one_of(st.sampled_from(b'",\n\r\0ab'), st.integers(0, 255)))
    kind = draw(st.sampled_from(["flip", "cut", "insert", "remove", "double"]))
    if kind == "double":
        lines = data.splitlines(keepends=True)
        line = draw(st.integers(1, len(lines) - 1))
        return rows, b"".join([*lines[: line + 1], *lines[line:]]), kind
    put = {"flip": bytes([byte]), "insert": bytes([byte]), "remove": b"", "cut": b""}[kind]
    rest = {"flip": data[at + 1 :], "insert": data[at:], "remove": data[at + 1 :], "cut": b""}[kind]
    return rows, data[:at] + put + rest, kind


@DAMAGE
@given(case=damaged_tables())
@pytest.mark.usefixtures("small_windows")
def test_damage_is_accounted_for_or_the_file_is_held(
    read: Callable, contract: Callable[..., Contract], case: tuple[list, bytes, str]
):
    rows, data, kind = case

    found = read(
        {"a.csv": data},
        contract(dict.fromkeys(["c0", "c1", "c2"], "VARCHAR"), csv=CsvDialect(nulls=())),
    )

    (file,) = found.result.files
    if file.records is None:
        return
    numbers = [row["_penstock_record"] for row in (*found.typed, *found.rejects)]
    assert sorted(numbers) == list(range(1, file.records + 1))
    for reject in found.rejects:
        assert data[reject["byte_offset"] :].startswith(reject["raw"])
    typed, whole = Counter(found.cells("c0", "c1", "c2")), Counter(rows)
    assert (typed - whole).total() <= 1  # the damaged record may still be a record
    if kind != "cut":
        assert (whole - typed).total() <= 2  # a lost line end spoils two


@DAMAGE
@given(data=st.binary(max_size=200), gap=st.sampled_from([b"", b"\n", b'"', b","]))
@pytest.mark.usefixtures("small_windows")
def test_no_bytes_bring_the_reader_down(
    read: Callable, contract: Callable[..., Contract], data: bytes, gap: bytes
):
    read(
        {"a.csv": b"c0,c1\n" + gap.join(bytes([byte]) for byte in data)},
        contract({"c0": "INTEGER", "c1": "VARCHAR"}),
    )


@DAMAGE
@given(text=st.text(st.sampled_from('a",\\\n\r\0'), max_size=30), escape=st.sampled_from('"\\'))
@pytest.mark.usefixtures("small_windows")
def test_signs_of_the_dialect_in_any_order_are_accounted_for(
    read: Callable, contract: Callable[..., Contract], text: str, escape: str
):
    found = read(
        {"a.csv": b"c0,c1\n" + text.encode()},
        contract({"c0": "VARCHAR", "c1": "VARCHAR"}, csv=CsvDialect(escape=escape)),
    )

    for reject in found.rejects:
        assert text.encode()[reject["byte_offset"] - len(b"c0,c1\n") :].startswith(reject["raw"])
