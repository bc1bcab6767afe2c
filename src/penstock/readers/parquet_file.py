"""Parquet files as staged rows in their own types."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from penstock.readers.csv_parse import Layout
from penstock.readers.source import Limits
from penstock.readers.staging import RECORD, FileStage
from penstock.readers.unreadable import Unreadable

__all__ = ["ParquetReader", "plain_type"]

BATCH_ROWS = 16_384
MAGIC = b"PAR1"
MAGIC_ENCRYPTED = b"PARE"


class ParquetReader:
    """Reads one Parquet file into a stage.

    `resolve` is given the file's schema and says where the contract's columns are.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: Limits,
        stage: FileStage,
        resolve: Callable[[pa.Schema], Layout],
    ) -> None:
        self._path = path
        self._limits = limits
        self._stage = stage
        self._resolve = resolve

    def read(self) -> int:
        """Read to the end; return the number of rows that the file says it has."""
        _refuse_foreign(self._path)
        try:
            with parquet.ParquetFile(
                self._path, page_checksum_verification=True, coerce_int96_timestamp_unit="us"
            ) as file:
                return self._read(file)
        except (pa.ArrowException, OSError, UnicodeDecodeError) as exc:
            if "ncrypt" in str(exc):
                raise _encrypted() from exc
            raise Unreadable(
                "damaged_file",
                f"is not an intact Parquet file ({type(exc).__name__})",
                remedy="Write it again and land it whole.",
            ) from exc

    def _read(self, file: parquet.ParquetFile) -> int:
        meta = file.metadata
        groups = [meta.row_group(index) for index in range(meta.num_row_groups)]
        size = max(sum(group.total_byte_size for group in groups), meta.num_rows)
        if size > self._limits.decompressed_bytes:
            raise Unreadable(
                "too_large",
                f"holds {size} bytes once it is unpacked, more than the"
                f" {self._limits.decompressed_bytes} allowed",
                remedy="Split it into smaller files, or raise the limit on decompressed bytes.",
            )
        schema = file.schema_arrow
        layout = self._resolve(schema)
        wanted = [schema.names[position] for position in layout if position is not None]
        rows = 0
        for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
            arrays = [
                pa.nulls(len(batch), pa.string())
                if position is None
                else _plain(batch.column(schema.names[position]))
                for position in layout
            ]
            records = np.arange(rows + 1, rows + 1 + len(batch), dtype=np.int64)
            names = [*(f"c{index}" for index in range(len(arrays))), RECORD]
            self._stage.rows.add(pa.table([*arrays, pa.array(records)], names=names))
            rows += len(batch)
        if rows != meta.num_rows:
            raise Unreadable(
                "count_mismatch",
                f"says that it has {meta.num_rows} rows, and {rows} can be read",
                remedy="Write it again and land it whole.",
            )
        return rows


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type as which a column is staged: the same values, in a form all parts know."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return pa.string()
    return pa.float32() if pa.types.is_float16(kind) else kind


def _plain(array: pa.Array) -> pa.Array:
    kind = plain_type(array.type)
    return array if array.type == kind else array.cast(kind)


def _refuse_foreign(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
        file.seek(max(0, size - len(MAGIC)))
        tail = file.read()
    if not size:
        raise Unreadable(
            "empty_file",
            "is empty",
            remedy="Ask the producer whether the transfer failed, and land the file again.",
            records=0,
        )
    if MAGIC_ENCRYPTED in {head, tail}:
        raise _encrypted()
    if head != MAGIC:
        raise Unreadable(
            "binary_file",
            "is not Parquet, although its name says so",
            remedy="Name the file after what it is, and land it again.",
        )
    if tail != MAGIC:
        raise Unreadable(
            "truncated_file",
            "ends before its Parquet footer",
            remedy="Land the file again, whole.",
        )


def _encrypted() -> Unreadable:
    return Unreadable(
        "encrypted_file",
        "is encrypted, and Penstock has no key",
        remedy="Land it without Parquet encryption; protect the landing itself instead.",
    )
