"""Landed files as bounded chunks of decompressed bytes."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from penstock.readers.unreadable import Unreadable

__all__ = ["SUFFIXES", "Format", "Kind", "Limits", "SourceFile", "format_of", "read_chunks"]

CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A landed file as a local copy; its format follows from the suffixes of `uri`."""

    path: Path
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that keep a hostile file from taking the machine."""

    decompressed_bytes: int = 64 << 30
    """A file that unpacks to more is held; a decompression bomb ends here."""
    staged_bytes: int = 64 << 20
    """Rows of a file kept in memory until it has proved readable; more of them go to disk."""


class Kind(StrEnum):
    """How records are written in a file."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What a file's suffixes say about it."""

    kind: Kind
    tabs: bool = False
    compression: str | None = None


_KINDS = {
    ".csv": Format(kind=Kind.CSV),
    ".tsv": Format(kind=Kind.CSV, tabs=True),
    ".jsonl": Format(kind=Kind.JSON_LINES),
    ".ndjson": Format(kind=Kind.JSON_LINES),
    ".parquet": Format(kind=Kind.PARQUET),
}
_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
SUFFIXES = ".csv, .tsv, .jsonl, .ndjson (each also with .gz or .zst) and .parquet"

_MAGIC = {
    b"\x1f\x8b": "gzip data",
    b"\x28\xb5\x2f\xfd": "zstd data",
    b"PK\x03\x04": "a zip archive or a spreadsheet",
    b"PAR1": "Parquet",
    b"%PDF": "a PDF document",
    b"SQLite format 3\x00": "an SQLite database",
}


def format_of(uri: str) -> Format | None:
    """Read the format off a uri's suffixes; None when it is not a supported one."""
    name = uri.rsplit("/", 1)[-1].lower()
    compression = next((word for end, word in _COMPRESSIONS.items() if name.endswith(end)), None)
    if compression is not None:
        name = name.rsplit(".", 1)[0]
    form = next((form for end, form in _KINDS.items() if name.endswith(end)), None)
    if form is None or (compression and form.kind is Kind.PARQUET):
        return None
    return Format(kind=form.kind, tabs=form.tabs, compression=compression)


def read_chunks(path: Path, compression: str | None, limits: Limits) -> Iterator[bytes]:
    """Give a file's decompressed bytes in chunks of at most `CHUNK_BYTES`.

    Raises:
        Unreadable: for an empty, truncated or damaged file, one whose content is plainly of
            another kind, and one that unpacks to more than the limit.
    """
    total = 0
    with path.open("rb") as file:
        for chunk in _unpack(file, compression):
            if total == 0:
                _refuse_magic(chunk)
            total += len(chunk)
            if total > limits.decompressed_bytes:
                raise Unreadable(
                    "too_large",
                    f"holds more than {limits.decompressed_bytes} bytes once it is unpacked",
                    remedy="Split it into smaller files, or raise the limit on decompressed bytes"
                    " if such a size is expected.",
                )
            yield chunk
    if total == 0:
        raise Unreadable(
            "empty_file",
            "is empty",
            remedy="Ask the producer whether the transfer failed, and land the file again.",
            records=0,
        )


def _unpack(file: BinaryIO, compression: str | None) -> Iterator[bytes]:
    if compression is None:
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")
        return
    read: Callable[[int], bytes]
    if compression == "gzip":
        read = gzip.GzipFile(fileobj=file, mode="rb").read
    else:
        read = pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd").read
    while True:
        try:
            chunk = read(CHUNK_BYTES)
        except (EOFError, OSError, zlib.error) as exc:
            cut = isinstance(exc, EOFError) or "Truncated" in str(exc)
            raise Unreadable(
                "truncated_file" if cut else "damaged_file",
                f"ends in the middle of its {compression} data"
                if cut
                else f"is not intact {compression} data",
                remedy="Land the file again, whole.",
            ) from exc
        if not chunk:
            return
        yield chunk


def _refuse_magic(chunk: bytes) -> None:
    for magic, name in _MAGIC.items():
        if chunk.startswith(magic):
            raise Unreadable(
                "binary_file",
                f"is {name}, not the text its name promises",
                remedy=f"Name the file after what it is. Supported: {SUFFIXES}.",
            )
