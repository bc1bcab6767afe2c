"""A Parquet file in row groups of one size, whatever the size of what comes in."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

__all__ = ["GROUP_BYTES", "ROW_GROUP", "RowGroups"]

ROW_GROUP = 122_880
GROUP_BYTES = 128 << 20


class RowGroups:
    """A Parquet file written in row groups of `ROW_GROUP` rows, smaller where rows are large."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.rows = 0
        self._schema = schema
        self._writer = parquet.ParquetWriter(path, schema, compression="zstd")
        self._held: list[pa.Table] = []
        self._held_rows = 0
        self._held_bytes = 0

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self.rows += table.num_rows
        while table.num_rows:
            part = table.slice(0, ROW_GROUP - self._held_rows)
            table = table.slice(part.num_rows)
            self._held.append(part)
            self._held_rows += part.num_rows
            self._held_bytes += part.nbytes
            if self._held_rows == ROW_GROUP or self._held_bytes > GROUP_BYTES:
                self._settle()

    def close(self) -> None:
        """Write what is left and finish the file."""
        self._settle()
        self._writer.close()

    def _settle(self) -> None:
        if self._held:
            self._writer.write_table(pa.concat_tables(self._held), row_group_size=ROW_GROUP)
        self._held, self._held_rows, self._held_bytes = [], 0, 0
