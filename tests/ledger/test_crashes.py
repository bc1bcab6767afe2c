"""A process killed by signal 9 when everything is written and nothing is committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, inspect, select, text

from penstock.ledger import Ledger
from penstock.ledger.schema import metadata
from penstock.model import BatchId, BatchRecord

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

Race = Callable[..., list[Any]]


def content(url: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, as stored."""
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = {
            table.name: sorted(
                (tuple(row) for row in connection.execute(select(text("*")).select_from(table))),
                key=repr,
            )
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return rows


@pytest.fixture
def batch(ledger: Ledger, make: Samples) -> BatchRecord:
    return make.identified(ledger)


def call(make: Samples, batch: BatchRecord, name: str) -> list[Any]:
    claim, fresh = make.claim(1), make.claim(2)
    run = {"release": make.release_id, "flow_run": None, "owner": "worker-2"}
    about = {"batch": batch.batch, "release": make.release_id}
    request = make.request(batch.batch or BatchId(""))
    calls: dict[str, dict[str, Any]] = {
        "begin": {"claim": fresh.model_dump(mode="json"), **run},
        "settle": {"claim": claim.digest, "state": "held", "reason": "a rule failed"},
        "save_profile": {
            **about,
            "dataset": "retail",
            "profile": make.profile().model_dump(mode="json"),
        },
        "decide": {
            "request": batch.batch,
            "choice": "reject",
            "note": "",
            "by": "ann",
            "evidence": request["evidence"],
        },
        "wake_up": {"request": batch.batch},
        "set_flow_run": {"request": batch.batch, "flow_run": "run-2"},
        "intend": {**about, "key": "new", "step": "publish", "kind": "publish"},
        "complete": {"key": "intended", "result": {"snapshot": 7}},
        "audit": {"kind": "a.b", "subject": "c:d", "body": {}},
    }
    return [name, calls[name]]


@pytest.mark.parametrize(
    "name",
    [
        "begin",
        "settle",
        "save_profile",
        "decide",
        "wake_up",
        "set_flow_run",
        "intend",
        "complete",
        "audit",
    ],
)
def test_a_change_killed_before_its_commit_leaves_nothing_and_can_be_made_again(  # noqa: PLR0917 - fixtures
    name: str, url: str, ledger: Ledger, batch: BatchRecord, race: Race, make: Samples
) -> None:
    assert batch.batch is not None
    ledger.open_request(**make.request(batch.batch))
    ledger.intend(
        key="intended", batch=batch.batch, release=make.release_id, step="notify", kind="notify"
    )
    before = content(url)

    (killed,) = race(url, [[call(make, batch, name)]], kill=True)

    assert killed == ["killed", None]
    assert content(url) == before
    (again,) = race(url, [[call(make, batch, name)]])
    assert again[0] == "ok"
    assert len(content(url)["audit"]) == len(before["audit"]) + 1
    assert ledger.verify_audit() is None


def test_an_identification_killed_before_its_commit_leaves_no_file_with_a_digest(
    url: str, ledger: Ledger, race: Race, make: Samples
) -> None:
    claim = make.claim(2)
    ledger.record_release(make.release())
    ledger.begin(claim, release=make.release_id, flow_run=None, owner="worker-1")
    before = content(url)
    ingested = make.ingested(claim).model_dump(mode="json")
    identify = ["identify", {"claim": claim.digest, "ingested": ingested}]

    (killed,) = race(url, [[identify]], kill=True)

    assert killed == ["killed", None]
    assert content(url) == before


def test_a_killed_migration_leaves_no_table(empty_url: str, race: Race) -> None:
    (killed,) = race(empty_url, [[["migrate", {}]]], kill=True)

    assert killed == ["killed", None]
    engine = create_engine(empty_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    with Ledger(empty_url) as ledger:
        ledger.migrate()
        assert ledger.verify_audit() is None
