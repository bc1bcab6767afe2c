"""Profiles, the history that new batches are compared with, and deliveries of content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.errors import NotFound
from penstock.ledger import Ledger
from penstock.model import BatchId, BatchRecord, BatchState, canonical, hash_bytes

if TYPE_CHECKING:
    from tests.ledger.conftest import Samples


def publish(ledger: Ledger, make: Samples, sequence: int) -> BatchRecord:
    record = make.identified(ledger, sequence)
    assert record.batch is not None
    ledger.save_profile(record.batch, make.release_id, "retail", make.profile(rows=sequence))
    return ledger.settle(record.claim, BatchState.PUBLISHED)


def redelivered(ledger: Ledger, make: Samples, sequence: int) -> BatchRecord:
    """The file of claim 1 again: the same content under another version, so another claim."""
    first = make.claim(1).files[0]
    claim = make.claim(sequence, files=(first.model_copy(update={"version": "again"}),))
    ledger.begin(claim, release=make.release_id, flow_run=None, owner="worker-1")
    return ledger.identify(claim.digest, make.ingested(claim, content=f"{first.uri}v1"))


def test_a_profile_comes_back_as_it_was_saved(ledger: Ledger, make: Samples) -> None:
    batch = make.identified(ledger).batch
    assert batch is not None

    ledger.save_profile(batch, make.release_id, "retail", make.profile())

    read = ledger.profile(batch, make.release_id)
    assert canonical(read, tag="t") == canonical(make.profile(), tag="t")


def test_the_first_profile_stays(ledger: Ledger, make: Samples) -> None:
    batch = make.identified(ledger).batch
    assert batch is not None
    ledger.save_profile(batch, make.release_id, "retail", make.profile(rows=1))

    ledger.save_profile(batch, make.release_id, "retail", make.profile(rows=2))

    read = ledger.profile(batch, make.release_id)
    assert read is not None
    assert read.rows == 1
    kinds = [record.kind for record in ledger.audit_records(subject=f"batch:{batch}")]
    assert kinds == ["profile.saved"]


def test_a_profile_of_an_unknown_batch_is_refused(ledger: Ledger, make: Samples) -> None:
    ledger.record_release(make.release())

    with pytest.raises(NotFound, match="There is no batch"):
        ledger.save_profile(
            BatchId(hash_bytes(b"nothing")), make.release_id, "retail", make.profile()
        )


def test_history_is_published_batches_before_a_claim_oldest_first(
    ledger: Ledger, make: Samples
) -> None:
    for sequence in (3, 1, 2, 5):
        publish(ledger, make, sequence)
    held = make.identified(ledger, 4)
    assert held.batch is not None
    ledger.save_profile(held.batch, make.release_id, "retail", make.profile())
    ledger.settle(held.claim, BatchState.HELD)

    entries = ledger.history("retail", before=5)

    assert [entry.profile.rows for entry in entries] == [1, 2, 3]
    assert entries[0].at == make.claim(1).claimed_at
    assert entries[0].digests == (hash_bytes(b"file:///landing/1.csvv1"),)
    assert [entry.profile.rows for entry in ledger.history("retail", before=None)] == [1, 2, 3, 5]


def test_history_is_cut_to_the_newest(ledger: Ledger, make: Samples) -> None:
    for sequence in (1, 2, 3, 4):
        publish(ledger, make, sequence)

    entries = ledger.history("retail", before=4, limit=2)

    assert [entry.profile.rows for entry in entries] == [2, 3]


def test_history_has_nothing_of_other_datasets(ledger: Ledger, make: Samples) -> None:
    publish(ledger, make, 1)

    assert ledger.history("other", before=None) == []


def test_a_batch_published_under_two_claims_counts_once_at_the_first(
    ledger: Ledger, make: Samples
) -> None:
    for sequence in (1, 2):
        publish(ledger, make, sequence)
    ledger.settle(redelivered(ledger, make, 3).claim, BatchState.PUBLISHED)

    entries = ledger.history("retail", before=None)

    assert [entry.profile.rows for entry in entries] == [1, 2]
    assert entries[0].at == make.claim(1).claimed_at


def test_deliveries_name_the_batches_that_had_a_content(ledger: Ledger, make: Samples) -> None:
    first, second = (make.identified(ledger, sequence) for sequence in (1, 2))
    contents = [hash_bytes(f"file:///landing/{n}.csvv{n}".encode()) for n in (1, 2, 3)]

    found = ledger.deliveries("retail", contents)

    assert found == {contents[0]: [first.batch], contents[1]: [second.batch]}
    assert ledger.deliveries("other", contents) == {}
    assert ledger.deliveries("retail", []) == {}


def test_only_earlier_claims_tell_a_redelivery_from_the_batch_itself(
    ledger: Ledger, make: Samples
) -> None:
    first = make.identified(ledger, 1)
    again = redelivered(ledger, make, 2)
    content = hash_bytes(b"file:///landing/1.csvv1")

    assert again.batch == first.batch
    assert ledger.deliveries("retail", [content], before=2) == {content: [first.batch]}
    assert ledger.deliveries("retail", [content], before=1) == {}


def test_deliveries_of_very_many_contents_are_found(ledger: Ledger, make: Samples) -> None:
    batch = make.identified(ledger, 1).batch
    content = hash_bytes(b"file:///landing/1.csvv1")
    many = [f"{number:064x}" for number in range(40_000)]

    assert ledger.deliveries("retail", [*many, content]) == {content: [batch]}
