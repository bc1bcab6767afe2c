"""One record at a time, byte by byte: for what the vectorised check does not vouch for."""

from __future__ import annotations

import re
from enum import Enum, auto

from penstock.readers.block import CR, LF
from penstock.readers.dialect import Dialect
from penstock.readers.unreadable import Unreadable

__all__ = ["Scanner", "split_fields", "unclear"]


class _At(Enum):
    FIELD_START = auto()
    UNQUOTED = auto()
    QUOTED = auto()
    QUOTE_CLOSED = auto()
    ESCAPED = auto()
    ESCAPED_IN_QUOTES = auto()
    CARRIAGE_RETURN = auto()
    FAULT_LINE = auto()


class Scanner:
    """Finds the end of one record that arrives in pieces, and what is wrong with its quoting.

    A quote inside an unquoted field, or text after a closing quote, makes a bad record that ends
    with its line. Where more than one line could be meant, the file as a whole is unreadable.
    `newline` is learnt from the first line end when it is None; `place` names the record.
    """

    def __init__(
        self, dialect: Dialect, newline: int | None, *, place: str = "the header line"
    ) -> None:
        self.newline = newline
        self.fault: str | None = None
        self.fault_kind = "stray_quote"
        self.line_end = 0
        """Bytes of the line end that the record was found to have."""
        self._dialect = dialect
        self._place = place
        self._at = _At.FIELD_START
        self._field = 1
        self._quotes = 0
        self._lines = 0
        self._was_fault_line = False
        signs = {dialect.delimiter, dialect.quote, dialect.escape, LF, CR} - {None}
        quoted = {dialect.quote, dialect.escape, LF, CR} - {None}
        self._sign = _any_of(signs)
        self._quoted_sign = _any_of(quoted)
        self._fault_sign = _any_of({dialect.quote, LF, CR} - {None})

    def feed(self, data: bytes, start: int) -> int:
        """Go through the next piece; return where the record ends in it, or -1."""
        at = start
        while 0 <= at < len(data):
            match self._at:
                case _At.FIELD_START:
                    at = self._start_field(data, at)
                case _At.UNQUOTED | _At.QUOTE_CLOSED | _At.FAULT_LINE:
                    at, ended = self._outside(data, at)
                    if ended:
                        return at
                case _At.QUOTED:
                    at = self._inside(data, at)
                case _At.ESCAPED | _At.ESCAPED_IN_QUOTES:
                    self._at = _At.UNQUOTED if self._at is _At.ESCAPED else _At.QUOTED
                    at += 1
                case _At.CARRIAGE_RETURN:
                    is_pair = data[at] == LF
                    if is_pair or self.newline is None:
                        self._end_record(LF if is_pair else CR)
                        return at + is_pair
                    self._blame_line_break()
        return -1

    def finish(self) -> None:
        """Say that the file ends here, in the middle of the record."""
        if self._at in {_At.QUOTED, _At.ESCAPED_IN_QUOTES}:
            raise unclear(
                f"has a quoted field (field {self._field} of {self._place}) that is never closed"
            )
        if self._at is _At.FAULT_LINE:
            self._refuse_odd_quotes()
        if self._at is _At.ESCAPED:
            self._blame("line_break", "the file ends with an escape character")
        if self._at is _At.CARRIAGE_RETURN:
            self._end_record(CR)

    def _start_field(self, data: bytes, at: int) -> int:
        if data[at] == self._dialect.quote:
            self._at, self._quotes = _At.QUOTED, self._quotes + 1
            return at + 1
        self._at = _At.UNQUOTED
        return at

    def _inside(self, data: bytes, at: int) -> int:
        found = self._quoted_sign.search(data, at)
        if found is None:
            return -1
        sign = data[found.start()]
        if sign == self._dialect.quote:
            self._at, self._quotes = _At.QUOTE_CLOSED, self._quotes + 1
        elif sign == self._dialect.escape:
            self._at = _At.ESCAPED_IN_QUOTES
        elif sign == self.newline or (self.newline is None and sign == LF):
            self._lines += 1
        return found.end()

    def _outside(self, data: bytes, at: int) -> tuple[int, bool]:
        """Go to the next sign outside quotes; return the place behind it, and True at the end."""
        if self._at is _At.QUOTE_CLOSED:
            if self._dialect.doubled and data[at] == self._dialect.quote:
                self._at, self._quotes = _At.QUOTED, self._quotes + 1
                return at + 1, False
            if self._sign.match(data, at) is None or data[at] == self._dialect.quote:
                self._open_fault_line()
                return at, False
        found = (self._fault_sign if self._at is _At.FAULT_LINE else self._sign).search(data, at)
        if found is None:
            return -1, False
        sign, at = data[found.start()], found.end()
        if sign in {LF, CR}:
            return at, self._meet_line_break(sign)
        if sign == self._dialect.quote:
            self._quotes += 1
            if self._at is not _At.FAULT_LINE:
                self._blame_quote(f"a quote stands inside the unquoted field {self._field}")
        elif sign == self._dialect.escape:
            self._at = _At.ESCAPED
        else:
            self._at, self._field = _At.FIELD_START, self._field + 1
        return at, False

    def _meet_line_break(self, sign: int) -> bool:
        """Judge a line break outside quotes; return True when it ends the record."""
        self._was_fault_line = self._at is _At.FAULT_LINE
        if sign == CR and self.newline != CR:  # what follows tells
            self._at = _At.CARRIAGE_RETURN
            return False
        if sign == LF and self.newline == CR:
            self._blame_line_break()
            return False
        self._end_record(sign)
        return True

    def _end_record(self, newline: int) -> None:
        is_pair = self._at is _At.CARRIAGE_RETURN and newline == LF
        self.line_end = 2 if is_pair else 1
        self.newline = self.newline or newline
        if self._was_fault_line:
            self._refuse_odd_quotes()

    def _blame_line_break(self) -> None:
        self._blame("line_break", "a line break unlike the file's other ones is not quoted")
        self._at = _At.FAULT_LINE if self._was_fault_line else _At.UNQUOTED

    @property
    def spans_lines(self) -> bool:
        """True when the record has a line end inside quotes."""
        return self._lines > 0

    def _open_fault_line(self) -> None:
        self._blame_quote(f"text follows the closing quote of field {self._field}")
        self._at = _At.FAULT_LINE

    def _blame_quote(self, what: str) -> None:
        if self._lines:
            raise unclear(f"has {self._place} span lines, and in it {what}")
        self._blame("stray_quote", what)

    def _refuse_odd_quotes(self) -> None:
        if self._quotes % 2:
            raise unclear(f"has an odd number of quotes in {self._place}, and {self.fault}")

    def _blame(self, kind: str, what: str) -> None:
        if self.fault is None:
            self.fault_kind, self.fault = kind, what


