"""What a judge is told besides the profile, and what it answers."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from penstock.model import BatchId, Digest, Finding, Value

__all__ = ["Context", "Judgement"]


class Context(Value):
    """What is known of a batch besides its profile."""

    batch: BatchId
    claimed_at: AwareDatetime
    digests: tuple[Digest, ...] = Field(description="content digest of each landed file")
    seen: dict[Digest, list[BatchId]] = Field(
        default_factory=dict,
        description="content digest to the batches of earlier claims that had it; the same files"
        " landed again are the same batch under a later claim, so it may name this batch's own id",
    )


class Judgement(Value):
    """What the history says about a batch."""

    state: Literal["judged", "learning", "warning"] = Field(
        description="`learning`: too little history, exact checks only; `warning`: statistics give"
        " findings of at most medium"
    )
    score: float = Field(ge=0, description="worst strain over the threshold; above 1 is an alarm")
    alarm: bool
    findings: tuple[Finding, ...]
    threshold: float | None = Field(description="strain above which a batch is an alarm")
    history: int = Field(ge=0, description="accepted batches it was compared with")
