"""Counts of failing rows, as rule results in a steward's words."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.checks.words import FAULTS, expected_of, some_rows
from penstock.contracts import Rule, RuleKind
from penstock.model import Outcome, RuleResult

__all__ = ["counted", "fault_of", "judged", "unknown"]

FULL_PERCENT = 100


def judged(rule: Rule, *, holds: bool, observed: str, rows: int, failed: int = 0) -> RuleResult:
    """Return the result of a rule that could run."""
    return RuleResult(
        rule=rule.id,
        kind=rule.kind,
        columns=rule.columns,
        severity=rule.severity,
        outcome=Outcome.PASSED if holds else Outcome.FAILED,
        expected=expected_of(rule),
        observed=observed,
        rows_checked=rows,
        rows_failed=failed,
        splits_rows=rule.splits_rows,
        contract_line=rule.line,
    )


def counted(rule: Rule, failures: Sequence[tuple[str, int]], *, rows: int) -> RuleResult:
    """Return the result of a rule about rows, from how many rows have which fault.

    With a tolerance the number of failing rows is held against it, and no row is told apart.
    """
    failed = sum(count for _, count in failures)
    observed = some_rows(failures, rows)
    if "tolerance" not in rule.arguments:
        return judged(rule, holds=failed == 0, observed=observed, rows=rows, failed=failed)
    return judged(rule, holds=_is_tolerated(rule, failed, rows), observed=observed, rows=rows)


def unknown(rule: Rule, reason: str, *, observed: str = "not checked") -> RuleResult:
    """Return the result of a rule that could not run; it has not passed."""
    return RuleResult(
        rule=rule.id,
        kind=rule.kind,
        columns=rule.columns,
        severity=rule.severity,
        outcome=Outcome.UNKNOWN,
        expected=expected_of(rule),
        observed=observed,
        rows_checked=0,
        rows_failed=0,
        splits_rows=rule.splits_rows,
        reason=reason,
        contract_line=rule.line,
    )


def fault_of(rule: Rule) -> str:
    """Return the words for a row that fails a rule with one way to fail."""
    if rule.kind is RuleKind.TYPE:
        return f"unreadable as {rule.arguments['type']}"
    if rule.kind is RuleKind.REFERENCE:
        return f"without a match in `{rule.arguments['table']}`"
    return FAULTS[rule.kind]


def _is_tolerated(rule: Rule, failed: int, rows: int) -> bool:
    tolerance = rule.arguments["tolerance"]
    if not isinstance(tolerance, dict) or not isinstance(tolerance["values"], list):
        raise TypeError(rule.id)
    numbers = [float(number) for number in tolerance["values"] if isinstance(number, int | float)]
    amount = float(failed)
    if tolerance["unit"] == "percent":
        amount = FULL_PERCENT * failed / rows if rows else 0.0
    first, last = numbers[0], numbers[-1]
    return {
        "eq": amount == first,
        "ne": amount != first,
        "lt": amount < first,
        "le": amount <= first,
        "gt": amount > first,
        "ge": amount >= first,
        "between": first <= amount <= last,
        "not_between": not first <= amount <= last,
    }[str(tolerance["op"])]
