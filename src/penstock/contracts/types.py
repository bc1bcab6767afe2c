"""ODCS types and formats, and the DuckDB types and formats they become."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation, localcontext
from enum import StrEnum

from penstock.documents import Place

__all__ = ["ColumnType", "Family", "family_of", "fits", "read_type", "strptime_format"]


class Family(StrEnum):
    """Types that are compared with each other and take the same options."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    TIMESTAMP = "timestamp"
    INSTANT = "instant"

    @property
    def is_number(self) -> bool:
        """True for numbers."""
        return self in {Family.INTEGER, Family.DECIMAL, Family.FLOAT}

    @property
    def is_temporal(self) -> bool:
        """True for dates and times."""
        return self in {Family.DATE, Family.TIME, Family.TIMESTAMP, Family.INSTANT}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnType:
    """A DuckDB type, with limits that the declared type sets beyond it."""

    duckdb: str
    limits: tuple[int, int] | None = None
    length: int | None = None

    @property
    def family(self) -> Family:
        """Family of the type."""
        return family_of(self.duckdb)


INSTANT = "TIMESTAMP WITH TIME ZONE"
INTEGERS = {
    "i8": ("INTEGER", -(1 << 7), (1 << 7) - 1),
    "i16": ("INTEGER", -(1 << 15), (1 << 15) - 1),
    "i32": ("INTEGER", None, None),
    "i64": ("BIGINT", None, None),
    "u8": ("INTEGER", 0, (1 << 8) - 1),
    "u16": ("INTEGER", 0, (1 << 16) - 1),
    "u32": ("BIGINT", 0, (1 << 32) - 1),
}
"""Only 32 and 64 bits, signed, exist in Iceberg tables: others are held there with limits."""
FLOATS = {"f32": "FLOAT", "f64": "DOUBLE"}
LOGICAL = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP",
}
PHYSICAL = {
    **dict.fromkeys(["VARCHAR", "STRING", "TEXT", "CHAR", "NVARCHAR", "CHARACTER VARYING"], "text"),
    **dict.fromkeys(["TINYINT", "INT1", "BYTEINT"], "i8"),
    **dict.fromkeys(["SMALLINT", "INT2", "SHORT"], "i16"),
    **dict.fromkeys(["INTEGER", "INT", "INT4"], "i32"),
    **dict.fromkeys(["BIGINT", "INT8", "LONG"], "i64"),
    "UTINYINT": "u8",
    "USMALLINT": "u16",
    "UINTEGER": "u32",
    **dict.fromkeys(["FLOAT", "REAL", "FLOAT4"], "f32"),
    **dict.fromkeys(["DOUBLE", "FLOAT8", "DOUBLE PRECISION"], "f64"),
    **dict.fromkeys(["DECIMAL", "NUMERIC", "NUMBER"], "decimal"),
    **dict.fromkeys(["BOOLEAN", "BOOL"], "BOOLEAN"),
    "DATE": "DATE",
    "TIME": "TIME",
    **dict.fromkeys(
        ["TIMESTAMP", "DATETIME", "TIMESTAMP_NTZ", "TIMESTAMP WITHOUT TIME ZONE"], "TIMESTAMP"
    ),
    **dict.fromkeys(["TIMESTAMPTZ", "TIMESTAMP_TZ", INSTANT], INSTANT),
}
AGREEING = {
    "string": {Family.TEXT},
    "integer": {Family.INTEGER},
    "number": {Family.INTEGER, Family.DECIMAL, Family.FLOAT},
    "boolean": {Family.BOOLEAN},
    "date": {Family.DATE},
    "time": {Family.TIME},
    "timestamp": {Family.TIMESTAMP, Family.INSTANT},
}
MAX_PRECISION = 38
DECIMAL = re.compile(r"DECIMAL\((\d+),(\d+)\)")
SPELLED = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_ ]*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*")


def family_of(duckdb: str) -> Family:
    """Return the family of a DuckDB type that a contract can have."""
    match duckdb:
        case "VARCHAR":
            return Family.TEXT
        case "INTEGER" | "BIGINT":
            return Family.INTEGER
        case "FLOAT" | "DOUBLE":
            return Family.FLOAT
        case "BOOLEAN" | "DATE" | "TIME" | "TIMESTAMP":
            return Family(duckdb.lower())
        case "TIMESTAMP WITH TIME ZONE":
            return Family.INSTANT
        case _ if DECIMAL.fullmatch(duckdb):
            return Family.DECIMAL
        case _:
            raise ValueError(duckdb)


def read_type(column: Place) -> ColumnType:
    """Return the type of a column from its logicalType, physicalType and their options.

    Raises:
        ConfigError: when there is none, it is not known, or the two contradict each other.
    """
    logical, physical = column.at("logicalType"), column.at("physicalType")
    if logical.value is not None and logical.value not in LOGICAL:
        raise logical.refuse(
            "the type is not known or not supported in a table.",
            remedy=f"Use one of {', '.join(LOGICAL)}.",
        )
    if physical.text() is not None:
        found = _physical(physical)
        if logical.value is not None and found.family not in AGREEING[logical.value]:
            raise physical.refuse(
                f"it contradicts logicalType {logical.value!r}.", remedy="Correct one of the two."
            )
        return found
    if logical.value is None:
        raise column.refuse("the column has no type.", remedy="Give it a `logicalType`.")
    return _logical(logical, column.at("logicalTypeOptions"))


