"""Publish: make the prepared file part of the table, exactly once."""

from __future__ import annotations

from penstock.agents.agent import Agent, Brief
from penstock.errors import NotAllowed
from penstock.gate import counts_of, file_of, verdict_of
from penstock.model import Digest, Evidence, FileRef, Prepared, Published, Value, digest_of
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["PUBLISH", "PublishGiven", "publish_key"]


class PublishGiven(Value):
    """What publish takes."""

    prepared: Prepared


def publish_key(evidence: Evidence, file: Digest, *, table: str) -> str:
    """Return the intent key of publishing a file on this evidence."""
    return digest_of(
        [evidence.claim, evidence.batch, evidence.release, "publish", table, file],
        tag="penstock/intent/1",
    )


def publish(given: PublishGiven, brief: Brief, tools: Toolbox) -> Published:
    """Publish a batch: intent, look, do, verify, record.

    The verdict is derived once more from evidence and ledger, and the placed file must have the
    digest that the evidence names. A batch with nothing to publish is closed the same way.
    """
    prepared = given.prepared
    evidence = _prove(prepared, tools)
    table = brief.workflow.publish.table
    snapshot = None
    if prepared.file is not None:
        snapshot = _publish_file(prepared, prepared.file, evidence, table=table, tools=tools)
    published = Published(
        batch=prepared.batch,
        dataset=prepared.dataset,
        table=table,
        snapshot=snapshot,
        counts=prepared.counts,
        verdict=prepared.verdict,
    )
    tools.lineage.finish(published=published, evidence=evidence)
    return published


def _prove(prepared: Prepared, tools: Toolbox) -> Evidence:
    verdict = prepared.verdict
    evidence = Evidence.decoded(tools.objects.read(verdict.evidence))
    decision = tools.decisions.decision(evidence=verdict.evidence.digest, release=evidence.release)
    staged = file_of(evidence, verdict.disposition)
    borne_out = (
        verdict_of(evidence, verdict.evidence, decision) == verdict
        and counts_of(evidence, verdict) == prepared.counts
        and (
            prepared.file is None or (staged is not None and prepared.file.digest == staged.digest)
        )
        and (prepared.file is not None or not prepared.counts.published)
    )
    if not borne_out:
        raise NotAllowed(
            f"What was prepared for batch {prepared.batch[:12]} is not what its evidence and the"
            " ledger say.",
            remedy="Run the batch again; the gate will ask where it must.",
        )
    return evidence


def _publish_file(
    prepared: Prepared, file: FileRef, evidence: Evidence, *, table: str, tools: Toolbox
) -> int:
    verdict = prepared.verdict
    key = publish_key(evidence, file.digest, table=table)
    tools.effects.intend(
        key=key, batch=prepared.batch, release=prepared.release, step="publish", kind="publish"
    )
    snapshot = tools.publisher.find(table, prepared.batch)
    if snapshot is None:
        tools.objects.path(file)  # hashes it: what was placed must still be what was prepared
        snapshot = tools.publisher.publish(
            table,
            file,
            columns=evidence.columns,
            batch=prepared.batch,
            summary={
                "release": prepared.release,
                "evidence": verdict.evidence.digest,
                "decision": verdict.decision or "none",
                "decided-by": verdict.decided_by,
                "intent": key,
            },
        )
    tools.publisher.verify(table, prepared.batch, rows=prepared.counts.published)
    tools.effects.complete(key, {"snapshot": snapshot, "table": table, "file": file.uri})
    return snapshot


PUBLISH = Agent(
    spec=AgentSpec(name="publish", version=1, takes=PublishGiven, gives=Published, role="effect"),
    tools=frozenset({Tool.OBJECTS, Tool.DECISIONS, Tool.PUBLISHER, Tool.EFFECTS, Tool.LINEAGE}),
    decide=publish,
)
