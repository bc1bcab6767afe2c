"""Numbers and rules in the words of a steward."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from penstock.contracts import Rule, RuleKind

__all__ = ["expected_of", "named", "quoted", "share_of", "some_rows", "span"]

SYMBOLS = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
BOUNDS = {
    "eq": "exactly {0}",
    "ne": "any number but {0}",
    "lt": "fewer than {0}",
    "le": "at most {0}",
    "gt": "more than {0}",
    "ge": "at least {0}",
    "between": "{0} to {1}",
    "not_between": "fewer than {0} or more than {1}",
}
FAULTS = {
    RuleKind.TYPE: "unreadable",
    RuleKind.REQUIRED: "missing",
    RuleKind.MISSING: "missing",
    RuleKind.UNIQUE: "repeated",
    RuleKind.SET: "outside the list",
    RuleKind.PATTERN: "of another form",
    RuleKind.REFERENCE: "without a match",
}
SHOWN_VALUES = 5
SHOWN_CHARACTERS = 60
ALL_BUT_FEW, FEW = 99.9, 0.1
DAY, HOUR, MINUTE = 86400, 3600, 60


def quoted(names: Sequence[str]) -> str:
    """Return column names as code, as in "`a`, `b`"."""
    return ", ".join(f"`{name}`" for name in names)


def named(value: JsonValue) -> str:
    """Return a constant of a contract: numbers with thousands, text in quotes."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:,}"
        case str():
            cut = value if len(value) <= SHOWN_CHARACTERS else f"{value[:SHOWN_CHARACTERS]}…"
            return f"'{cut}'"
        case _:
            return str(value)


def share_of(part: int, whole: int) -> str:
    """Return a share in percent; a few are never rounded to none, nor nearly all to all."""
    percent = 100 * part / whole if whole else 0.0
    if 0 < percent < FEW:
        return f"{percent:.2g} %" if percent >= FEW / 100 else "under 0.001 %"
    if ALL_BUT_FEW < percent < 100:  # noqa: PLR2004 - a whole in percent
        return "over 99.9 %"
    return f"{percent:.1f} %".replace(".0 ", " ")


def some_rows(failures: Sequence[tuple[str, int]], rows: int) -> str:
    """Say how many rows have which faults, as in "3 of 20 rows (15 %) are below 0"."""
    found = [(words, count) for words, count in failures if count]
    if not found:
        return f"none of {rows:,} rows is {' or '.join(words for words, _ in failures)}"
    first, count = found[0]
    verb = "is" if count == 1 else "are"
    text = f"{count:,} of {rows:,} rows ({share_of(count, rows)}) {verb} {first}"
    return text + "".join(
        f", and {count:,} ({share_of(count, rows)}) {words}" for words, count in found[1:]
    )


def span(seconds: float) -> str:
    """Return a duration in its largest fitting unit, as in "26 hours"."""
    for unit, name in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds >= 2 * unit or seconds == unit:
            text = f"{seconds / unit:,.1f}".removesuffix(".0")
            return f"{text} {name}{'' if text == '1' else 's'}"
    return f"{seconds:,.0f} seconds"


def expected_of(rule: Rule) -> str:  # noqa: C901, PLR0911, PLR0912 - one sentence per kind
    """Say what a rule asks for, to stand alone or behind "the contract asks for"."""
    if "tolerance" in rule.arguments:
        return _tolerated(rule)
    arguments = rule.arguments
    match rule.kind:
        case RuleKind.TYPE:
            return f"values of type {arguments['type']}"
        case RuleKind.REQUIRED:
            return "a value in every row"
        case RuleKind.UNIQUE:
            return "no value twice" if len(rule.columns) == 1 else "no combination twice"
        case RuleKind.MISSING:
            return f"no row with {_choice(arguments['values'])}" + (
                " or without a value" if arguments["nulls"] else ""
            )
        case RuleKind.RANGE:
            return _range(rule, "")
        case RuleKind.LENGTH:
            return _range(rule, " characters")
        case RuleKind.ROW_COUNT:
            return _range(rule, " rows")
        case RuleKind.SET:
            return _choice(arguments["values"])
        case RuleKind.PATTERN:
            if "format" in arguments:
                return f"text in the form of {arguments['format']}"
            return f"text that matches {arguments['regex']}"
        case RuleKind.FRESHNESS:
            return f"a newest value at most {span(float(str(arguments['within_s'])))} old"
        case RuleKind.COMPARE:
            left, right = rule.columns
            return f"`{left}` {SYMBOLS[str(arguments['op'])]} `{right}`"
        case RuleKind.REFERENCE:
            return f"values of `{arguments['column']}` in `{arguments['table']}`"
        case RuleKind.TEXT:
            return str(arguments["text"])


def _tolerated(rule: Rule) -> str:
    tolerance = rule.arguments["tolerance"]
    if not isinstance(tolerance, dict) or not isinstance(tolerance["values"], list):
        raise TypeError(rule.id)
    unit = "%" if tolerance["unit"] == "percent" else "rows"
    numbers = [f"{number:,}" for number in tolerance["values"] if isinstance(number, int | float)]
    bound = BOUNDS[str(tolerance["op"])].format(*numbers)
    if unit == "%":
        bound = bound.replace("fewer", "less")
    fault = FAULTS.get(rule.kind, "failing")
    if rule.kind is RuleKind.SET:
        fault = f"other than {_choice(rule.arguments['values'])}"
    return f"{bound} {unit if unit == 'rows' else '% of rows'} {fault}"


def _range(rule: Rule, unit: str) -> str:
    limits = rule.arguments
    low, high = limits.get("minimum"), limits.get("maximum")
    if low is not None and low == high:
        return f"exactly {_limit(low)}{unit}"
    if low is not None and high is not None:
        return f"{_limit(low)} to {_limit(high)}{unit}"
    texts = [
        f"{words} {_limit(limits[key])}"
        for key, words in (
            ("minimum", "at least"),
            ("exclusive_minimum", "more than"),
            ("maximum", "at most"),
            ("exclusive_maximum", "less than"),
        )
        if key in limits
    ]
    return " and ".join(texts) + unit


def _limit(value: JsonValue) -> str:
    return value if isinstance(value, str) else named(value)


def _choice(values: JsonValue) -> str:
    if not isinstance(values, list):
        raise TypeError(values)
    shown = [named(value) for value in values[:SHOWN_VALUES]]
    more = len(values) - len(shown)
    if more:
        return f"{', '.join(shown)} or {more:,} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
