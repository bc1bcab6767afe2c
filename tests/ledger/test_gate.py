"""Requests and decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.errors import Conflict, NotAllowed, NotFound, Tampered
from penstock.ledger import Ledger
from penstock.model import BatchId, Choice, ReleaseId, hash_bytes

if TYPE_CHECKING:
    from tests.ledger.conftest import ManualClock, Samples


@pytest.fixture
def batch(ledger: Ledger, make: Samples) -> BatchId:
    found = make.identified(ledger).batch
    assert found is not None
    return found


def kinds(ledger: Ledger) -> list[str]:
    return [r.kind for r in ledger.audit_records() if r.kind.split(".")[0] != "batch"]


def test_a_request_comes_back_as_it_was_opened(
    ledger: Ledger, batch: BatchId, make: Samples, clock: ManualClock
) -> None:
    opened = ledger.open_request(**make.request(batch))

    assert opened.state == "open"
    assert opened.wake_ups == 0
    assert opened.opened_at == clock.now
    assert ledger.request(opened.id) == opened
    assert ledger.requests() == [opened]


def test_asking_the_same_again_opens_nothing(
    ledger: Ledger, batch: BatchId, make: Samples, clock: ManualClock
) -> None:
    opened = ledger.open_request(**make.request(batch))
    clock.advance(60)

    again = ledger.open_request(**make.request(batch, flow_run="run-2"))

    assert again == opened
    assert kinds(ledger) == ["release.recorded", "request.opened"]


def test_other_evidence_supersedes_the_open_request(
    ledger: Ledger, batch: BatchId, make: Samples
) -> None:
    first = ledger.open_request(**make.request(batch))

    second = ledger.open_request(**make.request(batch, evidence="more"))

    assert ledger.requests() == [second]
    assert ledger.request(first.id).state == "superseded"
    assert kinds(ledger)[1:] == ["request.opened", "request.superseded", "request.opened"]


def test_another_release_supersedes_the_open_request_and_going_back_reopens_it(
    ledger: Ledger, batch: BatchId, make: Samples
) -> None:
    newer = make.release("newer")
    ledger.record_release(newer)
    first = ledger.open_request(**make.request(batch))
    second = ledger.open_request(**make.request(batch, release=newer.id))

    back = ledger.open_request(**make.request(batch))

    assert back == first
    assert ledger.request(second.id).state == "superseded"
    both = ledger.requests(state=None, batch=batch)
    assert {request.id for request in both} == {back.id, second.id}


def test_a_decided_request_is_not_superseded(ledger: Ledger, batch: BatchId, make: Samples) -> None:
    first = ledger.open_request(**make.request(batch))
    ledger.decide(first.id, choice=Choice.REJECT, note="", by="ann", evidence=first.evidence)

    ledger.open_request(**make.request(batch, evidence="more"))

    assert ledger.request(first.id).state == "decided"


def test_requests_of_other_datasets_and_states_are_left_out(
    ledger: Ledger, batch: BatchId, make: Samples
) -> None:
    opened = ledger.open_request(**make.request(batch))

    assert ledger.requests(dataset="retail") == [opened]
    assert ledger.requests(dataset="other") == []
    assert ledger.requests(state="decided") == []


@pytest.mark.parametrize("length", [6, 10, 16])
def test_a_request_is_found_by_the_beginning_of_its_id(
    length: int, ledger: Ledger, batch: BatchId, make: Samples
) -> None:
    opened = ledger.open_request(**make.request(batch))

    assert ledger.request(opened.id[:length]) == opened


def test_a_batch_stands_for_its_open_request(ledger: Ledger, batch: BatchId, make: Samples) -> None:
    ledger.open_request(**make.request(batch))
    newer = ledger.open_request(**make.request(batch, evidence="more"))

    assert ledger.request(batch[:8]) == newer


@pytest.mark.parametrize("text", ["", "abc", "%%%%%%", "ABCDEF", "abcdef", "f" * 65])
def test_an_unknown_request_is_not_found(text: str, ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="There is no request"):
        ledger.request(text)


def test_evidence_that_lies_in_another_file_is_refused(
    ledger: Ledger, batch: BatchId, make: Samples
) -> None:
    with pytest.raises(Tampered, match="is said to lie in"):
        ledger.open_request(**make.request(batch, evidence_ref=make.file("other")))


def test_a_request_without_options_is_refused(
    ledger: Ledger, batch: BatchId, make: Samples
) -> None:
    with pytest.raises(NotAllowed, match="without options"):
        ledger.open_request(**make.request(batch, options=()))


def test_a_request_about_an_unknown_batch_is_refused(ledger: Ledger, make: Samples) -> None:
    ledger.record_release(make.release())

    with pytest.raises(NotFound, match="There is no batch"):
        ledger.open_request(**make.request(BatchId(hash_bytes(b"nothing"))))


def test_a_decision_is_recorded_once_for_its_evidence_and_release(
    ledger: Ledger, make: Samples, clock: ManualClock
) -> None:
    request, evidence = make.asked(ledger)
    clock.advance(5)

    made = ledger.decide(
        request, choice=Choice.QUARANTINE, note="ümlaut \0 & \ud800", by="ann@desk-3",
        evidence=evidence,
    )  # fmt: skip

    assert made.note == "ümlaut \ufffd & \ufffd"
    assert (made.by, made.at, made.proof) == ("ann@desk-3", clock.now, "not proved")
    assert ledger.decision(evidence=evidence, release=make.release_id) == made
    assert ledger.request(request).state == "decided"
    assert kinds(ledger)[-1] == "decision.recorded"
    assert ledger.verify_audit() is None


def test_no_decision_is_found_for_other_evidence_or_another_release(
    ledger: Ledger, make: Samples
) -> None:
    request, evidence = make.asked(ledger)
    ledger.decide(request, choice=Choice.REJECT, note="", by="ann", evidence=evidence)

    assert ledger.decision(evidence=hash_bytes(b"x"), release=make.release_id) is None
    assert ledger.decision(evidence=evidence, release=ReleaseId("other")) is None


def test_the_same_verdict_again_gives_the_first_decision(ledger: Ledger, make: Samples) -> None:
    request, evidence = make.asked(ledger)
    first = ledger.decide(request, choice=Choice.REJECT, note="a", by="ann", evidence=evidence)

    again = ledger.decide(request, choice=Choice.REJECT, note="b", by="bob", evidence=evidence)

    assert again == first
    assert kinds(ledger).count("decision.recorded") == 1


def test_another_verdict_is_refused_and_says_who_decided(ledger: Ledger, make: Samples) -> None:
    request, evidence = make.asked(ledger)
    ledger.decide(request, choice=Choice.REJECT, note="", by="ann", evidence=evidence)

    with pytest.raises(Conflict, match="'reject' by ann at 2026-11-20 08:00:00 UTC"):
        ledger.decide(request, choice=Choice.QUARANTINE, note="", by="bob", evidence=evidence)


def test_a_decision_on_other_evidence_is_refused(ledger: Ledger, make: Samples) -> None:
    request, _ = make.asked(ledger)

    with pytest.raises(NotAllowed, match="is about evidence"):
        ledger.decide(request, choice=Choice.REJECT, note="", by="ann", evidence=hash_bytes(b"x"))

    assert ledger.request(request).state == "open"


def test_a_choice_that_was_not_offered_is_refused(ledger: Ledger, make: Samples) -> None:
    request, evidence = make.asked(ledger)

    with pytest.raises(NotAllowed, match="Choose one of: quarantine, reject"):
        ledger.decide(request, choice=Choice.APPROVE, note="", by="ann", evidence=evidence)


def test_a_decision_by_nobody_is_refused(ledger: Ledger, make: Samples) -> None:
    request, evidence = make.asked(ledger)

    with pytest.raises(NotAllowed, match="Say who decides"):
        ledger.decide(request, choice=Choice.REJECT, note="", by=" ", evidence=evidence)


def test_a_superseded_request_can_not_be_decided(
    ledger: Ledger, batch: BatchId, make: Samples
) -> None:
    old = ledger.open_request(**make.request(batch))
    ledger.open_request(**make.request(batch, evidence="more"))

    with pytest.raises(NotAllowed, match="no longer counts"):
        ledger.decide(old.id, choice=Choice.REJECT, note="", by="ann", evidence=old.evidence)


def test_waking_up_is_counted_and_audited(ledger: Ledger, make: Samples) -> None:
    request, _ = make.asked(ledger)

    counts = [ledger.wake_up(request).wake_ups for _ in range(2)]

    assert counts == [1, 2]
    assert ledger.request(request).wake_ups == 2
    assert kinds(ledger)[-2:] == ["request.woken", "request.woken"]


def test_the_run_to_wake_can_be_changed_and_is_audited_once(ledger: Ledger, make: Samples) -> None:
    request, _ = make.asked(ledger)

    for _ in range(2):
        assert ledger.set_flow_run(request, "run-9").flow_run == "run-9"

    assert ledger.request(request).flow_run == "run-9"
    assert kinds(ledger).count("request.flow_run") == 1
