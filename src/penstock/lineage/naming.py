"""Names in OpenLineage's terms: datasets by their physical place, runs by what they are about."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote
from uuid import UUID, uuid5

from penstock.model import Digest, ReleaseId

__all__ = ["DatasetName", "log_name", "name_dataset", "run_id"]

RUNS = UUID("9a7a3a1e-6a0f-5b1c-9a55-6b1f4a0c2d11")
"""Namespace of Penstock's run ids."""


class DatasetName(NamedTuple):
    """A dataset in OpenLineage's naming."""

    namespace: str
    name: str


def name_dataset(uri: str) -> DatasetName:
    """Name what lies at a uri: `s3://bucket` / key, `file` / path, else scheme and authority."""
    scheme, has_scheme, rest = uri.partition("://")
    if not has_scheme:
        return DatasetName("file", uri)
    if scheme == "file":
        return DatasetName("file", unquote(rest))
    authority, _, path = rest.partition("/")
    return DatasetName(f"{scheme}://{authority}", path or "/")


def log_name(claim: Digest, release: ReleaseId) -> str:
    """Return the name of the log that holds the events of a claim under a release."""
    return str(uuid5(RUNS, f"{claim}/{release}"))


def run_id(claim: Digest, release: ReleaseId, *, attempt: int) -> str:
    """Return the run id of an attempt: the same for every process, on every resume.

    A new attempt begins only after the one before it failed for good.
    """
    return str(uuid5(RUNS, f"{claim}/{release}/{attempt}"))
