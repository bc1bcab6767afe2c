"""Messages posted as JSON over HTTP."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
from pydantic import SecretStr
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from penstock.errors import ConfigError, StoreUnavailable, Terminal
from penstock.model import hash_bytes
from penstock.notify.message import Message

__all__ = ["WebhookTarget"]

RETRIED_STATUS = frozenset({408, 425, 429})
"""Refusals that ask for another try; all others below 500 stay refusals."""
SUCCESS, REDIRECT, SERVER_ERROR = range(200, 300), range(300, 400), 500

WAIT_INITIAL_S, WAIT_MAX_S = 0.5, 20.0
RETRY_AFTER_MAX_S = 60.0


class WebhookTarget:
    """Post each message to an address, with its key as `Idempotency-Key`.

    Connection failures, timeouts and the statuses 408, 425, 429 and 5xx are tried again with
    growing, jittered pauses, `attempts` times in all. The address may be a secret: messages, logs
    and errors show its scheme and host alone.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str | None = None,
        timeout_s: float = 10,
        attempts: int = 4,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._url = SecretStr(url)
        self._shown = _show(url, name=name)
        # Two hooks of one provider share their host: they must not count as one target.
        self._name = name or f"webhook:{self._shown}#{hash_bytes(url.encode())[:8]}"
        self._timeout_s = timeout_s
        self._attempts = attempts
        self._sleep = sleep

    def __repr__(self) -> str:
        return f"WebhookTarget({self._shown!r})"

    @property
    def name(self) -> str:
        """The given name, else the address's host with a digest that tells addresses apart."""
        return self._name

    def send(self, message: Message) -> None:
        """Post the message until it is taken or refused, or the attempts are used up."""
        retrying = Retrying(
            retry=retry_if_exception_type(_Unanswered),
            stop=stop_after_attempt(self._attempts),
            wait=_pause,
            sleep=self._sleep,
            reraise=True,
        )
        timeout = httpx.Timeout(self._timeout_s)
        hidden = _HiddenAddress(self._shown)
        logger = logging.getLogger("httpx")
        logger.addFilter(hidden)
        try:
            with httpx.Client(timeout=timeout, follow_redirects=False) as client:
                retrying(self._post, client, message)
        finally:
            logger.removeFilter(hidden)

    def _post(self, client: httpx.Client, message: Message) -> None:
        try:
            response = client.post(
                self._url.get_secret_value(),
                content=message.model_dump_json().encode(),
                headers={
                    "Content-Type": "application/json",
                    "Idempotency-Key": message.key,
                    "User-Agent": "penstock",
                },
            )
        except httpx.TransportError as exc:
            raise _Unanswered(
                f"{self._name} at {self._shown} did not answer: {type(exc).__name__}.",
                remedy="Check that it runs and can be reached; the message is sent again then.",
            ) from exc
        self._judge(response)

    def _judge(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in SUCCESS:
            return
        said = f"{self._name} at {self._shown} answered {status} {response.reason_phrase}."
        if status >= SERVER_ERROR or status in RETRIED_STATUS:
            raise _Unanswered(
                said,
                remedy="Wait until it has recovered; the message is sent again then.",
                retry_after_s=_read_pause(response.headers.get("Retry-After")),
            )
        remedy = (
            "It has moved: set the new address, redirects are not followed."
            if status in REDIRECT
            else "Check the address and that it takes JSON; the message is not sent again."
        )
        raise Terminal(said, remedy=remedy)


class _Unanswered(StoreUnavailable):
    """A try that may be repeated, with the pause the peer asked for."""

    def __init__(self, what: str, *, remedy: str, retry_after_s: float = 0) -> None:
        super().__init__(what, remedy=remedy)
        self.retry_after_s = retry_after_s


class _HiddenAddress(logging.Filter):
    """Write an address as scheme and host in what httpx logs of this thread's requests."""

    def __init__(self, shown: str) -> None:
        super().__init__()
        self._shown = shown
        self._thread = threading.get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        if record.thread == self._thread and isinstance(record.args, tuple):
            record.args = tuple(self._hide(argument) for argument in record.args)
        return True

    def _hide(self, argument: Any) -> Any:  # noqa: ANN401 - a log record's arguments are anything
        return self._shown if isinstance(argument, httpx.URL) else argument


_growing = wait_exponential(multiplier=WAIT_INITIAL_S, max=WAIT_MAX_S) + wait_random(
    0, WAIT_INITIAL_S
)


def _pause(state: RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.retry_after_s if isinstance(failure, _Unanswered) else 0
    return max(_growing(state), asked)


def _read_pause(header: str | None) -> float:
    """Return the seconds of a `Retry-After` header; its form as a date is not honoured."""
    text = (header or "").strip()
    return min(float(text), RETRY_AFTER_MAX_S) if text.isascii() and text.isdigit() else 0


def _show(url: str, *, name: str | None) -> str:
    """Return scheme and host of an address that can be posted to."""
    try:
        parsed = httpx.URL(url)
        usable = parsed.scheme in {"http", "https"} and bool(parsed.host)
    except httpx.InvalidURL:
        usable = False
    if not usable:
        raise ConfigError(
            f"The address of {name or 'a webhook'} cannot be used ({len(url)} characters).",
            remedy="Give a whole address, as `https://hooks.example.org/...`.",
        )
    port = f":{parsed.port}" if parsed.port else ""
    host = f"[{parsed.host}]" if ":" in parsed.host else parsed.host
    return f"{parsed.scheme}://{host}{port}"
