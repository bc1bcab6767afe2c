"""Strict YAML: plain values that know the line they stand on, and nothing that YAML can hide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.reader import ReaderError

from penstock.errors import ConfigError

__all__ = ["Path", "Place", "read_document", "show_path", "show_value", "suggest"]

Path = tuple[str | int, ...]
"""Keys and positions from the top of a document, as in `("steps", 2, "needs")`."""

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 40
MAX_VALUES = 50_000
"""Far beyond any definition or contract; a megabyte of brackets would take half a minute."""

MAX_DIGITS = 100
SHOWN_CHARACTERS = 80
TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A value of a document (dict, list, str, int, float, bool, None) with the way to it."""

    source: str
    path: Path
    value: Any
    lines: Mapping[Path, int]

    @property
    def line(self) -> int:
        """Line of the key or list item, 1-based; of the nearest place above if it is absent."""
        path = self.path
        while path not in self.lines:
            path = path[:-1]
        return self.lines[path]

    @property
    def name(self) -> str:
        """The way to the value in words, as in `schema[0].properties[2].required`."""
        return show_path(self.path) or "the document"

    def at(self, *steps: str | int) -> Place:
        """Return the place below; its value is None when there is none."""
        value = self.value
        for step in steps:
            if isinstance(step, int):
                value = value[step] if isinstance(value, list) and step < len(value) else None
            else:
                value = value.get(step) if isinstance(value, dict) else None
        path = (*self.path, *steps)
        return Place(source=self.source, path=path, value=value, lines=self.lines)

    def items(self) -> Iterator[Place]:
        """Yield the items of a list, or nothing."""
        if isinstance(self.value, list):
            yield from (self.at(index) for index in range(len(self.value)))

    def keys(self) -> Iterator[Place]:
        """Yield the values of a mapping, or nothing."""
        if isinstance(self.value, dict):
            yield from (self.at(key) for key in self.value)

    def text(self) -> str | None:
        """Return the value when it is text with something in it."""
        return self.value if isinstance(self.value, str) and self.value.strip() else None

    def error(self, what: str, *, remedy: str) -> ConfigError:
        """Build the error that points at the file and line."""
        return ConfigError(what, remedy=remedy, file=self.source, line=self.line)

    def refuse(self, what: str, *, remedy: str) -> ConfigError:
        """Build the error that names file, line, way and value."""
        is_plain = isinstance(self.value, str | int | float)
        shown = f" is {show_value(self.value)}" if is_plain else ""
        return self.error(f"`{self.name}`{shown}: {what}", remedy=remedy)

    def refuse_other_keys(self, known: Iterable[str], *, where: str) -> None:
        """Raise for the first key that is not among the known ones."""
        names = set(known)
        for place in self.keys():
            key = str(place.path[-1])
            if key not in names:
                raise place.refuse(f"{where} has no key {key!r}.", remedy=suggest(key, names))


def show_path(path: Path) -> str:
    """Return a place as text, as `steps[2].needs`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
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


def suggest(word: str, words: Iterable[str]) -> str:
    """Return the remedy for a word that is not known."""
    known = sorted(words)
    close = get_close_matches(word, known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known are: {', '.join(known)}." if known else "None are known here."


def read_document(text: str, *, source: str) -> Place:
    """Read one YAML 1.2 mapping of mappings, lists and plain scalars; nothing else is let in.

    Keys, dates and times are text as it is written. Refused, besides what is no YAML: anchors and
    aliases (a few lines of them can stand for gigabytes), tags, repeated keys, YAML 1.1 (where
    `no` is false), several documents, numbers that cannot be kept exactly, and what is larger or
    deeper than people write.

    Raises:
        ConfigError: with file and line of the first thing that cannot be used.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(
            f"The file has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read.",
            remedy="Keep data out of it, or split it.",
            file=source,
        )
    line = None
    try:
        return _Reader(text, source).read()
    except ReaderError as exc:
        line = text.count("\n", 0, exc.position) + 1
        what = f"The character U+{ord(text[exc.position]):04X} is not allowed in YAML."
        raise ConfigError(
            what, remedy="Remove it, or save the file as UTF-8 text.", file=source, line=line
        ) from exc
    except (YAMLError, ValueError, OverflowError, AssertionError) as exc:
        # NOTE: the last three are what escapes and versions out of range come to.
        problem: object = exc
        if isinstance(exc, MarkedYAMLError):
            mark = exc.problem_mark or exc.context_mark
            line = None if mark is None else mark.line + 1
            problem = exc.problem or exc.context
        raise ConfigError(
            f"This is not YAML: {problem}.",
            remedy="Correct the line, or the one before it; indentation, quotes and colons are"
            " the usual causes.",
            file=source,
            line=line,
        ) from exc


