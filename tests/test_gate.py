"""The gate's judgement: who must be asked, what may be chosen, and what a choice means."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import decision, evidence, ingested, ref, split
from penstock.errors import NotAllowed, NotConserved
from penstock.gate import count_rows, counts_of, file_of, options_of, reasons_to_hold, verdict_of
from penstock.model import (
    Choice,
    Condition,
    Disposition,
    FileRef,
    Finding,
    ReleaseId,
    RowCounts,
    Severity,
    hash_bytes,
)

CONDITIONS = (Condition(field="severity", op="ge", value="high"),)


def frozen(about: object) -> FileRef:
    return ref("evidence").model_copy(update={"digest": getattr(about, "digest")})  # noqa: B009


@pytest.mark.parametrize(
    ("severity", "asks"),
    [
        (Severity.LOW, False),
        (Severity.MEDIUM, False),
        (Severity.HIGH, True),
        (Severity.CRITICAL, True),
    ],
)
def test_a_finding_at_the_threshold_asks(severity: Severity, asks: bool) -> None:
    finding = Finding(id="x", kind="range", message="Bad.", severity=severity)

    reasons = reasons_to_hold(
        conditions=CONDITIONS, findings=[finding], rules=[], files=ingested().files
    )

    assert bool(reasons) is asks


@pytest.mark.parametrize("records", [None, 9, 11])
def test_records_that_do_not_add_up_ask_without_any_finding(records: int | None) -> None:
    reasons = reasons_to_hold(
        conditions=CONDITIONS, findings=[], rules=[], files=ingested(records=records).files
    )

    assert reasons == ("The records of memory://t/a.csv could not all be accounted for.",)


def test_a_batch_that_does_not_add_up_can_only_be_rejected() -> None:
    options = options_of(ingested(records=None), split(clean=5, failed=5), remainder_passes=True)

    assert [option.choice for option in options] == [Choice.REJECT]


@dataclass(frozen=True)
class OptionCase:
    id: str
    failed: int
    miscast: int
    remainder_passes: bool
    choices: tuple[Choice, ...]


ALL = (Choice.APPROVE, Choice.QUARANTINE, Choice.REJECT)
OPTIONS = [
    OptionCase("failed rows, clean remainder", 4, 0, True, ALL),
    OptionCase("failed casts only", 0, 4, True, ALL),
    OptionCase("remainder would be held too", 4, 0, False, (Choice.APPROVE, Choice.REJECT)),
    OptionCase("nothing failed", 0, 0, True, (Choice.APPROVE, Choice.REJECT)),
    OptionCase("nothing is left", 10, 0, True, (Choice.APPROVE, Choice.REJECT)),
]


@pytest.mark.parametrize("case", OPTIONS, ids=lambda case: case.id)
def test_quarantine_is_offered_only_where_it_helps(case: OptionCase) -> None:
    options = options_of(
        ingested(miscast=case.miscast),
        split(clean=10 - case.failed, failed=case.failed),
        remainder_passes=case.remainder_passes,
    )

    assert tuple(option.choice for option in options) == case.choices


@given(
    clean=st.integers(0, 50),
    failed=st.integers(0, 50),
    miscast=st.integers(0, 50),
    rejected=st.integers(0, 50),
    disposition=st.sampled_from(Disposition),
)
def test_every_disposition_accounts_for_every_record(
    clean: int, failed: int, miscast: int, rejected: int, disposition: Disposition
) -> None:
    batch = ingested(typed=clean + failed, miscast=miscast, rejected=rejected)

    counts = count_rows(batch, split(clean=clean, failed=failed), disposition)

    assert counts.is_conserved
    assert counts.landed == clean + failed + miscast + rejected


def test_without_reasons_nobody_is_asked_and_clean_rows_pass() -> None:
    found = evidence(ingested(), split(clean=8, failed=2))

    verdict = verdict_of(found, frozen(found), None)

    assert verdict is not None
    assert (verdict.disposition, verdict.decided_by) == (Disposition.CLEAN, "policy")
    assert counts_of(found, verdict) == RowCounts(landed=10, published=8, quarantined=2, rejected=0)


def test_with_reasons_there_is_no_verdict_without_a_decision() -> None:
    found = evidence(ingested(), split(clean=8, failed=2), asks=("why",))

    assert verdict_of(found, frozen(found), None) is None


@pytest.mark.parametrize(
    ("choice", "file", "published"),
    [
        (Choice.APPROVE, "typed", 10),
        (Choice.QUARANTINE, "clean", 8),
        (Choice.REJECT, None, 0),
    ],
)
def test_a_choice_means_exactly_one_staged_file(
    choice: Choice, file: str | None, published: int
) -> None:
    found = evidence(ingested(), split(clean=8, failed=2), asks=("why",))

    verdict = verdict_of(found, frozen(found), decision(choice, found.digest))

    assert verdict is not None
    staged = file_of(found, verdict.disposition)
    assert (staged and staged.uri.rsplit("/", 1)[1]) == file
    assert counts_of(found, verdict).published == published


def test_a_decision_about_other_evidence_is_refused() -> None:
    found = evidence(ingested(), split(clean=8, failed=2), asks=("why",))

    with pytest.raises(NotAllowed, match="is about evidence"):
        verdict_of(found, frozen(found), decision(Choice.APPROVE, hash_bytes(b"other")))


def test_a_decision_under_another_release_is_refused() -> None:
    found = evidence(ingested(), split(clean=8, failed=2), asks=("why",))
    other = decision(Choice.APPROVE, found.digest, release=ReleaseId(hash_bytes(b"new")))

    with pytest.raises(NotAllowed):
        verdict_of(found, frozen(found), other)


def test_a_choice_that_is_not_open_is_refused() -> None:
    found = evidence(ingested(), split(), asks=("why",))

    with pytest.raises(NotAllowed, match="quarantine"):
        verdict_of(found, frozen(found), decision(Choice.QUARANTINE, found.digest))


def test_rows_that_do_not_add_up_are_not_published() -> None:
    found = evidence(ingested(), split())
    verdict = verdict_of(found, frozen(found), None)
    assert verdict is not None
    wrong = found.model_copy(
        update={"automatic": RowCounts(landed=11, published=10, quarantined=0, rejected=0)}
    )

    with pytest.raises(NotConserved):
        counts_of(wrong, verdict)
