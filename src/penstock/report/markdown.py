"""Evidence as a short Markdown artifact for the Prefect UI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.report.summary import headline, is_held, summarise
from penstock.report.words import count, cut, plural, visible

if TYPE_CHECKING:
    from penstock.model import Digest, Evidence, RowCounts

__all__ = ["build_markdown", "escape"]

FINDINGS_SHOWN = 10
TEXT_LIMIT = 300
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", ":": "&#58;"}
PUNCTUATION = re.compile(r"[&<>@\\`*_{}\[\]()#+!|~$^-]|(?<!\d)\.(?!\s|$)|:(?=//)|^\d+\.")


def build_markdown(evidence: Evidence, *, digest: Digest, link: str) -> str:
    """Write the verdict, what each choice would do, and the findings as Markdown.

    Text that comes from data is escaped: it can become neither markup, nor HTML, nor a link.
    `link` leads to the page; it can be followed when it is an http or https address.
    """
    parts = [f"## {headline(evidence)}", escape(summarise(evidence))]
    parts.append(_ways(evidence))
    if evidence.findings:
        parts.append(_findings(evidence))
    parts.append(f"Evidence page: {_link(link)}")
    parts.append(f"Evidence digest `{digest}`, batch `{evidence.batch}`")
    return "\n\n".join(parts) + "\n"


def escape(text: str) -> str:
    """Escape text so that Markdown and HTML show it as it is, on one line."""
    flat = visible(" ".join(text.split()))
    return PUNCTUATION.sub(_escape_one, flat)


def _escape_one(found: re.Match[str]) -> str:
    letter = found[0]
    if letter in ENTITIES:
        return ENTITIES[letter]
    return f"{letter[:-1]}\\{letter[-1]}"


def _ways(evidence: Evidence) -> str:
    rows = ["| if | published | quarantined | rejected |", "|---|--:|--:|--:|"]
    if is_held(evidence):
        rows += [_way(option.choice.value, option.rows) for option in evidence.options]
    elif evidence.automatic is not None:
        rows.append(_way("nobody is asked", evidence.automatic))
    return "\n".join(rows)


def _way(name: str, rows: RowCounts) -> str:
    numbers = (rows.published, rows.quarantined, rows.rejected)
    return f"| {name} | " + " | ".join(count(number) for number in numbers) + " |"


def _findings(evidence: Evidence) -> str:
    shown = evidence.findings[:FINDINGS_SHOWN]
    lines = [
        f"- **{finding.severity}**: {escape(cut(finding.message, limit=TEXT_LIMIT))}"
        for finding in shown
    ]
    if more := len(evidence.findings) - len(shown):
        lines.append(f"- and {plural(more, 'more finding')}")
    return "\n".join(lines)


def _link(link: str) -> str:
    target = re.sub(r"[\s<>\\]", lambda found: f"%{ord(found[0]):02X}", link)
    if target.startswith(("https://", "http://")):
        return f"[open it](<{target}>)"
    return escape(link)
