"""The agents that a workflow may name. A new agent is one line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from penstock.agents.agent import Agent
from penstock.agents.detect import DETECT
from penstock.agents.ingest import INGEST
from penstock.agents.notify import NOTIFY
from penstock.agents.prepare import PREPARE
from penstock.agents.publish import PUBLISH
from penstock.agents.report import REPORT
from penstock.agents.scan import SCAN
from penstock.agents.tag import TAG
from penstock.agents.validate import VALIDATE
from penstock.model import Reported, Value, Verdict
from penstock.workflows import AgentSpec

__all__ = ["AGENTS", "SPECS", "GateGiven"]


class GateGiven(Value):
    """What the gate takes."""

    reported: Reported


GATE = AgentSpec(name="gate", version=1, takes=GateGiven, gives=Verdict, role="gate")
"""The gate is wired like an agent; the flow carries it out, since only a flow can suspend."""

AGENTS: Mapping[str, Agent[Any, Any]] = MappingProxyType(
    {
        agent.spec.name: agent
        for agent in (INGEST, SCAN, VALIDATE, DETECT, TAG, REPORT, PREPARE, PUBLISH, NOTIFY)
    }
)

SPECS: Mapping[str, AgentSpec] = MappingProxyType(
    {"gate": GATE} | {name: agent.spec for name, agent in AGENTS.items()}
)
