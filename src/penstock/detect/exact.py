"""Checks that need no statistics: has this content been here before?"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from penstock.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.detect.context import Context
    from penstock.model import BatchId, HistoryEntry, Profile

__all__ = ["check_content"]

SHORT = 12
"""Characters of a batch id that a steward can type."""

NAMED = 3


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
    accepted = {digest: entry.batch for entry in history for digest in entry.digests}
    landed = list(dict.fromkeys(context.digests))
    earlier = {
        digest: list(dict.fromkeys([*context.seen.get(digest, ()), *_of(accepted, digest)]))
        for digest in landed
    }
    again = [digest for digest in landed if earlier[digest]]
    if not again:
        return None
    names = list(dict.fromkeys(batch for digest in again for batch in earlier[digest]))[:NAMED]
    before = ", ".join(f"`{name[:SHORT]}`" for name in names)
    which = "The file was" if len(landed) == 1 else f"{len(again)} of {len(landed)} files were"
    what = "delivered and accepted" if any(d in accepted for d in again) else "delivered"
    return Finding(
        id="detect:redelivery",
        kind="redelivery",
        message=f"{which} {what} before, byte for byte, in batch {before}. Publishing the same"
        " content again doubles its rows: reject, and ask the producer for the right file.",
        severity=Severity.HIGH,
        expected="content not delivered before",
        observed=f"{len(again)} of {len(landed)} files delivered before",
        method="content digest",
    )


def _of(accepted: Mapping[str, BatchId], digest: str) -> list[BatchId]:
    return [accepted[digest]] if digest in accepted else []


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
