"""What pydantic refused, in words for the person who wrote the definition."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from penstock.documents import Path, Place, show_path, show_value, suggest
from penstock.errors import ConfigError
from penstock.model import Condition, Value
from penstock.workflows.definition import (
    DATASET_NAME,
    NAME,
    Definition,
    Gate,
    HistoryUse,
    Landing,
    LogTo,
    PublishTo,
    Step,
    WebhookTo,
)

__all__ = ["MODELS", "explain"]

MODELS: dict[tuple[str, ...], tuple[type[Value], ...]] = {
    (): (Definition,),
    ("landing",): (Landing,),
    ("steps",): (Step,),
    ("gate",): (Gate,),
    ("gate", "ask_if"): (Condition,),
    ("publish",): (PublishTo,),
    ("notify",): (LogTo, WebhookTo),
    ("history",): (HistoryUse,),
}
"""The model at each place of a definition, positions in lists left out."""

CONDITION_VALUE = ("gate", "ask_if", "value")
SHOULD = {
    "bool_type": "be true or false",
    "float_type": "be a number",
    "int_type": "be a whole number",
    "model_attributes_type": "be a mapping of keys to values",
    "model_type": "be a mapping of keys to values",
    "string_type": "be text",
    "too_short": "hold at least one entry",
    "tuple_type": "be a list",
}
ALLOWED = {
    NAME: "Begin with a small letter; use small letters, digits, - and _, at most 63.",
    DATASET_NAME: "Begin with a small letter; use small letters, digits and _, at most 63.",
    r"^[A-Z][A-Z0-9_]*$": "Name an environment variable, as PENSTOCK_WEBHOOK; never the address.",
}


def explain(document: Place, refused: ValidationError) -> ConfigError:
    """Return the error for the first thing, in the order of the file, that was refused.

    What is missing comes last: the cause is often a key that is there, but misspelt.
    """
    errors = refused.errors(include_url=False)
    first = min(
        errors,
        key=lambda error: (error["type"] == "missing", document.at(*_place(error["loc"])).line),
    )
    return _explain(document, first)


def _explain(document: Place, error: ErrorDetails) -> ConfigError:
    path, kind = _place(error["loc"]), error["type"]
    if kind.startswith("union_tag"):
        path = (*path, "kind")
        kind = "missing" if kind == "union_tag_not_found" else kind
    place = document.at(*path)
    name = show_path(path) or "The file"
    if kind == "extra_forbidden":
        return place.error(
            f"{name} is not a known key.",
            remedy=suggest(str(path[-1]), _keys(document, path[:-1])),
        )
    if kind == "missing":
        says = _description(path)
        return place.error(f"{name} is missing.", remedy=f"Add it: {says}." if says else "Add it.")
    return place.error(
        f"{name} is {show_value(place.value)}, but should {_should(path, kind, error)}.",
        remedy=_remedy(path, kind, error, place.value),
    )


def _place(loc: tuple[str | int, ...]) -> Path:
    """Return pydantic's place without the names of a union's members, which are no keys."""
    if loc[:1] == ("notify",):
        return (*loc[:2], *loc[3:])
    return loc[:4] if loc[:2] == ("gate", "ask_if") else loc


def _keys(document: Place, path: Path) -> list[str]:
    models = MODELS.get(_names(path), ())
    kind = document.at(*path, "kind").value
    keys: dict[str, None] = {}
    for model in models:
        if len(models) == 1 or kind in _literals(model):
            keys |= dict.fromkeys(field.alias or name for name, field in model.model_fields.items())
    return list(keys)


def _literals(model: type[Value]) -> tuple[object, ...]:
    return tuple(getattr(model.model_fields["kind"].annotation, "__args__", ()))


def _names(path: Path) -> tuple[str, ...]:
    return tuple(part for part in path if isinstance(part, str))


def _description(path: Path) -> str | None:
    for model in MODELS.get(_names(path[:-1]), ()):
        for name, field in model.model_fields.items():
            if (field.alias or name) == path[-1]:
                return field.description
    return None


def _should(path: Path, kind: str, error: ErrorDetails) -> str:
    if _names(path) == CONDITION_VALUE:
        return "be text, a number or a list of texts"
    if kind == "union_tag_invalid":
        return "be 'log' or 'webhook'"
    return SHOULD.get(kind) or error["msg"].split(" should ", maxsplit=1)[-1]


def _remedy(path: Path, kind: str, error: ErrorDetails, value: object) -> str:
    if kind == "string_pattern_mismatch":
        return ALLOWED.get(error["ctx"]["pattern"], "Use letters, digits, dots, - and _.")
    is_scalar = not isinstance(value, list | dict | None)
    if kind == "string_type" and is_scalar and _names(path) != CONDITION_VALUE:
        return "Put it into quotes."
    return "Correct it."
