"""`penstock run`: one batch now. 0 published, 1 held or rejected, 2 an error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prefect.settings import PREFECT_API_URL

from penstock.errors import PenstockError
from penstock.flows import drain
from penstock.landing import ClaimLog, describe_file
from penstock.stores import open_store
from workbench import Workbench, bad, good

if TYPE_CHECKING:
    from tests.cli.conftest import Command

MAIN = "from penstock.cli import main; main()"

pytestmark = pytest.mark.timeout(120)


def test_good_file_is_published_and_the_same_again_adds_no_row(
    penstock: Command, bench: Workbench, clean: Path
) -> None:
    first = penstock("run", clean, "--dataset", "orders")
    again = penstock("run", clean, "--dataset", "orders", "--json")

    assert first.code == 0
    assert first.out.startswith("published: batch ")
    assert "rows: landed 20, published 20, quarantined 0, rejected 0" in first.out
    assert (again.code, again.json["state"], again.json["sequence"]) == (0, "published", 1)
    assert bench.published() == list(good())
    assert len(bench.batches()) == 1
    assert "@" in bench.batches()[0].requested_by


def test_several_files_are_one_batch(
    penstock: Command, bench: Workbench, clean: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.csv"
    other.write_text("id,item,pieces\n900,x,1\n")

    assert penstock("run", clean, other, "--dataset", "orders").code == 0

    assert len(bench.batches()) == 1
    assert len(bench.published()) == 21


def test_held_file_exits_1_and_runs_again_after_the_decision(
    penstock: Command, bench: Workbench, failing: Path
) -> None:
    held = penstock("run", failing, "--dataset", "orders")
    decided = penstock("decide", bench.request().id, "--choice", "quarantine")
    again = penstock("run", failing, "--dataset", "orders")

    assert held.code == 1
    assert held.out.startswith("held: batch ")
    assert "evidence: file://" in held.out
    assert "`penstock requests`" in held.out
    assert decided.code == 0
    assert again.code == 0
    assert "rows: landed 20, published 12, quarantined 8, rejected 0" in again.out
    assert bench.published() == bad()[8:]


def test_rejected_batch_exits_1_and_stays_rejected(
    penstock: Command, bench: Workbench, failing: Path
) -> None:
    penstock("run", failing, "--dataset", "orders")
    penstock("decide", bench.request().id, "--choice", "reject")

    assert penstock("run", failing, "--dataset", "orders").code == 1
    answer = penstock("run", failing, "--dataset", "orders")

    assert answer.code == 1
    assert "rejected 20" in answer.out
    assert bench.published() == []


def test_unknown_dataset_names_the_known_ones(
    penstock: Command, bench: Workbench, clean: Path
) -> None:
    error = penstock("run", clean, "--dataset", "order").error

    assert "'order'" in error
    assert "orders" in error
    assert bench.batches() == []


def test_refused_definition_is_why_its_dataset_is_unknown(
    penstock: Command, bench: Workbench, clean: Path
) -> None:
    open_store(bench.settings.config_uri).put("contracts/orders.yaml", b"kind: Nothing")

    error = penstock("run", clean, "--dataset", "orders").error

    assert "contracts/orders.yaml" in error


def test_missing_file_is_named_and_nothing_is_claimed(
    penstock: Command, bench: Workbench, tmp_path: Path
) -> None:
    error = penstock("run", tmp_path / "missing.csv", "--dataset", "orders").error

    assert "missing.csv" in error
    assert bench.batches() == []


def test_a_failure_within_the_run_is_one_sentence_and_without_a_traceback(
    bench: Workbench, clean: Path
) -> None:
    # Prefect's console log keeps the first stderr it saw, so this takes a process of its own.
    answer = subprocess.run(
        [
            sys.executable,
            "-c",
            "from penstock.cli import main; main()",
            "run",
            clean,
            "--dataset",
            "orders",
        ],
        env=os.environ
        | {
            "PENSTOCK_WAREHOUSE": str(clean / "no-folder"),
            "PREFECT_API_URL": str(PREFECT_API_URL.value()),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.splitlines()[-1].startswith("penstock: ")
    assert str(clean) in answer.stderr.splitlines()[-1]
    assert "Traceback" not in answer.stderr
    assert bench.published() == []


def test_a_dead_batch_is_taken_up_again_by_running_it_again(
    penstock: Command, bench: Workbench
) -> None:
    landed = Path(bench.land("a.csv", good()).removeprefix("file://"))
    ClaimLog(bench.tools.store, "orders").claim_files([describe_file(landed)], requested_by="ann")
    landed.rename(landed.with_name(".away"))
    with pytest.raises(PenstockError, match=r"a\.csv"):
        drain("orders")
    assert bench.states() == ["dead"]
    landed.with_name(".away").rename(landed)

    assert penstock("run", landed, "--dataset", "orders").code == 0

    assert bench.published() == list(good())
    assert bench.states() == ["published"]
