"""Staged rows of proved files become typed and miscast rows of the batch, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc

from penstock.model import BATCH_COLUMN, FILE_COLUMN, RECORD_COLUMN, BatchId, Example
from penstock.readers.cast_plan import CastPlan, connect, query
from penstock.readers.casts import why_not
from penstock.readers.json_lines import FORCED
from penstock.readers.row_groups import GROUP_BYTES, ROW_GROUP, RowGroups
from penstock.readers.staging import EXAMPLE_LENGTH, EXAMPLES, RECORD, REJECTS, FileStage
from penstock.readers.types import Target

__all__ = ["CASTS_COLUMN", "CastFaults", "Caster"]

CASTS_COLUMN = "_penstock_casts"
CASTS_TYPE = pa.list_(
    pa.struct([("column", pa.string()), ("value", pa.string()), ("reason", pa.string())])
)
FILE = "file"


@dataclass(slots=True, kw_only=True)
class CastFaults:
    """Failed casts of one column over the batch."""

    rows: int = 0
    reason: str = ""
    examples: tuple[Example, ...] = ()


class Caster:
    """Casts staged rows and writes the batch's three tables.

    With `keep_miscast_rows` a row with failed casts is typed as well, with these cells null; the
    miscast table then only records what was there.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        *,
        batch: BatchId,
        out: Path,
        keep_miscast_rows: bool,
        masked: frozenset[str],
    ) -> None:
        self.faults: dict[str, CastFaults] = {}
        self.typed_path = out / "typed.parquet"
        self._targets = targets
        self._batch = batch
        self._out = out
        self._keep = keep_miscast_rows
        self._masked = masked
        self._uris: list[str] = []
        self._typed_rows: dict[int, int] = {}
        self._miscast_rows: dict[int, int] = {}
        self._plan: CastPlan | None = None
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._held_bytes = 0
        self._connection = connect()
        self._schema = self._typed_schema()
        self._typed = RowGroups(self.typed_path, self._schema)
        self._miscast: RowGroups | None = None
        self._rejects: RowGroups | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for writer in (self._typed, self._miscast, self._rejects):
            if writer is not None:
                writer.close()
        self._connection.close()

    @property
    def miscast_path(self) -> Path | None:
        """The miscast table, if there is one."""
        return self._out / "miscast.parquet" if self._miscast is not None else None

    @property
    def rejects_path(self) -> Path | None:
        """The table of rejects, if there is one."""
        return self._out / "rejects.parquet" if self._rejects is not None else None

    def take(self, stage: FileStage) -> int:
        """Take over a proved file's rows and rejects; return its number for `counts`."""
        number = len(self._uris)
        self._uris.append(stage.uri)
        for table in stage.rows.tables():
            self._hold(
                table.append_column(FILE, pa.repeat(pa.scalar(number, pa.int32()), len(table)))
            )
        for table in stage.rejects.tables():
            if self._rejects is None:
                keys = self._schema.names[-3:]
                fields = [(name, pa.string()) for name in keys[:2]] + [(keys[2], pa.int64())]
                fields += [(field.name, field.type) for field in list(REJECTS)[1:]]
                self._rejects = RowGroups(self._out / "rejects.parquet", pa.schema(fields))
            keys = self._keys(pa.repeat(pa.scalar(number, pa.int32()), len(table)), table[RECORD])
            self._rejects.write(
                pa.table(
                    [*keys, *table.columns[1:]],
                    names=[BATCH_COLUMN, FILE_COLUMN, RECORD_COLUMN, *table.column_names[1:]],
                )
            )
        return number

    def counts(self, number: int) -> tuple[int, int]:
        """Return the typed and miscast rows of a file; all rows must have been settled."""
        return self._typed_rows.get(number, 0), self._miscast_rows.get(number, 0)

    def settle(self) -> None:
        """Cast and write all rows that are still held."""
        if self._held and self._plan is not None:
            table = pa.concat_tables(self._held)
            self._held, self._held_rows, self._held_bytes = [], 0, 0
            self._cast(self._plan, table)

    # Casting

    def _hold(self, table: pa.Table) -> None:
        if self._plan is None or not table.schema.equals(self._plan.schema):
            self.settle()
            self._plan = CastPlan(
                self._connection, table.schema, typed=self._schema, targets=self._targets
            )
        self._held.append(table)
        self._held_rows += table.num_rows
        self._held_bytes += table.nbytes
        if self._held_rows >= ROW_GROUP or self._held_bytes > GROUP_BYTES:
            self.settle()

    def _typed_schema(self) -> pa.Schema:
        casts = ", ".join(
            f"CAST(NULL AS {target.type}) AS c{index}" for index, target in enumerate(self._targets)
        )
        found = self._connection.sql(f"SELECT {casts}").to_arrow_table().schema
        fields = [
            pa.field(target.name, kind)
            for target, kind in zip(self._targets, found.types, strict=True)
        ]
        keys = [
            (BATCH_COLUMN, pa.string()),
            (FILE_COLUMN, pa.string()),
            (RECORD_COLUMN, pa.int64()),
        ]
        return pa.schema([*fields, *keys])

    def _cast(self, plan: CastPlan, table: pa.Table) -> None:
        columns, bad = plan.cast(table)
        keys = self._keys(table[FILE], table[RECORD])
        rows = pa.table(
            [
                column.cast(field.type) if column.type != field.type else column
                for column, field in zip([*columns, *keys], self._schema, strict=True)
            ],
            schema=self._schema,
        )
        if bad is None:
            self._write_typed(rows, table[FILE])
            return
        good = pc.invert(bad)
        if self._keep:
            self._write_typed(rows, table[FILE])
        else:
            self._write_typed(rows.filter(good), table[FILE].filter(good))
        self._write_miscast(rows.filter(bad), table.filter(bad), plan)

    def _keys(self, files: pa.ChunkedArray, records: pa.ChunkedArray) -> list[pa.ChunkedArray]:
        uris = pa.array(self._uris, pa.string())
        batch = pa.repeat(pa.scalar(str(self._batch), pa.string()), len(files))
        return [batch, pc.take(uris, files), records]

    def _write_typed(self, rows: pa.Table, files: pa.ChunkedArray) -> None:
        self._typed.write(rows)
        _count(files, self._typed_rows)

    # Failed casts

    def _write_miscast(self, rows: pa.Table, staged: pa.Table, plan: CastPlan) -> None:
        if self._miscast is None:
            schema = self._schema.append(pa.field(CASTS_COLUMN, CASTS_TYPE))
            self._miscast = RowGroups(self._out / "miscast.parquet", schema)
        casts = self._explain(rows, staged, plan)
        self._miscast.write(rows.append_column(CASTS_COLUMN, pa.array(casts, CASTS_TYPE)))
        if not self._keep:
            _count(staged[FILE], self._miscast_rows)

    def _explain(
        self, rows: pa.Table, staged: pa.Table, plan: CastPlan
    ) -> list[list[dict[str, str | None]]]:
        casts: list[list[dict[str, str | None]]] = [[] for _ in range(len(rows))]
        places = list(
            zip(rows[FILE_COLUMN].to_pylist(), rows[RECORD_COLUMN].to_pylist(), strict=True)
        )

        def add(place: int, index: int, value: str | None, reason: str) -> None:
            target = self._targets[index]
            casts[place].append({"column": target.name, "value": value, "reason": reason})
            uri, record = places[place]
            shown = "•••" if target.name in self._masked else (value or "")[:EXAMPLE_LENGTH]
            fault = self.faults.setdefault(target.name, CastFaults(reason=reason))
            fault.rows += 1
            if len(fault.examples) < EXAMPLES:
                fault.examples += (Example(file=uri, record=record, value=shown),)

        for index in plan.casts:
            failed = pc.and_(pc.is_valid(staged[f"c{index}"]), pc.is_null(rows.column(index)))
            at = pc.indices_nonzero(failed).to_pylist()
            if at:
                source = plan.sources[index]
                values = self._as_text(staged[f"c{index}"].take(pa.array(at)))
                for place, value in zip(at, values, strict=True):
                    add(place, index, value, why_not(self._targets[index], source))
        if FORCED in staged.column_names:
            for place, cells in enumerate(staged[FORCED].to_pylist()):
                for cell in cells or ():
                    add(place, cell["column"], cell["value"], cell["reason"])
        return casts

    def _as_text(self, column: pa.ChunkedArray) -> list[str | None]:
        found = query(
            self._connection,
            pa.table([column], names=["c"]),
            "SELECT TRY_CAST(c AS VARCHAR) AS c FROM staged",
        )
        return [None if value is None else str(value) for value in found["c"].to_pylist()]


def _count(files: pa.ChunkedArray, into: dict[int, int]) -> None:
    for entry in pc.value_counts(files).to_pylist():
        into[entry["values"]] = into.get(entry["values"], 0) + entry["counts"]
