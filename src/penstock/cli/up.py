"""`penstock up`: server, worker and a scheduled drain for a given config, on this machine."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from threading import Event
from typing import Annotated

import typer

from penstock.cli.definitions import load_definitions
from penstock.cli.output import print_line, progress
from penstock.cli.server import home_of_server
from penstock.errors import ConfigError

__all__ = ["up"]


def up(
    every: Annotated[int, typer.Option(min=5, help="Seconds between looks at landings.")] = 60,
    port: Annotated[int, typer.Option(help="Port of the Prefect server and UI.")] = 4200,
) -> None:
    """Start a Prefect server, a worker and the landing watcher; stop with Ctrl-C.

    Reads PENSTOCK_CONFIG and the other settings from the environment, and refuses to start when a
    definition cannot be loaded or the store cannot keep claims.
    """
    from penstock.embedded import EmbeddedPrefect
    from penstock.settings import read_settings
    from penstock.stores import probe
    from penstock.tools import Tools

    settings = read_settings()
    tools = Tools(settings=settings)
    loaded, errors = load_definitions(settings)
    if errors:
        raise ConfigError(
            f"{len(errors)} of the definitions cannot be used."
            f" {' '.join(str(error) for error in errors.values())}",
            remedy="`penstock workflow validate` checks them again.",
        )
    with progress("Checking store and ledger"):
        probe(tools.store)
        _ = tools.ledger
    prefect = EmbeddedPrefect(
        home_of_server(settings), environment=settings.environment(), port=port
    )
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    try:
        with progress("Starting the Prefect server"):
            prefect.start_server()
        os.environ.update(prefect.environment())
        _deploy(every)
        prefect.start_worker("penstock")
        print_line(f"Prefect UI   {prefect.ui_url}")
        print_line(f"Config       {settings.config_uri}")
        print_line(f"Home         {settings.home}")
        print_line(f"Logs         {prefect.home}/*.log")
        for one in loaded:
            landing = one.workflow.landing
            print_line(f"Landing      {one.workflow.dataset}: {landing.uri}/{landing.pattern}")
        print_line(f"Prefect API  {prefect.api_url}")
        print_line("Watching the landings; Ctrl-C stops.")
        stopped.wait()
    except KeyboardInterrupt:
        pass
    finally:
        print_line("Stopping the worker and the server; what was begun goes on at the next start.")
        prefect.stop()


def _deploy(every: int) -> None:
    # NOTE: Prefect reads its settings when it is first imported, so this comes after they are set.
    from penstock.flows import build_deployments
    from penstock.orchestration import deploy

    deploy(build_deployments(drain_every=timedelta(seconds=every)))
