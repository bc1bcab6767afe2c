from __future__ import annotations

import json
import logging
import socket
import threading
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from penstock.errors import ConfigError, StoreUnavailable, Terminal
from penstock.notify import Message, WebhookTarget

MESSAGE = Message(
    key="k" * 64, kind="held", dataset="retail", batch="b" * 64, text="held", facts={"rows": "3"}
)
HIDDEN = "T0P-S3CRET"


@dataclass
class Hook:
    """A webhook's server side: `answers` are (status, headers), the last one for ever."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=lambda: [(200, {})])
    received: list[tuple[dict[str, str], dict[str, object]]] = field(default_factory=list)
    delivered: dict[str, dict[str, object]] = field(default_factory=dict)


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            hook.received.append((dict(self.headers.items()), body))
            status, headers = hook.answers[0]
            if len(hook.answers) > 1:
                hook.answers.pop(0)
            if status == 200:
                hook.delivered.setdefault(self.headers["Idempotency-Key"], body)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}/services/T0P-S3CRET"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield hook
        server.shutdown()
        thread.join()


class Pauses(list[float]):
    """A sleep that only remembers."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_message_arrives_as_json_under_its_key(hook: Hook, pauses: Pauses) -> None:
    WebhookTarget(hook.url, sleep=pauses).send(MESSAGE)

    ((headers, body),) = hook.received
    assert headers["Idempotency-Key"] == MESSAGE.key
    assert headers["Content-Type"] == "application/json"
    assert body == MESSAGE.model_dump(mode="json")
    assert pauses == []


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_server_that_recovers_gets_the_message_once(
    status: int, hook: Hook, pauses: Pauses
) -> None:
    hook.answers = [(status, {}), (status, {}), (200, {})]

    WebhookTarget(hook.url, sleep=pauses).send(MESSAGE)

    assert len(hook.received) == 3
    assert list(hook.delivered) == [MESSAGE.key]


def test_pauses_grow_with_jitter_and_end(hook: Hook, pauses: Pauses) -> None:
    hook.answers = [(500, {})]

    with pytest.raises(StoreUnavailable, match="answered 500"):
        WebhookTarget(hook.url, sleep=pauses, attempts=4).send(MESSAGE)

    assert len(hook.received) == 4
    assert [0.5 <= pauses[0] <= 1, 1 <= pauses[1] <= 1.5, 2 <= pauses[2] <= 2.5] == [True] * 3


@pytest.mark.parametrize(("header", "pause"), [("7", 7.0), ("99999", 60.0), ("soon", 0.5)])
def test_the_pause_a_server_asks_for_is_kept_within_bounds(
    header: str, pause: float, hook: Hook, pauses: Pauses
) -> None:
    hook.answers = [(429, {"Retry-After": header}), (200, {})]

    WebhookTarget(hook.url, sleep=pauses).send(MESSAGE)

    assert pause <= pauses[0] <= pause + 0.5


@pytest.mark.parametrize("status", [400, 401, 404, 410])
def test_a_refusal_is_final(status: int, hook: Hook, pauses: Pauses) -> None:
    hook.answers = [(status, {})]

    with pytest.raises(Terminal, match=f"answered {status}"):
        WebhookTarget(hook.url, sleep=pauses).send(MESSAGE)

    assert len(hook.received) == 1


def test_a_redirect_is_not_followed(hook: Hook, pauses: Pauses) -> None:
    hook.answers = [(307, {"Location": hook.url})]

    with pytest.raises(Terminal, match="redirects are not followed"):
        WebhookTarget(hook.url, sleep=pauses).send(MESSAGE)

    assert len(hook.received) == 1


def test_a_server_that_is_down_is_tried_again_and_then_reported(pauses: Pauses) -> None:
    target = WebhookTarget(f"http://127.0.0.1:{free_port()}/{HIDDEN}", sleep=pauses, attempts=3)

    with pytest.raises(StoreUnavailable, match="did not answer: ConnectError"):
        target.send(MESSAGE)

    assert len(pauses) == 2


def test_a_server_that_takes_too_long_is_reported(pauses: Pauses) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"

        with pytest.raises(StoreUnavailable, match="did not answer: ReadTimeout"):
            WebhookTarget(url, sleep=pauses, timeout_s=0.05, attempts=1).send(MESSAGE)


def test_a_message_sent_twice_is_one_delivery_by_its_key(hook: Hook, pauses: Pauses) -> None:
    target = WebhookTarget(hook.url, sleep=pauses)

    target.send(MESSAGE)
    target.send(MESSAGE)

    assert len(hook.received) == 2
    assert len(hook.delivered) == 1


@pytest.mark.parametrize("answers", [[(200, {})], [(404, {})], [(503, {})], None])
def test_the_address_is_shown_nowhere(
    answers: list[tuple[int, dict[str, str]]] | None,
    hook: Hook,
    pauses: Pauses,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    url = f"http://user:{HIDDEN}@127.0.0.1:{free_port()}/{HIDDEN}?token={HIDDEN}"
    if answers is not None:
        hook.answers = answers
        url = f"{hook.url}?token={HIDDEN}"
    target = WebhookTarget(url, sleep=pauses)

    said = ""
    try:
        target.send(MESSAGE)
    except (StoreUnavailable, Terminal) as exc:
        said = "".join(traceback.format_exception(exc))

    logged = "\n".join(record.getMessage() for record in caplog.records)
    assert "http://127.0.0.1" in f"{target!r}"
    assert HIDDEN not in f"{said} {logged} {target!r} {target.name} {vars(target)}"


def test_the_log_of_other_clients_is_left_alone(hook: Hook, pauses: Pauses) -> None:
    WebhookTarget(hook.url, sleep=pauses).send(MESSAGE)

    assert logging.getLogger("httpx").filters == []


def test_two_hooks_of_one_host_are_two_targets() -> None:
    first, second = (WebhookTarget(f"https://hooks.example.org/{path}") for path in "ab")

    assert first.name != second.name
    assert first.name.startswith("webhook:https://hooks.example.org#")


@pytest.mark.parametrize(
    "url", ["", "hooks.example.org/x", "ftp://x/y", "http:///x", "http://a\x00b/"]
)
def test_an_address_that_cannot_be_posted_to_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used") as caught:
        WebhookTarget(url)

    assert not url or url not in str(caught.value)
