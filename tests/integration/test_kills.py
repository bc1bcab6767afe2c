"""A process is killed in any step: the next drain recovers, and effects happen exactly once."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest
from plant import Site, wait_until

from penstock.model import Choice
from workbench import bad, good

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

STEPS = (
    *("ingest", "scan", "validate", "detect", "tag", "report"),
    *("prepare", "publish", "table", "notify", "webhook"),
)
"""Every step; `table` and `webhook` are the act itself, within publish and notify."""
LEASE_S = 1.5


def _kill_in(site: Site, step: str, when: str) -> None:
    site.mark(f"kill-{step}-{when}")
    assert site.drain() == -signal.SIGKILL
    site.drain_until_settled()


def _assert_all_done_once(site: Site, rows: object) -> None:
    batches = [record.batch for record in site.batches()]
    assert site.published() == rows
    assert sorted(site.snapshots()) == sorted(str(batch) for batch in batches)
    assert len(set(site.messages("published"))) == len(batches)
    assert site.messages("dead") == []
    assert site.tools.ledger.verify_audit() is None


@pytest.mark.parametrize("step", STEPS)
def test_a_batch_whose_process_was_killed_is_published_once(
    open_site: Callable[..., Site], step: str
) -> None:
    site = open_site(lease_s=LEASE_S)

    site.land("a.csv", good(count=20))
    _kill_in(site, step, "before")
    site.land("b.csv", good(21, count=20))
    _kill_in(site, step, "after")

    _assert_all_done_once(site, list(good(count=40)))
    # A message that arrived just before the process died is sent again, under the same key.
    assert len(site.messages("published")) == (3 if step == "webhook" else 2)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_batch_killed_at_the_gate_is_held_once_and_decided_once(
    open_site: Callable[..., Site], when: str
) -> None:
    site = open_site(lease_s=LEASE_S)
    site.land("a.csv", bad())
    site.mark(f"kill-gate-{when}")

    assert site.drain() == -signal.SIGKILL
    wait_until(lambda: site.drain() == 0 and site.states() == ["held"])
    assert site.published() == []
    site.decide(Choice.QUARANTINE)
    site.drain_until_settled()

    _assert_all_done_once(site, list(bad()[8:]))
    assert len(site.messages("held")) == 1
