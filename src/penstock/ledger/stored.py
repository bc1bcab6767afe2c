"""How instants, models and prose are stored, so that every database gives back the same."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from penstock.model import canonical

__all__ = ["Canonical", "Instant", "decode", "encode", "instant_text", "prose"]

UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def encode(value: object, *, tag: str) -> str:
    """Return the canonical encoding of a value as text."""
    return canonical(value, tag=tag).decode()


def decode(text: str, *, tag: str) -> Any:  # noqa: ANN401 - JSON, narrowed by the caller's type
    """Read what `encode` wrote.

    Raises:
        ValueError: when the text is anything but the canonical encoding under this tag.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("tag") != tag:
        raise ValueError(f"it is not tagged {tag!r}")
    value = document.get("value")
    if encode(value, tag=tag) != text:
        raise ValueError("it is not in canonical form")
    return value


def prose(text: str) -> str:
    """Replace what databases cannot keep in text (NUL, halves of characters) with U+FFFD."""
    return UNSTORABLE.sub("\ufffd", text)


class Instant(TypeDecorator[datetime]):
    """An aware instant as UTC text of fixed width: exact, and ordered as text is."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the instant."""
        return None if value is None else instant_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Read the instant."""
        return None if value is None else datetime.fromisoformat(value)


def instant_text(value: datetime) -> str:
    """Return an aware instant as UTC text with microseconds."""
    if value.tzinfo is None:
        raise TypeError(f"{value!r} has no time zone. Use an aware instant.")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class Canonical(TypeDecorator[Any]):
    """A value of a given type as canonical text.

    Never a database's own JSON type: PostgreSQL's JSONB reorders keys and rewrites numbers.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any, *, tag: str) -> None:  # noqa: ANN401 - a type in any form
        super().__init__()
        self.kind = kind
        self.tag = tag

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Write the value."""
        return None if value is None else encode(value, tag=self.tag)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 - SQLAlchemy's signature
        """Read the value into its type."""
        if value is None:
            return None
        return TypeAdapter(self.kind).validate_python(decode(value, tag=self.tag))
