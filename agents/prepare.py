"""Prepare: put exactly the file that the evidence names where the table will find it."""

from __future__ import annotations

from penstock.agents.agent import Agent, Brief
from penstock.errors import NotAllowed, NotConserved
from penstock.gate import counts_of, file_of, verdict_of
from penstock.model import Evidence, Prepared, Value, Verdict
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["PREPARE", "PrepareGiven"]


class PrepareGiven(Value):
    """What prepare takes."""

    verdict: Verdict


def prepare(given: PrepareGiven, brief: Brief, tools: Toolbox) -> Prepared:
    """Place the file of the verdict, after deriving the verdict anew from the evidence.

    Raises:
        NotAllowed: when evidence and ledger do not bear the verdict out.
        NotConserved: when the rows do not add up.
        Tampered: when a staged file is not the one that the evidence names.
    """
    verdict = given.verdict
    evidence = Evidence.decoded(tools.objects.read(verdict.evidence))
    decision = tools.decisions.decision(evidence=verdict.evidence.digest, release=evidence.release)
    if verdict_of(evidence, verdict.evidence, decision) != verdict:
        raise NotAllowed(
            f"The verdict on batch {verdict.batch[:12]} is not what its evidence and the ledger"
            " say.",
            remedy="Run the batch again; the gate will ask where it must.",
        )
    counts = counts_of(evidence, verdict)
    file = file_of(evidence, verdict.disposition)
    if file is not None and file.rows != counts.published:
        raise NotConserved(
            f"{file.uri} holds {file.rows} rows where {counts.published} are to be published.",
            remedy="Reject the batch and land its files again.",
        )
    placed = None
    if file is not None and counts.published:
        placed = tools.publisher.place(brief.workflow.publish.table, file, tools.objects.path(file))
    return Prepared(
        batch=evidence.batch,
        dataset=evidence.dataset,
        release=evidence.release,
        evidence=verdict.evidence.digest,
        verdict=verdict,
        file=placed,
        counts=counts,
    )


PREPARE = Agent(
    spec=AgentSpec(name="prepare", version=1, takes=PrepareGiven, gives=Prepared, role="effect"),
    tools=frozenset({Tool.OBJECTS, Tool.DECISIONS, Tool.PUBLISHER}),
    decide=prepare,
)
