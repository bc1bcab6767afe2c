"""`penstock profile`: what columns look like, with and without a contract."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Command

ROWS = [{"id": 1, "item": "a", "price": 1.5}, {"id": 2, "item": None, "price": 2.5}]
TABLE = pa.table({name: [row[name] for row in ROWS] for name in ROWS[0]})


def lines(delimiter: str) -> bytes:
    records = [list(ROWS[0]), *([row["id"], row["item"] or "", row["price"]] for row in ROWS)]
    return "".join(delimiter.join(map(str, record)) + "\n" for record in records).encode()


def jsonl() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in ROWS).encode()


@pytest.fixture(params=["csv", "tsv", "semicolon.csv", "csv.gz", "jsonl", "parquet"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"file.{request.param}"
    match request.param:
        case "csv":
            path.write_bytes(lines(","))
        case "tsv":
            path.write_bytes(lines("\t"))
        case "semicolon.csv":
            path.write_bytes(lines(";"))
        case "csv.gz":
            path.write_bytes(gzip.compress(lines(",")))
        case "jsonl":
            path.write_bytes(jsonl())
        case _:
            pq.write_table(TABLE, path)
    return path


def test_columns_are_made_out_in_any_format(penstock: Command, file: Path) -> None:
    answer = penstock("profile", file, "--json")

    found = answer.json
    assert answer.code == 0
    assert found["rows"] == 2
    assert [column["name"] for column in found["columns"]] == ["id", "item", "price"]
    assert [column["missing"] for column in found["columns"]] == [0, 1, 0]
    assert found["columns"][2]["mean"] == 2.0


def test_a_contract_gives_the_types(penstock: Command, clean: Path, contract: Path) -> None:
    answer = penstock("profile", clean, "--contract", contract)

    assert answer.code == 0
    assert answer.out.startswith("20 rows\n")
    assert "BIGINT" in answer.out


def test_table_fits_a_page_and_has_no_trailing_blanks(penstock: Command, clean: Path) -> None:
    answer = penstock("profile", clean)

    assert all(len(line) <= 80 for line in answer.out.splitlines())
    assert all(line == line.rstrip() for line in answer.out.splitlines())


def test_a_ragged_record_keeps_no_column_from_being_made_out(
    penstock: Command, tmp_path: Path
) -> None:
    path = tmp_path / "ragged.csv"
    path.write_text("id,item\n" + "".join(f"{n},x\n" for n in range(50)) + "51,x,y,z\n")

    answer = penstock("profile", path)

    assert answer.code == 0
    assert answer.out.startswith("50 rows\n")
    assert "1 records are no rows" in answer.err


def test_file_without_columns_is_an_error(penstock: Command, tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.touch()

    error = penstock("profile", path).error

    assert str(path) in error
    assert "--contract" in error


@pytest.mark.parametrize("with_contract", [True, False])
def test_file_that_cannot_be_read_exits_1_and_says_why(
    penstock: Command, tmp_path: Path, contract: Path, with_contract: bool
) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(bytes(range(256)) * 20)

    answer = penstock("profile", path, *(("--contract", contract) if with_contract else ()))

    assert (answer.code, answer.out) == (1, "")
    assert "file.csv" in answer.err
    assert "None of it was read" in answer.err
