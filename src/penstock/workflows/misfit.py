"""What a check of a definition refuses before it knows the file."""

from __future__ import annotations

from penstock.documents import Path
from penstock.errors import ConfigError

__all__ = ["Misfit"]


class Misfit(ConfigError):
    """Something wrong at a place of a document; the reader of the document adds file and line."""

    def __init__(self, path: Path, what: str, *, remedy: str) -> None:
        super().__init__(what, remedy=remedy)
        self.path = path
