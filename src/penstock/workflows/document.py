"""YAML as plain values, with the line of every place and nothing that YAML can hide."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    NodeEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from penstock.errors import ConfigError

__all__ = ["Document", "Misfit", "Path", "read_document", "show_path", "show_value", "suggest"]

Path = tuple[str | int, ...]
"""A place in a document, as `("steps", 2, "needs")`."""

DEPTH_LIMIT = 12
NODE_LIMIT = 20_000
"""Far beyond any definition; a megabyte of brackets would take half a minute to read."""

SHOWN_CHARACTERS = 80
PLAIN_WORDS = {
    "timestamp": "a date",
    "bool": "neither true nor false",
    "int": "no plain number",
    "float": "no plain number",
}
TAG = "tag:yaml.org,2002:"


class Misfit(ConfigError):
    """Something wrong at a place of a document; the reader of the document adds file and line."""

    def __init__(self, path: Path, what: str, *, remedy: str) -> None:
        super().__init__(what, remedy=remedy)
        self.path = path


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A YAML mapping as plain values (dict, list, str, int, float, bool, None)."""

    source: str
    value: dict[str, object]
    lines: dict[Path, int]

    def line(self, path: Path) -> int:
        """Return the line of a place, or of the nearest place around it."""
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    def at(self, path: Path) -> object:
        """Return the value at a place, or None where there is none."""
        value: object = self.value
        for part in path:
            if isinstance(value, dict) and isinstance(part, str):
                value = value.get(part)
            elif isinstance(value, list) and isinstance(part, int) and part < len(value):
                value = value[part]
            else:
                return None
        return value

    def error(self, path: Path, what: str, *, remedy: str) -> ConfigError:
        """Return the error that points at a place of this document."""
        return ConfigError(what, remedy=remedy, file=self.source, line=self.line(path))


def show_path(path: Path) -> str:
    """Return a place as text, as `steps[2].needs`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def show_value(value: object) -> str:
    """Return a configured value as text, cut where it is long."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list" if value else "an empty list"
        case _:
            text = repr(value)
            return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."


def read_document(text: str, *, source: str) -> Document:
    """Read one YAML 1.2 mapping.

    Refused, besides what is no YAML: anchors and aliases (a few lines of them can stand for
    gigabytes), tags, duplicate keys, keys that are not text, several documents, dates without
    quotes, numbers that are not finite, deep nesting.

    Raises:
        ConfigError: with file and line of the first thing that cannot be used.
    """
    try:
        _refuse_tricks(text, source)
        root = YAML(typ="safe", pure=True).compose(text)
    except ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        raise ConfigError(
            f"The character U+{ord(text[exc.position]):04X} is not allowed in YAML.",
            remedy="Remove it.",
            file=source,
            line=line,
        ) from exc
    except MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        raise ConfigError(
            f"This is not YAML: {exc.problem or exc.context}.",
            remedy="Correct the line, or the one before it.",
            file=source,
            line=None if mark is None else mark.line + 1,
        ) from exc
    except (YAMLError, ValueError) as exc:
        raise ConfigError(
            "This is not YAML.", remedy="Correct or replace the file.", file=source
        ) from exc
    if root is None:
        raise ConfigError("The file is empty.", remedy="Write the definition.", file=source)
    if not isinstance(root, MappingNode):
        raise ConfigError(
            "The file does not hold a mapping of keys to values.",
            remedy="Write `key: value` lines.",
            file=source,
            line=_line(root),
        )
    lines: dict[Path, int] = {}
    value = _Reader(source=source, lines=lines).mapping(root, ())
    return Document(source=source, value=value, lines=lines)


def _refuse_tricks(text: str, source: str) -> None:
    """Look at the flat stream of events before anything is built from it."""
    depth = documents = nodes = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        documents += isinstance(event, DocumentStartEvent)
        nodes += isinstance(event, NodeEvent)
        anchor = event.anchor if isinstance(event, NodeEvent) else None
        problem = None
        if anchor is not None:
            kind = "alias *" if isinstance(event, AliasEvent) else "anchor &"
            problem = (f"The {kind}{anchor} is not allowed.", "Write the value out.")
        elif documents > 1:
            problem = ("The file holds a second document.", "Put it into its own file.")
        elif depth > DEPTH_LIMIT:
            problem = (f"Values are nested more than {DEPTH_LIMIT} deep.", "Flatten them.")
        elif nodes > NODE_LIMIT:
            problem = (f"The file holds more than {NODE_LIMIT} values.", "Split it.")
        if problem is not None:
            what, remedy = problem
            raise ConfigError(what, remedy=remedy, file=source, line=event.start_mark.line + 1)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    """Turns nodes into plain values and keeps their lines."""

    source: str
    lines: dict[Path, int]

    def mapping(self, node: MappingNode, path: Path) -> dict[str, object]:
        self._expect_tag(node, "map")
        self.lines.setdefault(path, _line(node))
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            place = (*path, key)
            if key in result:
                self._refuse(
                    key_node,
                    f"{show_path(place)} stands here for a second time, first on line"
                    f" {self.lines[place]}.",
                    "Keep one of them.",
                )
            self.lines[place] = _line(key_node)
            result[key] = self._value(value_node, place)
        return result

    def _value(self, node: Node, path: Path) -> object:
        if isinstance(node, MappingNode):
            return self.mapping(node, path)
        self.lines.setdefault(path, _line(node))
        if isinstance(node, SequenceNode):
            self._expect_tag(node, "seq")
            return [self._value(item, (*path, index)) for index, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _key(self, node: Node) -> str:
        if not isinstance(node, ScalarNode) or self._tag(node) not in {"str", "merge"}:
            self._refuse(node, "This key is not text.", "Write a name, or put it into quotes.")
        return str(node.value)

    def _scalar(self, node: Node, path: Path) -> object:  # noqa: PLR0911 - one line for each type
        text = str(node.value)
        match self._tag(node):
            case "str":
                if any("\ud800" <= character <= "\udfff" for character in text):
                    self._refuse(node, f"{show_path(path)} is not valid text.", "Correct it.")
                return text
            case "null":
                return None
            case "bool" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
            case "int" if (number := _integer(text)) is not None:
                return number
            case "float" if (real := _real(text)) is not None:
                return real
            case tag if tag in PLAIN_WORDS:
                return self._refuse(
                    node,
                    f"{show_path(path)} is {show_value(text)}, {PLAIN_WORDS[tag]}.",
                    "Put it into quotes if it is text.",
                )
            case tag:
                return self._refuse(node, f"The tag {tag} is not allowed.", "Remove it.")

    def _expect_tag(self, node: Node, tag: str) -> None:
        if self._tag(node) != tag:
            self._refuse(node, f"The tag {self._tag(node)} is not allowed.", "Remove it.")

    @staticmethod
    def _tag(node: Node) -> str:
        return str(node.tag).removeprefix(TAG)

    def _refuse(self, node: Node, what: str, remedy: str) -> NoReturn:
        raise ConfigError(what, remedy=remedy, file=self.source, line=_line(node))


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-").removeprefix("+")
    short = digits.isascii() and digits.isdigit() and len(digits) <= len(str(1 << 63))
    return int(text) if short else None


def _real(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def suggest(word: str, words: Iterable[str]) -> str:
    """Return the remedy for a word that is not known."""
    known = sorted(words)
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known are: {', '.join(known)}." if known else "None are known here."
