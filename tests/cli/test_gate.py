"""`penstock requests` and `penstock decide`: what waits, and an answer that is given once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock.flows import drain
from workbench import Workbench, bad

if TYPE_CHECKING:
    from tests.cli.conftest import Command

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def held(bench: Workbench) -> Workbench:
    bench.land("a.csv", bad())
    drain("orders")
    return bench


def test_open_request_shows_why_and_how_to_answer(penstock: Command, installed: Workbench) -> None:
    request = installed.request()

    answer = penstock("requests")

    assert answer.code == 0
    assert request.summary.replace("\u00a0", " ") in answer.out
    assert request.page.uri in answer.out
    assert f"penstock decide {request.id[:12]} --choice approve|quarantine|reject" in answer.out
    assert answer.out.count("penstock decide") == 1


@pytest.mark.usefixtures("installed")
def test_all_requests_include_decided_ones(penstock: Command) -> None:
    assert len(penstock("requests", "--json").json) == 1

    found = penstock("requests", "--all", "--json").json

    assert [request["state"] for request in found] == ["decided", "open"]


def test_requests_of_another_dataset_are_left_out(penstock: Command, installed: Workbench) -> None:
    assert installed.request()

    assert "Nothing waits" in penstock("requests", "--dataset", "returns").out


@pytest.mark.parametrize("text", ["ffffffffffff", "x", ""])
def test_unknown_request_points_at_the_list(
    penstock: Command, installed: Workbench, text: str
) -> None:
    assert installed.request()

    error = penstock("decide", text, "--choice", "reject").error

    assert repr(text) in error
    assert "`penstock requests`" in error or "first 6" in error


def test_choice_that_is_not_open_is_refused_and_nothing_recorded(
    penstock: Command, bench: Workbench
) -> None:
    bench.land("a.csv", bytes(range(1, 256)) * 20)
    drain("orders")

    error = penstock("decide", bench.request().id, "--choice", "approve").error

    assert "approve" in error
    assert "reject" in error
    assert bench.request().state == "open"


def test_word_that_is_no_choice_is_a_usage_error(penstock: Command, installed: Workbench) -> None:
    answer = penstock("decide", installed.request().id, "--choice", "yes")

    assert answer.code == 2
    assert "'yes'" in answer.err
    assert installed.request().state == "open"


def test_decision_is_recorded_once_and_the_drain_carries_it_out(
    penstock: Command, held: Workbench
) -> None:
    request = held.request()

    first = penstock("decide", request.id[:8], "--choice", "quarantine", "--note", "as ever")
    again = penstock("decide", request.id, "--choice", "quarantine", "--json")
    other = penstock("decide", request.id, "--choice", "approve")

    assert first.code == 0
    assert "Recorded: quarantine" in first.out
    assert "(not proved)" in first.out
    assert "the next drain carries the decision out" in first.err
    assert again.json["note"] == "as ever"
    assert again.json["by"] in other.error
    assert "quarantine" in other.error

    drain("orders")
    assert held.published() == bad()[8:]


def test_decision_about_a_batch_is_found_by_the_batch(penstock: Command, held: Workbench) -> None:
    answer = penstock("decide", held.request().batch[:12], "--choice", "reject", "--json")

    assert answer.json["choice"] == "reject"


def test_decision_stands_when_its_run_cannot_be_woken(penstock: Command, held: Workbench) -> None:
    request = held.request()
    held.tools.ledger.set_flow_run(request.id, "00000000-0000-0000-0000-000000000000")

    answer = penstock("decide", request.id, "--choice", "reject")

    assert answer.code == 0
    assert "Recorded: reject" in answer.out
    assert "The decision stands" in answer.err
    assert "does not know flow run" in answer.err
    assert "the next drain carries the decision out" in answer.err
    assert held.tools.ledger.request(request.id).state == "decided"
