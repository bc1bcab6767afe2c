"""Rule counts, split and profile agree with a plain reading of the rules, row by row."""

from __future__ import annotations

import math
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.checks import ScanInput, scan, split
from penstock.contracts import Rule, RuleKind
from penstock.model import Severity

if TYPE_CHECKING:
    from tests.checks.conftest import Shop

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TYPES = {"t": "VARCHAR", "i": "BIGINT", "f": "DOUBLE", "d": "DECIMAL(12,2)", "b": "BOOLEAN"}
WORDS = ["", " ", "a", "A", "ä", "a\u0308", "日本", "N/A", "null", "x'y", 'x"y', "\\", "😀", "a\nb"]

cells = {
    "t": st.none() | st.sampled_from(WORDS) | st.text(max_size=4),
    "i": st.none() | st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1]),
    "f": st.none() | st.sampled_from([0.0, -0.0, 0.1, 1.0, math.nan, math.inf, -math.inf, 1e308]),
    "d": st.none() | st.integers(-300, 300).map(lambda n: Decimal(n).scaleb(-2)),
    "b": st.none() | st.booleans(),
}
finite = {**cells, "f": st.none() | st.sampled_from([0.0, -0.0, 0.1, 1.0, math.nan])}
tables = st.lists(st.fixed_dictionaries(cells), max_size=16) | st.lists(
    st.fixed_dictionaries(finite), max_size=16
)
casts = st.lists(
    st.tuples(st.fixed_dictionaries(cells), st.sets(st.sampled_from([*TYPES]), min_size=1)),
    max_size=4,
)

OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
}


def rules_of(shop: Shop) -> list[Rule]:
    low = {"severity": Severity.LOW}
    return [
        *(shop.rule(f"{name}.type", RuleKind.TYPE, name, type=TYPES[name]) for name in TYPES),
        *(shop.rule(f"{name}.required", RuleKind.REQUIRED, name, **low) for name in TYPES),
        shop.rule("f.there", RuleKind.REQUIRED, "f"),
        shop.rule("t.missing", RuleKind.MISSING, "t", values=["N/A", "", "null"], nulls=True),
        shop.rule("i.range", RuleKind.RANGE, "i", minimum=-2, exclusive_maximum=3),
        shop.rule("f.range", RuleKind.RANGE, "f", exclusive_minimum=0, maximum=0.1),
        shop.rule("d.range", RuleKind.RANGE, "d", minimum="-1.25", maximum=2.5),
        shop.rule("t.set", RuleKind.SET, "t", values=["a", "x'y", 'x"y', "\\", "😀"], **low),
        shop.rule("f.set", RuleKind.SET, "f", values=[0, 1], **low),
        shop.rule("b.set", RuleKind.SET, "b", values=[True]),
        shop.rule("t.pattern", RuleKind.PATTERN, "t", regex="^[a-zä]"),
        shop.rule("t.length", RuleKind.LENGTH, "t", minimum=1, maximum=2),
        *(shop.rule(f"{name}.unique", RuleKind.UNIQUE, name, **low) for name in TYPES),
        shop.rule("key", RuleKind.UNIQUE, "t", "f"),
        shop.rule("t.reference", RuleKind.REFERENCE, "t", table="words", column="w"),
        shop.rule("i.le.f", RuleKind.COMPARE, "i", "f", op="le"),
        shop.rule("d.eq.d", RuleKind.COMPARE, "d", "d", op="eq"),
        shop.rule("i.gt.d", RuleKind.COMPARE, "i", "d", op="gt"),
    ]


