"""What messages are about: a batch with an account number in its failed cells."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from penstock.model import (
    BatchId,
    BatchRecord,
    BatchState,
    Choice,
    Condition,
    Disposition,
    Evidence,
    Example,
    FileRef,
    Finding,
    IngestedFile,
    Option,
    Outcome,
    Profile,
    Published,
    ReleaseId,
    Request,
    RowCounts,
    RuleResult,
    Severity,
    Split,
    Verdict,
)

AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
ACCOUNT = "DE89370400440532013000"
COUNTS = RowCounts(landed=100, published=90, quarantined=8, rejected=2)
NOTHING = RowCounts(landed=100, published=0, quarantined=0, rejected=100)


def ref(name: str) -> FileRef:
    return FileRef(uri=f"s3://store/{name}", digest=name[0] * 64, size=1)


@pytest.fixture
def evidence() -> Evidence:
    file = IngestedFile(
        uri="s3://landing/payments/2026-11-20.csv",
        version="1",
        raw=ref("raw"),
        records=100,
        rows_typed=98,
        rows_miscast=0,
        records_rejected=2,
    )
    rule = RuleResult(
        rule="iban.pattern",
        kind="pattern",
        columns=("iban",),
        severity=Severity.HIGH,
        outcome=Outcome.FAILED,
        expected="two letters, two digits, up to 30 more",
        observed=f"8 rows, first {ACCOUNT}",
        rows_checked=98,
        rows_failed=8,
        splits_rows=True,
        contract_line=23,
    )
    findings = (
        Finding(
            id="validate:iban.pattern",
            kind="pattern",
            message=f"8 rows have an iban like {ACCOUNT}.",
            severity=Severity.HIGH,
            column="iban",
            rule="iban.pattern",
            expected=rule.expected,
            observed=rule.observed,
            rows=8,
            rows_share=0.08,
            examples=(Example(file=file.uri, record=4, value=ACCOUNT),),
        ),
        Finding(
            id="ingest:ragged",
            kind="ragged_record",
            message=f"2 records have too many cells: {ACCOUNT}",
            severity=Severity.MEDIUM,
            rows=2,
            examples=(Example(file="s3://landing/a\nb\x1b[31m.csv", record=9),),
        ),
    )
    return Evidence(
        batch=BatchId("b" * 64),
        release=ReleaseId("r" * 64),
        dataset="payments",
        workflow="payments@1",
        contract="payments@1.0.0",
        claim="c" * 64,
        requested_by="watcher@worker-1",
        files=(file,),
        columns=(),
        typed=ref("typed"),
        miscast=None,
        rejects=ref("rejects"),
        split=Split(clean=ref("clean"), failed=ref("failed"), rows_clean=90, rows_failed=8),
        rules=(rule,),
        findings=findings,
        agents=(),
        profile=Profile(rows=98, columns=(), engine="duckdb-2"),
        history=(),
        references=(),
        remainder_worst=None,
        samples=(),
        tags={},
        gate=(Condition(field="severity", op="ge", value="high"),),
        asks=("One finding is of severity high.",),
        automatic=None,
        options=(
            Option(choice=Choice.QUARANTINE, rows=COUNTS),
            Option(choice=Choice.REJECT, rows=NOTHING),
        ),
    )


@pytest.fixture
def published(evidence: Evidence) -> Published:
    return Published(
        batch=evidence.batch,
        dataset="payments",
        table="payments",
        snapshot=77,
        counts=COUNTS,
        verdict=verdict(evidence, Choice.QUARANTINE, Disposition.CLEAN),
    )


@pytest.fixture
def rejected(evidence: Evidence) -> Published:
    return Published(
        batch=evidence.batch,
        dataset="payments",
        table="payments",
        snapshot=None,
        counts=NOTHING,
        verdict=verdict(evidence, Choice.REJECT, Disposition.NOTHING),
    )


@pytest.fixture
def request_(evidence: Evidence) -> Request:
    return Request(
        id="q1",
        dataset="payments",
        claim=evidence.claim,
        batch=evidence.batch,
        release=evidence.release,
        evidence="e" * 64,
        evidence_ref=ref("evidence"),
        page=ref("page.html"),
        options=(Choice.QUARANTINE, Choice.REJECT),
        severity=Severity.HIGH,
        summary=f"8 rows like {ACCOUNT}",
        state="open",
        flow_run=None,
        wake_ups=0,
        opened_at=AT,
    )


@pytest.fixture
def dead() -> BatchRecord:
    return BatchRecord(
        claim="c" * 64,
        dataset="payments",
        sequence=1204,
        batch=None,
        state=BatchState.DEAD,
        release=None,
        requested_by="watcher@worker-1",
        claimed_at=AT,
        flow_run=None,
        attempts=2,
        evidence=None,
        page=None,
        snapshot=None,
        rows_landed=None,
        rows_published=None,
        rows_quarantined=None,
        rows_rejected=None,
        reason="LandedFileChanged: 2026-11-20.csv grew while it was read.\nLand it again.",
        updated_at=AT,
    )


def verdict(evidence: Evidence, choice: Choice, disposition: Disposition) -> Verdict:
    return Verdict(
        batch=evidence.batch,
        release=evidence.release,
        evidence=ref("evidence"),
        disposition=disposition,
        choice=choice,
        decision="d1",
        decided_by="ann@desk-3 (not proved)",
    )
