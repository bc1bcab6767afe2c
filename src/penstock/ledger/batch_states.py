"""Which steps the state of a batch may take, and what a settled one refuses."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.errors import Conflict, NotConserved
from penstock.model import BatchRecord, BatchState, RowCounts

__all__ = ["FINAL", "FOLLOWS", "require_legal", "require_no_contradiction"]

FOLLOWS: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.RUNNING: frozenset(BatchState) - {BatchState.RUNNING},
    BatchState.HELD: frozenset(BatchState) - {BatchState.RUNNING},
    BatchState.PUBLISHED: frozenset({BatchState.PUBLISHED}),
    BatchState.REJECTED: frozenset({BatchState.REJECTED}),
    BatchState.DEAD: frozenset({BatchState.DEAD}),
}
"""What `settle` may make of a state. Only `begin` makes a batch run (again)."""

FINAL = frozenset({BatchState.PUBLISHED, BatchState.REJECTED})


def require_legal(before: BatchRecord, state: BatchState, counts: RowCounts | None) -> None:
    """Refuse a step that the batch may not take, and publishing rows that do not add up."""
    name = (before.batch or before.claim)[:12]
    if state not in FOLLOWS[before.state]:
        raise Conflict(
            f"Batch {name} is {before.state} and cannot become {state}.",
            remedy="Begin it again before it is settled anew."
            if before.state not in FINAL
            else "What was published or rejected stays so; land corrected files instead.",
        )
    if state is not BatchState.PUBLISHED:
        return
    if before.batch is None:
        raise Conflict(
            f"Claim {name} has no batch id and cannot be published.", remedy="Identify it first."
        )
    if counts is not None and counts.landed is not None and not counts.is_conserved:
        raise NotConserved(
            f"Batch {name}: {counts.landed} records landed, but {counts.published} published +"
            f" {counts.quarantined} quarantined + {counts.rejected} rejected are not as many.",
            remedy="Hold the batch and find the missing rows.",
        )


def require_no_contradiction(before: BatchRecord, changed: Mapping[str, object]) -> None:
    """Refuse to settle again with another snapshot or other counts than were recorded."""
    facts = [name for name in changed if name == "snapshot" or name.startswith("rows_")]
    told = [name for name in facts if getattr(before, name) is not None]
    if told:
        raise Conflict(
            f"Batch {(before.batch or before.claim)[:12]} is {before.state} already, with other"
            f" {', '.join(told)}.",
            remedy="Look at what was written before it is recorded again.",
        )
