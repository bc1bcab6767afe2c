"""YAML: what is read, what is refused, and on which line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from penstock.errors import ConfigError
from penstock.workflows.document import read_document, show_path


@dataclass(frozen=True, kw_only=True)
class Case:
    id: str
    text: str
    says: str


CASES = (
    Case(id="empty", text="", says="f.yaml: The file is empty. Write the definition."),
    Case(id="comment only", text="# a\n", says="f.yaml: The file is empty. Write the definition."),
    Case(
        id="list",
        text="- a",
        says="f.yaml:1: The file does not hold a mapping of keys to values. Write `key: value`"
        " lines.",
    ),
    Case(
        id="no YAML",
        text="a: 1\nb: [1, 2\nc: 3",
        says="f.yaml:3: This is not YAML: expected ',' or ']', but got ':'. Correct the line, or"
        " the one before it.",
    ),
    Case(
        id="binary",
        text="a: 1\nb: \x00\x01",
        says="f.yaml:2: The character U+0000 is not allowed in YAML. Remove it.",
    ),
    Case(
        id="duplicate key",
        text="a: {b: 1}\nc:\n  b: 1\n  d: 2\n  b: 3",
        says="f.yaml:5: c.b stands here for a second time, first on line 3. Keep one of them.",
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
        says="f.yaml:1: The tag python/object/apply:os.system is not allowed. Remove it.",
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
        id="date",
        text="version: 2026-11-20",
        says="f.yaml:1: version is '2026-11-20', a date. Put it into quotes if it is text.",
    ),
    Case(
        id="not a number",
        text="a: [.nan]",
        says="f.yaml:1: a[0] is '.nan', no plain number. Put it into quotes if it is text.",
    ),
    Case(
        id="word of YAML 1.1",
        text="%YAML 1.1\n---\na: yes",
        says="f.yaml:3: a is 'yes', neither true nor false. Put it into quotes if it is text.",
    ),
    Case(
        id="key is a number",
        text="1: a",
        says="f.yaml:1: This key is not text. Write a name, or put it into quotes.",
    ),
    Case(
        id="half a character",
        text='a: "\\ud800"',
        says="f.yaml:1: a is not valid text. Correct it.",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_unreadable_text_is_refused(case: Case) -> None:
    with pytest.raises(ConfigError) as refused:
        read_document(case.text, source="f.yaml")

    assert str(refused.value) == case.says


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_before_anything_is_built(opening: str) -> None:
    with pytest.raises(ConfigError, match="nested more than 12 deep"):
        read_document("a:\n  " + opening * 100_000, source="f.yaml")


def test_endless_lists_are_refused_before_anything_is_built() -> None:
    with pytest.raises(ConfigError, match="holds more than 20000 values"):
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
    assert document.line(("g", 1, "y")) == 9
    assert document.line(("g", 1, "missing")) == 9
    assert document.line(("b",)) == 2
    assert document.at(("g", 1, "y")) == "z"
    assert document.at(("g", 7)) is None


def test_byte_order_mark_is_no_text() -> None:
    assert read_document("\ufeffa: 1", source="f.yaml").value == {"a": 1}


def test_place_is_shown_as_it_would_be_written() -> None:
    assert show_path(("steps", 2, "needs", 0)) == "steps[2].needs[0]"
