"""`penstock demo`: the whole story on this machine, offline and from nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from penstock.cli.gate import wake, who
from penstock.cli.output import print_line, print_table, progress
from penstock.errors import PenstockError
from penstock.model import Choice, Request

if TYPE_CHECKING:
    from penstock.demo import Stage
    from penstock.embedded import EmbeddedPrefect
    from penstock.ledger import Ledger

__all__ = ["demo"]

DATASET = "retail"
RUN_TIMEOUT_S = 170.0


def demo(
    decide: Annotated[
        Choice | None, typer.Option(help="The steward's decision; asked for at a terminal.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder of the demo, made anew.")] = Path(
        "penstock-demo"
    ),
    keep: Annotated[bool, typer.Option("--keep", help="Leave the server up at the end.")] = False,
) -> None:
    """Land real days, publish the good ones, hold a bad one, decide, and show where rows went."""
    from penstock.demo import Stage
    from penstock.embedded import EmbeddedPrefect

    if decide is None and not sys.stdin.isatty():
        raise typer.BadParameter(
            "There is no terminal to ask a steward at: give --decide.", param_hint="--decide"
        )
    stage = Stage(folder)
    stage.set_up()
    environment = stage.settings.environment()
    prefect = EmbeddedPrefect(stage.folder / "prefect", environment=environment)
    try:
        with progress("Starting an embedded Prefect server and worker (about 20 s)"):
            prefect.start_server()
        os.environ.update(prefect.environment())
        _play(stage, prefect, decide)
        if keep:
            _stay(prefect)
    finally:
        prefect.stop()


def _play(stage: Stage, prefect: EmbeddedPrefect, choice: Choice | None) -> None:
    from penstock.flows import build_deployments
    from penstock.orchestration import deploy
    from penstock.tools import Tools

    deploy(build_deployments(drain_every=None))
    prefect.start_worker("penstock")
    tools = Tools(settings=stage.settings)
    *days, last = stage.days
    print_line(f"Prefect UI: {prefect.ui_url}   (V2: {prefect.ui_url}/v2)")

    for day in days:
        stage.land(day)
    with progress(f"1. {len(days)} days landed in {stage.landing}; draining the landing"):
        _drain()
    _print_states(tools.ledger)

    stage.land_damaged(last)
    with progress(f"2. {last} landed, and something happened to it; draining the landing"):
        _drain()
    (request,) = tools.ledger.requests(dataset=DATASET)
    request = _await_suspension(tools.ledger, request)
    print_line(f"\n{request.summary}\n")
    print_line(f"   evidence   {request.page.uri}")
    print_line(f"   held run   {prefect.ui_url}/runs/flow-run/{request.flow_run}\n")

    choice = choice or _ask(request)
    with progress(f"3. The steward says {choice.value}; the run goes on"):
        _carry_out(tools.ledger, request, choice)
    _print_end(stage, tools.ledger, request)


def _drain() -> None:
    from penstock.orchestration import (
        DRAIN_DEPLOYMENT,
        start_run,
        wait_for_run,
    )

    flow_run = start_run(DRAIN_DEPLOYMENT, {"workflow": DATASET})
    state = wait_for_run(flow_run, timeout_s=RUN_TIMEOUT_S)
    if not state.is_completed():
        raise PenstockError(
            f"The drain ended as {state.name}: {state.message}",
            remedy=f"Look at flow run {flow_run} in the Prefect UI.",
        )


def _await_suspension(ledger: Ledger, request: Request) -> Request:
    from penstock.orchestration import wait_for_run

    request = ledger.request(request.id)
    if request.flow_run is None:
        raise PenstockError(
            f"No run asks about request {request.id[:12]}.",
            remedy="Read the log of the drain in the Prefect UI.",
        )
    with progress("   It is held; its own run reuses what was judged, and suspends"):
        wait_for_run(request.flow_run, timeout_s=RUN_TIMEOUT_S)
    (request,) = ledger.requests(dataset=DATASET)
    return request


def _ask(request: Request) -> Choice:
    open_choices = {choice.value: choice for choice in request.options}
    while True:
        answer = typer.prompt(f"Your decision ({', '.join(open_choices)})").strip().lower()
        if answer in open_choices:
            return open_choices[answer]
        print_line(f"{answer!r} is not open.")


def _carry_out(ledger: Ledger, request: Request, choice: Choice) -> None:
    from penstock.orchestration import wait_for_run

    decision = ledger.decide(
        request.id, choice=choice, note="demo", by=who(), evidence=request.evidence
    )
    if request.flow_run is not None and wake(request, decision):
        wait_for_run(request.flow_run, timeout_s=RUN_TIMEOUT_S)


def _print_states(ledger: Ledger) -> None:
    records = ledger.batches(DATASET, limit=1000)
    published = [record for record in records if record.snapshot is not None]
    rows = sum(record.rows_published or 0 for record in published)
    aside = sum(record.rows_quarantined or 0 for record in published)
    print_line(
        f"   {len(published)} of {len(records)} batches published: {rows:,} rows,"
        f" {aside:,} rows quarantined"
    )


def _print_end(stage: Stage, ledger: Ledger, request: Request) -> None:
    record = ledger.batch(request.batch)
    print_table(
        ("what happened to the rows", "rows"),
        (
            ("landed", f"{record.rows_landed:,}"),
            ("published", f"{record.rows_published:,}"),
            ("quarantined, with reasons", f"{record.rows_quarantined:,}"),
            ("rejected, kept as raw bytes", f"{record.rows_rejected:,}"),
        ),
        title=f"Batch {request.batch[:12]} is {record.state.value}",
    )
    broken = ledger.verify_audit()
    print_line(f"Audit chain: {'whole' if broken is None else f'broken: {broken}'}")
    if broken is not None:
        raise typer.Exit(1)
    home = f"PENSTOCK_HOME={stage.settings.home} PENSTOCK_CONFIG={stage.settings.config}"
    print_line("Ask further:")
    print_line(f"  {home} penstock explain {request.batch[:12]}")
    print_line(f"  {home} penstock batches")


def _stay(prefect: EmbeddedPrefect) -> None:
    from signal import pause

    print_line(f"Prefect UI stays up at {prefect.ui_url}; Ctrl-C ends it.")
    try:
        pause()
    except KeyboardInterrupt:
        print_line()
