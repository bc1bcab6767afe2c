"""A vectorised check of many records at once: where each ends, and which are not well-formed.

It knows nothing of the parser that will read the values. A block without a quoting fault follows
RFC 4180 to the letter, so that no two readers can disagree about it.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from penstock.readers.dialect import Dialect

__all__ = ["CR", "LF", "NUL", "Block", "check_block", "find_not_utf8"]

LF, CR, NUL = 10, 13, 0

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Whole records at the start of a window of text; positions are relative to the window."""

    ends: Positions
    """Where each record ends, its line end included."""
    fields: Positions
    """Number of fields of each record."""
    with_nul: frozenset[int]
    """Indices of records with a NUL byte."""
    with_line_break: frozenset[int]
    """Indices of records with a carriage return or line feed that is no line end of this file."""
    fault: bool
    """True when the record after these must be looked at by itself."""
    spans_lines: bool
    """True when some record has a line end inside quotes."""


def check_block(buffer: bytes, start: int, stop: int, *, dialect: Dialect, newline: int) -> Block:
    """Check the whole records in `buffer[start:stop]`, the first of which begins at `start`.

    `newline` is the byte that ends the records of this file, `LF` (also for CRLF) or `CR`.
    """
    window = np.frombuffer(buffer, np.uint8, count=stop - start, offset=start)
    has_quotes = dialect.quote is not None and buffer.find(dialect.quote, start, stop) >= 0
    quotes, fault_at, inner = None, None, None
    if has_quotes:
        separators, quotes, fault_at, inner = _quoted(window, dialect, newline)
    else:
        separators = np.flatnonzero((window == dialect.delimiter) | (window == newline))
    if dialect.escape is not None:
        escape_at = buffer.find(dialect.escape, start, stop)
        if escape_at >= 0 and (fault_at is None or escape_at - start < fault_at):
            fault_at = escape_at - start
    at_newlines = np.flatnonzero(window[separators] == newline)
    ends = separators[at_newlines] + 1
    if fault_at is not None:
        at_newlines = at_newlines[: np.searchsorted(ends, fault_at, side="right")]
        ends = ends[: len(at_newlines)]
    return Block(
        ends=ends,
        fields=np.diff(at_newlines, prepend=-1),
        with_nul=_records_at(_find(window, NUL), ends),
        with_line_break=_records_at(_stray_breaks(window, newline, quotes), ends),
        fault=fault_at is not None,
        spans_lines=bool(inner is not None and len(ends) and (inner < ends[-1]).any()),
    )


def find_not_utf8(buffer: bytes, start: int, ends: Positions) -> frozenset[int]:
    """Return the indices of records that are not UTF-8; `ends` are relative to `start`."""
    bad: set[int] = set()
    view = memoryview(buffer)
    at, stop = start, start + int(ends[-1]) if len(ends) else start
    while at < stop:
        try:
            codecs.utf_8_decode(view[at:stop], "strict", True)  # noqa: FBT003 - takes no keywords
        except UnicodeDecodeError as exc:
            index = int(np.searchsorted(ends, at + exc.start - start, side="right"))
            bad.add(index)
            at = start + int(ends[index])
        else:
            break
    return frozenset(bad)


def _quoted(
    window: NDArray[np.uint8], dialect: Dialect, newline: int
) -> tuple[Positions, Positions, int | None, Positions]:
    """Return separators outside quotes, quotes, the first quoting fault, line ends in quotes."""
    is_quote = window == dialect.quote
    marks = np.flatnonzero(is_quote | (window == dialect.delimiter) | (window == newline))
    mark_is_quote = is_quote[marks]
    inside = np.bitwise_xor.accumulate(mark_is_quote)
    quotes = marks[mark_is_quote]
    separators = marks[~mark_is_quote & ~inside]
    opening = inside[mark_is_quote]

    before_byte = window[quotes - 1]
    before = (before_byte == dialect.delimiter) | (before_byte == newline)
    before[0] |= quotes[0] == 0
    after_byte = window[np.minimum(quotes + 1, len(window) - 1)]
    after = (after_byte == dialect.delimiter) | (after_byte == newline) | (after_byte == CR)
    after[-1] |= quotes[-1] == len(window) - 1
    if dialect.doubled:  # the second of two touching quotes opens again what the first closed
        touching = np.diff(quotes) == 1
        before[1:] |= touching
        after[:-1] |= touching
    sound = np.where(opening, before, after)
    faults = np.flatnonzero(~sound)
    within = marks[~mark_is_quote & inside]
    fault_at = int(quotes[faults[0]]) if len(faults) else None
    return separators, quotes, fault_at, within[window[within] == newline]


def _stray_breaks(window: NDArray[np.uint8], newline: int, quotes: Positions | None) -> Positions:
    """Return where a byte breaks a line for some readers but not by this file's own line end."""
    if newline == CR:
        at = _find(window, LF)
    else:
        at = _find(window, CR)
        at = at[window[np.minimum(at + 1, len(window) - 1)] != LF]
    if quotes is not None and len(at):
        at = at[np.searchsorted(quotes, at) % 2 == 0]
    return at


def _find(window: NDArray[np.uint8], byte: int) -> Positions:
    return np.flatnonzero(window == byte)


def _records_at(positions: Positions, ends: Positions) -> frozenset[int]:
    """Return the indices of the records in which the positions lie."""
    if not len(positions):
        return frozenset()
    indices = np.unique(np.searchsorted(ends, positions, side="right"))
    return frozenset(indices[indices < len(ends)].tolist())
