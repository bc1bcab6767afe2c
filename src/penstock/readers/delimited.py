"""CSV and TSV: every record vetted physically, then parsed, and counted on both sides.

The vectorised check says where each record ends and which are well-formed. Only those are handed
to the parser, which must find exactly as many; nothing is left for a parser to guess.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from penstock.readers.block import LF, Block, check_block, find_not_utf8
from penstock.readers.csv_header import read_header
from penstock.readers.csv_parse import RAW_KEPT, Layout, explain_bad, parse_vetted, too_long
from penstock.readers.dialect import Dialect
from penstock.readers.encoding import TextStream
from penstock.readers.scanner import Scanner, split_fields, unclear
from penstock.readers.staging import RECORD, FileStage
from penstock.readers.text_window import TextWindow

__all__ = ["DelimitedReader"]

WINDOW_MIN = 4 << 10
WINDOW_MAX = 2 << 20
SLOW_RUN_MAX = 4096
BLANKS_HELD = 1000

Row = list[bytes | None]


class DelimitedReader:
    """Reads one delimited file into a stage.

    `resolve` is given the header's names, None when there is no header, and says where the
    contract's columns are.
    """

    def __init__(
        self,
        chunks: Iterator[bytes],
        dialect: Dialect,
        *,
        stage: FileStage,
        resolve: Callable[[list[str] | None], Layout],
    ) -> None:
        self._dialect = dialect
        self._stage = stage
        self._window = TextWindow(TextStream(chunks, dialect.encoding))
        self._nulls = frozenset(word.encode() for word in dialect.nulls)
        self._resolve = resolve
        self._records = 0
        self._slow_run = 1
        self._blanks: list[tuple[int, int, bytes]] = []
        self._spans_lines = False

    @property
    def has_last_line_end(self) -> bool:
        """False when the last record has no line end: the file may have been cut."""
        return not self._window.is_padded

    def read(self) -> int:
        """Read to the end; return the number of records, good and bad.

        Raises:
            Unreadable: when it cannot be told what the records are.
        """
        window = self._window
        names = read_header(window, self._dialect)
        self._newline = window.newline or LF
        self._layout = self._resolve(names)
        self._width = len(names) if names is not None else len(self._layout)
        size = WINDOW_MAX
        while True:
            window.fill(size)
            if not window.left:
                break
            stop = window.at + min(size, window.left)
            block = check_block(
                window.text, window.at, stop, dialect=self._dialect, newline=self._newline
            )
            is_last = window.is_whole and stop == len(window.text)
            if len(block.ends):
                self._take_block(block)
            elif block.fault or is_last or window.left > self._dialect.max_line_bytes:
                self._take_slowly()
            if block.fault:
                size = WINDOW_MIN
            else:
                size = min(2 * size, WINDOW_MAX) if len(block.ends) else 2 * size
                self._slow_run = 1
        if self._spans_lines and "stray_quote" in self._stage.tallies:
            # One quote too many can swallow records into a quoted field that looks sound; what
            # gives it away is a fault elsewhere. Only where lines are records are they certain.
            first = self._stage.tallies["stray_quote"]
            raise unclear(
                f"has quoted fields that span lines, and in record {first.record}"
                f" (byte {first.byte_offset}) {first.reason}"
            )
        self._stage.settle_rejects()
        return self._records - len(self._blanks)  # blank lines at the very end are no records

    # Many records at once

    def _take_block(self, block: Block) -> None:
        window, size = self._window, int(block.ends[-1])
        self._spans_lines |= block.spans_lines
        bad = set(block.with_nul | block.with_line_break)
        bad |= find_not_utf8(window.text, window.at, block.ends)
        bad.update(np.flatnonzero(block.fields != self._width).tolist())
        lengths = np.diff(block.ends, prepend=0)
        bad.update(np.flatnonzero(lengths > self._dialect.max_line_bytes).tolist())
        good = np.ones(len(block.ends), bool)
        good[list(bad)] = False
        if good.any():
            self._parse(block, good)
        if bad:
            self._reject_bad(sorted(bad), block)
        else:
            self._reject_blanks()
        self._records += len(block.ends)
        window.advance(size)

    def _parse(self, block: Block, good: NDArray[np.bool_]) -> None:
        window = self._window
        if good.all():
            text = pa.py_buffer(window.text).slice(window.at, int(block.ends[-1]))
        else:
            edges = np.concatenate(([0], block.ends)) + window.at
            turns = edges[np.flatnonzero(np.diff(good, prepend=False, append=False))].tolist()
            runs = zip(turns[::2], turns[1::2], strict=True)
            text = pa.py_buffer(b"".join(window.text[start:stop] for start, stop in runs))
        records = np.flatnonzero(good) + (self._records + 1)
        table = parse_vetted(
            text,
            records=len(records),
            dialect=self._dialect,
            width=self._width,
            layout=self._layout,
        )
        self._add_rows(table, records)

    def _add_rows(self, table: pa.Table, records: NDArray[np.int64]) -> None:
        arrays = [
            pa.nulls(len(records), pa.string()) if position is None else table[str(position)]
            for position in self._layout
        ]
        names = [f"c{index}" for index in range(len(arrays))]
        self._stage.rows.add(pa.table([*arrays, pa.array(records)], names=[*names, RECORD]))

    def _reject_bad(self, bad: list[int], block: Block) -> None:
        window, edges = self._window, [0, *block.ends.tolist()]
        trailing = len(block.ends)  # from here on there are only blank lines
        indices = set(bad)
        while (
            trailing - 1 in indices
            and block.fields[trailing - 1] == 1
            and not (
                window.text[window.at + edges[trailing - 1] : window.at + edges[trailing]].strip(
                    b"\r\n"
                )
            )
        ):
            trailing -= 1
        if trailing:
            self._reject_blanks()
        at, offset = window.at, window.offset
        for index in bad:
            start, stop = window.at + edges[index], window.at + edges[index + 1]
            offset += window.landed_size(at, start)
            at = start
            record = self._records + 1 + index
            if index >= trailing:
                self._hold_blank(record, offset, window.landed(start, stop))
            else:
                self._reject(
                    record,
                    offset,
                    (start, stop),
                    fields=int(block.fields[index]),
                    line_break=index in block.with_line_break,
                )

    def _reject(
        self,
        record: int,
        offset: int,
        span: tuple[int, int],
        *,
        fields: int,
        line_break: bool = False,
    ) -> None:
        start, stop = span
        kind, reason = explain_bad(
            self._window.text[start:stop],
            fields=fields,
            line_break=line_break,
            dialect=self._dialect,
            width=self._width,
        )
        if kind == "too_long":
            stop = min(stop, start + RAW_KEPT)
        raw = self._window.landed(start, stop)
        self._stage.reject(record=record, byte_offset=offset, raw=raw, kind=kind, reason=reason)

    def _hold_blank(self, record: int, offset: int, raw: bytes) -> None:
        """Wait whether a record follows a blank line: at the end of the file it is none."""
        self._blanks.append((record, offset, raw))
        if len(self._blanks) > BLANKS_HELD:
            self._reject_blanks()

    def _reject_blanks(self) -> None:
        for record, offset, raw in self._blanks:
            self._stage.reject(
                record=record,
                byte_offset=offset,
                raw=raw,
                kind="blank_line",
                reason="a blank line between records",
            )
        self._blanks.clear()

    # One record at a time

    def _take_slowly(self) -> None:
        """Take some records one by one, more of them the more often it was needed."""
        rows: list[Row] = []
        records: list[int] = []
        for _ in range(self._slow_run):
            self._window.fill(WINDOW_MIN)
            if not self._window.left:
                break
            row = self._take_record()
            if row is not None:
                rows.append(row)
                records.append(self._records)
        self._slow_run = min(2 * self._slow_run, SLOW_RUN_MAX)
        if rows:
            columns = {
                str(position): pa.array([row[position] for row in rows], pa.binary())
                for position in self._layout
                if position is not None
            }
            table = pa.table({name: cells.cast(pa.string()) for name, cells in columns.items()})
            self._add_rows(table, np.array(records, np.int64))

    def _take_record(self) -> Row | None:
        """Take one record; return its fields, or None when it was rejected."""
        window, limit = self._window, self._dialect.max_line_bytes
        place = f"record {self._records + 1} (byte {window.offset})"
        scanner = Scanner(self._dialect, self._newline, place=place)
        offset, dropped, head, have = window.offset, 0, b"", 0
        end = scanner.feed(window.text, window.at)
        while end < 0 and not window.is_whole:
            have = window.left
            if dropped + have > limit:
                head = head or window.landed(window.at, window.at + RAW_KEPT)
                dropped += have
                window.advance(have)
                have = 0
            window.fill(have + WINDOW_MAX)
            end = scanner.feed(window.text, window.at + have)
        if end < 0:
            scanner.finish()
            end = len(window.text)
        size = end - window.at
        self._records += 1
        self._spans_lines |= scanner.spans_lines
        if dropped + size > limit:
            self._reject_blanks()
            self._stage.reject(
                record=self._records,
                byte_offset=offset,
                raw=head or window.landed(window.at, min(end, window.at + RAW_KEPT)),
                kind="too_long",
                reason=too_long(dropped + size, limit),
            )
            row = None
        else:
            row = self._judge((window.at, end), scanner)
        window.advance(size)
        return row

    def _judge(self, span: tuple[int, int], scanner: Scanner) -> Row | None:
        window, offset = self._window, self._window.offset
        text = window.text[span[0] : span[1]]
        body = text[: len(text) - scanner.line_end]
        if scanner.fault is not None:
            self._reject_blanks()
            self._stage.reject(
                record=self._records,
                byte_offset=offset,
                raw=window.landed(*span),
                kind=scanner.fault_kind,
                reason=scanner.fault,
            )
            return None
        if not body and self._width != 1:
            self._hold_blank(self._records, offset, window.landed(*span))
            return None
        self._reject_blanks()
        fields = split_fields(body, self._dialect, self._nulls)
        if len(fields) == self._width and b"\0" not in text and _is_utf8(text):
            return fields
        self._reject(self._records, offset, span, fields=len(fields))
        return None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
