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
    from sqlalchemy.engine import make_url

    from penstock.settings import read_settings
    from penstock.tools import Tools

    settings = read_settings()
    tools = Tools(settings=settings)
    ledger = tools.ledger
    place = make_url(settings.ledger_url).render_as_string(hide_password=True)
    with progress("Following the audit chain", after_s=1):
        broken = ledger.verify_audit()
        # NOTE: what is broken may not even be readable.
        count = None if broken else sum(1 for _ in ledger.audit_records())
    if as_json:
        print_json(
            {
                "ledger": place,
                "whole": broken is None,
                "records": count,
                "broken": None if broken is None else broken.model_dump(mode="json"),
            }
        )
    elif broken is None:
        print_line(f"The audit chain is whole: {count:,} records in {place}.")
    else:
        print_line(
            f"The audit chain is broken at record {broken.sequence:,} of {place}: {broken.problem}"
        )
    if broken is not None:
        raise typer.Exit(1)
