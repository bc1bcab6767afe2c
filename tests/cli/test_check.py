"""`penstock check`: 0 clean, 1 something failed, 2 an error."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from workbench import CONTRACT

if TYPE_CHECKING:
    from tests.cli.conftest import Command


def test_clean_file_exits_0_and_says_clean(penstock: Command, clean: Path, contract: Path) -> None:
    answer = penstock("check", clean, "--contract", contract)

    assert answer.code == 0
    assert answer.err == ""
    assert (
        answer.out.splitlines()[-1] == "clean: 20 rows clean, 0 to keep aside, 0 records rejected"
    )
    assert "failed" not in answer.out.split("\n", 1)[1]


def test_failed_rule_exits_1_and_is_shown_first_with_places(
    penstock: Command, failing: Path, contract: Path
) -> None:
    answer = penstock("check", failing, "--contract", contract)

    assert answer.code == 1
    assert answer.out.splitlines()[2].split()[:4] == ["pieces.range", "failed", "medium", "8"]
    assert f"{failing.as_uri()} record 1: '-1'" in answer.out
    assert "failed: 12 rows clean, 8 to keep aside, 0 records rejected" in answer.out


def test_several_files_are_one_batch(
    penstock: Command, clean: Path, failing: Path, contract: Path
) -> None:
    answer = penstock("check", clean, failing, "--contract", contract, "--json")

    found = answer.json
    assert answer.code == 1
    assert (found["rows"], found["passed"]) == (40, False)
    unique = next(rule for rule in found["rules"] if rule["rule"] == "id.unique")
    assert (unique["outcome"], unique["rows_failed"]) == ("failed", 40)


def test_json_is_one_document_and_nothing_else(
    penstock: Command, clean: Path, contract: Path
) -> None:
    answer = penstock("check", clean, "--contract", contract, "--json")

    assert answer.json["passed"] is True
    assert answer.err == ""


def test_quarantine_holds_failed_rows_with_their_reasons(
    penstock: Command, failing: Path, contract: Path, tmp_path: Path
) -> None:
    out = tmp_path / "failed.parquet"

    answer = penstock("check", failing, "--contract", contract, "--quarantine", out)

    rows = pq.read_table(out).to_pylist()
    assert answer.code == 1
    assert str(out) in answer.out
    assert [row["id"] for row in rows] == list(range(1, 9))
    assert all(row["_penstock_reasons"] for row in rows)


def test_quarantine_writes_nothing_for_a_clean_file(
    penstock: Command, clean: Path, contract: Path, tmp_path: Path
) -> None:
    out = tmp_path / "failed.parquet"

    assert penstock("check", clean, "--contract", contract, "--quarantine", out).code == 0
    assert not out.exists()


def test_quarantine_into_no_folder_is_refused_before_reading(
    penstock: Command, failing: Path, contract: Path, tmp_path: Path
) -> None:
    out = tmp_path / "missing" / "failed.parquet"

    answer = penstock("check", failing, "--contract", contract, "--quarantine", out)

    assert answer.error.startswith(f"There is no folder '{out.parent}' for --quarantine.")


def test_quarantine_that_cannot_be_written_is_one_sentence(
    penstock: Command, failing: Path, contract: Path, tmp_path: Path
) -> None:
    answer = penstock("check", failing, "--contract", contract, "--quarantine", tmp_path)

    assert str(tmp_path) in answer.error
    assert "Is a directory" in answer.error


HELD = {
    "empty.csv": (b"", "is empty"),
    "header.csv": (b"id,item,pieces\n", "has columns but no records"),
    "cut.csv.gz": (gzip.compress(os.urandom(9000))[:-50], "ends in the middle of its gzip data"),
    "garbage.csv": (bytes(range(1, 256)) * 20, "none of the contract's columns"),
    "extra.csv": (b"id,item,pieces,more\n1,a,1,x\n", "does not know"),
    "quote.csv": (b'id,item,pieces\n1,"a,1\n', "record 1 (byte 15)"),
}


@pytest.mark.parametrize("name", HELD)
def test_file_that_would_be_held_does_not_pass(
    penstock: Command, contract: Path, tmp_path: Path, name: str
) -> None:
    content, says = HELD[name]
    path = tmp_path / name
    path.write_bytes(content)

    answer = penstock("check", path, "--contract", contract)

    assert answer.code == 1
    assert says in answer.out
    assert answer.out.splitlines()[-1].startswith("failed:")


def test_missing_file_is_a_usage_error(penstock: Command, contract: Path) -> None:
    answer = penstock("check", "missing.csv", "--contract", contract)

    assert answer.code == 2
    assert "'missing.csv' does not exist" in answer.err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: [", "YAML"),
        (CONTRACT + "        quality: [{metric: sparkle, mustBe: 0}]\n", "sparkle"),
        ("", "empty"),
    ],
)
def test_contract_that_cannot_be_used_exits_2_with_its_place(
    penstock: Command, clean: Path, tmp_path: Path, text: str, says: str
) -> None:
    contract = tmp_path / "broken.yaml"
    contract.write_text(text)

    error = penstock("check", clean, "--contract", contract).error

    assert "broken.yaml" in error
    assert says in error


def test_nothing_is_left_behind(
    penstock: Command, failing: Path, contract: Path, nowhere: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())

    penstock("check", failing, "--contract", contract)

    assert sorted(tmp_path.iterdir()) == before
    assert not nowhere.exists()


def test_cells_cannot_steer_the_terminal(penstock: Command, contract: Path, tmp_path: Path) -> None:
    path = tmp_path / "escape.csv"
    path.write_text("id,item,pieces,\x1b[2J\n1,a,1,x\n")

    answer = penstock("check", path, "--contract", contract)

    assert "\x1b" not in answer.out
