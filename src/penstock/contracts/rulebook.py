"""The rules of a contract while it is read: ids are unique, severities have one meaning."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from penstock.contracts.contract import Rule, RuleKind
from penstock.documents import Place
from penstock.model import Severity

__all__ = ["RuleBook", "severity_of"]

ODCS_SEVERITIES = {"info": "low", "warning": "medium", "error": "high"}


class RuleBook:
    """Rules in the order the contract states them."""

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All rules so far."""
        return tuple(self._rules.values())

    def add(
        self,
        place: Place,
        name: str,
        kind: RuleKind,
        columns: tuple[str, ...],
        *,
        severity: Severity,
        arguments: Mapping[str, JsonValue] | None = None,
        description: str | None = None,
    ) -> None:
        """Add a rule stated at a place.

        Raises:
            ConfigError: when another rule has its name.
        """
        if name in self._rules:
            raise place.refuse(
                f"another rule has the id {name!r}, on line {self._rules[name].line}.",
                remedy="Remove one of the two, or give this one a `name` of its own.",
            )
        self._rules[name] = Rule(
            id=name,
            kind=kind,
            columns=columns,
            severity=severity,
            arguments=dict(arguments or {}),
            description=description,
            line=place.line,
        )


def severity_of(place: Place, *, default: Severity) -> Severity:
    """Read a severity in our words or ODCS's (info, warning, error); an unknown one is high.

    Raises:
        ConfigError: for a value that is not text.
    """
    if place.value is None:
        return default
    text = place.text()
    if text is None:
        raise place.refuse("a severity is a word.", remedy="Use low, medium, high or critical.")
    word = text.strip().lower()
    return Severity.of(ODCS_SEVERITIES.get(word, word))
