"""`penstock explain`, `batches` and `query`: what happened, and what is in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from penstock.cli.output import AsJson, print_json, print_line, print_table, print_text, progress

if TYPE_CHECKING:
    import pyarrow as pa

    from penstock.explanation import Explanation
    from penstock.model import BatchRecord, Effect

__all__ = ["batches", "explain", "query"]


def explain(
    batch: Annotated[
        str,
        typer.Argument(
            help="Beginning of the batch's or its claim's id; or `dataset#5`, as runs are called."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Answer from what was kept: who asked, what ran, what it saw, who decided, how to undo."""
    from penstock.explanation import explain_batch
    from penstock.settings import read_settings
    from penstock.tools import Tools

    with progress("Reading evidence and ledger", after_s=1):
        tools = Tools(settings=read_settings())
        found = explain_batch(tools, batch)
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

    tools = Tools(settings=read_settings())
    found = tools.ledger.batches(dataset, limit=limit)
    if as_json:
        print_json(found)
        return
    if not found:
        print_line("There are no batches yet.")
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

    with progress("Asking the published tables", after_s=1):
        tools = Tools(settings=read_settings())
        table = tools.tables.query(sql)
    names = _distinct(table.column_names)
    if as_json:
        rows = [dict(zip(names, row, strict=True)) for row in _rows(table)]
        print_json({"columns": names, "rows": rows})
        return
    print_table(
        names, (["" if cell is None else str(cell) for cell in row] for row in _rows(table))
    )


def _rows(table: pa.Table) -> Iterator[tuple[object, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _distinct(names: list[str]) -> list[str]:
    """Return names of which none hides another: SELECT may give one name to several columns."""
    return [
        name if name not in names[:index] else f"{name}:{index + 1}"
        for index, name in enumerate(names)
    ]


def _print_explanation(found: Explanation) -> None:
    record = found.record
    print_line(f"Batch {record.batch or '(content never read)'}")
    print_line(f"  dataset    {record.dataset}, claim {record.sequence} ({record.claim[:12]})")
    print_line(f"  state      {record.state.value}")
    print_text(record.reason or "no remark", indent="  ")
    print_line("Who asked")
    print_line(f"  {record.requested_by}, {record.claimed_at:%Y-%m-%d %H:%M:%S} UTC")
    _print_release(found)
    _print_data(found)
    _print_checks(found)
    print_line("Who decided")
    for line in _deciders(found):
        print_line(f"  {line}")
    print_line("What was written")
    print_line(f"  {_count_rows(record)}")
    for effect in found.effects:
        print_line(f"  {_describe_effect(effect)}")
    print_line("How to undo it")
    print_text(found.undo, indent="  ")
    print_line(f"Audit records {', '.join(str(m.sequence) for m in found.trail) or 'none'}")


def _print_release(found: Explanation) -> None:
    print_line("Which version ran")
    release = found.release
    if release is None:
        print_line("  none on record")
        return
    print_line(f"  release    {release.id}")
    print_line(f"  code       penstock {release.code_version} ({release.code[:12]})")
    print_line(f"  workflow   {release.workflow} ({release.workflow_digest[:12]})")
    print_line(f"  contract   {release.contract} ({release.contract_digest[:12]})")
    if found.record.flow_run is not None:
        print_line(f"  flow run   {found.record.flow_run}, attempt {found.record.attempts}")


def _print_data(found: Explanation) -> None:
    print_line("Which data it saw")
    evidence = found.evidence
    if evidence is None:
        for claimed in found.claimed:
            print_line(f"  {claimed.uri}  claimed, {claimed.size:,} bytes")
        return
    for file in evidence.files:
        records = "records not countable" if file.records is None else f"{file.records:,} records"
        print_line(f"  {file.uri}  {records}, sha256 {file.raw.digest[:12]}")
    for use in evidence.references:
        print_line(f"  table {use.table}, snapshot {use.snapshot}, {use.rows:,} rows")


def _print_checks(found: Explanation) -> None:
    from penstock.explanation import rules_by_outcome
    from penstock.model import Outcome

    print_line("Which checks passed")
    if found.evidence is None or found.evidence_ref is None:
        print_line("  it was not judged to the end: there is no evidence")
        return
    counts = rules_by_outcome(found.evidence)
    print_line("  rules: " + ", ".join(f"{counts[o]} {o.value}" for o in Outcome))
    for finding in found.evidence.findings:
        print_text(f"{finding.severity.value}: {finding.message}", indent="  ")
    print_line(f"  evidence   {found.evidence_ref.uri}")
    if found.record.page is not None:
        print_line(f"  page       {found.record.page.uri}")


def _deciders(found: Explanation) -> Iterator[str]:
    for decision in found.decisions:
        note = f": {decision.note}" if decision.note else ""
        yield (
            f"{decision.choice.value} by {decision.by} ({decision.proof}),"
            f" {decision.at:%Y-%m-%d %H:%M:%S} UTC{note}"
        )
    if found.decisions:
        return
    waiting = next((request for request in found.requests if request.state == "open"), None)
    if waiting is not None:
        yield f"nobody yet: request {waiting.id[:12]} waits for a steward"
    elif found.record.snapshot is not None or found.record.state.value == "rejected":
        yield "policy: nobody had to be asked"
    else:
        yield "nobody: it did not get that far"


def _count_rows(record: BatchRecord) -> str:
    if record.rows_published is None:
        return "no rows: nothing of it is published"
    landed = "uncounted" if record.rows_landed is None else f"{record.rows_landed:,}"
    return (
        f"rows landed {landed}, published {record.rows_published:,}, quarantined"
        f" {record.rows_quarantined:,}, rejected {record.rows_rejected:,}"
    )


def _describe_effect(effect: Effect) -> str:
    if effect.result is None:
        return f"{effect.kind}: intended, not known to be done"
    facts = ", ".join(f"{name} {value}" for name, value in effect.result.items())
    return f"{effect.kind}: {facts}"
