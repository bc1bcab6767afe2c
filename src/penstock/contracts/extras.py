"""What ODCS has no field for: `customProperties` whose names begin with `penstock.`."""

from __future__ import annotations

import codecs
import difflib
import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

from pydantic import ValidationError

from penstock.contracts.contract import CsvDialect, DriftPolicy, RuleKind
from penstock.contracts.rulebook import RuleBook, severity_of
from penstock.contracts.types import ColumnType, Family
from penstock.documents import Place
from penstock.model import Severity, Value

__all__ = ["add_comparisons", "read_csv", "read_drift", "read_extras"]

PREFIX = "penstock."
OPERATORS = {"eq", "ne", "lt", "le", "gt", "ge"}
ALIKE = 0.8
T = TypeVar("T", bound=Value)


def read_extras(places: Iterable[Place], known: Iterable[str]) -> dict[str, Place]:
    """Return the values of Penstock's own custom properties by name, without the prefix.

    Others' properties are left alone.

    Raises:
        ConfigError: for a name of ours that is not known in this place, or that stands twice.
    """
    found: dict[str, Place] = {}
    names = [f"{PREFIX}{name}" for name in known]
    for entry in (entry for place in places for entry in place.items()):
        name = entry.at("property")
        text = name.text() or ""
        first = text.partition(".")[0]
        is_ours = difflib.SequenceMatcher(None, first.lower(), PREFIX[:-1]).ratio() > ALIKE
        if not is_ours:
            continue
        if text not in names:
            raise name.refuse(
                "Penstock knows no such property here.", remedy=f"Known: {', '.join(names)}."
            )
        short = text.removeprefix(PREFIX)
        if short in found:
            raise name.refuse("it stands twice.", remedy="Keep one of them.")
        found[short] = entry.at("value")
    return found


def read_csv(place: Place | None) -> CsvDialect:
    """Read `penstock.csv`.

    Raises:
        ConfigError: for an unknown key or a value that no reader could follow.
    """
    dialect = _read(place, CsvDialect)
    if place is None:
        return dialect
    for key in ("delimiter", "quote", "escape"):
        mark = getattr(dialect, key)
        if len(mark) != 1 or mark in "\r\n\0" or not mark.isascii():
            raise place.at(key).refuse("it is not one ASCII character.", remedy="Correct it.")
    if dialect.delimiter in {dialect.quote, dialect.escape}:
        raise place.at("delimiter").refuse("it is also the quote.", remedy="Correct one of them.")
    try:
        codecs.lookup(dialect.encoding)
    except LookupError as exc:
        raise place.at("encoding").refuse(
            "the encoding is not known.", remedy="Use a name such as utf-8 or latin-1."
        ) from exc
    if dialect.max_line_bytes <= 0:
        raise place.at("max_line_bytes").refuse("no line is that short.", remedy="Raise it.")
    return dialect


def read_drift(place: Place | None) -> DriftPolicy:
    """Read `penstock.drift`."""
    return _read(place, DriftPolicy)


def _read(place: Place | None, model: type[T]) -> T:
    if place is None:
        return model()
    if not isinstance(place.value, dict):
        raise place.refuse("it is not a mapping.", remedy="Write `key: value` lines below it.")
    place.refuse_other_keys(model.model_fields, where="it")
    try:
        return model.model_validate_json(json.dumps(place.value), strict=True)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False)[0]
        where = place.at(first["loc"][0]) if first["loc"] else place
        raise where.refuse(f"{first['msg']}.", remedy="Correct it.") from exc


def add_comparisons(
    book: RuleBook, place: Place | None, *, types: Mapping[str, ColumnType]
) -> None:
    """Add the rules of `penstock.compare`, a list of {left, op, right, severity, name}.

    Raises:
        ConfigError: for an entry that compares what is not there or not comparable.
    """
    if place is None:
        return
    if not isinstance(place.value, list):
        raise place.refuse("it is not a list.", remedy="Write `- {left: a, op: le, right: b}`.")
    for entry in place.items():
        if not isinstance(entry.value, dict):
            raise entry.refuse("it is not a mapping.", remedy="Write `{left: a, op: le, right: b}`")
        known = {"left", "op", "right", "severity", "name", "description"}
        entry.refuse_other_keys(known, where="a comparison")
        left, op, right = (entry.at(key) for key in ("left", "op", "right"))
        for side in (left, right):
            if not isinstance(side.value, str) or side.value not in types:
                raise side.refuse("the table has no such column.", remedy="Name a column.")
        if op.value not in OPERATORS:
            raise op.refuse(
                "it is no comparison.", remedy=f"Use one of {', '.join(sorted(OPERATORS))}."
            )
        if not _are_comparable(types[left.value].family, types[right.value].family):
            raise entry.refuse(
                f"{types[left.value].duckdb} and {types[right.value].duckdb} do not compare.",
                remedy="Compare columns of one kind.",
            )
        book.add(
            entry,
            entry.at("name").text() or f"{left.value}.{op.value}.{right.value}",
            RuleKind.COMPARE,
            (left.value, right.value),
            severity=severity_of(entry.at("severity"), default=Severity.MEDIUM),
            arguments={"op": op.value},
            description=entry.at("description").text(),
        )


def _are_comparable(left: Family, right: Family) -> bool:
    both = {left, right}
    days = {Family.DATE, Family.TIMESTAMP}
    return left == right or (left.is_number and right.is_number) or both == days
