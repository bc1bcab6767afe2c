"""The gate's judgement: must somebody be asked, what may be chosen, and what a choice means.

Pure functions over evidence. Publishing calls them again and trusts nothing that was carried
along.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from penstock.errors import NotAllowed, NotConserved
from penstock.model import (
    Choice,
    Condition,
    Decision,
    Disposition,
    Evidence,
    FileRef,
    Finding,
    Ingested,
    IngestedFile,
    Option,
    RowCounts,
    RuleResult,
    Split,
    Verdict,
)
from penstock.workflows import reasons_to_ask

__all__ = ["count_rows", "file_of", "options_of", "reasons_to_hold", "verdict_of"]

POLICY = "policy"
"""Who decided where nobody had to be asked."""


def reasons_to_hold(
    *,
    conditions: Sequence[Condition],
    findings: Sequence[Finding],
    rules: Sequence[RuleResult],
    files: Sequence[IngestedFile],
) -> tuple[str, ...]:
    """Return why a steward must be asked, one sentence each; empty when nobody need be.

    A batch whose records are not all accounted for is held whatever the conditions say.
    """
    reasons = list(reasons_to_ask(conditions, findings, rules))
    reasons.extend(
        f"The records of {file.uri} could not all be accounted for."
        for file in files
        if not file.is_conserved
    )
    return tuple(reasons)


def count_rows(ingested: Ingested, split: Split, disposition: Disposition) -> RowCounts:
    """Return where the landed records go under a disposition."""
    typed = sum(file.rows_typed for file in ingested.files)
    miscast = sum(file.rows_miscast for file in ingested.files)
    rejected = sum(file.records_rejected for file in ingested.files)
    match disposition:
        case Disposition.ALL:
            published, quarantined = typed, miscast
        case Disposition.CLEAN:
            published, quarantined = split.rows_clean, split.rows_failed + miscast
        case Disposition.NOTHING:
            published, quarantined, rejected = 0, 0, typed + miscast + rejected
        case _:
            assert_never(disposition)
    return RowCounts(
        landed=ingested.records, published=published, quarantined=quarantined, rejected=rejected
    )


def options_of(
    ingested: Ingested, split: Split, *, remainder_passes: bool, is_published: bool = False
) -> tuple[Option, ...]:
    """Return what a steward may choose.

    Reject is always open. Nothing else is while records are unaccounted for, where there is no row
    to publish, or while the table has the batch already. Quarantine needs failed rows, and a
    remainder that would pass by itself.
    """
    choices = [Choice.REJECT]
    has_rows = any(file.rows_typed for file in ingested.files)
    if ingested.is_conserved and has_rows and not is_published:
        choices.insert(0, Choice.APPROVE)
        failed = split.rows_failed + sum(file.rows_miscast for file in ingested.files)
        if failed and split.rows_clean and remainder_passes:
            choices.insert(1, Choice.QUARANTINE)
    return tuple(
        Option(choice=choice, rows=count_rows(ingested, split, disposition_of(choice)))
        for choice in choices
    )


def disposition_of(choice: Choice | None) -> Disposition:
    """Return which rows a choice publishes; None is a batch that nobody need be asked about."""
    match choice:
        case Choice.APPROVE:
            return Disposition.ALL
        case Choice.QUARANTINE | None:
            return Disposition.CLEAN
        case Choice.REJECT:
            return Disposition.NOTHING
        case _:
            assert_never(choice)


def verdict_of(evidence: Evidence, ref: FileRef, decision: Decision | None) -> Verdict | None:
    """Return the verdict on a batch, or None while a steward has to be asked.

    Raises:
        NotAllowed: when the decision is about other evidence, or a choice that was not open.
    """
    must_ask = evidence.asks or reasons_to_hold(
        conditions=evidence.gate,
        findings=evidence.findings,
        rules=evidence.rules,
        files=evidence.files,
    )
    if not must_ask:
        return _verdict(evidence, ref, None)
    if decision is None:
        return None
    if decision.evidence != ref.digest or decision.release != evidence.release:
        raise NotAllowed(
            f"Decision {decision.id} is about evidence {decision.evidence[:12]}, not about"
            f" {ref.digest[:12]}.",
            remedy="Decide on the open request of this batch.",
        )
    if decision.choice not in {option.choice for option in evidence.options}:
        raise NotAllowed(
            f"Decision {decision.id} says {decision.choice.value!r}, which is not open for batch"
            f" {evidence.batch[:12]}.",
            remedy="Choose one of "
            + ", ".join(option.choice.value for option in evidence.options)
            + ".",
        )
    return _verdict(evidence, ref, decision)


def counts_of(evidence: Evidence, verdict: Verdict) -> RowCounts:
    """Return where the rows go, from the evidence.

    Raises:
        NotConserved: when rows would be published although they do not add up.
    """
    counts = (
        evidence.automatic
        if verdict.choice is None
        else next(o.rows for o in evidence.options if o.choice is verdict.choice)
    )
    if counts is None or (counts.published and not counts.is_conserved):
        raise NotConserved(
            f"Batch {evidence.batch[:12]} cannot be published: its rows do not add up ({counts}).",
            remedy="Reject it and land the files again.",
        )
    return counts


def file_of(evidence: Evidence, disposition: Disposition) -> FileRef | None:
    """Return the staged file that holds exactly the rows of a disposition."""
    match disposition:
        case Disposition.ALL:
            return evidence.typed
        case Disposition.CLEAN:
            return evidence.split.clean or evidence.typed
        case Disposition.NOTHING:
            return None
        case _:
            assert_never(disposition)


def _verdict(evidence: Evidence, ref: FileRef, decision: Decision | None) -> Verdict:
    choice = None if decision is None else decision.choice
    return Verdict(
        batch=evidence.batch,
        release=evidence.release,
        evidence=ref,
        disposition=disposition_of(choice),
        choice=choice,
        decision=None if decision is None else decision.id,
        decided_by=POLICY if decision is None else f"{decision.by} ({decision.proof})",
    )
