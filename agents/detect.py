"""Detect: judge the batch against the dataset's own accepted history."""

from __future__ import annotations

from penstock.agents.agent import Agent, Brief
from penstock.detect import Context, judge
from penstock.model import Ingested, Judged, Scanned, Value
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["DETECT", "DetectGiven", "context_of"]


class DetectGiven(Value):
    """What detect takes."""

    ingested: Ingested
    scanned: Scanned


def detect(given: DetectGiven, brief: Brief, tools: Toolbox) -> Judged:
    """Return how far the batch is from what was accepted before it."""
    history = tools.history.history(
        brief.claim.dataset, before=brief.claim.sequence, limit=brief.workflow.history.limit
    )
    verdict = judge(given.scanned.profile, history, context_of(given.ingested, brief, tools))
    return Judged(
        batch=given.ingested.batch,
        step=brief.step,
        agent=brief.agent,
        state=verdict.state,
        history=tuple(entry.batch for entry in history),
        findings=verdict.findings,
        score=verdict.score,
    )


def context_of(ingested: Ingested, brief: Brief, tools: Toolbox) -> Context:
    """Return what is known of the batch besides its profile."""
    digests = tuple(file.raw.digest for file in ingested.files)
    # NOTE: the same files landed again are the same batch under a later claim, so what was seen
    # before is told by the claim, not by the batch.
    seen = tools.history.deliveries(
        brief.claim.dataset, sorted(set(digests)), before=brief.claim.sequence
    )
    return Context(
        batch=ingested.batch,
        claimed_at=brief.claim.claimed_at,
        digests=digests,
        seen=dict(seen),
    )


DETECT = Agent(
    spec=AgentSpec(name="detect", version=1, takes=DetectGiven, gives=Judged, role="judge"),
    tools=frozenset({Tool.HISTORY}),
    decide=detect,
)
