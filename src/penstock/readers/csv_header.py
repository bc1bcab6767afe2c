"""The first record of a delimited file: its line ends and its header."""

from __future__ import annotations

from penstock.readers.block import LF
from penstock.readers.dialect import Dialect
from penstock.readers.scanner import Scanner, split_fields
from penstock.readers.text_window import TextWindow
from penstock.readers.unreadable import Unreadable

__all__ = ["read_header"]

FIRST_BYTES = 64 << 10


def read_header(window: TextWindow, dialect: Dialect) -> list[str] | None:
    """Settle the file's line end; return the header's names and move behind it, if it has one.

    Raises:
        Unreadable: when there is no text, or the header cannot be read.
    """
    window.fill(FIRST_BYTES)
    if not window.text.strip(b"\r\n"):
        raise Unreadable(
            "empty_file",
            "has no text in it",
            remedy="Ask the producer whether the export failed, and land the file again.",
            records=0,
        )
    scanner = Scanner(dialect, None)
    end = _scan(window, scanner, limit=dialect.max_line_bytes)
    window.settle_newline(scanner.newline or LF)
    if not dialect.header:
        return None
    if end < 0:
        end = len(window.text)
    names = _split(window.text[:end].rstrip(b"\r\n"), scanner, dialect, offset=window.offset)
    window.advance(end)
    return names


def _scan(window: TextWindow, scanner: Scanner, *, limit: int) -> int:
    """Return the end of the first record, -1 when it is the only one and has no line end."""
    end = scanner.feed(window.text, 0)
    while end < 0 and not window.is_whole and window.left <= limit:
        known = len(window.text)
        window.fill(2 * known)
        end = scanner.feed(window.text, known)
    if (window.left if end < 0 else end) > limit:
        raise Unreadable(
            "binary_file",
            f"has no line end in its first {limit} bytes",
            remedy="Check that it is text, with the line ends and quotes its contract declares,"
            " and land it again.",
        )
    if end < 0:
        scanner.finish()
    return end


def _split(header: bytes, scanner: Scanner, dialect: Dialect, *, offset: int) -> list[str]:
    if b"\0" in header:
        raise Unreadable(
            "binary_file",
            f"has a NUL byte in its header line, at byte {offset + header.index(0) + 1}",
            remedy="Check that it is text in the declared encoding (UTF-16 read as UTF-8 has NUL"
            " bytes), and land it again.",
        )
    if scanner.fault is not None:
        raise Unreadable(
            "bad_header",
            f"has a header line that cannot be read: {scanner.fault}",
            remedy="Correct the header line and land the file again.",
        )
    fields = split_fields(header, dialect, frozenset())
    try:
        return [(field or b"").decode() for field in fields]
    except UnicodeDecodeError as exc:
        raise Unreadable(
            "wrong_encoding",
            f"has a header line that is not {dialect.encoding}",
            remedy="Land it again as text in the encoding that its contract declares, or correct"
            " `penstock.csv.encoding`.",
        ) from exc
