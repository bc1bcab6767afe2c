"""Scan: read the typed batch once, for rule counts and profile."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penstock.agents.agent import Agent, Brief
from penstock.checks import ScanInput
from penstock.checks import scan as scan_batch
from penstock.contracts import RuleKind
from penstock.model import Ingested, ReferenceUse, Scanned, Value
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["SCAN", "ScanGiven", "fetch_references", "locate"]


class ScanGiven(Value):
    """What scan takes."""

    ingested: Ingested


def scan(given: ScanGiven, brief: Brief, tools: Toolbox) -> Scanned:
    """Return what every rule counted and what the batch looks like."""
    references, uses = fetch_references(brief, tools)
    rules, profile = scan_batch(
        locate(given.ingested, references, tools), brief.contract, now=brief.claim.claimed_at
    )
    return Scanned(batch=given.ingested.batch, rules=rules, profile=profile, references=uses)


def locate(ingested: Ingested, references: dict[str, Path], tools: Toolbox) -> ScanInput:
    """Return local paths of the batch's tables."""
    miscast = ingested.miscast
    return ScanInput(
        typed=tools.objects.path(ingested.typed),
        miscast=None if miscast is None else tools.objects.path(miscast),
        missing_columns=ingested.missing_columns,
        references=references,
    )


def fetch_references(
    brief: Brief, tools: Toolbox, *, pinned: Sequence[ReferenceUse] | None = None
) -> tuple[dict[str, Path], tuple[ReferenceUse, ...]]:
    """Copy the columns that reference rules look into; a table that is not there is left out.

    With `pinned`, exactly the snapshots that an earlier step looked into, and no other tables.
    """
    known = None if pinned is None else {use.table: use.snapshot for use in pinned}
    wanted: dict[str, set[str]] = {}
    for rule in brief.contract.rules:
        if rule.kind is RuleKind.REFERENCE:
            table, column = str(rule.arguments["table"]), str(rule.arguments["column"])
            wanted.setdefault(table, set()).add(column)
    paths: dict[str, Path] = {}
    uses: list[ReferenceUse] = []
    for number, (table, columns) in enumerate(sorted(wanted.items())):
        path = tools.scratch / f"reference-{number}.parquet"
        if known is not None and table not in known:
            continue
        snapshot = tools.references.snapshot(table) if known is None else known[table]
        rows = tools.references.export(table, sorted(columns), path, snapshot=snapshot)
        if rows is not None:
            paths[table] = path
            uses.append(ReferenceUse(table=table, snapshot=snapshot, rows=rows))
    return paths, tuple(uses)


SCAN = Agent(
    spec=AgentSpec(name="scan", version=1, takes=ScanGiven, gives=Scanned, role="judge"),
    tools=frozenset({Tool.OBJECTS, Tool.REFERENCES}),
    decide=scan,
)
