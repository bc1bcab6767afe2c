from __future__ import annotations

from typing import Any

import pytest

from penstock.checks import findings_of, quarantine_finding, weigh
from penstock.checks.words import share_of, span
from penstock.model import Example, Outcome, RuleResult, Severity

LOW, MEDIUM, HIGH, CRITICAL = Severity


def result(**changes: Any) -> RuleResult:
    fields: dict[str, Any] = {
        "rule": "quantity.range",
        "kind": "range",
        "columns": ("quantity",),
        "severity": MEDIUM,
        "outcome": Outcome.FAILED,
        "expected": "0 to 10,000",
        "observed": "1,022 of 24,930 rows (4.1 %) are below 0",
        "rows_checked": 24930,
        "rows_failed": 1022,
        "splits_rows": True,
    }
    return RuleResult(**{**fields, **changes})


@pytest.mark.parametrize(
    ("severity", "failed", "rows", "weight"),
    [
        (MEDIUM, 5, 100, MEDIUM),
        (MEDIUM, 6, 100, HIGH),
        (MEDIUM, 50, 100, HIGH),
        (MEDIUM, 51, 100, CRITICAL),
        (MEDIUM, 10_000, 10_000_000, MEDIUM),
        (MEDIUM, 10_001, 10_000_000, HIGH),
        (MEDIUM, 1, 2, MEDIUM),
        (MEDIUM, 1, 1, CRITICAL),
        (HIGH, 1, 1_000_000, HIGH),
        (HIGH, 6, 100, CRITICAL),
        (LOW, 6, 100, MEDIUM),
        (LOW, 100, 100, MEDIUM),
        (CRITICAL, 1, 100, CRITICAL),
    ],
)
def test_many_failing_rows_weigh_more_than_one(
    severity: Severity, failed: int, rows: int, weight: Severity
) -> None:
    assert weigh(severity, failed=failed, rows=rows) is weight


def test_a_failed_rule_is_told_in_one_sentence() -> None:
    example = Example(file="file:///a.csv", record=3, value="-1")

    (found,) = findings_of([result()], rows=24930, examples={"quantity.range": (example,)})

    assert found.message == (
        "`quantity`: 1,022 of 24,930 rows (4.1 %) are below 0; the contract allows 0 to 10,000."
    )
    assert (found.id, found.kind, found.column) == ("validate:quantity.range", "range", "quantity")
    assert (found.severity, found.rows) == (MEDIUM, 1022)
    assert found.rows_share == pytest.approx(0.04099, abs=1e-5)
    assert found.examples == (example,)


def test_a_rule_about_the_batch_keeps_its_severity() -> None:
    failed = result(
        rule="row_count",
        kind="row_count",
        columns=(),
        severity=HIGH,
        expected="at least 1 rows",
        observed="0 rows",
        rows_checked=0,
        rows_failed=0,
        splits_rows=False,
    )

    (found,) = findings_of([failed], rows=0, examples={})

    assert found.message == "0 rows; the contract allows at least 1 rows."
    assert (found.severity, found.rows, found.rows_share) == (HIGH, None, None)


def test_what_passed_is_not_found() -> None:
    assert findings_of([result(outcome=Outcome.PASSED)], rows=1, examples={}) == ()


def test_a_missing_column_is_one_finding_however_many_rules_it_has() -> None:
    unknown = [
        result(rule=f"quantity.{kind}", kind=kind, outcome=Outcome.UNKNOWN, severity=severity,
               reason="the column `quantity` is missing")
        for kind, severity in (("type", MEDIUM), ("required", MEDIUM), ("range", LOW))
    ]  # fmt: skip

    (found,) = findings_of(unknown, rows=10, examples={})

    assert found.kind == "unknown"
    assert found.severity is HIGH
    assert found.message == (
        "`quantity`: the column `quantity` is missing; 3 rules could not be checked"
        " (quantity.type, quantity.required, quantity.range)."
    )


def test_prose_stays_low_and_is_told_apart() -> None:
    unknown = [
        result(rule=name, kind="text", columns=(), outcome=Outcome.UNKNOWN, severity=LOW,
               expected=text, reason="it is stated in prose")
        for name, text in (("a", "Totals agree"), ("b", "Names are current"))
    ]  # fmt: skip

    found = findings_of(unknown, rows=10, examples={})

    assert [f.severity for f in found] == [LOW, LOW]
    assert "“Totals agree”" in found[0].message


def test_the_worst_comes_first() -> None:
    results = [result(rule="a", rows_failed=2), result(rule="b", rows_failed=20_000)]

    found = findings_of(results, rows=24930, examples={})

    assert [f.rule for f in found] == ["b", "a"]


def test_what_is_put_aside_adds_up() -> None:
    found = quarantine_finding(failed=2000, rows=24930)

    assert found is not None
    assert found.message == "2,000 of 24,930 rows (8 %) were put aside because a check failed."
    assert found.severity is HIGH
    assert quarantine_finding(failed=0, rows=5) is None


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 10, "0 %"),
        (0, 0, "0 %"),
        (1, 3, "33.3 %"),
        (10, 10, "100 %"),
        (999_999, 1_000_000, "over 99.9 %"),
        (5, 10_000, "0.05 %"),
        (1, 10_000_000, "under 0.001 %"),
    ],
)
def test_shares_do_not_round_few_to_none(part: int, whole: int, text: str) -> None:
    assert share_of(part, whole) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (86400, "1 day"),
        (172800, "2 days"),
        (26 * 3600, "26 hours"),
        (5400, "90 minutes"),
        (30, "30 seconds"),
    ],
)
def test_durations_have_their_largest_unit(seconds: int, text: str) -> None:
    assert span(seconds) == text