def _logical(logical: Place, options: Place) -> ColumnType:
    width = options.at("format")
    if logical.value == "integer" and width.value is not None:
        if width.value not in INTEGERS:
            raise width.refuse(
                "no table type holds such integers.",
                remedy=f"Use one of {', '.join(INTEGERS)}, or physicalType DECIMAL(38,0).",
            )
        return _integer(width.value)
    if logical.value == "number" and width.value is not None:
        if width.value not in FLOATS:
            raise width.refuse("it is not known.", remedy=f"Use one of {', '.join(FLOATS)}.")
        return ColumnType(duckdb=FLOATS[width.value])
    if logical.value == "timestamp" and options.at("timezone").value is True:
        return ColumnType(duckdb=INSTANT)
    return ColumnType(duckdb=LOGICAL[logical.value])


def _physical(place: Place) -> ColumnType:
    spelled = SPELLED.fullmatch(place.value)
    kind = None
    if spelled is not None:
        word = " ".join(spelled[1].upper().split())
        kind = PHYSICAL.get(word)
    if spelled is None or kind is None:
        known = "VARCHAR, INTEGER, BIGINT, DOUBLE, DECIMAL(p,s), BOOLEAN, DATE, TIME, TIMESTAMP"
        raise place.refuse(
            "the type is not known.", remedy=f"Use a type such as {known} or {INSTANT}."
        )
    first, second = (None if digits is None else int(digits) for digits in spelled.groups()[1:])
    if kind == "text" and second is None and first != 0:
        return ColumnType(duckdb="VARCHAR", length=first)
    if kind == "decimal" and first is not None:
        scale = second or 0
        if not 1 <= first <= MAX_PRECISION or scale > first:
            raise place.refuse(
                f"a decimal has 1 to {MAX_PRECISION} digits, and no more after its point.",
                remedy="Correct the numbers.",
            )
        return ColumnType(duckdb=f"DECIMAL({first},{scale})")
    if kind == "decimal" or first is not None:
        raise place.refuse(
            "its size is missing or has no meaning.", remedy="Write as in DECIMAL(12,2) or BIGINT."
        )
    if kind in INTEGERS:
        return _integer(kind)
    return ColumnType(duckdb=FLOATS.get(kind, kind))


def _integer(width: str) -> ColumnType:
    duckdb, least, most = INTEGERS[width]
    return ColumnType(
        duckdb=duckdb, limits=None if least is None or most is None else (least, most)
    )


def fits(value: object, duckdb: str) -> str | int | float | bool | None:
    """Return a constant in the form a rule keeps for a column of this type, or None.

    Numbers stay numbers (as text when that is how they keep all digits); dates and times become
    ISO text. None means that the constant is no value of the type.
    """
    match family_of(duckdb):
        case Family.TEXT:
            return value if isinstance(value, str) else None
        case Family.BOOLEAN:
            return value if isinstance(value, bool) else None
        case Family.INTEGER | Family.DECIMAL | Family.FLOAT:
            return _number(value, duckdb)
        case Family.DATE | Family.TIME | Family.TIMESTAMP | Family.INSTANT as family:
            return _moment(value, family)


def _number(value: object, duckdb: str) -> str | int | float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    family = family_of(duckdb)
    if family is Family.FLOAT:
        return value if number.is_finite() and math.isfinite(float(number)) else None
    shape = DECIMAL.fullmatch(duckdb)
    digits, scale = (int(shape[1]), int(shape[2])) if shape else (19, 0)
    if not number.is_finite() or number.adjusted() >= digits - scale:
        return None
    bound = 1 << (31 if duckdb == "INTEGER" else 63)
    with localcontext(prec=2 * MAX_PRECISION + 2):
        is_exact = number == round(number, scale)
    if not is_exact or (shape is None and not -bound <= number < bound):
        return None
    return value if family is Family.DECIMAL else int(number)


def _moment(value: object, family: Family) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        match family:
            case Family.DATE:
                return date.fromisoformat(value).isoformat()
            case Family.TIME:
                at = time.fromisoformat(value)
                return at.isoformat() if at.tzinfo is None else None
            case _:
                moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if family is Family.INSTANT:
        return None if moment.tzinfo is None else moment.astimezone(UTC).isoformat()
    return moment.isoformat() if moment.tzinfo is None else None


JDK = {
    "yyyy": "%Y",
    "uuuu": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%-m",
    "dd": "%d",
    "d": "%-d",
    "HH": "%H",
    "H": "%-H",
    "hh": "%I",
    "h": "%-I",
    "mm": "%M",
    "m": "%-M",
    "ss": "%S",
    "s": "%-S",
    "SSSSSS": "%f",
    "SSS": "%g",
    "a": "%p",
    "EEEE": "%A",
    "EEE": "%a",
    "XXX": "%z",
    "xxx": "%z",
    "xx": "%z",
    "Z": "%z",
}
JDK_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']")


def strptime_format(place: Place) -> str:
    """Translate a Java date format into DuckDB's; one with `%` is taken as it is.

    Raises:
        ConfigError: for a letter that has no counterpart.
    """
    text = place.text()
    if text is None:
        raise place.refuse("a format is text.", remedy="Write it as in `yyyy-MM-dd`.")
    if "%" in text:
        return text
    out, end = "", 0
    for token in JDK_TOKEN.finditer(text):
        if token.start() != end:
            break
        end = token.end()
        if token[1] is not None:
            out += token[1].replace("''", "'") or "'"
        elif token[2] is None:
            out += token[0]
        elif token[0] in JDK:
            out += JDK[token[0]]
        else:
            raise place.refuse(
                f"{token[0]!r} has no counterpart.",
                remedy="Use letters as in `yyyy-MM-dd HH:mm:ss.SSS`, or a strptime format with %.",
            )
    if end != len(text):
        raise place.refuse("a quote is not closed.", remedy="Close it.")
    return out
