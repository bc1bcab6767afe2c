"""Bring one file into a table: branch, add, audit, swap.

Main is never written to: it is only ever pointed at a snapshot whose parent it is at that moment.
What Iceberg's own ways would allow instead (a retry adding a file to main twice, a branch made
before main moved dropping another batch) cannot happen on this one.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table.refs import MAIN_BRANCH
from pyiceberg.table.update.snapshot import ExpireSnapshots, ManageSnapshots

from penstock.errors import NotConserved, PublishRace, StoreUnavailable
from penstock.tables.presence import BATCH_KEY, ROWS_KEY, ancestors, count_rows, look

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pyiceberg.table import Table

    from penstock.model import BatchId, Clock

__all__ = ["Offer", "publish_offer"]

KEY_PREFIX = "penstock."
FILE_KEY = "penstock.file"
BRANCH_PREFIX = "penstock-"
BRANCH_PARTS = 3
LEFT_AFTER_S = 24 * 3600
"""A branch older than this belongs to a publisher that died."""
ATTEMPTS = 25
"""An attempt fails only because somebody else went ahead, so a bound need not be waited for."""
KEPT_SNAPSHOTS = 100
"""Every commit of pyiceberg takes about 1 ms for each snapshot that is kept. Older ones are
forgotten, their rows and files stay; what they said is in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A placed file and what its snapshot will say about it."""

    dataset: str
    batch: BatchId
    location: str
    digest: str
    rows: int
    summary: Mapping[str, str]

    @property
    def properties(self) -> dict[str, str]:
        """The snapshot's summary: the caller's words under one prefix, Penstock's own last."""
        given = {
            KEY_PREFIX + key.removeprefix(KEY_PREFIX): text for key, text in self.summary.items()
        }
        return given | {BATCH_KEY: self.batch, ROWS_KEY: str(self.rows), FILE_KEY: self.digest}


def publish_offer(
    table: Table,
    offer: Offer,
    *,
    looked_at: int | None,
    clock: Clock,
    on_step: Callable[[str], None],
) -> int:
    """Publish a file unless its batch is there, and return the snapshot that brought it.

    `looked_at` is the snapshot main was when it was seen not to have the batch.

    Raises:
        PublishRace: main moved meanwhile; nothing was published, the branch is gone.
        NotConserved: the branch does not hold the expected rows; nothing was published.
        StoreUnavailable: too many others commit to this table at once; nothing was published.
    """
    branch = _new_branch(table, offer, clock=clock)
    on_step("branched")
    snapshot = None
    try:
        # NOTE: a twin may have published since, which a branch made from its main would hide.
        if table.metadata.current_snapshot_id != looked_at:
            published = look(table, offer.batch)
            if published is not None:
                _drop(table, branch, snapshot=None)
                return published
        snapshot = _add(table, offer, branch=branch)
        on_step("added")
        _audit(table, offer, snapshot=snapshot)
        on_step("audited")
        _swap(table, offer, branch=branch, snapshot=snapshot, now=clock(), on_step=on_step)
    except (PublishRace, NotConserved, _Crowded):
        _drop(table, branch, snapshot=snapshot)
        raise
    on_step("swapped")
    return snapshot


class _Crowded(StoreUnavailable):
    """Others were faster in every attempt; no commit of ours was left without an answer."""


def _crowded(offer: Offer) -> _Crowded:
    return _Crowded(
        f"Table {offer.dataset!r} was changed by others in each of {ATTEMPTS} attempts to publish"
        f" batch {offer.batch!r}.",
        remedy="Try again, or let fewer runs publish to this table at once.",
    )


def _overtaken(offer: Offer) -> PublishRace:
    return PublishRace(
        f"Table {offer.dataset!r} moved while batch {offer.batch!r} was audited.",
        remedy="Look whether the batch is published, and publish it again if not.",
    )


def _new_branch(table: Table, offer: Offer, *, clock: Clock) -> str:
    """Branch off main under a name that nobody else has."""
    name = f"{BRANCH_PREFIX}{offer.batch[:12]}-{int(clock().timestamp())}-{token_hex(4)}"
    for _ in range(ATTEMPTS):
        main = table.metadata.refs[MAIN_BRANCH].snapshot_id
        with suppress(CommitFailedException):
            table.manage_snapshots().create_branch(main, name).commit()
            return name
        table.refresh()
    raise _crowded(offer)


