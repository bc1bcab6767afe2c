from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from penstock.checks import ScanInput, scan
from penstock.contracts import Rule, RuleKind
from penstock.model import Outcome, RuleResult

if TYPE_CHECKING:
    from tests.checks.conftest import Shop

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def check(shop: Shop, type_: str, cells: list[Any], kind: RuleKind, **arguments: Any) -> RuleResult:
    """Hold one column against one rule."""
    types = {"a": type_}
    rule = shop.rule("a.rule", kind, "a", **arguments)
    path = shop.table(types, [{"a": cell} for cell in cells])
    ((result,), _) = scan(ScanInput(typed=path), shop.contract(types, rule), now=NOW)
    return result


NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("column", "rule", "failed"),
    [
        (("BIGINT", [1, None]), (RuleKind.REQUIRED, {}), 1),
        (("DOUBLE", [1.0, None, NAN, INF]), (RuleKind.REQUIRED, {}), 2),
        (("VARCHAR", ["", None]), (RuleKind.REQUIRED, {}), 1),
        (
            ("VARCHAR", ["", "N/A", None, "x"]),
            (RuleKind.MISSING, {"values": ["", "N/A"], "nulls": True}),
            3,
        ),
        (("VARCHAR", ["N/A", None]), (RuleKind.MISSING, {"values": ["N/A"], "nulls": False}), 1),
        (("BIGINT", [-1, 0, 5, 10, 11, None]), (RuleKind.RANGE, {"minimum": 0, "maximum": 10}), 2),
        (("BIGINT", [-(2**63), 2**63 - 1]), (RuleKind.RANGE, {"minimum": 0}), 1),
        (
            ("DOUBLE", [0.1, NAN, INF, -INF, None]),
            (RuleKind.RANGE, {"exclusive_minimum": 0, "maximum": 1}),
            2,
        ),
        (("DOUBLE", [0.1]), (RuleKind.RANGE, {"minimum": 0.1, "maximum": 0.1}), 0),
        (("FLOAT", [0.1]), (RuleKind.RANGE, {"minimum": 0.1, "maximum": 0.1}), 0),
        (
            ("DECIMAL(12,2)", [Decimal("0.10"), Decimal("0.11")]),
            (RuleKind.RANGE, {"maximum": "0.1"}),
            1,
        ),
        (
            ("DECIMAL(38,2)", [Decimal("9e35"), Decimal("-9e35")]),
            (RuleKind.RANGE, {"minimum": 0}),
            1,
        ),
        (
            ("DATE", [date(2020, 1, 1), date(2019, 12, 31)]),
            (RuleKind.RANGE, {"minimum": "2020-01-01"}),
            1,
        ),
        (
            ("TIMESTAMP", [datetime.fromisoformat("2020-01-01")]),
            (RuleKind.RANGE, {"exclusive_maximum": "2020-01-01T00:00:00"}),
            1,
        ),
        (
            ("TIMESTAMP WITH TIME ZONE", [NOW]),
            (RuleKind.RANGE, {"maximum": "2026-11-20T23:00:00+00:00"}),
            1,
        ),
        (("VARCHAR", ["DE", "de", "", None]), (RuleKind.SET, {"values": ["DE", "it's"]}), 2),
        (("BOOLEAN", [True, False, None]), (RuleKind.SET, {"values": [True]}), 1),
        (("DOUBLE", [1.0, NAN, 2.0]), (RuleKind.SET, {"values": [1]}), 1),
        (
            ("VARCHAR", ["ab1", "xab1y", "AB", "", None, "a\nb1"]),
            (RuleKind.PATTERN, {"regex": r"ab\d"}),
            3,
        ),
        (("VARCHAR", ["ä", "a"]), (RuleKind.PATTERN, {"regex": "^ä$"}), 1),
        (
            ("VARCHAR", ["", "é", "日本語", "abcd", None]),
            (RuleKind.LENGTH, {"minimum": 1, "maximum": 3}),
            2,
        ),
        (("VARCHAR", ["a", "a", "b", None, None, "A"]), (RuleKind.UNIQUE, {}), 2),
        (("DOUBLE", [1.0, 1.0, NAN, NAN, None, 0.0, -0.0]), (RuleKind.UNIQUE, {}), 4),
    ],
)
def test_rules_count_the_rows_that_fail(
    shop: Shop, column: tuple[str, list[Any]], rule: tuple[RuleKind, dict[str, Any]], failed: int
) -> None:
    (type_, values), (kind, arguments) = column, rule

    result = check(shop, type_, values, kind, **arguments)

    assert result.rows_failed == failed
    assert result.outcome is (Outcome.FAILED if failed else Outcome.PASSED)
    assert result.rows_checked == len(values)


def test_nan_is_seen_where_the_statistics_of_the_file_hide_it(shop: Shop) -> None:
    values = [1.0, NAN, 2.0]  # pyarrow writes: the least is 1, the greatest is 2

    required = check(shop, "DOUBLE", values, RuleKind.REQUIRED)
    allowed = check(shop, "DOUBLE", values, RuleKind.SET, values=[1, 2])

    assert required.rows_failed == 1
    assert allowed.rows_failed == 0


