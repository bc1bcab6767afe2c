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
    if not pattern.strip() or pattern.startswith("/"):
        raise ConfigError(
            f"Pattern {pattern!r} fits no file.",
            remedy="Write it relative to the landing, as in '*.csv' or '**/*.parquet'.",
        )
    return re.compile(
        "".join(
            _translate(token)
            for token in re.findall(r"\*\*/|\*\*|\[!?\]?[^\]]*\]|.", pattern, re.DOTALL)
        ),
        re.DOTALL,
    )


def fixed_part(pattern: str) -> str:
    """Return the beginning that all keys of a pattern share."""
    return re.split(r"[*?\[]", pattern, maxsplit=1)[0]


def _translate(token: str) -> str:
    match token:
        case "**/":
            return "(?:.*/)?"
        case "**":
            return ".*"
        case "*":
            return "[^/]*"
        case "?":
            return "[^/]"
        case _ if len(token) > 1:
            negated = token[1] == "!"
            letters = re.sub(r"([\\\[\]^&~|])", r"\\\1", token[1 + negated : -1])
            return f"[^/{letters}]" if negated else f"(?!/)[{letters}]"
        case _:
            return re.escape(token)
