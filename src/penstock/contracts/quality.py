"""The `quality` entries of a contract, compiled to rules or refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from penstock.contracts.contract import RuleKind
from penstock.contracts.options import read_values
from penstock.contracts.pattern import check_regex
from penstock.contracts.rulebook import RuleBook, severity_of
from penstock.contracts.types import ColumnType, fits
from penstock.documents import Place
from penstock.model import Severity

__all__ = ["add_quality"]

OPERATORS = {
    "mustBe": "eq",
    "mustNotBe": "ne",
    "mustBeGreaterThan": "gt",
    "mustBeGreaterOrEqualTo": "ge",
    "mustBeLessThan": "lt",
    "mustBeLessOrEqualTo": "le",
    "mustBeBetween": "between",
    "mustNotBeBetween": "not_between",
}
METRICS = ("rowCount", "nullValues", "missingValues", "invalidValues", "duplicateValues")
UNITS = {None: "rows", "rows": "rows", "percent": "percent", "%": "percent"}
FULL_PERCENT = 100
NAME_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One quality entry on its way to a rule."""

    place: Place
    column: str | None
    types: Mapping[str, ColumnType]
    severity: Severity | None

    def named(self, metric: str) -> str:
        """Return the id of its rule: its own id or name where it has one, else its metric's."""
        own = self.place.at("id").text() or self.place.at("name").text()
        if own is None and metric == RuleKind.TEXT:
            own = self.place.at("description").text()
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", metric) if own is None else own
        slug = re.sub(r"[^\w]+", "_", words[:NAME_CHARACTERS]).strip("_").lower() or metric
        return slug if self.column is None else f"{self.column}.{slug}"

    def add(
        self,
        book: RuleBook,
        kind: RuleKind,
        columns: tuple[str, ...],
        arguments: dict[str, JsonValue],
        *,
        default: Severity = Severity.MEDIUM,
    ) -> None:
        """Add the rule that the entry became."""
        metric = self.place.at("metric").text() or kind
        if "tolerance" in arguments:
            default = Severity.HIGH
        book.add(
            self.place,
            self.named(metric),
            kind,
            columns,
            severity=severity_of(self.place.at("severity"), default=self.severity or default),
            arguments=arguments,
            description=self.place.at("description").text(),
        )


def add_quality(
    book: RuleBook,
    entries: Place,
    *,
    column: str | None,
    types: Mapping[str, ColumnType],
    severity: Severity | None,
) -> None:
    """Add the rules of a `quality` list of a column, or of the table where column is None.

    Raises:
        ConfigError: for an entry that cannot be run; none is skipped.
    """
    for place in entries.items():
        check = Check(place=place, column=column, types=types, severity=severity)
        kind = place.at("type").value or "library"
        if kind == "text":
            _add_text(book, check)
        elif kind == "library":
            _add_library(book, check)
        else:
            raise place.at("type").refuse(
                "checks of this type are not run here.",
                remedy="Use type `library`, or `text` for what a person has to look at.",
            )


def _add_text(book: RuleBook, check: Check) -> None:
    for key in ("metric", "rule", "query", "implementation", *OPERATORS):
        if check.place.at(key).value is not None:
            raise check.place.at(key).refuse(
                "a check of type `text` is prose.", remedy="Use type `library`."
            )
    text = check.place.at("description").text()
    if text is None:
        raise check.place.refuse("the promise has no words.", remedy="Add a `description`.")
    columns = () if check.column is None else (check.column,)
    # NOTE: low, since it is unknown in every batch: what always holds a batch is soon not read.
    check.add(book, RuleKind.TEXT, columns, {"text": text}, default=Severity.LOW)


def _add_library(book: RuleBook, check: Check) -> None:
    place = check.place
    for key in ("query", "implementation", "engine"):
        if place.at(key).value is not None:
            raise place.at(key).refuse("a library metric has no such key.", remedy="Remove it.")
    if place.at("rule").value is not None:
        raise place.at("rule").refuse(
            "`rule` was replaced in ODCS 3.1.", remedy=f"Use `metric`: {', '.join(METRICS)}."
        )
    metric = place.at("metric")
    match metric.value:
        case "rowCount":
            _add_row_count(book, check)
        case "nullValues":
            place.at("arguments").refuse_other_keys((), where="nullValues")
            column = _one_column(check, metric)
            check.add(book, RuleKind.REQUIRED, (column,), _tolerance(check))
        case "missingValues":
            _add_missing(book, check, _one_column(check, metric))
        case "invalidValues":
            _add_invalid(book, check, _one_column(check, metric))
        case "duplicateValues":
            _add_duplicates(book, check)
        case _:
            raise metric.refuse("the metric is not known.", remedy=f"Use {', '.join(METRICS)}.")


def _one_column(check: Check, metric: Place) -> str:
    if check.column is None:
        raise metric.refuse(
            "the metric is about a column.", remedy="State it in the `quality` of that column."
        )
    return check.column


