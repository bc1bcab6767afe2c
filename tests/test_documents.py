"""YAML: what is read, what is refused, and on which line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from penstock.documents import read_document, show_path
from penstock.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Case:
    id: str
    text: str
    says: str


CASES = (
    Case(id="empty", text="", says="f.yaml:1: The file is empty. Write `key: value` lines."),
    Case(
        id="comment only",
        text="# a\n",
        says="f.yaml:1: The file is empty. Write `key: value` lines.",
    ),
    Case(
        id="list",
        text="- a",
        says="f.yaml:1: The file is not a mapping of keys to values. Write `key: value` lines.",
    ),
    Case(
        id="no YAML",
        text="a: 1\nb: [1, 2\nc: 3",
        says="f.yaml:3: This is not YAML: expected ',' or ']', but got ':'. Correct the line, or"
        " the one before it; indentation, quotes and colons are the usual causes.",
    ),
    Case(
        id="binary",
        text="a: 1\nb: \x00\x01",
        says="f.yaml:2: The character U+0000 is not allowed in YAML. Remove it, or save the"
        " file as UTF-8 text.",
    ),
    Case(
        id="duplicate key",
        text="a: {b: 1}\nc:\n  b: 1\n  d: 2\n  b: 3",
        says="f.yaml:5: `c.b` stands here for a second time, first on line 3. Keep one of them.",
    ),
    Case(
        id="anchor",
        text="a: &x 1",
        says="f.yaml:1: The anchor &x is not allowed. Write the value out.",
    ),
    Case(
        id="alias",
        text="a: 1\nb: *x",
        says="f.yaml:2: The alias *x is not allowed. Write the value out.",
    ),
    Case(
        id="object",
        text="a: !!python/object/apply:os.system [ls]",
        says="f.yaml:1: The tag !!python/object/apply:os.system is not allowed. Remove it.",
    ),
    Case(
        id="tagged scalar",
        text="a: !secret x",
        says="f.yaml:1: The tag !secret is not allowed. Remove it.",
    ),
    Case(
        id="second document",
        text="a: 1\n---\nb: 2",
        says="f.yaml:2: The file holds a second document. Put it into its own file.",
    ),
    Case(
        id="tag of YAML's own",
        text="a: !!str 1",
        says="f.yaml:1: The tag !!str is not allowed. Remove it.",
    ),
    Case(
        id="not a number",
        text="a: [.NaN]",
        says="f.yaml:1: `a[0]` is '.NaN': it is no plain number. Put it into quotes if it is text,"
        " or correct it.",
    ),
    Case(
        id="leading zero",
        text="a: 1\nb: 0123",
        says="f.yaml:2: `b` is '0123': it is no plain number. Put it into quotes if it is text, or"
        " correct it.",
    ),
    Case(
        id="more digits than a float has",
        text="a: 0.12345678901234567890123",
        says="f.yaml:1: `a` is '0.12345678901234567890123': the number has more digits than are"
        " kept. Write fewer, or put it into quotes: it is then kept digit for digit.",
    ),
    Case(
        id="YAML 1.1",
        text="%YAML 1.1\n---\na: yes",
        says="f.yaml:2: Only YAML 1.2 is read. Remove the %YAML line.",
    ),
    Case(
        id="version out of range",
        text=f"%YAML 1.{10**30}\n---\na: 1",
        says="f.yaml: This is not YAML: version minor part can only be 2 or 1, got"
        f" (1, {10**30}). Correct the line, or the one before it; indentation, quotes and colons"
        " are the usual causes.",
    ),
    Case(
        id="key is a list",
        text="[a]: 1",
        says="f.yaml:1: This key is not text. Write `key: value`.",
    ),
    Case(
        id="half a character",
        text='a: "\\ud800"',
        says="f.yaml:1: Half a character is no text. Correct the escape.",
    ),
    Case(
        id="half a character in a key",
        text='"\\ud800": 1',
        says="f.yaml:1: Half a character is no text. Correct the escape.",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_unreadable_text_is_refused(case: Case) -> None:
    with pytest.raises(ConfigError) as refused:
        read_document(case.text, source="f.yaml")

    assert str(refused.value) == case.says


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_before_anything_is_built(opening: str) -> None:
    with pytest.raises(ConfigError, match="nested more than 40 deep"):
        read_document("a:\n  " + opening * 100_000, source="f.yaml")


def test_endless_lists_are_refused_before_anything_is_built() -> None:
    with pytest.raises(ConfigError, match="holds more than 50,000 values"):
        read_document("a: [" + "1," * 400_000 + "1]", source="f.yaml")


def test_plain_values_keep_their_types_and_lines() -> None:
    document = read_document(
        "a: 1\nb: -2.5\nc: true\nd: null\ne: no\nf: '3'\ng:\n  - x\n  - y: z", source="f.yaml"
    )

    assert document.value == {
        "a": 1,
        "b": -2.5,
        "c": True,
        "d": None,
        "e": "no",
        "f": "3",
        "g": ["x", {"y": "z"}],
    }
    assert document.at("g", 1, "y").line == 9
    assert document.at("g", 1, "missing").line == 9
    assert document.at("b").line == 2
    assert document.at("g", 1, "y").value == "z"
    assert document.at("g", 7).value is None


@pytest.mark.parametrize("text", ["2026-11-20", "2026-11-20T06:00:00Z", "<<", "=", "1:30", "yes"])
def test_what_yaml_might_interpret_is_kept_as_it_is_written(text: str) -> None:
    document = read_document(f"a: {text}\n{text}: 1\n2026: 2", source="f.yaml")

    assert document.value == {"a": text, text: 1, "2026": 2}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0x1F", 31),
        ("0o17", 15),
        ("1_000", 1000),
        ("-5", -5),
        ("9" * 38, 10**38 - 1),
        ("1e5", 1e5),
        (".5", 0.5),
        ("1.10", 1.1),
    ],
)
def test_numbers_are_exact(text: str, number: float) -> None:
    assert read_document(f"a: {text}", source="f.yaml").at("a").value == number


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9" * 101, id="long"),
        pytest.param("9" * 5000, id="longer than Python reads"),
        pytest.param("0x" + "f" * 9000, id="longer than Python writes"),
        "1e400",
        "1e-400",
        "1e-99999999999999999999",
    ],
)
def test_number_that_cannot_be_kept_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"more digits|no plain number"):
        read_document(f"a: {text}", source="f.yaml")


@pytest.mark.parametrize("escape", ["UFFFFFFFF", "U00110000", "xZZ"])
def test_escape_of_no_character_is_refused(escape: str) -> None:
    with pytest.raises(ConfigError, match="not YAML"):
        read_document(f'a: "\\{escape}"', source="f.yaml")


def test_long_text_is_refused_before_it_is_read() -> None:
    with pytest.raises(ConfigError, match="1,048,577 characters; at most 1,048,576"):
        read_document("#" * ((1 << 20) + 1), source="f.yaml")


def test_byte_order_mark_is_no_text() -> None:
    assert read_document("\ufeffa: 1", source="f.yaml").value == {"a": 1}


def test_place_is_shown_as_it_would_be_written() -> None:
    assert show_path(("steps", 2, "needs", 0)) == "steps[2].needs[0]"