def _add(table: Table, offer: Offer, *, branch: str) -> int:
    """Add the file to the branch as it lies there, and return the branch's new snapshot."""
    start = _head(table, offer, branch=branch)
    for _ in range(ATTEMPTS):
        try:
            _append(table, offer, branch=branch)
        except CommitFailedException:
            table.refresh()
        except ValueError as exc:
            if "already referenced" in str(exc):
                raise _overtaken(offer) from exc
            # NOTE: another branch took our sequence number; pyiceberg does not try this again.
            if "sequence number" not in str(exc):
                raise
            table.refresh()
        if (head := _head(table, offer, branch=branch)) != start:
            return head
    raise _crowded(offer)


def _append(table: Table, offer: Offer, *, branch: str) -> None:
    """Commit the file to the branch; a batch without rows leaves its snapshot alone."""
    with table.transaction() as transaction:
        if offer.rows:
            transaction.add_files(
                [offer.location], snapshot_properties=offer.properties, branch=branch
            )
        else:
            update = transaction.update_snapshot(
                snapshot_properties=offer.properties, branch=branch
            )
            update.fast_append().commit()


def _head(table: Table, offer: Offer, *, branch: str) -> int:
    ref = table.metadata.refs.get(branch)
    if ref is None:
        raise _overtaken(offer)
    return ref.snapshot_id


def _audit(table: Table, offer: Offer, *, snapshot: int) -> None:
    """Count the batch on the branch, in the metadata and by reading the file."""
    found = count_rows(table, offer.batch, snapshot=snapshot)
    if (found.by_metadata, found.by_data) != (offer.rows, offer.rows):
        raise NotConserved(
            f"Batch {offer.batch!r} has {found.by_data} rows on its branch of table"
            f" {offer.dataset!r} ({found.by_metadata} by metadata), expected are {offer.rows}.",
            remedy="Nothing was published. Prepare the batch again.",
        )


def _swap(
    table: Table,
    offer: Offer,
    *,
    branch: str,
    snapshot: int,
    now: datetime,
    on_step: Callable[[str], None],
) -> None:
    """Point main at the audited snapshot, if main is still its parent, and drop the branch."""
    for _ in range(ATTEMPTS):
        table.refresh()
        audited = table.snapshot_by_id(snapshot)
        main = table.metadata.refs[MAIN_BRANCH].snapshot_id
        if audited is None or audited.parent_snapshot_id != main:
            raise _overtaken(offer)
        on_step("compared")
        expired = [old.snapshot_id for old in ancestors(table)][KEPT_SNAPSHOTS - 1 :]
        with suppress(CommitFailedException):
            with table.transaction() as transaction:
                # NOTE: the swap is staged first. pyiceberg keeps only the first requirement of a
                # kind, and it must be that main is where the metadata compared above has it.
                change = ManageSnapshots(transaction).set_current_snapshot(snapshot_id=snapshot)
                for name in [branch, *_leftovers(table, now=now)]:
                    change = change.remove_branch(name)
                change.commit()
                if expired:
                    ExpireSnapshots(transaction).by_ids(expired).commit()
            return
    raise _crowded(offer)


def _drop(table: Table, branch: str, *, snapshot: int | None) -> None:
    """Drop a branch and what was added to it; one that stays behind harms nobody."""
    for _ in range(ATTEMPTS):
        table.refresh()
        if branch not in table.metadata.refs:
            return
        with suppress(CommitFailedException):
            with table.transaction() as transaction:
                ManageSnapshots(transaction).remove_branch(branch).commit()
                if snapshot is not None:
                    ExpireSnapshots(transaction).by_id(snapshot).commit()
            return


def _leftovers(table: Table, *, now: datetime) -> list[str]:
    """Return the branches whose publishers died long ago."""
    return [name for name in table.metadata.refs if _age_s(name, now=now) > LEFT_AFTER_S]


def _age_s(branch: str, *, now: datetime) -> float:
    """Return the age of a publisher's branch by its name, 0 for any other branch."""
    parts = branch.removeprefix(BRANCH_PREFIX).split("-")
    if not branch.startswith(BRANCH_PREFIX) or len(parts) != BRANCH_PARTS or not parts[1].isdigit():
        return 0
    return now.timestamp() - int(parts[1])
