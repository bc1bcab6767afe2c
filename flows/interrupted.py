"""A batch whose rows reached the table under an earlier release, before that could be recorded."""

from __future__ import annotations

from prefect import get_run_logger

from penstock.agents.publish import publish_key
from penstock.flows.journal import keep
from penstock.flows.run import BatchRun
from penstock.gate import counts_of, file_of, verdict_of
from penstock.model import BatchRecord, Effect, Evidence, Published

__all__ = ["find_interrupted"]


def find_interrupted(run: BatchRun, record: BatchRecord) -> Published | None:
    """Settle a claim that is in the table already, and say what was published.

    Its publisher died between the swap and the record, and the release has changed since: judging
    it anew would come to another verdict on rows that everybody can read. None where there is no
    such thing; under the same release, going through the steps again comes to the same end.
    """
    if record.batch is None or record.state.is_settled:
        return None
    table = run.loaded.workflow.publish.table
    for effect in run.tools.ledger.effects(record.batch):
        if effect.kind == "publish" and effect.release != run.release.id:
            published = _published_by(run, effect, table=table)
            if published is not None:
                get_run_logger().warning(
                    "Batch %s reached table %s under release %s before it could be recorded.",
                    record.batch[:12],
                    table,
                    effect.release[:12],
                )
                keep(run.tools.ledger, run.claim, effect.release, published, earlier=())
                return published
    return None


def _published_by(run: BatchRun, effect: Effect, *, table: str) -> Published | None:
    tools = run.tools
    ref = tools.evidence.find(claim=run.claim.digest, release=effect.release)
    if ref is None:
        return None
    evidence = Evidence.decoded(tools.objects.read(ref))
    decision = tools.ledger.decision(evidence=ref.digest, release=effect.release)
    verdict = verdict_of(evidence, ref, decision)
    file = None if verdict is None else file_of(evidence, verdict.disposition)
    if verdict is None or file is None:
        return None
    if publish_key(evidence, file.digest, table=table) != effect.key:
        return None
    snapshot = tools.tables.find(table, evidence.batch)
    if snapshot is None:
        return None
    counts = counts_of(evidence, verdict)
    tools.tables.verify(table, evidence.batch, rows=counts.published)
    return Published(
        batch=evidence.batch,
        dataset=evidence.dataset,
        table=table,
        snapshot=snapshot,
        counts=counts,
        verdict=verdict,
    )
