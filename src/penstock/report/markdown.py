"""Evidence as Markdown for the Prefect UI: a short one for its form, a longer one to keep."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock.report.summary import headline, is_held, summarise, what_landed, without_list
from penstock.report.words import count, cut, file_name, plural, visible

if TYPE_CHECKING:
    from penstock.model import Digest, Evidence, RowCounts, Severity

__all__ = ["build_form", "build_markdown", "escape"]

FINDINGS_SHOWN = 10
TEXT_LIMIT = 300
ASKS_IN_FORM = 2
FINDINGS_IN_FORM = 2
TEXT_LIMIT_IN_FORM = 160

# NOTE: Prefect's first UI decodes no character references but these three; its second one makes
# a link of `https&#58;//x` and of `a\@b.example` too. Within a code span both leave text alone.
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
PUNCTUATION = re.compile(r"[&<>\\`*_{}\[\]()#+!|~$^-]|(?<!\d)\.(?!\s|$)|^\d+\.")
CODE = re.compile(r"`([^`]+)`|(\S*(?:://|@|www\.)\S*?)(?=[.,;:)]*(?:\s|$))", re.IGNORECASE)
URI = re.compile(r"\S+://\S+")
BACKTICKS = re.compile(r"`+")


def build_form(evidence: Evidence, *, link: str) -> str:
    """Write what a steward needs in order to choose, short enough that no choice is pushed away.

    Prefect's second UI scrolls the description and the fields together. The page has the rest.
    """
    opening = f"**{headline(evidence)}.** {escape(what_landed(evidence))}"
    asks = [escape(_shorten(without_list(ask))) for ask in evidence.asks[:ASKS_IN_FORM]]
    shown = evidence.findings[:FINDINGS_IN_FORM]
    lines = "\n".join(_finding(f.severity, _shorten(f.message)) for f in shown)
    page = _link(link, more=len(evidence.findings) - len(shown))
    parts = [" ".join([opening, *asks]), lines, _ways(evidence), page]
    return "\n\n".join(part for part in parts if part) + "\n"


def build_markdown(evidence: Evidence, *, digest: Digest, link: str) -> str:
    """Write the verdict, what each choice would do, and the findings as Markdown.

    Text that comes from data is escaped: it can become neither markup, nor HTML, nor a link.
    `link` leads to the page; it can be followed when it is an http or https address.
    """
    shown = evidence.findings[:FINDINGS_SHOWN]
    parts = [
        f"## {headline(evidence)}",
        escape(summarise(evidence)),
        _ways(evidence),
        "\n".join(_finding(f.severity, cut(f.message, limit=TEXT_LIMIT)) for f in shown),
        _link(link, more=len(evidence.findings) - len(shown)),
        f"Batch `{evidence.batch}`",
        f"Evidence `{digest}`",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Escape text so that Markdown and HTML show it as it is, on one line.

    What stands between backticks, and what a UI would make a link of, becomes a code span.
    """
    flat = visible(" ".join(text.split()))
    written, end = "", 0
    for found in CODE.finditer(flat):
        written += _escape_marks(flat[end : found.start()])
        # NOTE: two fences that touch would be one longer fence, and let the text behind it out.
        written += " " if written.endswith("`") else ""
        written += _code(found[1] or found[2])
        end = found.end()
    return written + _escape_marks(flat[end:])


def _escape_marks(text: str) -> str:
    return PUNCTUATION.sub(lambda found: ENTITIES.get(found[0]) or _backslash(found[0]), text)


def _backslash(mark: str) -> str:
    return f"{mark[:-1]}\\{mark[-1]}"


def _code(text: str) -> str:
    """Write text as a code span: its fence is longer than any run of backticks in the text."""
    fence = "`" * (1 + max((len(run) for run in BACKTICKS.findall(text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


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


def _finding(severity: Severity, message: str) -> str:
    return f"- **{severity}**: {escape(message)}"


def _shorten(message: str) -> str:
    """Leave the first sentence, and of each uri only its last part."""
    named = URI.sub(lambda found: f"…/{file_name(found[0])}", message)
    sentence, stop, _ = named.partition(". ")
    return cut(sentence + stop.strip(), limit=TEXT_LIMIT_IN_FORM)


def _link(link: str, *, more: int) -> str:
    """Lead to the page: a link where the browser may follow it, else the address to copy."""
    also = f" with {plural(more, 'more finding')}" if more else ""
    target = re.sub(r"[\s<>\\`]", lambda found: f"%{ord(found[0]):02X}", link)
    if target.startswith(("https://", "http://")):
        return f"[Open the evidence page](<{target}>){also}"
    return f"Evidence page{also}:\n\n```text\n{target}\n```"
