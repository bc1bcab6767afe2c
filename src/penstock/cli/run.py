"""`penstock run`: one batch now."""

from __future__ import annotations

from typing import Annotated

import typer

from penstock.cli.gate import who
from penstock.cli.output import AsJson, print_json, print_line

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
    from penstock.agents import SPECS
    from penstock.errors import ConfigError
    from penstock.flows import process_batch
    from penstock.flows.work import open_claims
    from penstock.landing import describe_file
    from penstock.model import BatchRecord, BatchState
    from penstock.settings import read_settings
    from penstock.tools import Tools
    from penstock.workflows import open_config

    tools = Tools(settings=read_settings())
    config = open_config(tools.settings.config_uri, agents=SPECS).load_all()
    loaded = next((one for one in config.loaded if one.workflow.dataset == dataset), None)
    if loaded is None:
        for error in config.errors.values():
            print_line(f"refused: {error}")
        raise ConfigError(
            f"No workflow of {tools.settings.config_uri} is about dataset {dataset!r}.",
            remedy="Name one of "
            + (", ".join(one.workflow.dataset for one in config.loaded) or "(none loaded)")
            + ".",
        )
    claim = open_claims(tools, dataset).claim_files(
        [describe_file(file) for file in files], requested_by=who()
    )
    process_batch(loaded.workflow.name, claim.sequence)
    record: BatchRecord = tools.ledger.batch(claim.digest)
    if as_json:
        print_json(record)
    else:
        print_line(
            f"{record.state.value}: batch {(record.batch or record.claim)[:12]}, landed"
            f" {record.rows_landed}, published {record.rows_published}, quarantined"
            f" {record.rows_quarantined}, rejected {record.rows_rejected}"
        )
        if record.state is BatchState.HELD and record.page is not None:
            print_line(f"{record.reason}\nevidence: {record.page.uri}")
    if record.state is not BatchState.PUBLISHED:
        raise typer.Exit(1)
