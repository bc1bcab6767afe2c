"""The contract's column types, as DuckDB knows them and as text is read into them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

import duckdb
from duckdb.sqltypes import DuckDBPyType

from penstock.contracts import Contract, ContractColumn
from penstock.errors import ConfigError

__all__ = ["Family", "Target", "compile_targets", "family_of", "quote_text"]


class Family(Enum):
    """Types that say the same kind of thing."""

    TEXT = auto()
    INTEGER = auto()
    DECIMAL = auto()
    FLOAT = auto()
    BOOLEAN = auto()
    DATE = auto()
    TIME = auto()
    TIMESTAMP = auto()
    TIMESTAMPTZ = auto()
    NESTED = auto()
    OTHER = auto()


_FAMILIES = {
    "varchar": Family.TEXT,
    "float": Family.FLOAT,
    "double": Family.FLOAT,
    "decimal": Family.DECIMAL,
    "boolean": Family.BOOLEAN,
    "date": Family.DATE,
    "time": Family.TIME,
    "timestamp with time zone": Family.TIMESTAMPTZ,
    "uuid": Family.OTHER,
    "blob": Family.OTHER,
}
_INTEGERS = re.compile(r"u?(tinyint|smallint|integer|bigint|hugeint)")
_NESTED = frozenset({"list", "array", "struct", "map"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A column of the contract with its type as DuckDB spells it."""

    name: str
    type: str
    family: Family
    scale: int
    """Decimals that the type can hold."""
    format: str | None


def family_of(kind: DuckDBPyType) -> Family | None:
    """Return what kind of thing a type says, None for types that no table should have."""
    if str(kind) == "JSON" or kind.id in _NESTED:
        return Family.NESTED
    if _INTEGERS.fullmatch(kind.id):
        return Family.INTEGER
    if kind.id in {"timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"}:
        return Family.TIMESTAMP
    return _FAMILIES.get(kind.id)


def compile_targets(contract: Contract) -> tuple[Target, ...]:
    """Read the contract's column types.

    Raises:
        ConfigError: for a type or format that DuckDB does not know or a table cannot have.
    """
    return tuple(_target(column, contract) for column in contract.columns)


def _target(column: ContractColumn, contract: Contract) -> Target:
    try:
        kind = duckdb.sqltype(column.type)
        family = family_of(kind)
    except duckdb.Error as exc:
        raise _refusal(column, contract, f"Type {column.type!r} is not known to DuckDB.") from exc
    if family is None:
        raise _refusal(column, contract, f"Type {column.type!r} cannot be read from files.")
    if column.name.lower().startswith("_penstock_"):
        raise _refusal(column, contract, "The prefix `_penstock_` is Penstock's own.")
    name = "TIMESTAMP" if family is Family.TIMESTAMP else str(kind)
    scale = dict(kind.children)["scale"] if family is Family.DECIMAL else 0
    if column.format is not None:
        _check_format(column, contract, family)
    return Target(
        name=column.name, type=name, family=family, scale=int(str(scale)), format=column.format
    )


def _check_format(column: ContractColumn, contract: Contract, family: Family) -> None:
    if family not in {Family.DATE, Family.TIME, Family.TIMESTAMP, Family.TIMESTAMPTZ}:
        raise _refusal(column, contract, f"A format has no meaning for type {column.type!r}.")
    try:
        with duckdb.connect() as connection:
            connection.execute(f"SELECT try_strptime('', {quote_text(str(column.format))})")
    except duckdb.Error as exc:
        raise _refusal(
            column, contract, f"Format {column.format!r} is not one of strptime."
        ) from exc


def quote_text(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _refusal(column: ContractColumn, contract: Contract, what: str) -> ConfigError:
    return ConfigError(
        f"Column {column.name!r}: {what}",
        remedy="Use a DuckDB type such as BIGINT, DECIMAL(12,2), DATE, TIMESTAMP or VARCHAR, and"
        " a format such as '%d.%m.%Y' for dates and times only.",
        file=contract.source,
        line=column.line,
    )
