"""Many processes, one ledger."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from penstock.ledger import Ledger
from penstock.model import BatchState

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples

Race = Callable[..., list[Any]]


def test_eight_writers_neither_fork_the_chain_nor_lose_a_record(
    url: str, ledger: Ledger, race: Race
) -> None:
    writers = [
        [
            ["audit", {"kind": "test.wrote", "subject": f"writer:{writer}", "body": {"n": n}}]
            for n in range(50)
        ]
        for writer in range(8)
    ]

    answers = race(url, writers)

    assert [answer[0] for answer in answers] == ["ok"] * 8
    assert ledger.verify_audit() is None
    records = list(ledger.audit_records())
    assert [record.sequence for record in records] == list(range(1, 401))
    for writer in range(8):
        wrote = [r.body["n"] for r in records if r.subject == f"writer:{writer}"]
        assert wrote == list(range(50))


def test_threads_may_share_a_ledger(ledger: Ledger) -> None:
    def write(number: int) -> int:
        return ledger.audit(kind="a.b", subject="c:d", body={"number": number}).sequence

    with ThreadPoolExecutor(8) as pool:
        sequences = sorted(pool.map(write, range(40)))

    assert sequences == list(range(1, 41))
    assert ledger.verify_audit() is None


def test_of_two_deciders_one_wins_and_the_other_learns_who(
    url: str, ledger: Ledger, race: Race, make: Samples
) -> None:
    request, evidence = make.asked(ledger)
    verdicts = {"ann@desk-1": "quarantine", "bob@desk-2": "reject"}

    answers = race(
        url,
        [
            [
                [
                    "decide",
                    {"request": request, "choice": choice, "note": "", "by": by}
                    | {"evidence": evidence},
                ]
            ]
            for by, choice in verdicts.items()
        ],
    )

    (won,) = [value for outcome, value in answers if outcome == "ok"]
    (lost,) = [value for outcome, value in answers if outcome == "Conflict"]
    assert verdicts[won["by"]] == won["choice"]
    assert won["by"] in lost
    assert won["choice"] in lost
    decision = ledger.decision(evidence=evidence, release=make.release_id)
    assert decision is not None
    assert decision.by == won["by"]
    kinds = [record.kind for record in ledger.audit_records()]
    assert kinds.count("decision.recorded") == 1


def test_racing_begins_count_every_attempt_on_one_claim(
    url: str, ledger: Ledger, race: Race, make: Samples
) -> None:
    ledger.record_release(make.release())
    claim = make.claim()
    keywords = {
        "claim": claim.model_dump(mode="json"),
        "release": make.release_id,
        "flow_run": None,
    }

    answers = race(url, [[["begin", keywords | {"owner": f"worker-{n}"}]] for n in range(6)])

    assert sorted(value["attempts"] for _, value in answers) == [1, 2, 3, 4, 5, 6]
    (record,) = ledger.batches()
    assert (record.attempts, record.state) == (6, BatchState.RUNNING)


def test_racing_claims_of_one_sequence_number_leave_one(
    url: str, ledger: Ledger, race: Race, make: Samples
) -> None:
    ledger.record_release(make.release())
    claims = [
        make.claim(1, files=make.claim(other).files).model_dump(mode="json")
        for other in (2, 3, 4, 5)
    ]
    keywords = {"release": make.release_id, "flow_run": None, "owner": "worker"}

    answers = race(url, [[["begin", keywords | {"claim": claim}]] for claim in claims])

    assert sorted(outcome for outcome, _ in answers) == ["Conflict"] * 3 + ["ok"]
    assert len(ledger.batches()) == 1


def test_publishing_and_rejecting_at_once_settle_one_way(
    url: str, ledger: Ledger, race: Race, make: Samples
) -> None:
    claim = make.identified(ledger).claim

    answers = race(
        url,
        [[["settle", {"claim": claim, "state": state}]] for state in ("published", "rejected")],
    )

    (won,) = [value for outcome, value in answers if outcome == "ok"]
    assert sorted(outcome for outcome, _ in answers) == ["Conflict", "ok"]
    assert ledger.batch(claim).state == won["state"]


def test_racing_intents_record_one_effect(
    url: str, ledger: Ledger, race: Race, make: Samples
) -> None:
    batch = make.identified(ledger).batch
    assert batch is not None
    intent = {"key": "k", "batch": batch, "release": make.release_id}
    intent |= {"step": "publish", "kind": "publish"}

    answers = race(url, [[["intend", intent]]] * 4)

    assert [outcome for outcome, _ in answers] == ["ok"] * 4
    assert len(ledger.effects(batch)) == 1


def test_racing_migrations_give_one_working_ledger(empty_url: str, race: Race) -> None:
    answers = race(empty_url, [[["migrate", {}]]] * 4)

    assert [outcome for outcome, _ in answers] == ["ok"] * 4
    with Ledger(empty_url) as ledger:
        assert ledger.audit(kind="a.b", subject="c:d", body={}).sequence == 1
