"""The one encoding behind every digest: two encoders would be two truths."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["Digest", "canonical", "digest_of", "hash_bytes", "hash_file"]

Digest = str
"""SHA-256 as 64 lower-case hexadecimal characters."""

FLOAT_DIGITS = 12
"""Significant digits of a float inside a digest; sums over rows differ beyond them."""

CHUNK_BYTES = 1 << 20


def canonical(value: object, *, tag: str) -> bytes:
    """Encode a value of models, mappings, sequences and scalars as canonical JSON.

    Keys are sorted, text is UTF-8 without escapes, instants are UTC, floats have `FLOAT_DIGITS`
    significant digits, and the whole is wrapped with its version tag (`"penstock/evidence/1"`).

    Raises:
        TypeError: for a value without one meaning (NaN, naive time, unordered set, object).
    """
    document = {"tag": tag, "value": _plain(value)}
    return json.dumps(
        document, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode()


def digest_of(value: object, *, tag: str) -> Digest:
    """Return the SHA-256 of the canonical encoding of a value."""
    return hash_bytes(canonical(value, tag=tag))


def hash_bytes(data: bytes | Iterable[bytes]) -> Digest:
    """Return the SHA-256 of bytes, or of chunks of bytes one after the other."""
    sha = hashlib.sha256()
    for chunk in (data,) if isinstance(data, bytes) else data:
        sha.update(chunk)
    return sha.hexdigest()


def hash_file(path: Path) -> Digest:
    """Return the SHA-256 of a file's content, read in chunks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401, C901, PLR0911 - the one place that meets any value
    match value:
        case None | bool() | int():
            return value
        case str():
            return str(value)
        case float():
            if not math.isfinite(value):
                message = f"{value!r} has no canonical form. Store null or text instead."
                raise TypeError(message)
            return float(f"{value:.{FLOAT_DIGITS}g}")
        case Decimal():
            return str(value)
        case datetime():
            if value.tzinfo is None:
                message = f"{value!r} has no time zone. Use an aware instant."
                raise TypeError(message)
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case BaseModel():
            return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
        case dict():
            return {_key(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            message = f"{type(value).__name__} has no canonical form."
            raise TypeError(message)


def _key(key: object) -> str:
    if not isinstance(key, str):
        message = f"Key {key!r} is not text."
        raise TypeError(message)
    return str(key)
