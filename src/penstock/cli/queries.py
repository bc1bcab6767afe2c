"""`penstock explain`, `batches` and `query`: what happened, and what is in the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from penstock.cli.output import AsJson, print_json, print_line, print_table

if TYPE_CHECKING:
    from penstock.explanation import Explanation

__all__ = ["batches", "explain", "query"]


def explain(
    batch: Annotated[str, typer.Argument(help="Id of the batch or its claim, or its beginning.")],
    as_json: AsJson = False,
) -> None:
    """Answer from what was kept: who asked, what ran, what it saw, who decided, how to undo."""
    from penstock.explanation import explain_batch
    from penstock.settings import read_settings
    from penstock.tools import Tools

    found = explain_batch(Tools(settings=read_settings()), batch)
    if as_json:
        print_json(found)
    else:
        _print_explanation(found)


def batches(
    dataset: Annotated[str | None, typer.Option(help="Only of this dataset.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List batches, newest first."""
    from penstock.settings import read_settings
    from penstock.tools import Tools

    found = Tools(settings=read_settings()).ledger.batches(dataset, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ("dataset", "#", "batch", "state", "landed", "published", "quarantined", "rejected"),
        (
            (
                record.dataset,
                str(record.sequence),
                (record.batch or record.claim)[:12],
                record.state.value,
                *(
                    "" if count is None else f"{count:,}"
                    for count in (
                        record.rows_landed,
                        record.rows_published,
                        record.rows_quarantined,
                        record.rows_rejected,
                    )
                ),
            )
            for record in found
        ),
    )


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT over published tables.")],
    as_json: AsJson = False,
) -> None:
    """Ask the published tables, read-only."""
    from penstock.settings import read_settings
    from penstock.tools import Tools

    table = Tools(settings=read_settings()).tables.query(sql)
    rows: list[dict[str, Any]] = table.to_pylist()
    if as_json:
        print_json({"columns": table.column_names, "rows": rows})
        return
    print_table(
        table.column_names,
        (["" if cell is None else str(cell) for cell in row.values()] for row in rows),
    )


def _print_explanation(found: Explanation) -> None:
    from penstock.explanation import rules_by_outcome
    from penstock.model import Outcome

    record, evidence = found.record, found.evidence
    print_line(f"Batch {record.batch or '(content never read)'}")
    print_line(f"  dataset    {record.dataset}, claim {record.sequence} ({record.claim[:12]})")
    print_line(f"  state      {record.state.value}: {record.reason or 'no remark'}")
    print_line("Who asked")
    print_line(f"  {record.requested_by}, {record.claimed_at:%Y-%m-%d %H:%M:%S} UTC")
    print_line("Which version ran")
    if found.release is not None:
        release = found.release
        print_line(f"  release    {release.id}")
        print_line(f"  code       penstock {release.code_version} ({release.code[:12]})")
        print_line(f"  workflow   {release.workflow} ({release.workflow_digest[:12]})")
        print_line(f"  contract   {release.contract} ({release.contract_digest[:12]})")
    if evidence is not None and found.evidence_ref is not None:
        print_line("Which data it saw")
        for file in evidence.files:
            print_line(f"  {file.uri}  {file.records} records  sha256 {file.raw.digest[:12]}")
        for use in evidence.references:
            print_line(f"  table {use.table}, snapshot {use.snapshot}, {use.rows:,} rows")
        print_line("Which checks passed")
        counts = rules_by_outcome(evidence)
        print_line("  " + ", ".join(f"{counts[o]} {o.value}" for o in Outcome))
        for finding in evidence.findings:
            print_line(f"  {finding.severity.value:>8}  {finding.message}")
        print_line(f"  evidence   {found.evidence_ref.digest}  {found.evidence_ref.uri}")
    print_line("Who decided")
    for decision in found.decisions:
        note = f": {decision.note}" if decision.note else ""
        print_line(
            f"  {decision.choice.value} by {decision.by} ({decision.proof}),"
            f" {decision.at:%Y-%m-%d %H:%M:%S} UTC{note}"
        )
    if not found.decisions:
        waiting = any(request.state == "open" for request in found.requests)
        print_line(f"  {'nobody yet: it waits' if waiting else 'policy: nobody had to be asked'}")
    print_line("What was written")
    print_line(
        f"  landed {record.rows_landed}, published {record.rows_published}, quarantined"
        f" {record.rows_quarantined}, rejected {record.rows_rejected}"
    )
    for effect in found.effects:
        print_line(f"  {effect.kind} {effect.state}: {effect.result or 'no result yet'}")
    print_line("How to undo it")
    print_line(f"  {found.undo}")
    print_line(f"Audit records {', '.join(str(m.sequence) for m in found.trail) or 'none'}")
