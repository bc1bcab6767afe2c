"""The value every model is built on, and the small types they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import NewType

from pydantic import BaseModel, ConfigDict, Field

from penstock.model.canonical import Digest

__all__ = ["BatchId", "Clock", "FileRef", "ReleaseId", "Severity", "Value", "utc_now"]

BatchId = NewType("BatchId", str)
"""Digest of a batch's sorted (uri, content digest) pairs."""

ReleaseId = NewType("ReleaseId", str)
"""Digest of code, workflow, contracts and policies."""

Clock = Callable[[], datetime]
"""Gives the present instant, aware and in UTC."""


def utc_now() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)


class Value(BaseModel):
    """An immutable value; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Severity(StrEnum):
    """How much a finding matters, from `low` to `critical`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Position in the order, 0 for low."""
        return list(Severity).index(self)

    @classmethod
    def of(cls, word: str | None) -> Severity:
        """Read a severity; a word that is not known counts as high."""
        try:
            return cls((word or "").strip().lower())
        except ValueError:
            return cls.HIGH


class FileRef(Value):
    """A reference to an immutable stored file: what travels between steps instead of data."""

    uri: str = Field(description="where it lies, `s3://bucket/key` or `file:///path`")
    digest: Digest = Field(description="SHA-256 of its bytes")
    size: int = Field(ge=0, description="bytes")
    rows: int | None = Field(default=None, ge=0, description="rows, for a table")
