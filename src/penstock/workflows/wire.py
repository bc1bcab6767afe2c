"""What wiring gives: each step in its place, with the needs that fill its input."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from penstock.model import Value

__all__ = ["Fill", "Wire"]


class Fill(Value):
    """A field of an agent's input, and the needs whose outputs it takes."""

    field: str
    takes: Literal["one", "optional", "many"]
    needs: tuple[str, ...]


class Wire(Value):
    """One step in its place: the agent that does it, and how its input is filled."""

    step: str
    agent: str = Field(description="name and version, as in `detect/1`")
    role: Literal["judge", "gate", "effect"]
    fills: tuple[Fill, ...]
