"""Claims, the batches they become, and the steps their states may take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.errors import Conflict, NotConserved, NotFound
from penstock.ledger import Ledger
from penstock.model import BatchRecord, BatchState, ReleaseId, RowCounts, hash_bytes

if TYPE_CHECKING:
    from tests.ledger.conftest import ManualClock, Samples

COUNTS = RowCounts(landed=10, published=7, quarantined=2, rejected=1)
RUNNING, HELD, PUBLISHED, REJECTED, DEAD = BatchState


@pytest.fixture
def record(ledger: Ledger, make: Samples) -> BatchRecord:
    return make.identified(ledger)


def kinds(ledger: Ledger) -> list[str]:
    return [record.kind for record in ledger.audit_records()]


def begin_again(ledger: Ledger, make: Samples) -> BatchRecord:
    return ledger.begin(make.claim(), release=make.release_id, flow_run="run-2", owner="worker-2")


def bring_to(ledger: Ledger, claim: str, state: BatchState) -> BatchRecord:
    return ledger.batch(claim) if state is RUNNING else ledger.settle(claim, state)


def test_a_first_attempt_runs_without_a_batch_id(
    ledger: Ledger, make: Samples, clock: ManualClock
) -> None:
    ledger.record_release(make.release())
    claim = make.claim(7)

    begun = ledger.begin(claim, release=make.release_id, flow_run="run-1", owner="worker-1")

    assert begun == BatchRecord(
        claim=claim.digest,
        dataset="retail",
        sequence=7,
        batch=None,
        state=RUNNING,
        release=make.release_id,
        requested_by="watcher@host",
        claimed_at=claim.claimed_at,
        flow_run="run-1",
        attempts=1,
        evidence=None,
        page=None,
        snapshot=None,
        rows_landed=None,
        rows_published=None,
        rows_quarantined=None,
        rows_rejected=None,
        reason=None,
        updated_at=clock.now,
    )
    assert ledger.batch(claim.digest) == begun
    assert kinds(ledger) == ["release.recorded", "batch.begun"]


def test_an_attempt_under_an_unrecorded_release_is_refused(ledger: Ledger, make: Samples) -> None:
    with pytest.raises(NotFound, match="is not recorded"):
        ledger.begin(make.claim(), release=make.release_id, flow_run=None, owner="worker-1")

    assert kinds(ledger) == []


@pytest.mark.parametrize(("state", "attempts"), [(RUNNING, 2), (HELD, 1), (DEAD, 2)])
def test_an_unfinished_batch_is_begun_again(
    state: BatchState, attempts: int, ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    bring_to(ledger, record.claim, state)

    again = begin_again(ledger, make)

    assert (again.state, again.attempts, again.flow_run) == (RUNNING, attempts, "run-2")
    assert (again.batch, again.reason) == (record.batch, None)


@pytest.mark.parametrize("state", [PUBLISHED, REJECTED])
def test_a_finished_batch_is_not_begun_again(
    state: BatchState, ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    finished = ledger.settle(record.claim, state, snapshot=5)
    before = kinds(ledger)

    assert begin_again(ledger, make) == finished
    assert kinds(ledger) == before


def test_an_attempt_without_a_run_keeps_the_run_before(
    ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    again = ledger.begin(make.claim(), release=make.release_id, flow_run=None, owner="worker-2")

    assert again.flow_run == record.flow_run == "run-1"


@pytest.mark.parametrize("other", ["files", "number"])
def test_a_claim_that_contradicts_the_claim_log_is_refused(
    other: str, ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    files, number = (make.claim(2).files, 1) if other == "files" else (make.claim(1).files, 2)

    with pytest.raises(Conflict, match=f"cannot be number {number} of 'retail'"):
        ledger.begin(
            make.claim(number, files=files), release=make.release_id, flow_run=None, owner="w"
        )

    assert ledger.batches() == [record]


def test_identifying_gives_the_batch_id_once(
    ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    ingested = make.ingested(make.claim())
    before = kinds(ledger)

    assert record.batch == ingested.batch
    assert ledger.identify(record.claim, ingested) == record
    assert kinds(ledger) == before == ["release.recorded", "batch.begun", "batch.identified"]


def test_a_batch_does_not_become_another_batch(
    ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    with pytest.raises(Conflict, match="cannot become batch"):
        ledger.identify(record.claim, make.ingested(make.claim(), content="other"))


def test_a_batch_read_from_other_files_is_refused(ledger: Ledger, make: Samples) -> None:
    ledger.record_release(make.release())
    claim = make.claim()
    ledger.begin(claim, release=make.release_id, flow_run=None, owner="worker-1")

    with pytest.raises(Conflict, match="was not read from the 1 file versions"):
        ledger.identify(claim.digest, make.ingested(make.claim(2)))

    assert ledger.batch(claim.digest).batch is None


def test_a_claim_that_was_never_begun_is_not_found(ledger: Ledger, make: Samples) -> None:
    claim = make.claim()

    with pytest.raises(NotFound, match="was never begun"):
        ledger.identify(claim.digest, make.ingested(claim))
    with pytest.raises(NotFound, match="was never begun"):
        ledger.settle(claim.digest, DEAD)


LEGAL = {
    (RUNNING, HELD), (RUNNING, PUBLISHED), (RUNNING, REJECTED), (RUNNING, DEAD),
    (HELD, HELD), (HELD, PUBLISHED), (HELD, REJECTED), (HELD, DEAD),
    (PUBLISHED, PUBLISHED), (REJECTED, REJECTED), (DEAD, DEAD),
}  # fmt: skip


@pytest.mark.parametrize("before", list(BatchState))
@pytest.mark.parametrize("after", list(BatchState))
def test_a_batch_takes_only_legal_steps(
    before: BatchState, after: BatchState, ledger: Ledger, record: BatchRecord
) -> None:
    bring_to(ledger, record.claim, before)

    if (before, after) in LEGAL:
        assert ledger.settle(record.claim, after).state is after
    else:
        with pytest.raises(Conflict, match=f"is {before} and cannot become {after}"):
            ledger.settle(record.claim, after)
        assert ledger.batch(record.claim).state is before
    assert ledger.verify_audit() is None


def test_settling_keeps_what_was_given(
    ledger: Ledger, record: BatchRecord, make: Samples, clock: ManualClock
) -> None:
    clock.advance(60)
    big = 2**63 - 1

    settled = ledger.settle(
        record.claim,
        PUBLISHED,
        reason="2 rows \0 failed",
        evidence=make.file("evidence"),
        page=make.file("page"),
        snapshot=big,
        counts=COUNTS,
    )

    assert settled == ledger.batch(record.claim)
    assert settled.reason == "2 rows \ufffd failed"
    assert (settled.evidence, settled.page) == (make.file("evidence"), make.file("page"))
    assert (settled.snapshot, settled.updated_at) == (big, clock.now)
    assert (settled.rows_landed, settled.rows_published) == (10, 7)
    assert (settled.rows_quarantined, settled.rows_rejected) == (2, 1)
    *_, audited = ledger.audit_records(subject=f"claim:{record.claim}")
    assert audited.kind == "batch.published"
    assert audited.body["from"] == "running"
    assert audited.body["rows_quarantined"] == 2
    assert audited.body["evidence"] == make.file("evidence").digest


def test_settling_again_the_same_way_changes_nothing(ledger: Ledger, record: BatchRecord) -> None:
    first = ledger.settle(record.claim, PUBLISHED, snapshot=5, counts=COUNTS)
    before = kinds(ledger)

    assert ledger.settle(record.claim, PUBLISHED, snapshot=5, counts=COUNTS) == first
    assert kinds(ledger) == before


def test_publishing_again_with_another_snapshot_or_other_counts_is_refused(
    ledger: Ledger, record: BatchRecord
) -> None:
    ledger.settle(record.claim, PUBLISHED, snapshot=5, counts=COUNTS)
    other = RowCounts(landed=10, published=10, quarantined=0, rejected=0)

    with pytest.raises(Conflict, match="with other snapshot"):
        ledger.settle(record.claim, PUBLISHED, snapshot=6)
    with pytest.raises(Conflict, match="with other rows_published, rows_quarantined"):
        ledger.settle(record.claim, PUBLISHED, counts=other)


def test_a_batch_held_again_takes_the_new_evidence(
    ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    ledger.settle(record.claim, HELD, reason="first", evidence=make.file("one"))

    again = ledger.settle(record.claim, HELD, reason="second", evidence=make.file("two"))

    assert (again.reason, again.evidence) == ("second", make.file("two"))
    assert kinds(ledger)[-2:] == ["batch.held", "batch.held"]


def test_a_reason_ends_with_its_state(ledger: Ledger, record: BatchRecord) -> None:
    ledger.settle(record.claim, HELD, reason="a rule failed", snapshot=4)

    published = ledger.settle(record.claim, PUBLISHED)

    assert (published.reason, published.snapshot) == (None, 4)


def test_the_same_reason_may_be_given_for_the_next_state(
    ledger: Ledger, record: BatchRecord
) -> None:
    ledger.settle(record.claim, HELD, reason="a rule failed")

    assert ledger.settle(record.claim, REJECTED, reason="a rule failed").reason == "a rule failed"


def test_rows_that_do_not_add_up_are_not_published(ledger: Ledger, record: BatchRecord) -> None:
    counts = RowCounts(landed=10, published=7, quarantined=2, rejected=0)

    with pytest.raises(NotConserved, match=r"10 records landed, but 7 published \+ 2"):
        ledger.settle(record.claim, PUBLISHED, counts=counts)

    assert ledger.batch(record.claim).state is RUNNING


def test_a_claim_without_a_batch_id_can_be_dead_but_not_published(
    ledger: Ledger, make: Samples
) -> None:
    ledger.record_release(make.release())
    claim = make.claim().digest
    begin_again(ledger, make)

    with pytest.raises(Conflict, match="has no batch id"):
        ledger.settle(claim, PUBLISHED)
    assert ledger.settle(claim, DEAD, reason="not readable").reason == "not readable"


@pytest.mark.parametrize("length", [6, 20, 64])
def test_a_batch_is_found_by_the_beginning_of_claim_or_id(
    length: int, ledger: Ledger, record: BatchRecord
) -> None:
    assert ledger.batch(record.claim[:length]) == record
    assert ledger.batch((record.batch or "")[:length]) == record


@pytest.mark.parametrize("text", ["", "abcde", "nothex", "______", "abcdef", "0" * 65])
def test_an_unknown_batch_is_not_found(text: str, ledger: Ledger) -> None:
    with pytest.raises(NotFound, match=f"{text!r}"):
        ledger.batch(text)


def test_an_ambiguous_beginning_names_the_batches(ledger: Ledger, make: Samples) -> None:
    ledger.record_release(make.release())
    seen: dict[str, int] = {}
    # Two of some thousand digests begin alike in six characters; found once, the same ever after.
    for number in range(1, 20_000):
        other = seen.setdefault(make.claim(number).digest[:6], number)
        if other != number:
            break
    alike = [make.claim(other), make.claim(number)]
    for claim in alike:
        ledger.begin(claim, release=make.release_id, flow_run=None, owner="worker-1")

    with pytest.raises(Conflict, match="can mean 2 batches") as refused:
        ledger.batch(alike[0].digest[:6])

    assert all(claim.digest in str(refused.value) for claim in alike)


def test_of_several_claims_of_one_batch_the_published_one_stands_for_it(
    ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    file = make.claim(1).files[0].model_copy(update={"version": "v1-again"})
    again = make.claim(2, files=(file,))
    content = f"{make.claim(1).files[0].uri}v1"
    ledger.begin(again, release=make.release_id, flow_run=None, owner="worker-1")
    newer = ledger.identify(again.digest, make.ingested(again, content=content))
    assert newer.batch == record.batch

    assert ledger.batch(newer.batch or "").claim == again.digest
    ledger.settle(record.claim, PUBLISHED)
    assert ledger.batch(newer.batch or "").claim == record.claim


def test_claims_are_listed_by_dataset_and_state(ledger: Ledger, make: Samples) -> None:
    claims = [make.identified(ledger, number).claim for number in (1, 2, 3, 4)]
    make.identified(ledger, 5, dataset="other")
    for claim, state in zip(claims, [PUBLISHED, HELD, DEAD], strict=False):
        ledger.settle(claim, state)

    assert ledger.settled("retail") == {1, 3}
    assert [record.sequence for record in ledger.unsettled("retail")] == [2, 4]
    assert [record.sequence for record in ledger.batches("retail")] == [4, 3, 2, 1]
    assert [record.sequence for record in ledger.batches(limit=2)] == [5, 4]
    assert ledger.settled("nothing") == set()


def test_a_release_change_is_kept_with_the_attempt(
    ledger: Ledger, record: BatchRecord, make: Samples
) -> None:
    newer = make.release("newer")
    ledger.record_release(newer)

    again = ledger.begin(make.claim(), release=newer.id, flow_run=None, owner="worker-1")

    assert again.release == newer.id == ReleaseId(hash_bytes(b"newer"))
    assert record.release == make.release_id


def test_waking_up_from_being_held_uses_no_attempts_up(
    ledger: Ledger, make: Samples, record: BatchRecord
) -> None:
    for _ in range(3):
        ledger.settle(record.claim, HELD, reason="why")
        record = begin_again(ledger, make)

    assert record.attempts == 1
