"""Every model of a definition can be explained."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from penstock.model import Value
from penstock.workflows.definition import Definition
from penstock.workflows.explain import MODELS


def models_in(annotation: object) -> Iterator[type[Value]]:
    if isinstance(annotation, type) and issubclass(annotation, Value):
        yield annotation
    for inside in get_args(annotation):
        yield from models_in(inside)


def nested(model: type[Value], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], type]]:
    yield path, model
    for name, field in model.model_fields.items():
        for inner in models_in(field.annotation):
            yield from nested(inner, (*path, field.alias or name))


def test_place_of_every_model_is_known() -> None:
    places = {(path, model) for path, models in MODELS.items() for model in models}

    assert set(nested(Definition, ())) == places
