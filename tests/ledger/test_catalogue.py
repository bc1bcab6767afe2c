"""Loaded workflow versions and releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from penstock.errors import Conflict, NotFound
from penstock.ledger import Ledger
from penstock.model import ReleaseId, hash_bytes

if TYPE_CHECKING:
    from tests.ledger.conftest import ManualClock, Samples

LOADED: dict[str, Any] = {
    "name": "retail",
    "version": "3",
    "config_path": "s3://config/retail.yaml",
    "object_version": "etag-1",
    "digest": hash_bytes(b"definition"),
}


def test_a_loaded_version_is_a_pointer_with_digest_and_time(
    ledger: Ledger, clock: ManualClock
) -> None:
    loaded = ledger.record_workflow(**LOADED)

    assert loaded.created_at == clock.now
    assert loaded.model_dump(exclude={"id", "created_at"}) == LOADED
    assert ledger.workflows() == [loaded]


def test_loading_the_same_again_gives_the_first_record(ledger: Ledger, clock: ManualClock) -> None:
    first = ledger.record_workflow(**LOADED)
    clock.advance(60)

    again = ledger.record_workflow(**LOADED | {"config_path": "file:///copy.yaml"})

    assert again == first
    assert [record.kind for record in ledger.audit_records()] == ["workflow.loaded"]


def test_the_same_version_with_other_content_is_refused(ledger: Ledger) -> None:
    ledger.record_workflow(**LOADED)

    with pytest.raises(Conflict, match=r"Workflow 'retail' version '3' was loaded from s3://.*new"):
        ledger.record_workflow(**LOADED | {"digest": hash_bytes(b"changed")})


def test_a_new_version_with_other_content_is_recorded(ledger: Ledger) -> None:
    ledger.record_workflow(**LOADED)

    ledger.record_workflow(**LOADED | {"version": "4", "digest": hash_bytes(b"changed")})

    assert [workflow.version for workflow in ledger.workflows()] == ["3", "4"]
    assert len({workflow.id for workflow in ledger.workflows()}) == 2


def test_a_release_comes_back_as_it_was_recorded(ledger: Ledger, make: Samples) -> None:
    for _ in range(2):
        ledger.record_release(make.release())

    assert ledger.release(make.release_id) == make.release()
    assert [record.kind for record in ledger.audit_records()] == ["release.recorded"]


def test_a_release_id_with_other_parts_is_refused(ledger: Ledger, make: Samples) -> None:
    ledger.record_release(make.release())

    with pytest.raises(Conflict, match="recorded with other parts"):
        ledger.record_release(make.release().model_copy(update={"libraries": {}}))


def test_an_unrecorded_release_is_not_found(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="is not recorded"):
        ledger.release(ReleaseId("nothing"))
