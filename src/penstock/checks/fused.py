"""One query for all: every count and statistic is a column of its single row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlglot import exp

from penstock.checks.expressions import cell, constant, parts_of
from penstock.checks.results import counted, judged, unknown
from penstock.checks.words import span
from penstock.contracts import Contract, Rule, RuleKind
from penstock.contracts.types import Family, family_of
from penstock.model import RuleResult

__all__ = ["Fused", "Reading", "only", "plan_rule"]

Row = tuple[Any, ...]
Reading = Callable[[Row], Any]
"""Takes its value out of the row that the query gave."""

MICROSECONDS = 1_000_000


class Fused:
    """Aggregates over one table, collected first and run together."""

    def __init__(self) -> None:
        self._aggregates: dict[str, int] = {}
        self._expressions: list[exp.Expr] = []
        self.rows = self.add(exp.Count(this=exp.Star()))

    def add(self, aggregate: exp.Expr) -> Reading:
        """Add an aggregate and return how to read it; the same one is computed once."""
        text = aggregate.sql(dialect="duckdb")
        if text not in self._aggregates:
            self._aggregates[text] = len(self._expressions)
            self._expressions.append(aggregate)
        index = self._aggregates[text]
        return lambda row: row[index]

    def count(self, claim: exp.Expr) -> Reading:
        """Add the number of rows for which a claim holds."""
        if isinstance(claim, exp.Is) and isinstance(claim.expression, exp.Null):
            present = self.add(exp.Count(this=claim.this.copy()))
            return lambda row: self.rows(row) - present(row)
        return self.add(exp.Count(this=only(exp.Literal.number(1), claim)))

    def query(self, table: str) -> exp.Select:
        """Return the query over a table."""
        columns = [
            exp.alias_(expression, f"a{index}")
            for index, expression in enumerate(self._expressions)
        ]
        return exp.select(*columns, copy=False).from_(table, copy=False)


def only(value: exp.Expr, claim: exp.Expr | None) -> exp.Expr:
    """Return a value where a claim holds, and null elsewhere: aggregates leave null out.

    NOTE: not `FILTER`, for which DuckDB copies the whole row once per aggregate: with a hundred
    of them the scan took half as long again.
    """
    return value if claim is None else exp.Case().when(claim.copy(), value)


def plan_rule(
    fused: Fused, rule: Rule, contract: Contract, now: datetime
) -> Callable[[Row], RuleResult] | None:
    """Add what a rule counts and return how to read its result, or None where it needs more."""
    match rule.kind:
        case RuleKind.TEXT:
            return lambda _: unknown(rule, "it is stated in prose: a person has to look")
        case RuleKind.ROW_COUNT:
            return lambda row: _row_count(rule, fused.rows(row))
        case RuleKind.FRESHNESS:
            return _freshness(fused, rule, contract, now)
        case RuleKind.TYPE | RuleKind.UNIQUE | RuleKind.REFERENCE:
            return None
        case _:
            counts = [(part.words, fused.count(part.fails)) for part in parts_of(rule, contract)]
            return lambda row: counted(
                rule,
                [(words, int(count(row))) for words, count in counts],
                rows=int(fused.rows(row)),
            )


def _row_count(rule: Rule, rows: int) -> RuleResult:
    low, high = rule.arguments.get("minimum", 0), rule.arguments.get("maximum", rows)
    if not isinstance(low, int) or not isinstance(high, int):
        raise TypeError(rule.id)
    observed = f"{rows:,} row{'' if rows == 1 else 's'}"
    return judged(rule, holds=low <= rows <= high, observed=observed, rows=rows)


def _freshness(
    fused: Fused, rule: Rule, contract: Contract, now: datetime
) -> Callable[[Row], RuleResult]:
    """Judge the newest value that is not in the future: one wrong year must not hide old data."""
    (name,) = rule.columns
    column = contract.column(name)
    if column is None:
        raise KeyError(name)
    has_zone = family_of(column.type) is Family.INSTANT
    type_ = column.type if has_zone else "TIMESTAMP"
    value = exp.cast(cell(name), exp.DataType.build(type_, dialect="duckdb"))
    moment = now if has_zone else now.replace(tzinfo=None)
    past = exp.LTE(this=value, expression=constant(moment.isoformat(), type_))
    newest = fused.add(
        exp.Anonymous(
            this="epoch_us",
            expressions=[exp.Max(this=only(value.copy(), past))],
        )
    )
    present = fused.add(exp.Count(this=cell(name)))

    def read(row: Row) -> RuleResult:
        rows = int(fused.rows(row))
        if newest(row) is None and not present(row):
            return unknown(rule, f"no row has a value in `{name}`")
        if newest(row) is None:
            return judged(rule, holds=False, observed="every value is in the future", rows=rows)
        age_s = now.timestamp() - newest(row) / MICROSECONDS
        within_s = float(str(rule.arguments["within_s"]))
        observed = f"the newest value is {span(age_s)} old"
        return judged(rule, holds=age_s <= within_s, observed=observed, rows=rows)

    return read