def is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def fails(rule: Rule, row: dict[str, Any], groups: Counter[Any], words: set[str]) -> bool:  # noqa: C901, PLR0911 - one per kind
    values = [row[name] for name in rule.columns]
    value: Any = values[0]
    arguments: dict[str, Any] = {**rule.arguments}
    if rule.kind is RuleKind.REQUIRED:
        return is_missing(value)
    if rule.kind is RuleKind.MISSING:
        return is_missing(value) or value in arguments["values"]
    if any(map(is_missing, values)):
        return False
    match rule.kind:
        case RuleKind.RANGE:
            number = Decimal(str(value))
            limits = {key: Decimal(str(limit)) for key, limit in arguments.items()}
            return (
                ("minimum" in limits and number < limits["minimum"])
                or ("exclusive_minimum" in limits and number <= limits["exclusive_minimum"])
                or ("maximum" in limits and number > limits["maximum"])
                or ("exclusive_maximum" in limits and number >= limits["exclusive_maximum"])
            )
        case RuleKind.SET:
            return value not in arguments["values"]
        case RuleKind.PATTERN:
            return re.search(str(arguments["regex"]), value) is None
        case RuleKind.LENGTH:
            return not 1 <= len(value) <= 2
        case RuleKind.UNIQUE:
            return groups[tuple(values)] > 1
        case RuleKind.REFERENCE:
            return value not in words
        case RuleKind.COMPARE:
            mixed = len({type(v) for v in values}) > 1
            pair = [float(v) for v in values] if mixed else values
            return not OPERATORS[str(arguments["op"])](pair[0], pair[-1])
        case _:
            return False


def oracle(
    rules: list[Rule], rows: list[dict[str, Any]], others: list[dict[str, Any]], words: set[str]
) -> list[set[str]]:
    """Return the rules that each row fails; groups are over the rows and the others."""
    found: list[set[str]] = [set() for _ in rows]
    for rule in rules:
        groups: Counter[Any] = Counter(
            tuple(row[name] for name in rule.columns) for row in [*rows, *others]
        )
        for index, row in enumerate(rows):
            if fails(rule, row, groups, words):
                found[index].add(rule.id)
    return found


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rows=tables, unread=casts, words=st.sets(st.sampled_from(WORDS)))
def test_counts_and_split_agree_with_a_plain_reading(
    shop: Shop,
    rows: list[dict[str, Any]],
    unread: list[tuple[dict[str, Any], set[str]]],
    words: set[str],
) -> None:
    rules = rules_of(shop)
    contract = shop.contract(TYPES, *rules)
    miscast = [
        {name: None if name in names else value for name, value in row.items()}
        for row, names in unread
    ]
    data = ScanInput(
        typed=shop.table(TYPES, rows),
        miscast=shop.table(
            TYPES,
            miscast,
            first_record=len(rows) + 1,
            casts=[
                [{"column": c, "value": "?", "reason": "no"} for c in sorted(names)]
                for _, names in unread
            ],
        ),
        references={"words": shop.table({"w": "VARCHAR"}, [{"w": word} for word in words])},
    )
    severities = {rule.id: rule.severity for rule in rules}

    results, profile = scan(data, contract, now=NOW)
    with tempfile.TemporaryDirectory(dir=shop.folder) as out:
        halves = split(data, contract, results, out=Path(out))
        clean = None if halves.clean is None else pq.read_table(halves.clean).to_pylist()
        failed = [] if halves.failed is None else pq.read_table(halves.failed).to_pylist()

    expected = oracle(rules, rows, [], words)
    counts = Counter(name for row in expected for name in row)
    counts.update(f"{name}.type" for _, names in unread for name in names)
    assert {r.rule: r.rows_failed for r in results} == {r.id: counts[r.id] for r in rules}

    reasons = {
        record: names
        for record, names in enumerate(expected, start=1)
        if any(severities[name] is not Severity.LOW for name in names)
    }
    for record, (names, (_, columns)) in enumerate(
        zip(oracle(rules, miscast, rows, words), unread, strict=True), start=len(rows) + 1
    ):
        forgiven = {f"{c}.required" for c in columns} | ({"f.there"} if "f" in columns else set())
        forgiven |= {"t.missing"} if "t" in columns else set()
        reasons[record] = (names - forgiven) | {f"{c}.type" for c in columns}
    found = {r["_penstock_record"]: {x["rule"] for x in r["_penstock_reasons"]} for r in failed}
    assert found == reasons
    assert list(found) == sorted(found)
    good = [n for n in range(1, len(rows) + 1) if n not in reasons]
    if clean is not None:
        assert [row["_penstock_record"] for row in clean] == good
    else:
        assert len(good) == len(rows)
    assert halves.rows_clean == len(good)
    assert halves.rows_failed == len(rows) - len(good)

    for column in profile.columns:
        values = [row[column.name] for row in rows]
        assert column.missing == sum(map(is_missing, values))
        if column.frequencies is not None:
            there = Counter(str(v).lower() if isinstance(v, bool) else v
                            for v in values if v is not None)  # fmt: skip
            assert {f.value: f.rows for f in column.frequencies} == there
