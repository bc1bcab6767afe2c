"""The audit chain: what is appended can be read back exactly, and what was changed is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import NullPool, create_engine
from sqlalchemy.exc import DatabaseError

from penstock.ledger import AuditBreak, Ledger
from penstock.ledger.audit import PAGE
from penstock.ledger.audit_chain import append
from penstock.ledger.stored import decode, encode
from penstock.model import canonical

if TYPE_CHECKING:
    from tests.ledger.conftest import ManualClock, Samples

Sql = Callable[..., list[tuple[Any, ...]]]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
bodies = st.dictionaries(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner),
        max_leaves=5,
    ),
    max_size=4,
)


def write(ledger: Ledger, count: int) -> None:
    for number in range(1, count + 1):
        ledger.audit(kind="test.wrote", subject=f"thing:{number}", body={"number": number})


def broken(ledger: Ledger) -> AuditBreak:
    found = ledger.verify_audit()
    assert found is not None
    return found


def test_an_empty_chain_holds(ledger: Ledger) -> None:
    assert ledger.verify_audit() is None


def test_each_record_names_the_one_before(ledger: Ledger) -> None:
    write(ledger, 3)

    records = list(ledger.audit_records())

    assert [record.sequence for record in records] == [1, 2, 3]
    assert [r.previous for r in records] == ["0" * 64, records[0].digest, records[1].digest]
    assert ledger.verify_audit() is None


def test_records_of_one_subject_can_be_read_alone(ledger: Ledger) -> None:
    write(ledger, 3)

    assert [record.sequence for record in ledger.audit_records(subject="thing:2")] == [2]


def test_a_chain_longer_than_a_page_is_read_and_verified_whole(
    url: str, ledger: Ledger, tamper: Sql, clock: ManualClock
) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for _ in range(PAGE + 2):
            append(connection, at=clock.now, kind="test.wrote", subject="thing:1", body={})

    assert sum(1 for _ in ledger.audit_records()) == PAGE + 2
    assert ledger.verify_audit() is None
    tamper(f"UPDATE audit SET kind = 'test.red' WHERE sequence = {PAGE + 1}")  # noqa: S608 - ours
    assert broken(ledger).sequence == PAGE + 1


@settings(max_examples=40, deadline=None)
@given(body=bodies)
def test_any_body_is_stored_as_text_that_reads_back_the_same(body: dict[str, Any]) -> None:
    text = encode(body, tag="t")

    assert encode(decode(text, tag="t"), tag="t") == text


def test_bodies_come_back_as_they_were_appended(ledger: Ledger) -> None:
    numbers = [0.1 + 0.2, 1.0, 1e22, -0.0, 5e-324, 1.7976931348623157e308, 2**70, 10**20, True]
    texts = ["", "\0", "größe \U0001f4a7", "'; DROP TABLE audit; --", "%s :key", "\\u0041", "\r\n"]
    given = [*({"": n} for n in numbers), *({t: [t, {t: None}]} for t in texts), {"z": 1, "a": {}}]

    appended = [ledger.audit(kind="a.b", subject="c:d", body=body) for body in given]  # type: ignore[arg-type] # JSON all the same

    read = list(ledger.audit_records())
    assert read == appended
    assert [canonical(r.body, tag="t") for r in read] == [canonical(b, tag="t") for b in given]
    assert ledger.verify_audit() is None


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 11, 20, 23, 30, tzinfo=timezone(timedelta(hours=-7))),
        datetime(2026, 3, 29, 1, 0, 0, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_to_the_microsecond_in_utc(
    instant: datetime, ledger: Ledger, clock: ManualClock
) -> None:
    clock.now = instant

    ledger.audit(kind="a.b", subject="c:d", body={})

    (record,) = ledger.audit_records()
    assert record.at == instant
    assert record.at.utcoffset() == timedelta(0)
    assert ledger.verify_audit() is None


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("body = replace(body, '\"number\":3', '\"number\":4')", "content was changed"),
        ("body = replace(body, '\"number\":3', '\"number\":3.0')", "content was changed"),
        ("body = replace(body, '\"number\":3', '\"number\": 3')", "not in canonical form"),
        ("body = 'nonsense'", "cannot be read: JSONDecodeError"),
        ("body = '{}'", "not tagged"),
        ("at = '2020-01-01T00:00:00.000000+00:00'", "content was changed"),
        ("at = '2026-11-20T09:00:00.000000+01:00'", "not in the stored form"),
        ("at = 'yesterday'", "cannot be read"),
        ("kind = 'test.red'", "content was changed"),
        ("subject = 'thing:9'", "content was changed"),
        ("previous = 'a' || substr(previous, 2) || 'b'", "does not follow record 2"),
        ("digest = 'a' || substr(digest, 2) || 'b'", "does not have the digest"),
    ],
)
def test_an_edited_record_is_named(change: str, problem: str, ledger: Ledger, tamper: Sql) -> None:
    write(ledger, 5)

    tamper(f"UPDATE audit SET {change} WHERE sequence = 3")  # noqa: S608 - the case's

    found = broken(ledger)
    assert found.sequence == 3
    assert problem in found.problem


@pytest.mark.parametrize("missing", [1, 3])
def test_a_deleted_record_is_named(missing: int, ledger: Ledger, tamper: Sql) -> None:
    write(ledger, 5)

    tamper(f"DELETE FROM audit WHERE sequence = {missing}")  # noqa: S608 - the case's

    assert broken(ledger) == AuditBreak(
        sequence=missing,
        problem=f"it is missing: after record {missing - 1} comes record {missing + 1}",
    )


def test_a_deleted_record_whose_number_was_filled_is_named(ledger: Ledger, tamper: Sql) -> None:
    write(ledger, 5)

    tamper(
        "DELETE FROM audit WHERE sequence = 3",
        "UPDATE audit SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit SET sequence = 4 WHERE sequence = 5",
    )

    found = broken(ledger)
    assert found.sequence == 3
    assert "does not follow record 2" in found.problem


def test_swapped_records_are_named(ledger: Ledger, tamper: Sql) -> None:
    write(ledger, 5)

    tamper(
        "UPDATE audit SET sequence = 99 WHERE sequence = 2",
        "UPDATE audit SET sequence = 2 WHERE sequence = 3",
        "UPDATE audit SET sequence = 3 WHERE sequence = 99",
    )

    assert broken(ledger).sequence == 2


def test_a_forked_record_is_named(ledger: Ledger, tamper: Sql) -> None:
    write(ledger, 3)

    tamper(
        "DROP INDEX uq_audit_previous",
        "INSERT INTO audit SELECT 4, at, kind, subject, body, previous, digest FROM audit"
        " WHERE sequence = 3",
    )

    found = broken(ledger)
    assert found.sequence == 4
    assert "does not follow record 3" in found.problem


def test_a_fork_is_refused_by_the_database_itself(ledger: Ledger, tamper: Sql) -> None:
    write(ledger, 3)

    with pytest.raises(DatabaseError, match=r"(?i)unique"):
        tamper(
            "INSERT INTO audit SELECT 4, at, kind, subject, body, previous, 'x' FROM audit"
            " WHERE sequence = 3"
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET kind = 'x' WHERE sequence = 1",
        "DELETE FROM audit WHERE sequence = 2",
        "UPDATE decisions SET choice = 'approve'",
        "DELETE FROM decisions",
    ],
)
def test_append_only_tables_refuse_changes(
    statement: str, ledger: Ledger, sql: Sql, make: Samples
) -> None:
    request, evidence = make.asked(ledger)
    ledger.decide(request, choice="reject", note="", by="ann", evidence=evidence)  # type: ignore[arg-type] # the enum's value

    with pytest.raises(DatabaseError, match="is append-only"):
        sql(statement)


AGAIN = "sequence, at, 'x', subject, body, previous, digest FROM audit WHERE sequence = 2"


@pytest.mark.parametrize(
    ("backend", "statement"),
    [
        ("sqlite", f"INSERT OR REPLACE INTO audit SELECT {AGAIN}"),
        ("postgresql", "TRUNCATE audit"),
        ("postgresql", "SET session_replication_role = replica; DELETE FROM audit"),
        (
            "postgresql",
            f"INSERT INTO audit SELECT {AGAIN} ON CONFLICT (sequence) DO UPDATE SET kind = 'x'",
        ),
    ],
    indirect=["backend"],
)
def test_append_only_tables_refuse_ways_around(statement: str, empty_url: str) -> None:
    with Ledger(empty_url) as ledger:
        ledger.migrate()
        write(ledger, 2)

        engine = create_engine(empty_url, poolclass=NullPool)
        with pytest.raises(DatabaseError, match="is append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)

        assert ledger.verify_audit() is None


def test_records_may_be_appended_while_others_are_read(ledger: Ledger) -> None:
    write(ledger, 2)

    for record in ledger.audit_records():
        ledger.audit(kind="test.seen", subject="reader:1", body={"record": record.sequence})

    assert sum(1 for _ in ledger.audit_records()) == 4


def test_a_body_without_one_meaning_is_refused_and_nothing_appended(ledger: Ledger) -> None:
    with pytest.raises(TypeError, match="canonical"):
        ledger.audit(kind="a.b", subject="c:d", body={"mean": float("nan")})

    assert list(ledger.audit_records()) == []