def test_a_combination_is_unique_where_all_its_parts_are_there(shop: Shop) -> None:
    types = {"a": "BIGINT", "b": "VARCHAR"}
    rows = [(1, "x"), (1, "x"), (1, "y"), (2, "x"), (2, None), (2, None), (1, "x")]
    rule = shop.rule("key", RuleKind.UNIQUE, "a", "b")
    path = shop.table(types, [{"a": a, "b": b} for a, b in rows])

    ((result,), _) = scan(ScanInput(typed=path), shop.contract(types, rule), now=NOW)

    assert result.rows_failed == 3


@pytest.mark.parametrize(
    ("types", "rows", "op", "failed"),
    [
        (("BIGINT", "BIGINT"), [(1, 2), (2, 2), (3, 2), (None, 1), (1, None)], "le", 1),
        (("BIGINT", "DOUBLE"), [(1, 0.5), (1, NAN), (1, INF)], "lt", 1),
        (("BIGINT", "DECIMAL(38,2)"), [(2**63 - 1, Decimal("1.00"))], "lt", 1),
        (("VARCHAR", "VARCHAR"), [("a", "a"), ("a", "A")], "eq", 1),
        (("VARCHAR", "VARCHAR"), [("a", "a"), ("a", "A")], "ne", 1),
        (
            ("DATE", "TIMESTAMP"),
            [(date(2020, 1, 2), datetime.fromisoformat("2020-01-02T01:00"))],
            "ge",
            1,
        ),
        (("DOUBLE", "DOUBLE"), [(NAN, 1.0), (2.0, 1.0)], "gt", 0),
    ],
)
def test_two_columns_are_compared_where_both_are_there(
    shop: Shop, types: tuple[str, str], rows: list[tuple[Any, Any]], op: str, failed: int
) -> None:
    both = dict(zip(("a", "b"), types, strict=True))
    rule = shop.rule("a.b", RuleKind.COMPARE, "a", "b", op=op)
    path = shop.table(both, [{"a": a, "b": b} for a, b in rows])

    ((result,), _) = scan(ScanInput(typed=path), shop.contract(both, rule), now=NOW)

    assert result.rows_failed == failed


def refer(shop: Shop, path: Path | None, type_: str = "VARCHAR") -> RuleResult:
    types = {"a": type_}
    rule = shop.rule("a.reference", RuleKind.REFERENCE, "a", table="countries", column="code")
    values: list[Any] = ["DE", "XX", None, "XX"] if type_ == "VARCHAR" else [1]
    data = ScanInput(
        typed=shop.table(types, [{"a": value} for value in values]),
        references={} if path is None else {"countries": path},
    )
    ((result,), _) = scan(data, shop.contract(types, rule), now=NOW)
    return result


def test_references_count_rows_without_a_match(shop: Shop) -> None:
    countries = shop.table({"code": "VARCHAR"}, [{"code": "DE"}, {"code": None}, {"code": "DE"}])

    result = refer(shop, countries)

    assert result.rows_failed == 2
    assert result.observed == "2 of 4 rows (50 %) are without a match in `countries`"


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        (None, "`countries` is not published"),
        ({"iso": "VARCHAR"}, "has no column `code`"),
        ({"code": "BIGINT"}, "is BIGINT, and `a` is VARCHAR"),
    ],
)
def test_references_that_cannot_be_followed_are_unknown(
    shop: Shop, columns: dict[str, str] | None, reason: str
) -> None:
    result = refer(shop, None if columns is None else shop.table(columns, []))

    assert result.outcome is Outcome.UNKNOWN
    assert reason in str(result.reason)


def test_rules_on_a_missing_column_are_unknown(shop: Shop) -> None:
    types = {"a": "BIGINT", "b": "BIGINT"}
    rules: list[Rule] = [
        shop.rule("a.type", RuleKind.TYPE, "a", type="BIGINT"),
        shop.rule("b.type", RuleKind.TYPE, "b", type="BIGINT"),
        shop.rule("b.required", RuleKind.REQUIRED, "b"),
        shop.rule("a.b", RuleKind.COMPARE, "a", "b", op="lt"),
    ]
    data = ScanInput(typed=shop.table(types, [{"a": 1}]), missing_columns=("b",))

    results, profile = scan(data, shop.contract(types, *rules), now=NOW)

    assert [r.outcome for r in results] == [Outcome.PASSED, *[Outcome.UNKNOWN] * 3]
    assert {r.reason for r in results[1:]} == {"the column `b` is missing"}
    assert [c.name for c in profile.columns] == ["a"]


def test_failed_casts_are_counted_by_column(shop: Shop) -> None:
    types = {"a": "BIGINT", "b": "BIGINT"}
    rules = [shop.rule(f"{c}.type", RuleKind.TYPE, c, type="BIGINT") for c in types]
    miscast = shop.table(
        types,
        [{}, {"b": 1}],
        casts=[
            [{"column": c, "value": "x", "reason": "no"} for c in ("a", "b")],
            [{"column": "a", "value": "y", "reason": "no"}],
        ],
    )
    data = ScanInput(typed=shop.table(types, [{"a": 1, "b": 1}]), miscast=miscast)

    results, profile = scan(data, shop.contract(types, *rules), now=NOW)

    assert [(r.rows_checked, r.rows_failed) for r in results] == [(3, 2), (3, 1)]
    assert results[0].observed == "2 of 3 rows (66.7 %) are unreadable as BIGINT"
    assert profile.rows == 1


