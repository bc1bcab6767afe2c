"""Failed rows to look at: samples whole, examples by rule; sensitive values are masked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlglot import exp

from penstock.checks.expressions import as_text, cell
from penstock.checks.split import REASONS_COLUMN
from penstock.checks.workspace import Workspace
from penstock.contracts import Contract, RuleKind
from penstock.model import FILE_COLUMN, RECORD_COLUMN, Example, SampleRow

__all__ = ["MASK", "read_examples", "read_samples"]

MASK = "•••"


def read_samples(failed: Path, *, limit: int, contract: Contract) -> tuple[SampleRow, ...]:
    """Return the first failed rows by file and record, as text."""
    with Workspace({"failed": failed}) as workspace:
        there = workspace.columns("failed")
        names = [column.name for column in contract.columns if column.name in there]
        cells = [as_text(cell(name)) for name in names]
        query = (
            exp.select(cell(FILE_COLUMN), cell(RECORD_COLUMN), cell(REASONS_COLUMN), *cells)
            .from_("failed")
            .order_by(cell(FILE_COLUMN), cell(RECORD_COLUMN))
            .limit(limit)
        )
        rows = workspace.rows(query)
    sensitive = {column.name for column in contract.columns if column.sensitive}
    rules = _masked_rules(contract)
    return tuple(
        SampleRow(
            file=file,
            record=record,
            cells={
                name: MASK if name in sensitive and value is not None else value
                for name, value in zip(names, values, strict=True)
            },
            reasons=tuple(_reason(reason, rules) for reason in reasons),
        )
        for file, record, reasons, *values in rows
    )


def read_examples(
    failed: Path, *, per_rule: int, contract: Contract
) -> dict[str, tuple[Example, ...]]:
    """Return the first places by file and record at which each rule failed."""
    reason = exp.column("r")
    place = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value)
            for name, value in (
                ("file", cell(FILE_COLUMN)),
                ("record", cell(RECORD_COLUMN)),
                ("value", exp.Dot(this=reason, expression=exp.to_identifier("value", quoted=True))),
            )
        ]
    )
    rule = exp.Dot(this=reason.copy(), expression=exp.to_identifier("rule", quoted=True))
    # NOTE: the n smallest are kept while reading; a sort of all failed rows could be large.
    first = exp.Anonymous(this="min", expressions=[place, exp.Literal.number(per_rule)])
    each = exp.select(
        cell(FILE_COLUMN),
        cell(RECORD_COLUMN),
        exp.alias_(exp.Explode(this=cell(REASONS_COLUMN)), "r"),
    ).from_("failed")
    query = exp.select(rule, first).from_(each.subquery("each")).group_by(rule.copy())
    with Workspace({"failed": failed}) as workspace:
        found = workspace.rows(query)
    masked = _masked_rules(contract)
    return {
        name: tuple(
            Example(
                file=place["file"],
                record=place["record"],
                value=_shown(place["value"], name, masked),
            )
            for place in places
        )
        for name, places in sorted(found)
    }


def _masked_rules(contract: Contract) -> dict[str, bool]:
    sensitive = {column.name for column in contract.columns if column.sensitive}
    return {rule.id: not sensitive.isdisjoint(rule.columns) for rule in contract.rules}


def _shown(value: str | None, rule: str, masked: dict[str, bool]) -> str | None:
    """Mask a value of a sensitive column, or of a rule the contract does not have."""
    return MASK if value is not None and masked.get(rule, True) else value


def _reason(reason: dict[str, Any], masked: dict[str, bool]) -> str:
    rule, column, words = reason["rule"], reason["column"], reason["reason"]
    if not str(rule).endswith(f".{RuleKind.TYPE}"):
        return f"{column}: {words}"
    value = _shown(reason["value"], rule, masked)
    return f"{column}: cannot be read: {MASK if value == MASK else repr(value)}" + (
        "" if masked.get(rule, True) else f" ({words})"
    )
