"""Rows and rejects of one file, kept aside until the whole file has proved readable."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from penstock.model import Example

__all__ = ["RECORD", "REJECTS", "FileStage", "Stage", "Tally"]

RECORD = "record"
"""Column with the record's number in a staged table; `c0`, `c1`, ... are the contract's columns."""

REJECTS = pa.schema(
    [
        (RECORD, pa.int64()),
        ("byte_offset", pa.int64()),
        ("raw", pa.binary()),
        ("kind", pa.string()),
        ("reason", pa.string()),
    ]
)
EXAMPLES = 5
EXAMPLE_LENGTH = 200
REJECTS_HELD = 10_000
REJECT_BYTES_HELD = 16 << 20


class Stage:
    """Tables of the same schema in their order, in memory up to a limit and beyond it on disk."""

    def __init__(self, *, scratch: Path, limit: int) -> None:
        self.rows = 0
        self._scratch = scratch
        self._limit = limit
        self._held: list[pa.Table] = []
        self._bytes = 0
        self._path: Path | None = None
        self._file: pa.OSFile | None = None
        self._writer: pa.RecordBatchStreamWriter | None = None

    def add(self, table: pa.Table) -> None:
        """Keep a table after those kept before."""
        self.rows += table.num_rows
        self._held.append(table)
        self._bytes += table.nbytes
        if self._bytes > self._limit:
            self._spill()

    def tables(self) -> Iterator[pa.Table]:
        """Give all tables back, in order, and let go of them."""
        if self._writer is not None and self._path is not None:
            self._spill()
            self._finish()
            with pa.OSFile(str(self._path)) as file, pa.ipc.open_stream(file) as reader:
                for batch in reader:
                    yield pa.Table.from_batches([batch])
        while self._held:
            yield self._held.pop(0)
        self.close()

    def close(self) -> None:
        """Let go of everything kept."""
        self._held.clear()
        self._finish()
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None

    def _finish(self) -> None:
        if self._writer is not None and self._file is not None:
            self._writer.close()
            self._file.close()
            self._writer = self._file = None

    def _spill(self) -> None:
        if self._writer is None:
            handle, name = tempfile.mkstemp(suffix=".arrows", dir=self._scratch)
            os.close(handle)
            self._path = Path(name)
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._file = pa.OSFile(str(self._path), "wb")
            self._writer = pa.ipc.new_stream(self._file, self._held[0].schema, options=options)
        for table in self._held:
            self._writer.write_table(table)
        self._held.clear()
        self._bytes = 0


@dataclass(slots=True, kw_only=True)
class Tally:
    """Rejected records of one kind: how many, and the first of them."""

    record: int
    byte_offset: int
    reason: str
    records: int = 0
    examples: list[Example] = field(default_factory=list)


class FileStage:
    """What reading one file gives, until it is known whether the file can be read to its end."""

    def __init__(self, uri: str, *, scratch: Path, limit: int, masked: bool) -> None:
        self.uri = uri
        self.rows = Stage(scratch=scratch, limit=limit)
        self.rejects = Stage(scratch=scratch, limit=limit)
        self.tallies: dict[str, Tally] = {}
        self._masked = masked
        self._pending: list[tuple[int, int, bytes, str, str]] = []
        self._pending_bytes = 0

    def reject(self, *, record: int, byte_offset: int, raw: bytes, kind: str, reason: str) -> None:
        """Keep a record that is no row, with the reason."""
        tally = self.tallies.setdefault(
            kind, Tally(record=record, byte_offset=byte_offset, reason=reason)
        )
        tally.records += 1
        if len(tally.examples) < EXAMPLES:
            text = raw[: 4 * EXAMPLE_LENGTH].decode("utf-8", "backslashreplace").rstrip("\r\n")
            tally.examples.append(
                Example(
                    file=self.uri,
                    record=record,
                    value="•••" if self._masked else text[:EXAMPLE_LENGTH],
                )
            )
        self._pending.append((record, byte_offset, raw, kind, reason))
        self._pending_bytes += len(raw)
        if len(self._pending) >= REJECTS_HELD or self._pending_bytes > REJECT_BYTES_HELD:
            self.settle_rejects()

    def settle_rejects(self) -> None:
        """Move rejects that are still single values into the stage."""
        if self._pending:
            columns = list(zip(*self._pending, strict=True))
            arrays = [
                pa.array(values, kind) for values, kind in zip(columns, REJECTS.types, strict=True)
            ]
            self.rejects.add(pa.Table.from_arrays(arrays, schema=REJECTS))
            self._pending.clear()
            self._pending_bytes = 0

    def close(self) -> None:
        """Let go of everything kept."""
        self.rows.close()
        self.rejects.close()
        self._pending.clear()