@pytest.mark.parametrize(
    ("limits", "outcome"),
    [
        ({"minimum": 3}, Outcome.PASSED),
        ({"minimum": 4}, Outcome.FAILED),
        ({"maximum": 2}, Outcome.FAILED),
    ],
)
def test_the_number_of_rows_has_limits(
    shop: Shop, limits: dict[str, int], outcome: Outcome
) -> None:
    result = check(shop, "BIGINT", [1, 2, None], RuleKind.ROW_COUNT, **limits)

    assert (result.outcome, result.rows_failed) == (outcome, 0)
    assert result.observed == "3 rows"


@pytest.mark.parametrize(
    ("ages", "outcome", "observed"),
    [
        ([30, 2], Outcome.PASSED, "the newest value is 2 hours old"),
        ([30, 49], Outcome.FAILED, "the newest value is 30 hours old"),
        ([30, -1000], Outcome.FAILED, "the newest value is 30 hours old"),
        ([-1000], Outcome.FAILED, "every value is in the future"),
        ([None], Outcome.UNKNOWN, "not checked"),
        ([], Outcome.UNKNOWN, "not checked"),
    ],
)
@pytest.mark.parametrize("type_", ["TIMESTAMP", "TIMESTAMP WITH TIME ZONE"])
def test_the_newest_value_of_the_past_must_be_fresh(
    shop: Shop, type_: str, ages: list[int | None], outcome: Outcome, observed: str
) -> None:
    zone = UTC if "ZONE" in type_ else None
    values = [
        None if age is None else (NOW - timedelta(hours=age)).replace(tzinfo=zone) for age in ages
    ]

    result = check(shop, type_, values, RuleKind.FRESHNESS, within_s=86400)

    assert (result.outcome, result.observed) == (outcome, observed)


@pytest.mark.parametrize(
    ("op", "numbers", "unit", "outcome"),
    [
        ("lt", [2], "rows", Outcome.FAILED),
        ("le", [2], "rows", Outcome.PASSED),
        ("lt", [50], "percent", Outcome.FAILED),
        ("le", [50], "percent", Outcome.PASSED),
        ("between", [1, 2], "rows", Outcome.PASSED),
        ("not_between", [1, 2], "rows", Outcome.FAILED),
        ("ge", [3], "rows", Outcome.FAILED),
        ("gt", [1], "rows", Outcome.PASSED),
        ("eq", [2], "rows", Outcome.PASSED),
        ("ne", [2], "rows", Outcome.FAILED),
    ],
)
def test_tolerances_are_held_against_the_number_of_failing_rows(
    shop: Shop, op: str, numbers: list[int], unit: str, outcome: Outcome
) -> None:
    tolerance = {"op": op, "values": numbers, "unit": unit}

    result = check(shop, "BIGINT", [1, None, None, 2], RuleKind.REQUIRED, tolerance=tolerance)

    assert (result.outcome, result.rows_failed, result.splits_rows) == (outcome, 0, False)
    assert result.observed == "2 of 4 rows (50 %) are missing"


def test_prose_is_unknown(shop: Shop) -> None:
    result = check(shop, "BIGINT", [1], RuleKind.TEXT, text="Totals agree")

    assert result.outcome is Outcome.UNKNOWN


def test_no_name_or_value_is_read_as_code(shop: Shop) -> None:
    evil = '"; DROP TABLE typed; --'
    types = {evil: "VARCHAR", "a''b": "VARCHAR", "select": "BIGINT", "ünï ?{}%$1": "DOUBLE"}
    value = "'; DROP VIEW typed; --\\' OR 1=1"
    rules = [
        shop.rule("set", RuleKind.SET, evil, values=[value]),
        shop.rule("pattern", RuleKind.PATTERN, "a''b", regex="^'; \\\\$"),
        shop.rule("unique", RuleKind.UNIQUE, evil, "a''b", "select"),
        shop.rule("range", RuleKind.RANGE, "ünï ?{}%$1", minimum=1),
    ]
    row = {evil: value, "a''b": "'; \\", "select": 1, "ünï ?{}%$1": 1.5}
    path = shop.table(types, [row])

    results, profile = scan(ScanInput(typed=path), shop.contract(types, *rules), now=NOW)

    assert {r.outcome for r in results} == {Outcome.PASSED}
    assert profile.columns[0].frequencies is not None
    assert profile.columns[0].frequencies[0].value == value


def test_an_empty_batch_fails_no_row(shop: Shop) -> None:
    result = check(shop, "DOUBLE", [], RuleKind.RANGE, minimum=0)

    assert (result.outcome, result.observed) == (Outcome.PASSED, "none of 0 rows is below 0")
