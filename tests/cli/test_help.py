"""Every command explains itself, and a wrong call is a usage error."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import typer

from penstock.cli.app import app

if TYPE_CHECKING:
    from tests.cli.conftest import Command

ALL = {
    "demo",
    "up",
    "run",
    "check",
    "profile",
    "workflow show",
    "workflow validate",
    "batches",
    "requests",
    "decide",
    "explain",
    "audit verify",
    "query",
}
WITHOUT_JSON = {"demo", "up"}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(commands(typer.main.get_command(app)))


def test_these_are_all_commands() -> None:
    assert {" ".join(path) for path in COMMANDS} == ALL


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_command_has_help_for_itself_and_each_of_its_parameters(
    penstock: Command, path: tuple[str, ...]
) -> None:
    answer = penstock(*path, "--help")

    assert answer.code == 0
    assert answer.err == ""
    assert "Usage: penstock " + " ".join(path) in answer.out
    assert COMMANDS[path].help
    for parameter in COMMANDS[path].params:
        assert parameter.help, parameter.name


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_command_that_a_program_would_read_speaks_json(path: tuple[str, ...]) -> None:
    options = {option for parameter in COMMANDS[path].params for option in parameter.opts}

    assert ("--json" in options) == (" ".join(path) not in WITHOUT_JSON)


@pytest.mark.parametrize("path", [(), ("workflow",), ("audit",)], ids=" ".join)
def test_groups_list_their_commands(penstock: Command, path: tuple[str, ...]) -> None:
    answer = penstock(*path, "--help")

    assert answer.code == 0
    for name in (one[len(path)] for one in COMMANDS if one[: len(path)] == path):
        assert name in answer.out


@pytest.mark.parametrize(
    "arguments",
    [("bogus",), ("check",), ("query",), ("decide", "abcdef"), ("batches", "--limit", "0")],
    ids=" ".join,
)
def test_wrong_call_exits_2_with_usage_on_stderr(
    penstock: Command, arguments: tuple[str, ...]
) -> None:
    answer = penstock(*arguments)

    assert (answer.code, answer.out) == (2, "")
    assert "Usage: penstock" in answer.err
    assert "Error: " in answer.err


def test_decide_has_no_default_choice(penstock: Command) -> None:
    assert "--choice" in penstock("decide", "abcdef").err
