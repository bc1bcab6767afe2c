"""Stores of every kind under one name, and a small S3 server that misbehaves on demand."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
import moto
import pytest

from penstock.stores import LocalStore, ObjectStore, open_store, s3
from penstock.stores.s3 import S3Store

_numbers = count(1)

KINDS = [
    "memory",
    "local",
    "moto",
    pytest.param("seaweedfs", marks=pytest.mark.integration),
]


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ObjectStore]:
    match request.param:
        case "memory":
            yield open_store(f"memory://test-{next(_numbers)}")
        case "local":
            yield LocalStore(tmp_path / "a store")
        case "moto":
            with fake_s3(request.getfixturevalue("monkeypatch")) as bucket:
                yield S3Store(bucket, "some/prefix")
        case _:
            server = request.getfixturevalue("s3_env")
            yield S3Store(server.bucket, f"test-{next(_numbers)}")


@contextmanager
def fake_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    clear_aws(monkeypatch)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with moto.mock_aws():
        boto3.session.Session().client("s3", region_name="us-east-1").create_bucket(Bucket="fake")
        yield "fake"


@pytest.fixture
def moto_bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with fake_s3(monkeypatch) as bucket:
        yield bucket


def clear_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


class OddServer(ThreadingHTTPServer):
    """Enough of S3 for one bucket, with the faults that real servers have."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, tuple[bytes, dict[str, str]]] = {}
        self.lock = Lock()
        self.puts = 0
        self.ignores_conditions = False
        self.conflicts = 0
        """How many conditional puts to answer with 409."""
        self.lost_answers = 0
        """How many puts to carry out and then cut the connection."""
        self.answer: tuple[int, str] | None = None
        """Status and code to answer everything with."""
        self.before_range: Callable[[], None] | None = None
        """What to do when a range is asked for."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """Say nothing about connections that were cut on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: OddServer
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server, key = self.server, self._key()
        with server.lock:
            server.puts += 1
            is_conditional = self.headers.get("If-None-Match") == "*"
            if server.answer:
                return self._fail(*server.answer)
            if is_conditional and server.conflicts:
                server.conflicts -= 1
                return self._fail(409, "ConditionalRequestConflict")
            if is_conditional and key in server.objects and not server.ignores_conditions:
                return self._fail(412, "PreconditionFailed")
            metadata = {k: v for k, v in self.headers.items() if k.startswith("x-amz-meta-")}
            server.objects[key] = body, metadata
            if server.lost_answers:
                server.lost_answers -= 1
                self.close_connection = True
                return None
        return self._send(200, b"")

    def do_GET(self) -> None:
        server, key = self.server, self._key()
        if server.answer:
            return self._fail(*server.answer)
        if not key:
            return self._list()
        span = self.headers.get("Range")
        if span and server.before_range:
            server.before_range()
        if key not in server.objects:
            return self._fail(404, "NoSuchKey")
        body, metadata = server.objects[key]
        etag = _etag(body)
        if self.headers.get("If-Match", etag) != etag:
            return self._fail(412, "PreconditionFailed")
        if span:
            first, last = map(int, span.removeprefix("bytes=").split("-"))
            return self._send(206, body[first : last + 1], etag=etag, **metadata)
        return self._send(200, body, etag=etag, **metadata)

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _list(self) -> None:
        items = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size>"
            f"<ETag>{escape(_etag(body))}</ETag>"
            "<LastModified>2026-11-20T10:00:00.000Z</LastModified></Contents>"
            for key, (body, _) in self.server.objects.items()
        )
        self._send(200, f"<ListBucketResult>{items}</ListBucketResult>".encode())

    def _key(self) -> str:
        return unquote(urlsplit(self.path).path).lstrip("/").partition("/")[2]

    def _fail(self, status: int, code: str) -> None:
        self._send(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Fri, 20 Nov 2026 10:00:00 GMT")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the tests' output quiet."""


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


@pytest.fixture
def odd_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OddServer]:
    clear_aws(monkeypatch)
    with OddServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setattr(s3, "ATTEMPTS", 2)
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
        yield server
        server.shutdown()
        thread.join()
