"""What a workflow may wire: agents, with the type each takes and the type it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from penstock.model import Value

__all__ = ["AgentSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSpec:
    """The outside of an agent.

    `takes` is a model whose fields are filled from the outputs of a step's `needs`: a field of
    type `T` takes the one output of type `T`, a field `tuple[T, ...]` takes all of them (at least
    one), a field `T | None` takes one or none. A subclass's output also fills a field of its base
    type, unless another field takes exactly the subclass. Every need must fill exactly one field.
    A first step has no needs and takes `Claim`.

    `role` is `judge` for work that can be repeated, `gate` for the question whether the batch may
    pass, `effect` for changes outside the process, which may only come after a gate.
    """

    name: str
    version: int
    takes: type[Value]
    gives: type[Value]
    role: Literal["judge", "gate", "effect"]

    @property
    def label(self) -> str:
        """Name and version, as in `detect/1`."""
        return f"{self.name}/{self.version}"
