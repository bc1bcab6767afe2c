"""`penstock requests` and `penstock decide`: what waits for a steward, and the answer."""

from __future__ import annotations

import getpass
import socket
from typing import Annotated

import typer

from penstock.cli.output import AsJson, print_json, print_line, print_text, progress
from penstock.cli.server import use_running_server
from penstock.errors import Conflict, NotFound, StoreUnavailable
from penstock.model import Choice, Decision, Request

__all__ = ["decide", "requests", "wake", "who"]

NEXT_DRAIN = "the next drain carries the decision out."


def who() -> str:
    """Return who is at this terminal, as far as the operating system knows."""
    return f"{getpass.getuser()}@{socket.gethostname()}"


def requests(
    all_: Annotated[bool, typer.Option("--all", help="Also those already decided.")] = False,
    dataset: Annotated[str | None, typer.Option(help="Only of this dataset.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the batches that wait for a steward's decision."""
    from penstock.settings import read_settings
    from penstock.tools import Tools

    tools = Tools(settings=read_settings())
    ledger = tools.ledger
    found = ledger.requests(state=None if all_ else "open", dataset=dataset)
    if as_json:
        print_json(found)
        return
    if not found:
        print_line("Nothing waits for a decision.")
        return
    for request in found:
        _print_request(request)


def _print_request(request: Request) -> None:
    choices = "|".join(choice.value for choice in request.options)
    print_line(
        f"{request.id[:12]}  {request.dataset}  batch {request.batch[:12]}"
        f"  {request.severity.value}  {request.state}"
        f"  since {request.opened_at:%Y-%m-%d %H:%M} UTC"
    )
    print_text(request.summary, indent="  ")
    print_line(f"  evidence  {request.page.uri}")
    if request.state == "open":
        print_line(f"  answer    penstock decide {request.id[:12]} --choice {choices}")
    print_line()


def decide(
    request: Annotated[str, typer.Argument(help="Id of the request, or its beginning.")],
    choice: Annotated[Choice, typer.Option(help="Your verdict. There is no default.")],
    note: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    as_json: AsJson = False,
) -> None:
    """Decide about a held batch and wake its run up.

    The decision is recorded first, on exactly the evidence of the request; then the suspended
    run is resumed. If it cannot be, the next drain carries the decision out.
    """
    from penstock.settings import read_settings
    from penstock.tools import Tools

    settings = read_settings()
    use_running_server(settings)
    tools = Tools(settings=settings)
    ledger = tools.ledger
    found = ledger.request(request)
    decision = ledger.decide(found.id, choice=choice, note=note, by=who(), evidence=found.evidence)
    if as_json:
        print_json(decision)
    else:
        print_line(
            f"Recorded: {decision.choice.value} for batch {decision.batch[:12]}, by {decision.by}"
            f" ({decision.proof})."
        )
    wake(found, decision)


def wake(request: Request, decision: Decision) -> bool:
    """Resume the suspended run of a request; say so on stderr where that cannot be done."""
    if request.flow_run is None:
        typer.echo(f"No run waits for it: {NEXT_DRAIN}", err=True)
        return False
    from penstock.orchestration import has_server, resume_run

    if not has_server():
        typer.echo(
            f"No Prefect server is known here (PREFECT_API_URL), so no run was woken: {NEXT_DRAIN}",
            err=True,
        )
        return False
    answer = {"decision": decision.choice.value, "note": decision.note}
    try:
        with progress("Waking the suspended run", after_s=1):
            resume_run(request.flow_run, answer=answer)
    except (Conflict, NotFound, StoreUnavailable) as exc:
        typer.echo(f"The decision stands, but its run was not woken: {exc.what}", err=True)
        typer.echo(f"It is not lost: {NEXT_DRAIN}", err=True)
        return False
    return True
