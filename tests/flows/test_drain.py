"""A landing is drained: good batches are published, bad ones held, and nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import PenstockError
from penstock.flows import drain
from penstock.landing import ClaimLog
from penstock.model import Choice, Evidence
from penstock.stores import open_store
from workbench import STEPS, Workbench, bad, good

pytestmark = pytest.mark.timeout(120)


def test_a_good_batch_is_published_with_its_proof(bench: Workbench) -> None:
    bench.land("a.csv", good())

    assert drain("orders") == {"published": 1}

    (record,) = bench.batches()
    assert bench.published() == list(good())
    assert (record.rows_landed, record.rows_published) == (20, 20)
    assert record.requested_by == "watcher"
    assert bench.tools.ledger.verify_audit() is None


def test_a_bad_batch_is_held_and_later_ones_go_on(bench: Workbench) -> None:
    bench.land("a.csv", bad())
    bench.land("b.csv", good(100))

    assert drain("orders") == {"held": 1, "published": 1}

    assert bench.published() == list(good(100))
    assert bench.request().batch == bench.batches()[0].batch


def test_in_order_keeps_later_batches_waiting_for_a_held_one(bench: Workbench) -> None:
    bench.configure(in_order=True)
    bench.land("a.csv", bad())
    drain("orders")
    bench.land("b.csv", good(100))

    drain("orders")
    assert bench.published() == []

    bench.decide(Choice.REJECT)
    drain("orders")
    assert bench.published() == list(good(100))


@pytest.mark.parametrize(
    ("choice", "rows", "counts"),
    [
        (Choice.APPROVE, bad(), (20, 0, 0)),
        (Choice.QUARANTINE, bad()[8:], (12, 8, 0)),
        (Choice.REJECT, [], (0, 0, 20)),
    ],
)
def test_a_decision_publishes_exactly_its_rows(
    bench: Workbench, choice: Choice, rows: list[object], counts: tuple[int, int, int]
) -> None:
    bench.land("a.csv", bad())
    drain("orders")
    bench.decide(choice)

    drain("orders")

    (record,) = bench.batches()
    assert bench.published() == rows
    assert (record.rows_published, record.rows_quarantined, record.rows_rejected) == counts
    assert record.reason == "decided by ann (not proved)"


def test_a_rejected_batch_can_land_again_corrected(bench: Workbench) -> None:
    bench.land("a.csv", bad())
    drain("orders")
    bench.decide(Choice.REJECT)
    drain("orders")

    bench.land("a.csv", good())
    drain("orders")

    assert bench.states() == ["rejected", "published"]
    assert bench.published() == list(good())


def test_an_unreadable_file_can_only_be_rejected(bench: Workbench) -> None:
    bench.land("a.csv", bytes(range(256)) * 40)
    bench.land("b.csv", good())

    drain("orders")

    assert bench.states() == ["held", "published"]
    assert bench.request().options == (Choice.REJECT,)
    assert "a.csv" in bench.request().summary


def test_the_same_file_again_is_held_as_a_redelivery(bench: Workbench) -> None:
    bench.land("a.csv", good())
    drain("orders")
    bench.land("again.csv", good())

    drain("orders")

    assert bench.states() == ["published", "held"]
    evidence = Evidence.decoded(bench.tools.objects.read(bench.request().evidence_ref))
    assert [finding.kind for finding in evidence.findings] == ["redelivery"]
    assert bench.published() == list(good())


def test_a_file_that_is_gone_is_dead_lettered_and_the_next_batch_goes_on(
    bench: Workbench,
) -> None:
    gone = Path(bench.land("a.csv", good()).removeprefix("file://"))
    claims = ClaimLog(bench.tools.store, "orders")
    claims.claim_new(open_store(bench.landing_uri), pattern="*", requested_by="watcher")
    gone.unlink()
    bench.land("b.csv", good(100))

    with pytest.raises(PenstockError, match=r"a\.csv"):
        drain("orders")

    assert bench.states() == ["dead", "published"]
    assert "a.csv" in (bench.batches()[0].reason or "")
    assert drain("orders") == {}


def test_a_file_that_grew_after_its_claim_is_claimed_anew(bench: Workbench) -> None:
    bench.land("a.csv", good(count=5))
    claims = ClaimLog(bench.tools.store, "orders")
    claims.claim_new(open_store(bench.landing_uri), pattern="*", requested_by="watcher")
    bench.land("a.csv", good(count=9))

    with pytest.raises(PenstockError, match=r"a\.csv"):
        drain("orders")

    assert bench.states() == ["dead", "published"]
    assert bench.published() == list(good(count=9))


def test_a_broken_definition_is_named_and_published_nothing(bench: Workbench) -> None:
    bench.configure(steps=STEPS.replace("needs: [prepare]", "needs: [ingest]"), version=2)
    bench.land("a.csv", good())

    with pytest.raises(PenstockError, match=r"orders\.yaml:\d+"):
        drain("orders")

    assert bench.published() == []
    assert bench.batches() == []


def test_a_second_content_under_the_same_version_is_refused(bench: Workbench) -> None:
    bench.land("a.csv", good())
    drain("orders")
    bench.configure(in_order=True)
    bench.land("b.csv", good(100))

    with pytest.raises(PenstockError, match="version"):
        drain("orders")

    assert bench.published() == list(good())


def test_a_step_added_in_yaml_runs_and_its_findings_count(bench: Workbench) -> None:
    more = STEPS.replace(
        "  - {name: tag,",
        "  - {name: second, agent: detect, needs: [ingest, scan]}\n  - {name: tag,",
    ).replace(
        "needs: [ingest, scan, validate, detect, tag]",
        "needs: [ingest, scan, validate, detect, second, tag]",
    )
    bench.configure(
        steps=more.replace(
            "needs: [ingest, scan, validate, detect], retry",
            "needs: [ingest, scan, validate, detect, second], retry",
        ),
        version=2,
    )
    bench.land("a.csv", good())

    drain("orders")

    ref = bench.batches()[0].evidence
    assert ref is not None
    evidence = Evidence.decoded(bench.tools.objects.read(ref))
    assert [one.split("=")[0] for one in evidence.agents] == ["detect", "second", "validate"]


def test_files_claimed_together_outlive_the_one_that_is_lost(bench: Workbench) -> None:
    bench.configure(version=2)
    config = open_store(bench.settings.config_uri)
    text = config.get("workflows/orders.yaml").replace(b"max_files: 1", b"max_files: 10")
    config.put("workflows/orders.yaml", text)
    gone = Path(bench.land("a.csv", good()).removeprefix("file://"))
    bench.land("b.csv", good(100))
    bench.land("c.csv", good(200))
    claims = ClaimLog(bench.tools.store, "orders")
    claims.claim_new(
        open_store(bench.landing_uri), pattern="*", requested_by="watcher", max_files=10
    )
    gone.unlink()

    with pytest.raises(PenstockError, match=r"a\.csv"):
        drain("orders")
    drain("orders")

    assert bench.states() == ["dead", "published"]
    assert bench.published() == [*good(100), *good(200)]


def test_a_landing_that_is_gone_does_not_stop_what_was_claimed(bench: Workbench) -> None:
    bench.land("a.csv", bad())
    drain("orders")
    bench.decide(Choice.QUARANTINE)
    landing = Path(bench.landing_uri.removeprefix("file://"))
    landing.rename(landing.with_name("moved"))

    with pytest.raises(PenstockError, match="landing"):
        drain("orders")

    assert bench.published() == bad()[8:]
