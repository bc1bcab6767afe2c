"""A workflow: a definition that was read, checked and wired."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from penstock.model import Digest
from penstock.workflows.definition import Definition, Step
from penstock.workflows.graph import layers_of
from penstock.workflows.wire import Fill, Wire

__all__ = ["Workflow"]


class Workflow(Definition):
    """What runs for a dataset; made by `read_workflow` only, and never changed.

    `landing.uri` is absolute here.
    """

    model_config = ConfigDict(populate_by_name=True)

    wires: tuple[Wire, ...] = Field(description="the steps in the order they run")
    digest: Digest = Field(
        description="SHA-256 of the definition's text, without a byte order mark"
    )
    source: str = Field(description="uri or path it was read from")

    @property
    def label(self) -> str:
        """Name and version, as in `retail@3`."""
        return f"{self.name}@{self.version}"

    @property
    def order(self) -> tuple[str, ...]:
        """Names of the steps: each after its needs, else as they are written."""
        return tuple(wire.step for wire in self.wires)

    @property
    def wiring(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """For each step, which needs fill which field of its agent's input; () fills none."""
        return {wire.step: {fill.field: fill.needs for fill in wire.fills} for wire in self.wires}

    @property
    def layers(self) -> tuple[tuple[str, ...], ...]:
        """The steps in layers; those of one layer can run at the same time."""
        needs = {step.name: step.needs for step in self.steps}
        return layers_of({name: needs[name] for name in self.order})

    def step(self, name: str) -> Step:
        """Return a step by its name."""
        return next(step for step in self.steps if step.name == name)

    def fills(self, name: str) -> tuple[Fill, ...]:
        """Return how the input of a step is filled, as `fill` takes it."""
        return next(wire.fills for wire in self.wires if wire.step == name)
