"""`penstock check` and `penstock profile`: files on this machine, without Prefect or a ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from penstock.cli.output import AsJson, print_json, print_line, print_table, print_text, progress
from penstock.errors import NotFound

if TYPE_CHECKING:
    from penstock.contracts import Contract
    from penstock.model import Example, Profile
    from penstock.validation import FilesCheck

__all__ = ["check", "profile"]

Files = Annotated[
    list[Path], typer.Argument(exists=True, dir_okay=False, readable=True, help="Files to read.")
]
ORDER = ("failed", "unknown", "passed")
EXAMPLES = 3
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

    if quarantine is not None and not quarantine.absolute().parent.is_dir():
        raise NotFound(
            f"There is no folder {str(quarantine.absolute().parent)!r} for --quarantine.",
            remedy="Create it, or name a file in another one.",
        )
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
    """Print what the columns of files look like. Exit 1: nothing of a file could be read."""
    from penstock.contracts import load_contract
    from penstock.contracts.propose import propose_contract
    from penstock.model import Severity

    found = propose_contract(files[0]) if contract is None else load_contract(contract)
    result = _check(files, found, None)
    unread = [one for one in result.findings if one.severity is Severity.CRITICAL]
    if as_json:
        print_json(result.profile)
    elif result.profile.rows or not unread:
        _print_profile(result.profile)
    for finding in unread:
        typer.echo(f"penstock: {finding.message}", err=True)
    if result.records_rejected:
        typer.echo(f"{result.records_rejected:,} records are no rows and not shown.", err=True)
    if unread:
        raise typer.Exit(1)


def _check(files: list[Path], contract: Contract, quarantine: Path | None) -> FilesCheck:
    from penstock.model import utc_now
    from penstock.validation import check_files

    with progress(f"Reading {len(files)} file(s)", after_s=1):
        return check_files(files, contract, now=utc_now(), quarantine=quarantine)


def _print_check(result: FilesCheck, quarantine: Path | None) -> None:
    print_table(
        ("rule", "outcome", "severity", "failed", "observed"),
        (
            (
                rule.rule,
                rule.outcome.value,
                rule.severity.value,
                f"{rule.rows_failed:,}" if rule.splits_rows else "",
                rule.reason or rule.observed,
            )
            for rule in sorted(result.rules, key=lambda r: ORDER.index(r.outcome.value))
        ),
    )
    for finding in result.findings:
        print_line()
        print_text(f"{finding.severity.value}: {finding.message}")
        for example in finding.examples[:EXAMPLES]:
            _print_example(example)
    print_line()
    print_line(
        f"{'clean' if result.passed else 'failed'}: {result.rows_clean:,} rows clean,"
        f" {result.rows_failed:,} to keep aside, {result.records_rejected:,} records rejected"
    )
    if quarantine is not None and result.rows_failed:
        print_line(f"failed rows with their reasons: {quarantine}")


def _print_example(example: Example) -> None:
    place = example.file if example.record is None else f"{example.file} record {example.record}"
    value = "" if example.value is None else f": {example.value!r}"
    print_line(f"  {place}{value}")


def _print_profile(profile: Profile) -> None:
    def show(value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, float):
            return f"{value:,.6g}"
        return f"{value:,}" if isinstance(value, int) else f"{value}"

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
