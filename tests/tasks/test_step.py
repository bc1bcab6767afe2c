"""A step's cache key is made of everything that its result depends on, and of nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from prefect.states import Failed

from penstock.errors import NotAllowed, PenstockError, StoreUnavailable
from penstock.model import BatchId, ReleaseId
from penstock.tasks import StepCall
from penstock.tasks.step import _is_transient

CALL = StepCall(
    batch=BatchId("b"), release=ReleaseId("r"), step="scan", agent="scan/1", given={"x": 1}
)


@pytest.mark.parametrize(
    "change",
    [
        {"batch": "other"},
        {"release": "other"},
        {"step": "validate"},
        {"agent": "scan/2"},
        {"given": {"x": 2}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_part_of_a_call_makes_another_key(change: dict[str, Any]) -> None:
    assert CALL.model_copy(update=change).key != CALL.key


def test_the_same_call_has_the_same_key() -> None:
    assert CALL.model_copy(update={"given": {"x": 1}}).key == CALL.key


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (StoreUnavailable("Down.", remedy="Wait."), True),
        (NotAllowed("No.", remedy="Ask."), False),
        (PenstockError("Odd.", remedy="Look."), False),
        (ValueError("bug"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_only_transient_errors_are_tried_again(error: Exception, again: bool) -> None:
    state = Failed(data=error)

    assert _is_transient(None, None, state) is again  # type: ignore[arg-type]  # not looked at
