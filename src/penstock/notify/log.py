"""Messages written to the log of the run."""

from __future__ import annotations

import logging

from penstock.notify.message import Message

__all__ = ["LogTarget"]


class LogTarget:
    """Write each message to a logger: held and dead batches as warnings."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger("penstock.notify")

    @property
    def name(self) -> str:
        """Always `log`."""
        return "log"

    def send(self, message: Message) -> None:
        """Log the message's text and link."""
        level = logging.WARNING if message.kind in {"held", "dead"} else logging.INFO
        where = f"\nEvidence page: {message.link}" if message.link else ""
        self._logger.log(level, "%s%s", message.text, where)