def split_fields(record: bytes, dialect: Dialect, nulls: frozenset[bytes]) -> list[bytes | None]:
    """Return the fields of a well-formed record without its line end; null fields are None."""
    fields: list[bytes | None] = []
    at = 0
    plain = _any_of({dialect.delimiter, dialect.escape} - {None})
    quoted = _any_of({dialect.quote, dialect.escape} - {None})
    while True:
        text = bytearray()
        start = at
        is_quoted = at < len(record) and record[at] == dialect.quote
        signs = quoted if is_quoted else plain
        at += is_quoted
        while True:
            found = signs.search(record, at)
            end = len(record) if found is None else found.start()
            text += record[at:end]
            at = end
            if found is None or (record[at] == dialect.delimiter and not is_quoted):
                break
            if record[at] == dialect.escape:
                text += record[at + 1 : at + 2]
                at += 2
            elif dialect.doubled and record[at + 1 : at + 2] == record[at : at + 1]:
                text += record[at : at + 1]
                at += 2
            else:
                at += 1
                break
        is_null = not is_quoted and record[start:at] in nulls
        fields.append(None if is_null else bytes(text))
        if at >= len(record):
            return fields
        at += 1


def _any_of(signs: set[int | None] | set[int]) -> re.Pattern[bytes]:
    chars = b"".join(re.escape(bytes([sign])) for sign in signs if sign is not None)
    return re.compile(b"[" + chars + b"]" if chars else b"(?!)")


def unclear(what: str) -> Unreadable:
    """Return the verdict on a file whose quotes leave open where its records end."""
    return Unreadable(
        "unterminated_quote",
        f"{what}: it cannot be told where records end",
        remedy="Close the quote, or double quotes inside quoted fields, and land the file again.",
    )
