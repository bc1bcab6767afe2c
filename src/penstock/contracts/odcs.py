"""Read an ODCS file: everything in it is understood, left to people on purpose, or refused."""

from __future__ import annotations

import codecs
from pathlib import Path

from penstock.contracts.contract import Contract, ContractColumn, RuleKind
from penstock.contracts.extras import add_comparisons, read_csv, read_drift, read_extras
from penstock.contracts.options import add_enum, add_options
from penstock.contracts.pattern import check_strptime
from penstock.contracts.quality import add_quality
from penstock.contracts.rulebook import RuleBook, severity_of
from penstock.contracts.service import add_relationships, add_service_levels
from penstock.contracts.standard import check_standard
from penstock.contracts.types import ColumnType, read_type, strptime_format
from penstock.documents import Place, read_document
from penstock.errors import ConfigError
from penstock.model import Severity, hash_bytes

__all__ = ["load_contract", "read_contract"]

RESERVED = "_penstock_"
OPEN_WORDS = {"public", "open", "internal", "general", "none", "1", "2"}
"""Classifications whose values may be shown; any other word masks them."""


def load_contract(path: str | Path) -> Contract:
    """Read the contract in a file.

    Raises:
        ConfigError: when it cannot be read, or as `read_contract` says.
    """
    source = str(path)
    try:
        data = Path(path).read_bytes()
    except OSError as exc:
        raise ConfigError(
            f"The contract cannot be read: {exc.strerror}.",
            remedy="Check the path and its permissions.",
            file=source,
        ) from exc
    try:
        text = data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as exc:
        raise ConfigError(
            f"Byte {exc.start} is not UTF-8.",
            remedy="Save the file as UTF-8.",
            file=source,
            line=data.count(b"\n", 0, exc.start) + 1,
        ) from exc
    return read_contract(text, source=source)


def read_contract(text: str, *, source: str) -> Contract:
    """Compile the text of an ODCS v3 file; `source` names it in messages.

    Raises:
        ConfigError: with file, line, place, value and remedy, for whatever is not understood.
    """
    document = read_document(text, source=source)
    check_standard(document)
    table = _one_table(document)
    properties = list(table.at("properties").items())
    if not properties:
        raise table.refuse("the table has no columns.", remedy="List them under `properties`.")
    book = RuleBook()
    _check_names(properties)
    types = {place.at("name").value: read_type(place) for place in properties}
    columns = tuple(_read_column(book, place, types) for place in properties)
    _add_primary_key(book, properties)
    add_quality(book, table.at("quality"), column=None, types=types, severity=None)
    dataset = table.at("name").value
    add_relationships(book, table, dataset=dataset, types=types)
    add_service_levels(book, document, dataset=dataset, types=types)
    lists = [document.at("customProperties"), table.at("customProperties")]
    extras = read_extras(lists, ("csv", "drift", "compare"))
    add_comparisons(book, extras.get("compare"), types=types)
    return Contract(
        id=document.at("id").value,
        version=document.at("version").value,
        dataset=dataset,
        columns=columns,
        rules=book.rules,
        csv=read_csv(extras.get("csv")),
        drift=read_drift(extras.get("drift")),
        digest=hash_bytes(text.encode()),
        source=source,
    )


def _one_table(document: Place) -> Place:
    tables = list(document.at("schema").items())
    if len(tables) != 1:
        raise document.at("schema").refuse(
            f"the contract has {len(tables)} tables.",
            remedy="Write one contract per table: one entry under `schema`.",
        )
    table = tables[0]
    if table.at("name").text() is None:
        raise table.refuse("the table has no name.", remedy="Add a `name`.")
    if table.at("logicalType").value not in {None, "object"}:
        raise table.at("logicalType").refuse("it is no table.", remedy="Use `object`.")
    return table


