"""`penstock audit verify`: whole, or the first record that is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import NullPool, create_engine

from penstock.ledger import Ledger

if TYPE_CHECKING:
    from tests.cli.conftest import Command

TRIGGERS = ("update", "delete", "replace")


@pytest.fixture
def ledger_url(nowhere: Path) -> str:
    nowhere.mkdir()
    url = f"sqlite:///{nowhere / 'ledger.db'}"
    with Ledger(url) as ledger:
        ledger.migrate()
        for number in range(5):
            ledger.audit(kind="test.happened", subject=f"batch:{number}", body={"rows": number})
    return url


def tamper(url: str, statement: str) -> None:
    """Change the audit table as somebody who took its protection off."""
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for change in TRIGGERS:
            connection.exec_driver_sql(f"DROP TRIGGER audit_no_{change}")
        connection.exec_driver_sql(statement)


def test_whole_chain_exits_0_and_counts_its_records(penstock: Command, ledger_url: str) -> None:
    answer = penstock("audit", "verify")

    assert answer.code == 0
    assert answer.out == f"The audit chain is whole: 5 records in {ledger_url}.\n"
    assert penstock("audit", "verify", "--json").json == {
        "ledger": ledger_url,
        "whole": True,
        "records": 5,
        "broken": None,
    }


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("""UPDATE audit SET body = '{"rows": 9}' WHERE sequence = 3""", 3),
        ("UPDATE audit SET subject = 'batch:9' WHERE sequence = 1", 1),
        ("DELETE FROM audit WHERE sequence = 4", 4),
    ],
)
def test_edited_record_exits_1_and_is_named(
    penstock: Command, ledger_url: str, statement: str, sequence: int
) -> None:
    tamper(ledger_url, statement)

    answer = penstock("audit", "verify")

    assert answer.code == 1
    assert f"The audit chain is broken at record {sequence} of {ledger_url}: " in answer.out
    assert "Traceback" not in answer.err
    found = penstock("audit", "verify", "--json")
    assert (found.code, found.json["broken"]["sequence"]) == (1, sequence)


def test_record_of_a_real_journey_is_protected_until_somebody_drops_the_trigger(
    ledger_url: str,
) -> None:
    engine = create_engine(ledger_url, poolclass=NullPool)
    with pytest.raises(Exception, match="append"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit SET kind = 'x' WHERE sequence = 1")
