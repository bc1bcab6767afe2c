"""How commands speak: text for people, one JSON document for programs, errors on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from penstock.model import Value

__all__ = ["AsJson", "print_json", "print_line", "print_table", "progress"]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def print_line(text: str = "") -> None:
    """Print a line of text for a person."""
    typer.echo(text)


def print_json(value: Value | Sequence[Value] | dict[str, Any]) -> None:
    """Print one JSON document."""
    import json

    match value:
        case Value():
            plain: Any = value.model_dump(mode="json")
        case dict():
            plain = value
        case _:
            plain = [item.model_dump(mode="json") for item in value]
    typer.echo(json.dumps(plain, ensure_ascii=False, indent=2, default=str))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Print a table; on a terminal it fits its width, elsewhere nothing is cut."""
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*headers, title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    is_terminal = sys.stdout.isatty()
    Console(width=None if is_terminal else 200, no_color=not is_terminal).print(table)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show that something is going on: a spinner on a terminal, one line elsewhere (stderr)."""
    if not sys.stderr.isatty():
        typer.echo(f"{what} ...", err=True)
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield
