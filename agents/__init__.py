"""What each step decides. Never imports prefect."""

from penstock.agents.agent import Agent, Brief
from penstock.agents.registry import AGENTS, GATE, SPECS

__all__ = ["AGENTS", "GATE", "SPECS", "Agent", "Brief"]
