"""JSON lines: one object per line, every scalar as the text that stands in the file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import pyarrow as pa

from penstock.readers.csv_parse import RAW_KEPT, too_long
from penstock.readers.encoding import TextStream
from penstock.readers.staging import RECORD, FileStage
from penstock.readers.text_window import TextWindow
from penstock.readers.unreadable import Unreadable

__all__ = ["FORCED", "FORCED_TYPE", "JsonColumn", "JsonLinesReader"]

FORCED = "forced"
"""Column of a staged table: cells that cannot be cast whatever the type, each with its reason."""

FORCED_TYPE = pa.list_(
    pa.struct([("column", pa.int32()), ("value", pa.string()), ("reason", pa.string())])
)
BATCH_ROWS = 16_384
BATCH_BYTES = 16 << 20
WINDOW = 1 << 20
KEYS_KEPT = 1000
BLANKS_HELD = 1000


class _Number(str):
    """A number as its digits stand in the file: a float would change them."""

    __slots__ = ()


class _Refused(Exception):
    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonColumn:
    """A column of the contract, as a key of the objects."""

    name: str
    is_nested: bool
    """True when its type takes lists or objects: its cells are handed on as JSON."""


@dataclass(slots=True, kw_only=True)
class _Rows:
    cells: list[list[str | None]]
    forced: list[list[dict[str, object]] | None] = field(default_factory=list)
    records: list[int] = field(default_factory=list)
    size: int = 0


class JsonLinesReader:
    """Reads one file of JSON lines into a stage."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        columns: Sequence[JsonColumn],
        *,
        stage: FileStage,
        max_line_bytes: int,
    ) -> None:
        self.extra_keys: dict[str, int] = {}
        """Keys that are no columns, with the number of objects that have them."""
        self.seen: set[str] = set()
        """Columns that at least one object has."""
        self._columns = columns
        self._names = frozenset(column.name for column in columns)
        self._stage = stage
        self._max = max_line_bytes
        self._window = TextWindow(TextStream(chunks, "utf-8"))
        self._records = 0
        self._blanks: list[tuple[int, bytes]] = []
        self._rows = self._no_rows()
        self._decoder = json.JSONDecoder(
            object_pairs_hook=_unique,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_refuse_constant,
        )

    def read(self) -> int:
        """Read to the end; return the number of records, good and bad."""
        self._window.settle_newline(ord("\n"))
        self._window.fill(WINDOW)
        if not self._window.text.strip():
            raise Unreadable(
                "empty_file",
                "has no text in it",
                remedy="Ask the producer whether the export failed, and land the file again.",
                records=0,
            )
        while self._window.left:
            self._take_line()
            self._window.fill(WINDOW if self._window.left < self._max else 0)
        self._settle_rows()
        self._stage.settle_rejects()
        return self._records

    @property
    def has_last_line_end(self) -> bool:
        """False when the last record has no line end: the file may have been cut."""
        return not self._window.is_padded

    def _take_line(self) -> None:
        window = self._window
        end = window.text.find(b"\n", window.at)
        dropped, head, offset = 0, b"", window.offset
        while end < 0:
            have = window.left
            if dropped + have > self._max:
                head = head or window.text[window.at : window.at + RAW_KEPT]
                dropped += have
                window.advance(have)
                have = 0
            window.fill(have + WINDOW)
            end = window.text.find(b"\n", window.at + have)
            if end < 0 and window.is_whole:  # its end was dropped with the rest
                end = len(window.text) - 1
        size = end + 1 - window.at
        if dropped + size > self._max:
            raw = head or window.landed(window.at, min(end + 1, window.at + RAW_KEPT))
            self._take(offset, None, raw, size=dropped + size)
        else:
            line = window.text[window.at : end]
            self._take(offset, line, window.landed(window.at, end + 1), size=size)
        window.advance(size)

    def _take(self, offset: int, line: bytes | None, raw: bytes, *, size: int) -> None:
        if line is not None and not line.strip():
            self._blanks.append((offset, raw))  # at the end of the file it is no record
            if len(self._blanks) > BLANKS_HELD:
                self._reject_blanks()
            return
        self._reject_blanks()
        self._records += 1
        if line is None:
            self._reject(offset, raw, "too_long", too_long(size, self._max))
            return
        try:
            self._add(self._parse(line), size)
        except _Refused as refused:
            self._reject(offset, raw, refused.kind, refused.reason)

    def _reject_blanks(self) -> None:
        for offset, raw in self._blanks:
            self._records += 1
            self._reject(offset, raw, "blank_line", "a blank line between records")
        self._blanks.clear()

    def _reject(self, offset: int, raw: bytes, kind: str, reason: str) -> None:
        self._stage.reject(
            record=self._records, byte_offset=offset, raw=raw, kind=kind, reason=reason
        )

    def _parse(self, line: bytes) -> dict[str, Any]:
        try:
            text = line.decode()
        except UnicodeDecodeError as exc:
            raise _Refused("encoding", f"byte {exc.start + 1} of the record is not UTF-8") from None
        try:
            value = self._decoder.decode(text)
        except json.JSONDecodeError as exc:
            raise _Refused("bad_json", f"{exc.msg} at character {exc.pos + 1}") from None
        except RecursionError:
            raise _Refused("bad_json", "it is nested too deeply") from None
        if not isinstance(value, dict):
            raise _Refused("not_an_object", f"{_kind(value)} where an object is expected")
        if "\\u" in text:
            _refuse_odd_characters(value)
        return value

    def _add(self, value: dict[str, Any], size: int) -> None:
        rows = self._rows
        forced: list[dict[str, object]] = []
        for index, column in enumerate(self._columns):
            cell = value.get(column.name)
            if column.is_nested and cell is not None:
                cell = _json(cell)
            elif isinstance(cell, (dict, list)):
                forced.append(
                    {
                        "column": index,
                        "value": _json(cell),
                        "reason": f"{_kind(cell)} where one value is expected",
                    }
                )
                cell = None
            elif isinstance(cell, bool):
                cell = "true" if cell else "false"
            rows.cells[index].append(cell)
        rows.forced.append(forced or None)
        rows.records.append(self._records)
        rows.size += size
        self.seen |= self._names & value.keys()
        for key in value.keys() - self._names:
            if key in self.extra_keys or len(self.extra_keys) < KEYS_KEPT:
                self.extra_keys[key] = self.extra_keys.get(key, 0) + 1
        if len(rows.records) >= BATCH_ROWS or rows.size >= BATCH_BYTES:
            self._settle_rows()

    def _no_rows(self) -> _Rows:
        return _Rows(cells=[[] for _ in self._columns])

    def _settle_rows(self) -> None:
        rows, self._rows = self._rows, self._no_rows()
        if rows.records:
            arrays = [pa.array(cells, pa.string()) for cells in rows.cells]
            arrays += [pa.array(rows.records, pa.int64()), pa.array(rows.forced, FORCED_TYPE)]
            names = [*(f"c{index}" for index in range(len(rows.cells))), RECORD, FORCED]
            self._stage.rows.add(pa.table(arrays, names=names))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _Refused("duplicate_key", f"the key {twice[:80]!r} stands twice in one object")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise _Refused("bad_json", f"{name} is not JSON")


def _refuse_odd_characters(value: object) -> None:
    """Refuse characters that only an escape can bring in."""
    for text in _texts(value):
        if "\0" in text:
            raise _Refused("nul", "the record has a NUL character")
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _Refused("encoding", "half of a surrogate pair is no character") from None


def _texts(value: object) -> Iterator[str]:
    match value:
        case dict():
            for key, item in value.items():
                yield key
                yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)
        case str():
            yield value


def _json(value: object) -> str:
    match value:
        case _Number():
            return str(value)
        case dict():
            return (
                "{" + ", ".join(f"{_json(key)}: {_json(item)}" for key, item in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(_json(item) for item in value) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _kind(value: object) -> str:
    match value:
        case dict():
            return "an object"
        case list():
            return "a list"
        case _Number():
            return "a number"
        case str():
            return "text"
        case None:
            return "null"
        case _:
            return "true or false"
