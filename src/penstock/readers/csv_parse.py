"""Vetted records as columns of text, and the reasons why others were not let through."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from pyarrow import csv

from penstock.readers.dialect import Dialect
from penstock.readers.unreadable import Unreadable

__all__ = ["RAW_KEPT", "Layout", "explain_bad", "parse_vetted", "too_long"]

BOM = "\ufeff".encode()
RAW_KEPT = 64 << 10
"""Bytes kept of a record that is longer than allowed."""

Layout = Sequence[int | None]
"""For each of the contract's columns its position in the file, None where it has none."""


def parse_vetted(
    text: pa.Buffer, *, records: int, dialect: Dialect, width: int, layout: Layout
) -> pa.Table:
    """Parse `records` well-formed records; columns are named after their position.

    Raises:
        Unreadable: when the parser does not find exactly these records.
    """
    if text[: len(BOM)].to_pybytes() == BOM:  # the parser would take it for a byte order mark
        text = pa.py_buffer(BOM + text.to_pybytes())
    names = [str(position) for position in range(width)]
    try:
        table = csv.read_csv(
            pa.BufferReader(text),
            read_options=csv.ReadOptions(
                column_names=names, block_size=text.size + 1, use_threads=False
            ),
            parse_options=csv.ParseOptions(
                delimiter=chr(dialect.delimiter),
                quote_char=False if dialect.quote is None else chr(dialect.quote),
                double_quote=dialect.doubled,
                escape_char=False,
                newlines_in_values=dialect.quote is not None,
                ignore_empty_lines=False,
            ),
            convert_options=csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=[str(position) for position in layout if position is not None],
                null_values=list(dialect.nulls),
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as exc:
        raise _disagreement("that the parser refuses") from exc
    if table.num_rows != records:
        raise _disagreement(
            f"of which a physical count sees {records} and the parser {table.num_rows}"
        )
    return table


def explain_bad(
    text: bytes, *, fields: int, line_break: bool, dialect: Dialect, width: int
) -> tuple[str, str]:
    """Say why a record is no row: a kind and a sentence."""
    if len(text) > dialect.max_line_bytes:
        return "too_long", too_long(len(text), dialect.max_line_bytes)
    if b"\0" in text:
        return "nul", f"NUL at byte {text.index(0) + 1} of the record"
    try:
        text.decode()
    except UnicodeDecodeError as exc:
        return "encoding", f"byte {exc.start + 1} of the record is not {dialect.encoding}"
    if not text.strip(b"\r\n"):
        return "blank_line", "a blank line between records"
    if line_break:
        return "line_break", "a line break unlike the file's other ones is not quoted"
    return "ragged", f"{fields} fields instead of {width}"


def too_long(size: int, limit: int) -> str:
    """Say that a record is longer than allowed."""
    return (
        f"{size} bytes long, more than the {limit} allowed; its first"
        f" {RAW_KEPT} are kept here, all of it in the landed file"
    )


def _disagreement(what: str) -> Unreadable:
    return Unreadable(
        "count_mismatch",
        f"has records {what}",
        remedy="Ask the producer for a file that quotes plainly, and report this to Penstock.",
    )
