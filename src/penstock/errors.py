"""All errors of Penstock.

    PenstockError
    ├── Transient            the world was briefly in the way: a retry may succeed
    │   └── StoreUnavailable
    ├── Terminal             a retry gives the same answer
    │   ├── ConfigError      a person wrote a file that cannot be used
    │   ├── NotFound         an object, row or file that should exist does not
    │   ├── LandedFileChanged  a claimed file vanished or was written to
    │   ├── StoreRefused     the store said no, or cannot give what a claim needs
    │   ├── Tampered         content does not have the digest it is named by
    │   ├── NotConserved     rows landed and rows accounted for do not add up
    │   ├── NotAllowed       an agent, a step or a person reached beyond its bounds
    │   └── Conflict         somebody else did it first, or said otherwise
    └── PublishRace          main moved while a batch was audited: look again (Transient)

A task retries `Transient` only. Bad data is not an error: it is a finding.
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "Conflict",
    "LandedFileChanged",
    "NotAllowed",
    "NotConserved",
    "NotFound",
    "PenstockError",
    "PublishRace",
    "StoreRefused",
    "StoreUnavailable",
    "Tampered",
    "Terminal",
    "Transient",
]


class PenstockError(Exception):
    """An error whose message says what happened, with which values, and what to do next."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(f"{what} {remedy}")
        self.what = what
        self.remedy = remedy

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.remedy, self.__dict__.copy()))


def _rebuild(
    kind: type[PenstockError], what: str, remedy: str, fields: dict[str, object]
) -> PenstockError:
    error = kind.__new__(kind)
    PenstockError.__init__(error, what, remedy=remedy)
    error.__dict__.update(fields)
    return error


class Transient(PenstockError):
    """Something that may work when it is tried again."""


class Terminal(PenstockError):
    """Something that fails the same way however often it is tried."""


class StoreUnavailable(Transient):
    """An object store, database or network peer did not answer."""


class PublishRace(Transient):
    """Another batch was published while this one was being audited."""


class ConfigError(Terminal):
    """A definition, contract or setting cannot be used.

    `file` and `line` (1-based) point at the place, where there is one.
    """

    def __init__(
        self, what: str, *, remedy: str, file: str | None = None, line: int | None = None
    ) -> None:
        place = "" if file is None else f"{file}: " if line is None else f"{file}:{line}: "
        super().__init__(f"{place}{what}", remedy=remedy)
        self.file = file
        self.line = line


class NotFound(Terminal):
    """Something that was referred to does not exist."""


class LandedFileChanged(Terminal):
    """A landed file is no longer the one that was claimed."""


class StoreRefused(Terminal):
    """A store denied access, or does not honour what Penstock relies on."""


class Tampered(Terminal):
    """Stored content does not match the digest it is known by."""


class NotConserved(Terminal):
    """Landed rows are not all accounted for."""


class NotAllowed(Terminal):
    """A call was outside what the caller may do."""


class Conflict(Terminal):
    """The same thing was already done or decided, differently."""
