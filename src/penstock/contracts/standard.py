"""What the Open Data Contract Standard knows, as its published models state it.

The models drop keys they do not know below the top level, so that `requird: true` vanishes. Here
every key of the file is looked up in them, and the first unknown one is refused.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import BaseModel, ValidationError

from penstock.documents import Place

__all__ = ["check_standard"]

VERSIONS = ("v3.0.0", "v3.0.1", "v3.0.2", "v3.1.0", "v3.2.0")
KIND = "DataContract"


def check_standard(document: Place) -> None:
    """Check a document against the standard's models, without dropping anything.

    Raises:
        ConfigError: for an unknown key, a value of a wrong type, or another kind of document.
    """
    _refuse_unknown(document, OpenDataContractStandard)
    try:
        OpenDataContractStandard.model_validate(document.value, strict=True)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_context=False)[0]
        place = _locate(document, first["loc"])
        raise place.refuse(
            f"{first['msg']}.", remedy="Correct it; text that looks like a number needs quotes."
        ) from exc
    kind, version = document.at("kind"), document.at("apiVersion")
    if kind.value != KIND:
        raise kind.refuse("this is no data contract.", remedy=f"Write `kind: {KIND}`.")
    if version.value not in VERSIONS:
        raise version.refuse(
            "this version of the standard is not read.", remedy=f"Use one of {', '.join(VERSIONS)}."
        )
    for key in ("id", "version"):
        if document.at(key).text() is None:
            raise document.at(key).refuse(f"the contract has no `{key}`.", remedy="Add it.")


def _refuse_unknown(place: Place, model: type[BaseModel]) -> None:
    fields = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
    place.refuse_other_keys(fields, where=f"an ODCS {model.__name__}")
    for below in place.keys():  # noqa: SIM118 - a Place is no mapping
        annotation = fields[str(below.path[-1])]
        for shape, item in _models(annotation):
            if shape is list:
                for one in below.items():
                    _refuse_unknown(one, item)
            elif isinstance(below.value, dict):
                _refuse_unknown(below, item)


def _models(annotation: object) -> Iterator[tuple[type, type[BaseModel]]]:
    """Yield the models within an annotation, with whether a list or one of them is meant."""
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in {typing.Union, types.UnionType}:
        for part in inside:
            yield from _models(part)
    elif origin is list:
        yield from ((list, model) for _, model in _models(inside[0]))
    elif isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield dict, annotation


def _locate(document: Place, loc: tuple[str | int, ...]) -> Place:
    """Follow a pydantic location, leaving out the names of union branches in it."""
    place = document
    for step in loc:
        below = place.at(step)
        if below.value is not None or below.path in document.lines:
            place = below
    return place
