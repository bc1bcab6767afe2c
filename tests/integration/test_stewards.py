"""A held batch waits in a suspended run, and a steward's answer to the form decides it."""

from __future__ import annotations

import pytest

from penstock.model import Choice
from plant import WEBHOOK, Site, wait_until
from workbench import bad, good

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

JUDGING = {"ingest", "scan", "validate", "detect", "tag", "report"}


def test_three_answers_publish_exactly_their_rows_without_judging_again(site: Site) -> None:
    api = site.plant.api
    choices = {1: Choice.APPROVE, 2: Choice.QUARANTINE, 3: Choice.REJECT}
    for sequence in choices:
        site.land(f"{sequence}.csv", bad(100 * sequence))
        assert site.drain() == 0
    runs = site.suspended_runs(3)
    before = site.calls()
    assert site.published() == []

    for sequence, choice in choices.items():
        assert api.resume(runs[sequence], {"decision": choice.value, "note": "seen"}) == "ACCEPT"
    site.wait_for_states("published", "published", "rejected")

    assert site.published() == [*bad(100), *bad(200)[8:]]
    counts = [(r.rows_published, r.rows_quarantined, r.rows_rejected) for r in site.batches()]
    assert counts == [(20, 0, 0), (12, 8, 0), (0, 0, 20)]
    assert {r.reason for r in site.batches()} == {"decided by prefect-form (not proved)"}
    assert [len(site.messages(kind)) for kind in ("held", "published", "rejected")] == [3, 2, 1]
    worked = site.calls() - before
    assert {step: worked[step] for step in (*JUDGING, "publish")} == (
        dict.fromkeys(JUDGING, 0) | {"publish": 3}
    )
    for run in runs.values():
        _assert_judging_was_cached(site, run)


def _assert_judging_was_cached(site: Site, run: str) -> None:
    """Prefect shows it too, as soon as its record of the task runs has caught up."""
    api = site.plant.api
    wait_until(lambda: len(api.task_states(run).get("notify", ())) == 1)
    wait_until(lambda: api.task_states(run).keys() >= JUDGING)
    states = api.task_states(run)
    assert {state for step in JUDGING for state in states[step]} == {"Cached"}
    assert states["publish"] == ["Completed"]


def test_no_answer_and_a_late_answer_publish_nothing(site: Site) -> None:
    api = site.plant.api
    site.land("a.csv", bad())
    site.drain()
    run = site.suspended_run()

    said = [
        api.resume(run, answer)
        for answer in (
            None,
            {},
            {"note": "yes"},
            {"decision": None},
            {"decision": "yes"},
            {"decision": "Approve"},
            {"decision": ["approve"]},
            {"decision": {"__prefect_kind": "json", "value": "[]"}},
        )
    ]

    assert said == ["REJECT"] * 8
    assert api.state(run) == "Suspended"
    assert site.published() == []
    assert site.request().wake_ups == 0

    # What the ledger says outweighs what a form says after it.
    site.decide(Choice.REJECT)
    assert api.resume(run, {"decision": "approve"}) == "ACCEPT"
    site.wait_for_states("rejected")
    assert site.published() == []


@pytest.mark.parametrize(
    ("kind", "by_force"),
    [("SCHEDULED", False), ("SCHEDULED", True), ("RUNNING", True), ("COMPLETED", True)],
)
def test_a_run_that_is_pushed_on_publishes_nothing_until_somebody_decides(
    site: Site, kind: str, *, by_force: bool
) -> None:
    api = site.plant.api
    site.land("a.csv", bad())
    site.drain()
    run = site.suspended_run()

    api.put_into(run, kind, by_force=by_force)
    if kind != "SCHEDULED":  # nobody carries the run out any more
        wait_until(lambda: site.drain() == 0 and site.request().flow_run != run)
    again = site.suspended_run()

    assert site.published() == []
    assert site.states() == ["held"]
    assert site.tools.ledger.requests(state="decided") == []
    if by_force:
        site.decide(Choice.QUARANTINE)
        site.drain_until_settled()
    else:
        assert api.resume(again, {"decision": "quarantine"}) == "ACCEPT"
        site.wait_for_states("published")
    assert site.published() == list(bad()[8:])
    assert len(site.snapshots()) == 1


