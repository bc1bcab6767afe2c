"""An agent: its outside for workflows, its allowlist of tools, and its decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from penstock.contracts import Contract
from penstock.model import Claim, Release, Value
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec, Workflow

__all__ = ["Agent", "Brief"]

Given = TypeVar("Given", bound=Value)
Made = TypeVar("Made", bound=Value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """What every agent of a run may know: nothing in it can be changed."""

    step: str
    agent: str
    workflow: Workflow
    contract: Contract
    release: Release
    claim: Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent(Generic[Given, Made]):
    """A narrow, typed decision: the same input gives the same output, but for effects."""

    spec: AgentSpec
    tools: frozenset[Tool]
    decide: Callable[[Given, Brief, Toolbox], Made]
