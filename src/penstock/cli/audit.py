"""`penstock audit`: is the record whole?"""

from __future__ import annotations

import typer

from penstock.cli.output import AsJson, print_json, print_line, progress

__all__ = ["app"]

app = typer.Typer(help="Look at the audit chain.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """Keep `verify` a command of its own: typer would merge a single one into its group."""


@app.command()
def verify(as_json: AsJson = False) -> None:
    """Follow the audit chain; exit 1 and name the first broken record if it does not hold."""
    from penstock.settings import read_settings
    from penstock.tools import Tools

    ledger = Tools(settings=read_settings()).ledger
    with progress("Following the audit chain"):
        broken = ledger.verify_audit()
        count = sum(1 for _ in ledger.audit_records())
    if as_json:
        print_json(
            {
                "whole": broken is None,
                "records": count,
                "broken": None if broken is None else broken.model_dump(mode="json"),
            }
        )
    elif broken is None:
        print_line(f"The audit chain is whole: {count:,} records.")
    else:
        print_line(f"The audit chain is broken: {broken}")
    if broken is not None:
        raise typer.Exit(1)
