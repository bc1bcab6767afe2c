"""Report: freeze the evidence, and render it for a steward."""

from __future__ import annotations

from penstock.agents.agent import Agent, Brief
from penstock.agents.detect import context_of
from penstock.checks import findings_of, read_samples
from penstock.detect import judge
from penstock.gate import count_rows, options_of, reasons_to_hold
from penstock.model import (
    Disposition,
    Evidence,
    Finding,
    Ingested,
    Judged,
    Reported,
    SampleRow,
    Scanned,
    Tagged,
    Validated,
    Value,
)
from penstock.report import render_page
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["REPORT", "ReportGiven"]

SAMPLE_ROWS = 20


class ReportGiven(Value):
    """What report takes."""

    ingested: Ingested
    scanned: Scanned
    validated: Validated
    judged: tuple[Judged, ...]
    tagged: Tagged


def report(given: ReportGiven, brief: Brief, tools: Toolbox) -> Reported:
    """Return where the evidence lies; what was frozen before for this release is kept."""
    evidence = _gather(given, brief, tools)
    ref = tools.evidence.freeze(
        claim=evidence.claim, release=evidence.release, encoded=evidence.encoded()
    )
    if ref.digest != evidence.digest:
        evidence = Evidence.decoded(tools.objects.read(ref))
    page = render_page(evidence, digest=ref.digest, contract=brief.contract)
    return Reported(
        batch=evidence.batch,
        evidence=ref,
        page=tools.objects.add_bytes(page.encode(), suffix=".html"),
        worst=evidence.worst,
    )


def _gather(given: ReportGiven, brief: Brief, tools: Toolbox) -> Evidence:
    ingested, validated = given.ingested, given.validated
    judging: tuple[Judged, ...] = (validated, *given.judged)
    findings = _worst_first(
        (*ingested.findings, *(finding for one in judging for finding in one.findings))
    )
    conditions = brief.workflow.gate.ask_if
    asks = reasons_to_hold(
        conditions=conditions, findings=findings, rules=given.scanned.rules, files=ingested.files
    )
    table = brief.workflow.publish.table
    there = tools.references.find(table, ingested.batch)
    if there is not None:
        asks = (*asks, f"Table {table!r} has exactly this batch already (snapshot {there}).")
    left = _judge_remainder(given, brief, tools)
    left_asks = reasons_to_hold(
        conditions=conditions,
        findings=left,
        rules=(validated.remainder or given.scanned).rules,
        files=ingested.files,
    )
    return Evidence(
        batch=ingested.batch,
        release=brief.release.id,
        dataset=ingested.dataset,
        workflow=f"{brief.workflow.name}@{brief.workflow.version}",
        contract=f"{brief.contract.id}@{brief.contract.version}",
        claim=ingested.claim,
        requested_by=brief.claim.requested_by,
        files=ingested.files,
        columns=ingested.columns,
        typed=ingested.typed,
        miscast=ingested.miscast,
        rejects=ingested.rejects,
        split=validated.split,
        rules=given.scanned.rules,
        findings=findings,
        agents=tuple(sorted(f"{one.step}={one.agent}:{one.state}" for one in judging)),
        profile=given.scanned.profile,
        history=max((one.history for one in given.judged), key=len, default=()),
        references=given.scanned.references,
        remainder_worst=max(
            (finding.severity for finding in left), key=lambda s: s.rank, default=None
        ),
        samples=_samples(validated, brief, tools),
        tags=given.tagged.tags,
        gate=conditions,
        asks=asks,
        automatic=None if asks else count_rows(ingested, validated.split, Disposition.CLEAN),
        options=options_of(
            ingested,
            validated.split,
            remainder_passes=not left_asks,
            is_published=there is not None,
        )
        if asks
        else (),
    )


def _judge_remainder(given: ReportGiven, brief: Brief, tools: Toolbox) -> tuple[Finding, ...]:
    """Judge the clean half as if it had landed alone; file and schema findings stay."""
    staying = tuple(finding for finding in given.ingested.findings if finding.rows is None)
    remainder = given.validated.remainder
    if remainder is None:
        left = [f for f in given.validated.findings if f.rows is None]
        return (*staying, *left, *(f for one in given.judged for f in one.findings))
    known = {batch for one in given.judged for batch in one.history}
    history = [
        entry
        for entry in tools.history.history(
            brief.claim.dataset, before=brief.claim.sequence, limit=brief.workflow.history.limit
        )
        if entry.batch in known
    ]
    again = judge(remainder.profile, history, context_of(given.ingested, brief, tools))
    return (
        *staying,
        *findings_of(remainder.rules, rows=remainder.profile.rows, examples={}),
        *again.findings,
    )


def _samples(validated: Validated, brief: Brief, tools: Toolbox) -> tuple[SampleRow, ...]:
    failed = validated.split.failed
    if failed is None:
        return ()
    return read_samples(tools.objects.path(failed), limit=SAMPLE_ROWS, contract=brief.contract)


def _worst_first(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Order findings; one that only sums others up stands behind its equals."""

    def order(finding: Finding) -> tuple[int, bool, int, str]:
        is_sum = finding.kind == "quarantine"
        return (-finding.severity.rank, is_sum, -(finding.rows or 0), finding.id)

    return tuple(sorted(findings, key=order))


REPORT = Agent(
    spec=AgentSpec(name="report", version=1, takes=ReportGiven, gives=Reported, role="judge"),
    tools=frozenset({Tool.OBJECTS, Tool.EVIDENCE, Tool.HISTORY, Tool.REFERENCES}),
    decide=report,
)