def _check_names(properties: list[Place]) -> None:
    seen: dict[str, Place] = {}
    for place in properties:
        name, physical = place.at("name"), place.at("physicalName")
        text = name.text()
        if text is None or "\x00" in text:
            raise name.refuse("a column needs a name.", remedy="Add a `name`.")
        if text.lower().startswith(RESERVED):
            raise name.refuse(f"names from {RESERVED!r} on are ours.", remedy="Rename it.")
        if text.lower() in seen:
            raise name.refuse(
                f"the column on line {seen[text.lower()].line} has the same name"
                " (capitals do not tell columns apart).",
                remedy="Rename one of them.",
            )
        seen[text.lower()] = place
        if physical.value not in {None, text}:
            raise physical.refuse(
                "columns are read by their `name`.",
                remedy="Make `name` the name in the data; `businessName` takes the other one.",
            )
        for key in ("properties", "items", "map"):
            if place.at(key).value is not None:
                raise place.at(key).refuse("nested columns are not read.", remedy="Flatten it.")


def _read_column(book: RuleBook, place: Place, types: dict[str, ColumnType]) -> ContractColumn:
    name = place.at("name").value
    kind = types[name]
    extras = read_extras([place.at("customProperties")], ("severity", "sensitive"))
    is_critical = place.at("criticalDataElement").value is True
    own = Severity.HIGH if is_critical else Severity.MEDIUM
    severity = severity_of(extras.get("severity", place.at("severity")), default=own)
    declared = place.at("logicalType" if place.at("logicalType").value else "physicalType")
    column = (name,)
    book.add(
        declared,
        f"{name}.type",
        RuleKind.TYPE,
        column,
        severity=severity,
        arguments={"type": kind.duckdb},
    )
    is_key = place.at("primaryKey").value is True
    for key, rule in (("required", RuleKind.REQUIRED), ("unique", RuleKind.UNIQUE)):
        stated = place.at(key)
        if stated.value is True or (is_key and rule is RuleKind.REQUIRED):
            at = stated if stated.value is True else place.at("primaryKey")
            book.add(at, f"{name}.{rule}", rule, column, severity=severity)
    options = place.at("logicalTypeOptions")
    add_options(book, options, name, kind, severity=severity)
    add_enum(book, place.at("enum"), name, kind, severity=severity)
    add_quality(
        book,
        place.at("quality"),
        column=name,
        types=types,
        severity=severity if is_critical or "severity" in extras else None,
    )
    worst = Severity.CRITICAL if is_critical or is_key else Severity.HIGH
    return ContractColumn(
        name=name,
        type=kind.duckdb,
        format=_strptime(options.at("format"), kind),
        severity=worst,
        sensitive=_is_sensitive(place, extras.get("sensitive")),
        description=place.at("description").text(),
        line=place.at("name").line,
    )


def _strptime(place: Place, kind: ColumnType) -> str | None:
    if place.value is None or not kind.family.is_temporal:
        return None
    return check_strptime(place, strptime_format(place))


def _is_sensitive(column: Place, stated: Place | None) -> bool:
    if stated is not None:
        if not isinstance(stated.value, bool):
            raise stated.refuse("it is true or false.", remedy="Correct it.")
        return stated.value
    word = column.at("classification").text()
    is_password = column.at("logicalTypeOptions").at("format").value == "password"
    return is_password or (word is not None and word.strip().lower() not in OPEN_WORDS)


def _add_primary_key(book: RuleBook, properties: list[Place]) -> None:
    keys = [place for place in properties if place.at("primaryKey").value is True]
    positions = [place.at("primaryKeyPosition").value for place in keys]
    if any(position is not None for position in positions):
        if sorted(p for p in positions if p is not None) != list(range(1, len(keys) + 1)):
            raise keys[0].refuse(
                f"the positions of its primary key are {positions}.",
                remedy="Number them from 1, each once.",
            )
        keys = [key for _, key in sorted(zip(positions, keys, strict=True), key=lambda x: x[0])]
    columns = tuple(place.at("name").value for place in keys)
    if not keys or any(r.kind is RuleKind.UNIQUE and r.columns == columns for r in book.rules):
        return
    severity = (
        Severity.HIGH
        if any(place.at("criticalDataElement").value is True for place in keys)
        else Severity.MEDIUM
    )
    book.add(
        keys[0].at("primaryKey"),
        f"{columns[0]}.unique" if len(columns) == 1 else "primary_key",
        RuleKind.UNIQUE,
        columns,
        severity=severity,
    )
