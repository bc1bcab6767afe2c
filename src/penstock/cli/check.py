"""`penstock check` and `penstock profile`: files on this machine, without Prefect or a ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from penstock.cli.output import AsJson, print_json, print_line, print_table, progress

if TYPE_CHECKING:
    from penstock.contracts import Contract
    from penstock.model import Profile
    from penstock.validation import FilesCheck

__all__ = ["check", "profile"]

Files = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Files to read.")
]
ContractFile = Annotated[
    Path, typer.Option("--contract", "-c", exists=True, dir_okay=False, help="ODCS contract.")
]


def check(
    files: Files,
    contract: ContractFile,
    quarantine: Annotated[
        Path | None, typer.Option(help="Write failed rows with their reasons to this Parquet.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check files against a contract. Exit 0: clean. 1: something failed. 2: an error."""
    from penstock.contracts import load_contract

    result = _check(files, load_contract(contract), quarantine)
    if as_json:
        print_json(result)
    else:
        _print_check(result, quarantine)
    if not result.passed:
        raise typer.Exit(1)


def profile(
    files: Files,
    contract: Annotated[
        Path | None,
        typer.Option(
            "--contract",
            "-c",
            exists=True,
            dir_okay=False,
            help="ODCS contract; without one, columns and types are guessed from the first file.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print what the columns of files look like."""
    from penstock.contracts import load_contract
    from penstock.contracts.propose import propose_contract

    found = propose_contract(files[0]) if contract is None else load_contract(contract)
    result = _check(files, found, None)
    if as_json:
        print_json(result.profile)
    else:
        _print_profile(result.profile)


def _check(files: list[Path], contract: Contract, quarantine: Path | None) -> FilesCheck:
    from penstock.model import utc_now
    from penstock.validation import check_files

    with progress(f"Reading {len(files)} file(s)"):
        return check_files(files, contract, now=utc_now(), quarantine=quarantine)


def _print_check(result: FilesCheck, quarantine: Path | None) -> None:
    print_table(
        ("rule", "outcome", "severity", "failed rows", "expected", "observed"),
        (
            (
                rule.rule,
                rule.outcome.value,
                rule.severity.value,
                f"{rule.rows_failed:,}" if rule.splits_rows else "",
                rule.expected,
                rule.reason or rule.observed,
            )
            for rule in sorted(result.rules, key=lambda r: r.outcome.value)
        ),
    )
    for finding in result.findings:
        print_line(f"{finding.severity.value:>8}  {finding.message}")
        for example in finding.examples[:3]:
            place = example.file if example.record is None else f"{example.file}:{example.record}"
            print_line(f"{'':>10}{place}  {example.value!r}")
    print_line(
        f"{'clean' if result.passed else 'failed'}: {result.rows:,} rows,"
        f" {result.rows_failed:,} rows to keep aside,"
        f" {result.records_rejected:,} records rejected"
    )
    if quarantine is not None and result.rows_failed:
        print_line(f"failed rows with their reasons: {quarantine}")


def _print_profile(profile: Profile) -> None:
    def show(value: object) -> str:
        if value is None:
            return ""
        return f"{value:,.6g}" if isinstance(value, float) else f"{value}"

    print_table(
        ("column", "type", "missing", "distinct", "minimum", "maximum", "mean", "stddev"),
        (
            (
                column.name,
                column.type,
                show(column.missing),
                show(column.distinct),
                show(column.minimum)[:32],
                show(column.maximum)[:32],
                show(column.mean),
                show(column.stddev),
            )
            for column in profile.columns
        ),
        title=f"{profile.rows:,} rows",
    )
