"""What a column's own keys promise: required, unique, primaryKey, enum, logicalTypeOptions."""

from __future__ import annotations

from decimal import Decimal

from pydantic import JsonValue

from penstock.contracts.contract import RuleKind
from penstock.contracts.pattern import FORMATS, check_regex
from penstock.contracts.rulebook import RuleBook
from penstock.contracts.types import ColumnType, Family, fits
from penstock.documents import Place
from penstock.model import Severity

__all__ = ["add_enum", "add_options", "read_values"]

LIMITS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusiveMinimum": "exclusive_minimum",
    "exclusiveMaximum": "exclusive_maximum",
}
TEXT_OPTIONS = {"minLength", "maxLength", "pattern", "format"}
MAX_VALUES = 10_000


def add_options(
    book: RuleBook, options: Place, column: str, kind: ColumnType, *, severity: Severity
) -> None:
    """Add the rules of a column's `logicalTypeOptions` and of its declared type.

    Raises:
        ConfigError: for an option that is unknown, not supported, or no value of the type.
    """
    known = _known(kind)
    for place in options.keys():  # noqa: SIM118 - a Place is no mapping
        key = str(place.path[-1])
        if key not in known:
            raise place.refuse(
                f"the option is not supported for a column of type {kind.duckdb}.",
                remedy=f"Supported here: {', '.join(sorted(known)) or 'none'}.",
            )
    zone = options.at("defaultTimezone")
    if zone.value not in {None, "UTC", "Etc/UTC"}:
        raise zone.refuse("only UTC is supported.", remedy="Deliver instants with their offset.")
    if not isinstance(options.at("timezone").value, bool | None):
        raise options.at("timezone").refuse("it is true or false.", remedy="Correct it.")
    _add_range(book, options, column, kind, severity=severity)
    if kind.family is Family.TEXT:
        _add_length(book, options, column, kind, severity=severity)
        pattern, shape = options.at("pattern"), options.at("format")
        if pattern.value is not None:
            arguments: dict[str, JsonValue] = {"regex": check_regex(pattern)}
            _add(book, pattern, column, RuleKind.PATTERN, arguments, severity=severity)
        if shape.value is not None and shape.value != "password":
            _add_format(book, shape, column, severity=severity)


def _known(kind: ColumnType) -> set[str]:
    family = kind.family
    if family is Family.TEXT:
        return TEXT_OPTIONS
    if family is Family.BOOLEAN:
        return set()
    known = {*LIMITS, "format"}
    if family in {Family.TIMESTAMP, Family.INSTANT}:
        known |= {"timezone", "defaultTimezone"}
    return known


def _add(
    book: RuleBook,
    place: Place,
    column: str,
    kind: RuleKind,
    arguments: dict[str, JsonValue],
    *,
    severity: Severity,
) -> None:
    book.add(place, f"{column}.{kind}", kind, (column,), severity=severity, arguments=arguments)


def _add_range(
    book: RuleBook, options: Place, column: str, kind: ColumnType, *, severity: Severity
) -> None:
    limits: dict[str, JsonValue] = {}
    stated = options
    for key, name in LIMITS.items():
        place = options.at(key)
        if place.value is None:
            continue
        value = fits(place.value, kind.duckdb)
        if value is None:
            iso = " Dates and times are ISO 8601 in quotes." if kind.family.is_temporal else ""
            raise place.refuse(f"it is no {kind.duckdb}.", remedy=f"Correct the limit.{iso}")
        stated = place if not limits else stated
        limits[name] = value
    for pair in ("minimum", "maximum"):
        if pair in limits and f"exclusive_{pair}" in limits:
            raise options.refuse(
                f"it has both {pair} and exclusive{pair.title()}.", remedy="Keep one of them."
            )
    if kind.limits is not None:
        _tighten(limits, kind.limits)
        stated = stated if limits.keys() and stated is not options else options
    if _is_empty(limits):
        raise options.refuse("no value lies between its limits.", remedy="Correct the limits.")
    if limits:
        _add(book, stated, column, RuleKind.RANGE, limits, severity=severity)


