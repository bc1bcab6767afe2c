"""Checks that need no statistics: has this content been here before?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from penstock.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.detect.context import Context
    from penstock.model import HistoryEntry, Profile

__all__ = ["check_content"]

SHORT = 12
"""Characters of a batch id that a steward can type."""


def check_content(
    profile: Profile, history: Sequence[HistoryEntry], context: Context
) -> tuple[Finding, ...]:
    """Find files delivered before, and the same content twice within the batch.

    A batch without rows is no delivery: empty files are alike without being the same.
    """
    if profile.rows == 0:
        return ()
    found = (_redelivery(history, context), _repeated(context))
    return tuple(finding for finding in found if finding is not None)


def _redelivery(history: Sequence[HistoryEntry], context: Context) -> Finding | None:
    earlier: dict[str, list[str]] = {}
    for digest, batches in context.seen.items():
        earlier.setdefault(digest, []).extend(batches)
    for entry in history:
        for digest in entry.digests:
            earlier.setdefault(digest, []).append(entry.batch)
    hits = {
        digest: [batch for batch in earlier.get(digest, ()) if batch != context.batch]
        for digest in dict.fromkeys(context.digests)
    }
    again = [digest for digest, batches in hits.items() if batches]
    if not again:
        return None
    files = len(set(context.digests))
    before = ", ".join(
        f"`{batch[:SHORT]}`"
        for batch in list(dict.fromkeys(b for digest in again for b in hits[digest]))[:3]
    )
    which = "The file has" if files == 1 else f"{len(again)} of {files} files have"
    return Finding(
        id="detect:redelivery",
        kind="redelivery",
        message=f"{which} been delivered and accepted before, byte for byte, in batch {before}."
        " Publishing would double those rows: reject, and ask the producer for the right file.",
        severity=Severity.HIGH,
        expected="content not accepted before",
        observed=f"{len(again)} of {files} files seen before",
        method="content digest",
    )


def _repeated(context: Context) -> Finding | None:
    copies = {digest: n for digest, n in Counter(context.digests).items() if n > 1}
    if not copies:
        return None
    extra = sum(copies.values()) - len(copies)
    return Finding(
        id="detect:repeated_file",
        kind="repeated_file",
        message=f"{len(context.digests)} files landed together, {extra} of them byte for byte"
        " copies of another one: their rows would be published more than once. Reject, and have"
        " each file land once.",
        severity=Severity.HIGH,
        expected="each content once",
        observed=f"{extra} copies",
        method="content digest",
    )
