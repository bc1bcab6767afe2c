"""Sending events through the transports of the OpenLineage client."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from openlineage.client.transport import Transport

    from penstock.lineage.outbox import Event

__all__ = ["Sender", "check_transport"]

PATIENCE = {"timeout": 5.0, "retry": {"total": 0, "connect": 0, "read": 0}}
"""Of an HTTP transport that says nothing else: the outbox is the retry, a batch must not wait."""

UNSURE = {"async_http"}
"""Transports that return before the event was delivered."""


def check_transport(config: Mapping[str, Any]) -> None:
    """Refuse a transport that the OpenLineage client cannot build, or that hides its failures.

    Raises:
        ConfigError: with what is wrong.
    """
    if config.get("type") in UNSURE:
        raise ConfigError(
            f"Lineage transport {config['type']!r} does not tell whether an event arrived.",
            remedy="Use 'http': events that could not be sent wait in the outbox.",
        )
    try:
        _build(config).close()
    except Exception as exc:  # the client raises whatever its parts raise
        raise ConfigError(
            f"Lineage transport of type {config.get('type')!r} cannot be used:"
            f" {type(exc).__name__}.",
            remedy="Give the configuration of a transport of the OpenLineage client, as in"
            " {'type': 'http', 'url': 'http://marquez:5000'}.",
        ) from exc


class Sender:
    """A transport, built when it is first needed and closed after each use."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._transport: Transport | None = None

    def send(self, event: Event) -> None:
        """Send one event; every error of the transport goes to the caller."""
        if self._transport is None:
            self._transport = _build(self._config)
        self._transport.emit(_event(event))

    def close(self) -> None:
        """Let go of connections; sending again opens new ones."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _build(config: Mapping[str, Any]) -> Transport:
    # The client as a whole would add tags, environment variables and the git repository of the
    # working directory to every event; its transports send what they are given.
    from openlineage.client.transport import (  # noqa: PLC0415 - 0.1 s, needed by few processes
        get_default_factory,
    )

    given = deepcopy(dict(config))
    if given["type"] == "http":  # without a type the client would print to the console
        given = {**deepcopy(PATIENCE), **given}
    return get_default_factory().create(given)


def _event(event: Event) -> Any:  # noqa: ANN401 - the client's event class, loaded lazily
    from openlineage.client.event_v2 import (  # noqa: PLC0415 - as above
        InputDataset,
        Job,
        OutputDataset,
        Run,
        RunEvent,
        RunState,
    )

    return RunEvent(
        eventType=RunState(event["eventType"]),
        eventTime=event["eventTime"],
        producer=event["producer"],
        run=Run(**event["run"]),
        job=Job(**event["job"]),
        inputs=[InputDataset(**dataset) for dataset in event["inputs"]],
        outputs=[OutputDataset(**dataset) for dataset in event["outputs"]],
    )
