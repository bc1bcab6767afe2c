"""The places a definition names: landings, patterns of keys, contracts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from penstock.stores import LocalStore
from penstock.workflows.misfit import Misfit

__all__ = ["CONTRACTS", "check_contract_key", "check_pattern", "resolve_landing"]

CONTRACTS = "contracts/"
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def resolve_landing(uri: str, *, root: str | None) -> str:
    """Return an absolute landing uri without a slash at its end.

    A relative path, which may climb (`../landing`), starts at `root` if that is a local folder.

    Raises:
        Misfit: for what no object store can be opened at; the uri is not shown, as a password
            may stand in it.
    """
    if not uri.isprintable() or uri != uri.strip():
        _refuse("holds spaces at its ends or characters that cannot be seen", "Remove them.")
    if not SCHEME.match(uri):
        return _resolve_path(uri, root)
    parts = urlsplit(uri)
    if parts.query or parts.fragment or "@" in parts.netloc:
        _refuse(
            "carries more than a place",
            "Leave out user, password, query and fragment; access comes from the environment.",
        )
    match parts.scheme:
        case "s3" if not BUCKET.fullmatch(parts.netloc):
            return _refuse("names no bucket", "Write s3://bucket/prefix.")
        case "s3" | "memory" if parts.netloc:
            return uri.rstrip("/")
        case "file" if parts.netloc in {"", "localhost"} and parts.path.startswith("/"):
            return LocalStore(unquote(parts.path)).root
        case scheme:
            return _refuse(
                f"begins with {scheme!r}, but is no place to read",
                "Write s3://bucket/prefix or file:///folder.",
            )


def _resolve_path(text: str, root: str | None) -> str:
    if Path(text).is_absolute():
        return LocalStore(text).root
    if root is None or not root.startswith("file://"):
        _refuse(
            "is a relative path, but the config does not lie in a local folder",
            "Write s3://bucket/prefix.",
        )
    return LocalStore(Path(unquote(urlsplit(root).path)) / text).root


def _refuse(what: str, remedy: str) -> NoReturn:
    raise Misfit(("landing", "uri"), f"landing.uri {what}.", remedy=remedy)


def check_pattern(pattern: str) -> None:
    """Refuse a pattern that can match no key below the landing.

    Raises:
        Misfit: when it begins with a slash, climbs, or cannot be seen.
    """
    if pattern.startswith("/") or ".." in pattern.split("/") or not pattern.isprintable():
        raise Misfit(
            ("landing", "pattern"),
            f"landing.pattern is {pattern!r}, which matches nothing below landing.uri.",
            remedy="Write a pattern of names, as *.csv.gz.",
        )


def check_contract_key(key: str) -> None:
    """Refuse a key that is not a YAML file below `contracts/` of the config.

    Raises:
        Misfit: also for one that would lead out of that folder.
    """
    inside = key.removeprefix(CONTRACTS)
    is_plain = all(
        re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", part) for part in inside.split("/")
    )
    if inside == key or not is_plain or not key.endswith((".yaml", ".yml")):
        raise Misfit(
            ("contract",),
            f"contract is {key!r}, which is no file of the config's contracts.",
            remedy="Write its key, as contracts/retail.yaml.",
        )
