"""Files against a contract, without Prefect, store or ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from pydantic import Field

from penstock.checks import ScanInput, findings_of, quarantine_finding, read_examples, scan, split
from penstock.contracts import Contract
from penstock.model import (
    Finding,
    Outcome,
    Profile,
    RuleResult,
    Severity,
    Value,
    batch_id,
    hash_file,
)
from penstock.readers import ReadFile, SourceFile, read_files

__all__ = ["FilesCheck", "check_files"]

EXAMPLES_PER_RULE = 3


class FilesCheck(Value):
    """What a contract says about files."""

    passed: bool = Field(
        description="no rule failed or is unknown, every record was read and accounted for, and"
        " nothing else of severity medium or above was found"
    )
    files: tuple[str, ...]
    rows: int = Field(description="rows whose types hold")
    rows_clean: int = Field(description="rows that quarantine would publish")
    rows_failed: int = Field(description="rows that quarantine would keep aside")
    records_rejected: int = Field(description="records that are no rows")
    rules: tuple[RuleResult, ...]
    findings: tuple[Finding, ...] = Field(description="worst first")
    profile: Profile


def check_files(
    paths: Sequence[Path], contract: Contract, *, now: datetime, quarantine: Path | None = None
) -> FilesCheck:
    """Check local files as one batch.

    Args:
        paths: the files, in any format that can land.
        contract: what they promise. References to published tables are unknown here.
        now: the instant that freshness is measured from.
        quarantine: where failed rows are written as Parquet, with their reasons, if any failed.
    """
    with TemporaryDirectory(prefix="penstock-check-") as folder:
        out = Path(folder)
        sources = [SourceFile(path=path, uri=path.absolute().as_uri()) for path in paths]
        batch = batch_id({source.uri: hash_file(source.path) for source in sources})
        read = read_files(sources, contract, batch=batch, out=_new(out / "typed"))
        data = ScanInput(
            typed=read.typed,
            miscast=read.miscast,
            missing_columns=read.missing_columns,
            references={},
        )
        rules, profile = scan(data, contract, now=now)
        halves = split(data, contract, rules, out=_new(out / "split"))
        rows = sum(file.rows_typed + file.rows_miscast for file in read.files)
        examples = (
            {}
            if halves.failed is None
            else read_examples(halves.failed, per_rule=EXAMPLES_PER_RULE, contract=contract)
        )
        if quarantine is not None and halves.failed is not None:
            copyfile(halves.failed, quarantine)
        aside = quarantine_finding(
            failed=halves.rows_failed + sum(file.rows_miscast for file in read.files), rows=rows
        )
        findings = (
            *read.findings,
            *findings_of(rules, rows=rows, examples=examples),
            *(() if aside is None else (aside,)),
        )
        return FilesCheck(
            passed=_all_in_order(rules, read.files, findings),
            files=tuple(source.uri for source in sources),
            rows=profile.rows,
            rows_clean=halves.rows_clean,
            rows_failed=halves.rows_failed + sum(file.rows_miscast for file in read.files),
            records_rejected=sum(file.records_rejected for file in read.files),
            rules=rules,
            findings=tuple(sorted(findings, key=lambda f: (-f.severity.rank, f.id))),
            profile=profile,
        )


def _all_in_order(
    rules: Sequence[RuleResult], files: Sequence[ReadFile], findings: Sequence[Finding]
) -> bool:
    accounted = all(
        file.records == file.rows_typed + file.rows_miscast and not file.records_rejected
        for file in files
    )
    return (
        accounted
        and all(rule.outcome is Outcome.PASSED for rule in rules)
        and all(finding.severity.rank < Severity.MEDIUM.rank for finding in findings)
    )


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder
