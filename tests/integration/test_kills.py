"""A process is killed in any step: the next drain recovers, and effects happen exactly once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Collection

import pytest

from penstock.model import Choice
from plant import Site, wait_until
from workbench import bad

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

LEASE_S = 1.5
JUDGING = ("ingest", "scan", "validate", "detect", "tag", "report")
EFFECTS = ("prepare", "publish", "table", "notify", "webhook")
"""`table` and `webhook` are the acts themselves, within publish and notify."""


def _land(site: Site, number: int) -> list[tuple[int, str, int]]:
    rows = [(row, f"item {number:02d}-{row}", row) for row in range(1, 21)]
    site.land(f"{number:02d}.csv", rows)
    return rows


def _assert_all_done_once(site: Site, rows: Collection[object]) -> None:
    batches = [record.batch for record in site.batches()]
    assert sorted(site.published()) == sorted(rows)  # type: ignore[type-var]  # tuples
    assert sorted(site.snapshots()) == sorted(str(batch) for batch in batches)
    assert len(set(site.messages("published"))) == len(batches)
    assert site.messages("dead") == []
    assert site.tools.ledger.verify_audit() is None


@pytest.mark.parametrize("steps", [JUDGING, EFFECTS], ids=["judging", "effects"])
def test_batches_whose_processes_were_killed_are_published_once(
    open_site: Callable[..., Site], steps: tuple[str, ...]
) -> None:
    """Each drain dies in another step, of another batch: those before it are leased still."""
    site = open_site(lease_s=LEASE_S)
    points = [f"kill-{step}-{when}" for step in steps for when in ("before", "after")]
    marks = [site.mark(point) for point in points]
    rows = [row for number in range(len(marks)) for row in _land(site, number)]

    # Validate and detect run side by side: one death may be that of both.
    deaths = sum(site.drain() == -signal.SIGKILL for mark in marks if mark.exists())
    wait_until(lambda: site.drain() is not None and not any(mark.exists() for mark in marks))
    assert deaths >= len(marks) // 2
    site.drain_until_settled()

    _assert_all_done_once(site, rows)
    # A message that arrived just before the process died is sent again, under the same key.
    again = 1 if "webhook" in steps else 0
    assert len(site.messages("published")) == len(marks) + again


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
