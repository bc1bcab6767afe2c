"""An embedded Prefect server and worker on this machine's loopback, in a folder of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep
from types import TracebackType
from typing import Self

import httpx

from penstock.errors import StoreUnavailable

__all__ = ["EmbeddedPrefect", "find_running"]

HOST = "127.0.0.1"
START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 20.0
POLL_S = 0.2
ADDRESS_FILE = "api-url"


def find_running(home: Path) -> str | None:
    """Return the API's address of the server that runs in a folder, None if there is none."""
    try:
        url = (home / ADDRESS_FILE).read_text().strip()
    except OSError:
        return None
    return url if _answers(url) else None


class EmbeddedPrefect:
    """A Prefect server, and a worker if wanted, as child processes that end with their owner.

    Everything is kept under `home`; nothing listens beyond the loopback. `environment` is what
    server and worker get on top of the present environment.
    """

    def __init__(
        self, home: Path, *, environment: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.home = home
        self.port = port or _free_port()
        self._extra = dict(environment or {})
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def ui_url(self) -> str:
        """Address of the Prefect UI."""
        return f"http://{HOST}:{self.port}"

    @property
    def api_url(self) -> str:
        """Address of the API, for `PREFECT_API_URL`."""
        return f"{self.ui_url}/api"

    def environment(self) -> dict[str, str]:
        """Return the variables under which another process uses this server."""
        return self._extra | {
            "PREFECT_API_URL": self.api_url,
            "PREFECT_HOME": str(self.home),
            "PREFECT_PROFILES_PATH": str(self.home / "profiles.toml"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
            "PREFECT_LOGGING_EXTRA_LOGGERS": "penstock",
            # In memory, Prefect's default, a server that is killed forgets who holds a
            # deployment's concurrency limit, and every later run would be cancelled.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
                "prefect.server.concurrency.lease_storage.filesystem"
            ),
            "DO_NOT_TRACK": "1",
        }

    def start_server(self) -> int:
        """Start the server, wait until it answers, and return its process id.

        One that died is replaced, in the same place.

        Raises:
            StoreUnavailable: when it ends, or does not answer in time; its log is named.
        """
        if died := self._processes.pop("server", None):
            _end(died)
        self._spawn("server", "server", "start", "--host", HOST, "--port", str(self.port))
        end = monotonic() + START_TIMEOUT_S
        while monotonic() < end:
            if self._processes["server"].poll() is not None:
                break
            if _answers(self.api_url):
                (self.home / ADDRESS_FILE).write_text(self.api_url)
                return self._processes["server"].pid
            sleep(POLL_S)
        self.stop()
        raise StoreUnavailable(
            f"The embedded Prefect server did not start on port {self.port}.",
            remedy=f"Read {self._log('server')}.",
        )

    def start_worker(self, pool: str) -> int:
        """Start a worker of a work pool in an empty folder, and return its process id."""
        folder = self.home / "worker"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"worker-{len(self._processes)}"
        self._spawn(name, "worker", "start", "--pool", pool, "--type", "process", cwd=folder)
        return self._processes[name].pid

    def stop(self) -> None:
        """End everything that was started, workers first; safe to call again."""
        for name, process in reversed(list(self._processes.items())):
            _end(process)
            del self._processes[name]
        (self.home / ADDRESS_FILE).unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start_server()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _spawn(self, name: str, *arguments: str, cwd: Path | None = None) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        with self._log(name).open("ab") as log:
            self._processes[name] = subprocess.Popen(  # noqa: S603 - our own interpreter
                [sys.executable, "-m", "prefect", *arguments],
                env=os.environ | self.environment(),
                cwd=cwd or self.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


def _answers(api_url: str) -> bool:
    try:
        return httpx.get(f"{api_url}/health", timeout=2).is_success
    except httpx.TransportError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and the processes it started; they share its session."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
