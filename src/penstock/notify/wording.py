"""The messages about a batch: what became of it, in words, never with values of cells."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.model import (
    BatchRecord,
    Choice,
    Evidence,
    Finding,
    Published,
    Request,
    RowCounts,
    digest_of,
)
from penstock.notify.message import Message
from penstock.report.words import cut, file_name, join, plural, severities, share, visible

__all__ = [
    "dead_message",
    "describe_finding",
    "held_message",
    "published_message",
    "rejected_message",
]

FINDINGS_SHOWN = 20
FILES_SHOWN = 3
TEXT_LIMIT = 200
REASON_LIMIT = 600
KEY_TAG = "penstock/message/1"


def published_message(published: Published, evidence: Evidence) -> Message:
    """Say how many rows of a batch are published, and on whose word."""
    counts = published.counts
    lines = [
        f"{_batch(evidence)} is published: {_counts(counts)}.",
        f"Decided by {_safe(published.verdict.decided_by)}.",
    ]
    if evidence.findings:
        kinds = severities(finding.severity for finding in evidence.findings)
        lines.append(f"{plural(len(evidence.findings), 'finding')} on record: {kinds}.")
    return Message(
        key=_key("published", published.batch, published.verdict.evidence.digest),
        kind="published",
        dataset=published.dataset,
        batch=published.batch,
        text=_text(lines),
        facts=_facts(published, counts) | {"table": published.table},
    )


def held_message(request: Request, evidence: Evidence) -> Message:
    """Say that stewards are asked, why, and what each choice would do."""
    lines = [
        f"{_batch(evidence)} is held: a steward must decide. Nothing is published until then.",
        *_describe(evidence),
        "What each choice would do:",
        *(f"- {option.choice.value}: {_counts(option.rows)}" for option in evidence.options),
    ]
    return Message(
        key=_key("held", request.batch, request.id),
        kind="held",
        dataset=request.dataset,
        batch=request.batch,
        text=_text(lines),
        link=request.page.uri,
        facts={
            "request": request.id,
            "evidence": request.evidence,
            "severity": request.severity.value,
            "options": ", ".join(choice.value for choice in request.options),
        },
    )


def rejected_message(published: Published, evidence: Evidence) -> Message:
    """Tell the producer that nothing was published, and what to fix."""
    choice = published.verdict.choice
    said = f"was rejected by {_safe(published.verdict.decided_by)}"
    outcome = said if choice is Choice.REJECT else "had no row that could be published"
    files = join([_safe(file_name(file.uri)) for file in evidence.files[:FILES_SHOWN]])
    more = len(evidence.files) - FILES_SHOWN
    lines = [
        f"{_batch(evidence)} {outcome}: nothing of it is published.",
        f"Files: {files}{f' and {more:,} more' if more > 0 else ''}.",
        *_describe(evidence, heading="What to fix:"),
        "Correct the data and land it again: it is judged as a new batch.",
    ]
    return Message(
        key=_key("rejected", published.batch, published.verdict.evidence.digest),
        kind="rejected",
        dataset=published.dataset,
        batch=published.batch,
        text=_text(lines),
        facts=_facts(published, published.counts),
    )


def dead_message(record: BatchRecord) -> Message:
    """Say that a batch could not be judged, and why; its files stay where they landed."""
    batch = record.batch or record.claim
    reason = _safe(record.reason or "no reason was recorded", limit=REASON_LIMIT)
    lines = [
        f"{_name(record.dataset, batch)} could not be judged: nothing of it is published.",
        f"Arrival {record.sequence:,}, {plural(record.attempts, 'attempt')}.",
        f"Reason: {reason}",
        "Its files stay where they landed.",
    ]
    return Message(
        key=_key("dead", record.claim, str(record.attempts)),
        kind="dead",
        dataset=record.dataset,
        batch=batch,
        text=_text(lines),
        facts={"claim": record.claim, "attempts": str(record.attempts)},
    )


def describe_finding(finding: Finding, evidence: Evidence) -> str:
    """Describe a finding by rule, place and counts; its own sentence may quote cells."""
    rule = next((rule for rule in evidence.rules if rule.rule == finding.rule), None)
    columns = [finding.column] if finding.column else list(rule.columns if rule else ())
    parts = [_safe(finding.kind.replace("_", " "))]
    if columns:
        parts.append(f"in column {join([_safe(column) for column in columns])}")
    if not columns and (names := dict.fromkeys(file_name(e.file) for e in finding.examples)):
        parts.append(f"in {join([_safe(name) for name in list(names)[:FILES_SHOWN]])}")
    if rule is not None:
        line = f", contract line {rule.contract_line}" if rule.contract_line else ""
        parts.append(f"(rule {_safe(rule.rule)}: {_safe(rule.expected)}{line})")
    text = " ".join(parts)
    if finding.rows is not None:
        part = "" if finding.rows_share is None else f" ({share(finding.rows_share)})"
        text += f": {plural(finding.rows, 'row')}{part}"
    return f"{text}, severity {finding.severity}"


def _describe(evidence: Evidence, *, heading: str = "Findings:") -> list[str]:
    shown = evidence.findings[:FINDINGS_SHOWN]
    lines = [f"- {describe_finding(finding, evidence)}" for finding in shown]
    if more := len(evidence.findings) - len(shown):
        lines.append(f"- and {plural(more, 'more finding')}")
    return [heading, *lines] if lines else []


def _batch(evidence: Evidence) -> str:
    return _name(evidence.dataset, evidence.batch)


def _name(dataset: str, batch: str) -> str:
    return f"Batch {batch[:12]} of {_safe(dataset)}"


def _counts(rows: RowCounts) -> str:
    landed = "an unknown number of records" if rows.landed is None else f"{rows.landed:,}"
    return (
        f"{rows.published:,} published, {rows.quarantined:,} quarantined, {rows.rejected:,}"
        f" rejected, of {landed} landed"
    )


def _facts(published: Published, counts: RowCounts) -> dict[str, str]:
    facts = {
        "evidence": published.verdict.evidence.digest,
        "release": published.verdict.release,
        "decided_by": published.verdict.decided_by,
        "rows_landed": "" if counts.landed is None else str(counts.landed),
        "rows_published": str(counts.published),
        "rows_quarantined": str(counts.quarantined),
        "rows_rejected": str(counts.rejected),
    }
    if published.snapshot is not None:
        facts["snapshot"] = str(published.snapshot)
    return facts


def _safe(text: str, *, limit: int = TEXT_LIMIT) -> str:
    """Return a name from data on one line, of bounded length, without control characters."""
    return cut(visible(" ".join(text.split())), limit=limit)


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines).replace("\u00a0", " ")


def _key(kind: str, *parts: str) -> str:
    return digest_of([kind, *parts], tag=KEY_TAG)
