"""A YAML file as plain values that still know the line they stand on."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from penstock.errors import ConfigError

__all__ = ["Path", "Place", "read_document"]

Path = tuple[str | int, ...]
"""Keys and positions from the top of a document, as in `("schema", 0, "name")`."""

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 40
SHOWN_CHARACTERS = 60
TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A value of a document with the way to it."""

    source: str
    path: Path
    value: Any
    lines: Mapping[Path, int]

    @property
    def line(self) -> int | None:
        """Line of the key or list item, 1-based; of the nearest place above if it is absent."""
        path = self.path
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)

    @property
    def name(self) -> str:
        """The way to the value in words, as in `schema[0].properties[2].required`."""
        text = ""
        for step in self.path:
            text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
        return text or "the document"

    def at(self, step: str | int) -> Place:
        """Return the place below; its value is None when there is none."""
        value = self.value
        if isinstance(step, int):
            below = value[step] if isinstance(value, list) and step < len(value) else None
        else:
            below = value.get(step) if isinstance(value, dict) else None
        return Place(source=self.source, path=(*self.path, step), value=below, lines=self.lines)

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

    def refuse(self, what: str, *, remedy: str) -> ConfigError:
        """Build the error that names file, line, way and value."""
        shown = ""
        if isinstance(self.value, str | int | float):
            text = repr(self.value)
            cut = text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}..."
            shown = f" is {cut}"
        return ConfigError(
            f"`{self.name}`{shown}: {what}", remedy=remedy, file=self.source, line=self.line
        )

    def refuse_other_keys(self, known: Iterable[str], *, where: str) -> None:
        """Raise for the first key that is not among the known ones."""
        names = sorted(known)
        for place in self.keys():
            key = str(place.path[-1])
            if key not in names:
                close = difflib.get_close_matches(key, names, n=1)
                guess = f"Did you mean `{close[0]}`?" if close else f"Known: {', '.join(names)}."
                raise place.refuse(f"{where} has no key {key!r}.", remedy=guess)


def read_document(text: str, *, source: str) -> Place:
    """Read YAML 1.2 of mappings, lists and plain scalars; nothing else is let in.

    Raises:
        ConfigError: for text that is not YAML, is empty, repeats a key, uses anchors, aliases or
            tags, is nested too deeply or holds several documents.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(
            f"The file has {len(text):,} characters; at most {MAX_CHARACTERS:,} are read.",
            remedy="Keep data out of it, or split it.",
            file=source,
        )
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise ConfigError(
            "The file holds a NUL byte.", remedy="Save it as UTF-8 text.", file=source, line=line
        )
    try:
        _inspect(text, source)
        node = YAML(typ="safe", pure=True).compose(text)
    except YAMLError as exc:
        mark = exc.problem_mark if isinstance(exc, MarkedYAMLError) else None
        problem = exc.problem if isinstance(exc, MarkedYAMLError) else type(exc).__name__
        raise ConfigError(
            f"This is not YAML: {problem}.",
            remedy="Correct it; indentation, quotes and colons are the usual causes.",
            file=source,
            line=None if mark is None else mark.line + 1,
        ) from exc
    lines: dict[Path, int] = {}
    value = None if node is None else _build(node, (), lines, source)
    if not isinstance(value, dict):
        what = "empty" if value is None else "not a mapping of keys to values"
        raise ConfigError(
            f"The document is {what}.",
            remedy="Write `key: value` lines at its top level.",
            file=source,
            line=1,
        )
    return Place(source=source, path=(), value=value, lines=lines)


def _inspect(text: str, source: str) -> None:
    """Refuse what could make a small text large, before anything is built from it."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            raise ConfigError(
                "Anchors and aliases are not read.",
                remedy="Write the value out where it is needed.",
                file=source,
                line=line,
            )
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag not in {None, "!"}:
            raise ConfigError(
                f"The tag {event.tag!r} is not read.",
                remedy="Write a plain value.",
                file=source,
                line=line,
            )
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise ConfigError(
                f"It is nested more than {MAX_DEPTH} levels deep.",
                remedy="Flatten it.",
                file=source,
                line=line,
            )


def _build(node: Node, path: Path, lines: dict[Path, int], source: str) -> Any:  # noqa: ANN401 - YAML is any value
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, ScalarNode):
        return _scalar(node, Place(source=source, path=path, value=node.value, lines=lines))
    if isinstance(node, SequenceNode):
        return [
            _build(item, (*path, index), lines, source) for index, item in enumerate(node.value)
        ]
    if not isinstance(node, MappingNode):
        raise TypeError(type(node).__name__)
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, ScalarNode):
            raise ConfigError(
                "A key is not text.", remedy="Write `key: value`.", file=source, line=line
            )
        name = str(key.value)
        if name in mapping:
            first = lines[(*path, name)]
            raise ConfigError(
                f"The key {name!r} stands twice, first on line {first}.",
                remedy="Keep one of them.",
                file=source,
                line=line,
            )
        lines[(*path, name)] = line
        mapping[name] = _build(value, (*path, name), lines, source)
    return mapping


def _scalar(node: ScalarNode, place: Place) -> str | int | float | bool | None:
    text = str(node.value)
    match str(node.tag).removeprefix(TAG):
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            plain = text.replace("_", "")
            try:
                return int(plain, 0 if plain.lstrip("+-")[:2].lower() in _BASES else 10)
            except ValueError:
                return text
        case "float":
            return _float(text, place)
        case _:  # also dates and times: contracts want them as they are written
            return text


_BASES = {"0b", "0o", "0x"}


def _float(text: str, place: Place) -> float | str:
    plain = text.replace("_", "")
    try:
        number = float(plain.replace(".inf", "inf").replace(".nan", "nan"))
        exact = math.isfinite(number) and Decimal(repr(number)) == Decimal(plain)
    except (ValueError, ArithmeticError):
        return text
    if not math.isfinite(number):
        raise place.refuse("infinity and NaN are no values here.", remedy="Leave it out.")
    if not exact:
        raise place.refuse(
            "the number has more digits than a 64-bit float keeps.",
            remedy="Put it in quotes; it is then kept digit for digit.",
        )
    return number
