"""What the readers noticed, gathered over the files of a batch into findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.model import Example, Finding, Severity
from penstock.readers.staging import EXAMPLES, Tally

__all__ = ["Note", "Notes"]

NAMES_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing noticed about one file; `what` continues a sentence that names the file."""

    kind: str
    file: str
    what: str
    remedy: str
    severity: Severity
    column: str | None = None
    expected: str | None = None
    observed: str | None = None
    rows: int | None = None
    examples: tuple[Example, ...] = ()


_REJECTED: Mapping[str, tuple[str, str]] = {
    "ragged": (
        "has the wrong number of fields",
        "Quote fields that contain the delimiter or line breaks, and land the file again.",
    ),
    "stray_quote": (
        "breaks the rules of quoting",
        "Quote the whole field and double the quotes inside it, and land the file again.",
    ),
    "encoding": (
        "is not in the declared encoding",
        "Land the file again in the encoding that its contract declares, or correct it there.",
    ),
    "nul": (
        "has a NUL character",
        "Remove NUL characters from the export, and land the file again.",
    ),
    "too_long": (
        "is longer than allowed",
        "Shorten the record, or raise `penstock.csv.max_line_bytes` in the contract.",
    ),
    "line_break": (
        "has a stray line break",
        "Use one kind of line end, quote fields that contain others, and land the file again.",
    ),
    "blank_line": (
        "is a blank line",
        "Check whether a record was lost there, and land the file again.",
    ),
    "bad_json": ("is not valid JSON", "Write one JSON object per line, and land the file again."),
    "duplicate_key": (
        "has a key twice",
        "Write every key once per object, and land the file again.",
    ),
    "not_an_object": (
        "is not a JSON object",
        "Write one JSON object per line, and land the file again.",
    ),
}


class Notes:
    """Notes of a batch; notes of one kind about one column become one finding."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str | None], list[Note]] = {}

    def add(self, note: Note) -> None:
        """Take a note."""
        self._groups.setdefault((note.kind, note.column), []).append(note)

    def add_rejected(self, uri: str, tallies: Mapping[str, Tally], *, records: int) -> None:
        """Take a note of each kind of rejected records; none left of a file is critical."""
        rejected = sum(tally.records for tally in tallies.values())
        for kind, tally in tallies.items():
            fault, remedy = _REJECTED[kind]
            place = f"record {tally.record} (byte {tally.byte_offset}) {fault}: {tally.reason}"
            others = f"; so do {tally.records - 1} more" if tally.records > 1 else ""
            self.add(
                Note(
                    kind=kind,
                    file=uri,
                    what=f"{place}{others}",
                    remedy=f"They are kept as rejects and are not published. {remedy}",
                    severity=Severity.CRITICAL if rejected == records else Severity.HIGH,
                    rows=tally.records,
                    examples=tuple(tally.examples),
                )
            )

    def findings(self, *, rows: int) -> tuple[Finding, ...]:
        """Return the findings, worst first; `rows` is the number of records of the batch."""
        found = [self._finding(group, rows=rows) for group in self._groups.values()]
        return tuple(sorted(found, key=lambda finding: (-finding.severity.rank, finding.id)))

    def _finding(self, group: list[Note], *, rows: int) -> Finding:
        first = group[0]
        others = sorted({note.file for note in group[1:]} - {first.file})
        more = ""
        if others:
            names = ", ".join(others[:NAMES_SHOWN]) + (", ..." if others[NAMES_SHOWN:] else "")
            more = f" The same holds for {len(others)} more of the files: {names}."
        touched = [note.rows for note in group if note.rows is not None]
        count = sum(touched) if touched else None
        examples = [example for note in group for example in note.examples]
        return Finding(
            id=f"ingest:{first.kind}" + (f":{first.column}" if first.column is not None else ""),
            kind=first.kind,
            message=f"{first.file} {first.what}.{more} {first.remedy}",
            severity=max((note.severity for note in group), key=lambda one: one.rank),
            column=first.column,
            expected=first.expected,
            observed=first.observed,
            rows=count,
            rows_share=count / rows if count is not None and rows else None,
            examples=tuple(
                examples[:EXAMPLES] or [Example(file=note.file) for note in group][:EXAMPLES]
            ),
        )