def test_a_batch_that_failed_after_its_approval_is_not_asked_about_twice(
    site: Site,
) -> None:
    api = site.plant.api
    site.land("a.csv", bad())
    site.drain()
    run = site.suspended_run()
    site.mark("fail-publish-before")
    api.resume(run, {"decision": "approve"})
    wait_until(lambda: api.state(run) == "Failed")
    assert site.published() == []

    api.put_into(run, "SCHEDULED", by_force=False)
    site.wait_for_states("published")

    assert site.published() == list(bad())
    assert len(site.tools.ledger.requests(state=None)) == 1
    assert len(site.messages("held")) == 1


def test_a_release_change_asks_anew_and_the_old_answer_publishes_nothing(
    site: Site,
) -> None:
    site.land("a.csv", bad())
    site.drain()
    run = site.suspended_run()
    old = site.request()

    site.configure(version=2, notify=WEBHOOK)
    site.drain()
    wait_until(lambda: site.request().id != old.id)
    again = site.suspended_run()

    assert again == run
    assert site.tools.ledger.request(old.id).state == "superseded"
    assert site.published() == []
    site.decide(Choice.APPROVE)
    site.drain_until_settled()
    assert site.published() == list(bad())
    assert len(site.snapshots()) == 1


def test_an_answer_to_a_form_from_before_a_release_change_is_asked_again(
    site: Site,
) -> None:
    api = site.plant.api
    site.land("a.csv", bad())
    site.drain()
    run = site.suspended_run()
    old = site.request()

    site.configure(version=2, notify=WEBHOOK)
    assert api.resume(run, {"decision": "approve"}) == "ACCEPT"
    wait_until(lambda: [one.id for one in site.tools.ledger.requests()] not in ([], [old.id]))
    assert site.suspended_run() == run
    assert site.published() == []
    api.resume(run, {"decision": "reject"})
    site.wait_for_states("rejected")

    assert site.published() == []


def test_a_batch_processed_a_second_time_is_not_judged_again(site: Site) -> None:
    api = site.plant.api
    site.land("a.csv", good())
    site.drain()
    before = site.calls()

    run = api.start("process-batch/process-batch", {"workflow": "orders", "sequence": 1})
    wait_until(lambda: api.state(run) == "Completed")

    assert {step: (site.calls() - before)[step] for step in JUDGING} == dict.fromkeys(JUDGING, 0)
    assert site.published() == list(good())
    assert len(site.snapshots()) == 1
    assert len(site.messages("published")) == 1
    _assert_judging_was_cached(site, run)


def test_a_server_killed_while_a_batch_waits_comes_back_and_takes_the_answer(
    site: Site,
) -> None:
    api = site.plant.api
    site.land("a.csv", bad())
    site.drain()
    run = site.suspended_run()

    site.plant.restart_server()

    assert api.state(run) == "Suspended"
    assert api.resume(run, {"decision": "quarantine"}) == "ACCEPT"
    site.wait_for_states("published")
    assert site.published() == list(bad()[8:])


def test_a_worker_killed_after_the_answer_loses_neither_answer_nor_rows(
    short_site: Site,
) -> None:
    site, api = short_site, short_site.plant.api
    site.land("a.csv", bad())
    site.drain()
    run = site.suspended_run()
    gone = site.mark("kill-publish-after", "group")

    api.resume(run, {"decision": "quarantine"})
    wait_until(lambda: not gone.exists())
    site.plant.kill_worker()
    site.drain_until_settled()

    assert site.published() == list(bad()[8:])
    assert len(site.snapshots()) == len(set(site.messages("published"))) == 1
    assert len(site.tools.ledger.requests(state=None)) == 1
