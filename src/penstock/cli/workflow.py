"""`penstock workflow`: look at definitions and check them."""

from __future__ import annotations

from typing import Annotated

import typer

from penstock.cli.definitions import load_definition, load_definitions
from penstock.cli.output import AsJson, print_json, print_line, progress

__all__ = ["app"]

app = typer.Typer(help="Look at workflow definitions and check them.", no_args_is_help=True)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the workflow.")],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Draw as Mermaid.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print what a workflow runs, in which order."""
    from penstock.settings import read_settings
    from penstock.workflows import draw_mermaid, draw_text

    workflow = load_definition(read_settings(), name).workflow
    if as_json:
        print_json(workflow)
    else:
        print_line(draw_mermaid(workflow) if mermaid else draw_text(workflow))


@app.command()
def validate(as_json: AsJson = False) -> None:
    """Load every definition and contract of the config; exit 1 when one is refused."""
    from penstock.settings import read_settings

    settings = read_settings()
    with progress(f"Reading {settings.config_uri}", after_s=1):
        loaded, errors = load_definitions(settings)
    if as_json:
        print_json(
            {
                "config": settings.config_uri,
                "loaded": [f"{one.workflow.name}@{one.workflow.version}" for one in loaded],
                "refused": {name: str(error) for name, error in errors.items()},
            }
        )
    else:
        for one in loaded:
            print_line(f"ok       {one.workflow.name}@{one.workflow.version}  {one.config_path}")
        for name, error in errors.items():
            print_line(f"refused  {name}  {error}")
    if errors:
        raise typer.Exit(1)
