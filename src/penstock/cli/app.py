"""All commands by name, and what every one of them does with an error.

Exit codes: 0 done and clean, 1 the data or the record is not in order, 2 an error.
"""

from __future__ import annotations

import os
import sys

import typer

from penstock.cli import audit, check, demo, gate, queries, run, up, workflow
from penstock.errors import PenstockError

__all__ = ["app", "main"]

app = typer.Typer(
    name="penstock",
    help="Let data batches through, or hold them, with proof.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("demo")(demo.demo)
app.command("up")(up.up)
app.command("run")(run.run)
app.command("check")(check.check)
app.command("profile")(check.profile)
app.add_typer(workflow.app, name="workflow")
app.command("batches")(queries.batches)
app.command("requests")(gate.requests)
app.command("decide")(gate.decide)
app.command("explain")(queries.explain)
app.add_typer(audit.app, name="audit")
app.command("query")(queries.query)


def main() -> None:
    """Run a command; an error is one sentence on stderr and exit code 2."""
    # A temporary Prefect server, where a command needs one, must not report on anybody.
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    try:
        app(prog_name="penstock")
    except PenstockError as exc:
        typer.echo(f"penstock: {exc}", err=True)
        sys.exit(2)
    except OSError as exc:
        place = "" if exc.filename is None else f"{exc.filename}: "
        what = exc.strerror or type(exc).__name__
        typer.echo(f"penstock: {place}{what}. Check the path, its rights and the disk.", err=True)
        sys.exit(2)
