"""Drains on a real server: two at once, and one whose worker is killed with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from plant import Site, wait_until
from workbench import bad, good

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_two_drains_at_once_publish_and_ask_about_every_batch_once(
    open_site: Callable[..., Site],
) -> None:
    site = open_site()
    for number in range(6):
        rows = bad if number == 3 else good
        site.land(f"{number}.csv", rows(1 + 20 * number))

    job = site.job("drain", workflow="orders")
    assert site.plant.nursery.run(job, job) == [0, 0]
    wait_until(lambda: site.drain() == 0 and "running" not in site.states())

    assert site.states() == ["published"] * 3 + ["held"] + ["published"] * 2
    expected = [row for number in range(6) if number != 3 for row in good(1 + 20 * number)]
    assert site.published() == expected
    assert len(site.snapshots()) == len(set(site.snapshots())) == 5
    assert len(site.messages("published")) == len(set(site.messages("published"))) == 5
    assert len(site.tools.ledger.requests(state=None)) == 1
    assert site.tools.ledger.verify_audit() is None


def test_a_drain_killed_with_its_worker_is_made_up_for(short_site: Site) -> None:
    site, api = short_site, short_site.plant.api
    site.land("a.csv", good())
    gone = site.mark("kill-table-after", "group")

    api.start("drain/drain", {"workflow": "orders"})
    wait_until(lambda: not gone.exists())
    site.plant.kill_worker()
    site.drain_until_settled()

    assert site.published() == list(good())
    assert len(site.snapshots()) == 1
    assert len(site.messages("published")) == 1
