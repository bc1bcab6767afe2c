"""Where the contract's columns are in a file, and what to say when they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from penstock.contracts import Contract, DriftMode
from penstock.model import Example, Severity
from penstock.readers.csv_parse import Layout
from penstock.readers.notes import Note, Notes
from penstock.readers.unreadable import Unreadable

__all__ = ["ColumnMatch"]

NAMES_SHOWN = 5
NAME_LENGTH = 60


class ColumnMatch:
    """Matches the columns of a batch's files with the contract, by exact name."""

    def __init__(self, contract: Contract, notes: Notes) -> None:
        self._contract = contract
        self._notes = notes
        self._missing: set[str] = set()

    @property
    def missing(self) -> tuple[str, ...]:
        """Columns that at least one file does not have, in the contract's order."""
        names = [column.name for column in self._contract.columns]
        return tuple(name for name in names if name in self._missing)

    def match(self, names: Sequence[str] | None, uri: str) -> Layout:
        """Return the place of each column; without a header they stand in the contract's order.

        Raises:
            Unreadable: when a name stands twice or no column of the contract is there.
        """
        wanted = [column.name for column in self._contract.columns]
        if names is None:
            return list(range(len(wanted)))
        self._refuse_twice(names)
        layout = [names.index(name) if name in names else None for name in wanted]
        present = [place for place in layout if place is not None]
        if not present:
            raise Unreadable(
                "no_known_column",
                f"has none of the contract's columns; its first line reads {_listed(names)}",
                remedy="Check that it has a header line and the delimiter that its contract"
                f" declares. Expected: {_listed(wanted)}.",
            )
        for name, place in zip(wanted, layout, strict=True):
            if place is None:
                self._missing.add(name)
                self._note_missing(name, uri, names, floor=Severity.HIGH)
        for name in names:
            if name not in wanted:
                self._note_extra(name, uri)
        if present != sorted(present):
            self._note_order(names, uri)
        return layout

    def match_keys(
        self, seen: AbstractSet[str], extra: Mapping[str, int], uri: str, *, rows: int
    ) -> None:
        """Compare the keys of a file's JSON objects with the contract.

        A key that is missing in some objects is null there. One that no object has may be absent
        because all its cells are null: this is noted as severely as the contract says, at least
        medium, but the column is not called missing and its rules see nulls.
        """
        if extra and not seen:
            names = sorted(extra)
            raise Unreadable(
                "no_known_column",
                f"has none of the contract's columns in any object; its keys are {_listed(names)}",
                remedy="Check that it belongs to this dataset. Expected:"
                f" {_listed([column.name for column in self._contract.columns])}.",
            )
        for column in self._contract.columns:
            if rows and column.name not in seen:
                self._note_missing(column.name, uri, sorted(extra), floor=Severity.MEDIUM)
        for name, count in extra.items():
            self._note_extra(name, uri, rows=count)

    def _note_missing(self, name: str, uri: str, names: Sequence[str], *, floor: Severity) -> None:
        column = self._contract.column(name)
        severity = floor if column is None else column.severity
        near = next((other for other in names if _folded(other) == _folded(name)), None)
        hint = "" if near is None else f" (it has {near[:NAME_LENGTH]!r})"
        self._notes.add(
            Note(
                kind="missing_column",
                file=uri,
                what=f"has no column {name!r}{hint}; its cells are null",
                remedy="Land it again with the column, or take the column out of the contract.",
                severity=max(severity, floor, key=lambda one: one.rank),
                column=name,
                expected=name,
                observed=_listed(names),
            )
        )

    def _note_extra(self, name: str, uri: str, *, rows: int | None = None) -> None:
        """Take note of a column that the contract does not know, as its drift policy says."""
        frozen = self._contract.drift.columns is DriftMode.FREEZE
        self._notes.add(
            Note(
                kind="extra_column",
                file=uri,
                what=f"has a column {name[:NAME_LENGTH]!r} that the contract does not know;"
                " it was not read",
                remedy="Add it to the contract, or stop sending it."
                + (" Policy `penstock.drift.columns` is `freeze`." if frozen else ""),
                severity=Severity.HIGH if frozen else Severity.LOW,
                column=name,
                rows=rows,
            )
        )

    def _note_order(self, names: Sequence[str], uri: str) -> None:
        self._notes.add(
            Note(
                kind="reordered_columns",
                file=uri,
                what="has its columns in another order than the contract",
                remedy="They were matched by name; nothing need be done.",
                severity=Severity.LOW,
                expected=_listed([column.name for column in self._contract.columns]),
                observed=_listed(names),
                examples=(Example(file=uri),),
            )
        )

    def _refuse_twice(self, names: Sequence[str]) -> None:
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            places = [str(place) for place, name in enumerate(names, 1) if name == twice]
            raise Unreadable(
                "duplicate_header",
                f"has the column {twice[:NAME_LENGTH]!r} {len(places)} times,"
                f" as columns {' and '.join(places[:NAMES_SHOWN])}",
                remedy="Give every column its own name, and land the file again.",
            )


def _folded(name: str) -> str:
    return name.strip().casefold()


def _listed(names: Sequence[str]) -> str:
    shown = [repr(name[:NAME_LENGTH]) for name in names[: 2 * NAMES_SHOWN]]
    return ", ".join(shown) + (", ..." if len(names) > len(shown) else "")
