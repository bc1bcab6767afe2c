"""Which columns a file brings, and whether the table can take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import (
    UnsupportedPyArrowTypeException,
    _pyarrow_to_schema_without_ids,  # the conversion that `add_files` itself goes by
    schema_to_pyarrow,
)
from pyiceberg.schema import Schema, assign_fresh_schema_ids

from penstock.errors import ConfigError, NotFound
from penstock.model import BATCH_COLUMN, FILE_COLUMN, RECORD_COLUMN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyiceberg.io import FileIO
    from pyiceberg.table import Table

    from penstock.model import Column

__all__ = ["Shape", "arrow_schema", "missing_fields", "read_shape"]

INSTEAD = {
    "BIT": "VARCHAR",
    "HUGEINT": "DECIMAL(38,0)",
    "INTERVAL": "BIGINT",
    "JSON": "VARCHAR",
    "TIME WITH TIME ZONE": "TIME",
    "TIMESTAMP_NS": "TIMESTAMP",
    "TIMETZ": "TIME",
    "TIME_NS": "TIME",
    "UBIGINT": "DECIMAL(20,0)",
    "UHUGEINT": "DECIMAL(38,0)",
    "UINTEGER": "BIGINT",
    "VARIANT": "VARCHAR",
}
"""Types that Iceberg or Parquet would change without a word, and what to declare instead."""


class Shape(NamedTuple):
    """What a Parquet file says about itself."""

    schema: Schema
    rows: int


def read_shape(io: FileIO, location: str, *, dataset: str, columns: Sequence[Column]) -> Shape:
    """Return rows and Iceberg schema of a Parquet file that must have exactly these columns.

    Every column is optional: `required` is a rule of the contract, not of the table.
    """
    for column in columns:
        if (instead := INSTEAD.get(column.type.upper())) is not None:
            raise ConfigError(
                f"Column {column.name!r} of dataset {dataset!r} has the type {column.type},"
                " which a published table cannot keep.",
                remedy=f"Declare it as {instead} in the contract.",
            )
    found, rows = _read_footer(io, location)
    expected = [column.name for column in columns] + [BATCH_COLUMN, FILE_COLUMN, RECORD_COLUMN]
    if sorted(found.names) != sorted(expected):
        absent = [name for name in expected if name not in found.names]
        extra = [name for name in found.names if name not in expected]
        raise ConfigError(
            f"The file for dataset {dataset!r} lacks the columns {absent} and has {extra} besides"
            " those of its contract.",
            remedy="Prepare the batch again under the contract's present version.",
            file=location,
        )
    optional = pa.schema([found.field(name).with_nullable(nullable=True) for name in expected])
    try:
        schema = assign_fresh_schema_ids(_pyarrow_to_schema_without_ids(optional))
    except UnsupportedPyArrowTypeException as exc:
        raise ConfigError(
            f"Column {exc.field.name!r} of dataset {dataset!r} has the type {exc.field.type},"
            " which a published table cannot keep.",
            remedy="Declare another type in the contract, as in VARCHAR.",
        ) from exc
    return Shape(schema=schema, rows=rows)


def missing_fields(table: Table, file: Schema, *, dataset: str) -> Schema | None:
    """Return the columns that the file has and the table has not; None when there are none.

    Raises:
        ConfigError: when the file lacks a column of the table, or brings it with another type.
    """
    theirs, ours = arrow_schema(file), arrow_schema(table.schema())
    for name in ours.names:
        if name not in theirs.names:
            raise ConfigError(
                f"Table {dataset!r} has a column {name!r} ({_type(table.schema(), name)}) that the"
                " batch no longer has.",
                remedy="Keep it in the contract (it may be empty), or publish to another dataset.",
            )
        if ours.field(name).type != theirs.field(name).type:
            raise ConfigError(
                f"Column {name!r} of table {dataset!r} has the type {_type(table.schema(), name)},"
                f" the batch brings {_type(file, name)}.",
                remedy="Give it its former type in the contract, or a new name to the new column.",
            )
    added = [field for field in file.fields if field.name not in ours.names]
    return Schema(*added) if added else None


def arrow_schema(schema: Schema) -> pa.Schema:
    """Return a schema in Arrow's terms, without field ids, in which types can be compared."""
    return schema_to_pyarrow(schema, include_field_ids=False)


def _type(schema: Schema, name: str) -> str:
    return next(str(field.field_type) for field in schema.fields if field.name == name)


def _read_footer(io: FileIO, location: str) -> tuple[pa.Schema, int]:
    try:
        with io.new_input(location).open() as stream, pq.ParquetFile(stream) as file:
            return file.schema_arrow, file.metadata.num_rows
    except FileNotFoundError as exc:
        raise NotFound(
            f"File {location!r} is not in the warehouse.",
            remedy="Place it there before it is published.",
        ) from exc
    except pa.ArrowInvalid as exc:
        raise ConfigError(
            "The file to publish is no Parquet file.",
            remedy="Prepare the batch again.",
            file=location,
        ) from exc
