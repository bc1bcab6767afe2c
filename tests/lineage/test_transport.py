from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from pathlib import Path

import pytest

from penstock.errors import ConfigError
from penstock.lineage import Lineage, Resent, check_transport
from penstock.stores import LocalStore, MemoryStore, ObjectStore

from .conftest import NOON, TAGS, Check, Collector, ManualClock, Samples


def start(lineage: Lineage, samples: Samples) -> str:
    return lineage.start(
        ingested=samples.ingested,
        scanned=samples.scanned,
        release=samples.release,
        claim=samples.claim,
        table="retail",
        tags=TAGS,
    )


def finish(lineage: Lineage, samples: Samples) -> str:
    return lineage.finish(published=samples.published(), evidence=samples.evidence())


def test_events_reach_a_server_as_they_are_in_the_outbox(
    store: ObjectStore, clock: ManualClock, samples: Samples, collector: Collector, check: Check
) -> None:
    lineage = Lineage(store, collector.transport, clock=clock, warehouse="file:///lake")

    start(lineage, samples)
    finish(lineage, samples)

    assert collector.kinds == ["START", "COMPLETE"]
    assert collector.events == lineage.events(claim=samples.claim, release=samples.release)
    for event in collector.events:
        check(event)


def test_an_event_is_sent_once(
    store: ObjectStore, clock: ManualClock, samples: Samples, collector: Collector
) -> None:
    lineage = Lineage(store, collector.transport, clock=clock)
    start(lineage, samples)

    start(lineage, samples)

    assert lineage.resend() == Resent(sent=0, waiting=0)
    assert collector.kinds == ["START"]


def test_a_server_that_is_down_never_raises_and_gets_everything_later(
    store: ObjectStore, clock: ManualClock, samples: Samples, collector: Collector
) -> None:
    collector.stop()
    down = Lineage(store, collector.transport, clock=clock)
    started = time.monotonic()
    start(down, samples)
    finish(down, samples)
    assert time.monotonic() - started < 3
    assert down.resend() == Resent(sent=0, waiting=2)
    other = Collector()

    try:
        resent = Lineage(store, other.transport, clock=clock).resend()
    finally:
        other.stop()

    assert resent == Resent(sent=2, waiting=0)
    assert other.kinds == ["START", "COMPLETE"]


def test_no_event_overtakes_one_of_its_run(
    store: ObjectStore, clock: ManualClock, samples: Samples, collector: Collector
) -> None:
    lineage = Lineage(store, collector.transport, clock=clock)
    collector.refused = {"START"}

    start(lineage, samples)
    finish(lineage, samples)

    assert collector.events == []
    collector.refused = set()
    assert lineage.resend() == Resent(sent=2, waiting=0)
    assert collector.kinds == ["START", "COMPLETE"]


def test_an_event_that_is_refused_does_not_hold_up_other_runs(
    store: ObjectStore, clock: ManualClock, collector: Collector
) -> None:
    lineage = Lineage(store, collector.transport, clock=clock)
    collector.status = 400
    start(lineage, Samples(("s3://shop/refused.csv",)))
    collector.status = 201

    start(lineage, Samples(("s3://shop/fine.csv",)))

    assert len(collector.events) == 1
    assert lineage.resend() == Resent(sent=1, waiting=0)


def test_resending_stops_when_the_transport_seems_down(
    store: ObjectStore, clock: ManualClock, collector: Collector
) -> None:
    quiet = Lineage(store, clock=clock)
    for number in range(8):
        start(quiet, Samples((f"s3://shop/{number}.csv",)))
    collector.status = 500

    resent = Lineage(store, collector.transport, clock=clock).resend()

    assert resent == Resent(sent=0, waiting=8)
    assert collector.requests == 3


def test_the_clients_file_transport_works(
    tmp_path: Path, clock: ManualClock, samples: Samples
) -> None:
    path = tmp_path / "lineage.jsonl"
    lineage = Lineage(
        MemoryStore("x"),
        {"type": "file", "log_file_path": str(path), "append": True},
        clock=clock,
    )

    start(lineage, samples)
    finish(lineage, samples)

    kinds = [json.loads(line)["eventType"] for line in path.read_text().splitlines()]
    assert kinds == ["START", "COMPLETE"]


def test_the_clients_console_transport_works(
    clock: ManualClock, samples: Samples, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="openlineage")

    start(Lineage(MemoryStore("x"), {"type": "console"}, clock=clock), samples)

    assert '"eventType": "START"' in caplog.text


def test_a_transport_that_cannot_be_built_never_raises_when_events_are_told(
    clock: ManualClock, samples: Samples
) -> None:
    lineage = Lineage(MemoryStore("x"), {"type": "nonsense"}, clock=clock)

    start(lineage, samples)

    assert lineage.resend() == Resent(sent=0, waiting=1)


@pytest.mark.parametrize(
    "config",
    [{}, {"type": "nonsense"}, {"type": "http"}, {"type": "async_http", "url": "http://x"}],
)
def test_a_transport_that_cannot_be_used_is_refused_when_it_is_checked(
    config: dict[str, object],
) -> None:
    with pytest.raises(ConfigError, match="Lineage transport"):
        check_transport(config)


def test_a_usable_transport_passes_the_check_and_its_config_is_left_alone() -> None:
    config = {"type": "http", "url": "http://127.0.0.1:1", "name": "marquez"}

    check_transport(config)

    assert config == {"type": "http", "url": "http://127.0.0.1:1", "name": "marquez"}


def test_an_access_key_in_a_failing_transport_stays_out_of_the_log(
    clock: ManualClock, samples: Samples, collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    collector.stop()
    transport = {
        "type": "http",
        "url": collector.transport["url"].replace("http://", "http://user:s3cret@"),
        "auth": {"type": "api_key", "apiKey": "s3cret"},
    }

    start(Lineage(MemoryStore("x"), transport, clock=clock), samples)

    assert "waits in the outbox" in caplog.text
    assert "s3cret" not in caplog.text


def test_an_outbox_of_one_process_is_sent_by_another(
    tmp_path: Path, samples: Samples, collector: Collector, clock: ManualClock
) -> None:
    start(Lineage(LocalStore(tmp_path), clock=clock), samples)

    resent = Lineage(LocalStore(tmp_path), collector.transport, clock=lambda: NOON).resend()

    assert resent.sent == 1
    assert collector.kinds == ["START"]


def test_importing_lineage_does_not_load_the_client() -> None:
    script = "import sys, penstock.lineage; print(any('openlineage' in m for m in sys.modules))"

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"
