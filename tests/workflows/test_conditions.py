"""When stewards are asked: each field, each operator, and what findings leave out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from penstock.errors import ConfigError
from penstock.model import Condition, Finding, Outcome, RuleResult, Severity
from penstock.workflows import reasons_to_ask


def finding(severity: str = "low", **facts: object) -> Finding:
    given = {"id": "v:q.range", "kind": "range", "message": "m", "severity": severity, **facts}
    return Finding.model_validate(given)


def rule(name: str, outcome: str) -> RuleResult:
    return RuleResult(
        rule=name,
        kind="range",
        columns=("q",),
        severity=Severity.LOW,
        outcome=Outcome(outcome),
        expected="e",
        observed="o",
        rows_checked=1,
        rows_failed=0,
        splits_rows=True,
    )


def condition(name: str, op: str, value: object) -> Condition:
    return Condition.model_validate({"field": name, "op": op, "value": value})


@dataclass(frozen=True, kw_only=True)
class Case:
    id: str
    ask: tuple[str, str, object]
    facts: dict[str, object] = field(default_factory=dict[str, object])
    asks: bool


CASES = (
    Case(id="at", ask=("severity", "ge", "high"), facts={"severity": "high"}, asks=True),
    Case(id="above", ask=("severity", "ge", "high"), facts={"severity": "critical"}, asks=True),
    Case(id="below", ask=("severity", "ge", "high"), facts={"severity": "medium"}, asks=False),
    Case(id="rank", ask=("severity", "gt", "low"), facts={"severity": "critical"}, asks=True),
    Case(id="lt", ask=("severity", "lt", "medium"), facts={"severity": "low"}, asks=True),
    Case(id="in", ask=("severity", "in", ["high", "low"]), facts={"severity": "low"}, asks=True),
    Case(id="not in", ask=("severity", "in", ["high"]), facts={"severity": "low"}, asks=False),
    Case(id="kind", ask=("kind", "eq", "range"), asks=True),
    Case(id="other kind", ask=("kind", "eq", "set"), asks=False),
    Case(id="not kind", ask=("kind", "ne", "set"), asks=True),
    Case(id="kind in", ask=("kind", "in", ["set", "range"]), asks=True),
    Case(id="column", ask=("column", "eq", "q"), facts={"column": "q"}, asks=True),
    Case(id="no column", ask=("column", "eq", "q"), asks=False),
    Case(id="no column differs", ask=("column", "ne", "q"), asks=True),
    Case(id="rule", ask=("rule", "in", ["q.range"]), facts={"rule": "q.range"}, asks=True),
    Case(id="rows at", ask=("rows", "ge", 10), facts={"rows": 10}, asks=True),
    Case(id="rows below", ask=("rows", "gt", 10), facts={"rows": 10}, asks=False),
    Case(id="rows unsaid", ask=("rows", "ge", 0), asks=False),
    Case(id="rows unsaid differ", ask=("rows", "ne", 3), asks=True),
    Case(id="share", ask=("rows_share", "gt", 0.05), facts={"rows_share": 0.06}, asks=True),
    Case(id="share at", ask=("rows_share", "gt", 0.05), facts={"rows_share": 0.05}, asks=False),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_condition_compares_one_finding(case: Case) -> None:
    reasons = reasons_to_ask((condition(*case.ask),), (finding(**case.facts),), ())  # type: ignore[arg-type] # facts are any

    assert bool(reasons) is case.asks


def test_reasons_are_one_sentence_for_each_condition_that_holds() -> None:
    conditions = (
        condition("severity", "ge", "high"),
        condition("rows_share", "gt", 0.5),
        condition("kind", "in", ["range", "set"]),
        condition("unknown_rules", "ge", 1),
    )
    findings = (finding("critical", id="a"), finding("high", id="b"), finding(id="c"))

    assert reasons_to_ask(conditions, findings, (rule("q.set", "unknown"),)) == (
        "The severity is at least high in 2 findings: a (critical), b (high).",
        "The kind is one of range, set in 3 findings: a (critical), b (high), c (low).",
        "The number of unknown rules, 1, is at least 1: q.set.",
    )


def test_long_lists_are_cut() -> None:
    findings = tuple(finding("high", id=f"f{number}") for number in range(7))

    (reason,) = reasons_to_ask((condition("severity", "ge", "high"),), findings, ())

    assert reason.endswith("f3 (high), f4 (high) and 2 more.")


@pytest.mark.parametrize(("value", "asks"), [(1, True), (2, False)])
def test_rules_are_counted_by_outcome(value: int, *, asks: bool) -> None:
    rules = (rule("a", "failed"), rule("b", "passed"), rule("c", "unknown"))

    for name in ("failed_rules", "unknown_rules"):
        assert bool(reasons_to_ask((condition(name, "ge", value),), (), rules)) is asks


def test_nothing_found_means_nobody_is_asked() -> None:
    assert reasons_to_ask((condition("severity", "ge", "low"),), (), ()) == ()


@pytest.mark.parametrize(
    ("name", "op", "value"),
    [
        ("message", "eq", "m"),
        ("severity", "matches", "high"),
        ("severity", "ge", 3),
        ("kind", "ge", "range"),
        ("kind", "in", []),
        ("kind", "eq", ""),
        ("severity", "in", ["high", "huge"]),
        ("rows", "ge", 0.5),
        ("rows", "in", ["3"]),
        ("rows", "ge", -1),
        ("rows_share", "ge", float("nan")),
        ("unknown_rules", "ge", "1"),
    ],
)
def test_condition_outside_the_closed_set_is_refused(name: str, op: str, value: object) -> None:
    with pytest.raises(ConfigError):
        reasons_to_ask((condition(name, op, value),), (finding(),), ())
