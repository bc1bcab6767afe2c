from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from penstock.lineage import Approval, Lineage
from penstock.lineage.outbox import Event, Outbox
from penstock.model import Choice
from penstock.stores import LocalStore, ObjectStore

from .conftest import NOON, TAGS, ManualClock, Samples


def start(lineage: Lineage, samples: Samples) -> str:
    return lineage.start(
        ingested=samples.ingested,
        scanned=samples.scanned,
        release=samples.release,
        claim=samples.claim,
        table="retail",
        tags=TAGS,
    )


def finish(lineage: Lineage, samples: Samples, choice: Choice | None = None) -> str:
    return lineage.finish(published=samples.published(choice), evidence=samples.evidence())


def fail(lineage: Lineage, samples: Samples) -> str:
    return lineage.fail(record=samples.record(), release=samples.release, reason="It broke.")


def kinds(lineage: Lineage, samples: Samples) -> list[str]:
    events = lineage.events(claim=samples.claim, release=samples.release)
    return [event["eventType"] for event in events]


def test_telling_it_again_changes_nothing(
    store: ObjectStore, clock: ManualClock, samples: Samples
) -> None:
    lineage = Lineage(store, clock=clock)
    first = start(lineage, samples)
    before = lineage.events(claim=samples.claim, release=samples.release)

    again = start(Lineage(store, clock=clock), samples)

    assert again == first
    assert lineage.events(claim=samples.claim, release=samples.release) == before


def test_the_run_id_is_the_same_in_every_process(clock: ManualClock, tmp_path: Path) -> None:
    ids = {
        start(Lineage(LocalStore(tmp_path / name), clock=clock), Samples()) for name in ("a", "b")
    }

    assert ids == {"42732a5e-c9c6-5b8e-b463-b76a84f0bc48"}


def test_nothing_follows_the_end(store: ObjectStore, clock: ManualClock, samples: Samples) -> None:
    lineage = Lineage(store, clock=clock)
    run = start(lineage, samples)
    finish(lineage, samples, Choice.REJECT)

    later = [
        finish(lineage, samples),
        fail(lineage, samples),
        start(lineage, samples),
        lineage.running(evidence=samples.evidence(), step="late"),
    ]

    assert kinds(lineage, samples) == ["START", "ABORT"]
    assert set(later) == {run}


def test_a_step_is_told_once(store: ObjectStore, clock: ManualClock, samples: Samples) -> None:
    lineage = Lineage(store, clock=clock)
    start(lineage, samples)

    for step in ("approval requested", "approval requested", "approved"):
        lineage.running(
            evidence=samples.evidence(), step=step, approval=Approval(state="requested")
        )

    assert kinds(lineage, samples) == ["START", "RUNNING", "RUNNING"]


def test_a_batch_that_failed_and_is_processed_again_is_a_new_run(
    store: ObjectStore, clock: ManualClock, samples: Samples
) -> None:
    lineage = Lineage(store, clock=clock)
    first = start(lineage, samples)
    assert fail(lineage, samples) == first
    assert fail(lineage, samples) == first

    second = finish(lineage, samples)

    assert second != first
    assert kinds(lineage, samples) == ["START", "FAIL", "START", "COMPLETE"]
    events = lineage.events(claim=samples.claim, release=samples.release)
    assert [event["run"]["runId"] for event in events] == [first, first, second, second]


def test_the_same_files_claimed_again_are_a_run_of_their_own(
    store: ObjectStore, clock: ManualClock, samples: Samples
) -> None:
    lineage = Lineage(store, clock=clock)
    finish(lineage, samples)
    again = Samples()
    files = tuple(f.model_copy(update={"version": "etag-later"}) for f in again.claim.files)
    again.claim = again.claim.model_copy(
        update={"files": files, "claimed_at": NOON + timedelta(days=1)}
    )
    again.ingested = again.ingested.model_copy(update={"claim": again.claim.digest})

    start(lineage, again)
    finish(lineage, again, Choice.REJECT)

    assert kinds(lineage, samples) == ["START", "COMPLETE"]
    assert kinds(lineage, again) == ["START", "ABORT"]


def test_of_many_that_start_at_once_one_is_written(
    store: ObjectStore, clock: ManualClock, samples: Samples
) -> None:
    lineage = Lineage(store, clock=clock)

    with ThreadPoolExecutor(8) as pool:
        runs = set(pool.map(lambda _: start(Lineage(store, clock=clock), samples), range(16)))

    assert len(runs) == 1
    assert kinds(lineage, samples) == ["START"]


def test_of_several_ends_at_once_one_is_written(
    store: ObjectStore, clock: ManualClock, samples: Samples
) -> None:
    lineage = Lineage(store, clock=clock)
    start(lineage, samples)
    choices = [None, Choice.REJECT] * 6

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda choice: finish(Lineage(store, clock=clock), samples, choice), choices))

    assert len(kinds(lineage, samples)) == 2


def test_the_outbox_is_exported_as_lines_of_json(
    store: ObjectStore, clock: ManualClock, samples: Samples
) -> None:
    lineage = Lineage(store, clock=clock)
    start(lineage, samples)
    finish(lineage, samples)

    lines = list(lineage.export())

    assert [json.loads(line) for line in lines] == lineage.events(
        claim=samples.claim, release=samples.release
    )
    assert all("\n" not in line for line in lines)


def test_a_writer_that_lost_the_race_reads_again_and_comes_after(store: ObjectStore) -> None:
    outbox = Outbox(store)
    seen: list[int] = []

    def make(known: Sequence[Event]) -> list[Event]:
        seen.append(len(known))
        if not known:
            Outbox(store).append("ab", lambda _: [{"by": "the faster one"}])
        return [{"by": "the slower one"}]

    events = outbox.append("ab", make)

    assert seen == [0, 1]
    assert events == outbox.events("ab") == [{"by": "the faster one"}, {"by": "the slower one"}]


def test_other_objects_beside_the_events_are_no_events(store: ObjectStore) -> None:
    store.put("lineage/readme.txt", b"hello")
    store.put("lineage/ab/0001.tmp", b"{")

    assert list(Outbox(store).export()) == []
    assert list(Outbox(store).waiting()) == []
