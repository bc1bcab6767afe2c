"""What rule results mean for a batch: findings, with the severity of the whole.

The severity of a rule says what becomes of a row that fails it; the severity of its finding says
what becomes of the batch. A finding has the severity of its rule, and is raised

- one step when more than 5 % of the rows fail, or more than 10,000 rows,
- two steps when more than half of the rows fail,
- never by a single row of several, and never above medium where the rule is low.

A rule that is unknown holds for no row as far as anybody can tell: it is raised one step, unless
it is low. A rule about the batch as a whole keeps its own severity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from penstock.checks.words import quoted, share_of
from penstock.contracts import RuleKind
from penstock.model import Example, Finding, Outcome, RuleResult, Severity

__all__ = ["findings_of", "quarantine_finding", "weigh"]

SOME_SHARE = 0.05
MOST_SHARE = 0.5
MANY_ROWS = 10_000
ALLOWS = {RuleKind.RANGE, RuleKind.SET, RuleKind.LENGTH, RuleKind.ROW_COUNT}
STEP = "validate"


def weigh(severity: Severity, *, failed: int, rows: int) -> Severity:
    """Return the severity of a finding about some rows, from that of the rule they fail."""
    if failed <= 1 < rows or failed == 0:
        return severity
    share = failed / rows
    steps = 2 if share > MOST_SHARE else int(share > SOME_SHARE or failed > MANY_ROWS)
    return _raised(severity, steps)


def findings_of(
    rules: Sequence[RuleResult], *, rows: int, examples: Mapping[str, tuple[Example, ...]]
) -> tuple[Finding, ...]:
    """Return a finding for each rule that failed, and one for each reason why some are unknown.

    `rows` are those of the batch, `examples` are by rule id. The worst comes first.
    """
    findings = [
        _failed(result, rows=rows, examples=examples.get(result.rule, ()))
        for result in rules
        if result.outcome is Outcome.FAILED
    ]
    unknown: dict[str, list[RuleResult]] = {}
    for result in rules:
        if result.outcome is Outcome.UNKNOWN:
            alone = result.rule if result.kind == RuleKind.TEXT else ""
            unknown.setdefault(f"{result.reason}{alone}", []).append(result)
    findings += [_unknown(results) for results in unknown.values()]
    return tuple(sorted(findings, key=lambda finding: -finding.severity.rank))


def quarantine_finding(*, failed: int, rows: int) -> Finding | None:
    """Return the finding that rows were put aside: many rules that each fail a little add up."""
    if not failed:
        return None
    verb = "was" if failed == 1 else "were"
    amount = f"{failed:,} of {rows:,} rows ({share_of(failed, rows)})"
    return Finding(
        id=f"{STEP}:quarantine",
        kind="quarantine",
        message=f"{amount} {verb} put aside because a check failed.",
        severity=weigh(Severity.LOW if failed == 1 else Severity.MEDIUM, failed=failed, rows=rows),
        observed=amount,
        rows=failed,
        rows_share=failed / rows,
    )


def _failed(result: RuleResult, *, rows: int, examples: tuple[Example, ...]) -> Finding:
    verb = "allows" if result.kind in ALLOWS else "asks for"
    subject = f"{quoted(result.columns)}: " if result.columns else ""
    told = f"{subject}{result.observed}; the contract {verb} {result.expected}."
    severity = result.severity
    if result.splits_rows:
        whole = max(rows, result.rows_checked)
        severity = weigh(severity, failed=result.rows_failed, rows=whole)
    counts = result.splits_rows
    return Finding(
        id=f"{STEP}:{result.rule}",
        kind=result.kind,
        message=told[:1].upper() + told[1:],
        severity=severity,
        column=result.columns[0] if len(result.columns) == 1 else None,
        rule=result.rule,
        expected=result.expected,
        observed=result.observed,
        rows=result.rows_failed if counts else None,
        rows_share=min(1.0, result.rows_failed / rows) if counts and rows else None,
        examples=examples,
    )


def _unknown(results: list[RuleResult]) -> Finding:
    first = results[0]
    reason = first.reason or "it could not run"
    severity = max((result.severity for result in results), key=lambda one: one.rank)
    columns = {name for result in results for name in result.columns}
    subject = f"{quoted(sorted(columns))}: " if columns else ""
    if first.kind == RuleKind.TEXT:
        told = f"{subject}nobody has shown yet that “{first.expected}”: {reason}."
    else:
        number = "1 rule" if len(results) == 1 else f"{len(results)} rules"
        names = ", ".join(result.rule for result in results)
        told = f"{subject}{reason}; {number} could not be checked ({names})."
    return Finding(
        id=f"{STEP}:unknown:{first.rule}",
        kind="unknown",
        message=told[:1].upper() + told[1:],
        severity=_raised(severity, 1) if severity is not Severity.LOW else severity,
        column=next(iter(columns)) if len(columns) == 1 else None,
        rule=first.rule,
        expected=first.expected if len(results) == 1 else None,
        observed=reason,
    )


def _raised(severity: Severity, steps: int) -> Severity:
    top = Severity.MEDIUM if severity is Severity.LOW else Severity.CRITICAL
    words = list(Severity)
    return words[min(severity.rank + steps, top.rank)]