class _Reader:
    """Turns the flat stream of events into values, and stops at the first that is refused."""

    def __init__(self, text: str, source: str) -> None:
        yaml = YAML(typ="safe", pure=True)
        self._source = source
        self._events = yaml.parse(text)
        self._resolve = yaml.resolver.resolve
        self._lines: dict[Path, int] = {}

    def read(self) -> Place:
        top, start = self._next(), self._next()
        if isinstance(start, StreamEndEvent):
            self._refuse(top, "The file is empty.", "Write `key: value` lines.")
        if start.version not in {None, (1, 2)}:
            self._refuse(start, "Only YAML 1.2 is read.", "Remove the %YAML line.")
        root = self._next()
        if not isinstance(root, MappingStartEvent):
            what = "The file is not a mapping of keys to values."
            self._refuse(root, what, "Write `key: value` lines.")
        value = self._value(root, ())
        self._next()
        end = self._next()
        if not isinstance(end, StreamEndEvent):
            self._refuse(end, "The file holds a second document.", "Put it into its own file.")
        return self._place((), value)

    def _next(self) -> Any:  # noqa: ANN401 - the kinds of events have no common fields
        event = next(self._events)
        anchor, tag = getattr(event, "anchor", None), getattr(event, "tag", None)
        if anchor is not None:
            kind = "alias *" if isinstance(event, AliasEvent) else "anchor &"
            self._refuse(event, f"The {kind}{anchor} is not allowed.", "Write the value out.")
        if tag is not None:
            shown = str(tag).replace(TAG, "!!")
            self._refuse(event, f"The tag {shown} is not allowed.", "Remove it.")
        return event

    def _value(self, event: Any, path: Path) -> Any:  # noqa: ANN401 - as `_next`, and any value
        self._lines.setdefault(path, _line(event))
        if len(path) > MAX_DEPTH:
            self._refuse(event, f"Values are nested more than {MAX_DEPTH} deep.", "Flatten them.")
        if len(self._lines) > MAX_VALUES:
            self._refuse(event, f"The file holds more than {MAX_VALUES:,} values.", "Split it.")
        match event:
            case MappingStartEvent():
                return self._mapping(path)
            case SequenceStartEvent():
                values: list[object] = []
                while not isinstance(item := self._next(), SequenceEndEvent):
                    values.append(self._value(item, (*path, len(values))))
                return values
            case _:
                return self._scalar(event, self._place(path, event.value))

    def _mapping(self, path: Path) -> dict[str, object]:
        mapping: dict[str, object] = {}
        while not isinstance(event := self._next(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                self._refuse(event, "This key is not text.", "Write `key: value`.")
            key = self._text(event)
            place = self._place((*path, key), None)
            if key in mapping:
                what = f"`{place.name}` stands here for a second time, first on line {place.line}."
                self._refuse(event, what, "Keep one of them.")
            self._lines[place.path] = _line(event)
            mapping[key] = self._value(self._next(), place.path)
        return mapping

    def _scalar(self, event: ScalarEvent, place: Place) -> str | float | bool | None:
        tag = self._resolve(ScalarNode, event.value, event.implicit)
        match str(tag).removeprefix(TAG):
            case "null":
                return None
            case "bool":
                return bool(event.value.lower() == "true")
            case "int" | "float" as kind:
                return _number(place, kind)
            case _:  # also dates and times: they are wanted as they are written
                return self._text(event)

    def _text(self, event: ScalarEvent) -> str:
        if any("\ud800" <= character <= "\udfff" for character in event.value):
            self._refuse(event, "Half a character is no text.", "Correct the escape.")
        return str(event.value)

    def _place(self, path: Path, value: object) -> Place:
        return Place(source=self._source, path=path, value=value, lines=self._lines)

    def _refuse(self, event: Event, what: str, remedy: str) -> NoReturn:
        raise ConfigError(what, remedy=remedy, file=self._source, line=_line(event))


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _number(place: Place, kind: str) -> int | float:
    text = place.value
    try:
        if kind == "int" and len(text) <= MAX_DIGITS:
            return int(text, 0)
        number = float(text)
        is_exact = kind == "float" and Decimal(repr(number)) == Decimal(text)
    except (ValueError, ArithmeticError):
        raise place.refuse(
            "it is no plain number.", remedy="Put it into quotes if it is text, or correct it."
        ) from None
    if not is_exact:
        raise place.refuse(
            "the number has more digits than are kept.",
            remedy="Write fewer, or put it into quotes: it is then kept digit for digit.",
        )
    return number
