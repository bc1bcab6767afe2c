"""Why a batch stopped, or that it may pass: one paragraph of plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.model import Outcome
from penstock.report.words import count, cut, join, plural, severities, share

if TYPE_CHECKING:
    from penstock.model import Evidence

__all__ = ["headline", "is_held", "rows_set_aside", "summarise", "what_landed", "without_list"]

ASKS_SHOWN = 3
SENTENCE_LIMIT = 400


def is_held(evidence: Evidence) -> bool:
    """Return True when a steward must decide; anything that doesn't say otherwise is held."""
    return bool(evidence.asks) or evidence.automatic is None


def headline(evidence: Evidence) -> str:
    """Return the verdict in a few words."""
    if is_held(evidence):
        return "Held: a steward must decide"
    return "May pass: nobody needs to be asked"


def rows_set_aside(evidence: Evidence) -> int:
    """Return how many rows failed a rule or a cast that sets them aside."""
    miscast = sum(file.rows_miscast for file in evidence.files)
    return evidence.split.rows_failed + miscast


def summarise(evidence: Evidence) -> str:
    """Say in one paragraph why the batch stopped, or that it may pass, and what about its rows."""
    verdict = _why_held(evidence) if is_held(evidence) else _why_it_may_pass(evidence)
    return " ".join([what_landed(evidence), *verdict, *_rows(evidence)])


def what_landed(evidence: Evidence) -> str:
    """Say in one sentence how many records came in how many files."""
    files = plural(len(evidence.files), "file")
    records = [file.records for file in evidence.files]
    known = sum(found for found in records if found is not None)
    if None not in records:
        return f"This batch of {evidence.dataset} brought {plural(known, 'record')} in {files}."
    lost = records.count(None)
    return (
        f"This batch of {evidence.dataset} brought {files}; the records of {count(lost)} of them"
        " could not be counted."
    )


def without_list(ask: str) -> str:
    """Leave out the ids that a reason ends with: the findings themselves follow."""
    reason, colon, _ = ask.partition(": ")
    return f"{reason}." if colon else ask


def _why_held(evidence: Evidence) -> list[str]:
    sentences = ["It was stopped before anything was published."]
    sentences += [_sentence(without_list(reason)) for reason in evidence.asks[:ASKS_SHOWN]]
    if len(evidence.asks) > ASKS_SHOWN:
        sentences.append(f"And {plural(len(evidence.asks) - ASKS_SHOWN, 'more reason')}.")
    if not evidence.asks:
        sentences.append("Where its rows would go cannot be shown.")
    if evidence.findings:
        worst, *others = evidence.findings
        sentences.append(f"The most serious finding ({worst.severity}): {_sentence(worst.message)}")
        if others:
            verb = "are" if len(others) > 1 else "is"
            more = plural(len(others), "more finding")
            sentences.append(f"There {verb} {more} ({severities(f.severity for f in others)}).")
    return sentences


def _why_it_may_pass(evidence: Evidence) -> list[str]:
    outcomes = [rule.outcome for rule in evidence.rules]
    passed = outcomes.count(Outcome.PASSED)
    sentences = [
        f"All {plural(passed, 'rule')} passed."
        if passed == len(outcomes)
        else f"{passed:,} of {plural(len(outcomes), 'rule')} passed."
    ]
    if evidence.findings:
        found = plural(len(evidence.findings), "finding")
        kinds = severities(finding.severity for finding in evidence.findings)
        verb = "asks" if len(evidence.findings) == 1 else "ask"
        sentences.append(f"The {found} ({kinds}) {verb} for no steward.")
    elif evidence.history:
        earlier = plural(len(evidence.history), "earlier batch", several="earlier batches")
        sentences.append(f"Nothing unusual was found in comparison with {earlier}.")
    if not evidence.history:
        sentences.append("There is no earlier batch to compare it with.")
    return sentences


def _rows(evidence: Evidence) -> list[str]:
    failed = rows_set_aside(evidence)
    lost = sum(file.records_rejected for file in evidence.files)
    total = evidence.split.rows_clean + failed + lost
    parts = []
    if failed:
        verb = "fail" if failed > 1 else "fails"
        parts.append(
            f"{plural(failed, 'row')} ({share(failed, of=total)}) {verb} a rule that sets rows"
            " aside"
        )
    if lost:
        what = "rows and are" if lost > 1 else "a row and is"
        parts.append(f"{plural(lost, 'record')} could not be read as {what} rejected")
    if not parts:
        return []
    verb = "are" if evidence.split.rows_clean != 1 else "is"
    return [f"{join(parts)}; {plural(evidence.split.rows_clean, 'row')} {verb} clean."]


def _sentence(text: str) -> str:
    """Return text as one sentence: a capital first, a full stop last, not too long."""
    flat = cut(" ".join(text.split()), limit=SENTENCE_LIMIT)
    starts_with_uri = "://" in flat.partition(" ")[0]
    first = flat[:1] if starts_with_uri else flat[:1].upper()
    return (first + flat[1:]).rstrip(".") + "." if flat else ""
