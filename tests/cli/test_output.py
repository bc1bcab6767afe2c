"""Tables and prose: folded on a terminal, plain when piped, and never cut."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from threading import Event

import pytest

from penstock.cli.output import print_json, print_line, print_table, print_text, progress

LONG = "a" * 120
STYLE = re.compile("\x1b\\[[0-9;]*m")
HEADERS = ("name", "rows")
ROWS = [("short", "1"), (LONG, "1,234")]


@pytest.fixture
def as_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let stdout pass for a terminal; to be called in the test, which has a stdout of its own."""
    return lambda: monkeypatch.setattr(sys.stdout, "isatty", lambda: True)


def test_piped_table_has_one_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEADERS, ROWS, title="All")

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "All"
    assert lines[-1] == f"{LONG}  1,234"
    assert lines[-2].split() == ["short", "1"]
    assert lines[-2].endswith("    1")
    assert all(line == line.rstrip() for line in lines)


def test_table_is_folded_into_the_terminal_and_not_cut(
    capsys: pytest.CaptureFixture[str], as_terminal: Callable[[], None]
) -> None:
    as_terminal()

    print_table(HEADERS, ROWS)

    out = STYLE.sub("", capsys.readouterr().out)
    assert all(len(line) <= 80 for line in out.splitlines())
    assert out.count("a") - "name".count("a") == 120
    assert "…" not in out


def test_table_that_fits_the_terminal_is_printed_as_when_piped(
    capsys: pytest.CaptureFixture[str], as_terminal: Callable[[], None]
) -> None:
    print_table(HEADERS, ROWS[:1])
    piped = capsys.readouterr().out
    as_terminal()

    print_table(HEADERS, ROWS[:1])

    assert capsys.readouterr().out == piped


def test_prose_is_wrapped_between_words_and_addresses_stay_whole(
    capsys: pytest.CaptureFixture[str], as_terminal: Callable[[], None]
) -> None:
    as_terminal()
    address = f"file:///{LONG}"

    print_text(f"{'some words ' * 10}\n{address}", indent="  ")

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"  {address}"
    assert all(len(line) <= 80 for line in lines[:-1])
    assert len(lines) == 3


def test_piped_prose_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    print_text("word " * 50)

    assert len(capsys.readouterr().out.splitlines()) == 1


def test_empty_table_has_its_headers(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(HEADERS, [])

    assert capsys.readouterr().out.splitlines()[0] == "name  rows"


@pytest.mark.parametrize("printed", [print_line, print_text, lambda text: print_table((text,), [])])
def test_control_characters_are_shown_and_not_obeyed(
    capsys: pytest.CaptureFixture[str], printed: object
) -> None:
    assert callable(printed)
    printed("red \x1b[31m and \u202egnp.exe")

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "U+001B" in out


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"rows": [{"a": float("nan"), "b": float("inf"), "c": 1.5}]})

    out = "".join(capsys.readouterr().out.split())
    assert out == '{"rows":[{"a":null,"b":"inf","c":1.5}]}'


def test_quick_work_says_nothing_and_slow_work_says_what_it_does(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("Quick", after_s=30):
        pass
    assert capsys.readouterr().err == ""

    with progress("Slow", after_s=0.01):
        end = time.monotonic() + 5
        while not (said := capsys.readouterr().err) and time.monotonic() < end:
            Event().wait(0.01)
    assert said == "Slow ...\n"
