from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import ValidationError

from penstock.lineage import Approval, Lineage, ParentRun
from penstock.model import Choice
from penstock.stores import MemoryStore

from .conftest import TAGS, Check, ManualClock, Samples


def whole_life(samples: Samples, clock: ManualClock, choice: Choice | None) -> list[dict[str, Any]]:
    lineage = Lineage(MemoryStore("x"), clock=clock, warehouse="s3://lake/warehouse")
    lineage.start(
        ingested=samples.ingested,
        scanned=samples.scanned,
        release=samples.release,
        claim=samples.claim,
        table="retail",
        tags=TAGS,
        parent=ParentRun(
            run_id="0197f0a5-0000-7000-8000-000000000001", namespace="prefect", job="drain"
        ),
    )
    lineage.running(
        evidence=samples.evidence(),
        step="approval requested",
        approval=Approval(state="requested", request="r-1", evidence="f" * 64),
    )
    lineage.finish(published=samples.published(choice), evidence=samples.evidence())
    return lineage.events(claim=samples.claim, release=samples.release)


@pytest.mark.parametrize(
    ("choice", "end"),
    [
        (None, "COMPLETE"),
        (Choice.APPROVE, "COMPLETE"),
        (Choice.QUARANTINE, "COMPLETE"),
        (Choice.REJECT, "ABORT"),
    ],
)
def test_every_event_of_a_batch_keeps_to_the_specification(
    check: Check, samples: Samples, clock: ManualClock, choice: Choice | None, end: str
) -> None:
    events = whole_life(samples, clock, choice)

    assert [event["eventType"] for event in events] == ["START", "RUNNING", end]
    for event in events:
        check(event)


def test_a_failure_keeps_to_the_specification(
    check: Check, samples: Samples, clock: ManualClock
) -> None:
    lineage = Lineage(MemoryStore("x"), clock=clock)

    lineage.fail(record=samples.record(batch=None), release=samples.release, reason="It broke.")

    events = lineage.events(claim=samples.claim, release=samples.release)
    assert [event["eventType"] for event in events] == ["START", "FAIL"]
    for event in events:
        check(event)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda event: event.update(eventTime="yesterday"),
        lambda event: event.update(producer="not a uri"),
        lambda event: event["run"].update(runId="seven"),
        lambda event: event["run"]["facets"]["penstock_approval"].update(state="maybe"),
        lambda event: event["outputs"][0]["facets"]["version"].pop("datasetVersion"),
        lambda event: event["inputs"][0]["inputFacets"]["inputStatistics"].update(size="big"),
        lambda event: event["job"]["facets"]["jobType"].pop("integration"),
    ],
)
def test_the_check_itself_notices_broken_events(
    check: Check, samples: Samples, clock: ManualClock, spoil: Any
) -> None:
    event = json.loads(json.dumps(whole_life(samples, clock, None)[-1]))
    check(event)

    spoil(event)

    with pytest.raises(ValidationError):
        check(event)
