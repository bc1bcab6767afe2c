"""`penstock explain` and `penstock batches`: what happened, from what was kept."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock.ledger import Ledger
from penstock.model import BatchRecord, Claim, LandedFile, Release, ReleaseId, hash_bytes
from workbench import Workbench

if TYPE_CHECKING:
    from tests.cli.conftest import Command

pytestmark = pytest.mark.timeout(120)

NOW = datetime(2026, 11, 20, tzinfo=UTC)
RELEASE = Release(
    id=ReleaseId(hash_bytes(b"release")),
    code=hash_bytes(b"code"),
    code_version="0",
    workflow="orders@1",
    workflow_digest=hash_bytes(b"workflow"),
    contract="orders@1.0.0",
    contract_digest=hash_bytes(b"contract"),
    libraries={},
)
ANSWERS = (
    "Who asked",
    "Which version ran",
    "Which data it saw",
    "Which checks passed",
    "Who decided",
    "What was written",
    "How to undo it",
)


def record_of(bench: Workbench, state: str) -> BatchRecord:
    (record,) = [record for record in bench.batches() if record.state.value == state]
    return record


@pytest.mark.parametrize("state", ["published", "held", "rejected", "dead"])
def test_every_question_is_answered_for_every_kind_of_end(
    penstock: Command, installed: Workbench, state: str
) -> None:
    record = record_of(installed, state)

    answer = penstock("explain", record.claim[:12])

    assert answer.code == 0
    heads = [line for line in answer.out.splitlines() if line in ANSWERS]
    assert heads == list(ANSWERS)
    assert "None" not in answer.out
    assert "watcher" in answer.out
    assert f"{state[0]}" in answer.out
    assert f"-{state}.csv" in answer.out


def test_published_batch_names_release_rows_snapshot_and_undo(
    penstock: Command, installed: Workbench
) -> None:
    record = record_of(installed, "published")

    out = penstock("explain", record.batch).out

    assert record.release is not None
    assert record.release in out
    assert "policy: nobody had to be asked" in out
    assert "rows landed 20, published 20, quarantined 0, rejected 0" in out
    assert f"snapshot {record.snapshot}" in out
    assert f"_penstock_batch = '{record.batch}' from table 'orders'" in out


def test_rejected_batch_names_who_decided_and_why(penstock: Command, installed: Workbench) -> None:
    out = penstock("explain", record_of(installed, "rejected").batch).out

    assert "reject by ann (not proved)" in out
    assert "unit" in out
    assert "\x1b" not in out
    assert "nothing to undo" in out


def test_held_batch_names_its_request_and_findings(penstock: Command, installed: Workbench) -> None:
    out = penstock("explain", record_of(installed, "held").batch).out

    assert f"request {installed.request().id[:12]} waits for a steward" in out
    assert "are below 0" in out
    assert "no rows: nothing of it is published" in out


def test_dead_batch_names_its_reason_and_file(penstock: Command, installed: Workbench) -> None:
    out = penstock("explain", record_of(installed, "dead").claim).out

    assert "vanished" in out
    assert "there is no evidence" in out
    assert "policy" not in out


def test_json_holds_the_same_answers(penstock: Command, installed: Workbench) -> None:
    found = penstock("explain", record_of(installed, "rejected").batch, "--json").json

    assert found["record"]["state"] == "rejected"
    assert found["decisions"][0]["by"] == "ann"
    assert found["evidence"]["files"][0]["uri"] == found["claimed"][0]["uri"]
    assert found["trail"]


def test_batch_is_found_by_the_name_of_its_runs(penstock: Command, installed: Workbench) -> None:
    record = record_of(installed, "held")

    out = penstock("explain", f"orders#{record.sequence}").out

    assert out.startswith(f"Batch {record.batch}")


@pytest.mark.parametrize("text", ["ffffffffffff", "short", "", "orders#99", "nothing#1", "#", "#1"])
def test_unknown_batch_points_at_the_list(
    penstock: Command, installed: Workbench, text: str
) -> None:
    assert installed.batches()

    assert penstock("explain", text).error


def test_ambiguous_beginning_names_the_candidates(penstock: Command, nowhere: Path) -> None:
    first, second = claims_alike()
    nowhere.mkdir()
    with Ledger(f"sqlite:///{nowhere / 'ledger.db'}") as ledger:
        ledger.migrate()
        ledger.record_release(RELEASE)
        for claim in (first, second):
            ledger.begin(claim, release=RELEASE.id, flow_run=None, owner="test")

    error = penstock("explain", first.digest[:6]).error

    assert first.digest in error
    assert second.digest in error
    assert penstock("explain", first.digest).code == 0


def claims_alike() -> tuple[Claim, Claim]:
    """Return two claims whose digests begin with the same six characters."""
    seen: dict[str, Claim] = {}
    for number in count(1):
        file = LandedFile(uri=f"file:///{number}.csv", version="1", size=1, modified_at=NOW)
        claim = Claim(
            dataset="orders", sequence=number, files=(file,), requested_by="ann", claimed_at=NOW
        )
        if (other := seen.setdefault(claim.digest[:6], claim)) and other is not claim:
            return other, claim
    raise AssertionError


def test_batches_are_listed_newest_first(penstock: Command, installed: Workbench) -> None:
    answer = penstock("batches")

    states = [line.split()[3] for line in answer.out.splitlines()[2:]]
    assert states == [record.state.value for record in reversed(installed.batches())]
    assert all(len(line) <= 80 for line in answer.out.splitlines())


def test_batches_speak_json_and_obey_their_limit(penstock: Command, installed: Workbench) -> None:
    assert len(penstock("batches", "--json").json) == len(installed.batches())
    assert [one["state"] for one in penstock("batches", "--limit", 1, "--json").json] == ["dead"]
    assert penstock("batches", "--dataset", "returns", "--json").json == []
