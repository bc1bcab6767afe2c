"""Scan: read a typed batch once, for what every rule counts and for what the batch looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlglot import exp

from penstock.checks.fused import Fused, plan_rule
from penstock.checks.grouped import check_grouped
from penstock.checks.profile import count_values, plan_column
from penstock.checks.results import counted, fault_of, unknown
from penstock.checks.workspace import ENGINE, Limits, Workspace
from penstock.contracts import Contract, ContractColumn, Rule, RuleKind
from penstock.model import Profile, RuleResult

__all__ = ["ScanInput", "open_workspace", "scan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanInput:
    """The tables of a batch, as local Parquet files.

    `references` are published tables by name, with at least the columns that rules look into.
    """

    typed: Path
    miscast: Path | None = None
    missing_columns: tuple[str, ...] = ()
    references: Mapping[str, Path] = field(default_factory=dict)


def open_workspace(
    data: ScanInput, *, limits: Limits | None = None, near: Path | None = None
) -> Workspace:
    """Return a workspace with the views `typed`, `miscast` and `reference_<n>`."""
    tables = {"typed": data.typed}
    if data.miscast is not None:
        tables["miscast"] = data.miscast
    for index, path in enumerate(data.references.values()):
        tables[f"reference_{index}"] = path
    return Workspace(tables, limits=limits, near=near)


def scan(
    data: ScanInput, contract: Contract, *, now: datetime, limits: Limits | None = None
) -> tuple[tuple[RuleResult, ...], Profile]:
    """Return the result of every rule, in the contract's order, and the batch's profile.

    Rules count over the rows whose casts held; those on a missing column are unknown. `now` is
    what freshness is measured against.
    """
    with open_workspace(data, limits=limits) as workspace:
        there = _columns_there(workspace, data, contract)
        (rows,) = workspace.row(exp.select(exp.Count(this=exp.Star())).from_("typed"))
        fused = Fused()
        names = {column.name for column in there}
        readings: dict[str, Callable[[tuple[Any, ...]], RuleResult]] = {}
        for rule in contract.rules:
            if names.issuperset(rule.columns):
                reading = plan_rule(fused, rule, contract, now)
                if reading is not None:
                    readings[rule.id] = reading
        columns = {column.name: plan_column(fused, column, rows=rows) for column in there}
        row = workspace.row(fused.query("typed"))
        casts = _count_casts(workspace, data)

        def result_of(rule: Rule) -> RuleResult:
            absent = [name for name in rule.columns if name not in names]
            if absent:
                return unknown(rule, f"the column `{absent[0]}` is missing")
            if rule.kind is RuleKind.TYPE:
                failures = [(fault_of(rule), casts.by_column.get(rule.columns[0], 0))]
                return counted(rule, failures, rows=rows + casts.rows)
            if rule.id in readings:
                return readings[rule.id](row)
            return check_grouped(
                workspace, rule, contract, references=list(data.references), rows=rows
            )

        results = tuple(result_of(rule) for rule in contract.rules)
        profiles = {name: decode(row) for name, decode in columns.items()}
        profiles = count_values(workspace, there, profiles)
    return results, Profile(rows=rows, columns=tuple(profiles.values()), engine=ENGINE)


def _columns_there(
    workspace: Workspace, data: ScanInput, contract: Contract
) -> list[ContractColumn]:
    typed = workspace.columns("typed")
    return [
        column
        for column in contract.columns
        if column.name in typed and column.name not in data.missing_columns
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Casts:
    """Rows with failed casts: in all, and by column."""

    rows: int
    by_column: Mapping[str, int]


def _count_casts(workspace: Workspace, data: ScanInput) -> Casts:
    if data.miscast is None:
        return Casts(rows=0, by_column={})
    (rows,) = workspace.row(exp.select(exp.Count(this=exp.Star())).from_("miscast"))
    each = exp.select(exp.alias_(exp.Explode(this=exp.column("_penstock_casts")), "c")).from_(
        "miscast"
    )
    name = exp.Dot(this=exp.column("c"), expression=exp.to_identifier("column", quoted=True))
    found = workspace.rows(
        exp.select(name, exp.Count(this=exp.Star()))
        .from_(each.subquery("casts"))
        .group_by(name.copy())
    )
    return Casts(rows=int(rows), by_column={str(column): int(count) for column, count in found})
