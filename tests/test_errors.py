"""Errors survive a process boundary and say what to do."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest

from penstock.errors import ConfigError, PenstockError, Terminal, Transient


def kinds(kind: type[PenstockError] = PenstockError) -> Iterator[type[PenstockError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from kinds(child)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_every_error_survives_pickling(kind: type[PenstockError]) -> None:
    error = kind.__new__(kind)  # some take more than what broke and how to mend it
    PenstockError.__init__(error, "It broke.", remedy="Mend it.")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(again) is kind
    assert str(again) == "It broke. Mend it."


def test_a_config_error_keeps_its_place_when_pickled() -> None:
    error = ConfigError("Unknown key.", remedy="Remove it.", file="a.yaml", line=3)

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (again.file, again.line) == ("a.yaml", 3)
    assert str(again) == "a.yaml:3: Unknown key. Remove it."


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.__name__)
def test_no_error_is_both_transient_and_terminal(kind: type[PenstockError]) -> None:
    assert not (issubclass(kind, Transient) and issubclass(kind, Terminal))