def _threshold(check: Check) -> tuple[Place, str, list[int | float], str]:
    """Return the one operator of an entry, its numbers, and its unit."""
    stated = [key for key in OPERATORS if check.place.at(key).value is not None]
    if len(stated) != 1:
        raise check.place.refuse(
            f"it has {len(stated)} thresholds ({', '.join(stated) or 'none'}).",
            remedy=f"State one of {', '.join(OPERATORS)}.",
        )
    place = check.place.at(stated[0])
    values = place.value if isinstance(place.value, list) else [place.value]
    if not all(isinstance(v, int | float) and not isinstance(v, bool) and v >= 0 for v in values):
        raise place.refuse("a threshold is a number from 0.", remedy="Correct it.")
    is_pair = "Between" in stated[0]
    if len(values) != 1 + is_pair or (is_pair and not values[0] < values[1]):
        what = "two numbers, the smaller one first" if is_pair else "one number"
        raise place.refuse(f"it is not {what}.", remedy="Correct it.")
    unit = check.place.at("unit")
    if unit.value not in UNITS:
        raise unit.refuse("the unit is not known.", remedy="Use `rows` or `percent`.")
    is_share = UNITS[unit.value] == "percent"
    if is_share and max(values) > FULL_PERCENT:
        raise place.refuse("it is more than 100 percent.", remedy="Correct it.")
    if not is_share and any(value != int(value) for value in values):
        raise place.refuse("rows are whole numbers.", remedy="Correct it, or use unit `percent`.")
    return place, OPERATORS[stated[0]], values, UNITS[unit.value]


def _tolerance(check: Check) -> dict[str, JsonValue]:
    """Return the tolerance of an entry, or nothing where no row at all may fail.

    Without one the rule is about rows, and the failing ones can be told apart.
    """
    place, op, values, unit = _threshold(check)
    if (op in {"eq", "le"} and values[0] == 0) or ((op, unit) == ("lt", "rows") and values[0] == 1):
        return {}
    if (op, values[0]) in {("lt", 0), ("ge", 0)}:
        raise place.refuse("a count is 0 or more: it always holds, or never.", remedy="Correct it.")
    return {"tolerance": {"op": op, "values": [*values], "unit": unit}}


def _add_row_count(book: RuleBook, check: Check) -> None:
    check.place.at("arguments").refuse_other_keys((), where="rowCount")
    if check.column is not None:
        raise check.place.at("metric").refuse(
            "rows are counted for the table.", remedy="State it in the `quality` of the table."
        )
    place, op, values, unit = _threshold(check)
    if unit != "rows":
        raise check.place.at("unit").refuse("rows are counted in rows.", remedy="Remove it.")
    counts = [int(value) for value in values]
    limits: dict[str, JsonValue]
    match op:
        case "eq":
            limits = {"minimum": counts[0], "maximum": counts[0]}
        case "ne" if counts[0] == 0:
            limits = {"minimum": 1}
        case "gt":
            limits = {"minimum": counts[0] + 1}
        case "ge":
            limits = {"minimum": counts[0]}
        case "lt" if counts[0] > 0:
            limits = {"maximum": counts[0] - 1}
        case "le":
            limits = {"maximum": counts[0]}
        case "between":
            limits = {"minimum": counts[0], "maximum": counts[1]}
        case _:
            raise place.refuse(
                "this threshold is not supported for rowCount.",
                remedy="Use mustBe, mustBeGreaterThan, mustBeLessThan or mustBeBetween.",
            )
    check.add(book, RuleKind.ROW_COUNT, (), limits, default=Severity.HIGH)


def _add_missing(book: RuleBook, check: Check, column: str) -> None:
    arguments = check.place.at("arguments")
    arguments.refuse_other_keys({"missingValues"}, where="missingValues")
    words = arguments.at("missingValues")
    nulls = isinstance(words.value, list) and None in words.value
    if nulls and all(value is None for value in words.value):
        check.add(book, RuleKind.REQUIRED, (column,), _tolerance(check))
        return
    kind = check.types[column]
    if isinstance(words.value, list):  # in a column of numbers a word can not occur
        known = [value for value in words.value if fits(value, kind.duckdb) is not None]
        if nulls and not known:
            check.add(book, RuleKind.REQUIRED, (column,), _tolerance(check))
            return
    values = read_values(words, kind)
    found: dict[str, JsonValue] = {"values": values, "nulls": nulls, **_tolerance(check)}
    check.add(book, RuleKind.MISSING, (column,), found)


def _add_invalid(book: RuleBook, check: Check, column: str) -> None:
    arguments = check.place.at("arguments")
    arguments.refuse_other_keys({"validValues", "pattern"}, where="invalidValues")
    values, pattern = arguments.at("validValues"), arguments.at("pattern")
    if (values.value is None) == (pattern.value is None):
        raise arguments.refuse(
            "it states neither or both of `validValues` and `pattern`.",
            remedy="State one; make two checks of two.",
        )
    if values.value is not None:
        kind, found = RuleKind.SET, {"values": read_values(values, check.types[column])}
        check.add(book, kind, (column,), {**found, **_tolerance(check)})
        return
    if check.types[column].duckdb != "VARCHAR":
        raise pattern.refuse("only text has a pattern.", remedy="Use limits, or type string.")
    check.add(
        book, RuleKind.PATTERN, (column,), {"regex": check_regex(pattern), **_tolerance(check)}
    )


def _add_duplicates(book: RuleBook, check: Check) -> None:
    arguments = check.place.at("arguments")
    if check.column is not None:
        arguments.refuse_other_keys((), where="duplicateValues of a column")
        check.add(book, RuleKind.UNIQUE, (check.column,), _tolerance(check))
        return
    arguments.refuse_other_keys({"properties"}, where="duplicateValues")
    names = arguments.at("properties")
    for name in names.items():
        if name.value not in check.types:
            raise name.refuse("the table has no such column.", remedy="Name a column.")
    columns = tuple(name.value for name in names.items())
    if not columns or len(set(columns)) != len(columns):
        raise names.refuse(
            "it does not list columns, each once.", remedy="Write `properties: [a, b]`."
        )
    check.add(book, RuleKind.UNIQUE, columns, _tolerance(check))