def _tighten(limits: dict[str, JsonValue], bounds: tuple[int, int]) -> None:
    """Add the limits of a narrow integer type where the contract states none that is tighter."""
    least, most = bounds
    low = limits.get("minimum", limits.get("exclusive_minimum"))
    high = limits.get("maximum", limits.get("exclusive_maximum"))
    if not isinstance(low, int) or low < least:
        limits.pop("exclusive_minimum", None)
        limits["minimum"] = least
    if not isinstance(high, int) or high > most:
        limits.pop("exclusive_maximum", None)
        limits["maximum"] = most


def _is_empty(limits: dict[str, JsonValue]) -> bool:
    low = limits.get("minimum", limits.get("exclusive_minimum"))
    high = limits.get("maximum", limits.get("exclusive_maximum"))
    if low is None or high is None:
        return False
    is_open = "exclusive_minimum" in limits or "exclusive_maximum" in limits
    try:
        first, second = Decimal(str(low)), Decimal(str(high))
    except ArithmeticError:  # dates and times: ISO text of one kind sorts as it should
        return str(low) > str(high) or (is_open and low == high)
    return first > second or (is_open and first == second)


def _add_length(
    book: RuleBook, options: Place, column: str, kind: ColumnType, *, severity: Severity
) -> None:
    limits: dict[str, JsonValue] = {}
    stated = options
    for key, name in (("minLength", "minimum"), ("maxLength", "maximum")):
        place = options.at(key)
        if place.value is None:
            continue
        if not isinstance(place.value, int) or isinstance(place.value, bool) or place.value < 0:
            raise place.refuse("a length is a whole number from 0.", remedy="Correct it.")
        stated = place if not limits else stated
        limits[name] = place.value
    most = limits.get("maximum")
    if kind.length is not None and (not isinstance(most, int) or most > kind.length):
        limits["maximum"] = kind.length
    if _is_empty(limits):
        raise options.refuse("no length lies between its limits.", remedy="Correct the limits.")
    if limits:
        _add(book, stated, column, RuleKind.LENGTH, limits, severity=severity)


def _add_format(book: RuleBook, shape: Place, column: str, *, severity: Severity) -> None:
    regex = FORMATS.get(shape.value) if isinstance(shape.value, str) else None
    if regex is None:
        raise shape.refuse(
            "the format is not supported.",
            remedy=f"Use one of {', '.join(FORMATS)}, or state a `pattern`.",
        )
    book.add(
        shape,
        f"{column}.format",
        RuleKind.PATTERN,
        (column,),
        severity=severity,
        arguments={"regex": regex, "format": shape.value},
    )


def add_enum(
    book: RuleBook, enum: Place, column: str, kind: ColumnType, *, severity: Severity
) -> None:
    """Add the rule of a column's `enum`."""
    if enum.value is None:
        return
    values = [fit_value(item.at("value"), kind) for item in enum.items()]
    if not values:
        raise enum.refuse("it allows no value.", remedy="List at least one.")
    _add(book, enum, column, RuleKind.SET, {"values": values}, severity=severity)


def read_values(place: Place, kind: ColumnType) -> list[JsonValue]:
    """Read a list of constants of a column's type; a null in it is left out.

    Raises:
        ConfigError: when it is no list, is empty, too long, or holds a value of another type.
    """
    values = [fit_value(item, kind) for item in place.items() if item.value is not None]
    if not isinstance(place.value, list) or not 0 < len(values) <= MAX_VALUES:
        raise place.refuse(
            f"it is not a list of 1 to {MAX_VALUES:,} values.",
            remedy="Write `[a, b]`; a longer list is a table of its own to refer to.",
        )
    return values


def fit_value(place: Place, kind: ColumnType) -> JsonValue:
    """Return a constant as a rule keeps it.

    Raises:
        ConfigError: when it is no value of the type.
    """
    value = fits(place.value, kind.duckdb)
    if value is None:
        quotes = " Put text in quotes." if kind.family is Family.TEXT else ""
        raise place.refuse(f"it is no {kind.duckdb}.", remedy=f"Correct the value.{quotes}")
    return value
