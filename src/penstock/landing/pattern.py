"""Which names of a landing are files of a dataset."""

from __future__ import annotations

import re

from penstock.errors import ConfigError

__all__ = ["compile_pattern", "fixed_part", "is_landed"]

UNFINISHED = (".part", ".partial", ".filepart", ".crdownload", ".tmp", ".temp", ".swp", "~")


def is_landed(key: str) -> bool:
    """Tell whether a name says that its file is complete.

    As in Hadoop and Spark, whatever begins with `.` or `_`, or lies in a folder that does, is
    still being written or is bookkeeping; so are the suffixes of unfinished transfers. Such a file
    has landed once it is renamed.
    """
    return not key.lower().endswith(UNFINISHED) and not any(
        part.startswith((".", "_")) for part in key.split("/")
    )


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile a pattern over whole keys, to be used with `fullmatch`.

    `*` and `?` stand for letters other than `/`, `**` for anything, `**/` for any folders or none,
    `[a-c]` and `[!a-c]` for one letter. Case matters.
    """
    pieces = re.findall(r"\*\*/|\*\*|\[!?.[^\]]*\]|.", pattern, re.DOTALL)
    try:
        if pattern.strip() and not pattern.startswith("/"):
            return re.compile("".join(map(_translate, pieces)), re.DOTALL)
    except re.error:
        pass
    raise ConfigError(
        f"Pattern {pattern!r} fits no file.",
        remedy="Write it relative to the landing, as in '*.csv' or '**/*.parquet'.",
    )


def fixed_part(pattern: str) -> str:
    """Return the beginning that all keys of a pattern share."""
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def _translate(piece: str) -> str:
    match piece:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if len(piece) > 1:
            negated = piece[1] == "!" and piece != "[!]"
            ranges = re.findall(r"(.)-(.)|(.)", piece[1 + negated : -1], re.DOTALL)
            letters = "".join("-".join(map(re.escape, filter(None, found))) for found in ranges)
            return f"[^/{letters}]" if negated else f"(?!/)[{letters}]"
        case _:
            return re.escape(piece)
