"""Numbers, shares and names as a steward reads them."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING

from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "count",
    "cut",
    "file_name",
    "join",
    "number",
    "plural",
    "severities",
    "share",
    "size",
    "visible",
]

NBSP = "\u00a0"
KEPT = frozenset("\u00a0\u00ad\n")
"""Characters that are left alone although they are formatting or control characters."""

BILLION, MILLION, THOUSAND = 1e9, 1e6, 1e3


def count(rows: int | None) -> str:
    """Write a count with thousands separated, `not countable` for None."""
    return "not countable" if rows is None else f"{rows:,}"


def plural(number: int, noun: str, *, several: str | None = None) -> str:
    """Write a count with its noun, as in `1 row`, `2,310 rows`."""
    word = noun if number == 1 else several or f"{noun}s"
    return f"{number:,}{NBSP}{word}"


def share(part: float | None, *, of: float = 1) -> str:
    """Write a part of a whole in per cent; never `0 %` for some nor `100 %` for not all."""
    if part is None or not of:
        return ""
    percent = 100 * part / of
    if 0 < percent < 0.1:  # noqa: PLR2004 - the last digit shown
        return f"under 0.1{NBSP}%"
    if 99.9 < percent < 100:  # noqa: PLR2004 - the last digit shown
        return f"over 99.9{NBSP}%"
    return f"{percent:.1f}".removesuffix(".0") + f"{NBSP}%"


def number(value: float | None) -> str:
    """Write a statistic with six significant digits at most; large ones in millions."""
    if value is None or not math.isfinite(value):
        return ""
    for bound, word in ((BILLION, "bn"), (MILLION, "m")):
        if abs(value) >= bound:
            return f"{value / bound:,.5g}{NBSP}{word}"
    if abs(value) >= THOUSAND:
        return f"{value:,.1f}".removesuffix(".0")
    return f"{value:.5g}"


def size(octets: int) -> str:
    """Write a number of bytes, as in `12.3 kB`."""
    if octets < THOUSAND:
        return plural(octets, "byte")
    if octets < MILLION:
        return f"{octets / THOUSAND:.1f}{NBSP}kB"
    return f"{octets / MILLION:,.1f}{NBSP}MB"


def join(words: Sequence[str]) -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def severities(found: Iterable[Severity]) -> str:
    """Count severities, worst first, as in `1 high and 2 low`."""
    kinds = list(found)
    worst_first = sorted(set(kinds), key=lambda severity: -severity.rank)
    return join([f"{kinds.count(severity):,} {severity}" for severity in worst_first])


def cut(text: str, *, limit: int) -> str:
    """Shorten text to a number of characters, and say how many are missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def file_name(uri: str) -> str:
    """Return the last part of a uri: what a producer calls the file."""
    return uri.rstrip("/").rpartition("/")[2] or uri


def visible(text: str) -> str:
    """Write characters that a reader could not see, or that would reorder the page, by code.

    NUL, escape and direction-changing characters come out as in `⟨U+202E⟩`; a value can then not
    pretend to be another one.
    """
    if text.isprintable():
        return text
    return "".join(
        f"⟨U+{ord(letter):04X}⟩"
        if letter not in KEPT and unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Cn"}
        else letter
        for letter in text
    )
