"""Tag: name where the batch comes from, and open its lineage."""

from __future__ import annotations

from penstock.agents.agent import Agent, Brief
from penstock.model import Ingested, Judged, Scanned, Tagged, Value
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["TAG", "TagGiven"]


class TagGiven(Value):
    """What tag takes."""

    ingested: Ingested
    scanned: Scanned
    judged: tuple[Judged, ...]


def tag(given: TagGiven, brief: Brief, tools: Toolbox) -> Tagged:
    """Return the batch's tags, after the START event of its lineage is in the outbox."""
    tags = {
        "source": brief.workflow.landing.uri,
        "transform": f"{brief.workflow.name}@{brief.workflow.version}",
        "model": ",".join(sorted(judged.agent for judged in given.judged)),
        "version": brief.release.code_version,
        "contract": f"{brief.contract.id}@{brief.contract.version}",
        "release": brief.release.id,
    }
    run = tools.lineage.start(
        ingested=given.ingested,
        scanned=given.scanned,
        release=brief.release,
        claim=brief.claim,
        table=brief.workflow.publish.table,
        tags=tags,
    )
    worst = max(
        (finding.severity for judged in given.judged for finding in judged.findings),
        key=lambda severity: severity.rank,
        default=None,
    )
    return Tagged(batch=given.ingested.batch, tags=tags, lineage_run=run, worst=worst)


TAG = Agent(
    spec=AgentSpec(name="tag", version=1, takes=TagGiven, gives=Tagged, role="judge"),
    tools=frozenset({Tool.LINEAGE}),
    decide=tag,
)
