"""Columns of Parquet files whose type is not the contract's."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from penstock.model import Example, Severity
from penstock.readers.csv_parse import Layout
from penstock.readers.notes import Note, Notes
from penstock.readers.parquet_file import plain_type
from penstock.readers.types import Family, Target, family_of
from penstock.readers.unreadable import Unreadable

__all__ = ["note_retyped"]

_WIDENS = {
    (Family.INTEGER, Family.DECIMAL),
    (Family.DATE, Family.TIMESTAMP),
    (Family.INTEGER, Family.FLOAT),
    (Family.DECIMAL, Family.INTEGER),
    (Family.TIMESTAMPTZ, Family.TIMESTAMP),
    (Family.TIMESTAMP, Family.TIMESTAMPTZ),
}
"""Changes of family in which values mean the same; they are cast without loss or not at all."""

_INEXACT = {(Family.FLOAT, Family.DECIMAL), (Family.FLOAT, Family.INTEGER)}


def note_retyped(
    schema: pa.Schema, layout: Layout, *, targets: Sequence[Target], uri: str, notes: Notes
) -> None:
    """Take note of each column of another type: high where it says another kind of thing."""
    with duckdb.connect() as connection:
        for target, position in zip(targets, layout, strict=True):
            if position is None:
                continue
            field = schema.field(position)
            if pa.types.is_null(field.type):
                continue
            found, family = _duckdb_type(connection, field)
            if found == target.type:
                continue
            severity = _severity(family, target.family)
            notes.add(
                Note(
                    kind="retyped",
                    file=uri,
                    what=f"has column {target.name!r} as {found}, while the contract says"
                    f" {target.type}",
                    remedy="Cells that could be cast without loss were, the others are failed"
                    " casts. Land it again with the contract's type, or correct the contract.",
                    severity=severity,
                    column=target.name,
                    expected=target.type,
                    observed=found,
                    examples=(Example(file=uri),),
                )
            )


def _duckdb_type(
    connection: duckdb.DuckDBPyConnection, field: pa.Field
) -> tuple[str, Family | None]:
    try:
        empty = pa.table([pa.array([], plain_type(field.type))], names=["c"])
        kind = connection.from_arrow(empty).types[0]
    except (duckdb.Error, pa.ArrowException) as exc:
        raise Unreadable(
            "unknown_type",
            f"has column {field.name!r} as {field.type}, which cannot be read",
            remedy="Write it with a type that the contract can name, and land the file again.",
        ) from exc
    family = family_of(kind)
    return ("TIMESTAMP" if family is Family.TIMESTAMP else str(kind)), family


def _severity(found: Family | None, target: Family) -> Severity:
    if found is target or (found, target) in _WIDENS:
        return Severity.LOW
    return Severity.MEDIUM if (found, target) in _INEXACT else Severity.HIGH
