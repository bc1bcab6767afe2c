"""`penstock workflow`: look at definitions and check them."""

from __future__ import annotations

from typing import Annotated

import typer

from penstock.cli.output import AsJson, print_json, print_line

__all__ = ["app"]

app = typer.Typer(help="Look at workflow definitions and check them.", no_args_is_help=True)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name of the workflow.")],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="Draw as Mermaid.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print what a workflow runs, in which order."""
    from penstock.agents import SPECS
    from penstock.settings import read_settings
    from penstock.workflows import draw_mermaid, draw_text, open_config

    workflow = open_config(read_settings().config_uri, agents=SPECS).load(name).workflow
    if as_json:
        print_json(workflow)
    else:
        print_line(draw_mermaid(workflow) if mermaid else draw_text(workflow))


@app.command()
def validate(as_json: AsJson = False) -> None:
    """Load every definition and contract of the config; exit 1 when one is refused."""
    from penstock.agents import SPECS
    from penstock.settings import read_settings
    from penstock.workflows import open_config

    settings = read_settings()
    loaded, errors = open_config(settings.config_uri, agents=SPECS).load_all()
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
        if not loaded and not errors:
            print_line(f"{settings.config_uri} holds no workflows.")
    if errors:
        raise typer.Exit(1)
