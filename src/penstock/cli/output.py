"""How commands speak: text for people, one JSON document for programs, errors on stderr."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from threading import Timer
from typing import Annotated, Any

import typer

from penstock.model import Value

__all__ = ["AsJson", "print_json", "print_line", "print_table", "print_text", "progress"]

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]

NUMBER = frozenset("0123456789.,-+e")
GAP = "  "


def print_line(text: str = "") -> None:
    """Print a line of text for a person; what could steer a terminal is written by its code."""
    typer.echo(_plain(text))


def print_text(text: str, *, indent: str = "") -> None:
    """Print prose: wrapped between words on a terminal, one line for each paragraph elsewhere."""
    from textwrap import fill

    for paragraph in _plain(text).splitlines() or [""]:
        if sys.stdout.isatty():
            typer.echo(
                fill(
                    paragraph,
                    width=get_terminal_size().columns,
                    initial_indent=indent,
                    subsequent_indent=indent,
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            )
        else:
            typer.echo(f"{indent}{paragraph}")


def print_json(value: Value | Sequence[Value] | dict[str, Any]) -> None:
    """Print one JSON document; NaN is null, as it is missing everywhere else."""
    import json

    match value:
        case Value():
            plain: Any = value.model_dump(mode="json")
        case dict():
            plain = _finite(value)
        case _:
            plain = [item.model_dump(mode="json") for item in value]
    typer.echo(json.dumps(plain, ensure_ascii=False, indent=2, default=str, allow_nan=False))


def print_table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Print a table; one too wide for a terminal is folded into it, and nowhere is anything cut."""
    cells = [[_plain(cell) for cell in row] for row in rows]
    names = [_plain(header) for header in headers]
    is_number = [
        any(row[index] for row in cells) and all(set(row[index]) <= NUMBER for row in cells)
        for index in range(len(names))
    ]
    if title:
        typer.echo(_plain(title))
    lines = _align(names, cells, is_number)
    if sys.stdout.isatty() and max(map(len, lines)) > get_terminal_size().columns:
        _print_folded(names, cells, is_number)
    else:
        typer.echo("\n".join(lines))


def _print_folded(
    names: Sequence[str], cells: Sequence[Sequence[str]], is_number: Sequence[bool]
) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, right in zip(names, is_number, strict=True):
        table.add_column(Text(name), justify="right" if right else "left", overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console(highlight=False).print(table)


def _align(
    names: Sequence[str], cells: Sequence[Sequence[str]], is_number: Sequence[bool]
) -> list[str]:
    lines = [names, *(tuple(cell.replace("\n", " ") for cell in row) for row in cells)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(names))]
    lines.insert(1, ["-" * width for width in widths])
    return [
        GAP.join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ).rstrip()
        for line in lines
    ]


@contextmanager
def progress(what: str, *, after_s: float = 0) -> Iterator[None]:
    """Show that something is going on: a spinner on a terminal, one line elsewhere (stderr).

    Args:
        what: what is going on.
        after_s: say nothing elsewhere before so many seconds: for what is usually quick.
    """
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True).status(what):
            yield
        return
    timer = Timer(after_s, typer.echo, [f"{what} ..."], {"err": True})
    timer.daemon = True
    if after_s:
        timer.start()
    else:
        timer.run()
    try:
        yield
    finally:
        timer.cancel()


def _plain(text: str) -> str:
    """Return text that a terminal only shows: data may hold its control characters."""
    text = text.replace("\u00a0", " ")
    if text.replace("\n", " ").isprintable():
        return text
    from penstock.report.words import visible

    return visible(text)


def _finite(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    match value:
        case dict():
            return {key: _finite(item) for key, item in value.items()}
        case list() | tuple():
            return [_finite(item) for item in value]
        case float() if not math.isfinite(value):
            return None if math.isnan(value) else str(value)
        case _:
            return value
