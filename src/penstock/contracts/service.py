"""Relationships to other tables, and service levels about how fresh the data is."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.contracts.contract import RuleKind
from penstock.contracts.rulebook import RuleBook, severity_of
from penstock.contracts.types import ColumnType, Family
from penstock.documents import Place
from penstock.model import Severity

__all__ = ["add_relationships", "add_service_levels"]

REFERENCE = re.compile(r"([^./\s]+)\.([^./\s]+)")
TIMELY = {"freshness", "latency"}
FOR_PEOPLE = {
    "availability", "endoflife", "endofsupport", "errorrate", "frequency", "generalavailability",
    "retention", "support", "throughput", "timeofavailability", "timetodetect", "timetonotify",
    "timetorepair", "volume",
}  # fmt: skip
"""Service levels that are promises between people; nothing in one batch could show them."""
SECONDS = {
    **dict.fromkeys(["s", "sec", "second", "seconds"], 1),
    **dict.fromkeys(["min", "minute", "minutes"], 60),
    **dict.fromkeys(["h", "hr", "hour", "hours"], 3600),
    **dict.fromkeys(["d", "day", "days"], 86400),
    **dict.fromkeys(["w", "week", "weeks"], 7 * 86400),
    **dict.fromkeys(["y", "yr", "year", "years"], 365 * 86400),
}
DATED = {Family.DATE, Family.TIMESTAMP, Family.INSTANT}


def add_relationships(
    book: RuleBook, table: Place, *, dataset: str, types: Mapping[str, ColumnType]
) -> None:
    """Add a reference rule for each relationship of the table and of its columns.

    Raises:
        ConfigError: for one that is not from one column to one column of another table.
    """
    for entry in table.at("relationships").items():
        start = entry.at("from")
        column = _split(start, dataset)[1] if start.value is not None else None
        if column not in types:
            raise start.refuse(
                "the table has no such column.", remedy=f"Write `from: {dataset}.column`."
            )
        _add_reference(book, entry, str(column), dataset=dataset)
    for place in table.at("properties").items():
        for entry in place.at("relationships").items():
            if entry.at("from").value is not None:
                raise entry.at("from").refuse("it is the column itself.", remedy="Remove it.")
            _add_reference(book, entry, place.at("name").value, dataset=dataset)


def _split(place: Place, dataset: str | None) -> tuple[str, str]:
    """Return table and column of `table.column`; the table may be left out where it is known."""
    text = place.text()
    if text is None:
        raise place.refuse(
            "it is not one column.", remedy="Write `table.column`; keys of several are not checked."
        )
    if dataset is not None and text.startswith(f"{dataset}."):
        return dataset, text.removeprefix(f"{dataset}.")
    if dataset is not None:
        return dataset, text
    parts = REFERENCE.fullmatch(text)
    if parts is None:
        raise place.refuse("it is not a column of a table.", remedy="Write `table.column`.")
    return parts[1], parts[2]


def _add_reference(book: RuleBook, entry: Place, column: str, *, dataset: str) -> None:
    kind = entry.at("type")
    if kind.value not in {None, "foreignKey"}:
        raise kind.refuse("this relationship is not known.", remedy="Use `foreignKey`.")
    target = entry.at("to")
    table, other = _split(target, None)
    if table == dataset:
        raise target.refuse(
            "a table cannot refer to itself here.", remedy="Refer to another published table."
        )
    severity = next(
        (
            item.at("value")
            for item in entry.at("customProperties").items()
            if item.at("property").value == "penstock.severity"
        ),
        entry.at("severity"),
    )
    book.add(
        entry,
        f"{column}.reference.{table}",
        RuleKind.REFERENCE,
        (column,),
        severity=severity_of(severity, default=Severity.MEDIUM),
        arguments={"table": table, "column": other},
    )


def add_service_levels(
    book: RuleBook, document: Place, *, dataset: str, types: Mapping[str, ColumnType]
) -> None:
    """Add a freshness rule for each `freshness` or `latency` among the `slaProperties`.

    Raises:
        ConfigError: for one that is not known, or whose column, number or unit cannot be used.
    """
    for entry in document.at("slaProperties").items():
        name = entry.at("property")
        word = (name.text() or "").strip()
        if word.lower() in FOR_PEOPLE:
            continue
        if word.lower() not in TIMELY:
            raise name.refuse(
                "this service level is not known.",
                remedy=f"Use {' or '.join(sorted(TIMELY))} for what can be checked in a batch.",
            )
        element = entry.at("element")
        if element.value is None:
            element = document.at("slaDefaultElement")
        _, column = _split(element, dataset)
        if column not in types or types[column].family not in DATED:
            raise element.refuse(
                "the table has no such column with dates.",
                remedy=f"Write `element: {dataset}.column`.",
            )
        value, unit = entry.at("value"), entry.at("unit")
        seconds = SECONDS.get(str(unit.value).lower())
        if seconds is None:
            raise unit.refuse("the unit is not known.", remedy="Use s, min, h, d, w or y.")
        number = value.value
        if not isinstance(number, int | float) or isinstance(number, bool) or number <= 0:
            raise value.refuse("it is not a number above 0.", remedy="Correct it.")
        book.add(
            entry,
            f"{column}.{word.lower()}",
            RuleKind.FRESHNESS,
            (column,),
            severity=Severity.HIGH,
            arguments={"within_s": number * seconds},
        )
