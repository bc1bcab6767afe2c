"""`penstock run`: one batch now."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated

import typer

from penstock.cli.definitions import load_definitions
from penstock.cli.gate import who
from penstock.cli.output import AsJson, print_json, print_line, print_text
from penstock.cli.server import use_running_server
from penstock.errors import ConfigError, PenstockError

if TYPE_CHECKING:
    from penstock.model import BatchRecord
    from penstock.settings import Settings
    from penstock.workflows import LoadedWorkflow

__all__ = ["run"]


def run(
    files: Annotated[list[str], typer.Argument(help="Files or `s3://` uris: one batch.")],
    dataset: Annotated[str, typer.Option(help="Dataset they belong to.")],
    as_json: AsJson = False,
) -> None:
    """Process files as one batch now. Exit 0: published. 1: held, rejected. 2: an error.

    The run is a flow of the Prefect server at PREFECT_API_URL, or of a temporary one. A batch
    that must ask a steward is handed to the `process-batch` deployment where there is one.
    """
    from penstock.settings import read_settings

    settings = read_settings()
    use_running_server(settings)
    from penstock.flows import process_batch
    from penstock.flows.work import open_claims
    from penstock.landing import describe_file
    from penstock.model import BatchState
    from penstock.tools import Tools

    tools = Tools(settings=settings)
    loaded = _find_workflow(tools.settings, dataset)
    claim = open_claims(tools, dataset).claim_files(
        [describe_file(file) for file in files], requested_by=who()
    )
    logging.getLogger("prefect.flow_runs").addFilter(_say_once)
    process_batch(loaded.workflow.name, claim.sequence)
    record = tools.ledger.batch(claim.digest)
    if as_json:
        print_json(record)
    else:
        _print_record(record)
    if record.state is not BatchState.PUBLISHED:
        raise typer.Exit(1)


def _find_workflow(settings: Settings, dataset: str) -> LoadedWorkflow:
    found = load_definitions(settings)
    for one in found.loaded:
        if one.workflow.dataset == dataset:
            return one
    known = ", ".join(sorted(one.workflow.dataset for one in found.loaded)) or "none"
    refused = " ".join(str(error) for error in found.errors.values())
    raise ConfigError(
        f"No workflow of {settings.config_uri} is about dataset {dataset!r}; there is {known}.",
        remedy=f"Refused were: {refused}" if refused else "Correct --dataset.",
    )


def _print_record(record: BatchRecord) -> None:
    from penstock.model import BatchState

    print_line(f"{record.state.value}: batch {(record.batch or record.claim)[:12]}")
    if record.state is not BatchState.HELD:
        counts = {
            "landed": record.rows_landed,
            "published": record.rows_published,
            "quarantined": record.rows_quarantined,
            "rejected": record.rows_rejected,
        }
        print_line(
            "rows: "
            + ", ".join(
                f"{name} {'uncounted' if rows is None else f'{rows:,}'}"
                for name, rows in counts.items()
            )
        )
        return
    print_text(record.reason or "")
    if record.page is not None:
        print_line(f"evidence: {record.page.uri}")
    print_line("`penstock requests` shows what may be decided; then run this again.")


def _say_once(entry: logging.LogRecord) -> bool:
    """Let Prefect log our own errors without a traceback: their sentence says what to do."""
    if entry.exc_info and isinstance(entry.exc_info[1], PenstockError):
        entry.exc_info = None
    return True
