"""The gate's conditions: structured data over findings and rules, never text to interpret."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence

from penstock.documents import Path, show_path, show_value, suggest
from penstock.model import Condition, Finding, Outcome, RuleResult, Severity
from penstock.workflows.misfit import Misfit

__all__ = ["check_conditions", "reasons_to_ask"]

TEXT_FIELDS = ("kind", "column", "rule")
NUMBER_FIELDS = ("rows", "rows_share")
BATCH_FIELDS = {"failed_rules": Outcome.FAILED, "unknown_rules": Outcome.UNKNOWN}
FIELDS = ("severity", *TEXT_FIELDS, *NUMBER_FIELDS, *BATCH_FIELDS)

ORDER: dict[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
OPS = (*ORDER, "in")
WORDS = {
    "eq": "is",
    "ne": "is not",
    "lt": "is below",
    "le": "is at most",
    "gt": "is above",
    "ge": "is at least",
    "in": "is one of",
}
NAMED_FINDINGS = 5


def reasons_to_ask(
    conditions: Sequence[Condition], findings: Sequence[Finding], rules: Sequence[RuleResult]
) -> tuple[str, ...]:
    """Return why stewards must be asked: one sentence for each condition that holds.

    `severity`, `kind`, `column`, `rule`, `rows` and `rows_share` hold if one finding meets them;
    severities compare by rank. `failed_rules` and `unknown_rules` compare the number of rules
    with that outcome. What a finding does not say (its column, its rows) differs from everything:
    it meets `ne` and nothing else. An empty result means that nobody need be asked.

    Raises:
        ConfigError: for a condition outside the closed set of fields, operators and values.
    """
    for index, condition in enumerate(conditions):
        _check(condition, ("ask_if", index))
    sentences = (_reason(condition, findings, rules) for condition in conditions)
    return tuple(dict.fromkeys(sentence for sentence in sentences if sentence is not None))


def check_conditions(conditions: Sequence[Condition], *, path: Path) -> None:
    """Refuse conditions that mean nothing, and a list that lets a critical finding through.

    Raises:
        Misfit: at the first condition that cannot be used.
    """
    for index, condition in enumerate(conditions):
        _check(condition, (*path, index))
    # NOTE: Only severity counts: `kind ne x` also holds for most critical findings, not for all.
    if not any(c.field == "severity" and _meets(c, CRITICAL) for c in conditions):
        raise Misfit(
            path,
            f"{show_path(path)} would let a critical finding through without asking.",
            remedy="Add {field: severity, op: ge, value: critical}, or a lower severity.",
        )


def _check(condition: Condition, path: Path) -> None:
    field, op, value = condition.field, condition.op, condition.value
    if field not in FIELDS:
        raise Misfit(
            (*path, "field"),
            f"{show_path(path)}.field is {field!r}, which no condition can ask for.",
            remedy=suggest(field, FIELDS),
        )
    is_number = field in NUMBER_FIELDS or field in BATCH_FIELDS
    allowed = tuple(ORDER) if is_number else OPS if field == "severity" else ("eq", "ne", "in")
    if op not in allowed:
        raise Misfit(
            (*path, "op"),
            f"{show_path(path)}.op is {op!r}, which does not apply to {field}.",
            remedy=f"Use one of: {', '.join(allowed)}.",
        )
    wanted = _wanted(field, op, value)
    if wanted is not None:
        raise Misfit(
            (*path, "value"),
            f"{show_path(path)}.value is {_shown(value)}.",
            remedy=f"For {field} {op} write {wanted}.",
        )


def _wanted(field: str, op: str, value: object) -> str | None:
    """Return what should be written instead, or None if the value fits."""
    words = ", ".join(Severity)
    if field == "rows_share":
        fits = isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1
        return None if fits else "a share between 0 and 1, as 0.05"
    if field in NUMBER_FIELDS or field in BATCH_FIELDS:
        return None if isinstance(value, int) and value >= 0 else "a whole number from 0"
    if op == "in":
        listed = isinstance(value, tuple) and bool(value) and all(value)
        known = field != "severity" or (
            isinstance(value, tuple) and all(word in set(Severity) for word in value)
        )
        one = f"of: {words}" if field == "severity" else "as [range, pattern]"
        return None if listed and known else f"a list {one}"
    if field == "severity":
        return None if value in set(Severity) else f"one of: {words}"
    return None if isinstance(value, str) and value else "a name"


def _reason(
    condition: Condition, findings: Sequence[Finding], rules: Sequence[RuleResult]
) -> str | None:
    says = f"{WORDS[condition.op]} {_shown(condition.value)}"
    outcome = BATCH_FIELDS.get(condition.field)
    if outcome is not None:
        named = [rule.rule for rule in rules if rule.outcome is outcome]
        if not ORDER[condition.op](len(named), _number(condition.value)):
            return None
        listed = f": {_listed(named)}" if named else ""
        return f"The number of {outcome} rules, {len(named)}, {says}{listed}."
    found = [finding for finding in findings if _meets(condition, finding)]
    if not found:
        return None
    listed = _listed([f"{finding.id} ({finding.severity})" for finding in found])
    field = condition.field.replace("_", " ")
    count = "1 finding" if len(found) == 1 else f"{len(found)} findings"
    return f"The {field} {says} in {count}: {listed}."


def _meets(condition: Condition, finding: Finding) -> bool:
    if condition.field in BATCH_FIELDS:
        return False
    actual = getattr(finding, condition.field)
    value = condition.value
    if actual is None:
        return condition.op == "ne"
    if condition.op == "in":
        return isinstance(value, tuple) and str(actual) in value
    if condition.field == "severity":
        return ORDER[condition.op](actual.rank, Severity.of(str(value)).rank)
    if condition.field in TEXT_FIELDS:
        return (actual == value) is (condition.op == "eq")
    return ORDER[condition.op](actual, _number(value))


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else math.nan


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED_FINDINGS
    return ", ".join(names[:NAMED_FINDINGS]) + (f" and {more} more" if more > 0 else "")


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return value if isinstance(value, str) and value else show_value(value)


CRITICAL = Finding(id="any", kind="any", message="any", severity=Severity.CRITICAL)
