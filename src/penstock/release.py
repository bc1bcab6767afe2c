"""Releases: code, workflow and contract under one id, so that a batch can say what judged it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from penstock import __version__
from penstock.model import Digest, Release, ReleaseId, digest_of, hash_file
from penstock.workflows import LoadedWorkflow

__all__ = ["build_release", "digest_code"]

LIBRARIES = ("duckdb", "numpy", "pyarrow", "pyiceberg", "sqlglot")
"""Libraries whose version can change what a batch's rows, counts or profile come out as."""

PARTS = ("flows", "tasks", "agents")
"""Packages that may lie elsewhere than the rest of `penstock`, mapped into it."""

SUFFIXES = frozenset({".py", ".html", ".j2", ".css", ".js", ".mako", ".sql", ".json", ".ini"})
"""Code, templates and migrations. Whatever else lies there changes no result."""


def build_release(loaded: LoadedWorkflow) -> Release:
    """Return the release that a loaded workflow runs under.

    Every byte of the definition and of the contract counts, comments and descriptions too: that
    two texts mean the same is not ours to judge. Where the code is installed does not count.
    """
    workflow, contract = loaded.workflow, loaded.contract
    parts: dict[str, object] = {
        "code": _installed_code(),
        "code_version": __version__,
        "workflow": workflow.label,
        "workflow_digest": loaded.digest,
        "contract": f"{contract.id}@{contract.version}",
        "contract_digest": loaded.contract_digest,
        "libraries": _library_versions(),
    }
    return Release.model_validate(
        {"id": ReleaseId(digest_of(parts, tag="penstock/release/1")), **parts}
    )


def digest_code(roots: Mapping[str, Iterable[Path]]) -> Digest:
    """Return the digest of the code in folders, each given by its place within the package.

    `{"": [src/penstock], "flows": [flows]}` and `{"": [site-packages/penstock]}` with a folder
    `flows` inside have the same digest. Compiled files, hidden files and editors' leftovers do
    not count.
    """
    found: dict[str, Digest] = {}
    for place, folders in roots.items():
        for folder in folders:
            for path in folder.rglob("*"):
                inside = path.relative_to(folder)
                hidden = any(part.startswith((".", "__pycache__")) for part in inside.parts)
                if path.suffix in SUFFIXES and not hidden and path.is_file():
                    found[(Path(place) / inside).as_posix()] = hash_file(path)
    return digest_of(found, tag="penstock/code/1")


@cache
def _installed_code() -> Digest:
    import penstock  # noqa: PLC0415 - the package this module is part of

    roots = {"": [Path(folder) for folder in penstock.__path__]}
    for part in PARTS:
        # Found, not imported: the machinery doesn't import what stands on it.
        spec = find_spec(f"penstock.{part}")
        if spec is not None:
            roots[part] = [Path(folder) for folder in spec.submodule_search_locations or ()]
    return digest_code(roots)


@cache
def _library_versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES}
