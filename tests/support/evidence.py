"""Evidence and what it is made of, for tests of gate and publishing."""

from __future__ import annotations

from penstock.gate import count_rows, options_of
from penstock.model import (
    BatchId,
    Choice,
    Column,
    Condition,
    Decision,
    Digest,
    Disposition,
    Evidence,
    FileRef,
    Finding,
    Ingested,
    IngestedFile,
    Profile,
    ReleaseId,
    Severity,
    Split,
    hash_bytes,
    utc_now,
)

BATCH = BatchId(hash_bytes(b"batch"))
RELEASE = ReleaseId(hash_bytes(b"release"))


def ref(name: str, rows: int | None = None) -> FileRef:
    return FileRef(uri=f"memory://t/{name}", digest=hash_bytes(name.encode()), size=1, rows=rows)


def ingested(
    *, typed: int = 10, miscast: int = 0, rejected: int = 0, records: int | None = -1
) -> Ingested:
    total = typed + miscast + rejected if records == -1 else records
    return Ingested(
        batch=BATCH,
        dataset="orders",
        claim=hash_bytes(b"claim"),
        files=(
            IngestedFile(
                uri="memory://t/a.csv",
                version="1",
                raw=ref("raw"),
                records=total,
                rows_typed=typed,
                rows_miscast=miscast,
                records_rejected=rejected,
            ),
        ),
        columns=(Column(name="id", type="BIGINT"),),
        typed=ref("typed", typed),
        miscast=ref("miscast", miscast) if miscast else None,
        rejects=ref("rejects", rejected) if rejected else None,
    )


def split(*, clean: int = 10, failed: int = 0) -> Split:
    return Split(
        clean=ref("clean", clean) if failed else None,
        failed=ref("failed", failed) if failed else None,
        rows_clean=clean,
        rows_failed=failed,
    )


def evidence(
    batch: Ingested, halves: Split, *, asks: tuple[str, ...] = (), remainder_passes: bool = True
) -> Evidence:
    return Evidence(
        batch=batch.batch,
        release=RELEASE,
        dataset="orders",
        workflow="orders@1",
        contract="orders@1.0.0",
        claim=batch.claim,
        requested_by="watcher",
        files=batch.files,
        columns=batch.columns,
        typed=batch.typed,
        miscast=batch.miscast,
        rejects=batch.rejects,
        split=halves,
        rules=(),
        findings=(Finding(id="validate:x", kind="range", message="Bad.", severity=Severity.HIGH),)
        if asks
        else (),
        agents=("validate=validate/1:judged",),
        profile=Profile(rows=10, columns=(), engine="duckdb-2"),
        history=(),
        references=(),
        remainder_worst=None,
        samples=(),
        tags={},
        gate=(Condition(field="severity", op="ge", value="high"),),
        asks=asks,
        automatic=None if asks else count_rows(batch, halves, Disposition.CLEAN),
        options=options_of(batch, halves, remainder_passes=remainder_passes) if asks else (),
    )


def decision(choice: Choice, about: Digest, *, release: ReleaseId = RELEASE) -> Decision:
    return Decision(
        id="d1",
        request="r1",
        batch=BATCH,
        evidence=about,
        release=release,
        choice=choice,
        note="",
        by="ann",
        at=utc_now(),
    )
