"""Evidence as plain text for the terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from penstock.report.summary import headline, is_held, summarise
from penstock.report.words import NBSP, count, cut, plural, visible

if TYPE_CHECKING:
    from penstock.model import Evidence, RowCounts

__all__ = ["build_text"]

WIDTH = 88
FINDINGS_SHOWN = 10
TEXT_LIMIT = 300


def build_text(evidence: Evidence) -> str:
    """Write the verdict, what each choice would do, and the findings for a terminal.

    Control characters from data are written by their code, so that they cannot steer the terminal.
    """
    parts = [headline(evidence), _wrap(summarise(evidence)), _ways(evidence)]
    shown = evidence.findings[:FINDINGS_SHOWN]
    lines = [_wrap(f"{f.severity}: {cut(f.message, limit=TEXT_LIMIT)}", mark="- ") for f in shown]
    if more := len(evidence.findings) - len(shown):
        lines.append(f"- and {plural(more, 'more finding')}")
    if lines:
        parts.append("\n".join(lines))
    return "\n\n".join(parts).replace(NBSP, " ") + "\n"


def _wrap(text: str, *, mark: str = "") -> str:
    flat = visible(" ".join(text.split(" ")).replace("\n", " "))
    return textwrap.fill(
        flat, WIDTH, initial_indent=mark, subsequent_indent=" " * len(mark), break_long_words=False
    )


def _ways(evidence: Evidence) -> str:
    ways: list[tuple[str, RowCounts]] = []
    if is_held(evidence):
        ways = [(option.choice.value, option.rows) for option in evidence.options]
    elif evidence.automatic is not None:
        ways = [("nobody is asked", evidence.automatic)]
    heads = ("if", "published", "quarantined", "rejected")
    rows = [
        (name, count(rows.published), count(rows.quarantined), count(rows.rejected))
        for name, rows in ways
    ]
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in (heads, *rows)
    )
