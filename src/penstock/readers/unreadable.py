"""The reason why a file as a whole cannot be read."""

from __future__ import annotations

__all__ = ["Unreadable"]


class Unreadable(Exception):
    """Ends the reading of one file; `read_files` turns it into a finding.

    `what` continues a sentence that starts with the file's name. `records` is what is known of
    the number of records: nothing, unless the file is empty.
    """

    def __init__(self, kind: str, what: str, *, remedy: str, records: int | None = None) -> None:
        super().__init__(what)
        self.kind = kind
        self.what = what
        self.remedy = remedy
        self.records = records
