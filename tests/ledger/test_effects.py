"""Effects: intended, then done, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from penstock.errors import Conflict, NotFound
from penstock.ledger import Ledger
from penstock.model import BatchId, hash_bytes

if TYPE_CHECKING:
    from tests.ledger.conftest import ManualClock, Samples


@pytest.fixture
def intent(ledger: Ledger, make: Samples) -> dict[str, Any]:
    batch = make.identified(ledger).batch
    release = make.release_id
    return {"key": "k1", "batch": batch, "release": release, "step": "publish", "kind": "publish"}


def kinds(ledger: Ledger, batch: BatchId) -> list[str]:
    return [record.kind for record in ledger.audit_records(subject=f"batch:{batch}")]


def test_an_effect_is_intended_then_done(
    ledger: Ledger, intent: dict[str, Any], clock: ManualClock
) -> None:
    intended = ledger.intend(**intent)
    clock.advance(3)
    done = ledger.complete("k1", {"snapshot": 7, "größe": [0.1, None]})

    assert (intended.state, intended.result, intended.done_at) == ("intended", None, None)
    assert (done.state, done.result) == ("done", {"snapshot": 7, "größe": [0.1, None]})
    assert (done.intended_at, done.done_at) == (intended.intended_at, clock.now)
    assert ledger.effects(intent["batch"]) == [done]
    assert kinds(ledger, intent["batch"]) == ["effect.intended", "effect.done"]


def test_a_retry_finds_its_intent(ledger: Ledger, intent: dict[str, Any]) -> None:
    first = ledger.intend(**intent)

    assert ledger.intend(**intent) == first
    assert kinds(ledger, intent["batch"]) == ["effect.intended"]


def test_a_retry_finds_that_it_is_done_already(ledger: Ledger, intent: dict[str, Any]) -> None:
    ledger.intend(**intent)
    done = ledger.complete("k1", {"snapshot": 7})

    assert ledger.intend(**intent) == done
    assert ledger.complete("k1", {"snapshot": 7}) == done
    assert kinds(ledger, intent["batch"]) == ["effect.intended", "effect.done"]


def test_an_effect_done_with_another_result_is_refused(
    ledger: Ledger, intent: dict[str, Any]
) -> None:
    ledger.intend(**intent)
    ledger.complete("k1", {"snapshot": 7})

    with pytest.raises(Conflict, match="is done already, with another result"):
        ledger.complete("k1", {"snapshot": 8})


@pytest.mark.parametrize(("field", "other"), [("step", "notify"), ("kind", "notify")])
def test_a_key_that_stands_for_something_else_is_refused(
    field: str, other: str, ledger: Ledger, intent: dict[str, Any]
) -> None:
    ledger.intend(**intent)

    with pytest.raises(Conflict, match=f"with another {field}"):
        ledger.intend(**intent | {field: other})


def test_an_effect_that_was_never_intended_can_not_be_done(ledger: Ledger) -> None:
    with pytest.raises(NotFound, match="never intended"):
        ledger.complete("k1", {})


def test_an_effect_of_an_unknown_batch_or_release_is_refused(
    ledger: Ledger, intent: dict[str, Any]
) -> None:
    with pytest.raises(NotFound, match="There is no batch"):
        ledger.intend(**intent | {"batch": hash_bytes(b"nothing")})
    with pytest.raises(NotFound, match="is not recorded"):
        ledger.intend(**intent | {"release": hash_bytes(b"nothing")})


def test_effects_are_listed_in_the_order_they_were_intended(
    ledger: Ledger, intent: dict[str, Any], clock: ManualClock
) -> None:
    for key in ("z", "a", "m"):
        ledger.intend(**intent | {"key": key})
        clock.advance(1)

    assert [effect.key for effect in ledger.effects(intent["batch"])] == ["z", "a", "m"]
