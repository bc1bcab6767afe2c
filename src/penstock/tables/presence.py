"""Look whether a batch is in a published table, and count what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pyiceberg.expressions import EqualTo, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.manifest import ManifestContent
from pyiceberg.table.snapshots import Operation

from penstock.model import BATCH_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table
    from pyiceberg.table.snapshots import Snapshot

    from penstock.model import BatchId

__all__ = ["BATCH_KEY", "ROWS_KEY", "Counted", "ancestors", "count_rows", "look"]

BATCH_KEY = "penstock.batch"
ROWS_KEY = "penstock.rows"
FIRST = 1
"""Sequence number of a table's first snapshot."""


class Counted(NamedTuple):
    """Rows of one batch, as the metadata says and as the files have them.

    `by_metadata` is None where another engine has put several batches into one file.
    """

    by_metadata: int | None
    by_data: int


def look(table: Table, batch: BatchId) -> int | None:
    """Return the snapshot in main's ancestry that brought the batch.

    Branches and snapshots that were rolled back are no ancestors. Where a later snapshot removed
    rows, or where history was expired, the data files in force have the last word.
    """
    removed_since = False
    oldest = None
    for snapshot in ancestors(table):
        if _summary(snapshot).get(BATCH_KEY) == batch:
            empty = _summary(snapshot).get(ROWS_KEY) == "0"
            if not removed_since or empty or _bringers(table, batch):
                return snapshot.snapshot_id
            return None
        removed_since |= snapshot.summary is None or snapshot.summary.operation != Operation.APPEND
        oldest = snapshot.sequence_number
    # NOTE: pyiceberg takes the parent away from a snapshot whose parent it expires.
    is_complete = oldest is None or oldest <= FIRST
    return None if is_complete else next(iter(_bringers(table, batch)), None)


def count_rows(table: Table, batch: BatchId, *, snapshot: int) -> Counted:
    """Count a batch's rows in a snapshot: those its metadata claims, and those read from files."""
    scan = table.scan(
        row_filter=EqualTo(term=Reference(BATCH_COLUMN), value=literal(batch)),
        selected_fields=(BATCH_COLUMN,),
        snapshot_id=snapshot,
    )
    field = table.schema().find_field(BATCH_COLUMN).field_id
    files = [task.file for task in scan.plan_files()]
    unmixed = all(_bounds(file, field) == (batch.encode(), batch.encode()) for file in files)
    with scan.to_arrow_batch_reader() as batches:
        return Counted(
            by_metadata=sum(file.record_count for file in files) if unmixed else None,
            by_data=sum(part.num_rows for part in batches),
        )


def ancestors(table: Table) -> Iterator[Snapshot]:
    """Yield main's snapshots, newest first, as far as they are kept."""
    kept = {snapshot.snapshot_id: snapshot for snapshot in table.metadata.snapshots}
    current = table.metadata.current_snapshot_id
    while current is not None and (snapshot := kept.get(current)) is not None:
        yield snapshot
        current = snapshot.parent_snapshot_id


def _summary(snapshot: Snapshot) -> dict[str, str]:
    return {} if snapshot.summary is None else snapshot.summary.additional_properties


def _bringers(table: Table, batch: BatchId) -> list[int]:
    """Return the snapshots that added data files of the batch which main still has."""
    main = table.current_snapshot()
    if main is None:
        return []
    field = table.schema().find_field(BATCH_COLUMN).field_id
    return [
        entry.snapshot_id
        for manifest in main.manifests(table.io)
        if manifest.content == ManifestContent.DATA
        for entry in manifest.fetch_manifest_entry(table.io)
        if entry.snapshot_id is not None and _holds(entry.data_file, field, batch)
    ]


def _holds(file: DataFile, field: int, batch: BatchId) -> bool:
    lowest, highest = _bounds(file, field)
    return lowest is not None and highest is not None and lowest <= batch.encode() <= highest


def _bounds(file: DataFile, field: int) -> tuple[bytes | None, bytes | None]:
    """Return the lowest and highest batch of a file; exact, since the column has full metrics."""
    return (file.lower_bounds or {}).get(field), (file.upper_bounds or {}).get(field)
