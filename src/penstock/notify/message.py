"""What a target is told, and the protocol it is told through."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import Field

from penstock.model import Value

__all__ = ["Message", "Target"]


class Message(Value):
    """One notification: the same key is the same message, however often it is sent."""

    key: str = Field(description="idempotency key; receivers drop a key they have seen")
    kind: Literal["published", "held", "rejected", "dead"]
    dataset: str
    batch: str = Field(description="batch id; the claim's digest where it was never read")
    text: str = Field(description="plain words in lines, without values of cells")
    link: str | None = Field(default=None, description="where the evidence page lies")
    facts: dict[str, str] = Field(default_factory=dict, description="the same for programs")


class Target(Protocol):
    """A place that is told."""

    @property
    def name(self) -> str:
        """Unique among a workflow's targets, stable, and free of secrets."""

    def send(self, message: Message) -> None:
        """Deliver a message; the same key again does no harm.

        Raises:
            Transient: when the target did not answer, after bounded retries.
            Terminal: when the target refuses the message.
        """
