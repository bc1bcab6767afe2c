"""What each step decides. Never imports prefect."""

from penstock.agents.agent import Agent, Brief
from penstock.agents.registry import AGENTS, SPECS, GateGiven

__all__ = ["AGENTS", "SPECS", "Agent", "Brief", "GateGiven"]
